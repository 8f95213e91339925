//! What is refused, why, and that nothing of it remains.

use crate::{
    append::{Append, AppendError, AppendRefusal, Claim, ClaimKey, Committed, StoredCommand},
    batch::MAX_EVENT_BYTES,
    conformance::{
        Adapter, TestClock,
        samples::{append, claim, command, part, refusal, together, work},
        store,
    },
    event::{Position, StreamId, StreamVersion},
    work::{WorkChange, WorkFilter, WorkState},
};

/// Each refusal names what is in the way; the refused append writes nothing of itself.
pub async fn each_kind_is_told_and_leaves_no_trace(adapter: &dyn Adapter) {
    let store = store(adapter).await;
    let log = store.log();
    let mut first = append("held-1", 0, 2);
    first.take = vec![claim("name", "taken", "held-1"), claim("slots", "one", "held-1")];
    log.append(first).await.unwrap();
    let stream = StreamId::new("held-1");
    let conflict = |expected, actual| AppendRefusal::VersionConflict {
        stream: stream.clone(),
        expected: StreamVersion(expected),
        actual: StreamVersion(actual),
    };
    // Each has a second stream, claims and work, none of which may remain.
    let attempt = || {
        let mut append = append("trace-1", 0, 1);
        append.take = vec![claim("name", "trace", "trace-1")];
        append.release = vec![claim("name", "taken", "held-1")];
        append.work = vec![WorkChange::Put(work("trace", WorkState::Queued, None))];
        append
    };
    let with = |change: &dyn Fn(&mut Append)| {
        let mut append = attempt();
        change(&mut append);
        append
    };
    let cases = [
        (
            with(&|append| append.streams.push(part("held-1", 1, 1))),
            conflict(1, 2),
        ),
        (
            with(&|append| append.streams.push(part("held-1", 0, 1))),
            conflict(0, 2),
        ),
        (
            with(&|append| append.streams.push(part("held-1", 7, 1))),
            conflict(7, 2),
        ),
        (
            with(&|append| append.guards.push((StreamId::new("held-1"), StreamVersion(1)))),
            AppendRefusal::GuardFailed {
                stream: stream.clone(),
                expected: StreamVersion(1),
                actual: StreamVersion(2),
            },
        ),
        (
            with(&|append| append.guards.push((StreamId::new("absent-1"), StreamVersion(1)))),
            AppendRefusal::GuardFailed {
                stream: StreamId::new("absent-1"),
                expected: StreamVersion(1),
                actual: StreamVersion(0),
            },
        ),
        (
            with(&|append| append.require_empty.push("slots".into())),
            AppendRefusal::ScopeNotEmpty {
                scope: "slots".into(),
                count: 1,
            },
        ),
        (
            with(&|append| append.require_fewer.push(("slots".into(), 1))),
            AppendRefusal::ScopeFull {
                scope: "slots".into(),
                count: 1,
                limit: 1,
            },
        ),
        (
            with(&|append| append.require_at_least.push(("name".into(), 1))),
            AppendRefusal::ScopeTooSmall {
                scope: "name".into(),
                count: 0,
                minimum: 1,
            },
        ),
        (
            with(&|append| append.take.push(claim("slots", "one", "trace-1"))),
            AppendRefusal::ClaimTaken {
                key: ClaimKey::new("slots", "one"),
                owner: stream.clone(),
            },
        ),
        (
            with(&|append| append.take.push(claim("name", "trace", "other-1"))),
            AppendRefusal::ClaimTaken {
                key: ClaimKey::new("name", "trace"),
                owner: StreamId::new("trace-1"),
            },
        ),
    ];
    // Alone, and beside neighbours that are accepted.
    for (append, expected) in &cases {
        assert_eq!(&refusal(log.append(append.clone()).await), expected);
    }
    let mut mixed = Vec::new();
    for (index, (refused, _)) in cases.iter().enumerate() {
        mixed.push(append(&format!("neighbour-{index}"), 0, 1));
        mixed.push(refused.clone());
    }
    for (index, outcome) in together(&log, mixed).await.into_iter().enumerate() {
        if index % 2 == 0 {
            outcome.unwrap();
        } else {
            assert_eq!(refusal(outcome), cases[index / 2].1);
        }
    }
    assert_eq!(log.head().await.unwrap().position.0, 2 + cases.len() as u64);
    assert!(log.stream(&StreamId::new("trace-1")).await.unwrap().is_none());
    assert!(log.claim(&ClaimKey::new("name", "trace")).await.unwrap().is_none());
    assert_eq!(
        log.claim(&ClaimKey::new("name", "taken")).await.unwrap().unwrap().owner,
        stream
    );
    assert!(log.work(&WorkFilter::default(), 10).await.unwrap().is_empty());
}

