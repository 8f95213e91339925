//! How runs start: at once when their environment has a free place, else queued and started in turn.
//!
//! Invariant: what a start relies on (workflow, project, workspace, the free place) is guarded in the append that records it.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::oneshot;
use wfm_domain::{
    aggregate::Decide,
    execution::{Ask, Execution, ExecutionCommand, Request, Run, StartExecution},
    field_errors::FieldErrors,
    ids::{EnvironmentId, ExecutionId, WorkflowId},
    instant::Instant,
    protected::{DataKey, Protected},
    refusal::Refusal,
    text,
};
use wfm_storage::event::{Position, StreamId, StreamVersion};

use super::{
    advance::ends,
    cache::{InForce, Parent},
    environment::EnvironmentValues,
    execution_key::{ExecutionKey, KeyTake, Keyed},
    live::LiveRun,
    owing::owe_first,
    registry::{DriverSignal, Ended},
    runs::Runs,
    scope::RunScope,
};
use crate::{
    context::{Actor, Context},
    error::ApplicationError,
    security::permission::Permission,
    store::{Loaded, Recorded, Unit},
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
    /// `executionKey`, with what happens when a run has it already.
    pub key: Option<ExecutionKey>,
}

/// Which definition a rerun follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RerunVersion {
    /// The one that the first run followed.
    Same,
    /// The one in force.
    #[default]
    Newest,
}

/// What makes a start a rerun.
#[derive(Debug, Clone)]
struct Rerun {
    of: ExecutionId,
    /// The version to follow; the one in force when absent.
    version: Option<u32>,
}

/// A start that is acceptable in itself.
struct Asked<'a> {
    workflow: WorkflowId,
    input: &'a StartInput,
    /// The input parameters as JSON.
    text: Arc<str>,
    rerun: Option<&'a Rerun>,
    beside: Option<Beside<'a>>,
}

/// A run that was accepted.
pub struct Started {
    /// The run.
    pub id: ExecutionId,
    /// Position of its first append.
    pub position: Position,
    /// Its state: Running, Queued or WaitingApproval.
    pub state: &'static str,
    /// Whether an earlier request with the same idempotency key started it.
    pub repeated: bool,
    /// Resolves when the run ends.
    pub ended: oneshot::Receiver<Ended>,
}

/// Adds to the append that records a start; told the run's id.
pub type Beside<'a> = &'a (dyn Fn(&mut Unit<'_>, &ExecutionId) -> Result<(), ApplicationError> + Send + Sync);

/// What a start relies on.
pub(super) struct Ground<'a> {
    pub(super) workflow: Arc<InForce>,
    pub(super) compiled: Arc<super::definition::CompiledWorkflow>,
    pub(super) environment: Arc<EnvironmentValues>,
    pub(super) parents: [Arc<Parent>; 2],
    pub(super) key: Option<KeyTake>,
    pub(super) beside: Option<Beside<'a>>,
}

impl Ground<'_> {
    /// Guards what the start of this run relies on, and adds what is recorded beside it.
    pub(super) fn rely(&self, unit: &mut Unit<'_>, run: &ExecutionId) -> Result<(), ApplicationError> {
        unit.guard_stream(&self.workflow.stream, self.workflow.stream_version);
        for parent in &self.parents {
            unit.guard_stream(&parent.stream, parent.version);
        }
        if let Some(key) = &self.key {
            key.record(unit, &StreamId::new(run.stream()));
        }
        self.beside.map_or(Ok(()), |beside| beside(unit, run))
    }
}

