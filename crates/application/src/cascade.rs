//! Cascades: what is deleted with a workspace or a project.

use crate::{app::App, error::ApplicationError};

impl App {
    /// Finishes cascades that a stop of the process cut short; returns how many. To be called at each start, before runs
    /// are recovered.
    ///
    /// # Errors
    /// When the log fails.
    pub async fn resume_cascades(&self) -> Result<usize, ApplicationError> {
        Err(ApplicationError::internal("not available yet"))
    }
}