/// Everything is wrong with an append: what is told is the first in the order of its fields, one mended after the other.
pub async fn the_first_reason_is_told(adapter: &dyn Adapter) {
    let store = store(adapter).await;
    let log = store.log();
    let mut first = append("first-1", 0, 1);
    first.command = Some(command("known", "hash"));
    first.take = vec![claim("full", "one", "first-1")];
    log.append(first).await.unwrap();
    let mut all = append("first-1", 0, 1);
    all.command = Some(command("known", "another"));
    all.guards = vec![(StreamId::new("first-1"), StreamVersion(9))];
    all.require_empty = vec!["full".into()];
    all.require_fewer = vec![("full".into(), 1)];
    all.require_at_least = vec![("full".into(), 2)];
    all.take = vec![claim("full", "one", "first-1")];
    assert_eq!(refusal(log.append(all.clone()).await), AppendRefusal::CommandMismatch);
    all.command = None;
    assert!(matches!(
        refusal(log.append(all.clone()).await),
        AppendRefusal::VersionConflict { .. }
    ));
    all.streams = vec![part("first-1", 1, 1)];
    assert!(matches!(
        refusal(log.append(all.clone()).await),
        AppendRefusal::GuardFailed { .. }
    ));
    all.guards.clear();
    assert!(matches!(
        refusal(log.append(all.clone()).await),
        AppendRefusal::ScopeNotEmpty { .. }
    ));
    all.require_empty.clear();
    assert!(matches!(
        refusal(log.append(all.clone()).await),
        AppendRefusal::ScopeFull { .. }
    ));
    all.require_fewer.clear();
    assert!(matches!(
        refusal(log.append(all.clone()).await),
        AppendRefusal::ScopeTooSmall { .. }
    ));
    all.require_at_least.clear();
    assert!(matches!(
        refusal(log.append(all.clone()).await),
        AppendRefusal::ClaimTaken { .. }
    ));
    all.take.clear();
    assert_eq!(
        log.append(all).await.unwrap(),
        Committed {
            first: Position(2),
            last: Position(2)
        }
    );
}

/// What no log could hold is refused before it meets a neighbour.
pub async fn malformed_appends_are_refused_alone(adapter: &dyn Adapter) {
    let store = store(adapter).await;
    let log = store.log();
    let long = "x".repeat(201);
    let mut malformed = vec![Append::default(), append("empty-1", 0, 0)];
    let mut spoilt = |change: &dyn Fn(&mut Append)| {
        let mut append = append("malformed-1", 0, 1);
        change(&mut append);
        malformed.push(append);
    };
    spoilt(&|append| append.streams.push(part("malformed-1", 0, 1)));
    spoilt(&|append| append.streams[0].expected = StreamVersion(u64::MAX));
    spoilt(&|append| append.streams[0].events[0].payload = "\"\0\"".into());
    spoilt(&|append| append.streams[0].events[0].metadata = "\0".into());
    spoilt(&|append| append.streams[0].events[0].event_type = "".into());
    spoilt(&|append| append.streams[0].events[0].event_type = "two words".into());
    spoilt(&|append| append.streams[0].events[0].occurred_at = "2026-11-22T16:29:03Z".into());
    spoilt(&|append| append.streams[0].events[0].payload = "1".repeat(MAX_EVENT_BYTES).into());
    spoilt(&|append| append.take.push(claim("scope", "a\0b", "malformed-1")));
    spoilt(&|append| append.release.push(claim(&long, "key", "malformed-1")));
    spoilt(&|append| append.require_empty.push("\0".into()));
    spoilt(&|append| append.require_fewer.push((long.as_str().into(), 1)));
    spoilt(&|append| append.command = Some(command(&long, "hash")));
    spoilt(&|append| append.work.push(WorkChange::Remove("\0".into())));
    spoilt(&|append| {
        let mut item = work("run", WorkState::Timer, None);
        item.due_at = Some("tomorrow".into());
        append.work.push(WorkChange::Put(item));
    });
    let count = malformed.len() as u64;
    let mixed = malformed.into_iter().enumerate().flat_map(|(index, append)| {
        let mut neighbour = self::append(&format!("well-{index}"), 0, 1);
        // As long as a name may be, though more in bytes.
        neighbour.take = vec![Claim {
            key: ClaimKey::new("ä".repeat(200), "€".repeat(200)),
            owner: StreamId::new("well-1"),
        }];
        neighbour.release = neighbour.take.clone();
        [append, neighbour]
    });
    for (index, outcome) in together(&log, mixed).await.into_iter().enumerate() {
        if index % 2 == 0 {
            assert!(
                matches!(outcome, Err(AppendError::Malformed(_))),
                "{index}: {outcome:?}"
            );
        } else {
            outcome.unwrap();
        }
    }
    assert_eq!(log.head().await.unwrap().position, Position(count));
}

