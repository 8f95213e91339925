//! One example of every event type in its newest version, as it stands in the log: sealed.

use serde_json::json;
use wfm_domain::{
    api_endpoint::*,
    api_key::*,
    approval::*,
    callback::*,
    environment::*,
    event::Event,
    ids::*,
    instant::Instant,
    job::*,
    project::*,
    protected::{DataKey, Protected, ProtectedFields as _},
    retention::*,
    role::Role,
    schedule::*,
    user::*,
    workflow::*,
    workspace::*,
};

const SEALED: &str = "MDEyMzQ1Njc4OWFiY2lwaGVydGV4dA==";

pub fn at(text: &str) -> Instant {
    Instant::parse(text).expect("an instant")
}

pub fn now() -> Instant {
    at("2026-11-22T16:29:03.123456Z")
}

fn personal(text: &str) -> Protected {
    Protected::new(DataKey::Person(UserId(1)), text)
}

pub fn of_run(text: &str) -> Protected {
    Protected::new(DataKey::Runs(WorkspaceId(3), "2026-11".into()), text)
}

fn profile() -> Profile {
    Profile {
        first_name: personal("Ada"),
        last_name: personal("Lovelace"),
        email: personal("ada@example.com"),
        phone_number: Some(personal("+44 1")),
        department: Some(personal("Research")),
        job_title: Some(personal("Analyst")),
        manager: Some(personal("Charles")),
        time_zone: "Europe/London".into(),
        profile_picture: Some(personal("https://example.com/ada.png")),
    }
}

fn variables() -> Variables {
    let value = Protected::new(DataKey::Environment(EnvironmentId(7)), "secret");
    let secret = Variable {
        secret: true,
        value: value.clone(),
        updated_at: now(),
    };
    let readable = Variable {
        secret: false,
        value,
        updated_at: now(),
    };
    Variables(
        [("API_KEY".to_owned(), secret), ("API_URL".to_owned(), readable)]
            .into_iter()
            .collect(),
    )
}

fn parameter() -> Parameter {
    Parameter {
        id: ParameterId(20),
        name: "id".into(),
        description: Some("The order".into()),
        parameter_type: ParameterType::Integer,
        is_required: true,
        default_value: Some("1".into()),
        validation_rules: Some(json!({"in": "path", "minimum": 1})),
        created_at: now(),
        updated_at: Some(now()),
    }
}

fn endpoint() -> EndpointSettings {
    EndpointSettings {
        name: "Get order".into(),
        description: Some("One order".into()),
        url: "https://api.example.com/orders/{id}".into(),
        method: "GET".into(),
        endpoint_type: EndpointType::Rest,
        headers: json!({"Accept": "application/json"}).as_object().cloned(),
        authentication_method: Some("Bearer".into()),
        authentication: Some(json!({"token": "{env.API_KEY}"})),
        soap: None,
        limits: Some(json!({"requestsPerSecond": 50, "circuitBreaker": {"failures": 10, "openSeconds": 60}})),
        follow_redirects: Some(2),
        documentation: Some("See the manual".into()),
        is_active: true,
    }
}

fn settings() -> WorkflowSettings {
    WorkflowSettings {
        name: "Ship".into(),
        description: Some("Ships an order".into()),
        environment_id: EnvironmentId(7),
        requires_approval: false,
        tags: Some("orders,daily".into()),
        configuration: Some(json!({"output": {"id": "{steps.reserve.output.id}"}})),
    }
}

fn step() -> Step {
    Step {
        id: StepId(30),
        name: "reserve".into(),
        description: Some("Reserves the goods".into()),
        order: 1,
        api_endpoint_id: ApiEndpointId(9),
        input_mapping: Some(json!({"id": "{input.orderId}"})),
        output_mapping: Some(json!({"id": "{response.body.id}"})),
        error_handling: Some(json!({"retry": {"retryOn": ["timeout", 429], "backoffRate": 2.0}})),
        is_optional: false,
        timeout_seconds: 30,
        retry_count: Some(3),
        retry_delay_seconds: 1,
        condition: Some("input.amount > 0".into()),
        created_at: now(),
        updated_at: Some(now()),
    }
}

