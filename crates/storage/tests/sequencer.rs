//! The sequencer before writers that fail, panic, defer or take their time.

#![allow(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tokio::sync::{broadcast::error::RecvError, mpsc};
use uuid::Uuid;
use wfm_storage::{
    append::{Append, AppendError, Committed, StorageError, StreamAppend},
    batch::{Batch, Facts, Needs, Prepared},
    event::{NewEvent, Position, StreamId, StreamVersion},
    sequencer::{BatchOutcome, BatchWriter, MAX_BATCH_APPENDS, MAX_BATCH_BYTES, MAX_FEED_BYTES, Outcome, Sequencer},
};

/// What a writer does with its next batch.
#[derive(Debug, Clone)]
enum Act {
    Commit,
    /// Commits the first, defers the rest.
    DeferRest,
    Fail(StorageError),
    /// Fails when the stream `bad` is in the batch.
    FailOnBad,
    Panic,
}

/// A writer that waits for a word before each batch, and notes its batches.
struct Scripted {
    acts: mpsc::UnboundedReceiver<Act>,
    batches: Arc<Mutex<Vec<Vec<String>>>>,
    head: Position,
}

#[async_trait]
impl BatchWriter for Scripted {
    async fn commit(&mut self, appends: &[Prepared]) -> Result<BatchOutcome, StorageError> {
        let names: Vec<String> = appends
            .iter()
            .map(|append| append.append().streams[0].stream.to_string())
            .collect();
        let bad = names.iter().any(|name| name == "bad");
        self.batches.lock().unwrap().push(names);
        let accepted = match self.acts.recv().await.unwrap_or(Act::Commit) {
            Act::Commit => appends.len(),
            Act::DeferRest => 1,
            Act::Fail(error) => return Err(error),
            Act::FailOnBad if bad => return Err(StorageError::Other("bad".into())),
            Act::FailOnBad => appends.len(),
            Act::Panic => panic!("a writer that panics"),
        };
        let mut batch = Batch::new(
            Facts::absent(&Needs::of(appends)),
            self.head,
            "2026-11-22T16:00:00.000000Z".into(),
        );
        let mut outcomes: Vec<Outcome> = appends[..accepted]
            .iter()
            .map(|append| batch.judge(append).map_or_else(Outcome::Refused, Outcome::Committed))
            .collect();
        outcomes.resize(appends.len(), Outcome::Deferred);
        let events = batch.finish().events;
        self.head.0 += events.len() as u64;
        Ok(BatchOutcome { outcomes, events })
    }
}

struct Scene {
    sequencer: Arc<Sequencer>,
    acts: mpsc::UnboundedSender<Act>,
    batches: Arc<Mutex<Vec<Vec<String>>>>,
}

fn scene() -> Scene {
    let (acts, script) = mpsc::unbounded_channel();
    let batches = Arc::default();
    let writer = Scripted {
        acts: script,
        batches: Arc::clone(&batches),
        head: Position(0),
    };
    Scene {
        sequencer: Arc::new(Sequencer::start(writer)),
        acts,
        batches,
    }
}

impl Scene {
    /// Hands an append in; it is in the queue, or its batch under way, when this returns.
    async fn hand_in(&self, append: Append) -> tokio::task::JoinHandle<Result<Committed, AppendError>> {
        let sequencer = self.sequencer.clone();
        let task = tokio::spawn(async move { sequencer.append(append).await });
        // One thread: the task has run until it waits for its answer.
        tokio::task::yield_now().await;
        task
    }

    fn batches(&self) -> Vec<usize> {
        self.batches.lock().unwrap().iter().map(Vec::len).collect()
    }
}

fn append(stream: &str, payload: usize) -> Append {
    let event = NewEvent {
        id: Uuid::nil(),
        event_type: "Sample".into(),
        schema_version: 1,
        occurred_at: "2026-11-22T16:00:00.000000Z".into(),
        payload: "1".repeat(payload).into(),
        metadata: "".into(),
        typed: None,
    };
    let part = StreamAppend {
        stream: StreamId::new(stream),
        aggregate: "sample".into(),
        workspace: None,
        expected: StreamVersion(0),
        events: vec![event],
    };
    Append {
        streams: vec![part],
        ..Append::default()
    }
}

fn position(outcome: Result<Committed, AppendError>) -> u64 {
    outcome.unwrap().first.0
}

#[tokio::test]
async fn what_waits_is_committed_together_within_bounds() {
    let scene = scene();
    let mut tasks = Vec::new();
    for number in 0..=MAX_BATCH_APPENDS {
        tasks.push(scene.hand_in(append(&format!("small-{number}"), 1)).await);
    }
    tasks.push(scene.hand_in(append("large-1", MAX_BATCH_BYTES)).await);
    tasks.push(scene.hand_in(append("large-2", MAX_BATCH_BYTES)).await);
    for _ in 0..5 {
        scene.acts.send(Act::Commit).unwrap();
    }
    for (index, task) in tasks.into_iter().enumerate() {
        assert_eq!(position(task.await.unwrap()), index as u64 + 1);
    }
    // The first came alone; the large ones end their batches.
    assert_eq!(scene.batches(), [1, MAX_BATCH_APPENDS, 1, 1]);
}

#[tokio::test]
async fn a_failing_batch_is_tried_one_by_one() {
    let scene = scene();
    let plug = scene.hand_in(append("plug", 1)).await;
    let mut tasks = Vec::new();
    for name in ["good-1", "bad", "good-2"] {
        tasks.push(scene.hand_in(append(name, 1)).await);
    }
    for _ in 0..5 {
        scene.acts.send(Act::FailOnBad).unwrap();
    }
    assert_eq!(position(plug.await.unwrap()), 1);
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.unwrap());
    }
    assert_eq!(scene.batches(), [1, 3, 1, 1, 1]);
    assert_eq!(position(outcomes.remove(0)), 2);
    assert!(matches!(
        outcomes.remove(0),
        Err(AppendError::Storage(StorageError::Other(_)))
    ));
    assert_eq!(position(outcomes.remove(0)), 3);
}

