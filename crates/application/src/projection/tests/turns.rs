//! Two projections over the same rows: one projects, the other looks on and takes over.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::Semaphore;
use wfm_storage::{
    append::StorageError,
    lease::{Hold, Leases},
    read_store::{ApplyError, Cell, Checkpoint, ParkedEvent, ProjectedBatch, Query, ReadStore, TableDifference},
};

use super::{super::Turn, Fixture, History, PATIENCE, Projection, ProjectionRunner, ProjectionState, now};

/// Who has a lease; an heir has it from the first time that it asks.
#[derive(PartialEq)]
enum Owner {
    Holder(String),
    Heir(String),
}

/// Leases that run out when the test says so.
#[derive(Default)]
struct TestLeases(Mutex<HashMap<String, Owner>>);

impl TestLeases {
    /// The lease runs out, and `heir` will be the first to ask for it.
    fn run_out(&self, name: &str, heir: &str) {
        let heir = Owner::Heir(heir.to_owned());
        self.0.lock().unwrap().insert(name.to_owned(), heir);
    }
}

#[async_trait]
impl Leases for TestLeases {
    fn shared(&self) -> bool {
        true
    }

    async fn hold(&self, name: &str, holder: &str, _duration: Duration) -> Result<Option<Hold>, StorageError> {
        let mut leases = self.0.lock().unwrap();
        match leases.get(name) {
            Some(Owner::Holder(other)) if other == holder => Ok(Some(Hold::Kept)),
            Some(Owner::Heir(other) | Owner::Holder(other)) if other != holder => Ok(None),
            Some(_) | None => {
                leases.insert(name.to_owned(), Owner::Holder(holder.to_owned()));
                Ok(Some(Hold::Taken))
            }
        }
    }

    async fn release(&self, name: &str, holder: &str) -> Result<(), StorageError> {
        let mut leases = self.0.lock().unwrap();
        if leases.get(name) == Some(&Owner::Holder(holder.to_owned())) {
            leases.remove(name);
        }
        Ok(())
    }

    async fn held(&self, prefix: &str) -> Result<Vec<String>, StorageError> {
        let leases = self.0.lock().unwrap();
        Ok(leases.keys().filter(|name| name.starts_with(prefix)).cloned().collect())
    }
}

async fn start(fixture: &Fixture, leases: &Arc<TestLeases>, holder: &str) -> (Projection, ProjectionRunner) {
    let (log, store, opener) = (
        Arc::clone(&fixture.log),
        Arc::clone(&fixture.store),
        Arc::clone(&fixture.opener),
    );
    let turn = Turn::new(Arc::clone(leases) as _, holder);
    Projection::start(log, store, opener, now(), turn).await.unwrap()
}

async fn state(projection: &Projection) -> ProjectionState {
    projection.status().await.unwrap().state
}

#[tokio::test]
async fn a_node_that_looks_on_wakes_its_waiters_and_takes_over_when_the_other_stops() {
    let (fixture, leases) = (Fixture::new().await, Arc::new(TestLeases::default()));
    let (first, first_runner) = start(&fixture, &leases, "first").await;
    let mut history = History::new(11);
    let beginning = history.beginning();
    fixture.append(&mut history, beginning).await;
    fixture.caught_up(&first).await;
    let (second, second_runner) = start(&fixture, &leases, "second").await;

    for _ in 0..20 {
        let next = history.step_on();
        fixture.append(&mut history, next).await;
        fixture.caught_up(&second).await;
    }
    assert_eq!(state(&second).await, ProjectionState::Following);
    let epoch = fixture.store.checkpoint().await.unwrap().unwrap().epoch;

    first_runner.stop().await;
    let next = history.step_on();
    fixture.append(&mut history, next).await;
    fixture.caught_up(&second).await;
    assert_eq!(state(&second).await, ProjectionState::Running);
    assert_eq!(fixture.store.checkpoint().await.unwrap().unwrap().epoch, epoch + 1);
    assert_eq!(second.verify(|_| {}).await.unwrap(), []);
    second_runner.stop().await;
}

