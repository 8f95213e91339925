//! Given/when/then for the saga, and the table of transitions from both sides.

use cqrs_es::{Aggregate, event_sink::EventSink, test::TestFramework};

use super::*;
use crate::{
    aggregate::Decide,
    ids::{EnvironmentId, ExecutionId, StepId, WorkflowId, WorkspaceId},
    instant::Instant,
    protected::{DataKey, Protected},
};

type Saga = TestFramework<Execution>;

fn at(seconds: i64) -> Instant {
    Instant::parse("2026-11-22T12:00:00Z")
        .expect("an instant")
        .plus_milliseconds(seconds * 1000)
}

fn sealed(text: &str) -> Protected {
    Protected::new(DataKey::Runs(WorkspaceId(1), "2026-11".to_owned()), text)
}

fn run() -> Run {
    Run {
        id: ExecutionId("0193-1".to_owned()),
        workflow_id: WorkflowId(7),
        logging: true,
        metrics: true,
    }
}

fn request() -> Request {
    Request {
        workspace_id: WorkspaceId(1),
        environment_id: EnvironmentId(5),
        workflow_version: 2,
        input: sealed("{}"),
        execution_context: None,
        rerun_of: None,
        callbacks: Vec::new(),
    }
}

fn step(index: u32, attempt: u32) -> StepAttempt {
    StepAttempt {
        step_id: StepId(i64::from(index) + 100),
        name: format!("step {index}"),
        index,
        attempt,
    }
}

fn call(index: u32) -> Move {
    Move::Call {
        step: step(index, 1),
        request: sealed("request"),
    }
}

fn command(seconds: i64, ask: Ask) -> ExecutionCommand {
    ExecutionCommand { now: at(seconds), ask }
}

fn start(moves: Vec<Move>) -> ExecutionCommand {
    let start = StartExecution {
        run: run(),
        request: Some(request()),
        node: "n1".to_owned(),
        deadline: at(120),
        moves,
    };
    command(0, Ask::Start(start))
}

fn succeed(seconds: i64, index: u32, moves: Vec<Move>) -> ExecutionCommand {
    command(
        seconds,
        Ask::RecordSuccess(RecordSuccess {
            step: step(index, 1),
            output: sealed("{\"ok\":true}"),
            status_code: Some(200),
            duration_ms: 12.5,
            moves,
        }),
    )
}

fn fail(seconds: i64, step: StepAttempt, consequence: FailureConsequence, moves: Vec<Move>) -> ExecutionCommand {
    command(
        seconds,
        Ask::RecordFailure(RecordFailure {
            step,
            kind: "status".to_owned(),
            message: sealed("the endpoint answered 503"),
            status_code: Some(503),
            duration_ms: 3.0,
            consequence,
            retry_at: (consequence == FailureConsequence::Retry).then(|| at(seconds + 1)),
            moves,
        }),
    )
}

/// The events of these commands, one after another.
fn events(commands: impl IntoIterator<Item = ExecutionCommand>) -> Vec<ExecutionEvent> {
    let mut execution = Execution::default();
    let mut all = Vec::new();
    for command in commands {
        let events = execution.decide(command).expect("a legal command");
        for event in &events {
            execution.evolve(event);
        }
        all.extend(events);
    }
    all
}

fn names(events: &[ExecutionEvent]) -> Vec<&'static str> {
    events.iter().map(ExecutionEvent::name).collect()
}

#[test]
fn a_three_step_run_costs_four_appends_of_two_events() {
    let mut execution = Execution::default();
    let commands = [
        start(vec![call(0)]),
        succeed(1, 0, vec![call(1)]),
        succeed(2, 1, vec![call(2)]),
        succeed(3, 2, vec![Move::Complete { output: sealed("1") }]),
    ];
    for (command, expected) in commands.into_iter().zip([
        ["ExecutionStarted", "StepStarted"],
        ["StepSucceeded", "StepStarted"],
        ["StepSucceeded", "StepStarted"],
        ["StepSucceeded", "ExecutionCompleted"],
    ]) {
        let events = execution.decide(command).expect("legal");
        assert_eq!(names(&events), expected);
        events.iter().for_each(|event| execution.evolve(event));
    }
    assert_eq!(execution.outcome(), Some(Outcome::Completed));
    assert_eq!(execution.done.len(), 3);
    assert_eq!(execution.result.as_deref(), Some("1"));
}

