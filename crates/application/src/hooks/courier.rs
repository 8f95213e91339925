//! Knows which workflow has something to tell, and has it sent.
//!
//! Invariants: what is told next is read from claims; memory holds an instant a workflow and what is under way, however much
//! waits. Nothing is looked at before its time. One workflow's deaf listener takes only so many of the places that all share.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use tokio::task::JoinSet;
use wfm_domain::{callback::Notice, event::Event, ids::WorkflowId, instant::Instant, workflow::WorkflowEvent};
use wfm_storage::{event::StoredEvent, feed::Subscription};

pub use super::callbacks::Letter;

use super::callbacks::{Callbacks, Owed, Prepared};
use crate::{
    due::{DueWorkflows, LONGEST_SLEEP},
    duties::Duties,
    error::ApplicationError,
    executions::{
        elsewhere::ended_by,
        outcome::{Answer, CallFailure},
    },
    membership::RENEWAL,
    store::typed,
};

/// Letters under way at once.
const AT_ONCE: usize = 256;

/// Of one workflow.
const OF_ONE_WORKFLOW: usize = 8;

/// When something is looked at again that could not be dealt with.
const LATER_MILLISECONDS: i64 = 1000;

/// How often an outcome is reported that the log does not take; then the letter is sent again.
const REPORTS: u32 = 5;

/// Sends letters.
#[async_trait]
pub trait Courier: Send + Sync + 'static {
    /// Sends a letter and reads the answer; `may_send` is asked right before anything is sent.
    async fn send(&self, letter: &Letter, may_send: &(dyn Fn() -> bool + Send + Sync)) -> Result<Answer, CallFailure>;
}

/// Has sent what is to be told, until `stopping` completes or the log closes; then waits for what is under way.
pub async fn deliver(callbacks: Arc<Callbacks>, courier: Arc<dyn Courier>, stopping: impl Future<Output = ()>) {
    let mut stopping = std::pin::pin!(stopping);
    let mut round = Round {
        agenda: Agenda::default(),
        sends: JoinSet::new(),
        duties: Duties::new(Arc::clone(&callbacks.membership)),
        callbacks,
        courier,
    };
    tokio::select! {
        () = &mut stopping => {}
        () = round.run() => {}
    }
    while round.sends.join_next().await.is_some() {}
}

struct Round {
    callbacks: Arc<Callbacks>,
    courier: Arc<dyn Courier>,
    agenda: Agenda,
    duties: Duties,
    /// Letters under way; each ends with whether something is left to be done about it.
    sends: JoinSet<(Notice, bool)>,
}

impl Round {
    async fn run(&mut self) {
        let mut feed = self.begin().await;
        loop {
            let now = self.callbacks.store.now();
            while self.sends.len() < AT_ONCE
                && let Some(workflow) = self.agenda.due.take(now)
            {
                self.look(workflow, now).await;
            }
            let sleep = self.agenda.due.sleep(now, self.sends.len() < AT_ONCE);
            tokio::select! {
                batches = feed.next() => match batches {
                    Ok(Some(batches)) => {
                        let now = self.callbacks.store.now();
                        batches.iter().flat_map(|batch| batch.iter()).for_each(|event| self.agenda.observe(event, now));
                    }
                    Ok(None) => return,
                    Err(error) => {
                        tracing::warn!(%error, "the log cannot be followed for callbacks; trying again");
                        tokio::time::sleep(LONGEST_SLEEP).await;
                    }
                },
                Some(sent) = self.sends.join_next() => match sent {
                    Ok((notice, is_left)) => self.agenda.sent(&notice, is_left, self.callbacks.store.now()),
                    Err(error) => tracing::error!(%error, "the sending of a callback broke"),
                },
                () = self.duties.due() => if self.duties.look().await {
                    // What another node had to tell may be this one's now.
                    self.agenda.wake_all(self.callbacks.store.now());
                },
                () = tokio::time::sleep(sleep) => {}
            }
        }
    }

