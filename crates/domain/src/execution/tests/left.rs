//! A run that is stopped, or turns to undoing, tells which steps it leaves unfinished.

use super::*;

fn left(event: &ExecutionEvent) -> Vec<LeftStep> {
    match event {
        ExecutionEvent::ExecutionCancelled(event) => event.left.clone(),
        ExecutionEvent::ExecutionFailed(event) => event.left.clone(),
        ExecutionEvent::CompensationStarted(event) => event.left.clone(),
        other => panic!("unexpected {other:?}"),
    }
}

fn cancel(seconds: i64) -> ExecutionCommand {
    let ask = CancelExecution {
        reason: None,
        cancelled_by: None,
    };
    command(seconds, Ask::Cancel(ask))
}

fn expected(step: StepAttempt, under_way: bool, seconds: f64) -> LeftStep {
    LeftStep {
        step,
        under_way,
        undoing: false,
        total_duration_ms: seconds * 1000.0,
    }
}

#[test]
fn a_run_that_is_stopped_names_what_was_under_way() {
    let group = vec![call(0), call(1), call(2)];
    let history = [
        start(group),
        succeed(1, 1, Vec::new()),
        fail(2, step(2, 1), FailureConsequence::Retry, Vec::new()),
    ];
    let stopped = events(history.clone().into_iter().chain([cancel(5)]));
    assert_eq!(
        left(stopped.last().expect("an event")),
        [expected(step(0, 1), true, 5.0), expected(step(2, 1), false, 5.0)]
    );
    let overtaken = GiveUp {
        moves: vec![Move::Fail {
            message: sealed("late"),
            step_id: None,
        }],
    };
    let failed = events(history.into_iter().chain([command(7, Ask::GiveUp(overtaken))]));
    assert_eq!(left(failed.last().expect("an event")).len(), 2);
}

#[test]
fn a_run_that_turns_to_undoing_leaves_the_others_of_the_group() {
    let compensate = Move::Compensate {
        message: sealed("step 1 failed"),
        step_id: Some(StepId(101)),
    };
    let undo = Move::Undo {
        step: step(0, 1),
        request: sealed("undo"),
    };
    let mut history = vec![
        start(vec![call(0)]),
        succeed(1, 0, vec![call(1), call(2)]),
        fail(3, step(1, 1), FailureConsequence::Fail, vec![compensate, undo]),
    ];
    let turned = events(history.clone());
    let turn = turned
        .iter()
        .find(|event| matches!(event, ExecutionEvent::CompensationStarted(_)));
    assert_eq!(left(turn.expect("the turn")), [expected(step(2, 1), true, 2.0)]);
    history.push(cancel(9));
    let stopped = events(history);
    let undoing = LeftStep {
        undoing: true,
        ..expected(step(0, 1), true, 6.0)
    };
    assert_eq!(left(stopped.last().expect("an event")), [undoing]);
}

#[test]
fn a_run_that_ends_by_itself_leaves_nothing() {
    let fail_now = Move::Fail {
        message: sealed("the endpoint answered 503"),
        step_id: Some(StepId(100)),
    };
    let failed = events([
        start(vec![call(0)]),
        fail(1, step(0, 1), FailureConsequence::Fail, vec![fail_now]),
    ]);
    assert_eq!(left(failed.last().expect("an event")), []);
}