#[test]
fn durations_count_from_the_start_and_from_the_first_attempt() {
    let history = events([
        start(vec![call(0)]),
        fail(2, step(0, 1), FailureConsequence::Retry, Vec::new()),
        command(3, Ask::BeginRetry(BeginRetry { step: step(0, 2) })),
    ]);
    let mut second = succeed(5, 0, vec![Move::Complete { output: sealed("1") }]);
    if let Ask::RecordSuccess(success) = &mut second.ask {
        success.step = step(0, 2);
    }
    let expected_end = Ending {
        duration_ms: 5000.0,
        retry_count: 1,
    };
    let last = Saga::with(())
        .given(history)
        .when(second)
        .inspect_result()
        .expect("a legal command");
    match last.as_slice() {
        [
            ExecutionEvent::StepSucceeded(step),
            ExecutionEvent::ExecutionCompleted(end),
        ] => {
            assert!((step.total_duration_ms - 5000.0).abs() < f64::EPSILON);
            assert!((step.duration_ms - 12.5).abs() < f64::EPSILON);
            assert_eq!(end.ending, expected_end);
        }
        other => panic!("unexpected {other:?}"),
    }
}

#[test]
fn a_step_that_goes_on_after_its_failure_is_done_as_failed() {
    let mut execution = Execution::default();
    for event in events([
        start(vec![call(0)]),
        fail(1, step(0, 1), FailureConsequence::Continue, vec![call(1)]),
    ]) {
        execution.evolve(&event);
    }
    assert!(matches!(
        execution.done[0].result,
        StepResult::Failed {
            status_code: Some(503),
            ..
        }
    ));
    assert_eq!(execution.standing.open[0].step, step(1, 1));
    assert_eq!(execution.standing.open[0].stage, Stage::Calling);
}

#[test]
fn a_run_that_ended_takes_no_command() {
    let ended = events([start(vec![Move::Complete { output: sealed("null") }])]);
    for ask in [
        Ask::Cancel(CancelExecution {
            reason: None,
            cancelled_by: None,
        }),
        Ask::Adopt(AdoptExecution {
            node: "n2".to_owned(),
            moves: Vec::new(),
        }),
        Ask::GiveUp(GiveUp {
            moves: vec![Move::Fail {
                message: sealed("late"),
                step_id: None,
            }],
        }),
        Ask::BeginRetry(BeginRetry { step: step(0, 2) }),
    ] {
        let refused = Saga::with(())
            .given(ended.clone())
            .when(command(9, ask))
            .inspect_result();
        assert_eq!(refused.expect_err("the run has ended").code, "execution-ended");
    }
}

#[test]
fn an_outcome_of_another_attempt_than_the_open_one_is_refused() {
    let history = events([start(vec![call(0)])]);
    for late in [step(0, 2), step(1, 1)] {
        let late = fail(
            1,
            late,
            FailureConsequence::Fail,
            vec![Move::Fail {
                message: sealed("x"),
                step_id: None,
            }],
        );
        let refused = Saga::with(()).given(history.clone()).when(late).inspect_result();
        assert_eq!(refused.expect_err("a late report").code, "execution-state");
    }
}

#[test]
fn a_retry_needs_its_instant_and_only_a_retry_has_one() {
    let history = events([start(vec![call(0)])]);
    let mut retry = fail(1, step(0, 1), FailureConsequence::Retry, Vec::new());
    if let Ask::RecordFailure(failure) = &mut retry.ask {
        failure.retry_at = None;
    }
    let refused = Saga::with(()).given(history).when(retry).inspect_result();
    assert_eq!(refused.expect_err("no instant").code, "execution-state");
}

#[test]
fn a_place_is_taken_at_the_start_and_given_back_at_the_end_once() {
    let mut execution = Execution::default();
    let mut taken = Vec::new();
    let mut released = Vec::new();
    for event in events([
        command(
            0,
            Ask::Queue(QueueExecution {
                run: run(),
                request: request(),
            }),
        ),
        command(
            1,
            Ask::Start(StartExecution {
                run: run(),
                request: None,
                node: "n1".to_owned(),
                deadline: at(120),
                moves: vec![call(0)],
            }),
        ),
        command(
            2,
            Ask::Cancel(CancelExecution {
                reason: None,
                cancelled_by: None,
            }),
        ),
    ]) {
        let changes = execution.claims(&event);
        taken.extend(changes.take);
        released.extend(changes.release);
        execution.evolve(&event);
    }
    assert_eq!(taken.len(), 1);
    assert_eq!(taken, released);
    assert_eq!(taken[0].scope, "environment/5/running");
}

#[test]
fn a_queued_run_that_is_cancelled_gives_back_nothing() {
    let history = events([command(
        0,
        Ask::Queue(QueueExecution {
            run: run(),
            request: request(),
        }),
    )]);
    let mut execution = Execution::default();
    history.iter().for_each(|event| execution.evolve(event));
    let cancelled = execution
        .decide(command(
            1,
            Ask::Cancel(CancelExecution {
                reason: None,
                cancelled_by: None,
            }),
        ))
        .expect("legal");
    assert!(execution.claims(&cancelled[0]).release.is_empty());
}