fn users() -> Vec<UserEvent> {
    let id = UserId(1);
    vec![
        UserRegistered {
            id,
            profile: profile(),
            email_claim: "ab".repeat(32),
            password_hash: personal("$2b$"),
            role: Role::Developer,
        }
        .into(),
        UserProfileChanged {
            id,
            profile: profile(),
            email_claim: "ab".repeat(32),
        }
        .into(),
        UserRoleChanged {
            id,
            role: Role::Admin,
            previous: Role::Developer,
        }
        .into(),
        UserPasswordChanged {
            id,
            password_hash: personal("$2b$"),
        }
        .into(),
        UserDeactivated { id }.into(),
        UserActivated { id }.into(),
        UserDeleted { id }.into(),
        UserErased { id }.into(),
    ]
}

fn workspaces() -> Vec<WorkspaceEvent> {
    let (id, membership_id, user_id) = (WorkspaceId(3), MembershipId(10), UserId(1));
    vec![
        WorkspaceCreated {
            id,
            name: "Sales".into(),
            description: Some("Sells".into()),
            created_by: user_id,
        }
        .into(),
        WorkspaceChanged {
            id,
            name: "Sales".into(),
            description: None,
        }
        .into(),
        WorkspaceDeactivated { id }.into(),
        WorkspaceActivated { id }.into(),
        WorkspaceDeleted { id }.into(),
        MemberAdded {
            id,
            membership_id,
            user_id,
            role: Role::Admin,
            returning: false,
        }
        .into(),
        MemberRoleChanged {
            id,
            membership_id,
            user_id,
            role: Role::Viewer,
        }
        .into(),
        MemberRemoved {
            id,
            membership_id,
            user_id,
        }
        .into(),
    ]
}

fn projects() -> Vec<ProjectEvent> {
    let (id, workspace_id, created_by) = (ProjectId(5), WorkspaceId(3), UserId(1));
    vec![
        ProjectCreated {
            id,
            workspace_id,
            name: "Orders".into(),
            description: Some("All".into()),
            created_by,
        }
        .into(),
        ProjectChanged {
            id,
            name: "Orders".into(),
            description: None,
        }
        .into(),
        ProjectDeactivated { id }.into(),
        ProjectActivated { id }.into(),
        ProjectDeleted { id, cascade: true }.into(),
    ]
}

fn environments() -> Vec<EnvironmentEvent> {
    let id = EnvironmentId(7);
    vec![
        EnvironmentCreated {
            id,
            workspace_id: WorkspaceId(3),
            project_id: ProjectId(5),
            name: "Production".into(),
            description: Some("Live".into()),
            configuration: EnvironmentConfiguration::default(),
            variables: variables(),
            created_by: UserId(1),
        }
        .into(),
        EnvironmentChanged {
            id,
            name: "Production".into(),
            description: None,
            configuration: EnvironmentConfiguration::default(),
            variables: variables(),
        }
        .into(),
        EnvironmentDeactivated { id }.into(),
        EnvironmentActivated { id }.into(),
        EnvironmentDeleted { id, cascade: false }.into(),
        VariableSet {
            id,
            name: "API_KEY".into(),
            variables: variables(),
        }
        .into(),
        VariableRemoved {
            id,
            name: "DEBUG".into(),
            variables: variables(),
        }
        .into(),
    ]
}

fn endpoints() -> Vec<ApiEndpointEvent> {
    let id = ApiEndpointId(9);
    vec![
        ApiEndpointDefined {
            id,
            workspace_id: Some(WorkspaceId(3)),
            settings: endpoint(),
            parameters: vec![parameter()],
            created_by: UserId(1),
        }
        .into(),
        ApiEndpointChanged {
            id,
            settings: endpoint(),
        }
        .into(),
        ParameterAdded {
            id,
            parameter: parameter(),
        }
        .into(),
        ParameterChanged {
            id,
            parameter: parameter(),
        }
        .into(),
        ParameterRemoved {
            id,
            parameter_id: ParameterId(20),
            name: "id".into(),
        }
        .into(),
        ApiEndpointDeleted { id, cascade: false }.into(),
    ]
}

fn api_keys() -> Vec<ApiKeyEvent> {
    let id = ApiKeyId(4);
    vec![
        ApiKeyIssued {
            id,
            user_id: UserId(1),
            name: "CI".into(),
            token_hash: "cd".repeat(32),
            maximum_role: Some(Role::Developer),
            workspace_id: Some(WorkspaceId(3)),
            expires_at: Some(now()),
        }
        .into(),
        ApiKeyRevoked { id }.into(),
    ]
}

