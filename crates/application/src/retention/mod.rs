//! Retention: executions that are old enough go, and with the last one of a month what its runs carried.
//!
//! Invariants: only executions that have ended go, named one by one in the event, each at the version that the read models
//! show, so that none goes that came back to life meanwhile. A month's data key is destroyed only when no execution of the
//! month is left and none can begin in it; the event that says so comes first. Whatever a stop cuts short, the next run
//! finishes.
//!
//! `plan` says what is due, `run` does it. Neither needs a server around it: the command line uses both on a stopped one's
//! folder, and whoever answers a request for a clean-up hands in a [`RetentionRule`] of their own.

mod plan;
mod run;

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;
use utoipa::ToSchema;
use wfm_domain::{
    execution::Outcome,
    instant::Instant,
    refusal::Refusal,
    retention::{Cutoffs, MOST_PURGED_AT_ONCE, RetentionPeriods, RunMonthId},
    scopes,
};
use wfm_projections::queries::retention::began_between;
use wfm_storage::{
    append::StorageError,
    read_store::{Cell, Query, ReadStore},
    vault::Vault,
};

use crate::{
    app::App, context::Context, error::ApplicationError, projection::Projection, security::permission::Permission,
    store::Store,
};

/// How long a month must be over before its data key may go: a start that was decided in the month has been recorded, or has
/// failed, long before.
const MONTH_SETTLES_MILLISECONDS: i64 = 24 * 60 * 60 * 1000;

/// How long retention waits for the read models.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What is kept how long, and how much goes at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionRule {
    /// How long executions are kept.
    pub periods: RetentionPeriods,
    batch_size: u32,
}

impl Default for RetentionRule {
    /// As documented: 2 and 5 years, 1,000 executions at once.
    fn default() -> Self {
        Self::new(RetentionPeriods::default(), u32::MAX)
    }
}

impl RetentionRule {
    /// A rule of these periods; at least one and at most [`MOST_PURGED_AT_ONCE`] executions go at once.
    #[must_use]
    pub fn new(periods: RetentionPeriods, batch_size: u32) -> Self {
        let most = u32::try_from(MOST_PURGED_AT_ONCE).unwrap_or(u32::MAX);
        Self {
            periods,
            batch_size: batch_size.clamp(1, most),
        }
    }
}

/// What is due, or what was done.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RetentionReport {
    /// Days for which Completed and Cancelled executions are kept.
    pub retention_days: u32,
    /// Days for which Failed executions are kept.
    pub retention_failed_days: u32,
    /// Completed and Cancelled executions that began before this instant go.
    pub completed_before: String,
    /// Failed executions that began before this instant go.
    pub failed_before: String,
    /// How many executions go.
    pub executions: u64,
    /// The months concerned, by workspace.
    pub months: Vec<RetentionMonth>,
}

/// What becomes of the executions that a workspace began in one month.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RetentionMonth {
    /// `Workspaces.Id`.
    pub workspace_id: i64,
    /// The month (UTC) as `2026-11`.
    pub month: String,
    /// Completed executions that go.
    pub completed: u64,
    /// Failed executions that go.
    pub failed: u64,
    /// Cancelled executions that go.
    pub cancelled: u64,
    /// Whether the month's data key is destroyed: what its runs carried can never be read again.
    pub key_destroyed: bool,
}

impl RetentionMonth {
    fn executions(&self) -> u64 {
        self.completed + self.failed + self.cancelled
    }

    fn add(&mut self, outcome: Outcome, executions: u64) {
        match outcome {
            Outcome::Completed => self.completed += executions,
            Outcome::Failed => self.failed += executions,
            Outcome::Cancelled => self.cancelled += executions,
        }
    }
}

/// The months of a report under construction.
#[derive(Default)]
struct Months(BTreeMap<RunMonthId, RetentionMonth>);

impl Months {
    fn of(&mut self, id: &RunMonthId) -> &mut RetentionMonth {
        self.0.entry(id.clone()).or_insert_with(|| RetentionMonth {
            workspace_id: id.workspace_id.0,
            month: id.month.clone(),
            ..RetentionMonth::default()
        })
    }

    fn report(self, periods: RetentionPeriods, cutoffs: &Cutoffs) -> RetentionReport {
        let months = self.0.into_values();
        let months: Vec<_> = months
            .filter(|month| month.executions() > 0 || month.key_destroyed)
            .collect();
        RetentionReport {
            retention_days: periods.completed_days(),
            retention_failed_days: periods.failed_days(),
            completed_before: cutoffs.completed_before.to_string(),
            failed_before: cutoffs.failed_before.to_string(),
            executions: months.iter().map(RetentionMonth::executions).sum(),
            months,
        }
    }
}

