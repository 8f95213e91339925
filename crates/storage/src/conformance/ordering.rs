//! Total order, durability, and the feed.

use std::{collections::HashMap, sync::Arc};

use futures::future::join_all;

use crate::{
    append::{AppendError, AppendRefusal, StorageError},
    conformance::{
        Adapter, Store, Tampering, TestClock,
        samples::{append, part, refusal, together},
        store,
    },
    event::{Position, StoredEvent, StreamId, StreamVersion},
    feed::{FEED_CAPACITY, Subscription},
    log::EventLog,
    verify::verify,
};

async fn whole(log: &Arc<dyn EventLog>) -> Vec<StoredEvent> {
    let mut events: Vec<StoredEvent> = Vec::new();
    loop {
        let after = events.last().map(|event| event.position).unwrap_or_default();
        let page = log.read_log(after, 500).await.unwrap();
        if page.is_empty() {
            return events;
        }
        events.extend(page);
    }
}

/// 32 writers at once: positions 1, 2, 3, …; every append contiguous, in the order in which it was answered for its stream.
pub async fn positions_are_gapless_under_concurrent_writers(adapter: &dyn Adapter) {
    let store = store(adapter).await;
    let log = store.log();
    let writers = (0..32).map(|writer| {
        let log = log.clone();
        async move {
            let mut answers = Vec::new();
            for turn in 0..12_u64 {
                let stream = format!("writer-{writer}");
                answers.push((turn * 2, log.append(append(&stream, turn * 2, 2)).await.unwrap()));
            }
            answers
        }
    });
    let answers: Vec<_> = join_all(writers.map(tokio::spawn)).await;
    let events = whole(&log).await;
    assert_eq!(events.len(), 32 * 12 * 2);
    let mut versions = HashMap::new();
    for (index, event) in events.iter().enumerate() {
        assert_eq!(event.position.0, index as u64 + 1);
        let version: &mut u64 = versions.entry(event.stream.clone()).or_default();
        *version += 1;
        assert_eq!(event.version.0, *version);
    }
    for (writer, answers) in answers.into_iter().enumerate() {
        for (version, committed) in answers.unwrap() {
            assert_eq!(committed.last.0, committed.first.0 + 1);
            let first = &events[committed.first.0 as usize - 1];
            assert_eq!(
                (first.stream.as_str(), first.version.0),
                (format!("writer-{writer}").as_str(), version + 1)
            );
        }
    }
    let head = log.head().await.unwrap();
    assert_eq!(head.position.0, events.len() as u64);
}

/// Many append to one stream at the same version: one wins, the others are told the version they missed.
pub async fn one_of_many_writers_of_a_stream_wins(adapter: &dyn Adapter) {
    let store = store(adapter).await;
    let log = store.log();
    for round in 0..4 {
        let outcomes = together(&log, (0..16).map(|_| append("contended-1", round, 1))).await;
        let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
        assert_eq!(won.len(), 1);
        for outcome in lost {
            let conflict = AppendRefusal::VersionConflict {
                stream: StreamId::new("contended-1"),
                expected: StreamVersion(round),
                actual: StreamVersion(round + 1),
            };
            assert_eq!(refusal(outcome), conflict);
        }
    }
    assert_eq!(whole(&log).await.len(), 4);
}

/// Closed and opened again, a log has its identity, its events, its streams, and goes on where it ended.
pub async fn a_reopened_log_continues(adapter: &dyn Adapter) {
    let mut store = store(adapter).await;
    let log = store.log();
    log.append(append("kept-1", 0, 3)).await.unwrap();
    let (head, events) = (log.head().await.unwrap(), whole(&log).await);
    drop(log);
    store.reopen().await;
    let log = store.log();
    assert_eq!(log.head().await.unwrap(), head);
    assert_eq!(whole(&log).await, events);
    assert!(matches!(
        refusal(log.append(append("kept-1", 0, 1)).await),
        AppendRefusal::VersionConflict { .. }
    ));
    assert_eq!(log.append(append("kept-1", 3, 1)).await.unwrap().first, Position(4));
}

/// A clock that jumps back does not reach the log.
pub async fn instants_of_recording_never_run_backwards(adapter: &dyn Adapter) {
    let clock = TestClock::at(600);
    let mut store = adapter.fresh(clock.clock()).await;
    for (turn, (second, expected)) in [(600, 600), (30, 600), (601, 601), (0, 601)].into_iter().enumerate() {
        clock.set(second);
        store.log().append(append("timed-1", turn as u64, 1)).await.unwrap();
        let head = store.log().head().await.unwrap();
        assert_eq!(*head.recorded_at, *TestClock::instant(expected));
        let events = store.log().read_log(Position(turn as u64), 1).await.unwrap();
        assert_eq!(*events[0].recorded_at, *TestClock::instant(expected));
        store.reopen().await;
    }
}

