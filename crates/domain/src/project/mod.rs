//! The project aggregate: a name unique in its workspace, above environments and workflows.
//!
//! Invariant (documented): a project that contains active workflows is not deleted, unless its workspace is.

mod change;
mod create;
mod event;
#[cfg(test)]
mod fixtures;
mod standing;
mod state;

pub use change::ChangeProject;
pub use create::CreateProject;
pub use event::*;
pub use standing::{ActivateProject, DeactivateProject, DeleteProject};
pub use state::Project;

crate::commands! {
    /// What may be asked of a project.
    ProjectCommand for Project => ProjectEvent {
        /// Create.
        CreateProject,
        /// Change name or description.
        ChangeProject,
        /// Take out of use.
        DeactivateProject,
        /// Put in use again.
        ActivateProject,
        /// Delete (softly).
        DeleteProject,
    }
}
