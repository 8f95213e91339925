//! The use cases of runs: start, report a call's outcome, retry, cancel. The API and the engine call them.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use wfm_domain::{
    aggregate::Decide,
    execution::{
        Ask, BeginRetry, CancelExecution, Execution, ExecutionCommand, ExecutionEvent, FailExecution, FailureConsequence,
        Outcome, Phase, QueueExecution, RecordFailure, RecordSuccess, Request, Run, StartExecution, StepAttempt,
    },
    ids::{EnvironmentId, ExecutionId, WorkflowId},
    instant::Instant,
    protected::{DataKey, Protected},
    field_errors::FieldErrors,
    refusal::Refusal,
    text,
    workflow::{RetryOn, RetryPolicy},
};
use wfm_storage::{
    event::{Position, StreamId, StreamVersion},
    work::{WorkChange, WorkItem, WorkState},
};

use super::{
    cache::{Definitions, InForce, Parent},
    environment::{EnvironmentValues, Sending},
    live::{Call, LiveRun, Next, OpenCall},
    outcome::{Answer, CallFailure, Failure, judge},
    plan::{Plan, Planner, RunScope, StepRecord},
    queue::Queue,
    registry::{Ended, Registry},
};
use crate::{
    context::{Actor, Context},
    error::ApplicationError,
    security::permission::Permission,
    store::{Loaded, Recorded, Store},
};

/// Largest input of a run in bytes of JSON.
pub const MAXIMUM_INPUT_BYTES: usize = 1024 * 1024;

/// Longest wait before a retry, whatever an answer's `Retry-After` says.
const LONGEST_RETRY_WAIT_MS: i64 = 24 * 60 * 60 * 1000;

/// What a caller starts a run with.
#[derive(Debug, Clone)]
pub struct StartInput {
    /// `inputParameters`: an object.
    pub input: Value,
    /// `executionContext`: the caller's business key.
    pub execution_context: Option<String>,
}

/// A run that was accepted.
pub struct Started {
    /// The run.
    pub id: ExecutionId,
    /// Position of its first append.
    pub position: Position,
    /// Whether it waits for a place.
    pub queued: bool,
    /// Whether an earlier request with the same idempotency key started it.
    pub repeated: bool,
    /// Resolves when the run ends.
    pub ended: oneshot::Receiver<Ended>,
}

/// Everything that runs need.
pub struct Runs {
    pub(super) store: Store,
    pub(super) definitions: Arc<Definitions>,
    pub(super) registry: Arc<Registry>,
    pub(super) queue: Arc<Queue>,
    pub(super) node: Arc<str>,
    pub(super) ready: mpsc::Sender<LiveRun>,
}

/// What a start relies on.
struct Ground {
    workflow: Arc<InForce>,
    compiled: Arc<super::definition::CompiledWorkflow>,
    environment: Arc<EnvironmentValues>,
    parents: [Arc<Parent>; 2],
}

impl Runs {
    /// Runs that are driven by this `node`; what is ready to be driven goes to `ready`.
    #[must_use]
    pub fn new(store: Store, definitions: Arc<Definitions>, node: Arc<str>, ready: mpsc::Sender<LiveRun>) -> Self {
        Self { store, definitions, registry: Arc::default(), queue: Arc::default(), node, ready }
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.store.now()
    }

    /// The runs this node drives.
    #[must_use]
    pub fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    /// The runs that wait for a place.
    #[must_use]
    pub fn queue(&self) -> &Arc<Queue> {
        &self.queue
    }

    /// Starts a run of the version in force, or queues it when its environment has no free place.
    ///
    /// # Errors
    /// When the caller may not, the workflow is not published, something above it is inactive, or the input is no object.
    pub async fn start(&self, context: &Context, workflow: WorkflowId, input: &StartInput) -> Result<Started, ApplicationError> {
        check_input(input)?;
        if let Some(recorded) = self.store.repeated(context).await? {
            return Ok(self.repeated(&recorded));
        }
        let text: Arc<str> = input.input.to_string().into();
        if text.len() > MAXIMUM_INPUT_BYTES {
            return Err(Refusal::field("/inputParameters", format!("at most {MAXIMUM_INPUT_BYTES} bytes of JSON")).into());
        }
        self.store
            .retrying(|| async {
                let outcome = self.start_once(context, workflow, input, &text).await;
                if matches!(outcome, Err(ApplicationError::Contended)) {
                    self.definitions.clear();
                }
                outcome
            })
            .await
    }