async fn collect(subscription: &mut Subscription, until: u64) -> Vec<StoredEvent> {
    let mut events = Vec::new();
    while subscription.position().0 < until {
        for batch in subscription.next().await.unwrap().expect("the log is open") {
            events.extend(batch.iter().cloned());
        }
    }
    events
}

/// Whoever subscribes, from whichever position, gets each later event once, in order, as the log has it.
pub async fn the_feed_delivers_each_event_once(adapter: &dyn Adapter) {
    let store = store(adapter).await;
    let log = store.log();
    log.append(append("before-1", 0, 5)).await.unwrap();
    let readers: Vec<_> = [0, 3, 5]
        .into_iter()
        .map(|after| {
            let mut subscription = log.subscribe(Position(after));
            tokio::spawn(async move { (after, collect(&mut subscription, 105).await) })
        })
        .collect();
    let writers = (0..10).map(|writer| {
        let log = log.clone();
        async move {
            for turn in 0..5 {
                log.append(append(&format!("feed-{writer}"), turn * 2, 2))
                    .await
                    .unwrap();
            }
        }
    });
    join_all(writers.map(tokio::spawn)).await;
    let events = whole(&log).await;
    for reader in readers {
        let (after, seen) = reader.await.unwrap();
        assert_eq!(seen, events[after as usize..]);
    }
}

/// A subscriber that slept through more batches than the feed keeps misses none.
pub async fn a_laggard_reads_what_it_missed(adapter: &dyn Adapter) {
    let store = store(adapter).await;
    let log = store.log();
    let mut subscription = log.subscribe(Position(0));
    log.append(append("lag-0", 0, 1)).await.unwrap();
    assert_eq!(collect(&mut subscription, 1).await.len(), 1);
    // One after the other, so that each is a batch of its own.
    let count = FEED_CAPACITY as u64 + 50;
    for turn in 1..=count {
        log.append(append("lag-0", turn, 1)).await.unwrap();
    }
    let seen = collect(&mut subscription, count + 1).await;
    assert_eq!(
        seen.iter().map(|event| event.position.0).collect::<Vec<_>>(),
        (2..=count + 1).collect::<Vec<_>>()
    );
}

/// After closing: what was committed is handed out, then subscriptions end; appends are answered, with a refusal.
pub async fn a_closed_log_ends_subscriptions_and_refuses_appends(adapter: &dyn Adapter) {
    let store = store(adapter).await;
    let log = store.log();
    let mut subscription = log.subscribe(Position(0));
    let outcomes = together(&log, (0..40).map(|number| append(&format!("last-{number}"), 0, 1))).await;
    assert!(outcomes.iter().all(Result::is_ok));
    let (outcome, ()) = futures::join!(log.append(append("last-40", 0, 1)), log.close());
    outcome.expect("it was accepted before the log was closed");
    let refused = log.append(append("late-1", 0, 1)).await;
    assert!(
        matches!(refused, Err(AppendError::Storage(StorageError::Unavailable(_)))),
        "{refused:?}"
    );
    assert_eq!(collect(&mut subscription, 41).await.len(), 41);
    assert!(subscription.next().await.unwrap().is_none());
    assert!(log.subscribe(Position(41)).next().await.unwrap().is_none());
}

/// The store itself refuses to change or remove an event.
pub async fn history_cannot_be_changed(adapter: &dyn Adapter) {
    let mut store: Box<dyn Store> = store(adapter).await;
    store.log().append(append("history-1", 0, 3)).await.unwrap();
    let events = whole(&store.log()).await;
    for position in [Position(1), Position(3)] {
        for attempt in [
            Tampering::Update(position),
            Tampering::Delete(position),
            Tampering::Replace(position),
        ] {
            assert!(store.tamper(attempt).await.is_err(), "{attempt:?} succeeded");
        }
    }
    store.reopen().await;
    assert_eq!(whole(&store.log()).await, events);
}

/// Verification passes over what appends wrote, and counts it.
pub async fn a_sound_log_verifies(adapter: &dyn Adapter) {
    let store = store(adapter).await;
    let log = store.log();
    let empty = verify(&*log, Position(0), |_| ()).await.unwrap();
    assert!(empty.is_sound() && empty.events == 0, "{empty:?}");
    for turn in 0..5_u64 {
        let mut both = append("sound-1", turn, 1);
        both.streams.push(part("sound-2", turn * 300, 300));
        log.append(both).await.unwrap();
    }
    let mut heard = Vec::new();
    let report = verify(&*log, Position(0), |position| heard.push(position))
        .await
        .unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!((report.events, report.last), (1505, Position(1505)));
    assert_eq!(heard.last(), Some(&Position(1505)));
    let part = verify(&*log, Position(700), |_| ()).await.unwrap();
    assert!(part.is_sound() && part.events == 805, "{part:?}");
}