/// A command is carried out once, whether its repeat comes in the same batch, later, or after a restart.
pub async fn commands_are_carried_out_once(adapter: &dyn Adapter) {
    let mut store = store(adapter).await;
    let log = store.log();
    let sent = |key: &str, hash: &str, stream: &str| Append {
        command: Some(command(key, hash)),
        ..append(stream, 0, 2)
    };
    let outcomes = together(
        &log,
        [
            append("plug-1", 0, 1),
            sent("a", "hash", "command-1"),
            sent("a", "hash", "command-2"),
            sent("a", "other", "command-3"),
            sent("b", "hash", "command-4"),
        ],
    )
    .await;
    let stored = StoredCommand {
        request_hash: "hash".into(),
        first: Position(2),
        last: Position(3),
        answer: "{\"answer\":\"a\"}".into(),
    };
    assert_eq!(
        *outcomes[1].as_ref().unwrap(),
        Committed {
            first: Position(2),
            last: Position(3)
        }
    );
    assert_eq!(refusal(outcomes[2].clone()), AppendRefusal::Duplicate(stored.clone()));
    assert_eq!(refusal(outcomes[3].clone()), AppendRefusal::CommandMismatch);
    outcomes[4].as_ref().unwrap();
    drop(log);
    for _ in 0..2 {
        let log = store.log();
        assert_eq!(
            refusal(log.append(sent("a", "hash", "command-5")).await),
            AppendRefusal::Duplicate(stored.clone())
        );
        assert_eq!(
            refusal(log.append(sent("a", "other", "command-5")).await),
            AppendRefusal::CommandMismatch
        );
        assert_eq!(log.command("user/3", "a").await.unwrap(), Some(stored.clone()));
        assert_eq!(log.command("user/4", "a").await.unwrap(), None);
        assert_eq!(log.head().await.unwrap().position, Position(5));
        drop(log);
        store.reopen().await;
    }
}

/// The repeat of a command meets the stream that the command itself advanced: it is still told as a repeat.
pub async fn a_repeated_command_is_told_before_a_stale_version(adapter: &dyn Adapter) {
    let store = store(adapter).await;
    let log = store.log();
    log.append(append("again-1", 0, 1)).await.unwrap();
    let sent = || Append {
        command: Some(command("again", "hash")),
        ..append("again-1", 1, 1)
    };
    log.append(sent()).await.unwrap();
    let outcomes = together(&log, [append("again-2", 0, 1), sent(), append("again-1", 2, 1), sent()]).await;
    assert!(matches!(refusal(outcomes[1].clone()), AppendRefusal::Duplicate(_)));
    outcomes[2].as_ref().unwrap();
    assert!(matches!(refusal(outcomes[3].clone()), AppendRefusal::Duplicate(_)));
}

/// Commands are forgotten by age, and can then be sent again.
pub async fn commands_can_be_forgotten(adapter: &dyn Adapter) {
    let clock = TestClock::at(10);
    let store = adapter.fresh(clock.clock()).await;
    let log = store.log();
    let sent = |key: &str, expected| Append {
        command: Some(command(key, "hash")),
        ..append("forget-1", expected, 1)
    };
    log.append(sent("old", 0)).await.unwrap();
    clock.set(20);
    log.append(sent("young", 1)).await.unwrap();
    assert_eq!(log.forget_commands(&TestClock::instant(10)).await.unwrap(), 0);
    assert_eq!(log.forget_commands(&TestClock::instant(20)).await.unwrap(), 1);
    assert_eq!(log.command("user/3", "old").await.unwrap(), None);
    assert!(matches!(
        refusal(log.append(sent("young", 2)).await),
        AppendRefusal::Duplicate(_)
    ));
    log.append(sent("old", 2)).await.unwrap();
    assert_eq!(log.head().await.unwrap().position, Position(3));
}