    fn repeated(&self, recorded: &Recorded) -> Started {
        let id = ExecutionId(recorded.id.as_str().unwrap_or_default().to_owned());
        let ended = self.registry.wait(&id);
        Started { id, position: recorded.position, queued: false, repeated: true, ended }
    }

    async fn ground(&self, context: &Context, id: WorkflowId) -> Result<Ground, ApplicationError> {
        let not_found = || format!("workflow {id}");
        let workflow = self.definitions.workflow(id).await?.ok_or_else(|| ApplicationError::NotFound(not_found()))?;
        if let Actor::User(caller) = &context.actor {
            caller.demand_in(Permission::EditWorkflows, workflow.workspace, not_found)?;
        }
        if workflow.deleted {
            return Err(ApplicationError::NotFound(not_found()));
        }
        let Some(compiled) = workflow.compiled.clone() else {
            return Err(Refusal::conflict("workflow-not-published", "the workflow is a draft; publish it first").into());
        };
        if workflow.inactive {
            return Err(Refusal::conflict("workflow-inactive", "the workflow is deactivated; publish it to start runs again").into());
        }
        let environment = self.definitions.environment(compiled.environment).await?;
        if !environment.usable {
            let detail = format!("environment {} is not active; activate it first", environment.id);
            return Err(Refusal::conflict("environment-inactive", detail).into());
        }
        let parents =
            [self.definitions.project(workflow.project).await?, self.definitions.workspace(workflow.workspace).await?];
        if let Some(parent) = parents.iter().find(|parent| !parent.usable) {
            let detail = format!("{} is not active; activate it first", parent.stream);
            return Err(Refusal::conflict("parent-inactive", detail).into());
        }
        Ok(Ground { workflow, compiled, environment, parents })
    }

    async fn start_once(
        &self,
        context: &Context,
        workflow: WorkflowId,
        input: &StartInput,
        text: &Arc<str>,
    ) -> Result<Started, ApplicationError> {
        let ground = self.ground(context, workflow).await?;
        let id = ExecutionId(self.store.entropy.uuid().to_string());
        let now = self.store.now();
        let key = DataKey::Runs(ground.workflow.workspace, now.month());
        let configuration = &ground.environment.configuration;
        let run = Run {
            id: id.clone(),
            workflow_id: workflow,
            logging: configuration.enable_logging,
            metrics: configuration.enable_metrics,
        };
        let request = Request {
            workspace_id: ground.workflow.workspace,
            environment_id: ground.environment.id,
            workflow_version: ground.compiled.version,
            input: Protected::new(key.clone(), Arc::clone(text)),
            execution_context: input.execution_context.clone(),
        };
        let loaded = Loaded {
            stream: StreamId::new(id.stream()),
            workspace: Some(ground.workflow.workspace.0),
            version: StreamVersion(0),
            aggregate: Execution::default(),
        };
        let scope = RunScope::new(&ground.compiled, &id.0, input.execution_context.as_deref(), input.input.clone());
        let mut live = LiveRun {
            loaded,
            workflow: Arc::clone(&ground.compiled),
            scope,
            key,
            call: None,
            context: follow_up(context),
            stop: super::registry::StopSignal::default(),
        };
        if !self.queue.is_waiting(ground.environment.id) {
            let place = self.begin(&mut live, context, &ground, run.clone(), Some(request.clone()), now).await;
            match place {
                Ok(recorded) => return self.accepted(live, &recorded).await,
                Err(ApplicationError::Refused(refusal)) if refusal.code == NO_PLACE => {}
                Err(error) => return Err(error),
            }
        }
        self.enqueue(&live, context, &ground, run, request, now).await
    }

