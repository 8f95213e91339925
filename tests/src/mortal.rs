//! A node that dies at an append of the story's choice, as though its process were killed there.
//!
//! Invariant: from its death on nothing leaves the node. No append begins, nobody learns what became of one, no call is sent;
//! then its runtime goes with every task, connection and file, and no code of an orderly stop runs.

use std::{future::pending, sync::Arc};

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::{runtime::Runtime, sync::watch};
use wfm_application::executions::outcome::{Answer, CallFailure};
use wfm_engine::connector::{Connector, OutgoingCall};
use wfm_server::{core::Surroundings, node::Node};
use wfm_storage::{
    append::{Append, AppendError, Claim, ClaimKey, Committed, StorageError, StoredCommand},
    event::{Position, StoredEvent, StreamId, StreamVersion},
    feed::Subscription,
    log::{EventLog, Head, StreamInfo},
    work::{WorkFilter, WorkItem},
};

use crate::{Place, server::config, until, until::DEADLINE};

/// On which side of an append a node dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Nothing of it is recorded.
    Before,
    /// It is durable, and nobody was told.
    After,
}

/// When a node dies, and how many appends it has begun.
struct Death {
    state: Mutex<State>,
    dead: watch::Sender<bool>,
}

#[derive(Default)]
struct State {
    appends: usize,
    due: Option<(usize, Moment)>,
}

impl Death {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            dead: watch::Sender::new(false),
        })
    }

    /// Counts an append; says at which moment of it the node dies.
    fn next(&self) -> Option<Moment> {
        let mut state = self.state.lock();
        state.appends += 1;
        let number = state.appends;
        state.due.take_if(|(due, _)| *due == number).map(|(_, moment)| moment)
    }

    async fn strike<T>(&self) -> T {
        self.dead.send_replace(true);
        pending().await
    }

    /// Goes on only while the node lives.
    async fn alive(&self) {
        if *self.dead.borrow() {
            pending().await
        }
    }
}

/// A living node over a place, in a runtime of its own.
pub struct Mortal {
    /// Its base URL.
    pub url: String,
    death: Arc<Death>,
    runtime: Runtime,
}

impl Mortal {
    /// Starts one, as soon as its predecessor has let go of the place.
    pub async fn start(place: &Place) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let death = Death::new();
        let config = Arc::new(config(place, &[]));
        let url = until("a node to start", || {
            let (config, death) = (Arc::clone(&config), Arc::clone(&death));
            let starting = runtime.spawn(async move {
                let node = Node::start(&config, surroundings(&death)).await.ok()?;
                node.app
                    .create_first_admin(crate::ADMIN, crate::PASSWORD)
                    .await
                    .unwrap();
                let url = format!("http://{}", node.address);
                // The node goes with its runtime.
                tokio::spawn(async move {
                    let _node = node;
                    pending::<()>().await;
                });
                Some(url)
            });
            async { starting.await.unwrap() }
        })
        .await;
        Self { url, death, runtime }
    }

    /// Lets it die at the append of this number, counted from now on.
    pub fn die_at(&self, number: usize, moment: Moment) {
        let mut state = self.death.state.lock();
        *state = State {
            appends: 0,
            due: Some((number, moment)),
        };
    }

    /// Counts from now on.
    pub fn count(&self) {
        *self.death.state.lock() = State::default();
    }

    /// Appends since then.
    #[must_use]
    pub fn counted(&self) -> usize {
        self.death.state.lock().appends
    }

    /// Returns when it is dead.
    pub async fn died(&self) {
        let mut dead = self.death.dead.subscribe();
        dead.wait_for(|dead| *dead).await.expect("this holds the sender");
    }

    /// Ends everything of it, at once.
    pub async fn bury(self) {
        self.death.dead.send_replace(true);
        let burial = tokio::task::spawn_blocking(move || self.runtime.shutdown_timeout(DEADLINE));
        burial.await.unwrap();
    }
}

fn surroundings(death: &Arc<Death>) -> Surroundings {
    let (of_log, of_connector) = (Arc::clone(death), Arc::clone(death));
    Surroundings {
        around_log: Arc::new(move |inner| {
            let death = Arc::clone(&of_log);
            Arc::new(MortalLog { inner, death })
        }),
        around: Arc::new(move |inner| {
            let death = Arc::clone(&of_connector);
            Arc::new(MortalConnector { inner, death })
        }),
        ..Surroundings::default()
    }
}

struct MortalConnector {
    inner: Arc<dyn Connector>,
    death: Arc<Death>,
}

#[async_trait]
impl Connector for MortalConnector {
    async fn call(&self, call: OutgoingCall<'_>) -> Result<Answer, CallFailure> {
        self.death.alive().await;
        let answer = self.inner.call(call).await;
        self.death.alive().await;
        answer
    }
}

struct MortalLog {
    inner: Arc<dyn EventLog>,
    death: Arc<Death>,
}

#[async_trait]
impl EventLog for MortalLog {
    async fn append(&self, append: Append) -> Result<Committed, AppendError> {
        self.death.alive().await;
        let dies = self.death.next();
        if dies == Some(Moment::Before) {
            return self.death.strike().await;
        }
        let outcome = self.inner.append(append).await;
        if dies == Some(Moment::After) {
            return self.death.strike().await;
        }
        self.death.alive().await;
        outcome
    }

    async fn head(&self) -> Result<Head, StorageError> {
        self.death.alive().await;
        self.inner.head().await
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        after: StreamVersion,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StorageError> {
        self.death.alive().await;
        self.inner.read_stream(stream, after, limit).await
    }

    async fn read_log(&self, after: Position, limit: u32) -> Result<Vec<StoredEvent>, StorageError> {
        self.death.alive().await;
        self.inner.read_log(after, limit).await
    }

    async fn read_workspace(
        &self,
        workspace: i64,
        after: Position,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StorageError> {
        self.death.alive().await;
        self.inner.read_workspace(workspace, after, limit).await
    }

    async fn stream(&self, stream: &StreamId) -> Result<Option<StreamInfo>, StorageError> {
        self.death.alive().await;
        self.inner.stream(stream).await
    }

    async fn streams(
        &self,
        workspace: Option<i64>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<StreamInfo>, StorageError> {
        self.death.alive().await;
        self.inner.streams(workspace, after, limit).await
    }

    async fn claim(&self, key: &ClaimKey) -> Result<Option<Claim>, StorageError> {
        self.death.alive().await;
        self.inner.claim(key).await
    }

    async fn claims(&self, scope: &str, after: Option<&str>, limit: u32) -> Result<Vec<Claim>, StorageError> {
        self.death.alive().await;
        self.inner.claims(scope, after, limit).await
    }

    async fn command(&self, actor: &str, key: &str) -> Result<Option<StoredCommand>, StorageError> {
        self.death.alive().await;
        self.inner.command(actor, key).await
    }

    async fn forget_commands(&self, recorded_before: &str) -> Result<u64, StorageError> {
        self.death.alive().await;
        self.inner.forget_commands(recorded_before).await
    }

    async fn work(&self, filter: &WorkFilter, limit: u32) -> Result<Vec<WorkItem>, StorageError> {
        self.death.alive().await;
        self.inner.work(filter, limit).await
    }

    async fn next_timer(&self) -> Result<Option<Arc<str>>, StorageError> {
        self.death.alive().await;
        self.inner.next_timer().await
    }

    async fn allot(&self, sequence: &str, count: u32) -> Result<i64, StorageError> {
        self.death.alive().await;
        self.inner.allot(sequence, count).await
    }

    fn subscribe(&self, after: Position) -> Subscription {
        self.inner.subscribe(after)
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}
