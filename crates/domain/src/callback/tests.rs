//! What becomes of callbacks, attempt by attempt.

use super::*;
use crate::{
    given::{code, fold, when},
    ids::{ExecutionId, WorkflowId},
    instant::Instant,
};

fn at(seconds: i64) -> Instant {
    Instant::parse("2026-11-22T16:00:00Z")
        .unwrap()
        .plus_milliseconds(seconds * 1000)
}

fn notice() -> Notice {
    Notice {
        execution_id: ExecutionId("0193552c-1c2f-7000-8000-000000000001".into()),
        workflow_id: WorkflowId(17),
        ending: 2,
        index: 1,
    }
}

/// An attempt about a run that ended at second 0.
fn attempt(outcome: Result<u16, &str>, seconds: i64) -> RecordAttempt {
    RecordAttempt {
        notice: notice(),
        outcome: outcome.map_err(str::to_owned),
        retry_after_ms: None,
        duration_ms: 1.5,
        ended_at: at(0),
        fraction: 0.0,
        now: at(seconds),
    }
}

fn next_attempt_at(given: &[CallbackEvent], command: RecordAttempt) -> Instant {
    match &when::<Callback>(given, command).unwrap()[..] {
        [CallbackEvent::CallbackAttemptFailed(failed)] => failed.next_attempt_at,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_notice_is_named_by_what_it_tells() {
    assert_eq!(notice().delivery(), "0193552c-1c2f-7000-8000-000000000001-2-1");
    assert_eq!(notice().stream(), "callback-0193552c-1c2f-7000-8000-000000000001-2-1");
    let claim = notice().claim(at(0));
    assert_eq!(claim.scope, "workflow/17/callbacks");
    assert_eq!(Notice::of_claim(WorkflowId(17), &claim.key), Some((at(0), notice())));
    for key in [
        "",
        "x",
        "2026-11-22T16:00:00.000000Z/x",
        "nonsense/a-1-1",
        "2026-11-22T16:00:00.000000Z/a-1-x",
    ] {
        assert_eq!(Notice::of_claim(WorkflowId(17), key), None, "{key}");
    }
}

#[test]
fn whatever_is_answered_with_2xx_was_told() {
    for status in [200, 202, 204, 299] {
        let events = when::<Callback>(&[], attempt(Ok(status), 1)).unwrap();
        assert!(
            matches!(&events[..], [CallbackEvent::CallbackDelivered(told)] if told.attempt == 1),
            "{events:?}"
        );
        assert_eq!(fold::<Callback>(&events).status, CallbackStatus::Delivered);
        assert_eq!(code(when::<Callback>(&events, attempt(Ok(200), 2))), "callback-settled");
    }
}

#[test]
fn intervals_grow_until_a_day_is_over() {
    let mut given: Vec<CallbackEvent> = Vec::new();
    let mut now = 0;
    let mut waits = Vec::new();
    loop {
        let events = when::<Callback>(&given, attempt(Err("connect"), now)).unwrap();
        given.extend(events);
        match given.last() {
            Some(CallbackEvent::CallbackAttemptFailed(failed)) => {
                let next = failed.next_attempt_at.microseconds_since(at(0)) / 1_000_000;
                waits.push(next - now);
                now = next;
            }
            Some(CallbackEvent::CallbackGivenUp(given_up)) => {
                assert_eq!((given_up.reason, given_up.attempts), (GivenUpReason::TimeOver, 14));
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(waits[..9], [5, 15, 45, 135, 405, 1215, 3645, 10_935, 14_400]);
    assert_eq!(now, TRIED_FOR_SECONDS, "the last attempt is made when the day is over");
    assert_eq!(
        code(when::<Callback>(&given, attempt(Ok(200), now))),
        "callback-settled"
    );
}

#[test]
fn chance_takes_up_to_a_half_and_the_other_side_may_ask_for_more() {
    let jittered = RecordAttempt {
        fraction: 1.0,
        ..attempt(Ok(500), 10)
    };
    assert_eq!(next_attempt_at(&[], jittered), at(10).plus_milliseconds(2500));
    let asked = |seconds: i64| RecordAttempt {
        retry_after_ms: Some(seconds * 1000),
        ..attempt(Ok(429), 10)
    };
    assert_eq!(next_attempt_at(&[], asked(120)), at(130));
    assert_eq!(next_attempt_at(&[], asked(1)), at(15));
    assert_eq!(next_attempt_at(&[], asked(i64::MAX / 2000)), at(TRIED_FOR_SECONDS));
}

#[test]
fn gone_is_the_end_at_once() {
    let events = when::<Callback>(&[], attempt(Ok(410), 1)).unwrap();
    assert!(
        matches!(&events[..], [CallbackEvent::CallbackGivenUp(given_up)] if given_up.reason == GivenUpReason::Gone
            && given_up.status_code == Some(410)),
        "{events:?}"
    );
    for status in [301, 400, 404, 500] {
        next_attempt_at(&[], attempt(Ok(status), 1));
    }
}

#[test]
fn what_was_erased_is_not_told() {
    let given = when::<Callback>(&[], attempt(Ok(500), 1)).unwrap();
    let command = GiveUpCallback {
        notice: notice(),
        reason: GivenUpReason::Erased,
    };
    let events = when::<Callback>(&given, command).unwrap();
    assert!(matches!(&events[..], [CallbackEvent::CallbackGivenUp(given_up)] if given_up.attempts == 1));
}
