//! Random histories that the aggregates could have written: every reference is to something that exists.

use std::{collections::HashMap, fmt::Write as _, sync::Arc};

use uuid::Uuid;
use wfm_domain::{
    api_endpoint::{
        ApiEndpointChanged, ApiEndpointDefined, ApiEndpointEvent, EndpointSettings, EndpointType, Parameter,
        ParameterAdded, ParameterRemoved, ParameterType,
    },
    environment::{EnvironmentConfiguration, EnvironmentCreated, EnvironmentEvent, Variable, VariableSet, Variables},
    event::Event,
    execution::{
        Ending, ExecutionCompleted, ExecutionEvent, ExecutionFailed, ExecutionQueued, ExecutionStarted,
        FailureConsequence, Request, Run, StepAttempt, StepFailed, StepRetryScheduled, StepStarted, StepSucceeded,
    },
    ids::{
        ApiEndpointId, EnvironmentId, ExecutionId, MembershipId, ParameterId, ProjectId, StepId, UserId, WorkflowId,
        WorkspaceId,
    },
    instant::Instant,
    project::{ProjectChanged, ProjectCreated, ProjectEvent},
    protected::{DataKey, Protected, ProtectedFields},
    role::Role,
    user::{AccessEvent, Profile, UserDeactivated, UserEvent, UserLoggedIn, UserProfileChanged, UserRegistered},
    workflow::{
        Definition, EndpointSnapshot, Step, StepAdded, StepRemoved, WorkflowCreated, WorkflowDeactivated,
        WorkflowDeleted, WorkflowEvent, WorkflowPublished, WorkflowSettings,
    },
    workspace::{MemberAdded, MemberRemoved, WorkspaceCreated, WorkspaceEvent},
};
use wfm_storage::{
    append::{Append, StreamAppend},
    event::{NewEvent, Position, StreamId, StreamVersion},
    log::EventLog,
};

/// A small generator of numbers, so that a failure names its seed and can be repeated.
pub struct Numbers(pub u64);

impl Numbers {
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        if items.is_empty() {
            None
        } else {
            items.get(self.below(items.len()))
        }
    }
}

pub fn instant() -> Instant {
    Instant::parse("2026-11-22T16:29:03.123456Z").unwrap()
}

struct Workflow {
    id: WorkflowId,
    project: ProjectId,
    environment: EnvironmentId,
    workspace: WorkspaceId,
    draft: Vec<Step>,
    shown: Vec<StepId>,
    published: u32,
    deleted: bool,
}

/// What a log holds so far, and how to make more of it.
pub struct History {
    numbers: Numbers,
    versions: HashMap<String, u64>,
    next_id: i64,
    users: Vec<UserId>,
    workspaces: Vec<WorkspaceId>,
    members: Vec<(WorkspaceId, UserId, MembershipId)>,
    projects: Vec<(ProjectId, WorkspaceId)>,
    environments: Vec<(EnvironmentId, ProjectId, WorkspaceId)>,
    endpoints: Vec<(ApiEndpointId, Vec<ParameterId>)>,
    workflows: Vec<Workflow>,
}

/// Events of one stream.
pub type Batch = (String, Vec<Event>);

impl History {
    pub fn new(seed: u64) -> Self {
        Self {
            numbers: Numbers(seed),
            versions: HashMap::new(),
            next_id: 0,
            users: Vec::new(),
            workspaces: Vec::new(),
            members: Vec::new(),
            projects: Vec::new(),
            environments: Vec::new(),
            endpoints: Vec::new(),
            workflows: Vec::new(),
        }
    }

    fn id(&mut self) -> i64 {
        self.next_id += 1;
        self.next_id
    }

    /// Something of everything, so that runs can begin.
    pub fn beginning(&mut self) -> Vec<Batch> {
        let mut batches = vec![self.user(), self.user()];
        batches.extend(self.workspace());
        batches.extend(self.project());
        batches.extend(self.environment());
        batches.extend(self.endpoint());
        batches.extend(self.workflow());
        for _ in 0..3 {
            batches.extend(self.step());
        }
        batches.extend(self.publish());
        batches
    }

    /// What happens next: any change, runs most of all.
    pub fn step_on(&mut self) -> Vec<Batch> {
        let batch = match self.numbers.below(24) {
            0 => Some(self.user()),
            1 => self.user_change(),
            2 => self.workspace(),
            3 => self.member(),
            4 => self.project(),
            5 => self.environment(),
            6 => self.variable(),
            7 => self.endpoint(),
            8 | 9 => self.endpoint_change(),
            10 => self.workflow(),
            11 | 12 => self.step(),
            13 => self.remove_step(),
            14 | 15 => self.publish(),
            16 => self.end_workflow(),
            _ => self.run(),
        };
        batch.into_iter().collect()
    }