#[test]
fn a_step_in_doubt_ends_the_run_without_a_repeat() {
    let moves = vec![Move::Fail {
        message: sealed("in doubt"),
        step_id: Some(StepId(100)),
    }];
    let recorded = Saga::with(())
        .given(events([start(vec![call(0)])]))
        .when(command(
            9,
            Ask::ReportInDoubt(ReportInDoubt {
                step: step(0, 1),
                moves,
            }),
        ))
        .inspect_result()
        .expect("legal");
    assert_eq!(names(&recorded), ["StepInDoubt", "ExecutionFailed"]);
}

/// A run of three steps in which step `failing` fails, is retried, and then fails for good or succeeds.
fn saga_failing_at(failing: u32, recovers: bool) -> Vec<ExecutionCommand> {
    let mut commands = vec![start(vec![call(0)])];
    for index in 0..3 {
        let next = if index == 2 {
            Move::Complete { output: sealed("1") }
        } else {
            call(index + 1)
        };
        if index != failing {
            commands.push(succeed(1, index, vec![next]));
            continue;
        }
        commands.push(fail(1, step(index, 1), FailureConsequence::Retry, Vec::new()));
        commands.push(command(2, Ask::BeginRetry(BeginRetry { step: step(index, 2) })));
        if recovers {
            let mut second = succeed(3, index, vec![next]);
            if let Ask::RecordSuccess(success) = &mut second.ask {
                success.step = step(index, 2);
            }
            commands.push(second);
        } else {
            let moves = vec![Move::Fail {
                message: sealed("failed"),
                step_id: Some(StepId(100)),
            }];
            commands.push(fail(3, step(index, 2), FailureConsequence::Fail, moves));
            break;
        }
    }
    commands
}

#[test]
fn each_step_failed_at_every_position_ends_as_it_should() {
    for failing in 0..3 {
        let recovered = events(saga_failing_at(failing, true));
        assert_eq!(recovered.last().map(ExecutionEvent::name), Some("ExecutionCompleted"));
        let failed = events(saga_failing_at(failing, false));
        assert_eq!(failed.last().map(ExecutionEvent::name), Some("ExecutionFailed"));
    }
}

#[tokio::test]
async fn each_event_repeated_at_every_position_is_refused_and_each_command_replays() {
    for failing in 0..4 {
        let mut execution = Execution::default();
        for command in saga_failing_at(failing, true) {
            let sink = EventSink::default();
            execution.handle(command.clone(), &(), &sink).await.expect("legal");
            let recorded = sink.collect().await;
            let repeated = execution.decide(command);
            // A call that begins may follow itself only as the next attempt: the same report twice is never legal.
            assert!(repeated.is_err(), "repeated after {:?}", names(&recorded));
        }
        let mut replayed = Execution::default();
        events(saga_failing_at(failing, true))
            .iter()
            .for_each(|event| replayed.evolve(event));
        assert_eq!(replayed, execution, "replay gives the same state");
    }
}

mod control;
mod left;
mod undoing;

#[test]
fn each_end_is_told_to_those_who_asked_for_it() {
    let asked = Request {
        callbacks: vec![
            vec![Outcome::Failed],
            vec![Outcome::Completed],
            vec![Outcome::Failed, Outcome::Completed],
        ],
        ..request()
    };
    let queue = QueueExecution {
        run: run(),
        request: asked,
    };
    let given_up = Move::Fail {
        message: sealed("over"),
        step_id: None,
    };
    let failed = fail(3, step(0, 1), FailureConsequence::Fail, vec![given_up]);
    let history = events([
        command(0, Ask::Queue(queue)),
        command(
            1,
            Ask::Start(StartExecution {
                run: run(),
                request: None,
                node: "n1".to_owned(),
                deadline: at(120),
                moves: vec![call(0)],
            }),
        ),
        failed,
    ]);
    let mut execution = Execution::default();
    let mut told = Vec::new();
    for event in &history {
        let notices = execution.claims(event).take.into_iter();
        told.extend(
            notices
                .filter(|claim| claim.scope == "workflow/7/callbacks")
                .map(|claim| claim.key),
        );
        execution.evolve(event);
    }
    let ended_at = at(3);
    assert_eq!(
        told,
        [format!("{ended_at}/0193-1-1-0"), format!("{ended_at}/0193-1-1-2")]
    );
    assert_eq!(execution.endings, 1);
    // A run that is redriven ends once more, under another name.
    execution.standing.phase = Phase::Running;
    let completed = ExecutionEvent::from(ExecutionCompleted {
        run: run(),
        output: sealed("1"),
        ending: Ending {
            duration_ms: 9000.0,
            retry_count: 0,
        },
    });
    let keys: Vec<String> = execution
        .claims(&completed)
        .take
        .into_iter()
        .map(|claim| claim.key)
        .collect();
    assert_eq!(
        keys,
        [format!("{}/0193-1-2-1", at(10)), format!("{}/0193-1-2-2", at(10))]
    );
}
