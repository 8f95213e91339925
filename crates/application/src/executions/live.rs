//! A run in memory while this node drives it: nothing is read again between its steps.

use std::{sync::Arc, time::Duration};

use wfm_domain::{
    aggregate::Decide,
    execution::{Execution, ExecutionEvent, Outcome, Phase},
    ids::ExecutionId,
    instant::Instant,
    protected::DataKey,
};
use wfm_expressions::{OutgoingRequest, RenderedRequest};
use wfm_storage::event::Position;

use super::{
    definition::CompiledWorkflow,
    plan::RunScope,
    registry::{Ended, StopSignal},
    target::CallTarget,
};
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
    /// Whom it goes to.
    pub target: Arc<CallTarget>,
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

    /// Trace state that goes with it.
    #[must_use]
    pub fn tracestate(&self) -> Option<&str> {
        self.context.tracestate.as_deref()
    }

    /// When the whole run times out.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.loaded.aggregate.deadline
    }
}

impl LiveRun {
    pub(super) fn fold(&mut self, events: &[ExecutionEvent]) {
        for event in events {
            self.loaded.aggregate.evolve(event);
        }
        self.loaded.version.0 += events.len() as u64;
    }

    pub(super) fn open(&mut self, call: Option<(usize, RenderedRequest)>) {
        let attempt = match &self.loaded.aggregate.phase {
            Phase::Calling(step) | Phase::Waiting(step, _) => step.attempt,
            Phase::New | Phase::Queued | Phase::Between | Phase::Failed(_) | Phase::Ended(_) => 1,
        };
        self.call = call.map(|(index, request)| OpenCall {
            index,
            attempt,
            request,
        });
    }

    /// The open call once more, for the next attempt.
    pub(super) fn open_call(&self) -> Option<(usize, RenderedRequest)> {
        self.call.as_ref().map(|open| (open.index, open.request.clone()))
    }

    /// How the run ended, if it has; `position` is that of its last event.
    pub(super) fn ending(&self, position: Position) -> Option<Ended> {
        let outcome = self.loaded.aggregate.outcome()?;
        let result = self.loaded.aggregate.result.clone();
        let (output, message) = match outcome {
            Outcome::Completed => (result, None),
            Outcome::Failed | Outcome::Cancelled => (None, result),
        };
        Some(Ended {
            outcome,
            output,
            message,
            position,
        })
    }
}
