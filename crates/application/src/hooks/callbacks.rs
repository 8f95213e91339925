//! What callbacks have to tell, and what became of it.
//!
//! Invariants: a claim names what is to be told from the append that ends the run until the append that records the last
//! attempt; nothing else is kept of it. An attempt is recorded at the version of the callback's stream as read, so that of two
//! that were made at once one counts.

use std::sync::Arc;

use wfm_domain::{
    callback::{Callback, CallbackCommand, CallbackStatus, GiveUpCallback, GivenUpReason, Notice, RecordAttempt},
    ids::WorkflowId,
    instant::Instant,
    scopes,
};
use wfm_expressions::OutgoingRequest;
use wfm_storage::{
    append::{Claim, ClaimKey},
    feed::Subscription,
};

use super::letter::{scope_of, target};
use crate::{
    context::Context,
    error::ApplicationError,
    executions::{
        cache::Definitions,
        outcome::{Answer, CallFailure, retry_after_ms},
        target::CallTarget,
    },
    membership::Membership,
    store::{Loaded, Store},
};

/// Claims of a workflow that are read at once.
const PAGE: u32 = 64;

/// Everything that callbacks need.
pub struct Callbacks {
    pub(super) store: Store,
    pub(super) definitions: Arc<Definitions>,
    pub(super) membership: Arc<Membership>,
}

/// Something to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owed {
    pub(super) notice: Notice,
    pub(super) due_at: Instant,
    claim: Claim,
}

/// Something to be told, ready to be sent.
pub struct Letter {
    /// Name of the delivery.
    pub delivery: String,
    /// The request, secrets filled in, signed.
    pub request: OutgoingRequest,
    /// Whom it counts for: nobody.
    pub target: CallTarget,
    /// Trace context of the request that started the run.
    pub traceparent: Option<Arc<str>>,
    /// Trace state that goes with it.
    pub tracestate: Option<Arc<str>>,
}

/// What an attempt is recorded with.
#[derive(Clone)]
pub(super) struct Attempt {
    owed: Owed,
    callback: Loaded<Callback>,
    ended_at: Instant,
    context: Context,
}

/// What there is to do about something owed.
pub(super) enum Prepared {
    /// It is settled, or somebody else is at it.
    Nothing,
    /// It is to be sent.
    Letter(Box<Letter>, Attempt),
    /// It cannot be sent as things stand.
    Unsendable(CallFailure, Attempt),
}

impl Callbacks {
    /// Callbacks of the runs of this log.
    #[must_use]
    pub fn new(store: Store, definitions: Arc<Definitions>, membership: Arc<Membership>) -> Self {
        Self {
            store,
            definitions,
            membership,
        }
    }

    /// The workflows whose runs may have something to tell, and the log from then on.
    pub(super) async fn begin(&self) -> Result<(Vec<WorkflowId>, Subscription), ApplicationError> {
        let feed = self.store.log.subscribe(self.store.log.head().await?.position);
        let claims = self.store.all_claims(scopes::CALLING_BACK).await?;
        let workflows = claims
            .iter()
            .filter_map(|claim| claim.key.key.parse().ok().map(WorkflowId));
        Ok((workflows.collect(), feed))
    }

    /// What a workflow owes first, in order of time.
    pub(super) async fn owed_by(&self, workflow: WorkflowId) -> Result<Vec<Owed>, ApplicationError> {
        let claims = self.store.log.claims(&Notice::owed_by(workflow), None, PAGE).await?;
        let owed = claims.into_iter().filter_map(|claim| {
            let (due_at, notice) = Notice::of_claim(workflow, &claim.key.key)?;
            Some(Owed { notice, due_at, claim })
        });
        Ok(owed.collect())
    }