fn workflows() -> Vec<WorkflowEvent> {
    let id = WorkflowId(17);
    let snapshot = EndpointSnapshot {
        id: ApiEndpointId(9),
        version: 2,
        settings: endpoint(),
        parameters: vec![parameter()],
    };
    let definition = Definition {
        settings: settings(),
        steps: vec![step()],
        endpoints: vec![snapshot],
    };
    vec![
        WorkflowCreated {
            id,
            workspace_id: WorkspaceId(3),
            project_id: ProjectId(5),
            settings: settings(),
            created_by: UserId(1),
        }
        .into(),
        WorkflowChanged {
            id,
            settings: settings(),
            in_force: true,
        }
        .into(),
        StepAdded {
            id,
            step: step(),
            in_force: true,
            initial: false,
        }
        .into(),
        StepChanged {
            id,
            step: step(),
            in_force: false,
        }
        .into(),
        StepsReordered {
            id,
            places: vec![StepPlace {
                step_id: StepId(30),
                order: 2,
            }],
            in_force: false,
        }
        .into(),
        StepRemoved {
            id,
            step_id: StepId(30),
            name: "reserve".into(),
            in_force: false,
        }
        .into(),
        WorkflowPublished {
            id,
            version: 2,
            content_hash: content_hash(&definition),
            definition,
            removed_steps: vec![StepId(29)],
            published_by: Some(UserId(1)),
        }
        .into(),
        DraftDiscarded { id }.into(),
        WorkflowDeactivated { id }.into(),
        WorkflowDeleted { id, cascade: false }.into(),
    ]
}

fn run_months() -> [RunMonthEvent; 2] {
    let cutoffs = RetentionPeriods::default().cutoffs(now());
    let second = ExecutionId("0193552c-1c2f-7000-8000-000000000002".into());
    [
        ExecutionsPurged {
            workspace_id: WorkspaceId(3),
            month: "2021-11".into(),
            completed_before: cutoffs.completed_before,
            failed_before: cutoffs.failed_before,
            executions: vec![crate::run_examples::run().id, second],
        }
        .into(),
        RunDataErased {
            workspace_id: WorkspaceId(3),
            month: "2021-11".into(),
        }
        .into(),
    ]
}

fn progress(is_active: bool, events_since_set: u64) -> Progress {
    let tick = at("2026-11-23T08:00:00Z");
    Progress {
        is_active,
        next: is_active.then_some(Due {
            tick,
            run_at: tick.plus_milliseconds(1500),
        }),
        last_run_at: Some(now()),
        runs: vec![crate::run_examples::run().id],
        buffered: None,
        events_since_set,
    }
}

fn callbacks() -> [CallbackEvent; 3] {
    let notice = Notice {
        execution_id: ExecutionId("0193552c-1c2f-7000-8000-000000000001".into()),
        workflow_id: WorkflowId(17),
        ending: 1,
        index: 0,
    };
    [
        CallbackAttemptFailed {
            notice: notice.clone(),
            attempt: 1,
            error_kind: "status".into(),
            status_code: Some(503),
            duration_ms: 4.5,
            next_attempt_at: now(),
        }
        .into(),
        CallbackDelivered {
            notice: notice.clone(),
            attempt: 2,
            status_code: 204,
            duration_ms: 4.5,
        }
        .into(),
        CallbackGivenUp {
            notice,
            attempts: 13,
            reason: GivenUpReason::TimeOver,
            error_kind: Some("connect".into()),
            status_code: None,
        }
        .into(),
    ]
}

fn jobs() -> [JobEvent; 5] {
    let id = JobId(5);
    let progress = JobProgress {
        done: 2,
        succeeded: 1,
        refused: 1,
    };
    let execution = || crate::run_examples::run().id;
    [
        JobStarted {
            id,
            workspace_id: WorkspaceId(3),
            action: JobAction::Pause,
            reason: Some(personal("the warehouse is closed")),
            repeats_in_doubt: false,
            definition: None,
            total: 2,
            created_by: UserId(1),
        }
        .into(),
        JobItemsSelected {
            id,
            executions: vec![execution(), execution()],
        }
        .into(),
        JobItemsDone {
            id,
            results: vec![
                ItemResult {
                    execution_id: execution(),
                    new_execution_id: Some(execution()),
                    refusal: None,
                },
                ItemResult {
                    execution_id: execution(),
                    new_execution_id: None,
                    refusal: Some(ItemRefusal {
                        code: "execution-ended".into(),
                        detail: "the execution has ended".into(),
                    }),
                },
            ],
            progress,
        }
        .into(),
        JobCompleted { id, progress }.into(),
        JobCancelled {
            id,
            cancelled_by: UserId(2),
            progress,
        }
        .into(),
    ]
}