    async fn begin(&mut self) -> Subscription {
        self.duties.look().await;
        loop {
            match self.callbacks.begin().await {
                Ok((workflows, feed)) => {
                    self.agenda.known.extend(workflows);
                    self.agenda.wake_all(self.callbacks.store.now());
                    return feed;
                }
                Err(error) => {
                    tracing::warn!(%error, "what callbacks have to tell cannot be read; trying again");
                    tokio::time::sleep(RENEWAL).await;
                }
            }
        }
    }

    /// Sends what a workflow has to tell by now, as far as there is room.
    async fn look(&mut self, workflow: WorkflowId, now: Instant) {
        if !self.duties.may_act() {
            self.agenda
                .due
                .set_sooner(workflow, now.plus_milliseconds(LATER_MILLISECONDS));
            return;
        }
        if !self.duties.are_mine(workflow) {
            // Its own node follows the log, too.
            return;
        }
        let owed = match self.callbacks.owed_by(workflow).await {
            Ok(owed) => owed,
            Err(error) => {
                tracing::warn!(%error, %workflow, "what a workflow has to tell cannot be read; trying again");
                self.agenda
                    .due
                    .set_sooner(workflow, now.plus_milliseconds(LATER_MILLISECONDS));
                return;
            }
        };
        for owed in owed {
            if owed.due_at > now {
                self.agenda.due.set_sooner(workflow, owed.due_at);
                return;
            }
            if self.sends.len() >= AT_ONCE {
                self.agenda.due.set_sooner(workflow, now);
                return;
            }
            match self.agenda.begin(&owed.notice) {
                // Whichever ends first has the workflow looked at again.
                Begun::NoRoom => return,
                Begun::Already => {}
                Begun::Now => {
                    let (callbacks, courier) = (Arc::clone(&self.callbacks), Arc::clone(&self.courier));
                    self.sends
                        .spawn(async move { send(&callbacks, courier.as_ref(), owed).await });
                }
            }
        }
    }
}

/// Sends one letter and records what became of it. Answers whether something went wrong here, so that it is not tried again at
/// once.
async fn send(callbacks: &Callbacks, courier: &dyn Courier, owed: Owed) -> (Notice, bool) {
    let notice = owed.notice.clone();
    let is_left = match send_once(callbacks, courier, owed).await {
        Ok(()) => false,
        Err(error) => {
            tracing::warn!(%error, delivery = notice.delivery(), "a callback could not be dealt with; it is tried again");
            true
        }
    };
    (notice, is_left)
}

async fn send_once(callbacks: &Callbacks, courier: &dyn Courier, owed: Owed) -> Result<(), ApplicationError> {
    let begun = std::time::Instant::now();
    let (answer, attempt) = match callbacks.prepare(owed.clone()).await? {
        Prepared::Nothing => return Ok(()),
        Prepared::Letter(letter, attempt) => {
            let may_send = || callbacks.membership.is_valid();
            (courier.send(&letter, &may_send).await, attempt)
        }
        Prepared::Unsendable(failure, attempt) => (Err(failure), attempt),
    };
    if let Err(failure) = &answer {
        if failure.is_held_back() {
            return Ok(());
        }
        tracing::debug!(
            delivery = owed.notice.delivery(),
            kind = failure.kind,
            message = failure.message,
            "a callback failed"
        );
    }
    #[allow(clippy::cast_precision_loss)]
    let duration_ms = begun.elapsed().as_micros() as f64 / 1000.0;
    let mut pause = Duration::from_millis(100);
    for _ in 1..REPORTS {
        match callbacks.report(attempt.clone(), &answer, duration_ms).await {
            Err(ApplicationError::Storage(error)) => {
                tracing::warn!(%error, "what became of a callback waits until the log can be written");
                tokio::time::sleep(pause).await;
                pause *= 3;
            }
            reported => return reported,
        }
    }
    callbacks.report(attempt, &answer, duration_ms).await
}

/// Whether a letter was begun.
enum Begun {
    Now,
    Already,
    NoRoom,
}

/// When which workflow is looked at.
#[derive(Default)]
struct Agenda {
    /// Workflows of which a version with callbacks was ever published.
    known: HashSet<WorkflowId>,
    due: DueWorkflows,
    under_way: HashMap<WorkflowId, HashSet<Notice>>,
}

