//! Approvals: asked for by one person, decided by another, bound to the hash of what was looked at.
//!
//! Invariant: a decision about a run that is held, and what it does to the run, are one append; a granted approval of a draft
//! is used up by the publish that it allows.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use wfm_domain::{
    aggregate::Decide,
    approval::{
        Approval, ApprovalCommand, ApprovalType, CancelApproval, ExpireApproval, GrantApproval, RejectApproval,
        RequestApproval,
    },
    execution::Execution,
    field_errors::FieldErrors,
    ids::{ApprovalId, ExecutionId, UserId, WorkflowId, WorkspaceId},
    instant::Instant,
    protected::{DataKey, Protected},
    refusal::Refusal,
    text,
    workflow::Workflow,
};
use wfm_storage::{
    append::{Claim, ClaimKey},
    event::StreamVersion,
};

use crate::{
    app::App,
    context::Context,
    error::ApplicationError,
    security::permission::Permission,
    store::{Loaded, Recorded, Unit, check_version},
};

/// How long an approval is valid when nothing else is said: a week.
pub const USUAL_VALIDITY_SECONDS: i64 = 7 * 86_400;

/// The longest: a year.
const LONGEST_VALIDITY_SECONDS: i64 = 366 * 86_400;

/// Pending approvals that are looked at in one go.
const PAGE: u32 = 100;

/// Body of `POST /workflows/{id}/approvals`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewApproval {
    /// `Publish`: of the draft as it is. (`Execute` approvals are asked for by starting a run.)
    pub approval_type: String,
    /// Why, at most 1000 characters.
    pub request_reason: Option<String>,
    /// Anything worth noting beside it: an object.
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Value>,
    /// How long the request, and what is granted, is valid; a week when omitted.
    pub expires_in_seconds: Option<i64>,
}

/// What is decided about an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Yes.
    Approve,
    /// No.
    Reject,
    /// The request is taken back.
    Cancel,
}

impl App {
    /// Asks for an approval of the draft as it is.
    ///
    /// # Errors
    /// When the caller may not, the draft cannot be published, or an approval of it was asked for or granted already.
    pub async fn request_approval(
        &self,
        context: &Context,
        id: WorkflowId,
        input: &NewApproval,
    ) -> Result<Recorded, ApplicationError> {
        let validity = check_request(input)?;
        let attempt = || async {
            let workflow = self.store.load::<Workflow>(id.stream()).await?;
            let workspace = self.demand_on(context, Permission::EditWorkflows, &workflow)?;
            if let Some(recorded) = self.store.repeated(context).await? {
                return Ok(recorded);
            }
            let requested_by = self.caller(context)?.user;
            let approval_id = ApprovalId(self.store.allot(ApprovalId::KIND).await?);
            let mut unit = self.store.unit(context);
            unit.guard(&workflow);
            let publication = self.publication(context, &workflow.aggregate, &mut unit).await?;
            let approved = publication.approved.clone();
            let content_hash = publication.content_hash(&workflow.aggregate)?;
            if approved.contains(&content_hash) {
                let detail = "the draft is approved as it is; publish it";
                return Err(Refusal::conflict("already-approved", detail).into());
            }
            let mut approval = Loaded::<Approval>::fresh(approval_id.stream(), Some(workspace));
            let command = RequestApproval {
                id: approval_id,
                workflow_id: id,
                approval_type: ApprovalType::Publish,
                content_hash,
                execution_id: None,
                requested_by,
                reason: written(input.request_reason.as_deref(), requested_by),
                metadata: input.metadata.clone(),
                expires_at: unit.now().plus_milliseconds(validity * 1000),
            };
            unit.decide(&mut approval, command).await?;
            unit.commit(approval_id.0, approval.version).await
        };
        self.store.retrying(attempt).await
    }

