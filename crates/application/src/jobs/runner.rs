//! Carries open jobs on.
//!
//! Invariants: an execution is asked under a name of the job's item, so that it is asked once, whoever is killed when; results
//! are recorded in order, guarded by the job's version, so that of two nodes at one job one goes on. What the store cannot do
//! now is tried again and is no result.

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures::{StreamExt, stream};
use tokio::task::JoinSet;
use wfm_domain::{
    ids::{ExecutionId, JobId},
    job::{ItemRefusal, ItemResult, Job, JobAction, JobDefinition, JobStarted, JobStatus, RecordItems},
    protected::Protected,
    refusal::Refusal,
};

use crate::{
    app::App,
    context::{Context, Idempotency},
    duties::Duties,
    error::ApplicationError,
    executions::{control::InDoubt, starting::RerunVersion},
    membership::Membership,
};

/// Jobs that a node carries on at once.
const JOBS_AT_ONCE: usize = 4;

/// Executions of a job that are asked at once.
const ASKED_AT_ONCE: usize = 16;

/// Results that are recorded together.
const RECORDED_AT_ONCE: usize = 100;

/// Open jobs that are looked at.
const LOOKED_AT: u32 = 1000;

/// How long what cannot be done now is left alone.
const PAUSE: Duration = Duration::from_secs(1);

/// Carries on the open jobs that are this node's, for good.
pub async fn work_off(app: Arc<App>, membership: Arc<Membership>) {
    let mut duties = Duties::new(membership);
    let mut jobs = JoinSet::new();
    let mut carried = HashSet::new();
    loop {
        tokio::select! {
            () = duties.due() => {
                duties.look().await;
            }
            () = app.job_bell.notified() => {}
            Some(ended) = jobs.join_next() => match ended {
                Ok(id) => {
                    carried.remove(&id);
                }
                // Which one broke is not known: each is looked at again.
                Err(error) => {
                    tracing::error!(%error, "a job broke");
                    carried.clear();
                }
            },
        }
        if !duties.may_act() {
            continue;
        }
        let open = match app.store.log.claims(Job::OPEN, None, LOOKED_AT).await {
            Ok(open) => open,
            Err(error) => {
                tracing::warn!(%error, "open jobs cannot be read; trying again");
                continue;
            }
        };
        for id in open.iter().filter_map(|claim| claim.key.key.parse().ok().map(JobId)) {
            if jobs.len() < JOBS_AT_ONCE && duties.are_mine(id) && carried.insert(id) {
                let app = Arc::clone(&app);
                jobs.spawn(async move {
                    if let Err(error) = app.carry_on(id).await {
                        tracing::warn!(%error, job = id.0, "a job cannot go on; it is tried again");
                        tokio::time::sleep(PAUSE).await;
                    }
                    id
                });
            }
        }
    }
}

impl App {
    /// Carries a job on until it has ended.
    async fn carry_on(&self, id: JobId) -> Result<(), ApplicationError> {
        let mut job = self.store.load::<Job>(id.stream()).await?;
        loop {
            let Some(started) = job.aggregate.started.clone() else {
                return Ok(());
            };
            if job.aggregate.status != JobStatus::Running || !self.runs.may_act() {
                return Ok(());
            }
            let first = job.aggregate.progress.done;
            let next = job.aggregate.executions.iter().skip(first as usize);
            let next: Vec<(u32, ExecutionId)> = (first..).zip(next.take(RECORDED_AT_ONCE).cloned()).collect();
            let results = stream::iter(next)
                .map(|(index, execution)| self.deal_with(&started, index, execution))
                .buffered(ASKED_AT_ONCE)
                .collect()
                .await;
            let context = Context::system("job", id.stream());
            let mut unit = self.store.unit(&context);
            unit.decide(&mut job, RecordItems { results }).await?;
            match unit.commit(id.0, job.version).await {
                Ok(_) if job.aggregate.status == JobStatus::Completed => {
                    let progress = job.aggregate.progress;
                    tracing::info!(
                        job = id.0,
                        succeeded = progress.succeeded,
                        refused = progress.refused,
                        "a job is complete"
                    );
                    return Ok(());
                }
                Ok(_) => {}
                // It was cancelled, or another node carries it on.
                Err(ApplicationError::Contended) => job = self.store.load::<Job>(id.stream()).await?,
                Err(error) => return Err(error),
            }
        }
    }