impl Runs {
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
        self.start_or_rerun(context, workflow, input, None).await
    }

    /// Starts a run with the input of an earlier one, ended or not; tells its workflow, too.
    ///
    /// # Errors
    /// Those of [`Self::start`]; also when the earlier run's input has been erased.
    pub async fn rerun(
        &self,
        context: &Context,
        id: &ExecutionId,
        version: RerunVersion,
    ) -> Result<(Started, WorkflowId), ApplicationError> {
        let loaded = self.store.load::<Execution>(id.stream()).await?;
        let not_found = || format!("execution {id}");
        let Some(request) = loaded.aggregate.request else {
            return Err(ApplicationError::NotFound(not_found()));
        };
        if let Actor::User(caller) = &context.actor {
            caller.demand_in(Permission::EditWorkflows, request.workspace_id, not_found)?;
        }
        let input = request.input.text().and_then(|text| serde_json::from_str(text).ok());
        let input = input.ok_or_else(|| {
            Refusal::conflict(
                "execution-erased",
                "the input of the execution has been erased; start a new one",
            )
        })?;
        let input = StartInput {
            input,
            execution_context: request.execution_context,
            key: None,
        };
        let rerun = Rerun {
            of: id.clone(),
            version: (version == RerunVersion::Same).then_some(request.workflow_version),
        };
        let workflow = loaded.aggregate.run.workflow_id;
        let started = self.start_or_rerun(context, workflow, &input, Some(&rerun)).await?;
        Ok((started, workflow))
    }

    async fn start_or_rerun(
        &self,
        context: &Context,
        workflow: WorkflowId,
        input: &StartInput,
        rerun: Option<&Rerun>,
    ) -> Result<Started, ApplicationError> {
        let asked = Asked {
            workflow,
            input,
            text: check_input(input)?,
            rerun,
            beside: None,
        };
        if let Some(started) = self.started_before(context, workflow).await? {
            return Ok(started);
        }
        self.store.retrying(|| self.start_afresh(context, &asked)).await
    }

    /// The same as a part of something else, whose events `beside` adds to the start's append. Tried once: whoever asks knows
    /// what to look at again when others came between.
    ///
    /// # Errors
    /// Those of [`Self::start`] and of `beside`; [`ApplicationError::Contended`] when others came between.
    pub async fn start_within(
        &self,
        context: &Context,
        workflow: WorkflowId,
        input: &StartInput,
        beside: Beside<'_>,
    ) -> Result<Started, ApplicationError> {
        let asked = Asked {
            workflow,
            input,
            text: check_input(input)?,
            rerun: None,
            beside: Some(beside),
        };
        if let Some(started) = self.started_before(context, workflow).await? {
            return Ok(started);
        }
        self.start_afresh(context, &asked).await
    }

    /// One attempt; what it relied on is read anew by the next one when others came between.
    async fn start_afresh(&self, context: &Context, asked: &Asked<'_>) -> Result<Started, ApplicationError> {
        let outcome = self.start_once(context, asked).await;
        if matches!(outcome, Err(ApplicationError::Contended)) {
            self.definitions.clear();
        }
        outcome
    }

    /// What an earlier request under the same idempotency key started, for a caller who may still start it.
    async fn started_before(&self, context: &Context, id: WorkflowId) -> Result<Option<Started>, ApplicationError> {
        if context.idempotency.is_none() {
            return Ok(None);
        }
        self.startable(context, id).await?;
        let recorded = self.store.repeated(context).await?;
        Ok(recorded.map(|recorded| self.repeated(&recorded)))
    }

    pub(super) fn repeated(&self, recorded: &Recorded) -> Started {
        let id = ExecutionId(recorded.id.as_str().unwrap_or_default().to_owned());
        let ended = self.registry.wait(&id);
        Started {
            id,
            position: recorded.position,
            state: "Running",
            repeated: true,
            ended,
        }
    }

    /// A workflow, deleted or not, whose runs the caller may start.
    async fn startable(&self, context: &Context, id: WorkflowId) -> Result<Arc<InForce>, ApplicationError> {
        let not_found = || format!("workflow {id}");
        let workflow = self
            .definitions
            .workflow(id)
            .await?
            .ok_or_else(|| ApplicationError::NotFound(not_found()))?;
        if let Actor::User(caller) = &context.actor {
            caller.demand_in(Permission::EditWorkflows, workflow.workspace, not_found)?;
        }
        Ok(workflow)
    }

    async fn ground(&self, context: &Context, id: WorkflowId) -> Result<Ground<'static>, ApplicationError> {
        let workflow = self.startable(context, id).await?;
        if workflow.deleted {
            return Err(ApplicationError::not_found("workflow", id));
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
        let environment = self.usable_environment(compiled.environment).await?;
        let parents = [
            self.definitions.project(workflow.project).await?,
            self.definitions.workspace(workflow.workspace).await?,
        ];
        if let Some(parent) = parents.iter().find(|parent| !parent.usable) {
            let detail = format!(
                "{} is not active; activate it first",
                parent.stream.to_string().replacen('-', " ", 1)
            );
            return Err(Refusal::conflict("parent-inactive", detail).into());
        }
        Ok(Ground {
            workflow,
            compiled,
            environment,
            parents,
            key: None,
            beside: None,
        })
    }

    async fn usable_environment(&self, id: EnvironmentId) -> Result<Arc<EnvironmentValues>, ApplicationError> {
        let environment = self.definitions.environment(id).await?;
        if environment.usable {
            return Ok(environment);
        }
        let detail = format!("environment {id} is not active; activate it first");
        Err(Refusal::conflict("environment-inactive", detail).into())
    }

    /// A run that exists already, as the answer to a start.
    pub(crate) async fn existing(&self, id: ExecutionId) -> Result<Started, ApplicationError> {
        let ended = self.registry.wait(&id);
        let stream = StreamId::new(id.stream());
        let first = self.store.log.read_stream(&stream, StreamVersion(0), 1).await?;
        Ok(Started {
            id,
            position: first.first().map_or(Position(0), |event| event.position),
            state: "Running",
            repeated: true,
            ended,
        })
    }

    async fn start_once(&self, context: &Context, asked: &Asked<'_>) -> Result<Started, ApplicationError> {
        let &Asked {
            workflow,
            input,
            ref text,
            rerun,
            beside,
        } = asked;
        let mut ground = Ground {
            beside,
            ..self.ground(context, workflow).await?
        };
        if let Some(version) = rerun.and_then(|rerun| rerun.version) {
            ground.compiled = self.definitions.pinned(workflow, version).await?;
            ground.environment = self.usable_environment(ground.compiled.environment).await?;
        }
        if let Some(key) = &input.key {
            match self.keyed(workflow, key).await? {
                Keyed::Free(take) => ground.key = Some(take),
                Keyed::Existing(id) => return self.existing(id).await,
            }
        }
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
            rerun_of: rerun.map(|rerun| rerun.of.clone()),
            callbacks: ground
                .compiled
                .callbacks
                .iter()
                .map(|callback| callback.on.clone())
                .collect(),
        };
        let loaded = Loaded {
            stream: StreamId::new(id.stream()),
            workspace: Some(ground.workflow.workspace.0),
            version: StreamVersion(0),
            aggregate: Execution::default(),
            origin: None,
            last_event: None,
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
            calls: Vec::new(),
            context: follow_up(context),
            tenure: 0,
            draining: false,
            signal: DriverSignal::default(),
        };
        if ground.compiled.approves_runs {
            return self.hold(&live, context, &ground, run, request, now).await;
        }
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
    pub(super) async fn begin(
        &self,
        live: &mut LiveRun,
        context: &Context,
        ground: &Ground<'_>,
        run: Run,
        request: Option<Request>,
        now: Instant,
    ) -> Result<Recorded, ApplicationError> {
        let configuration = &ground.environment.configuration;
        let deadline = now.plus_milliseconds(i64::from(configuration.timeout) * 1000);
        let id = run.id.clone();
        let plan = live.planner(&ground.environment).proceed(0, now);
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
        unit.follow(&live.loaded);
        if live.loaded.version.0 == 0 {
            ground.rely(&mut unit, &id)?;
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
            owe_first(&mut unit, &live.loaded, &events, now);
        }
        let place = (environment, ground.workflow.workspace.0);
        unit.work(self.work_after(&live.loaded.aggregate, &id, place, &events));
        let version = StreamVersion(live.loaded.version.0 + events.len() as u64);
        let recorded = unit.commit(id.0, version).await?;
        if !recorded.repeated {
            live.loaded.last_event = recorded.last_event;
            live.fold(&events);
            live.keep_calls(plan.calls);
            live.tenure = live.loaded.aggregate.tenure;
        }
        Ok(recorded)
    }

    async fn accepted(&self, mut live: LiveRun, recorded: &Recorded) -> Result<Started, ApplicationError> {
        if recorded.repeated {
            return Ok(self.repeated(recorded));
        }
        let id = live.id().clone();
        let ended = self.registry.wait(&id);
        live.signal = self.registry.drive(&id, live.tenure);
        if let Some(end) = live.ending(recorded.position) {
            self.finished(&live, &end);
        } else {
            self.hand_over(live).await?;
        }
        Ok(Started {
            id,
            position: recorded.position,
            state: "Running",
            repeated: false,
            ended,
        })
    }
}

/// Code of the refusal when an environment has no free place.
pub(super) const NO_PLACE: &str = "limit-reached";

/// Checks what a start brings; the input parameters as JSON.
pub(crate) fn check_input(input: &StartInput) -> Result<Arc<str>, ApplicationError> {
    if !input.input.is_object() {
        return Err(Refusal::field("/inputParameters", "a JSON object is expected").into());
    }
    if let Some(key) = &input.key {
        key.check()?;
    }
    if let Some(context) = &input.execution_context {
        check_text("/executionContext", context, 500)?;
    }
    let text: Arc<str> = input.input.to_string().into();
    if text.len() > MAXIMUM_INPUT_BYTES {
        let detail = format!("at most {MAXIMUM_INPUT_BYTES} bytes of JSON");
        return Err(Refusal::field("/inputParameters", detail).into());
    }
    Ok(text)
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
