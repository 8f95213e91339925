//! Execution keys: the caller's name for a piece of work, and what happens when a run of that name exists already.
//!
//! Invariant: of several starts with one key and a policy other than `allow`, at most one runs: the key is a claim of its run.

use wfm_domain::{
    execution::{Execution, Outcome},
    ids::{ExecutionId, WorkflowId},
    refusal::Refusal,
};
use wfm_storage::{
    append::{Claim, ClaimKey},
    event::{StreamId, StreamVersion},
};

use super::{runs::Runs, starting::check_text};
use crate::{error::ApplicationError, store::Unit};

/// Longest key in UTF-16 units.
const LONGEST_KEY: usize = 200;

/// What a start does when its key belongs to a run already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyPolicy {
    /// Starts all the same; the key belongs to the new run from then on.
    Allow,
    /// Starts if that run failed or was cancelled, else is refused.
    AllowIfFailed,
    /// Is refused.
    #[default]
    Reject,
    /// Answers with that run.
    ReturnExisting,
}

/// A start's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutionKey {
    /// The caller's name for the work, unique in the workflow.
    pub key: String,
    /// What happens when a run has it.
    pub policy: KeyPolicy,
}

impl ExecutionKey {
    pub(super) fn check(&self) -> Result<(), Refusal> {
        if self.key.is_empty() {
            return Err(Refusal::field("/executionKey", "must not be empty"));
        }
        check_text("/executionKey", &self.key, LONGEST_KEY)
    }
}

/// What becomes of a start with a key.
pub(super) enum Keyed {
    /// It may start, if this still holds when it is recorded.
    Free(KeyTake),
    /// The key belongs to this run, with which the start is answered.
    Existing(ExecutionId),
}

/// A key that a start takes, from another run perhaps.
pub(super) struct KeyTake {
    key: ClaimKey,
    release: Option<Claim>,
    guard: Option<(StreamId, StreamVersion)>,
}

impl KeyTake {
    /// Takes the key for the stream of the new run.
    pub(super) fn record(&self, unit: &mut Unit<'_>, stream: &StreamId) {
        if let Some(claim) = &self.release {
            unit.release(claim.clone());
        }
        if let Some((stream, version)) = &self.guard {
            unit.guard_stream(stream, *version);
        }
        unit.take_for(stream, self.key.clone());
    }
}

fn claim_key(workflow: WorkflowId, key: &str) -> ClaimKey {
    ClaimKey::new(format!("workflow/{workflow}/execution-keys"), key)
}

impl Runs {
    /// The run of `workflow` that a key belongs to.
    pub(crate) async fn run_of_key(
        &self,
        workflow: WorkflowId,
        key: &str,
    ) -> Result<Option<ExecutionId>, ApplicationError> {
        let held = self.store.log.claim(&claim_key(workflow, key)).await?;
        Ok(held.and_then(|claim| ExecutionId::of_stream(claim.owner.as_str())))
    }

    /// What becomes of a start of `workflow` with this key.
    pub(super) async fn keyed(&self, workflow: WorkflowId, key: &ExecutionKey) -> Result<Keyed, ApplicationError> {
        let claim_key = claim_key(workflow, &key.key);
        let Some(held) = self.store.log.claim(&claim_key).await? else {
            return Ok(Keyed::Free(KeyTake {
                key: claim_key,
                release: None,
                guard: None,
            }));
        };
        let owner = held.owner.as_str();
        let id = ExecutionId::of_stream(owner).unwrap_or_default();
        let taken = || {
            let detail = format!("the execution key belongs to execution {id} already");
            ApplicationError::from(Refusal::conflict("execution-key-taken", detail))
        };
        let guard = match key.policy {
            KeyPolicy::ReturnExisting => return Ok(Keyed::Existing(id)),
            KeyPolicy::Reject => return Err(taken()),
            KeyPolicy::Allow => None,
            KeyPolicy::AllowIfFailed => {
                let run = self.store.load::<Execution>(owner.to_owned()).await?;
                match run.aggregate.outcome() {
                    // A redrive meanwhile would move the stream.
                    Some(Outcome::Failed | Outcome::Cancelled) => Some((run.stream, run.version)),
                    Some(Outcome::Completed) | None => return Err(taken()),
                }
            }
        };
        Ok(Keyed::Free(KeyTake {
            key: claim_key,
            release: Some(held),
            guard,
        }))
    }
}