    fn user(&mut self) -> Batch {
        let id = UserId(self.id());
        self.users.push(id);
        let event = UserRegistered {
            id,
            profile: profile(id, "first"),
            email_claim: format!("claim-{id}"),
            password_hash: personal(id, "hash"),
            role: Role::Developer,
        };
        (id.stream(), vec![UserEvent::from(event).into()])
    }

    fn user_change(&mut self) -> Option<Batch> {
        let id = *self.numbers.pick(&self.users)?;
        let event: Event = match self.numbers.below(3) {
            0 => {
                return Some((
                    format!("access-{id}"),
                    vec![AccessEvent::from(UserLoggedIn { id }).into()],
                ));
            }
            1 => UserEvent::from(UserDeactivated { id }).into(),
            _ => {
                let profile = profile(id, "changed");
                UserEvent::from(UserProfileChanged {
                    id,
                    profile,
                    email_claim: String::new(),
                })
                .into()
            }
        };
        Some((id.stream(), vec![event]))
    }

    fn workspace(&mut self) -> Option<Batch> {
        let created_by = *self.numbers.pick(&self.users)?;
        let (id, membership_id) = (WorkspaceId(self.id()), MembershipId(self.id()));
        self.workspaces.push(id);
        self.members.push((id, created_by, membership_id));
        let created = WorkspaceCreated {
            id,
            name: format!("workspace {id}"),
            description: None,
            created_by,
        };
        let member = MemberAdded {
            id,
            membership_id,
            user_id: created_by,
            role: Role::Admin,
            returning: false,
        };
        Some((
            id.stream(),
            vec![
                WorkspaceEvent::from(created).into(),
                WorkspaceEvent::from(member).into(),
            ],
        ))
    }

    fn member(&mut self) -> Option<Batch> {
        let (id, user_id, membership_id) = *self.numbers.pick(&self.members)?;
        let removed = MemberRemoved {
            id,
            membership_id,
            user_id,
        };
        let back = MemberAdded {
            id,
            membership_id,
            user_id,
            role: Role::Viewer,
            returning: true,
        };
        Some((
            id.stream(),
            vec![WorkspaceEvent::from(removed).into(), WorkspaceEvent::from(back).into()],
        ))
    }

    fn project(&mut self) -> Option<Batch> {
        let workspace_id = *self.numbers.pick(&self.workspaces)?;
        let created_by = *self.numbers.pick(&self.users)?;
        let id = ProjectId(self.id());
        self.projects.push((id, workspace_id));
        let created = ProjectCreated {
            id,
            workspace_id,
            name: format!("project {id}"),
            description: None,
            created_by,
        };
        let changed = ProjectChanged {
            id,
            name: format!("{id} renamed"),
            description: Some("why".to_owned()),
        };
        Some((
            id.stream(),
            vec![ProjectEvent::from(created).into(), ProjectEvent::from(changed).into()],
        ))
    }

    fn environment(&mut self) -> Option<Batch> {
        let (project_id, workspace_id) = *self.numbers.pick(&self.projects)?;
        let created_by = *self.numbers.pick(&self.users)?;
        let id = EnvironmentId(self.id());
        self.environments.push((id, project_id, workspace_id));
        let created = EnvironmentCreated {
            id,
            workspace_id,
            project_id,
            name: format!("environment {id}"),
            description: None,
            configuration: EnvironmentConfiguration::default(),
            variables: variables(id, "1"),
            created_by,
        };
        Some((id.stream(), vec![EnvironmentEvent::from(created).into()]))
    }

    fn variable(&mut self) -> Option<Batch> {
        let (id, ..) = *self.numbers.pick(&self.environments)?;
        let set = VariableSet {
            id,
            name: "API_URL".to_owned(),
            variables: variables(id, "2"),
        };
        Some((id.stream(), vec![EnvironmentEvent::from(set).into()]))
    }

