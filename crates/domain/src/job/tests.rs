//! Jobs: order, once each, ends.

use super::*;
use crate::{
    aggregate::Decide,
    ids::{ExecutionId, JobId, UserId, WorkspaceId},
};

fn run(number: usize) -> ExecutionId {
    ExecutionId(format!("0193-{number:05}"))
}

fn start(executions: usize) -> StartJob {
    StartJob {
        id: JobId(7),
        workspace_id: WorkspaceId(3),
        action: JobAction::Redrive,
        reason: None,
        repeats_in_doubt: false,
        definition: None,
        executions: (0..executions).map(run).collect(),
        created_by: UserId(1),
    }
}

fn result(number: usize, refused: bool) -> ItemResult {
    ItemResult {
        execution_id: run(number),
        new_execution_id: None,
        refusal: refused.then(|| ItemRefusal {
            code: "execution-not-failed".to_owned(),
            detail: "only a failed execution is redriven".to_owned(),
        }),
    }
}

fn after(commands: Vec<JobCommand>) -> Job {
    let mut job = Job::default();
    for command in commands {
        for event in job.decide(command).unwrap() {
            job.evolve(&event);
        }
    }
    job
}

#[test]
fn executions_are_dealt_with_in_order_and_each_once() {
    let mut job = after(vec![start(3).into()]);
    let first = RecordItems {
        results: vec![result(0, false), result(1, true)],
    };
    for event in job.decide(first.clone().into()).unwrap() {
        job.evolve(&event);
    }
    let progress = JobProgress {
        done: 2,
        succeeded: 1,
        refused: 1,
    };
    assert_eq!((job.progress, job.status), (progress, JobStatus::Running));
    assert_eq!(job.decide(first.into()).unwrap_err().code, "job-order");
    let too_many = RecordItems {
        results: vec![result(2, false), result(3, false)],
    };
    assert_eq!(job.decide(too_many.into()).unwrap_err().code, "job-order");
    let last = RecordItems {
        results: vec![result(2, false)],
    };
    let events = job.decide(last.clone().into()).unwrap();
    assert!(matches!(
        events.as_slice(),
        [JobEvent::JobItemsDone(_), JobEvent::JobCompleted(_)]
    ));
    assert_eq!(job.claims(&events[1]).release.len(), 1, "it is not open any more");
    for event in &events {
        job.evolve(event);
    }
    assert_eq!(job.status, JobStatus::Completed);
    assert_eq!(job.decide(last.into()).unwrap_err().code, "job-ended");
    let cancel = CancelJob {
        cancelled_by: UserId(1),
    };
    assert_eq!(job.decide(cancel.into()).unwrap_err().code, "job-ended");
}

#[test]
fn a_job_of_nothing_is_complete_at_once_and_was_never_open() {
    let job = Job::default();
    let events = job.decide(start(0).into()).unwrap();
    assert_eq!(events.len(), 2);
    assert_eq!(job.claims(&events[0]).take.len(), 1);
    let job = after(vec![start(0).into()]);
    assert_eq!(job.status, JobStatus::Completed);
    assert!(job.claims(&events[1]).release.is_empty());
}

#[test]
fn many_executions_are_named_in_several_events_and_too_many_are_refused() {
    let events = Job::default().decide(start(2500).into()).unwrap();
    assert_eq!(events.len(), 4);
    assert_eq!(after(vec![start(2500).into()]).executions.len(), 2500);
    let refused = Job::default().decide(start(10_001).into()).unwrap_err();
    assert_eq!(refused.errors[0].pointer, "/filter");
}

#[test]
fn a_job_that_was_cancelled_takes_no_result() {
    let cancel = CancelJob {
        cancelled_by: UserId(2),
    };
    let job = after(vec![start(3).into(), cancel.into()]);
    assert_eq!(job.status, JobStatus::Cancelled);
    let late = RecordItems {
        results: vec![result(0, false)],
    };
    assert_eq!(job.decide(late.into()).unwrap_err().code, "job-ended");
}

#[test]
fn what_does_not_belong_to_the_action_is_named() {
    let of = |change: fn(&mut StartJob)| {
        let mut start = start(1);
        change(&mut start);
        Job::default().decide(start.into()).unwrap_err().errors[0]
            .pointer
            .clone()
    };
    assert_eq!(of(|start| start.definition = Some(JobDefinition::Same)), "/definition");
    assert_eq!(
        of(|start| {
            start.action = JobAction::Cancel;
            start.repeats_in_doubt = true;
        }),
        "/inDoubt"
    );
}