    /// Records the start, taking a place; refused with [`NO_PLACE`] when there is none.
    async fn begin(
        &self,
        live: &mut LiveRun,
        context: &Context,
        ground: &Ground,
        run: Run,
        request: Option<Request>,
        now: Instant,
    ) -> Result<Recorded, ApplicationError> {
        let configuration = &ground.environment.configuration;
        let deadline = now.plus_milliseconds(i64::from(configuration.timeout) * 1000);
        let plan = planner(live, &ground.environment).from(0, now);
        let command = StartExecution { run, request, node: self.node.to_string(), deadline, moves: plan.moves };
        let events = live.loaded.aggregate.decide(ExecutionCommand { now, ask: Ask::Start(command) })?;
        let mut unit = self.store.unit_at(context, now);
        if live.loaded.version.0 == 0 {
            unit.guard_stream(&ground.workflow.stream, ground.workflow.stream_version);
            for parent in &ground.parents {
                unit.guard_stream(&parent.stream, parent.version);
            }
        }
        let environment = ground.environment.id;
        unit.require_fewer(Execution::slots(environment), u64::from(configuration.max_concurrent_executions));
        unit.record(&live.loaded, "execution", &events);
        let execution: Arc<str> = match events.first() {
            Some(ExecutionEvent::ExecutionStarted(started)) => started.run.id.0.as_str().into(),
            _ => live.id().0.as_str().into(),
        };
        unit.work(self.work_change(&execution, environment, ground.workflow.workspace.0, &events));
        let version = StreamVersion(live.loaded.version.0 + events.len() as u64);
        let recorded = unit.commit(execution.to_string(), version).await?;
        if !recorded.repeated {
            live.fold(&events);
            live.open(plan.call);
        }
        Ok(recorded)
    }

    async fn accepted(&self, mut live: LiveRun, recorded: &Recorded) -> Result<Started, ApplicationError> {
        if recorded.repeated {
            return Ok(self.repeated(recorded));
        }
        let id = live.id().clone();
        let ended = self.registry.wait(&id);
        live.stop = self.registry.drive(&id);
        if let Some(end) = live.ending(recorded.position) {
            self.finished(&live, &end);
        } else {
            self.hand_over(live).await?;
        }
        Ok(Started { id, position: recorded.position, queued: false, repeated: false, ended })
    }

    async fn enqueue(
        &self,
        live: &LiveRun,
        context: &Context,
        ground: &Ground,
        run: Run,
        request: Request,
        now: Instant,
    ) -> Result<Started, ApplicationError> {
        let id = run.id.clone();
        let environment = ground.environment.id;
        let events = live.loaded.aggregate.decide(ExecutionCommand { now, ask: Ask::Queue(QueueExecution { run, request }) })?;
        let mut unit = self.store.unit_at(context, now);
        unit.guard_stream(&ground.workflow.stream, ground.workflow.stream_version);
        for parent in &ground.parents {
            unit.guard_stream(&parent.stream, parent.version);
        }
        unit.record(&live.loaded, "execution", &events);
        unit.work(WorkChange::Put(WorkItem {
            execution: id.0.as_str().into(),
            environment: environment.0,
            workspace: ground.workflow.workspace.0,
            state: WorkState::Queued,
            due_at: None,
            owner: None,
            epoch: 0,
        }));
        let ended = self.registry.wait(&id);
        let recorded = unit.commit(id.0.clone(), StreamVersion(events.len() as u64)).await?;
        if recorded.repeated {
            self.registry.leave(&id);
            return Ok(self.repeated(&recorded));
        }
        self.queue.joined(environment);
        Ok(Started { id, position: recorded.position, queued: true, repeated: false, ended })
    }

    /// Starts queued runs of an environment while it has free places.
    ///
    /// # Errors
    /// When the log fails.
    pub async fn promote(&self, environment: EnvironmentId) -> Result<(), ApplicationError> {
        loop {
            let filter = wfm_storage::work::WorkFilter {
                state: Some(WorkState::Queued),
                environment: Some(environment.0),
                ..Default::default()
            };
            let oldest = self.store.log.work(&filter, 1).await?;
            let Some(item) = oldest.first() else { return Ok(()) };
            match self.start_queued(&item.execution).await {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(ApplicationError::Contended) => self.definitions.clear(),
                Err(error) => return Err(error),
            }
        }
    }

