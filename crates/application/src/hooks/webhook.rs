//! Runs that others start by a signed request, without a login.
//!
//! Invariants: only [`App::verify_webhook`] makes what starts a run; whoever cannot sign learns nothing, not even whether there
//! is such a workflow; a delivery starts one run, however often it comes and under whatever name.

use std::sync::Arc;

use serde_json::Value;
use wfm_domain::{
    ids::{ExecutionId, WorkflowId},
    refusal::Refusal,
};
use wfm_storage::{
    append::{Claim, ClaimKey},
    event::{Position, StreamId},
};

use super::{
    settings::{LONGEST_TOLERANCE_SECONDS, Webhook},
    signature::{Presented, Signature},
};
use crate::{
    app::App,
    context::{Actor, Context},
    error::ApplicationError,
    executions::{
        execution_key::{ExecutionKey, KeyPolicy},
        starting::{StartInput, Started},
    },
    store::Unit,
};

/// Stands for the secret of what has none, so that it is computed with all the same.
const NO_SECRET: &str = "there is no webhook here, and nobody is told so";

/// What whoever cannot sign is told, whatever the reason.
const UNSIGNED: &str = "there is no such webhook, or the signature does not hold";

/// Longest name of a delivery.
const LONGEST_DELIVERY: usize = 200;

/// Signatures that are forgotten in the course of a start, at most.
const FORGOTTEN_AT_ONCE: u32 = 8;

/// Code of the refusal when two deliveries meet.
const CLAIMED: &str = "already-claimed";

/// A request whose signature holds.
#[derive(Debug)]
pub struct Verified {
    workflow: WorkflowId,
    signature: Signature,
}

/// What a delivery led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// The run.
    pub execution: ExecutionId,
    /// Position of its first append.
    pub position: Position,
    /// The name of the delivery: the run's execution key.
    pub delivery: String,
    /// Whether it had started the run before.
    pub repeated: bool,
}

impl App {
    /// Counts a request about a workflow's webhook, before anything is done about it.
    ///
    /// # Errors
    /// [`ApplicationError::TooMany`].
    pub fn admit_webhook(&self, context: &Context, workflow: WorkflowId) -> Result<(), ApplicationError> {
        let client = context.client_address.as_deref();
        self.webhooks
            .admit(workflow, client, self.store.now())
            .map_err(|retry_after_seconds| ApplicationError::TooMany {
                detail: format!("too many requests; try again in {retry_after_seconds} s"),
                retry_after_seconds,
            })
    }

    /// Checks a request's signature against the secret of the workflow's webhook.
    ///
    /// # Errors
    /// [`ApplicationError::Unauthenticated`], the same whatever is wrong.
    pub async fn verify_webhook(
        &self,
        workflow: WorkflowId,
        signature: Option<&str>,
        body: &[u8],
    ) -> Result<Verified, ApplicationError> {
        let found = self.webhook_of(workflow).await?;
        let (secret, tolerance) = found.as_ref().map_or((NO_SECRET, 0), |(webhook, secret)| {
            (secret.as_ref(), webhook.tolerance_seconds)
        });
        let signature = Presented::read(signature).verify(secret, body, self.store.now(), tolerance);
        match signature.filter(|_| found.is_some()) {
            Some(signature) => Ok(Verified { workflow, signature }),
            None => Err(ApplicationError::Unauthenticated(UNSIGNED.to_owned())),
        }
    }

    /// Starts a run as every other start does; a delivery that came before is answered with its run.
    ///
    /// # Errors
    /// When the name of the delivery is not acceptable; those of a start.
    pub async fn start_by_webhook(
        &self,
        context: &Context,
        verified: &Verified,
        delivery: Option<&str>,
        input: Value,
    ) -> Result<Delivered, ApplicationError> {
        let Verified { workflow, signature } = verified;
        let delivery = named(delivery, signature)?;
        let context = Context {
            actor: Actor::Webhook(*workflow),
            ..context.clone()
        };
        let input = StartInput {
            input,
            execution_context: None,
            key: Some(ExecutionKey {
                key: delivery.to_owned(),
                policy: KeyPolicy::ReturnExisting,
            }),
        };
        let attempt = || self.deliver_once(&context, verified, &input);
        let started = self.store.retrying(attempt).await?;
        // Nobody waits for its end.
        drop(started.ended);
        self.runs.registry().leave(&started.id);
        Ok(Delivered {
            execution: started.id,
            position: started.position,
            delivery: delivery.to_owned(),
            repeated: started.repeated,
        })
    }