/// How the read models come up to the log's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settling {
    /// A task projects, on this node or on another: it is waited for.
    Awaited,
    /// Nobody projects: it is done here.
    Alone,
}

/// What retention works with.
pub struct Retention<'a> {
    /// The log and the keys.
    pub store: &'a Store,
    /// The wrapped keys.
    pub vault: &'a dyn Vault,
    /// The read models.
    pub reads: &'a dyn ReadStore,
    /// Keeps the read models up with the log.
    pub projection: &'a Projection,
    /// Who does.
    pub settling: Settling,
}

impl Retention<'_> {
    /// Brings the read models up to the log's end, because they tell what is due.
    ///
    /// # Errors
    /// `events-parked` when the read models lack events: an execution might be among them.
    async fn settle(&self) -> Result<(), ApplicationError> {
        match self.settling {
            Settling::Alone => self.projection.catch_up().await?,
            Settling::Awaited => {
                let head = self.store.log.head().await?.position;
                if !self.projection.wait_for(head, LONGEST_WAIT).await {
                    let behind = "the read models do not follow the log; retention waits for them".to_owned();
                    return Err(StorageError::Unavailable(behind).into());
                }
            }
        }
        if self.projection.has_parked_events() {
            let detail = "events could not be projected (see the projections); which executions are old enough, and \
                          which months are empty, is certain only once they are";
            return Err(Refusal::conflict("events-parked", detail).into());
        }
        Ok(())
    }

    async fn rows(&self, query: Query) -> Result<Vec<Vec<Cell>>, ApplicationError> {
        Ok(self.reads.query(query).await?)
    }

    /// Months that hold a claim of this scope.
    async fn claimed(&self, scope: &str) -> Result<Vec<RunMonthId>, ApplicationError> {
        let claims = self.store.all_claims(scope).await?;
        let month =
            |key: &str| RunMonthId::parse(key).ok_or_else(|| ApplicationError::internal(format!("claim {key}")));
        claims.iter().map(|claim| month(&claim.key.key)).collect()
    }

    /// Whether no execution of the month is left.
    async fn is_emptied(&self, id: &RunMonthId) -> Result<bool, ApplicationError> {
        let (begin, end) = bounds(id)?;
        let rows = self.rows(began_between(id.workspace_id, begin, end)).await?;
        Ok(rows == [[Cell::Integer(0)]])
    }

    /// Months whose event of erasure is recorded though their key still exists: a stop came between.
    async fn unfinished(&self) -> Result<Vec<RunMonthId>, ApplicationError> {
        let mut unfinished = Vec::new();
        for id in self.claimed(scopes::ERASED_MONTHS).await? {
            if self.vault.data_key(&id.data_key().to_string()).await?.is_some() {
                unfinished.push(id);
            }
        }
        Ok(unfinished)
    }
}

/// Whether no execution can begin in the month any more.
fn is_over(id: &RunMonthId, now: Instant) -> Result<bool, ApplicationError> {
    let (_, end) = bounds(id)?;
    Ok(end.plus_milliseconds(MONTH_SETTLES_MILLISECONDS) <= now)
}

/// First instant of the month and first one after it.
fn bounds(id: &RunMonthId) -> Result<(Instant, Instant), ApplicationError> {
    let bounds = id.begin().zip(id.end());
    bounds.ok_or_else(|| ApplicationError::internal(format!("{id} is no workspace and month")))
}

impl App {
    /// What retention works with.
    fn retention(&self) -> Retention<'_> {
        Retention {
            store: &self.store,
            vault: self.vault.as_ref(),
            reads: self.reads.as_ref(),
            projection: &self.projection,
            settling: Settling::Awaited,
        }
    }

    /// What retention under this rule would purge and erase now.
    ///
    /// # Errors
    /// When the caller may not, or the read models lack events.
    pub async fn plan_retention(
        &self,
        context: &Context,
        rule: &RetentionRule,
    ) -> Result<RetentionReport, ApplicationError> {
        self.demand(context, Permission::Operate)?;
        self.retention().plan(rule.periods).await
    }

    /// Purges what is old enough under this rule, and erases the months that are emptied; says what was done.
    ///
    /// # Errors
    /// When the caller may not, the read models lack events, or a store fails; what was done until then stays done.
    pub async fn run_retention(
        &self,
        context: &Context,
        rule: &RetentionRule,
    ) -> Result<RetentionReport, ApplicationError> {
        self.demand(context, Permission::Operate)?;
        self.retention().run(context, rule).await
    }
}