    fn endpoint(&mut self) -> Option<Batch> {
        let created_by = *self.numbers.pick(&self.users)?;
        let workspace_id = self.numbers.pick(&self.workspaces).copied();
        let (id, parameter) = (ApiEndpointId(self.id()), ParameterId(self.id()));
        self.endpoints.push((id, vec![parameter]));
        let defined = ApiEndpointDefined {
            id,
            workspace_id,
            settings: endpoint_settings(id),
            parameters: vec![a_parameter(parameter)],
            created_by,
        };
        Some((id.stream(), vec![ApiEndpointEvent::from(defined).into()]))
    }

    fn endpoint_change(&mut self) -> Option<Batch> {
        let (parameter, place) = (ParameterId(self.id()), self.numbers.below(1000));
        let count = self.endpoints.len();
        let (id, parameters) = self.endpoints.get_mut(place % count.max(1))?;
        let id = *id;
        let event = match (place % 3, parameters.pop()) {
            (0, Some(gone)) => ApiEndpointEvent::from(ParameterRemoved {
                id,
                parameter_id: gone,
                name: "gone".to_owned(),
            }),
            (1, kept) => {
                parameters.extend(kept);
                parameters.push(parameter);
                ApiEndpointEvent::from(ParameterAdded {
                    id,
                    parameter: a_parameter(parameter),
                })
            }
            (_, kept) => {
                parameters.extend(kept);
                ApiEndpointEvent::from(ApiEndpointChanged {
                    id,
                    settings: endpoint_settings(id),
                })
            }
        };
        Some((id.stream(), vec![event.into()]))
    }

    fn workflow(&mut self) -> Option<Batch> {
        let (environment, project, workspace) = *self.numbers.pick(&self.environments)?;
        let created_by = *self.numbers.pick(&self.users)?;
        let id = WorkflowId(self.id());
        let created = WorkflowCreated {
            id,
            workspace_id: workspace,
            project_id: project,
            settings: workflow_settings(id, environment),
            created_by,
        };
        let (draft, shown, published, deleted) = (Vec::new(), Vec::new(), 0, false);
        self.workflows.push(Workflow {
            id,
            project,
            environment,
            workspace,
            draft,
            shown,
            published,
            deleted,
        });
        Some((id.stream(), vec![WorkflowEvent::from(created).into()]))
    }

    fn pick_workflow(&mut self) -> Option<usize> {
        let alive: Vec<usize> = (0..self.workflows.len())
            .filter(|place| !self.workflows[*place].deleted)
            .collect();
        self.numbers.pick(&alive).copied()
    }

    fn step(&mut self) -> Option<Batch> {
        let api_endpoint_id = self.numbers.pick(&self.endpoints)?.0;
        let (place, id) = (self.pick_workflow()?, StepId(self.id()));
        let workflow = &mut self.workflows[place];
        let step = Step {
            id,
            name: format!("step \"{id}\""),
            description: None,
            order: i32::try_from(workflow.draft.len()).unwrap(),
            api_endpoint_id,
            input_mapping: Some(serde_json::json!({ "id": "{input.id}" })),
            output_mapping: None,
            error_handling: None,
            is_optional: false,
            timeout_seconds: 30,
            retry_count: Some(1),
            retry_delay_seconds: 1,
            condition: None,
            created_at: instant(),
            updated_at: None,
        };
        workflow.draft.push(step.clone());
        let in_force = workflow.published == 0;
        if in_force {
            workflow.shown.push(id);
        }
        let added = StepAdded {
            id: workflow.id,
            step,
            in_force,
            initial: false,
        };
        Some((workflow.id.stream(), vec![WorkflowEvent::from(added).into()]))
    }

    fn remove_step(&mut self) -> Option<Batch> {
        let place = self.pick_workflow()?;
        let workflow = &mut self.workflows[place];
        let step = workflow.draft.pop()?;
        let in_force = workflow.published == 0;
        if in_force {
            workflow.shown.retain(|shown| *shown != step.id);
        }
        let removed = StepRemoved {
            id: workflow.id,
            step_id: step.id,
            name: step.name,
            in_force,
        };
        Some((workflow.id.stream(), vec![WorkflowEvent::from(removed).into()]))
    }