#[tokio::test]
async fn a_node_that_lost_its_turn_without_knowing_is_refused_and_looks_on() {
    let (fixture, leases) = (Fixture::new().await, Arc::new(TestLeases::default()));
    let (first, first_runner) = start(&fixture, &leases, "first").await;
    let mut history = History::new(12);
    let beginning = history.beginning();
    fixture.append(&mut history, beginning).await;
    fixture.caught_up(&first).await;

    // The lease runs out while the first node believes to have it; the second one begins its epoch.
    leases.run_out("projection", "second");
    let (second, second_runner) = start(&fixture, &leases, "second").await;
    for _ in 0..40 {
        let next = history.step_on();
        fixture.append(&mut history, next).await;
    }
    fixture.caught_up(&first).await;
    fixture.caught_up(&second).await;
    let settled = tokio::time::timeout(PATIENCE, async {
        while (state(&first).await, state(&second).await) != (ProjectionState::Following, ProjectionState::Running) {
            let next = history.step_on();
            fixture.append(&mut history, next).await;
            fixture.caught_up(&second).await;
        }
    });
    settled.await.expect("the first node looks on, the second one projects");
    let status = second.status().await.unwrap();
    assert_eq!((status.parked, second.verify(|_| {}).await.unwrap()), (0, Vec::new()));
    first_runner.stop().await;
    second_runner.stop().await;
}

/// Says when the checkpoint is asked for, and answers when it is told to.
struct PausedStore {
    store: Arc<dyn ReadStore>,
    asked: Semaphore,
    answer: Semaphore,
}

#[async_trait]
impl ReadStore for PausedStore {
    async fn checkpoint(&self) -> Result<Option<Checkpoint>, StorageError> {
        self.asked.add_permits(1);
        let _answered = self.answer.acquire().await.unwrap();
        self.store.checkpoint().await
    }

    async fn apply(&self, batch: ProjectedBatch) -> Result<(), ApplyError> {
        self.store.apply(batch).await
    }

    async fn parked(&self) -> Result<Vec<ParkedEvent>, StorageError> {
        self.store.parked().await
    }

    async fn shadow(&self) -> Result<Arc<dyn ReadStore>, StorageError> {
        panic!("the rows are of this log: nothing is to be built anew")
    }

    async fn compare(&self, shadow: &Arc<dyn ReadStore>) -> Result<Vec<TableDifference>, StorageError> {
        self.store.compare(shadow).await
    }

    async fn adopt(
        &self,
        shadow: &Arc<dyn ReadStore>,
        expected: Option<&Checkpoint>,
    ) -> Result<Vec<TableDifference>, ApplyError> {
        self.store.adopt(shadow, expected).await
    }

    async fn query(&self, query: Query) -> Result<Vec<Vec<Cell>>, StorageError> {
        self.store.query(query).await
    }
}

/// The other node moves log and rows on between this one's first look at the log and its first look at the rows: the rows are
/// ahead of the log's end as it was known, and of this log all the same.
#[tokio::test]
async fn rows_that_another_node_moved_on_during_the_start_are_not_built_anew() {
    let (fixture, leases) = (Fixture::new().await, Arc::new(TestLeases::default()));
    let (first, first_runner) = start(&fixture, &leases, "first").await;
    let mut history = History::new(13);
    let beginning = history.beginning();
    fixture.append(&mut history, beginning).await;
    fixture.caught_up(&first).await;
    let paused = Arc::new(PausedStore {
        store: Arc::clone(&fixture.store),
        asked: Semaphore::new(0),
        answer: Semaphore::new(0),
    });
    let (log, opener) = (Arc::clone(&fixture.log), Arc::clone(&fixture.opener));
    let opening = tokio::spawn(Projection::open(log, Arc::clone(&paused) as _, opener, now()));
    drop(paused.asked.acquire().await.unwrap());
    for _ in 0..20 {
        let next = history.step_on();
        fixture.append(&mut history, next).await;
    }
    fixture.caught_up(&first).await;
    paused.answer.add_permits(1);
    let second = opening.await.unwrap().unwrap();
    assert_eq!(second.position(), first.position());
    first_runner.stop().await;
}
