//! Purges executions batch by batch, then erases the months that are emptied.

use wfm_domain::{
    retention::{Cutoffs, EndedRun, EraseRunData, PurgeExecutions, RunMonth, RunMonthId},
    scopes,
};
use wfm_projections::queries::retention::{DueRow, MonthRow, due, months};
use wfm_storage::{append::ClaimKey, event::StreamId};

use super::{Months, Retention, RetentionReport, RetentionRule, bounds, is_over};
use crate::{
    context::Context,
    error::ApplicationError,
    store::{Loaded, seal_error},
};

impl Retention<'_> {
    /// Purges what is old enough and erases the months that are emptied; says what was done.
    ///
    /// # Errors
    /// When the read models lack events, or a store fails; what was done until then stays done, and the next run goes on.
    pub async fn run(&self, context: &Context, rule: &RetentionRule) -> Result<RetentionReport, ApplicationError> {
        // Many appends follow from one request: its idempotency key cannot stand for all of them.
        let context = &Context {
            idempotency: None,
            expected_versions: None,
            ..context.clone()
        };
        self.settle().await?;
        let cutoffs = rule.periods.cutoffs(self.store.now());
        let mut report = Months::default();
        let rows = MonthRow::decode(self.rows(months(&cutoffs)).await?)?;
        let mut due: Vec<RunMonthId> = rows.into_iter().filter(|row| row.due > 0).map(|row| row.id).collect();
        due.dedup();
        for id in due {
            loop {
                let purge = || self.purge(context, &id, &cutoffs, rule.batch_size);
                let purged = self.store.retrying(purge).await?;
                if purged.is_empty() {
                    break;
                }
                let month = report.of(&id);
                purged.iter().for_each(|run| month.add(run.outcome, 1));
            }
        }
        for id in self.erase_emptied(context).await? {
            report.of(&id).key_destroyed = true;
        }
        let report = report.report(rule.periods, &cutoffs);
        if report.executions > 0
            && let Err(error) = self.reads.scrub().await
        {
            // A reader stands in the way; the next purge tries again.
            tracing::warn!(%error, "traces of purged executions may remain in the files of the read models for a while");
        }
        Ok(report)
    }

    /// Records the purge of the month's oldest executions that are due; none when none is left.
    async fn purge(
        &self,
        context: &Context,
        id: &RunMonthId,
        cutoffs: &Cutoffs,
        batch_size: u32,
    ) -> Result<Vec<EndedRun>, ApplicationError> {
        // The version first: a purge by somebody else that the rows below do not show yet then conflicts with this one.
        let mut month = self.load(id).await?;
        let before = month.version;
        self.settle().await?;
        let (begin, end) = bounds(id)?;
        let rows = self.rows(due(id.workspace_id, begin, end, cutoffs, batch_size)).await?;
        let rows = DueRow::decode(rows)?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let mut unit = self.store.unit(context);
        for row in &rows {
            let stream = row.run.id.stream();
            let stream = StreamId::parse(&stream)
                .ok_or_else(|| ApplicationError::internal(format!("the read models name an execution {stream}")))?;
            unit.guard_stream(&stream, row.version);
        }
        let runs: Vec<EndedRun> = rows.into_iter().map(|row| row.run).collect();
        let command = PurgeExecutions {
            id: id.clone(),
            cutoffs: *cutoffs,
            runs: runs.clone(),
        };
        unit.decide(&mut month, command).await?;
        if month.version == before {
            // The query and the decision disagree about what is due: going on would never end.
            return Err(ApplicationError::internal(format!("nothing of {id} is due after all")));
        }
        unit.commit(id.to_string(), month.version).await?;
        Ok(runs)
    }

    /// Erases the months of which no execution is left, and those that a stop left between event and key.
    async fn erase_emptied(&self, context: &Context) -> Result<Vec<RunMonthId>, ApplicationError> {
        self.settle().await?;
        let now = self.store.now();
        for id in self.claimed(scopes::PURGED_MONTHS).await? {
            if is_over(&id, now)? && self.is_emptied(&id).await? {
                self.store.retrying(|| self.record_erasure(context, &id)).await?;
            }
        }
        let erased = self.unfinished().await?;
        for id in &erased {
            self.store.keyring.destroy(&id.data_key()).await.map_err(seal_error)?;
        }
        Ok(erased)
    }

    async fn record_erasure(&self, context: &Context, id: &RunMonthId) -> Result<(), ApplicationError> {
        let mut month = self.load(id).await?;
        let mut unit = self.store.unit(context);
        unit.decide(&mut month, EraseRunData { id: id.clone() }).await?;
        unit.commit(id.to_string(), month.version).await?;
        Ok(())
    }

    /// The month as its claims tell it: its events, which name every purged execution, need not be read.
    async fn load(&self, id: &RunMonthId) -> Result<Loaded<RunMonth>, ApplicationError> {
        let mut loaded = Loaded::<RunMonth>::fresh(id.stream(), Some(id.workspace_id));
        if let Some(info) = self.store.log.stream(&loaded.stream).await? {
            loaded.version = info.version;
            let erased = ClaimKey::new(scopes::ERASED_MONTHS, id.to_string());
            loaded.aggregate = match self.store.log.claim(&erased).await? {
                Some(_) => RunMonth::Erased,
                None => RunMonth::Purged,
            };
        }
        Ok(loaded)
    }
}
