//! Purged executions: their rows of `WorkflowExecutions`, `ExecutionLogs` (documented: "Execution deletion cascades to
//! logs"), `ExecutionStates` and `StepRuns` go. `WorkflowMetrics` stay: they are the workflow's, as their foreign key says.
//!
//! Invariant: what goes follows from the event alone, so that a replay deletes the very rows that it built before.

use wfm_domain::retention::RunMonthEvent;
use wfm_storage::read_store::{Cell, Change};

use crate::tables::{EXECUTION_LOGS, EXECUTION_STATES, ExecutionLogs, STEP_RUNS, WORKFLOW_EXECUTIONS, step_run_keys};

/// The changes of one event, by kind, so that each kind becomes one statement.
pub fn project(event: &RunMonthEvent, changes: &mut Vec<Change>) {
    match event {
        RunMonthEvent::ExecutionsPurged(event) => {
            let ids = || event.executions.iter().map(|id| id.0.as_str());
            changes.extend(ids().map(|id| Change::DeleteWhere {
                table: &EXECUTION_LOGS,
                column: ExecutionLogs::ExecutionId.into(),
                value: id.into(),
            }));
            changes.extend(ids().map(|id| {
                let [from, until] = step_run_keys(id);
                Change::DeleteRange {
                    table: &STEP_RUNS,
                    from,
                    until,
                }
            }));
            for table in [&EXECUTION_STATES, &WORKFLOW_EXECUTIONS] {
                changes.extend(ids().map(|id| Change::Delete {
                    table,
                    key: Cell::from(id),
                }));
            }
        }
        // What was sealed is unreadable; no row is left to say so.
        RunMonthEvent::RunDataErased(_) => {}
    }
}
