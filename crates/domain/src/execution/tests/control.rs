//! Given/when/then for pauses, signals and redrives.

use super::*;

fn ask(ask: Ask) -> ExecutionCommand {
    command(5, ask)
}

fn pause() -> ExecutionCommand {
    ask(Ask::Pause(PauseExecution {
        reason: None,
        paused_by: None,
    }))
}

fn resume() -> ExecutionCommand {
    ask(Ask::Resume(ResumeExecution { resumed_by: None }))
}

fn signal(name: &str) -> ExecutionCommand {
    ask(Ask::Signal(SendSignal {
        signal: name.to_owned(),
        payload: sealed("1"),
        sent_by: None,
    }))
}

fn go_on(moves: Vec<Move>) -> ExecutionCommand {
    ask(Ask::Continue(ContinueExecution {
        node: "n1".to_owned(),
        deadline: at(300),
        moves,
    }))
}

fn await_signal(moves: Vec<Move>) -> ExecutionCommand {
    ask(Ask::AwaitSignal(AwaitSignal {
        step: step(0, 1),
        signal: "approved".to_owned(),
        due_at: Some(at(60)),
        answer: sealed("{}"),
        status_code: Some(202),
        duration_ms: 1.0,
        moves,
    }))
}

fn redrive(in_doubt: Option<InDoubtAnswer>) -> ExecutionCommand {
    ask(Ask::Redrive(RedriveExecution {
        in_doubt,
        redriven_by: None,
    }))
}

fn end_badly() -> Vec<Move> {
    vec![Move::Fail {
        message: sealed("failed"),
        step_id: None,
    }]
}

fn folded(commands: impl IntoIterator<Item = ExecutionCommand>) -> Execution {
    let mut execution = Execution::default();
    events(commands).iter().for_each(|event| execution.evolve(event));
    execution
}

fn decided(execution: &Execution, command: ExecutionCommand) -> Vec<&'static str> {
    names(&execution.decide(command).expect("legal"))
}

#[test]
fn a_pause_waits_for_the_open_call_and_lets_no_other_begin() {
    let running = folded([start(vec![call(0)])]);
    assert_eq!(decided(&running, pause()), ["ExecutionPaused"]);
    let pausing = folded([start(vec![call(0)]), pause()]);
    assert!(pausing.decide(succeed(6, 0, vec![call(1)])).is_err());
    assert_eq!(
        decided(&pausing, succeed(6, 0, vec![Move::Park])),
        ["StepSucceeded", "ExecutionParked"]
    );
    let paused = folded([start(vec![call(0)]), pause(), succeed(6, 0, vec![Move::Park])]);
    assert!(!paused.standing.holds_place());
    assert!(paused.decide(pause()).is_err(), "it is paused already");
    assert_eq!(decided(&paused, resume()), ["ExecutionResumed", "ExecutionRequeued"]);
}

#[test]
fn a_pause_between_two_attempts_gives_the_place_back_at_once() {
    let waiting = folded([
        start(vec![call(0)]),
        fail(1, step(0, 1), FailureConsequence::Retry, Vec::new()),
    ]);
    assert_eq!(decided(&waiting, pause()), ["ExecutionPaused", "ExecutionParked"]);
}

#[test]
fn a_run_that_was_paused_in_the_queue_starts_after_it_is_resumed() {
    let queue = command(
        0,
        Ask::Queue(QueueExecution {
            run: run(),
            request: request(),
        }),
    );
    let paused = folded([queue.clone(), pause()]);
    assert_eq!(paused.standing.phase, Phase::Parked);
    let mut resumed = folded([queue, pause(), resume()]);
    assert_eq!(resumed.standing.phase, Phase::Queued);
    let begun = resumed.decide(start(vec![call(0)])).expect("legal");
    begun.iter().for_each(|event| resumed.evolve(event));
    assert!(resumed.standing.holds_place());
}

#[test]
fn a_run_that_waits_for_a_signal_holds_no_place_and_wakes_for_its_own_signal_only() {
    let waiting = folded([start(vec![call(0)]), await_signal(vec![Move::Park])]);
    assert_eq!(waiting.standing.phase, Phase::Parked);
    assert_eq!(decided(&waiting, signal("other")), ["SignalReceived"]);
    assert_eq!(
        decided(&waiting, signal("approved")),
        ["SignalReceived", "ExecutionRequeued"]
    );
    let mut woken = folded([
        start(vec![call(0)]),
        await_signal(vec![Move::Park]),
        signal("approved"),
        go_on(Vec::new()),
    ]);
    assert_eq!(woken.tenure, 2);
    let done = woken.decide(succeed(9, 0, vec![call(1)])).expect("legal");
    done.iter().for_each(|event| woken.evolve(event));
    assert!(woken.signals.is_empty(), "the step took its signal");
}

