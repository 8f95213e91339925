//! What is done now and then: forgetting idempotency keys and expired sessions every time, retention once a day, and what
//! administrators of the database ask for.

use wfm_domain::retention::{LONGEST_PERIOD_DAYS, RetentionPeriods};
use wfm_storage::cleanup::CleanupRequests;

use crate::{
    app::App,
    context::Context,
    error::ApplicationError,
    retention::{RetentionReport, RetentionRule},
};

/// How long an idempotency key is remembered.
pub const COMMANDS_KEPT_DAYS: i64 = 7;

const DAY_MILLISECONDS: i64 = 24 * 60 * 60 * 1000;

/// What was forgotten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Idempotency keys.
    pub commands: u64,
    /// Refresh-token sessions.
    pub sessions: u64,
}

impl App {
    /// Forgets idempotency keys older than [`COMMANDS_KEPT_DAYS`] and sessions that have expired. To be called now and then.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn forget_expired(&self) -> Result<Forgotten, ApplicationError> {
        let now = self.store.now();
        let oldest = now
            .plus_milliseconds(-COMMANDS_KEPT_DAYS * DAY_MILLISECONDS)
            .to_string();
        let commands = self.store.log.forget_commands(&oldest).await?;
        let sessions = self.vault.forget_sessions(&now.to_string()).await?;
        Ok(Forgotten { commands, sessions })
    }
}

impl App {
    /// Carries out what the database's administrators asked for, oldest first; returns how many requests were answered.
    /// Failed executions are kept as configured, whatever is asked for. A request that a stop cuts short is carried out again,
    /// which finds nothing left to do.
    ///
    /// # Errors
    /// See [`App::run_retention`].
    pub async fn answer_cleanup_requests(&self, requests: &dyn CleanupRequests) -> Result<usize, ApplicationError> {
        let mut answered = 0;
        for request in requests.open_requests().await? {
            let failed_days = self.retention_rule.periods.failed_days();
            // Fewer days than retention knows mean the fewest, more the most: nothing goes that was not asked for.
            let days = request.retention_days.clamp(1, LONGEST_PERIOD_DAYS);
            let rule = RetentionRule::new(RetentionPeriods::new(days, failed_days)?, request.batch_size);
            let context = Context::system("cleanup", format!("cleanup-request-{}", request.id));
            let report = self.run_retention(&context, &rule).await?;
            let position = self.store.log.head().await?.position;
            requests.answer_request(request.id, position).await?;
            tracing::info!(
                request = request.id,
                executions = report.executions,
                "answered a request to clean up"
            );
            answered += 1;
        }
        Ok(answered)
    }
}

/// Runs retention once a day (UTC), under the configured rule.
#[derive(Debug, Default)]
pub struct DailyRetention {
    /// The day of the last run that succeeded.
    done: Option<String>,
}

impl DailyRetention {
    /// Runs retention unless it ran today; says what was done. To be called now and then; a run that fails is due again.
    ///
    /// # Errors
    /// See [`App::run_retention`].
    pub async fn run(&mut self, app: &App) -> Result<Option<RetentionReport>, ApplicationError> {
        let today = app.store.now().day();
        if self.done.as_ref() == Some(&today) {
            return Ok(None);
        }
        let context = Context::system("retention", app.store.entropy.uuid().to_string());
        let report = app.run_retention(&context, &app.retention_rule).await?;
        self.done = Some(today);
        Ok(Some(report))
    }
}
