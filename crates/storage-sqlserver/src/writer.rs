//! The writer of a node's batches: one call a batch, and certainty about its outcome whatever happens to the connection.
//!
//! Invariant: an append is answered as committed only when the log has it, and as failed only when the log does not have it.
//! After an error a batch is looked for under the log's lock before it is sent again, so that nothing is written twice and
//! nothing that was written is reported as lost. Only when the server cannot be asked for longer than
//! [`LogOptions::settle_seconds`] is the outcome reported as unknown.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::time::Instant;
use wfm_storage::{
    append::{AppendRefusal, StorageError},
    batch::Prepared,
    sequencer::{BatchOutcome, BatchWriter, Outcome},
};

use crate::{
    batch_answer,
    batch_request::BatchRequest,
    error::SqlError,
    independence::independent,
    options::LogOptions,
    pool::{Backoff, Pool, PooledConnection, Purpose},
    settle::settle,
    watch::Progress,
};

/// How often a batch is sent again after errors that say that nothing of it was written.
const RETRIES: u32 = 6;

/// See the module.
pub(crate) struct SqlServerBatchWriter {
    pool: Pool,
    options: LogOptions,
    progress: Arc<Progress>,
    /// Kept from batch to batch, so that none waits for a connection.
    connection: Option<PooledConnection>,
}

impl SqlServerBatchWriter {
    pub(crate) fn new(pool: Pool, options: LogOptions, progress: Arc<Progress>) -> Self {
        Self {
            pool,
            options,
            progress,
            connection: None,
        }
    }

    /// The connection; taken from the pool again when the former one is not fit any more.
    async fn connection(&mut self) -> Result<&mut PooledConnection, SqlError> {
        if self.connection.as_ref().is_none_or(|connection| !connection.is_clean()) {
            self.connection = None;
            self.connection = Some(self.pool.acquire_for(Purpose::Appending).await?);
        }
        Ok(self.connection.as_mut().expect("it was put there"))
    }

    async fn send(&mut self, appends: &[Prepared]) -> Result<BatchOutcome, SqlError> {
        let request = BatchRequest::new(appends, (self.options.clock)())?;
        let parameters = request.parameters();
        let connection = self.connection().await?;
        let rows = connection.call("es.AppendEvents", &parameters).await?;
        batch_answer::outcome(appends, &rows)
    }

    /// What the log has of a batch that was sent; asks until the server answers or the time for it is over.
    async fn settled(&mut self, appends: &[Prepared]) -> Result<Option<BatchOutcome>, SqlError> {
        let begun = Instant::now();
        let mut backoff = Backoff::default();
        loop {
            let asked = match self.connection().await {
                Ok(connection) => settle(connection, appends).await,
                Err(error) => Err(error),
            };
            match asked {
                Err(error) if error.is_transient() && begun.elapsed() < self.patience() => {
                    tracing::warn!(%error, "the outcome of a batch is not known yet; asking again");
                    self.connection = None;
                    backoff.wait(u32::MAX).await;
                }
                asked => return asked,
            }
        }
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(self.options.settle_seconds)
    }

    /// The outcome of a batch that was answered with `error`, or not at all: found in the log, or certainly not written
    /// (`None`).
    async fn outcome_after(
        &mut self,
        error: &SqlError,
        appends: &[Prepared],
    ) -> Result<Option<BatchOutcome>, StorageError> {
        match self.settled(appends).await {
            Ok(found) => Ok(found),
            // The procedure answers with an error only after it has rolled everything back.
            Err(_) if !error.leaves_outcome_unknown() => Ok(None),
            Err(unanswered) => Err(StorageError::Unavailable(format!(
                "whether the append was written is unknown: {error}; then, for {:?}: {unanswered}",
                self.patience()
            ))),
        }
    }

    async fn commit_all(&mut self, appends: &[Prepared]) -> Result<BatchOutcome, StorageError> {
        let mut backoff = Backoff::default();
        let mut lost = None;
        loop {
            let error = match (self.send(appends).await, &lost) {
                (Ok(outcome), Some(error)) if refuses_by_version(&outcome) => {
                    // A lost call may have arrived after it was looked for: what it wrote stands in the way now.
                    let error = SqlError::clone(error);
                    return Ok(match self.outcome_after(&error, appends).await? {
                        Some(found) => merged(outcome, found),
                        None => outcome,
                    });
                }
                (Ok(outcome), _) => return Ok(outcome),
                (Err(error), _) => error,
            };
            if error.comes_after_sending() {
                tracing::warn!(%error, appends = appends.len(), "a batch was answered with an error; looking for it in the log");
                if let Some(outcome) = self.outcome_after(&error, appends).await? {
                    return Ok(outcome);
                }
            }
            if !error.is_transient() || !backoff.wait(RETRIES).await {
                return Err(error.into());
            }
            if error.leaves_outcome_unknown() {
                lost = Some(error);
            }
        }
    }
}

fn refuses_by_version(outcome: &BatchOutcome) -> bool {
    outcome.outcomes.iter().any(|outcome| {
        matches!(
            outcome,
            Outcome::Refused(AppendRefusal::VersionConflict { .. } | AppendRefusal::Duplicate(_))
        )
    })
}

/// What was found counts more than that it was refused the second time. Its events stay out when others were written now:
/// they need not be neighbours, and whoever misses them in the feed reads them from the log.
fn merged(mut outcome: BatchOutcome, found: BatchOutcome) -> BatchOutcome {
    for (outcome, found) in outcome.outcomes.iter_mut().zip(found.outcomes) {
        if let (Outcome::Refused(_), Outcome::Committed(_)) = (&*outcome, &found) {
            *outcome = found;
        }
    }
    if outcome.events.is_empty() {
        outcome.events = found.events;
    }
    outcome
}

#[async_trait]
impl BatchWriter for SqlServerBatchWriter {
    async fn commit(&mut self, appends: &[Prepared]) -> Result<BatchOutcome, StorageError> {
        let _busy = self.progress.clone().begin();
        let (together, later) = appends.split_at(independent(appends));
        let mut outcome = self.commit_all(together).await?;
        outcome.outcomes.extend(later.iter().map(|_| Outcome::Deferred));
        if let Some(last) = outcome.events.last() {
            self.progress.reached(last.position);
        }
        Ok(outcome)
    }
}
