//! Given/when/then for sagas that undo their steps, with a group of steps that run at once: each step failed and each report
//! repeated, at every position.

use super::*;

/// Steps: 0, then 1 and 2 at once, then 3.
const GROUPS: [&[u32]; 3] = [&[0], &[1, 2], &[3]];

fn undo(index: u32, attempt: u32) -> Move {
    Move::Undo {
        step: step(index, attempt),
        request: sealed("undo"),
    }
}

fn compensate() -> Move {
    Move::Compensate {
        message: sealed("failed"),
        step_id: None,
    }
}

fn end_badly() -> Move {
    Move::Fail {
        message: sealed("failed"),
        step_id: None,
    }
}

fn undone(index: u32, attempt: u32, moves: Vec<Move>) -> ExecutionCommand {
    command(
        7,
        Ask::RecordUndone(RecordUndone {
            step: step(index, attempt),
            status_code: Some(204),
            duration_ms: 2.0,
            moves,
        }),
    )
}

fn not_undone(index: u32, attempt: u32, retry_at: Option<Instant>, moves: Vec<Move>) -> ExecutionCommand {
    command(
        7,
        Ask::RecordUndoFailure(RecordUndoFailure {
            step: step(index, attempt),
            kind: "status".to_owned(),
            message: sealed("the endpoint answered 500"),
            status_code: Some(500),
            duration_ms: 2.0,
            retry_at,
            moves,
        }),
    )
}

/// The commands of a saga in which step `failing` fails for good, and every step finished before is undone, the last one
/// first; undoing step `stuck` is tried twice and given up.
fn saga(failing: Option<u32>, stuck: Option<u32>) -> Vec<ExecutionCommand> {
    let mut commands = vec![start(vec![call(0)])];
    let mut finished = Vec::new();
    for (place, group) in GROUPS.iter().enumerate() {
        let fails = failing.is_some_and(|failing| group.contains(&failing));
        for index in *group {
            let last = group.last() == Some(index);
            let succeeds = failing != Some(*index);
            if succeeds {
                finished.push(*index);
            }
            let moves = match (last, fails, GROUPS.get(place + 1)) {
                (false, _, _) => Vec::new(),
                (true, true, _) => {
                    let first = finished.iter().next_back();
                    first.map_or_else(|| vec![end_badly()], |first| vec![compensate(), undo(*first, 1)])
                }
                (true, false, Some(next)) => next.iter().map(|index| call(*index)).collect(),
                (true, false, None) => vec![Move::Complete { output: sealed("1") }],
            };
            commands.push(if succeeds {
                succeed(3, *index, moves)
            } else {
                fail(3, step(*index, 1), FailureConsequence::Fail, moves)
            });
        }
        if fails {
            break;
        }
    }
    if failing.is_none() {
        return commands;
    }
    let order: Vec<u32> = finished.into_iter().rev().collect();
    for (place, index) in order.iter().enumerate() {
        let next = order.get(place + 1).map_or_else(end_badly, |next| undo(*next, 1));
        if stuck == Some(*index) {
            commands.push(not_undone(*index, 1, Some(at(8)), Vec::new()));
            commands.push(command(8, Ask::BeginRetry(BeginRetry { step: step(*index, 2) })));
            commands.push(not_undone(*index, 2, None, vec![next]));
        } else {
            commands.push(undone(*index, 1, vec![next]));
        }
    }
    commands
}

#[test]
fn each_step_failed_at_every_position_undoes_what_was_finished_last_one_first() {
    for failing in 0..4 {
        let history = events(saga(Some(failing), None));
        assert_eq!(history.last().map(ExecutionEvent::name), Some("ExecutionFailed"));
        let finished = history.iter().filter_map(|event| match event {
            ExecutionEvent::StepSucceeded(succeeded) => Some(succeeded.step.index),
            _ => None,
        });
        let undone = history.iter().filter_map(|event| match event {
            ExecutionEvent::StepCompensated(undone) => Some(undone.step.index),
            _ => None,
        });
        let mut expected: Vec<u32> = finished.collect();
        expected.reverse();
        assert_eq!(undone.collect::<Vec<_>>(), expected, "step {failing} fails");
    }
    let completed = events(saga(None, None));
    assert_eq!(completed.last().map(ExecutionEvent::name), Some("ExecutionCompleted"));
}

#[test]
fn each_report_repeated_at_every_position_is_refused_and_replay_gives_the_same_state() {
    let sagas = (0..4).flat_map(|failing| (0..4).map(move |stuck| saga(Some(failing), Some(stuck))));
    for commands in sagas.chain([saga(None, None)]) {
        let mut execution = Execution::default();
        let mut history = Vec::new();
        for command in commands {
            let recorded = execution.decide(command.clone()).expect("legal");
            recorded.iter().for_each(|event| execution.evolve(event));
            assert!(
                execution.decide(command).is_err(),
                "repeated after {:?}",
                names(&recorded)
            );
            history.extend(recorded);
        }
        let mut replayed = Execution::default();
        history.iter().for_each(|event| replayed.evolve(event));
        assert_eq!(replayed, execution);
        assert!(execution.outcome().is_some());
    }
}

#[test]
fn what_is_given_up_is_known_and_the_rest_is_undone() {
    let mut execution = Execution::default();
    events(saga(Some(3), Some(1)))
        .iter()
        .for_each(|event| execution.evolve(event));
    let undoing: Vec<_> = execution.undone.iter().map(|undo| (undo.index, undo.undoing)).collect();
    assert_eq!(
        undoing,
        [(2, Undoing::Undone), (1, Undoing::GivenUp), (0, Undoing::Undone)]
    );
    let selection = execution.redrive_selection();
    assert_eq!(selection.afresh, [0, 2, 3], "what still stands is not run again");
}

#[test]
fn the_place_is_held_until_everything_is_undone() {
    let mut execution = Execution::default();
    let mut held = 0_i32;
    for event in events(saga(Some(3), Some(0))) {
        let changes = execution.claims(&event);
        held += i32::try_from(changes.take.len()).unwrap() - i32::try_from(changes.release.len()).unwrap();
        execution.evolve(&event);
        assert_eq!(held == 1, execution.standing.holds_place(), "after {}", event.name());
    }
    assert_eq!(held, 0);
}

#[test]
fn steps_of_a_group_are_open_at_once_and_end_in_any_order() {
    let history = events([
        start(vec![call(0), call(1), call(2)]),
        succeed(1, 2, Vec::new()),
        fail(2, step(0, 1), FailureConsequence::Retry, Vec::new()),
        succeed(3, 1, Vec::new()),
    ]);
    let mut execution = Execution::default();
    history.iter().for_each(|event| execution.evolve(event));
    assert_eq!(execution.standing.open.len(), 1);
    assert_eq!(execution.standing.due_at(), Some(at(3)));
    let early = vec![Move::Complete { output: sealed("1") }];
    let refused = execution.decide(command(4, Ask::GiveUp(GiveUp { moves: early })));
    assert_eq!(refused.unwrap_err().code, "execution-state");
}
