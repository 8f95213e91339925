//! Group commit: one task that collects the appends that wait, commits them together and answers each.
//!
//! Invariant: every append that was accepted into the queue is answered, whatever fails or panics, and a committed batch
//! stands in the feed before any of its callers hears of it. No timer: an append that comes alone is committed at once;
//! those that come meanwhile make the next batch.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use tokio::sync::{Notify, broadcast, mpsc, oneshot, watch};

use crate::{
    append::{Append, AppendError, AppendRefusal, Committed, StorageError},
    batch::Prepared,
    event::StoredEvent,
    feed::{CommittedBatch, FEED_CAPACITY},
};

/// Most appends of one batch.
pub const MAX_BATCH_APPENDS: usize = 512;

/// Bytes of payload and metadata after which a batch takes no further append.
pub const MAX_BATCH_BYTES: usize = 8 * 1024 * 1024;

/// Bytes of payload and metadata that published batches may keep in memory before slow subscribers must read the log.
pub const MAX_FEED_BYTES: usize = 32 * 1024 * 1024;

/// How long a failure to write counts as a trouble of the log while nothing is written since. Afterwards nobody knows: whoever
/// kept away because of it comes back and finds out.
pub const TROUBLE_LASTS: Duration = Duration::from_secs(30);

/// What became of one append of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was written.
    Committed(Committed),
    /// It was refused.
    Refused(AppendRefusal),
    /// It was not judged: it touches what an earlier append of the batch writes, and comes first in the next one. Of each
    /// batch at least one append is not deferred.
    Deferred,
}

/// What became of a batch.
#[derive(Debug, Default)]
pub struct BatchOutcome {
    /// One outcome for each append, in order.
    pub outcomes: Vec<Outcome>,
    /// The events written, in order.
    pub events: Vec<StoredEvent>,
}

/// Writes batches: the part of the log that an adapter brings.
#[async_trait]
pub trait BatchWriter: Send + 'static {
    /// Commits durably, in one transaction, what of `appends` is accepted. With an error nothing was written.
    async fn commit(&mut self, appends: &[Prepared]) -> Result<BatchOutcome, StorageError>;
}

type Answer = oneshot::Sender<Result<Committed, AppendError>>;

struct Waiting {
    append: Prepared,
    answer: Answer,
}

/// The queue before a [`BatchWriter`], and the feed behind it.
#[derive(Debug)]
pub struct Sequencer {
    queue: mpsc::Sender<Waiting>,
    feed: broadcast::WeakSender<CommittedBatch>,
    closing: Arc<Notify>,
    finished: watch::Receiver<()>,
    trouble: Arc<Trouble>,
}

/// The last failure to write, until something is written.
#[derive(Debug, Default)]
struct Trouble(Mutex<Option<(Instant, StorageError)>>);

impl Trouble {
    fn note(&self, failure: Option<&StorageError>) {
        let failure = failure.map(|error| (Instant::now(), error.clone()));
        // A failure is whole whatever became of the thread that noted it.
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = failure;
    }

    fn present(&self) -> Option<StorageError> {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lasting = noted.as_ref().filter(|(since, _)| since.elapsed() < TROUBLE_LASTS);
        lasting.map(|(_, error)| error.clone())
    }
}

impl Sequencer {
    /// Starts the task. It ends when the sequencer is closed or dropped and everything accepted has been answered.
    #[must_use]
    pub fn start(writer: impl BatchWriter) -> Self {
        let (queue, waiting) = mpsc::channel(2 * MAX_BATCH_APPENDS);
        let (feed, _) = broadcast::channel(FEED_CAPACITY);
        let weak_feed = feed.downgrade();
        let closing = Arc::new(Notify::new());
        let (task_lives, finished) = watch::channel(());
        let trouble = Arc::new(Trouble::default());
        let publisher = Publisher {
            feed,
            published: VecDeque::new(),
            bytes: 0,
        };
        let task = Task {
            writer,
            publisher,
            waiting,
            deferred: VecDeque::new(),
            closing: closing.clone(),
            trouble: Arc::clone(&trouble),
        };
        tokio::spawn(async move {
            task.run().await;
            drop(task_lives);
        });
        Self {
            queue,
            feed: weak_feed,
            closing,
            finished,
            trouble,
        }
    }

    /// Why the last batch could not be written, if that was a moment ago ([`TROUBLE_LASTS`]) and none was written since.
    #[must_use]
    pub fn trouble(&self) -> Option<StorageError> {
        self.trouble.present()
    }

    /// Hands an append in and waits for its outcome. Dropping the future does not take it back.
    ///
    /// # Errors
    /// See [`AppendError`]; [`StorageError::Unavailable`] when the sequencer is closing.
    pub async fn append(&self, append: Append) -> Result<Committed, AppendError> {
        let append = Prepared::new(append)?;
        let (answer, outcome) = oneshot::channel();
        self.queue
            .send(Waiting { append, answer })
            .await
            .map_err(|_| closed())?;
        outcome.await.map_err(|_| closed())?
    }

    /// A receiver of every batch committed from now on; closed at once when the sequencer is.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<CommittedBatch> {
        match self.feed.upgrade() {
            Some(feed) => feed.subscribe(),
            None => broadcast::channel(1).1,
        }
    }

    /// Sends subscribers to the log, because it has events that were not committed through this sequencer.
    pub fn announce(&self) {
        if let Some(feed) = self.feed.upgrade() {
            let _nobody_listens = feed.send(CommittedBatch::default());
        }
    }

    /// Whether anybody listens to the feed.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        self.feed.upgrade().is_some_and(|feed| feed.receiver_count() > 0)
    }

    /// Commits what was accepted, refuses what comes later, closes the feed.
    pub async fn close(&self) {
        self.closing.notify_one();
        // The task never sends: the channel changes by closing, when the task is gone, be it by a panic.
        let _ended = self.finished.clone().changed().await;
    }
}

