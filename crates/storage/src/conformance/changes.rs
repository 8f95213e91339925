//! Claims, guards and open work, above all within one batch.

use crate::{
    append::{Append, AppendRefusal, ClaimKey},
    conformance::{
        Adapter,
        samples::{append, claim, refusal, together, work},
        store,
    },
    event::{StreamId, StreamVersion},
    work::{WorkChange, WorkFilter, WorkState},
};

/// What an append releases is free for its own scopes and takes; what it does not own stays.
pub async fn releases_come_before_scopes_and_takes(adapter: &dyn Adapter) {
    let store = store(adapter).await;
    let log = store.log();
    log.append(Append {
        take: vec![claim("place", "1", "a-1")],
        ..append("a-1", 0, 1)
    })
    .await
    .unwrap();
    // Given up and taken by another owner, in a scope that must be empty in between.
    let moved = Append {
        release: vec![claim("place", "1", "a-1")],
        require_empty: vec!["place".into()],
        require_fewer: vec![("place".into(), 1)],
        take: vec![claim("place", "1", "b-1")],
        ..append("b-1", 0, 1)
    };
    log.append(moved).await.unwrap();
    assert_eq!(
        log.claim(&ClaimKey::new("place", "1")).await.unwrap(),
        Some(claim("place", "1", "b-1"))
    );
    // Not the owner, not held at all: left alone.
    let strangers = Append {
        release: vec![claim("place", "1", "a-1"), claim("place", "2", "a-1")],
        require_at_least: vec![("place".into(), 1)],
        ..append("a-1", 1, 1)
    };
    log.append(strangers).await.unwrap();
    assert_eq!(
        log.claims("place", None, 10).await.unwrap(),
        [claim("place", "1", "b-1")]
    );
    // The last one cannot go.
    let last = Append {
        release: vec![claim("place", "1", "b-1")],
        require_at_least: vec![("place".into(), 1)],
        ..append("b-1", 1, 1)
    };
    let too_small = AppendRefusal::ScopeTooSmall {
        scope: "place".into(),
        count: 0,
        minimum: 1,
    };
    assert_eq!(refusal(log.append(last).await), too_small);
    assert_eq!(
        log.claims("place", None, 10).await.unwrap(),
        [claim("place", "1", "b-1")]
    );
}

/// One takes a claim in a scope that another, in the same batch, requires to be empty: the earlier one prevails.
pub async fn an_empty_scope_is_judged_beside_a_take(adapter: &dyn Adapter) {
    let store = store(adapter).await;
    let log = store.log();
    let take = |stream: &str| Append {
        take: vec![claim("children", stream, stream)],
        ..append(stream, 0, 1)
    };
    let delete = |stream: &str| Append {
        require_empty: vec!["children".into()],
        ..append(stream, 0, 1)
    };
    let outcomes = together(
        &log,
        [
            append("plug-1", 0, 1),
            delete("parent-1"),
            take("child-1"),
            delete("parent-2"),
            take("child-2"),
        ],
    )
    .await;
    assert_eq!(
        outcomes.iter().map(Result::is_ok).collect::<Vec<_>>(),
        [true, true, true, false, true]
    );
    assert_eq!(
        refusal(outcomes[3].clone()),
        AppendRefusal::ScopeNotEmpty {
            scope: "children".into(),
            count: 1
        }
    );
    // And when the children go, in one batch with the deletion.
    let leave = |stream: &str| Append {
        release: vec![claim("children", stream, stream)],
        ..append(stream, 1, 1)
    };
    let outcomes = together(
        &log,
        [
            append("plug-2", 0, 1),
            leave("child-1"),
            leave("child-2"),
            delete("parent-2"),
        ],
    )
    .await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
}

/// A claim goes from owner to owner to nobody within a batch, and the store has what came last.
pub async fn a_claim_changes_hands_within_a_batch(adapter: &dyn Adapter) {
    let mut store = store(adapter).await;
    let log = store.log();
    let take = |key: &str, stream: &str| Append {
        take: vec![claim("name", key, stream)],
        ..append(stream, 0, 1)
    };
    let leave = |key: &str, stream: &str| Append {
        release: vec![claim("name", key, stream)],
        ..append(stream, 1, 1)
    };
    let outcomes = together(
        &log,
        [
            take("held", "owner-1"),
            take("new", "owner-2"),
            leave("new", "owner-2"),
            take("new", "owner-3"),
            take("brief", "owner-4"),
            leave("brief", "owner-4"),
            leave("held", "owner-1"),
            take("held", "owner-5"),
            take("held", "owner-6"),
        ],
    )
    .await;
    assert!(outcomes[..8].iter().all(Result::is_ok), "{outcomes:?}");
    let taken = AppendRefusal::ClaimTaken {
        key: ClaimKey::new("name", "held"),
        owner: StreamId::new("owner-5"),
    };
    assert_eq!(refusal(outcomes[8].clone()), taken);
    let expected = [claim("name", "held", "owner-5"), claim("name", "new", "owner-3")];
    assert_eq!(log.claims("name", None, 10).await.unwrap(), expected);
    // The same owner gives up and takes again: nothing changes.
    let again = Append {
        release: vec![claim("name", "held", "owner-5")],
        take: vec![claim("name", "held", "owner-5")],
        ..append("owner-5", 1, 1)
    };
    log.append(again).await.unwrap();
    drop(log);
    store.reopen().await;
    assert_eq!(store.log().claims("name", None, 10).await.unwrap(), expected);
}

