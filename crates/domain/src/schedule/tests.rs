//! Given a schedule, when its ticks come: what happens.

use serde_json::json;

use super::*;
use crate::{
    aggregate::{Claim, Decide as _},
    choice::Choice,
    given::{code, fold, pointers, when},
    ids::{ExecutionId, WorkflowId, WorkspaceId},
    instant::Instant,
    scopes,
};

fn at(text: &str) -> Instant {
    Instant::parse(&format!("2026-11-22T{text}Z")).unwrap()
}

fn run(number: u8) -> ExecutionId {
    ExecutionId(format!("run-{number}"))
}

fn written() -> WrittenSchedule {
    WrittenSchedule {
        cron_expression: "0 * * * *".into(),
        ..WrittenSchedule::default()
    }
}

fn set(written: WrittenSchedule) -> SetSchedule {
    SetSchedule {
        workflow_id: WorkflowId(17),
        workspace_id: WorkspaceId(3),
        written,
        is_active: None,
        now: at("08:30:00"),
    }
}

fn given(written: WrittenSchedule) -> Vec<ScheduleEvent> {
    when::<Schedule>(&[], set(written)).unwrap()
}

fn policy(policy: CatchUpPolicy, window_seconds: i64) -> WrittenSchedule {
    WrittenSchedule {
        catch_up: Some(WrittenCatchUp {
            policy: Some(policy.into()),
            window_seconds: Some(window_seconds),
        }),
        ..written()
    }
}

fn advance(given: &mut Vec<ScheduleEvent>, now: Instant, open: &[ExecutionId], outcome: TickOutcome) -> Plan {
    let plan = fold::<Schedule>(given).plan(now, !open.is_empty()).unwrap();
    let command = AdvanceSchedule {
        plan,
        outcome: plan.tick.map(|_| outcome),
        open: open.to_vec(),
        now,
    };
    given.extend(when::<Schedule>(given, command).unwrap());
    plan
}

fn fired(number: u8) -> TickOutcome {
    TickOutcome::Fired {
        execution_id: run(number),
        cancelled: vec![],
    }
}

#[test]
fn a_tick_fires_and_the_next_one_follows() {
    let mut given = given(written());
    assert_eq!(fold::<Schedule>(&given).plan(at("08:59:59"), false), None);
    let plan = advance(&mut given, at("09:00:02"), &[], fired(1));
    assert_eq!((plan.missed, plan.tick), (None, Some((at("09:00:00"), Cause::Tick))));
    let progress = fold::<Schedule>(&given).progress;
    assert_eq!(progress.next.unwrap().run_at, at("10:00:00"));
    assert_eq!(
        (progress.last_run_at, progress.runs),
        (Some(at("09:00:02")), vec![run(1)])
    );
}

#[test]
fn missed_ticks_are_made_up_for_as_the_policy_says() {
    let plans = |policy: WrittenSchedule, now: &str| fold::<Schedule>(&given(policy)).plan(at(now), false).unwrap();
    let missed = |first: &str, last: &str, ticks| {
        Some(Missed {
            first: at(first),
            last: at(last),
            ticks,
        })
    };

    let none = plans(policy(CatchUpPolicy::None, 3600), "12:30:00");
    assert_eq!((none.missed, none.tick), (missed("09:00:00", "12:00:00", 4), None));
    assert_eq!(none.next.unwrap().tick, at("13:00:00"));
    let none = plans(policy(CatchUpPolicy::None, 3600), "12:00:30");
    assert_eq!(
        (none.missed, none.tick),
        (
            missed("09:00:00", "11:00:00", 3),
            Some((at("12:00:00"), Cause::CatchUp))
        )
    );

    let last = plans(policy(CatchUpPolicy::Last, 3600), "12:30:00");
    assert_eq!(
        (last.missed, last.tick),
        (
            missed("09:00:00", "11:00:00", 3),
            Some((at("12:00:00"), Cause::CatchUp))
        )
    );
    let last = plans(policy(CatchUpPolicy::Last, 600), "12:30:00");
    assert_eq!((last.missed, last.tick), (missed("09:00:00", "12:00:00", 4), None));

    let all = plans(policy(CatchUpPolicy::All, 2 * 3600), "12:30:00");
    assert_eq!(
        (all.missed, all.tick),
        (
            missed("09:00:00", "10:00:00", 2),
            Some((at("11:00:00"), Cause::CatchUp))
        )
    );
    assert_eq!(all.next.unwrap().tick, at("12:00:00"));
}