fn closed() -> AppendError {
    AppendError::Storage(StorageError::Unavailable("the log is closed".into()))
}

struct Task<W> {
    writer: W,
    publisher: Publisher,
    waiting: mpsc::Receiver<Waiting>,
    deferred: VecDeque<Waiting>,
    closing: Arc<Notify>,
    trouble: Arc<Trouble>,
}

impl<W: BatchWriter> Task<W> {
    async fn run(mut self) {
        while let Some(first) = self.next().await {
            let (appends, answers) = self.collect(first);
            let many = appends.len() > 1;
            self.commit(appends, answers).await;
            if many {
                // Callers just answered hand in their next appends before the next batch is collected; otherwise large
                // batches and nearly empty ones would take turns.
                tokio::task::yield_now().await;
            }
        }
    }

    async fn next(&mut self) -> Option<Waiting> {
        if let Some(deferred) = self.deferred.pop_front() {
            return Some(deferred);
        }
        loop {
            tokio::select! {
                biased;
                () = self.closing.notified() => self.waiting.close(),
                next = self.waiting.recv() => return next,
            }
        }
    }

    /// What waits, within bounds; at least `first`.
    fn collect(&mut self, first: Waiting) -> (Vec<Prepared>, Vec<Answer>) {
        let mut bytes = first.append.bytes();
        let (mut appends, mut answers) = (vec![first.append], vec![first.answer]);
        while appends.len() < MAX_BATCH_APPENDS && bytes < MAX_BATCH_BYTES {
            let Some(next) = self.deferred.pop_front().or_else(|| self.waiting.try_recv().ok()) else {
                break;
            };
            bytes += next.append.bytes();
            appends.push(next.append);
            answers.push(next.answer);
        }
        (appends, answers)
    }

    async fn commit(&mut self, appends: Vec<Prepared>, answers: Vec<Answer>) {
        match self.writer.commit(&appends).await {
            Ok(outcome) => self.settle(outcome, appends, answers),
            Err(error) if appends.len() == 1 || concerns_all(&error) => {
                tracing::error!(%error, appends = appends.len(), "a batch could not be committed");
                self.trouble.note(Some(&error));
                for answer in answers {
                    let _caller_gone = answer.send(Err(error.clone().into()));
                }
            }
            Err(error) => {
                tracing::warn!(%error, appends = appends.len(), "a batch could not be committed; trying each append alone");
                for (append, answer) in appends.into_iter().zip(answers) {
                    let alone = vec![append];
                    match self.writer.commit(&alone).await {
                        Ok(outcome) => self.settle(outcome, alone, vec![answer]),
                        Err(error) => {
                            let _caller_gone = answer.send(Err(error.into()));
                        }
                    }
                }
            }
        }
    }

    fn settle(&mut self, outcome: BatchOutcome, appends: Vec<Prepared>, answers: Vec<Answer>) {
        debug_assert_eq!(outcome.outcomes.len(), appends.len(), "one outcome for each append");
        self.trouble.note(None);
        self.publisher.publish(outcome.events);
        let mut deferred = VecDeque::new();
        for ((outcome, append), answer) in outcome.outcomes.into_iter().zip(appends).zip(answers) {
            let _caller_gone = match outcome {
                Outcome::Committed(committed) => answer.send(Ok(committed)),
                Outcome::Refused(refusal) => answer.send(Err(refusal.into())),
                Outcome::Deferred => {
                    deferred.push_back(Waiting { append, answer });
                    continue;
                }
            };
        }
        // Deferred ones are older than those a bounded batch left behind.
        deferred.append(&mut self.deferred);
        self.deferred = deferred;
    }
}

/// Whether an error would meet each append of a batch alone as well.
fn concerns_all(error: &StorageError) -> bool {
    match error {
        StorageError::Full(_)
        | StorageError::ReadOnly(_)
        | StorageError::Unavailable(_)
        | StorageError::Corrupt(_)
        | StorageError::DamagedRows(_)
        | StorageError::Held(_) => true,
        StorageError::Other(_) => false,
    }
}

/// The feed's writing end, bounded in bytes: what slow subscribers have not seen yet is kept in memory by the feed.
struct Publisher {
    feed: broadcast::Sender<CommittedBatch>,
    published: VecDeque<(Weak<Vec<StoredEvent>>, usize)>,
    bytes: usize,
}

impl Publisher {
    fn publish(&mut self, events: Vec<StoredEvent>) {
        if events.is_empty() {
            return;
        }
        while let Some((_, bytes)) = self.published.pop_front_if(|(batch, _)| batch.strong_count() == 0) {
            self.bytes -= bytes;
        }
        let bytes = events
            .iter()
            .map(|event| event.payload.len() + event.metadata.len())
            .sum::<usize>();
        // An empty batch sends its subscribers to the log.
        let batch = Arc::new(if self.bytes + bytes > MAX_FEED_BYTES {
            Vec::new()
        } else {
            events
        });
        if !batch.is_empty() {
            self.published.push_back((Arc::downgrade(&batch), bytes));
            self.bytes += bytes;
        }
        let _nobody_listens = self.feed.send(batch);
    }
}