#[tokio::test]
async fn a_full_disk_is_told_to_all_at_once() {
    for error in [
        StorageError::Full("full".into()),
        StorageError::ReadOnly("sealed".into()),
    ] {
        let scene = scene();
        let plug = scene.hand_in(append("plug", 1)).await;
        let tasks = [
            scene.hand_in(append("a-1", 1)).await,
            scene.hand_in(append("a-2", 1)).await,
        ];
        for act in [Act::Commit, Act::Fail(error.clone()), Act::Commit] {
            scene.acts.send(act).unwrap();
        }
        assert_eq!(position(plug.await.unwrap()), 1);
        for task in tasks {
            let told = task.await.unwrap().unwrap_err();
            assert_eq!(told.to_string(), error.to_string());
        }
        assert_eq!(scene.batches(), [1, 2]);
        assert_eq!(position(scene.sequencer.append(append("later", 1)).await), 2);
    }
}

#[tokio::test]
async fn a_panic_answers_everybody() {
    let scene = scene();
    let mut live = scene.sequencer.listen();
    let under_way = scene.hand_in(append("a-1", 1)).await;
    let waiting = scene.hand_in(append("a-2", 1)).await;
    scene.acts.send(Act::Panic).unwrap();
    for task in [under_way, waiting] {
        assert!(matches!(
            task.await.unwrap(),
            Err(AppendError::Storage(StorageError::Unavailable(_)))
        ));
    }
    let late = scene.sequencer.append(append("a-3", 1)).await;
    assert!(matches!(late, Err(AppendError::Storage(StorageError::Unavailable(_)))));
    assert!(matches!(live.recv().await, Err(RecvError::Closed)));
    scene.sequencer.close().await;
}

#[tokio::test]
async fn deferred_appends_come_first_in_the_next_batch() {
    let scene = scene();
    let plug = scene.hand_in(append("plug", 1)).await;
    let mut tasks = Vec::new();
    for name in ["a-1", "a-2", "a-3"] {
        tasks.push(scene.hand_in(append(name, 1)).await);
    }
    scene.acts.send(Act::Commit).unwrap();
    assert_eq!(position(plug.await.unwrap()), 1);
    scene.acts.send(Act::DeferRest).unwrap();
    assert_eq!(position(tasks.remove(0).await.unwrap()), 2);
    tasks.push(scene.hand_in(append("a-4", 1)).await);
    for _ in 0..3 {
        scene.acts.send(Act::DeferRest).unwrap();
    }
    for (index, task) in tasks.into_iter().enumerate() {
        assert_eq!(position(task.await.unwrap()), index as u64 + 3);
    }
    let firsts: Vec<String> = scene
        .batches
        .lock()
        .unwrap()
        .iter()
        .map(|batch| batch[0].clone())
        .collect();
    assert_eq!(firsts, ["plug", "a-1", "a-2", "a-3", "a-4"]);
}

#[tokio::test]
async fn callers_hear_after_the_feed_and_may_leave() {
    let scene = scene();
    let mut live = scene.sequencer.listen();
    let left = scene.hand_in(append("left", 1)).await;
    left.abort();
    scene.acts.send(Act::Commit).unwrap();
    scene.acts.send(Act::Commit).unwrap();
    assert_eq!(position(scene.sequencer.append(append("stayed", 1)).await), 2);
    let streams = [live.try_recv().unwrap(), live.try_recv().unwrap()].map(|batch| batch[0].stream.to_string());
    assert_eq!(streams, ["left", "stayed"]);
}

#[tokio::test]
async fn closing_finishes_what_was_accepted() {
    let scene = scene();
    let mut live = scene.sequencer.listen();
    let tasks = [
        scene.hand_in(append("a-1", 1)).await,
        scene.hand_in(append("a-2", 1)).await,
    ];
    let closing = tokio::spawn({
        let sequencer = scene.sequencer.clone();
        async move { sequencer.close().await }
    });
    tokio::task::yield_now().await;
    assert!(!closing.is_finished());
    scene.acts.send(Act::Commit).unwrap();
    scene.acts.send(Act::Commit).unwrap();
    closing.await.unwrap();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert!(live.recv().await.is_ok() && live.recv().await.is_ok());
    assert!(matches!(live.recv().await, Err(RecvError::Closed)));
    scene.sequencer.close().await;
    assert!(matches!(scene.sequencer.listen().recv().await, Err(RecvError::Closed)));
    scene.sequencer.append(append("late", 1)).await.unwrap_err();
}

#[tokio::test]
async fn a_slow_subscriber_is_sent_to_the_log_rather_than_kept_in_memory() {
    let scene = scene();
    let mut slow = scene.sequencer.listen();
    let bytes = MAX_FEED_BYTES / 4;
    for number in 0..6 {
        scene.acts.send(Act::Commit).unwrap();
        scene
            .sequencer
            .append(append(&format!("large-{number}"), bytes))
            .await
            .unwrap();
    }
    let mut kept = Vec::new();
    for _ in 0..6 {
        kept.push(slow.recv().await.unwrap().len());
    }
    assert_eq!(kept, [1, 1, 1, 1, 0, 0]);
    // Once it has let go of them, batches come in memory again.
    scene.acts.send(Act::Commit).unwrap();
    scene.sequencer.append(append("large-6", bytes)).await.unwrap();
    assert_eq!(slow.recv().await.unwrap().len(), 1);
}