#[test]
fn very_many_missed_ticks_go_in_turns() {
    let seconds = WrittenSchedule {
        cron_expression: "* * * * * *".into(),
        ..policy(CatchUpPolicy::Last, 60)
    };
    let mut given = given(seconds);
    let now = at("14:00:00");
    let mut turns = 0;
    while fold::<Schedule>(&given).plan(now, false).is_some() {
        advance(&mut given, now, &[], fired(1));
        turns += 1;
    }
    let ticks: Vec<u64> = given
        .iter()
        .filter_map(|event| match event {
            ScheduleEvent::ScheduleTickSkipped(skipped) => Some(skipped.ticks),
            ScheduleEvent::ScheduleFired(fired) => {
                assert_eq!((fired.tick, fired.cause), (now, Cause::CatchUp));
                Some(1)
            }
            _ => None,
        })
        .collect();
    assert_eq!(turns, 2);
    assert_eq!(ticks.iter().sum::<u64>(), 5 * 3600 + 30 * 60);
}

#[test]
fn one_tick_waits_for_the_run_before_it() {
    let buffer = WrittenSchedule {
        overlap: Some(Overlap::BufferOne.into()),
        ..written()
    };
    let mut given = given(buffer);
    advance(&mut given, at("09:00:00"), &[], fired(1));
    advance(&mut given, at("10:00:00"), &[run(1)], TickOutcome::Buffered);
    let skipped = TickOutcome::Skipped {
        reason: "overlap".into(),
        detail: String::new(),
    };
    advance(&mut given, at("11:00:00"), &[run(1)], skipped);
    let state = fold::<Schedule>(&given);
    assert_eq!(state.progress.buffered, Some(at("10:00:00")));
    assert_eq!(state.wakes_at(at("11:10:00"), true), Some(at("12:00:00")));
    assert_eq!(state.wakes_at(at("11:10:00"), false), Some(at("11:10:00")));
    let plan = advance(&mut given, at("11:10:00"), &[], fired(2));
    assert_eq!(plan.tick, Some((at("10:00:00"), Cause::Buffered)));
    let progress = fold::<Schedule>(&given).progress;
    assert_eq!((progress.buffered, progress.runs), (None, vec![run(2)]));
    assert_eq!(progress.next.unwrap().tick, at("12:00:00"));
}

#[test]
fn a_pause_drops_ticks_and_the_one_that_waits() {
    let mut given = given(written());
    advance(&mut given, at("09:00:00"), &[], fired(1));
    advance(&mut given, at("10:00:00"), &[run(1)], TickOutcome::Buffered);
    let paused = when::<Schedule>(&given, PauseSchedule).unwrap();
    assert!(
        matches!(&paused[..], [ScheduleEvent::ScheduleTickSkipped(skipped), ScheduleEvent::SchedulePaused(_)]
        if skipped.reason == "paused" && skipped.tick == at("10:00:00"))
    );
    given.extend(paused);
    let state = fold::<Schedule>(&given);
    assert_eq!((state.progress.next, state.plan(at("12:00:00"), false)), (None, None));
    assert_eq!(when::<Schedule>(&given, PauseSchedule), Ok(vec![]));
    given.extend(when::<Schedule>(&given, ResumeSchedule { now: at("12:30:00") }).unwrap());
    assert_eq!(fold::<Schedule>(&given).progress.next.unwrap().tick, at("13:00:00"));
}