    /// Writes the letter, unless it is told already or can never be told.
    pub(super) async fn prepare(&self, owed: Owed) -> Result<Prepared, ApplicationError> {
        if self.store.log.claim(&owed.claim.key).await?.is_none() {
            return Ok(Prepared::Nothing);
        }
        let notice = &owed.notice;
        let mut callback = self.store.load::<Callback>(notice.stream()).await?;
        if callback.aggregate.status != CallbackStatus::Pending {
            let detail = format!("{} is settled and still to be told", notice.stream());
            return Err(ApplicationError::Internal(detail));
        }
        let Some(end) = self.store.end_of(notice).await? else {
            return Err(ApplicationError::Internal(format!(
                "{} tells of no end",
                notice.stream()
            )));
        };
        let Some(request) = &end.execution.request else {
            return Err(ApplicationError::Internal(format!(
                "{} tells of no run",
                notice.stream()
            )));
        };
        callback.workspace = Some(request.workspace_id.0);
        let context = Context::system("callbacks", notice.execution_id.0.as_str()).in_trace_of(Some(&end.origin));
        let attempt = Attempt {
            callback,
            ended_at: end.ended_at,
            context,
            owed: owed.clone(),
        };
        let workflow = self
            .definitions
            .pinned(notice.workflow_id, request.workflow_version)
            .await?;
        let compiled = workflow.callbacks.get(notice.index as usize);
        let Some(compiled) = compiled.filter(|_| end.is_readable()) else {
            let command = GiveUpCallback {
                notice: notice.clone(),
                reason: GivenUpReason::Erased,
            };
            self.record(attempt, command.into()).await?;
            return Ok(Prepared::Nothing);
        };
        let environment = self.definitions.environment(request.environment_id).await?;
        let scope = scope_of(&end, &workflow);
        let delivery = notice.delivery();
        match end.request(compiled, &delivery, &scope, &environment, self.store.now()) {
            Ok(request) => {
                let letter = Letter {
                    delivery,
                    request,
                    target: target(),
                    traceparent: attempt.context.traceparent.clone(),
                    tracestate: attempt.context.tracestate.clone(),
                };
                Ok(Prepared::Letter(Box::new(letter), attempt))
            }
            Err(unsendable) => Ok(Prepared::Unsendable(unsendable.into(), attempt)),
        }
    }

    /// Records what became of an attempt.
    pub(super) async fn report(
        &self,
        attempt: Attempt,
        answer: &Result<Answer, CallFailure>,
        duration_ms: f64,
    ) -> Result<(), ApplicationError> {
        let now = self.store.now();
        let retry_after = answer.as_ref().ok().and_then(|answer| answer.header("retry-after"));
        let command = RecordAttempt {
            notice: attempt.owed.notice.clone(),
            outcome: match answer {
                Ok(answer) => Ok(answer.status),
                Err(failure) => Err(failure.kind.to_owned()),
            },
            retry_after_ms: retry_after.and_then(|text| retry_after_ms(text, now)),
            duration_ms,
            ended_at: attempt.ended_at,
            fraction: self.store.entropy.fraction(),
            now,
        };
        self.record(attempt, command.into()).await
    }

    async fn record(&self, attempt: Attempt, command: CallbackCommand) -> Result<(), ApplicationError> {
        let Attempt {
            owed,
            mut callback,
            context,
            ..
        } = attempt;
        let mut unit = self.store.unit(&context);
        match unit.decide(&mut callback, command).await {
            // It was settled before.
            Err(ApplicationError::Refused(_)) => return Ok(()),
            decided => decided?,
        }
        let owner = owed.claim.owner.clone();
        unit.release(owed.claim);
        let standing = &callback.aggregate;
        if let (CallbackStatus::Pending, Some(next)) = (standing.status, standing.next_attempt_at) {
            let claim = owed.notice.claim(next);
            unit.take_for(&owner, ClaimKey::new(claim.scope, claim.key));
        }
        match unit.commit(owed.notice.delivery(), callback.version).await {
            // Another node recorded an attempt of its own.
            Ok(_) | Err(ApplicationError::Contended) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