    /// Starts one queued run; `false` when there is no place for it.
    async fn start_queued(&self, execution: &str) -> Result<bool, ApplicationError> {
        let id = ExecutionId(execution.to_owned());
        let Some(mut live) = self.restore(&id).await? else { return Ok(true) };
        if live.loaded.aggregate.phase != Phase::Queued {
            return Ok(true);
        }
        let Some(request) = live.loaded.aggregate.request.clone() else { return Ok(true) };
        let now = self.store.now();
        let environment = self.definitions.environment(request.environment_id).await?;
        let ground = Ground {
            workflow: self
                .definitions
                .workflow(live.workflow.id)
                .await?
                .ok_or_else(|| ApplicationError::not_found("workflow", live.workflow.id))?,
            compiled: Arc::clone(&live.workflow),
            environment,
            parents: [self.definitions.project(live.workflow.project).await?, self.definitions.workspace(live.workflow.workspace).await?],
        };
        let run = live.loaded.aggregate.run.clone();
        let context = Context::system("queue", id.0.as_str());
        match self.begin(&mut live, &context, &ground, run, None, now).await {
            Ok(recorded) => {
                self.queue.left(request.environment_id);
                live.stop = self.registry.drive(&id);
                match live.ending(recorded.position) {
                    Some(end) => self.finished(&live, &end),
                    None => self.hand_over(live).await?,
                }
                Ok(true)
            }
            Err(ApplicationError::Refused(refusal)) if refusal.code == NO_PLACE => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn hand_over(&self, live: LiveRun) -> Result<(), ApplicationError> {
        // The engine's queue closes only when the node stops; the run is recorded and will be adopted at the next start.
        let _ = self.ready.send(live).await;
        Ok(())
    }

    /// What the engine must do next for a run.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn next(&self, live: &mut LiveRun) -> Result<Next, ApplicationError> {
        loop {
            if live.loaded.aggregate.outcome().is_some() {
                return Ok(Next::Nothing);
            }
            let now = self.store.now();
            if live.deadline().is_some_and(|deadline| now >= deadline) {
                self.time_out(live).await?;
                return Ok(Next::Nothing);
            }
            if let Phase::Waiting(_, due_at) = live.loaded.aggregate.phase {
                let until = live.deadline().map_or(due_at, |deadline| due_at.min(deadline));
                if until > now {
                    return Ok(Next::Wait(until));
                }
                self.begin_retry(live).await?;
                continue;
            }
            match self.call(live, now).await? {
                Ok(call) => return Ok(Next::Call(call)),
                Err(failure) => self.report(live, &Err(failure), 0.0, &[]).await?,
            }
        }
    }

    /// The open call with its secrets filled in, or why it cannot be sent.
    async fn call(&self, live: &LiveRun, now: Instant) -> Result<Result<Call, CallFailure>, ApplicationError> {
        let Some(open) = &live.call else {
            return Err(ApplicationError::Internal(format!("execution {} has no open call", live.id())));
        };
        let step = &live.workflow.steps[open.index];
        let environment = self.environment(live).await?;
        let sending = Sending(&environment);
        let resolved = open.request.resolve(&live.scope.scope(&sending, None));
        let request = match resolved {
            Ok(request) => request,
            Err(error) => return Ok(Err(CallFailure { kind: "mapping", message: error.to_string() })),
        };
        let left = live.deadline().map_or(i64::MAX, |deadline| deadline.microseconds_since(now).max(0));
        let left = std::time::Duration::from_micros(u64::try_from(left).unwrap_or_default());
        Ok(Ok(Call {
            request,
            idempotency_key: format!("{}-{}", live.id(), step.id),
            timeout: step.timeout.min(left),
            ends_run: left < step.timeout,
        }))
    }

    async fn environment(&self, live: &LiveRun) -> Result<Arc<EnvironmentValues>, ApplicationError> {
        let request = live.loaded.aggregate.request.as_ref();
        let id = request.map_or(live.workflow.environment, |request| request.environment_id);
        self.definitions.environment(id).await
    }

    /// Records the outcome of the open call and what follows from it.
    ///
    /// # Errors
    /// When the store fails; [`ApplicationError::Contended`] when somebody else changed the run.
    pub async fn report(
        &self,
        live: &mut LiveRun,
        answer: &Result<Answer, CallFailure>,
        duration_ms: f64,
        secrets: &[String],
    ) -> Result<(), ApplicationError> {
        let Some(open) = &live.call else {
            return Err(ApplicationError::Internal(format!("execution {} has no open call", live.id())));
        };
        let (index, attempt) = (open.index, open.attempt);
        let now = self.store.now();
        let environment = self.environment(live).await?;
        let workflow = Arc::clone(&live.workflow);
        let step = &workflow.steps[index];
        let judged = match answer {
            Ok(answer) => judge(step, &live.scope, &environment, answer, secrets, now),
            Err(failure) => Err(failure.clone().into()),
        };
        let place = StepAttempt {
            step_id: step.id,
            name: step.name.to_string(),
            index: u32::try_from(index).map_err(ApplicationError::internal)?,
            attempt,
        };
        match judged {
            Ok(success) => {
                live.scope.set(index, StepRecord::succeeded(success.output));
                let plan = planner(live, &environment).from(index + 1, now);
                let ask = Ask::RecordSuccess(RecordSuccess {
                    step: place,
                    output: Protected::new(live.key.clone(), success.text),
                    status_code: Some(success.status),
                    duration_ms,
                    moves: plan.moves,
                });
                self.advance(live, ask, plan.call, now).await
            }
            Err(failure) => self.report_failure(live, &environment, place, failure, duration_ms, now).await,
        }
    }

    async fn report_failure(
        &self,
        live: &mut LiveRun,
        environment: &EnvironmentValues,
        place: StepAttempt,
        failure: Failure,
        duration_ms: f64,
        now: Instant,
    ) -> Result<(), ApplicationError> {
        let workflow = Arc::clone(&live.workflow);
        let index = place.index as usize;
        let step = &workflow.steps[index];
        let over = live.deadline().is_some_and(|deadline| now >= deadline);
        let retry = !over && place.attempt < step.attempts && retries(&step.handling.retry, &failure);
        let (consequence, retry_at, plan) = if over {
            let message = format!("the run timed out: {}", failure.message);
            let fail = planner(live, environment).fail(step, &message);
            (FailureConsequence::Fail, None, Plan { moves: vec![fail], call: None })
        } else if retry {
            let fraction = self.store.entropy.fraction();
            let delay = step.handling.retry.delay_milliseconds(step.retry_delay_seconds, place.attempt, fraction);
            let delay = i64::try_from(delay).unwrap_or(LONGEST_RETRY_WAIT_MS).max(failure.retry_after_ms.unwrap_or(0)).min(LONGEST_RETRY_WAIT_MS);
            let nothing = Plan { moves: Vec::new(), call: None };
            (FailureConsequence::Retry, Some(now.plus_milliseconds(delay)), nothing)
        } else {
            live.scope.set(index, StepRecord::failed(failure.kind, &failure.message, failure.status));
            let (consequence, plan) = planner(live, environment).after_failure(index, &failure.message, now);
            (consequence, None, plan)
        };
        let ask = Ask::RecordFailure(RecordFailure {
            step: place,
            kind: failure.kind.to_owned(),
            message: Protected::new(live.key.clone(), failure.message),
            status_code: failure.status,
            duration_ms,
            consequence,
            retry_at,
            moves: plan.moves,
        });
        let call = if retry { live.open_call() } else { plan.call };
        self.advance(live, ask, call, now).await
    }

    /// Begins the retry that waits.
    async fn begin_retry(&self, live: &mut LiveRun) -> Result<(), ApplicationError> {
        let Phase::Waiting(step, _) = live.loaded.aggregate.phase.clone() else {
            return Err(ApplicationError::Internal(format!("execution {} does not wait for a retry", live.id())));
        };
        let attempt = step.attempt;
        let now = self.store.now();
        let call = live.open_call();
        self.advance(live, Ask::BeginRetry(BeginRetry { step }), call, now).await?;
        if let Some(open) = &mut live.call {
            open.attempt = attempt;
        }
        Ok(())
    }

    /// Ends the run because its time is over.
    ///
    /// # Errors
    /// See [`Self::report`].
    async fn time_out(&self, live: &mut LiveRun) -> Result<(), ApplicationError> {
        let aggregate = &live.loaded.aggregate;
        let seconds = match (aggregate.started_at, aggregate.deadline) {
            (Some(start), Some(deadline)) => deadline.microseconds_since(start) / 1_000_000,
            _ => 0,
        };
        let message = format!("the run timed out after {seconds} s, the timeout of its environment");
        let ask = Ask::Fail(FailExecution { message: Protected::new(live.key.clone(), message) });
        let now = self.store.now();
        self.advance(live, ask, None, now).await
    }

    /// Records what follows and takes the run there in memory.
    pub(super) async fn advance(
        &self,
        live: &mut LiveRun,
        ask: Ask,
        call: Option<(usize, wfm_expressions::RenderedRequest)>,
        now: Instant,
    ) -> Result<(), ApplicationError> {
        let events = live.loaded.aggregate.decide(ExecutionCommand { now, ask })?;
        let request = live.loaded.aggregate.request.as_ref();
        let (environment, workspace) = request.map_or((live.workflow.environment, live.workflow.workspace), |request| {
            (request.environment_id, request.workspace_id)
        });
        let mut unit = self.store.unit_at(&live.context, now);
        unit.record(&live.loaded, "execution", &events);
        if changes_work(&events) {
            unit.work(self.work_change(&live.id().0.as_str().into(), environment, workspace.0, &events));
        }
        let version = StreamVersion(live.loaded.version.0 + events.len() as u64);
        let recorded = unit.commit(Value::Null, version).await?;
        live.fold(&events);
        live.open(call);
        if let Some(end) = live.ending(recorded.position) {
            self.finished(live, &end);
        }
        Ok(())
    }

    /// The run's row of open work after these events.
    fn work_change(&self, execution: &Arc<str>, environment: EnvironmentId, workspace: i64, events: &[ExecutionEvent]) -> WorkChange {
        let due_at = match events.last() {
            Some(
                ExecutionEvent::ExecutionCompleted(_) | ExecutionEvent::ExecutionFailed(_) | ExecutionEvent::ExecutionCancelled(_),
            ) => return WorkChange::Remove(Arc::clone(execution)),
            Some(ExecutionEvent::StepRetryScheduled(retry)) => Some(retry.due_at.to_string().into()),
            _ => None,
        };
        WorkChange::Put(WorkItem {
            execution: Arc::clone(execution),
            environment: environment.0,
            workspace,
            state: if due_at.is_some() { WorkState::Timer } else { WorkState::Running },
            due_at,
            owner: Some(Arc::clone(&self.node)),
            epoch: 0,
        })
    }

    pub(super) fn finished(&self, live: &LiveRun, ended: &Ended) {
        self.registry.end(live.id(), ended);
        if let Some(request) = &live.loaded.aggregate.request {
            self.queue.freed(request.environment_id);
        }
    }

    /// Stops a run, whatever it is doing; a call that is under way is abandoned.
    ///
    /// # Errors
    /// When the caller may not, or the run has ended.
    pub async fn cancel(&self, context: &Context, id: &ExecutionId, reason: Option<&str>) -> Result<Recorded, ApplicationError> {
        if let Some(recorded) = self.store.repeated(context).await? {
            return Ok(recorded);
        }
        if let Some(reason) = reason {
            check_text("/reason", reason, 1000)?;
        }
        self.store.retrying(|| self.cancel_once(context, id, reason)).await
    }

    async fn cancel_once(&self, context: &Context, id: &ExecutionId, reason: Option<&str>) -> Result<Recorded, ApplicationError> {
        let mut loaded = self.store.load::<Execution>(id.stream()).await?;
        let not_found = || format!("execution {id}");
        let Some(request) = loaded.aggregate.request.clone() else {
            return Err(ApplicationError::NotFound(not_found()));
        };
        if let Actor::User(caller) = &context.actor {
            caller.demand_in(Permission::EditWorkflows, request.workspace_id, not_found)?;
        }
        let now = self.store.now();
        let key = request.input.key().clone();
        let ask = Ask::Cancel(CancelExecution {
            reason: reason.map(|reason| Protected::new(key, reason)),
            cancelled_by: context.user_id(),
        });
        let was_queued = loaded.aggregate.phase == Phase::Queued;
        let events = loaded.aggregate.decide(ExecutionCommand { now, ask })?;
        let mut unit = self.store.unit_at(context, now);
        unit.record(&loaded, "execution", &events);
        unit.work(WorkChange::Remove(id.0.as_str().into()));
        let version = StreamVersion(loaded.version.0 + events.len() as u64);
        let recorded = unit.commit(id.0.clone(), version).await?;
        for event in &events {
            loaded.aggregate.evolve(event);
        }
        let message = reason.map(Arc::from);
        self.registry.end(id, &Ended { outcome: Outcome::Cancelled, output: None, message, position: recorded.position });
        if was_queued {
            self.queue.left(request.environment_id);
        }
        self.queue.freed(request.environment_id);
        Ok(recorded)
    }
}

/// Code of the refusal when an environment has no free place.
const NO_PLACE: &str = "limit-reached";

fn planner<'a>(live: &'a mut LiveRun, environment: &'a EnvironmentValues) -> Planner<'a> {
    Planner { workflow: &live.workflow, environment, scope: &mut live.scope, key: &live.key }
}

/// Whether the policy covers the failure.
fn retries(policy: &RetryPolicy, failure: &Failure) -> bool {
    match failure.kind {
        "connect" => policy.retry_on.contains(&RetryOn::Connect),
        "timeout" => policy.retry_on.contains(&RetryOn::Timeout),
        "status" | "rejected" => failure.status.is_some_and(|status| policy.covers_status(status)),
        _ => false,
    }
}

/// Whether the row of open work differs after these events.
fn changes_work(events: &[ExecutionEvent]) -> bool {
    events.iter().any(|event| match event {
        ExecutionEvent::ExecutionCompleted(_)
        | ExecutionEvent::ExecutionFailed(_)
        | ExecutionEvent::ExecutionCancelled(_)
        | ExecutionEvent::ExecutionAdopted(_)
        | ExecutionEvent::ExecutionStarted(_)
        | ExecutionEvent::ExecutionQueued(_)
        | ExecutionEvent::StepRetryScheduled(_) => true,
        ExecutionEvent::StepStarted(started) => started.step.attempt > 1,
        ExecutionEvent::StepSucceeded(_)
        | ExecutionEvent::StepFailed(_)
        | ExecutionEvent::StepSkipped(_)
        | ExecutionEvent::StepInDoubt(_) => false,
    })
}

fn check_input(input: &StartInput) -> Result<(), ApplicationError> {
    if !input.input.is_object() {
        return Err(Refusal::field("/inputParameters", "a JSON object is expected").into());
    }
    if let Some(context) = &input.execution_context {
        check_text("/executionContext", context, 500)?;
    }
    Ok(())
}

fn check_text(pointer: &str, value: &str, maximum: usize) -> Result<(), Refusal> {
    let mut errors = FieldErrors::new();
    text::no_null(&mut errors, pointer, value);
    text::within(&mut errors, pointer, value, maximum);
    errors.finish()
}

/// The context of what follows from a request: the same correlation, recorded by the engine.
pub(super) fn follow_up(context: &Context) -> Context {
    Context { traceparent: context.traceparent.clone(), ..Context::system("engine", Arc::clone(&context.correlation_id)) }
}

impl LiveRun {
    pub(super) fn fold(&mut self, events: &[ExecutionEvent]) {
        for event in events {
            self.loaded.aggregate.evolve(event);
        }
        self.loaded.version.0 += events.len() as u64;
    }

    pub(super) fn open(&mut self, call: Option<(usize, wfm_expressions::RenderedRequest)>) {
        let attempt = match &self.loaded.aggregate.phase {
            Phase::Calling(step) | Phase::Waiting(step, _) => step.attempt,
            Phase::New | Phase::Queued | Phase::Between | Phase::Failed(_) | Phase::Ended(_) => 1,
        };
        self.call = call.map(|(index, request)| OpenCall { index, attempt, request });
    }

    /// The open call once more, for the next attempt.
    pub(super) fn open_call(&self) -> Option<(usize, wfm_expressions::RenderedRequest)> {
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
        Some(Ended { outcome, output, message, position })
    }
}