#[test]
fn active_schedules_hold_a_claim() {
    let mut given = Vec::new();
    let claim = [Claim::new(scopes::ACTIVE_SCHEDULES, "17")];
    let step = |given: &mut Vec<ScheduleEvent>, command: ScheduleCommand| {
        let mut state = fold::<Schedule>(given);
        let mut changes = (Vec::new(), Vec::new());
        for event in state.decide(command).unwrap() {
            let change = state.claims(&event);
            changes.0.extend(change.take);
            changes.1.extend(change.release);
            state.evolve(&event);
            given.push(event);
        }
        changes
    };
    assert_eq!(step(&mut given, set(written()).into()), (claim.to_vec(), vec![]));
    assert_eq!(step(&mut given, PauseSchedule.into()), (vec![], claim.to_vec()));
    let resume = ResumeSchedule { now: at("12:30:00") };
    assert_eq!(step(&mut given, resume.into()), (claim.to_vec(), vec![]));
    let remove = RemoveSchedule { cascade: true };
    assert_eq!(step(&mut given, remove.into()), (vec![], claim.to_vec()));
    assert_eq!(code(when::<Schedule>(&given, PauseSchedule)), "schedule-not-found");
    assert_eq!(fold::<Schedule>(&given).plan(at("14:00:00"), false), None);
}

#[test]
fn the_last_settings_and_the_last_event_are_the_whole_state() {
    let mut given = given(written());
    advance(&mut given, at("09:00:00"), &[], fired(1));
    advance(&mut given, at("12:30:00"), &[], fired(2));
    given.extend(when::<Schedule>(&given, PauseSchedule).unwrap());
    let last = given.last().unwrap();
    let settings = given.len() - 1 - usize::try_from(last.progress().events_since_set).unwrap();
    assert!(matches!(given[settings], ScheduleEvent::ScheduleSet(_)));
    let short = fold::<Schedule>(&[given[settings].clone(), last.clone()]);
    assert_eq!(short, fold::<Schedule>(&given));
}

#[test]
fn setting_the_same_again_is_no_event_and_another_keeps_what_happened() {
    let mut given = given(written());
    assert_eq!(when::<Schedule>(&given, set(written())), Ok(vec![]));
    advance(&mut given, at("09:00:00"), &[], fired(1));
    let other = WrittenSchedule {
        cron_expression: "30 * * * *".into(),
        ..written()
    };
    given.extend(
        when::<Schedule>(
            &given,
            SetSchedule {
                now: at("09:10:00"),
                ..set(other)
            },
        )
        .unwrap(),
    );
    let state = fold::<Schedule>(&given);
    assert_eq!(state.progress.next.unwrap().tick, at("09:30:00"));
    assert_eq!(state.progress.last_run_at, Some(at("09:00:00")));
    assert_eq!(state.present.unwrap().created_at, at("08:30:00"));
}

#[test]
fn a_trigger_starts_a_run_also_while_paused() {
    let mut given = given(written());
    given.extend(when::<Schedule>(&given, PauseSchedule).unwrap());
    let trigger = TriggerSchedule {
        execution_id: run(9),
        now: at("08:40:00"),
    };
    let events = when::<Schedule>(&given, trigger).unwrap();
    assert!(matches!(&events[..], [ScheduleEvent::ScheduleFired(fired)]
        if fired.cause == Cause::Trigger && fired.progress.last_run_at == Some(at("08:40:00")) && !fired.progress.is_active));
}

#[test]
fn wrong_settings_are_named() {
    let wrong = WrittenSchedule {
        cron_expression: "0 0 L * *".into(),
        time_zone: Some("Mars/Olympus".into()),
        start_date: Some(at("09:00:00")),
        end_date: Some(at("08:00:00")),
        description: Some("x".repeat(501)),
        input_parameters: Some(json!([])),
        catch_up: Some(WrittenCatchUp {
            policy: Some(Choice::Written(json!("some"))),
            window_seconds: Some(-1),
        }),
        overlap: Some(Choice::Written(json!("Twice"))),
        jitter_seconds: Some(3601),
    };
    let mut wanted = pointers(when::<Schedule>(&[], set(wrong)));
    wanted.sort();
    assert_eq!(
        wanted,
        [
            "/catchUp/policy",
            "/catchUp/windowSeconds",
            "/cronExpression",
            "/description",
            "/endDate",
            "/inputParameters",
            "/jitterSeconds",
            "/overlap",
            "/timeZone"
        ]
    );
    let over = WrittenSchedule {
        end_date: Some(at("08:45:00")),
        ..written()
    };
    assert_eq!(pointers(when::<Schedule>(&[], set(over))), ["/endDate"]);
}