    /// Decides about an approval, or takes the request back.
    ///
    /// # Errors
    /// When the caller may not or asked for it, the approval is decided, or it has expired.
    pub async fn decide_approval(
        &self,
        context: &Context,
        id: ApprovalId,
        verdict: Verdict,
        comments: Option<&str>,
    ) -> Result<Recorded, ApplicationError> {
        let mut errors = FieldErrors::new();
        text::block(&mut errors, "/comments", comments, Some(1000));
        errors.finish()?;
        let attempt = || async {
            let approval = self.store.load::<Approval>(id.stream()).await?;
            let by = self.demand_verdict(context, id, &approval, verdict)?;
            if let Some(recorded) = self.store.repeated(context).await? {
                return Ok(recorded);
            }
            check_version(context, &approval)?;
            let comments = written(comments, by);
            let now = self.store.now();
            let command: ApprovalCommand = match verdict {
                Verdict::Approve => GrantApproval {
                    granted_by: by,
                    comments,
                    now,
                }
                .into(),
                Verdict::Reject => RejectApproval {
                    rejected_by: by,
                    comments,
                }
                .into(),
                Verdict::Cancel => CancelApproval {
                    cancelled_by: by,
                    comments,
                }
                .into(),
            };
            let reason = match verdict {
                Verdict::Approve => None,
                Verdict::Reject => Some("the approval was rejected"),
                Verdict::Cancel => Some("the request for approval was taken back"),
            };
            self.record_verdict(context, approval, command, reason).await
        };
        self.store.retrying(attempt).await
    }