fn approvals() -> [ApprovalEvent; 5] {
    let id = ApprovalId(4);
    [
        ApprovalRequested {
            id,
            workflow_id: WorkflowId(17),
            approval_type: ApprovalType::Execute,
            content_hash: "ab".repeat(32),
            execution_id: Some(crate::run_examples::run().id),
            requested_by: UserId(1),
            reason: Some(personal("the order is large")),
            metadata: Some(json!({"ticket": "CHG-7"})),
            expires_at: at("2026-11-29T16:29:03.123456Z"),
        }
        .into(),
        ApprovalGranted {
            id,
            granted_by: UserId(2),
            comments: Some(personal("looks good")),
        }
        .into(),
        ApprovalRejected {
            id,
            rejected_by: UserId(2),
            comments: Some(personal("not today")),
        }
        .into(),
        ApprovalCancelled {
            id,
            cancelled_by: UserId(1),
            comments: Some(personal("no longer needed")),
        }
        .into(),
        ApprovalExpired { id }.into(),
    ]
}

fn schedules() -> [ScheduleEvent; 7] {
    let id = ScheduleId(17);
    let tick = at("2026-11-22T08:00:00Z");
    [
        ScheduleSet {
            id,
            workflow_id: WorkflowId(17),
            workspace_id: WorkspaceId(3),
            settings: ScheduleSettings {
                cron_expression: "0 9 * * MON-FRI".into(),
                time_zone: "Europe/Berlin".into(),
                start_date: Some(now()),
                end_date: None,
                description: Some("Every working day".into()),
                input_parameters: json!({"amount": 12.50}),
                catch_up: CatchUp {
                    policy: CatchUpPolicy::Last,
                    window_seconds: 3600,
                },
                overlap: Overlap::BufferOne,
                jitter_seconds: 30,
            },
            created_at: now(),
            updated_at: None,
            progress: progress(true, 0),
        }
        .into(),
        SchedulePaused {
            id,
            progress: progress(false, 1),
        }
        .into(),
        ScheduleResumed {
            id,
            progress: progress(true, 2),
        }
        .into(),
        ScheduleFired {
            id,
            tick,
            cause: Cause::CatchUp,
            execution_id: crate::run_examples::run().id,
            cancelled: vec![],
            progress: progress(true, 3),
        }
        .into(),
        ScheduleTickBuffered {
            id,
            tick,
            progress: Progress {
                buffered: Some(tick),
                ..progress(true, 4)
            },
        }
        .into(),
        ScheduleTickSkipped {
            id,
            tick,
            last_tick: at("2026-11-22T09:00:00Z"),
            ticks: 2,
            reason: "missed".into(),
            detail: "no node was there in time".into(),
            progress: progress(true, 5),
        }
        .into(),
        ScheduleRemoved {
            id,
            cascade: true,
            progress: Progress {
                events_since_set: 6,
                ..Progress::default()
            },
        }
        .into(),
    ]
}

/// The examples, every protected value sealed.
pub fn all() -> Vec<Event> {
    let access: [AccessEvent; 2] = [
        UserLoggedIn { id: UserId(1) }.into(),
        UserLoginFailed {
            id: UserId(1),
            reason: "password".into(),
        }
        .into(),
    ];
    let mut events: Vec<Event> = Vec::new();
    events.extend(users().into_iter().map(Event::from));
    events.extend(access.map(Event::from));
    events.extend(workspaces().into_iter().map(Event::from));
    events.extend(projects().into_iter().map(Event::from));
    events.extend(environments().into_iter().map(Event::from));
    events.extend(endpoints().into_iter().map(Event::from));
    events.extend(api_keys().into_iter().map(Event::from));
    events.extend(workflows().into_iter().map(Event::from));
    events.extend(crate::run_examples::executions().into_iter().map(Event::from));
    events.extend(run_months().into_iter().map(Event::from));
    events.extend(approvals().into_iter().map(Event::from));
    events.extend(schedules().into_iter().map(Event::from));
    events.extend(callbacks().into_iter().map(Event::from));
    events.extend(jobs().into_iter().map(Event::from));
    for event in &mut events {
        event.visit_protected(&mut |_, value| value.set_sealed(SEALED));
    }
    events
}
