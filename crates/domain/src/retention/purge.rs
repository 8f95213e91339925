//! Purges the executions of a month that are old enough.

use super::{Cutoffs, ExecutionsPurged, RunMonth, RunMonthEvent, RunMonthId};
use crate::{execution::Outcome, ids::ExecutionId, instant::Instant, refusal::Refusal};

/// Executions that one event names at most: about 40 KB of payload. The documented `@BatchSize`.
pub const MOST_PURGED_AT_ONCE: usize = 1000;

/// An execution that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedRun {
    /// The execution.
    pub id: ExecutionId,
    /// How it ended.
    pub outcome: Outcome,
    /// When it began: `ExecutedAt`.
    pub began: Instant,
}

/// Purge those of these executions that belong to the month and are old enough; the others are left alone.
#[derive(Debug, Clone)]
pub struct PurgeExecutions {
    /// The workspace and month.
    pub id: RunMonthId,
    /// What is old enough.
    pub cutoffs: Cutoffs,
    /// Executions of the workspace.
    pub runs: Vec<EndedRun>,
}

impl PurgeExecutions {
    pub(super) fn decide(self, _state: &RunMonth) -> Result<Vec<RunMonthEvent>, Refusal> {
        let Self { id, cutoffs, runs } = self;
        let due = |run: &EndedRun| run.began.month() == id.month && cutoffs.cover(run.outcome, run.began);
        let due: Vec<ExecutionId> = runs.into_iter().filter(due).map(|run| run.id).collect();
        let purged = |executions: &[ExecutionId]| {
            RunMonthEvent::from(ExecutionsPurged {
                workspace_id: id.workspace_id,
                month: id.month.clone(),
                completed_before: cutoffs.completed_before,
                failed_before: cutoffs.failed_before,
                executions: executions.to_vec(),
            })
        };
        Ok(due.chunks(MOST_PURGED_AT_ONCE).map(purged).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        given::{fold, now, when},
        ids::WorkspaceId,
        retention::{EraseRunData, RetentionPeriods, RunDataErased},
        scopes,
    };

    fn id() -> RunMonthId {
        RunMonthId {
            workspace_id: WorkspaceId(3),
            month: "2021-11".to_owned(),
        }
    }

    fn cutoffs() -> Cutoffs {
        RetentionPeriods::default().cutoffs(now())
    }

    fn run(number: usize, outcome: Outcome, began: &str) -> EndedRun {
        EndedRun {
            id: ExecutionId(format!("run-{number}")),
            outcome,
            began: Instant::parse(began).unwrap(),
        }
    }

    fn purge(runs: Vec<EndedRun>) -> PurgeExecutions {
        PurgeExecutions {
            id: id(),
            cutoffs: cutoffs(),
            runs,
        }
    }

    fn purged(numbers: impl IntoIterator<Item = usize>) -> RunMonthEvent {
        ExecutionsPurged {
            workspace_id: WorkspaceId(3),
            month: "2021-11".to_owned(),
            completed_before: cutoffs().completed_before,
            failed_before: cutoffs().failed_before,
            executions: numbers
                .into_iter()
                .map(|number| ExecutionId(format!("run-{number}")))
                .collect(),
        }
        .into()
    }

    #[test]
    fn only_what_is_old_enough_goes() {
        let runs = vec![
            run(1, Outcome::Completed, "2021-11-30T23:59:59.999999Z"),
            run(2, Outcome::Failed, "2021-11-22T16:29:03.123455Z"),
            run(3, Outcome::Failed, "2021-11-22T16:29:03.123456Z"),
            run(4, Outcome::Cancelled, "2021-11-30T00:00:00Z"),
            run(5, Outcome::Completed, "2021-12-01T00:00:00Z"),
        ];
        assert_eq!(when::<RunMonth>(&[], purge(runs)), Ok(vec![purged([1, 2, 4])]));
        assert_eq!(when::<RunMonth>(&[], purge(vec![])), Ok(vec![]));
    }

    #[test]
    fn many_go_in_events_of_bounded_size() {
        let runs = (0..2500)
            .map(|number| run(number, Outcome::Completed, "2021-11-01T00:00:00Z"))
            .collect();
        let expected = vec![purged(0..1000), purged(1000..2000), purged(2000..2500)];
        assert_eq!(when::<RunMonth>(&[], purge(runs)), Ok(expected));
    }

    #[test]
    fn data_is_erased_once_and_only_after_a_purge() {
        use crate::aggregate::{Claim, Decide};
        let erased = || {
            RunMonthEvent::from(RunDataErased {
                workspace_id: WorkspaceId(3),
                month: "2021-11".to_owned(),
            })
        };
        let erase = || EraseRunData { id: id() };
        let code = crate::given::code(when::<RunMonth>(&[], erase()));
        assert_eq!(code, "nothing-purged");
        assert_eq!(when::<RunMonth>(&[purged([1])], erase()), Ok(vec![erased()]));
        assert_eq!(when::<RunMonth>(&[purged([1]), erased()], erase()), Ok(vec![]));

        let claims = |given: &[RunMonthEvent], event: &RunMonthEvent| fold::<RunMonth>(given).claims(event);
        let (waiting, done) = (
            Claim::new(scopes::PURGED_MONTHS, "3/2021-11"),
            Claim::new(scopes::ERASED_MONTHS, "3/2021-11"),
        );
        assert_eq!(claims(&[], &purged([1])).take, std::slice::from_ref(&waiting));
        assert_eq!(claims(&[purged([1])], &purged([2])), Default::default());
        let last = claims(&[purged([1])], &erased());
        assert_eq!((last.release, last.take), (vec![waiting], vec![done]));
    }
}