    fn publish(&mut self) -> Option<Batch> {
        let place = self.pick_workflow()?;
        let workflow = &mut self.workflows[place];
        let steps = workflow.draft.clone();
        let now: Vec<StepId> = steps.iter().map(|step| step.id).collect();
        let removed_steps = workflow
            .shown
            .iter()
            .copied()
            .filter(|step| !now.contains(step))
            .collect();
        workflow.shown = now;
        workflow.published += 1;
        let endpoints = steps.iter().map(|step| EndpointSnapshot {
            id: step.api_endpoint_id,
            version: 1,
            settings: endpoint_settings(step.api_endpoint_id),
            parameters: Vec::new(),
        });
        let definition = Definition {
            settings: workflow_settings(workflow.id, workflow.environment),
            endpoints: endpoints.collect(),
            steps,
        };
        let published = WorkflowPublished {
            id: workflow.id,
            version: workflow.published,
            content_hash: "hash".to_owned(),
            definition,
            removed_steps,
            published_by: None,
        };
        Some((workflow.id.stream(), vec![WorkflowEvent::from(published).into()]))
    }

    fn end_workflow(&mut self) -> Option<Batch> {
        let place = self.pick_workflow()?;
        let kind = self.numbers.below(2);
        let workflow = &mut self.workflows[place];
        let id = workflow.id;
        let event = if kind == 0 {
            WorkflowEvent::from(WorkflowDeactivated { id })
        } else {
            workflow.deleted = true;
            WorkflowEvent::from(WorkflowDeleted {
                id,
                cascade: workflow.project.0 % 2 == 0,
            })
        };
        Some((id.stream(), vec![event.into()]))
    }

