//! A run in memory while this node drives it: nothing is read again between its steps.

use std::{sync::Arc, time::Duration};

use wfm_domain::{
    execution::Execution,
    ids::ExecutionId,
    instant::Instant,
    protected::DataKey,
};
use wfm_expressions::{OutgoingRequest, RenderedRequest};

use super::{definition::CompiledWorkflow, plan::RunScope, registry::StopSignal};
use crate::{context::Context, store::Loaded};

/// The attempt that is to be sent, or waits to be.
pub(super) struct OpenCall {
    /// Index of the step.
    pub index: usize,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// What is sent, secrets unresolved.
    pub request: RenderedRequest,
}

/// A run that this node drives.
pub struct LiveRun {
    pub(super) loaded: Loaded<Execution>,
    pub(super) workflow: Arc<CompiledWorkflow>,
    pub(super) scope: RunScope,
    pub(super) key: DataKey,
    pub(super) call: Option<OpenCall>,
    pub(super) context: Context,
    /// Resolves when the run was stopped by somebody else.
    pub stop: StopSignal,
}

/// What the engine does next for a run.
pub enum Next {
    /// Sends the call and reports its outcome.
    Call(Call),
    /// Waits until an instant, then begins the retry.
    Wait(Instant),
    /// Nothing: the run has ended.
    Nothing,
}

/// A call to be sent.
pub struct Call {
    /// The request, secrets filled in.
    pub request: OutgoingRequest,
    /// The same for every attempt of the step of this run.
    pub idempotency_key: String,
    /// What the attempt may take: the step's timeout, or what is left of the run's.
    pub timeout: Duration,
    /// Whether the run's own time is over when this timeout is.
    pub ends_run: bool,
}

impl LiveRun {
    /// The run.
    #[must_use]
    pub fn id(&self) -> &ExecutionId {
        &self.loaded.aggregate.run.id
    }

    /// Trace context of the request that started the run.
    #[must_use]
    pub fn traceparent(&self) -> Option<&str> {
        self.context.traceparent.as_deref()
    }

    /// When the whole run times out.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.loaded.aggregate.deadline
    }
}
