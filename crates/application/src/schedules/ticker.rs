//! Knows which schedule is due next, and has it dealt with.
//!
//! Invariants: what is due stands in memory, built from the log when the node starts and kept by following it; a schedule
//! that waits is not looked at. Among nodes that share a database each schedule has one that usually deals with it, chosen
//! by hash over the living ones; that no two start its run does not depend on it.

use std::{collections::HashMap, sync::Arc};

use futures::{StreamExt, stream};
use tokio::task::JoinSet;
use wfm_domain::{
    event::Event,
    ids::{ExecutionId, WorkflowId},
    instant::Instant,
    schedule::Progress,
    scopes,
};
use wfm_storage::{event::StoredEvent, feed::Subscription};

use super::firing::{Scheduler, Turn};
use crate::{
    due::{DueWorkflows, LONGEST_SLEEP},
    duties::Duties,
    error::ApplicationError,
    executions::elsewhere::ended_by,
    membership::{Membership, RENEWAL},
    store::typed,
};

/// Schedules that are dealt with at once: enough for their appends to share transactions.
const AT_ONCE: usize = 256;

/// Schedules that are read at once when the node starts.
const READ_AT_ONCE: usize = 64;

/// When a schedule is looked at again that another node should deal with, or that could not be dealt with.
const LATER_MILLISECONDS: i64 = 1000;

/// Has schedules dealt with as they become due, until the log closes.
pub async fn tick(scheduler: Arc<Scheduler>, membership: Arc<Membership>) {
    let (mut agenda, mut feed) = loop {
        match begin(&scheduler).await {
            Ok(begun) => break begun,
            Err(error) => {
                tracing::warn!(%error, "schedules cannot be read; trying again");
                tokio::time::sleep(RENEWAL).await;
            }
        }
    };
    let mut duties = Duties::new(membership);
    let mut turns = JoinSet::new();
    loop {
        let now = scheduler.store.now();
        while turns.len() < AT_ONCE
            && let Some(workflow) = agenda.due.take(now)
        {
            if !scheduler.runs.may_act() || !duties.are_mine(workflow) {
                agenda.due.set(workflow, now.plus_milliseconds(LATER_MILLISECONDS));
                continue;
            }
            let scheduler = Arc::clone(&scheduler);
            turns.spawn(async move { (workflow, scheduler.turn(workflow).await) });
        }
        let sleep = agenda.due.sleep(now, turns.len() < AT_ONCE);
        tokio::select! {
            batches = feed.next() => match batches {
                Ok(Some(batches)) => {
                    let now = scheduler.store.now();
                    batches.iter().flat_map(|batch| batch.iter()).for_each(|event| agenda.observe(event, now));
                }
                Ok(None) => return,
                Err(error) => {
                    tracing::warn!(%error, "the log cannot be followed for schedules; trying again");
                    tokio::time::sleep(LONGEST_SLEEP).await;
                }
            },
            Some(turned) = turns.join_next() => match turned {
                Ok((workflow, outcome)) => agenda.turned(workflow, outcome, scheduler.store.now()),
                Err(error) => tracing::error!(%error, "a schedule's turn broke"),
            },
            () = duties.due() => {
                duties.look().await;
            }
            () = tokio::time::sleep(sleep) => {}
        }
    }
}

/// Reads every active schedule; what comes after is in the feed.
async fn begin(scheduler: &Scheduler) -> Result<(Agenda, Subscription), ApplicationError> {
    let store = &scheduler.store;
    let feed = store.log.subscribe(store.log.head().await?.position);
    let claims = store.all_claims(scopes::ACTIVE_SCHEDULES).await?;
    let numbers = claims.iter().filter_map(|claim| claim.key.key.parse().ok());
    let workflows: Vec<WorkflowId> = numbers.map(WorkflowId).collect();
    let mut read = stream::iter(workflows)
        .map(|workflow| async move { (workflow, store.stored_schedule(workflow).await) })
        .buffer_unordered(READ_AT_ONCE);
    let mut agenda = Agenda::default();
    while let Some((workflow, loaded)) = read.next().await {
        agenda.note(workflow, &loaded?.aggregate.progress, store.now());
    }
    Ok((agenda, feed))
}

/// When which schedule is due.
#[derive(Default)]
struct Agenda {
    due: DueWorkflows,
    /// Runs whose end lets a waiting tick go.
    awaited: HashMap<ExecutionId, WorkflowId>,
}

impl Agenda {
    /// Takes over how a schedule stands.
    fn note(&mut self, workflow: WorkflowId, progress: &Progress, now: Instant) {
        self.due.clear(workflow);
        if !progress.is_active {
            return;
        }
        if progress.buffered.is_some() {
            // Their end may lie before this event; a look tells.
            self.awaited
                .extend(progress.runs.iter().map(|run| (run.clone(), workflow)));
            self.due.set(workflow, now);
        } else if let Some(next) = progress.next {
            self.due.set(workflow, next.run_at);
        }
    }

    fn observe(&mut self, event: &StoredEvent, now: Instant) {
        if !self.awaited.is_empty()
            && let Some(run) = ended_by(event)
        {
            if let Some(workflow) = self.awaited.remove(&run) {
                self.due.set(workflow, now);
            }
        } else if event.stream.as_str().starts_with("schedule-")
            && let Some(typed) = typed(event)
            && let Event::Schedule(event) = typed.as_ref()
        {
            self.note(WorkflowId(event.id().0), event.progress(), now);
        }
    }

    /// Takes over what a turn led to, unless the log told more meanwhile.
    fn turned(&mut self, workflow: WorkflowId, outcome: Result<Turn, ApplicationError>, now: Instant) {
        let at = match outcome {
            // Its event tells the rest.
            Ok(Turn::Moved | Turn::Waits(None)) => return,
            Ok(Turn::Waits(Some(at))) => at,
            Err(ApplicationError::Contended) => now.plus_milliseconds(LATER_MILLISECONDS / 10),
            Err(error) => {
                tracing::warn!(%error, %workflow, "a schedule could not be dealt with; it is tried again");
                now.plus_milliseconds(LATER_MILLISECONDS)
            }
        };
        if !self.due.has(workflow) {
            self.due.set(workflow, at);
        }
    }
}