impl Agenda {
    fn wake_all(&mut self, at: Instant) {
        let known: Vec<WorkflowId> = self.known.iter().copied().collect();
        known.into_iter().for_each(|workflow| self.due.set_sooner(workflow, at));
    }

    fn begin(&mut self, notice: &Notice) -> Begun {
        let under_way = self.under_way.entry(notice.workflow_id).or_default();
        if under_way.contains(notice) {
            Begun::Already
        } else if under_way.len() >= OF_ONE_WORKFLOW {
            Begun::NoRoom
        } else {
            under_way.insert(notice.clone());
            Begun::Now
        }
    }

    fn sent(&mut self, notice: &Notice, is_left: bool, now: Instant) {
        let workflow = notice.workflow_id;
        if let Some(under_way) = self.under_way.get_mut(&workflow) {
            under_way.remove(notice);
            if under_way.is_empty() {
                self.under_way.remove(&workflow);
            }
        }
        let wait = if is_left { LATER_MILLISECONDS } else { 0 };
        self.due.set_sooner(workflow, now.plus_milliseconds(wait));
    }

    /// Takes note of what may give somebody something to tell.
    fn observe(&mut self, event: &StoredEvent, now: Instant) {
        let ends = !self.known.is_empty() && ended_by(event).is_some();
        if !ends && &*event.event_type != "WorkflowPublished" {
            return;
        }
        match typed(event).as_deref() {
            Some(Event::Execution(event)) => {
                let workflow = event.run().workflow_id;
                if self.known.contains(&workflow) {
                    self.due.set_sooner(workflow, now);
                }
            }
            Some(Event::Workflow(WorkflowEvent::WorkflowPublished(published))) if published.calls_back() => {
                self.known.insert(published.id);
            }
            Some(_) | None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use wfm_domain::ids::ExecutionId;

    use super::*;

    const WORKFLOW: WorkflowId = WorkflowId(7);

    fn at(seconds: i64) -> Instant {
        Instant::EPOCH.plus_milliseconds(seconds * 1000)
    }

    fn notice(index: u32) -> Notice {
        Notice {
            execution_id: ExecutionId("a".into()),
            workflow_id: WORKFLOW,
            ending: 1,
            index,
        }
    }

    #[test]
    fn a_workflow_is_looked_at_at_the_soonest_of_its_instants() {
        let mut agenda = Agenda::default();
        for seconds in [5, 3, 4] {
            agenda.due.set_sooner(WORKFLOW, at(seconds));
        }
        assert_eq!(agenda.due.take(at(2)), None);
        assert_eq!(agenda.due.take(at(9)), Some(WORKFLOW));
        assert_eq!(agenda.due.take(at(9)), None, "once");
        agenda.due.set_sooner(WORKFLOW, at(20));
        assert_eq!(agenda.due.take(at(19)), None, "what is outdated does not count");
        assert_eq!(agenda.due.take(at(20)), Some(WORKFLOW));
    }

    #[test]
    fn so_many_of_one_workflow_are_under_way_and_each_once() {
        let mut agenda = Agenda::default();
        for index in 0..8 {
            assert!(matches!(agenda.begin(&notice(index)), Begun::Now));
        }
        assert!(matches!(agenda.begin(&notice(3)), Begun::Already));
        assert!(matches!(agenda.begin(&notice(8)), Begun::NoRoom));
        agenda.sent(&notice(3), false, at(1));
        assert!(matches!(agenda.begin(&notice(8)), Begun::Now));
        assert_eq!(agenda.due.take(at(1)), Some(WORKFLOW), "there may be more");
        (0..9).for_each(|index| agenda.sent(&notice(index), true, at(2)));
        assert!(agenda.under_way.is_empty());
        assert_eq!(
            agenda.due.take(at(2)),
            None,
            "what went wrong is not tried again at once"
        );
        assert_eq!(agenda.due.take(at(3)), Some(WORKFLOW));
    }

    #[test]
    fn memory_does_not_grow_with_what_ends() {
        let mut agenda = Agenda::default();
        for second in 0..10_000 {
            agenda.due.set_sooner(WORKFLOW, at(second));
        }
        assert_eq!(agenda.due.len(), (1, 1));
    }
}