    /// A whole run of the draft as it is now: its steps may be long gone from the documented table.
    pub fn run(&mut self) -> Option<Batch> {
        let place = self.numbers.below(1000);
        let workflow = self.workflows.get(place % self.workflows.len().max(1))?;
        let id = ExecutionId(Uuid::now_v7().to_string());
        let run = Run {
            id: id.clone(),
            workflow_id: workflow.id,
            logging: !place.is_multiple_of(5),
            metrics: !place.is_multiple_of(3),
        };
        let sealed = |text: &str| Protected::new(DataKey::Runs(workflow.workspace, "2026-11".to_owned()), text);
        let request = Request {
            workspace_id: workflow.workspace,
            environment_id: workflow.environment,
            workflow_version: 1,
            input: sealed(r#"{"id":1}"#),
            execution_context: Some(format!("order-{place}")),
            rerun_of: None,
            callbacks: Vec::new(),
        };
        let mut events: Vec<ExecutionEvent> = Vec::new();
        let queued = place.is_multiple_of(4);
        if queued {
            events.push(
                ExecutionQueued {
                    run: run.clone(),
                    request: request.clone(),
                }
                .into(),
            );
        }
        let request = (!queued).then_some(request);
        let (node, at) = ("node".to_owned(), instant());
        events.push(
            ExecutionStarted {
                run: run.clone(),
                request,
                node,
                started_at: at,
                deadline: at,
            }
            .into(),
        );
        let mut failed = None;
        for (index, step) in (0_u32..).zip(&workflow.draft) {
            let attempt = |attempt| StepAttempt {
                step_id: step.id,
                name: step.name.clone(),
                index,
                attempt,
            };
            let started = |number| StepStarted {
                run: run.clone(),
                step: attempt(number),
                started_at: at,
                request: Some(sealed("{}")),
            };
            let failure = |number, consequence| StepFailed {
                run: run.clone(),
                step: attempt(number),
                error_kind: "status".to_owned(),
                message: sealed("the answer is 503"),
                status_code: Some(503),
                duration_ms: 3.25,
                total_duration_ms: 4.0,
                consequence,
            };
            events.push(started(1).into());
            match (place + usize::try_from(index).unwrap()) % 7 {
                0 => {
                    events.push(failure(1, FailureConsequence::Retry).into());
                    events.push(
                        StepRetryScheduled {
                            run: run.clone(),
                            step: attempt(2),
                            due_at: at,
                        }
                        .into(),
                    );
                    events.push(started(2).into());
                    events.push(failure(2, FailureConsequence::Fail).into());
                    failed = Some(step.id);
                    break;
                }
                1 => events.push(failure(1, FailureConsequence::Continue).into()),
                _ => {
                    let output = sealed(r#"{"ok":true}"#);
                    let (step, status_code) = (attempt(1), Some(200));
                    let (duration_ms, total_duration_ms) = (1.5, 2.0);
                    let run = run.clone();
                    events.push(
                        StepSucceeded {
                            run,
                            step,
                            output,
                            status_code,
                            duration_ms,
                            total_duration_ms,
                        }
                        .into(),
                    );
                }
            }
        }
        let ending = Ending {
            duration_ms: 12.0,
            retry_count: 1,
        };
        // Some runs are still open when the history ends.
        match failed {
            Some(step) => {
                let (message, step_id) = (sealed("a step failed"), Some(step));
                events.push(
                    ExecutionFailed {
                        run,
                        message,
                        step_id,
                        ending,
                        left: Vec::new(),
                    }
                    .into(),
                );
            }
            None if !place.is_multiple_of(6) => {
                events.push(
                    ExecutionCompleted {
                        run,
                        output: sealed("{}"),
                        ending,
                    }
                    .into(),
                );
            }
            None => {}
        }
        Some((id.stream(), events.into_iter().map(Event::from).collect()))
    }

    /// Appends events of one stream; half of the time in two appends.
    pub async fn append(&mut self, log: &dyn EventLog, (stream, events): Batch) -> Position {
        let cut = if self.numbers.below(2) == 0 {
            events.len()
        } else {
            events.len() / 2
        };
        let (first, second) = events.split_at(cut);
        let mut last = Position(0);
        for part in [first, second] {
            if !part.is_empty() {
                let events = part.iter().map(|event| new_event(event.clone())).collect();
                last = self.append_raw(log, &stream, events).await;
            }
        }
        last
    }

    /// Appends events as they are.
    pub async fn append_raw(&mut self, log: &dyn EventLog, stream: &str, events: Vec<NewEvent>) -> Position {
        let version = self.versions.entry(stream.to_owned()).or_default();
        let expected = StreamVersion(*version);
        *version += events.len() as u64;
        let (stream, aggregate) = (StreamId::new(stream), Arc::from("aggregate"));
        let streams = vec![StreamAppend {
            stream,
            aggregate,
            workspace: None,
            expected,
            events,
        }];
        log.append(Append {
            streams,
            ..Append::default()
        })
        .await
        .unwrap()
        .last
    }
}

/// Seals by spelling the text backwards in hexadecimal digits; good enough to see whether it was opened.
pub fn seal(text: &str) -> String {
    text.bytes().rev().fold(String::new(), |mut sealed, byte| {
        write!(sealed, "{byte:02x}").unwrap();
        sealed
    })
}

/// The event as the application hands it to the log.
pub fn new_event(mut event: Event) -> NewEvent {
    event.visit_protected(&mut |_, value| {
        let sealed = seal(value.text().unwrap());
        value.set_sealed(sealed);
    });
    NewEvent {
        id: Uuid::now_v7(),
        event_type: event.name().into(),
        schema_version: event.schema_version(),
        occurred_at: instant().to_string().into(),
        payload: event.payload().unwrap().into(),
        metadata: "{}".into(),
        typed: Some(Arc::new(event)),
    }
}

fn personal(user: UserId, text: &str) -> Protected {
    Protected::new(DataKey::Person(user), text)
}

fn profile(user: UserId, first_name: &str) -> Profile {
    Profile {
        first_name: personal(user, first_name),
        last_name: personal(user, "last"),
        email: personal(user, &format!("user{user}@example.com")),
        phone_number: None,
        department: Some(personal(user, "department")),
        job_title: None,
        manager: None,
        time_zone: "UTC".to_owned(),
        profile_picture: None,
    }
}

fn variables(environment: EnvironmentId, value: &str) -> Variables {
    let variable = |secret| Variable {
        secret,
        value: Protected::new(DataKey::Environment(environment), value),
        updated_at: instant(),
    };
    Variables(
        [
            ("API_KEY".to_owned(), variable(true)),
            ("API_URL".to_owned(), variable(false)),
        ]
        .into(),
    )
}

fn endpoint_settings(id: ApiEndpointId) -> EndpointSettings {
    EndpointSettings {
        name: format!("endpoint {id}"),
        description: None,
        url: "https://example.com".to_owned(),
        method: "POST".to_owned(),
        endpoint_type: EndpointType::Rest,
        headers: None,
        authentication_method: None,
        authentication: None,
        soap: None,
        limits: None,
        follow_redirects: None,
        documentation: None,
        is_active: true,
    }
}

fn a_parameter(id: ParameterId) -> Parameter {
    Parameter {
        id,
        name: format!("parameter{id}"),
        description: None,
        parameter_type: ParameterType::Integer,
        is_required: true,
        default_value: None,
        validation_rules: None,
        created_at: instant(),
        updated_at: None,
    }
}

fn workflow_settings(id: WorkflowId, environment_id: EnvironmentId) -> WorkflowSettings {
    WorkflowSettings {
        name: format!("workflow {id}"),
        description: None,
        environment_id,
        requires_approval: false,
        tags: None,
        configuration: None,
    }
}