    /// Asks one execution until it has said yes or no.
    async fn deal_with(&self, started: &JobStarted, index: u32, execution: ExecutionId) -> ItemResult {
        let context = Context {
            idempotency: Some(Idempotency {
                key: format!("{}/{index}", started.id.stream()),
                request_hash: started.action.name().to_owned(),
            }),
            ..Context::system("job", started.id.stream())
        };
        loop {
            let refusal = match self.ask(&context, started, &execution).await {
                Ok(new_execution_id) => {
                    return ItemResult {
                        execution_id: execution,
                        new_execution_id,
                        refusal: None,
                    };
                }
                Err(ApplicationError::Refused(refusal)) => refused(refusal),
                Err(ApplicationError::NotFound(what)) => no("not-found", format!("{what} does not exist")),
                Err(
                    error @ (ApplicationError::Storage(_)
                    | ApplicationError::Contended
                    | ApplicationError::TooMany { .. }),
                ) => {
                    tracing::debug!(%error, %execution, "an execution cannot be asked now");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
                Err(
                    error @ (ApplicationError::Unauthenticated(_)
                    | ApplicationError::Forbidden(_)
                    | ApplicationError::PreconditionFailed { .. }
                    | ApplicationError::IdempotencyMismatch
                    | ApplicationError::Internal(_)),
                ) => {
                    tracing::error!(%error, %execution, "an execution cannot be asked");
                    no(
                        "internal",
                        "the execution could not be asked; the server's log says why".to_owned(),
                    )
                }
            };
            return ItemResult {
                execution_id: execution,
                new_execution_id: None,
                refusal: Some(refusal),
            };
        }
    }

    /// Asks it; the run that a rerun started.
    async fn ask(
        &self,
        context: &Context,
        started: &JobStarted,
        execution: &ExecutionId,
    ) -> Result<Option<ExecutionId>, ApplicationError> {
        let reason = started.reason.as_ref().and_then(Protected::text);
        match started.action {
            JobAction::Redrive => {
                let in_doubt = started.repeats_in_doubt.then_some(InDoubt::Repeat);
                self.runs.redrive(context, execution, in_doubt.as_ref()).await?;
            }
            JobAction::Rerun => {
                let version = match started.definition {
                    Some(JobDefinition::Same) => RerunVersion::Same,
                    Some(JobDefinition::Newest) | None => RerunVersion::Newest,
                };
                let (run, _) = self.runs.rerun(context, execution, version).await?;
                // Nobody waits for its end.
                drop(run.ended);
                self.runs.registry().leave(&run.id);
                return Ok(Some(run.id));
            }
            JobAction::Cancel => drop(self.runs.cancel(context, execution, reason).await?),
            JobAction::Pause => drop(self.runs.pause(context, execution, reason).await?),
            JobAction::Resume => drop(self.runs.resume(context, execution).await?),
        }
        Ok(None)
    }
}

fn refused(refusal: Refusal) -> ItemRefusal {
    let errors = refusal.errors.iter();
    let errors: Vec<String> = errors
        .map(|error| format!("{}: {}", error.pointer, error.detail))
        .collect();
    let detail = if errors.is_empty() {
        refusal.detail
    } else {
        errors.join("; ")
    };
    no(refusal.code, detail)
}

fn no(code: &str, detail: String) -> ItemRefusal {
    ItemRefusal {
        code: code.to_owned(),
        detail,
    }
}
