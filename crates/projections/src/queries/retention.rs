//! What retention asks the read models: how many executions a workspace has of each month, and which of them are old
//! enough to go.
//!
//! Invariant: the condition for "old enough" stands here once, as `sp_CleanupOldExecutions` documents it (`ExecutedAt <
//! @CutoffDate`); the aggregate decides again on what is found.

use wfm_domain::{
    execution::Outcome,
    ids::{ExecutionId, WorkspaceId},
    instant::Instant,
    retention::{Cutoffs, EndedRun, RunMonthId},
};
use wfm_storage::{
    event::StreamVersion,
    read_store::{Cell, Query},
};

use super::cells::{DecodeError, FromCell};

/// Old enough to go: of the cutoffs `@P1` and `@P2`.
const DUE: &str = "(e.Status IN (1, 3) AND e.ExecutedAt < @P1 OR e.Status = 2 AND e.ExecutedAt < @P2)";

/// SQLite keeps the order of a CROSS JOIN: executions are found by `ExecutedAt`, their workspaces by key.
const EXECUTIONS: &str = "WorkflowExecutions e CROSS JOIN ExecutionStates s WHERE s.ExecutionId = e.Id";

/// Executions of one workspace, month and status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthRow {
    /// Workspace and month.
    pub id: RunMonthId,
    /// How they ended; `None` for those that have not.
    pub outcome: Option<Outcome>,
    /// How many there are.
    pub executions: u64,
    /// How many of them are old enough to go.
    pub due: u64,
}

impl MonthRow {
    /// The structs of the rows of [`months`].
    ///
    /// # Errors
    /// When a row is shaped otherwise.
    pub fn decode(rows: Vec<Vec<Cell>>) -> Result<Vec<Self>, DecodeError> {
        rows.into_iter()
            .map(|row| {
                let [workspace, month, status, executions, due] = cells(row)?;
                Ok(Self {
                    id: RunMonthId {
                        workspace_id: WorkspaceId(i64::from_cell(workspace)?),
                        month: String::from_cell(month)?,
                    },
                    outcome: outcome(status)?,
                    executions: i64::from_cell(executions)?.unsigned_abs(),
                    due: i64::from_cell(due)?.unsigned_abs(),
                })
            })
            .collect()
    }
}

/// An execution that is old enough to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueRow {
    /// The execution.
    pub run: EndedRun,
    /// Version of its stream that the rows show.
    pub version: StreamVersion,
}

impl DueRow {
    /// The structs of the rows of [`due`].
    ///
    /// # Errors
    /// When a row is shaped otherwise.
    pub fn decode(rows: Vec<Vec<Cell>>) -> Result<Vec<Self>, DecodeError> {
        rows.into_iter()
            .map(|row| {
                let [id, status, began, version] = cells(row)?;
                let began = String::from_cell(began)?;
                let missing = |what: &str| DecodeError(format!("{what} of an execution that has ended"));
                Ok(Self {
                    run: EndedRun {
                        id: ExecutionId(String::from_cell(id)?),
                        outcome: outcome(status)?.ok_or_else(|| missing("Status"))?,
                        began: Instant::parse(&began).ok_or_else(|| missing("ExecutedAt"))?,
                    },
                    version: StreamVersion(i64::from_cell(version)?.unsigned_abs()),
                })
            })
            .collect()
    }
}

/// The executions of every workspace and month up to that of the latest cutoff, by status.
#[must_use]
pub fn months(cutoffs: &Cutoffs) -> Query {
    let text = |month: &str| {
        format!(
            "SELECT s.WorkspaceId, {month}, e.Status, COUNT(*), SUM(CASE WHEN {DUE} THEN 1 ELSE 0 END) \
             FROM {EXECUTIONS} AND e.ExecutedAt < @P3 GROUP BY s.WorkspaceId, {month}, e.Status ORDER BY 1, 2, 3"
        )
    };
    Query {
        sqlite: text("substr(e.ExecutedAt, 1, 7)").into(),
        sqlserver: Some(text("CONVERT(CHAR(7), e.ExecutedAt, 126)").into()),
        parameters: parameters(cutoffs, [instant(cutoffs.latest().next_month())]),
    }
}

/// The oldest executions of a workspace that are old enough and began from `begin` to before `end`.
#[must_use]
pub fn due(workspace: WorkspaceId, begin: Instant, end: Instant, cutoffs: &Cutoffs, limit: u32) -> Query {
    let text = format!(
        "SELECT e.Id, e.Status, e.ExecutedAt, s.StreamVersion FROM {EXECUTIONS} AND {DUE} AND e.ExecutedAt >= @P3 \
         AND e.ExecutedAt < @P4 AND s.WorkspaceId = @P5 ORDER BY e.ExecutedAt, e.Id"
    );
    Query {
        sqlserver: Some(format!("{text} OFFSET 0 ROWS FETCH NEXT {limit} ROWS ONLY").into()),
        sqlite: format!("{text} LIMIT {limit}").into(),
        parameters: parameters(cutoffs, [instant(begin), instant(end), workspace.0.into()]),
    }
}

/// How many executions of a workspace began from `begin` to before `end`, whatever became of them: one row of one cell.
#[must_use]
pub fn began_between(workspace: WorkspaceId, begin: Instant, end: Instant) -> Query {
    Query::new(
        format!(
            "SELECT COUNT(*) FROM {EXECUTIONS} AND e.ExecutedAt >= @P1 AND e.ExecutedAt < @P2 AND s.WorkspaceId = @P3"
        ),
        vec![instant(begin), instant(end), workspace.0.into()],
    )
}

fn parameters<const N: usize>(cutoffs: &Cutoffs, more: [Cell; N]) -> Vec<Cell> {
    let cutoffs = [instant(cutoffs.completed_before), instant(cutoffs.failed_before)];
    cutoffs.into_iter().chain(more).collect()
}

fn instant(at: Instant) -> Cell {
    at.to_string().into()
}

fn cells<const N: usize>(row: Vec<Cell>) -> Result<[Cell; N], DecodeError> {
    row.try_into()
        .map_err(|row: Vec<Cell>| DecodeError(format!("{} cells where {N} are expected", row.len())))
}

/// `ExecutionStatus`.
fn outcome(status: Cell) -> Result<Option<Outcome>, DecodeError> {
    match i64::from_cell(status)? {
        0 => Ok(None),
        1 => Ok(Some(Outcome::Completed)),
        2 => Ok(Some(Outcome::Failed)),
        3 => Ok(Some(Outcome::Cancelled)),
        other => Err(DecodeError(format!("{other} is no ExecutionStatus"))),
    }
}