    /// Ends all pending approvals whose time is over; answers how many.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn expire_approvals(&self) -> Result<usize, ApplicationError> {
        let now = self.store.now();
        let mut expired = 0;
        let mut after: Option<Arc<str>> = None;
        loop {
            let pending = self.store.log.claims(Approval::PENDING, after.as_deref(), PAGE).await?;
            let is_last_page = pending.len() < PAGE as usize;
            for claim in pending {
                // Keys begin with the instant of expiry and come in that order.
                let due = claim.key.key.split_once('/').and_then(|(due, _)| Instant::parse(due));
                if due.is_none_or(|due| now < due) {
                    return Ok(expired);
                }
                expired += usize::from(self.expire_approval(claim.owner.as_str(), now).await?);
                after = Some(claim.key.key);
            }
            if is_last_page {
                return Ok(expired);
            }
        }
    }

    /// Ends one that is due; `false` when somebody decided meanwhile, or another node was faster.
    async fn expire_approval(&self, stream: &str, now: Instant) -> Result<bool, ApplicationError> {
        let approval = self.store.load::<Approval>(stream.to_owned()).await?;
        let context = Context::system("approvals", stream);
        let command = ExpireApproval { now }.into();
        let reason = Some("the request for approval has expired");
        match self.record_verdict(&context, approval, command, reason).await {
            Ok(_) => Ok(true),
            Err(ApplicationError::Contended | ApplicationError::Refused(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Records a decision and what it does to the run that waits for it.
    async fn record_verdict(
        &self,
        context: &Context,
        mut approval: Loaded<Approval>,
        command: ApprovalCommand,
        reason: Option<&str>,
    ) -> Result<Recorded, ApplicationError> {
        let requested = approval.aggregate.requested.clone();
        let id = requested.as_ref().map_or(0, |requested| requested.id.0);
        let mut unit = self.store.unit(context);
        unit.decide(&mut approval, command).await?;
        let held = match requested.and_then(|requested| requested.execution_id) {
            Some(execution) => self.runs.add_verdict(&mut unit, &execution, reason).await?,
            None => None,
        };
        let recorded = unit.commit(id, approval.version).await?;
        if let Some(execution) = held {
            self.runs.heard_verdict(&execution, &recorded);
        }
        Ok(recorded)
    }

    /// Who decides; another person with the right, or for taking back also who asked.
    fn demand_verdict(
        &self,
        context: &Context,
        id: ApprovalId,
        approval: &Loaded<Approval>,
        verdict: Verdict,
    ) -> Result<UserId, ApplicationError> {
        let not_found = || format!("approval {id}");
        let (Some(workspace), Some(requested)) = (approval.workspace, &approval.aggregate.requested) else {
            return Err(ApplicationError::NotFound(not_found()));
        };
        let by = self.caller(context)?.user;
        let own = verdict == Verdict::Cancel && requested.requested_by == by;
        let permission = if own {
            Permission::EditWorkflows
        } else {
            Permission::WriteProjects
        };
        self.demand_in(context, permission, WorkspaceId(workspace), not_found)?;
        Ok(by)
    }

    /// The content hashes of a workflow that may be published now; the approvals are guarded.
    pub(crate) async fn approved_hashes(
        &self,
        workflow: WorkflowId,
        unit: &mut Unit<'_>,
    ) -> Result<Vec<String>, ApplicationError> {
        let claims = self
            .store
            .log
            .claims(&Approval::publishable(workflow), None, PAGE)
            .await?;
        let mut hashes = Vec::with_capacity(claims.len());
        for claim in claims {
            let approval = self.store.load::<Approval>(claim.owner.as_str().to_owned()).await?;
            unit.guard(&approval);
            if approval.aggregate.is_granted_at(unit.now()) {
                hashes.push(claim.key.key.to_string());
            }
        }
        Ok(hashes)
    }

    /// Uses up the approval of what has just been put in force.
    pub(crate) async fn use_approval(
        &self,
        workflow: &Loaded<Workflow>,
        unit: &mut Unit<'_>,
    ) -> Result<(), ApplicationError> {
        let (Some(id), Some(in_force)) = (workflow.aggregate.id, &workflow.aggregate.in_force) else {
            return Ok(());
        };
        let key = ClaimKey::new(Approval::publishable(id), in_force.content_hash.as_str());
        let used: Option<Claim> = self.store.log.claim(&key).await?;
        if let Some(claim) = used {
            unit.release(claim);
        }
        Ok(())
    }
}

impl crate::executions::runs::Runs {
    /// The run waits for the approval that is asked for in the same append.
    pub(crate) async fn ask_for_approval(
        &self,
        unit: &mut Unit<'_>,
        (workflow, workspace): (WorkflowId, WorkspaceId),
        content_hash: &str,
        execution: &ExecutionId,
        requested_by: UserId,
    ) -> Result<(), ApplicationError> {
        let id = ApprovalId(self.store.allot(ApprovalId::KIND).await?);
        let mut approval = Loaded::<Approval>::fresh(id.stream(), Some(workspace));
        let command = RequestApproval {
            id,
            workflow_id: workflow,
            approval_type: ApprovalType::Execute,
            content_hash: content_hash.to_owned(),
            execution_id: Some(execution.clone()),
            requested_by,
            reason: None,
            metadata: None,
            expires_at: unit.now().plus_milliseconds(USUAL_VALIDITY_SECONDS * 1000),
        };
        unit.decide(&mut approval, command).await
    }

    /// Adds what a decision does to a run that waits for it: it waits for a place, or is cancelled for `reason`. `None` when
    /// a run that is not to go on has ended by itself.
    pub(crate) async fn add_verdict(
        &self,
        unit: &mut Unit<'_>,
        id: &ExecutionId,
        reason: Option<&str>,
    ) -> Result<Option<Execution>, ApplicationError> {
        let mut loaded = self.store.load::<Execution>(id.stream()).await?;
        if reason.is_some() && loaded.aggregate.outcome().is_some() {
            return Ok(None);
        }
        let events = self.verdict_on(&loaded.aggregate, id, reason, unit)?;
        unit.record(&loaded, "execution", &events);
        for event in &events {
            loaded.aggregate.evolve(event);
        }
        loaded.version = StreamVersion(loaded.version.0 + events.len() as u64);
        Ok(Some(loaded.aggregate))
    }
}

fn check_request(input: &NewApproval) -> Result<i64, Refusal> {
    let mut errors = FieldErrors::new();
    match input.approval_type.as_str() {
        "Publish" => {}
        "Execute" => errors.add(
            "/approvalType",
            "an approval of a run is asked for by starting it, if configuration.approvals.execute is true",
        ),
        _ => errors.add("/approvalType", "must be Publish or Execute"),
    }
    text::block(
        &mut errors,
        "/requestReason",
        input.request_reason.as_deref(),
        Some(1000),
    );
    let validity = input.expires_in_seconds.unwrap_or(USUAL_VALIDITY_SECONDS);
    if !(1..=LONGEST_VALIDITY_SECONDS).contains(&validity) {
        errors.add(
            "/expiresInSeconds",
            format!("must be an integer from 1 to {LONGEST_VALIDITY_SECONDS}"),
        );
    }
    errors.finish()?;
    Ok(validity)
}

/// What a person wrote, under their key.
fn written(text: Option<&str>, by: UserId) -> Option<Protected> {
    text.filter(|text| !text.is_empty())
        .map(|text| Protected::new(DataKey::Person(by), text))
}