    async fn deliver_once(
        &self,
        context: &Context,
        verified: &Verified,
        input: &StartInput,
    ) -> Result<Started, ApplicationError> {
        let Verified { workflow, signature } = verified;
        let scope = format!("workflow/{workflow}/webhook-signatures");
        // In order of time, so that the oldest are found.
        let key = ClaimKey::new(scope.as_str(), format!("{:012}/{}", signature.seconds, signature.hex));
        // What started a run is answered with it, whether or not runs may start by now.
        let seen = self.store.log.claim(&key).await?;
        let name = input.key.as_ref().map_or("", |key| &key.key);
        let started = match seen.and_then(|claim| ExecutionId::of_stream(claim.owner.as_str())) {
            Some(id) => Some(id),
            None => self.runs.run_of_key(*workflow, name).await?,
        };
        if let Some(id) = started {
            return self.runs.existing(id).await;
        }
        let outdated = self.outdated(&scope).await?;
        let beside = |unit: &mut Unit<'_>, execution: &ExecutionId| {
            unit.take_for(&StreamId::new(execution.stream()), key.clone());
            for claim in &outdated {
                unit.release(claim.clone());
            }
            Ok(())
        };
        match self.runs.start_within(context, *workflow, input, &beside).await {
            // The same delivery was recorded a moment ago: it is found now.
            Err(ApplicationError::Refused(refusal)) if refusal.code == CLAIMED => Err(ApplicationError::Contended),
            outcome => outcome,
        }
    }

    /// The oldest signatures that no webhook accepts any more.
    async fn outdated(&self, scope: &str) -> Result<Vec<Claim>, ApplicationError> {
        let oldest = self.store.now().utc().timestamp() - 2 * LONGEST_TOLERANCE_SECONDS;
        let mut claims = self.store.log.claims(scope, None, FORGOTTEN_AT_ONCE).await?;
        claims.retain(|claim| {
            let seconds = claim
                .key
                .key
                .split_once('/')
                .and_then(|(seconds, _)| seconds.parse().ok());
            seconds.is_some_and(|seconds: i64| seconds < oldest)
        });
        Ok(claims)
    }

    /// The webhook of a workflow's version in force, with its secret; `None` when there is none that could be called.
    async fn webhook_of(&self, workflow: WorkflowId) -> Result<Option<(Webhook, Arc<str>)>, ApplicationError> {
        let Some(workflow) = self.definitions.workflow(workflow).await? else {
            return Ok(None);
        };
        let Some(compiled) = workflow.compiled.as_ref().filter(|_| !workflow.deleted) else {
            return Ok(None);
        };
        let Some(webhook) = &compiled.webhook else {
            return Ok(None);
        };
        let environment = self.definitions.environment(compiled.environment).await?;
        let secret = environment.secret(&webhook.secret);
        if secret.is_none() {
            let workflow = &workflow.stream;
            tracing::warn!(%workflow, variable = webhook.secret, "the secret of a webhook is missing, empty or readable");
        }
        Ok(secret.map(|secret| (webhook.clone(), Arc::clone(secret))))
    }
}

/// What the delivery is called: by its sender, or by its signature.
fn named<'n>(delivery: Option<&'n str>, signature: &'n Signature) -> Result<&'n str, Refusal> {
    let Some(name) = delivery else {
        return Ok(&signature.hex);
    };
    let is_plain = name.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if name.is_empty() || name.len() > LONGEST_DELIVERY || !is_plain {
        let detail = format!("1 to {LONGEST_DELIVERY} printable ASCII characters are expected");
        return Err(Refusal::field("/X-WFM-Delivery", detail));
    }
    Ok(name)
}
