//! `sp_GetWorkflowMetrics`, as documented.

use wfm_domain::instant::Instant;
use wfm_storage::read_store::{Cell, Query};

use super::cells::{DecodeError, FromCell};

/// Range when no start is given: 30 days.
const DEFAULT_RANGE_MILLISECONDS: i64 = 30 * 24 * 60 * 60 * 1000;

/// The result of `sp_GetWorkflowMetrics`. Sums over no executions are NULL, as SQL has it.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkflowMetricsRow {
    /// The workflow asked for.
    pub workflow_id: i64,
    /// Executions that began in the range.
    pub total_executions: i64,
    /// Those that completed.
    pub successful_executions: Option<i64>,
    /// Those that failed.
    pub failed_executions: Option<i64>,
    /// Whole seconds on average, over those that ended.
    pub avg_execution_time_seconds: Option<i64>,
    /// When the last one began.
    pub last_execution_at: Option<String>,
}

impl WorkflowMetricsRow {
    /// The struct of the query's one row.
    ///
    /// # Errors
    /// When the row is shaped otherwise.
    pub fn decode(rows: Vec<Vec<Cell>>) -> Result<Self, DecodeError> {
        let mut cells = rows.into_iter().flatten();
        let mut next = || cells.next().ok_or_else(|| DecodeError("too few cells".to_owned()));
        Ok(Self {
            workflow_id: FromCell::from_cell(next()?)?,
            total_executions: FromCell::from_cell(next()?)?,
            successful_executions: FromCell::from_cell(next()?)?,
            failed_executions: FromCell::from_cell(next()?)?,
            avg_execution_time_seconds: FromCell::from_cell(next()?)?,
            last_execution_at: FromCell::from_cell(next()?)?,
        })
    }
}

/// `sp_GetWorkflowMetrics`: executions that began between two instants, both inclusive; by default the 30 days up to `now`.
/// Seconds count the second boundaries between start and end, as DATEDIFF does, and their average is cut to whole
/// seconds, as AVG over INT does.
#[must_use]
pub fn workflow_metrics(workflow: i64, start: Option<Instant>, end: Option<Instant>, now: Instant) -> Query {
    let start = start.unwrap_or_else(|| now.plus_milliseconds(-DEFAULT_RANGE_MILLISECONDS));
    let end = end.unwrap_or(now);
    let text = |seconds: &str| {
        format!(
            "SELECT @P1 AS WorkflowId, COUNT(*) AS TotalExecutions, \
             SUM(CASE WHEN Status = 1 THEN 1 ELSE 0 END) AS SuccessfulExecutions, \
             SUM(CASE WHEN Status = 2 THEN 1 ELSE 0 END) AS FailedExecutions, \
             {seconds} AS AvgExecutionTimeSeconds, MAX(ExecutedAt) AS LastExecutionAt \
             FROM WorkflowExecutions WHERE WorkflowId = @P1 AND ExecutedAt BETWEEN @P2 AND @P3"
        )
    };
    // Cutting the fraction off first counts boundaries.
    let sqlite = "SUM(CAST(strftime('%s', substr(CompletedAt, 1, 19)) AS INTEGER) \
                  - CAST(strftime('%s', substr(ExecutedAt, 1, 19)) AS INTEGER)) / COUNT(CompletedAt)";
    let sqlserver =
        "AVG(CASE WHEN CompletedAt IS NOT NULL THEN DATEDIFF(SECOND, ExecutedAt, CompletedAt) ELSE NULL END)";
    let parameters = vec![workflow.into(), start.to_string().into(), end.to_string().into()];
    Query {
        sqlite: text(sqlite).into(),
        sqlserver: Some(text(sqlserver).into()),
        parameters,
    }
}
