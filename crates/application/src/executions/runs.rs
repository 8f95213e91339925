//! How runs start: at once when their environment has a free place, else queued and started in turn.
//!
//! Invariant: what a start relies on (workflow, project, workspace, the free place) is guarded in the append that records it.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use wfm_domain::{
    aggregate::Decide,
    execution::{
        Ask, Execution, ExecutionCommand, ExecutionEvent, Phase, QueueExecution, Request, Run, StartExecution,
    },
    field_errors::FieldErrors,
    ids::{EnvironmentId, ExecutionId, WorkflowId},
    instant::Instant,
    protected::{DataKey, Protected},
    refusal::Refusal,
    text,
};
use wfm_storage::{
    event::{Position, StreamId, StreamVersion},
    work::{WorkChange, WorkItem, WorkState},
};

use super::{
    cache::{Definitions, InForce, Parent},
    calls::planner,
    environment::EnvironmentValues,
    live::LiveRun,
    plan::RunScope,
    queue::Queue,
    registry::{Ended, Registry},
};
use crate::{
    context::{Actor, Context},
    error::ApplicationError,
    membership::Membership,
    security::permission::Permission,
    store::{Loaded, Recorded, Store},
};

/// Largest input of a run in bytes of JSON.
pub const MAXIMUM_INPUT_BYTES: usize = 1024 * 1024;

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
    pub(super) membership: Arc<Membership>,
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
    /// Runs that are driven by this node; what is ready to be driven goes to `ready`.
    #[must_use]
    pub fn new(
        store: Store,
        definitions: Arc<Definitions>,
        membership: Arc<Membership>,
        ready: mpsc::Sender<LiveRun>,
    ) -> Self {
        Self {
            store,
            definitions,
            registry: Arc::default(),
            queue: Arc::default(),
            membership,
            ready,
        }
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.store.now()
    }

    /// Whether this node may act: send a call, for one.
    #[must_use]
    pub fn may_act(&self) -> bool {
        self.membership.is_valid()
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
    pub async fn start(
        &self,
        context: &Context,
        workflow: WorkflowId,
        input: &StartInput,
    ) -> Result<Started, ApplicationError> {
        check_input(input)?;
        if let Some(recorded) = self.store.repeated(context).await? {
            return Ok(self.repeated(&recorded));
        }
        let text: Arc<str> = input.input.to_string().into();
        if text.len() > MAXIMUM_INPUT_BYTES {
            return Err(Refusal::field(
                "/inputParameters",
                format!("at most {MAXIMUM_INPUT_BYTES} bytes of JSON"),
            )
            .into());
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
        Started {
            id,
            position: recorded.position,
            queued: false,
            repeated: true,
            ended,
        }
    }

    async fn ground(&self, context: &Context, id: WorkflowId) -> Result<Ground, ApplicationError> {
        let not_found = || format!("workflow {id}");
        let workflow = self
            .definitions
            .workflow(id)
            .await?
            .ok_or_else(|| ApplicationError::NotFound(not_found()))?;
        if let Actor::User(caller) = &context.actor {
            caller.demand_in(Permission::EditWorkflows, workflow.workspace, not_found)?;
        }
        if workflow.deleted {
            return Err(ApplicationError::NotFound(not_found()));
        }
        let Some(compiled) = workflow.compiled.clone() else {
            return Err(
                Refusal::conflict("workflow-not-published", "the workflow is a draft; publish it first").into(),
            );
        };
        if workflow.inactive {
            return Err(Refusal::conflict(
                "workflow-inactive",
                "the workflow is deactivated; publish it to start runs again",
            )
            .into());
        }
        let environment = self.definitions.environment(compiled.environment).await?;
        if !environment.usable {
            let detail = format!("environment {} is not active; activate it first", environment.id);
            return Err(Refusal::conflict("environment-inactive", detail).into());
        }
        let parents = [
            self.definitions.project(workflow.project).await?,
            self.definitions.workspace(workflow.workspace).await?,
        ];
        if let Some(parent) = parents.iter().find(|parent| !parent.usable) {
            let detail = format!("{} is not active; activate it first", parent.stream);
            return Err(Refusal::conflict("parent-inactive", detail).into());
        }
        Ok(Ground {
            workflow,
            compiled,
            environment,
            parents,
        })
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
        let scope = RunScope::new(
            &ground.compiled,
            &id.0,
            input.execution_context.as_deref(),
            input.input.clone(),
        );
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
            let place = self
                .begin(&mut live, context, &ground, run.clone(), Some(request.clone()), now)
                .await;
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
        let command = StartExecution {
            run,
            request,
            node: self.membership.node().to_string(),
            deadline,
            moves: plan.moves,
        };
        let events = live.loaded.aggregate.decide(ExecutionCommand {
            now,
            ask: Ask::Start(command),
        })?;
        let mut unit = self.store.unit_at(context, now);
        if live.loaded.version.0 == 0 {
            unit.guard_stream(&ground.workflow.stream, ground.workflow.stream_version);
            for parent in &ground.parents {
                unit.guard_stream(&parent.stream, parent.version);
            }
        }
        let environment = ground.environment.id;
        unit.require_fewer(
            Execution::slots(environment),
            u64::from(configuration.max_concurrent_executions),
        );
        unit.record(&live.loaded, "execution", &events);
        if events.last().is_some_and(ends) {
            // It was over before it began to run: there is no place to give back.
            unit.take_none(&Execution::slots(environment));
        }
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
        Ok(Started {
            id,
            position: recorded.position,
            queued: false,
            repeated: false,
            ended,
        })
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
        let events = live.loaded.aggregate.decide(ExecutionCommand {
            now,
            ask: Ask::Queue(QueueExecution { run, request }),
        })?;
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
        Ok(Started {
            id,
            position: recorded.position,
            queued: true,
            repeated: false,
            ended,
        })
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
            let Some(item) = oldest.first() else {
                // Other nodes may have started those that were counted here.
                self.queue.emptied(environment);
                return Ok(());
            };
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
        let Some(mut live) = self.restore(&id).await? else {
            return Ok(true);
        };
        if live.loaded.aggregate.phase != Phase::Queued {
            return Ok(true);
        }
        let Some(request) = live.loaded.aggregate.request.clone() else {
            return Ok(true);
        };
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
            parents: [
                self.definitions.project(live.workflow.project).await?,
                self.definitions.workspace(live.workflow.workspace).await?,
            ],
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
        let (environment, workspace) = request
            .map_or((live.workflow.environment, live.workflow.workspace), |request| {
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
    fn work_change(
        &self,
        execution: &Arc<str>,
        environment: EnvironmentId,
        workspace: i64,
        events: &[ExecutionEvent],
    ) -> WorkChange {
        let due_at = match events.last() {
            Some(last) if ends(last) => return WorkChange::Remove(Arc::clone(execution)),
            Some(ExecutionEvent::StepRetryScheduled(retry)) => Some(retry.due_at.to_string().into()),
            _ => None,
        };
        WorkChange::Put(WorkItem {
            execution: Arc::clone(execution),
            environment: environment.0,
            workspace,
            state: if due_at.is_some() {
                WorkState::Timer
            } else {
                WorkState::Running
            },
            due_at,
            owner: Some(Arc::clone(self.membership.holder())),
            epoch: 0,
        })
    }

    pub(super) fn finished(&self, live: &LiveRun, ended: &Ended) {
        self.registry.end(live.id(), ended);
        if let Some(request) = &live.loaded.aggregate.request {
            self.queue.freed(request.environment_id);
        }
    }
}

/// Code of the refusal when an environment has no free place.
const NO_PLACE: &str = "limit-reached";

/// Whether the run has ended with this event.
fn ends(event: &ExecutionEvent) -> bool {
    matches!(
        event,
        ExecutionEvent::ExecutionCompleted(_)
            | ExecutionEvent::ExecutionFailed(_)
            | ExecutionEvent::ExecutionCancelled(_)
    )
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

pub(super) fn check_text(pointer: &str, value: &str, maximum: usize) -> Result<(), Refusal> {
    let mut errors = FieldErrors::new();
    text::no_null(&mut errors, pointer, value);
    text::within(&mut errors, pointer, value, maximum);
    errors.finish()
}

/// The context of what follows from a request: the same correlation, recorded by the engine.
pub(super) fn follow_up(context: &Context) -> Context {
    Context {
        traceparent: context.traceparent.clone(),
        tracestate: context.tracestate.clone(),
        ..Context::system("engine", Arc::clone(&context.correlation_id))
    }
}
