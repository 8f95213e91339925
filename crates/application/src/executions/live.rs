//! A run in memory while this node drives it: nothing is read again between its steps.

use std::{sync::Arc, time::Duration};

use wfm_domain::{
    aggregate::Decide,
    execution::{Ask, Execution, ExecutionEvent, GiveUp, OpenStep, Outcome, Stage},
    ids::ExecutionId,
    instant::Instant,
    protected::DataKey,
};
use wfm_expressions::{OutgoingRequest, RenderedRequest};
use wfm_storage::event::Position;

use super::{
    definition::CompiledWorkflow,
    environment::EnvironmentValues,
    plan::{Plan, PlannedCall, Planner},
    registry::{DriverSignal, Ended},
    scope::RunScope,
    target::CallTarget,
};
use crate::{context::Context, store::Loaded};

/// A request that is to be sent, or waits to be sent again.
pub(super) struct OpenCall {
    /// Place of the step.
    pub index: usize,
    /// What is sent, secrets unresolved.
    pub request: RenderedRequest,
}

/// A run that this node drives.
pub struct LiveRun {
    pub(super) loaded: Loaded<Execution>,
    pub(super) workflow: Arc<CompiledWorkflow>,
    pub(super) scope: RunScope,
    pub(super) key: DataKey,
    pub(super) calls: Vec<OpenCall>,
    pub(super) context: Context,
    /// The run's tenure under this driver: another number in the log says that the driver was replaced.
    pub(super) tenure: u32,
    /// Whether no call of the run may begin any more, because the node stops.
    pub(super) draining: bool,
    /// Resolves when somebody else changed the run.
    pub signal: DriverSignal,
}

/// What follows for a run, and the requests of the calls that it begins.
pub(super) struct FollowUp {
    /// What is recorded.
    pub ask: Ask,
    /// Calls that begin.
    pub calls: Vec<PlannedCall>,
}

impl From<Plan> for FollowUp {
    fn from(Plan { moves, calls }: Plan) -> Self {
        Self {
            ask: Ask::GiveUp(GiveUp { moves }),
            calls,
        }
    }
}

/// Which call: the step's place and the attempt.
pub type CallId = (u32, u32);

/// What the engine does next for a run.
pub enum Next {
    /// Sends these calls, reports each outcome, and asks again by the instant, if there is one.
    Act(Vec<Call>, Option<Instant>),
    /// Nothing: the run has ended, gave its place back, or is waited for elsewhere.
    Nothing,
}

/// A call to be sent.
pub struct Call {
    /// Which one.
    pub id: CallId,
    /// The request, secrets filled in.
    pub request: OutgoingRequest,
    /// The same for every attempt of the step of this run.
    pub idempotency_key: String,
    /// Whom it goes to.
    pub target: Arc<CallTarget>,
    /// What the attempt may take: the step's timeout, or what is left of the run's.
    pub timeout: Duration,
    /// Trace context of the request that started the run.
    pub traceparent: Option<Arc<str>>,
    /// Trace state that goes with it.
    pub tracestate: Option<Arc<str>>,
}

impl LiveRun {
    /// The run.
    #[must_use]
    pub fn id(&self) -> &ExecutionId {
        &self.loaded.aggregate.run.id
    }

    /// How many events of the run this driver knows.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.loaded.version.0
    }

    /// When the whole run times out.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.loaded.aggregate.deadline
    }

    pub(super) fn open_steps(&self) -> &[OpenStep] {
        &self.loaded.aggregate.standing.open
    }

    pub(super) fn fold(&mut self, events: &[ExecutionEvent]) {
        for event in events {
            self.loaded.aggregate.evolve(event);
        }
        self.loaded.version.0 += events.len() as u64;
    }

    /// Forgets what was planned and could not be recorded.
    pub(super) fn forget_plan(&mut self) {
        self.scope.forget_unrecorded(&self.loaded.aggregate);
    }

    /// Keeps the requests of the steps that are open, those of `planned` among them.
    pub(super) fn keep_calls(&mut self, planned: Vec<PlannedCall>) {
        let standing = &self.loaded.aggregate.standing;
        let awaited = |index: usize| {
            standing
                .open
                .iter()
                .any(|open| open.step.index as usize == index && !matches!(open.stage, Stage::Signal(..)))
        };
        self.calls
            .retain(|call| awaited(call.index) && !planned.iter().any(|new| new.index == call.index));
        self.calls.extend(planned.into_iter().map(|call| OpenCall {
            index: call.index,
            request: call.request,
        }));
    }

    /// Reads the requests of the open steps from the log's form.
    pub(super) fn reopen(&mut self) {
        let calls = self.open_steps().iter().filter_map(|open| {
            let request = serde_json::from_str::<RenderedRequest>(open.request.text()?).ok()?;
            Some(OpenCall {
                index: open.step.index as usize,
                request,
            })
        });
        self.calls = calls.collect();
        self.keep_calls(Vec::new());
    }

    pub(super) fn planner<'a>(&'a mut self, environment: &'a EnvironmentValues) -> Planner<'a> {
        Planner {
            workflow: &self.workflow,
            environment,
            execution: &self.loaded.aggregate,
            scope: &mut self.scope,
            key: &self.key,
            draining: self.draining,
        }
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
            tenure: self.loaded.aggregate.tenure,
        })
    }
}