#[test]
fn a_signal_that_came_early_is_kept_and_a_paused_run_does_not_wake_for_it() {
    let early = folded([start(vec![call(0)]), signal("approved"), await_signal(Vec::new())]);
    assert!(early.signal("approved").is_some());
    assert!(early.standing.holds_place());
    let paused = folded([start(vec![call(0)]), await_signal(vec![Move::Park]), pause()]);
    assert_eq!(decided(&paused, signal("approved")), ["SignalReceived"]);
    assert_eq!(decided(&paused, resume()), ["ExecutionResumed"]);
    let heard = folded([
        start(vec![call(0)]),
        await_signal(vec![Move::Park]),
        pause(),
        signal("approved"),
    ]);
    assert_eq!(decided(&heard, resume()), ["ExecutionResumed", "ExecutionRequeued"]);
}

#[test]
fn a_redrive_keeps_what_is_finished_and_runs_what_failed() {
    let mut failed = folded([
        start(vec![call(0)]),
        succeed(1, 0, vec![call(1)]),
        fail(2, step(1, 1), FailureConsequence::Fail, end_badly()),
    ]);
    let redriven = failed.decide(redrive(None)).expect("legal");
    redriven.iter().for_each(|event| failed.evolve(event));
    assert_eq!(failed.standing.phase, Phase::Queued);
    assert_eq!(failed.done.len(), 1);
    let redo = failed.redo(1).expect("step 1 runs once more");
    assert_eq!((redo.round, redo.next_attempt, redo.request.is_none()), (1, 2, true));
    let went_on = failed
        .decide(go_on(vec![Move::Call {
            step: step(1, 2),
            request: sealed("anew"),
        }]))
        .expect("legal");
    assert_eq!(names(&went_on), ["ExecutionContinued", "StepStarted"]);
}

#[test]
fn a_call_of_unknown_effect_is_sent_again_as_it_was() {
    let mut timed_out = fail(2, step(0, 1), FailureConsequence::Fail, end_badly());
    if let Ask::RecordFailure(failure) = &mut timed_out.ask {
        failure.kind = "timeout".to_owned();
    }
    let mut failed = folded([start(vec![call(0)]), timed_out]);
    let redriven = failed.decide(redrive(None)).expect("legal");
    redriven.iter().for_each(|event| failed.evolve(event));
    let redo = failed.redo(0).expect("step 0 runs once more");
    assert_eq!(redo.round, 0);
    assert_eq!(redo.request, Some(sealed("request")));
}

#[test]
fn a_step_in_doubt_needs_an_answer() {
    let doubt = ask(Ask::ReportInDoubt(ReportInDoubt {
        step: step(0, 1),
        moves: end_badly(),
    }));
    let failed = folded([start(vec![call(0)]), doubt]);
    let refusal = failed.decide(redrive(None)).unwrap_err();
    assert_eq!(refusal.errors[0].pointer, "/inDoubt");
    for (answer, done) in [(InDoubtAnswer::Repeat, 0), (InDoubtAnswer::Succeeded(sealed("{}")), 1)] {
        let mut redriven = failed.clone();
        let events = redriven.decide(redrive(Some(answer))).expect("legal");
        events.iter().for_each(|event| redriven.evolve(event));
        assert_eq!(redriven.done.len(), done);
    }
}

#[test]
fn only_a_failed_run_is_redriven() {
    let completed = folded([start(vec![Move::Complete { output: sealed("1") }])]);
    assert_eq!(
        completed.decide(redrive(None)).unwrap_err().code,
        "execution-not-failed"
    );
    let running = folded([start(vec![call(0)])]);
    assert_eq!(running.decide(redrive(None)).unwrap_err().code, "execution-state");
}

#[test]
fn every_place_that_is_taken_is_given_back() {
    let mut execution = Execution::default();
    let mut held = 0_i32;
    for event in events([
        start(vec![call(0)]),
        await_signal(vec![Move::Park]),
        signal("approved"),
        go_on(Vec::new()),
        pause(),
        resume(),
        go_on(Vec::new()),
        succeed(9, 0, end_badly()),
        redrive(None),
        go_on(vec![Move::Complete { output: sealed("1") }]),
    ]) {
        let changes = execution.claims(&event);
        held += i32::try_from(changes.take.len()).unwrap();
        held -= i32::try_from(changes.release.len()).unwrap();
        execution.evolve(&event);
        assert_eq!(held == 1, execution.standing.holds_place(), "after {}", event.name());
    }
}