/// The second of two appends builds on the first, in the same batch.
pub async fn two_appends_advance_one_stream_within_a_batch(adapter: &dyn Adapter) {
    let store = store(adapter).await;
    let log = store.log();
    let outcomes = together(
        &log,
        [
            append("plug-1", 0, 1),
            append("pair-1", 0, 2),
            append("pair-1", 2, 3),
            append("pair-1", 2, 1),
            append("pair-1", 5, 1),
            append("plug-1", 1, 1),
        ],
    )
    .await;
    assert_eq!(
        outcomes.iter().map(Result::is_ok).collect::<Vec<_>>(),
        [true, true, true, false, true, true]
    );
    let info = log.stream(&StreamId::new("pair-1")).await.unwrap().unwrap();
    assert_eq!(info.version, StreamVersion(6));
    let events = log
        .read_stream(&StreamId::new("pair-1"), StreamVersion(0), 10)
        .await
        .unwrap();
    assert_eq!(
        events.iter().map(|event| event.version.0).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5, 6]
    );
}

/// A guard sees what an earlier append of the batch did; it holds for streams that must not exist as well.
pub async fn guards_hold_within_a_batch(adapter: &dyn Adapter) {
    let store = store(adapter).await;
    let log = store.log();
    log.append(append("parent-1", 0, 1)).await.unwrap();
    let guarded = |stream: &str, parent: &str, version| Append {
        guards: vec![(StreamId::new(parent), StreamVersion(version))],
        ..append(stream, 0, 1)
    };
    let outcomes = together(
        &log,
        [
            append("plug-1", 0, 1),
            guarded("child-1", "parent-1", 1),
            append("parent-1", 1, 1),
            guarded("child-2", "parent-1", 1),
            guarded("child-3", "parent-1", 2),
            guarded("child-4", "parent-2", 0),
            append("parent-2", 0, 1),
            guarded("child-5", "parent-2", 0),
        ],
    )
    .await;
    let accepted: Vec<_> = outcomes.iter().map(Result::is_ok).collect();
    assert_eq!(accepted, [true, true, true, false, true, true, true, false]);
    // A guard on the appended stream itself says no more than the expected version.
    let own = Append {
        guards: vec![(StreamId::new("child-1"), StreamVersion(1))],
        ..append("child-1", 1, 1)
    };
    log.append(own).await.unwrap();
}

/// Places are taken and given back by many at once: never more than the limit, and all are free in the end.
pub async fn a_scope_never_holds_more_than_its_limit(adapter: &dyn Adapter) {
    const LIMIT: u64 = 3;
    let mut store = store(adapter).await;
    let log = store.log();
    let runs = (0..24).map(|run| {
        let log = log.clone();
        tokio::spawn(async move {
            let stream = format!("run-{run}");
            loop {
                let start = Append {
                    require_fewer: vec![("running".into(), LIMIT)],
                    take: vec![claim("running", &stream, &stream)],
                    ..append(&stream, 0, 1)
                };
                match log.append(start).await {
                    Ok(_) => break,
                    refused => {
                        let full = AppendRefusal::ScopeFull {
                            scope: "running".into(),
                            count: LIMIT,
                            limit: LIMIT,
                        };
                        assert_eq!(refusal(refused), full);
                    }
                }
            }
            assert!(log.claims("running", None, 100).await.unwrap().len() as u64 <= LIMIT);
            let end = Append {
                release: vec![claim("running", &stream, &stream)],
                ..append(&stream, 1, 1)
            };
            log.append(end).await.unwrap();
        })
    });
    for run in runs.collect::<Vec<_>>() {
        run.await.unwrap();
    }
    drop(log);
    store.reopen().await;
    assert!(store.log().claims("running", None, 100).await.unwrap().is_empty());
    let empty = Append {
        require_empty: vec!["running".into()],
        ..append("after-1", 0, 1)
    };
    store.log().append(empty).await.unwrap();
}

/// Work is put, replaced and removed with the append; the last change of a batch counts.
pub async fn work_follows_its_last_change(adapter: &dyn Adapter) {
    let store = store(adapter).await;
    let log = store.log();
    let change = |stream: &str, work: Vec<WorkChange>| Append {
        work,
        ..append(stream, 0, 1)
    };
    let queued = work("run-1", WorkState::Queued, None);
    let mut running = work("run-1", WorkState::Running, None);
    running.owner = Some("node-1".into());
    running.epoch = 7;
    let timer = work("run-2", WorkState::Timer, Some(300));
    log.append(change(
        "a-1",
        vec![WorkChange::Put(queued.clone()), WorkChange::Put(timer.clone())],
    ))
    .await
    .unwrap();
    assert_eq!(
        log.work(&WorkFilter::default(), 10).await.unwrap(),
        [queued.clone(), timer.clone()]
    );
    assert_eq!(log.next_timer().await.unwrap(), timer.due_at);
    let outcomes = together(
        &log,
        [
            change("plug-1", Vec::new()),
            change(
                "a-2",
                vec![WorkChange::Remove("run-1".into()), WorkChange::Put(running.clone())],
            ),
            change(
                "a-3",
                vec![
                    WorkChange::Put(work("run-3", WorkState::Signal, None)),
                    WorkChange::Remove("run-2".into()),
                ],
            ),
            change(
                "a-4",
                vec![WorkChange::Remove("run-3".into()), WorkChange::Remove("run-4".into())],
            ),
            // Refused: its work is not changed.
            Append {
                work: vec![WorkChange::Remove("run-1".into())],
                ..append("a-1", 0, 1)
            },
        ],
    )
    .await;
    assert!(outcomes[..4].iter().all(Result::is_ok) && outcomes[4].is_err());
    assert_eq!(log.work(&WorkFilter::default(), 10).await.unwrap(), [running]);
    assert_eq!(log.next_timer().await.unwrap(), None);
}
