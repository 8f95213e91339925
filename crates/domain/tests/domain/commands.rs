//! Makes commands from small numbers, so that random sequences meet the same few names, ids and roles again and again.

use serde_json::{Value, json};
use wfm_domain::{
    api_endpoint::*, api_key::*, environment::*, facts::*, ids::*, instant::Instant, project::*, retention::*,
    role::Role, user::*, workflow::*, workspace::*,
};

/// The choices from which one command is made: which one, and three small numbers for its content.
pub type Choices = (u8, i64, i64, bool);

fn at(minutes: i64) -> Instant {
    Instant::parse("2026-11-22T16:00:00Z")
        .expect("an instant")
        .plus_milliseconds(minutes * 60_000)
}

fn role(number: i64) -> Role {
    Role::ALL[usize::try_from(number).expect("small")]
}

fn name(number: i64) -> String {
    ["Alpha", "beta", "", "ALPHA"][usize::try_from(number).expect("small")].to_owned()
}

fn text(number: i64) -> Option<Option<String>> {
    match number {
        0 => None,
        1 => Some(None),
        _ => Some(Some(format!("text {number}"))),
    }
}

fn active_user(number: i64) -> UserFact {
    UserFact {
        id: UserId(number),
        standing: if number == 3 {
            Standing::Inactive
        } else {
            Standing::Active
        },
    }
}

fn workspace() -> WorkspaceFact {
    WorkspaceFact {
        id: WorkspaceId(3),
        standing: Standing::Active,
    }
}

fn project() -> ProjectFact {
    ProjectFact {
        id: ProjectId(5),
        workspace: workspace(),
        standing: Standing::Active,
    }
}

fn environment(number: i64) -> EnvironmentFact {
    EnvironmentFact {
        id: EnvironmentId(7 + number % 2),
        project_id: ProjectId(5),
        standing: Standing::Active,
        retries: u32::try_from(number).expect("small"),
    }
}

pub fn user_command((which, a, b, flag): Choices) -> UserCommand {
    let granter = Granter::user(UserId(b), role(a));
    match which {
        0..=3 => RegisterUser {
            id: UserId(1),
            first_name: name(a),
            last_name: "Last".into(),
            email: format!("user{b}@example.com"),
            email_claim: format!("claim-{b}"),
            password_hash: "hash".into(),
            role: flag.then(|| role(a).into()),
            phone_number: text(b).flatten(),
            department: None,
            job_title: None,
            manager: text(a).flatten(),
            time_zone: None,
            profile_picture: None,
            granter: Granter::system(),
        }
        .into(),
        4 | 5 => ChangeProfile {
            first_name: flag.then(|| name(a)),
            email: Some(format!("user{b}@example.com")),
            email_claim: Some(format!("claim-{b}")),
            department: text(a),
            ..ChangeProfile::default()
        }
        .into(),
        6 => ChangeUserRole {
            role: role(b).into(),
            granter,
        }
        .into(),
        7 => ChangePassword {
            password_hash: format!("hash-{a}"),
        }
        .into(),
        8 => DeactivateUser.into(),
        9 => ActivateUser.into(),
        10 => {
            if flag && a == 0 {
                DeleteUser.into()
            } else {
                ActivateUser.into()
            }
        }
        _ => {
            if flag && a == 0 {
                EraseUser.into()
            } else {
                DeactivateUser.into()
            }
        }
    }
}

pub fn workspace_command((which, a, b, flag): Choices) -> WorkspaceCommand {
    let granter = Granter::user(UserId(b), role(if flag { 0 } else { a }));
    match which {
        0..=3 => CreateWorkspace {
            id: WorkspaceId(3),
            name: name(a),
            description: text(b).flatten(),
            membership_id: MembershipId(10),
            created_by: active_user(b),
        }
        .into(),
        4 => ChangeWorkspace {
            name: flag.then(|| name(a)),
            description: text(b),
        }
        .into(),
        5..=7 => SetMember {
            user: active_user(a),
            role: Some(role(b).into()),
            membership_id: MembershipId(20 + a),
            granter,
        }
        .into(),
        8 | 9 => RemoveMember {
            user_id: UserId(a),
            granter,
        }
        .into(),
        10 => {
            if flag {
                ActivateWorkspace.into()
            } else {
                DeactivateWorkspace.into()
            }
        }
        _ => {
            if flag && a == 0 {
                DeleteWorkspace.into()
            } else {
                ActivateWorkspace.into()
            }
        }
    }
}

pub fn project_command((which, a, b, flag): Choices) -> ProjectCommand {
    match which {
        0..=4 => CreateProject {
            id: ProjectId(5),
            workspace: workspace(),
            name: name(a),
            description: text(b).flatten(),
            created_by: active_user(b),
        }
        .into(),
        5..=7 => ChangeProject {
            name: flag.then(|| name(a)),
            description: text(b),
        }
        .into(),
        8 => DeactivateProject.into(),
        9 | 10 => ActivateProject.into(),
        _ => {
            if a == 0 {
                DeleteProject {
                    cascade: flag,
                    active_workflows: 0,
                }
                .into()
            } else {
                ActivateProject.into()
            }
        }
    }
}

pub fn environment_command((which, a, b, flag): Choices) -> EnvironmentCommand {
    let variables = json!({"A": format!("secret {a}"), "B": {"value": b, "secret": flag}});
    match which {
        0..=3 => CreateEnvironment {
            id: EnvironmentId(7),
            project: project(),
            name: name(a),
            description: text(b).flatten(),
            configuration: flag.then(|| json!({"retries": a})),
            variables: Some(variables),
            created_by: active_user(b),
            now: at(a),
        }
        .into(),
        4 | 5 => ChangeEnvironment {
            name: flag.then(|| name(a)),
            description: text(b),
            configuration: (a == 1).then(|| Some(json!({"timeout": b}))),
            variables: (a == 2).then_some(Some(variables)),
            now: at(b),
        }
        .into(),
        6 | 7 => SetVariable {
            name: name(a),
            value: json!({"value": b, "secret": flag}),
            now: at(b),
        }
        .into(),
        8 => RemoveVariable { name: name(a) }.into(),
        9 => DeactivateEnvironment.into(),
        10 => ActivateEnvironment.into(),
        _ => {
            if a == 0 {
                DeleteEnvironment { cascade: flag }.into()
            } else {
                ActivateEnvironment.into()
            }
        }
    }
}

pub fn endpoint_command((which, a, b, flag): Choices) -> ApiEndpointCommand {
    let parameter = |number: i64| ParameterInput {
        name: format!("p{number}"),
        is_required: Some(flag),
        default_value: Some(json!(b)),
        parameter_type: Some(ParameterType::Integer.into()),
        ..ParameterInput::default()
    };
    match which {
        0..=3 => DefineApiEndpoint {
            id: ApiEndpointId(9),
            workspace: flag.then(workspace),
            name: name(a),
            description: text(b).flatten(),
            url: "https://example.com/{p0}".into(),
            method: "GET".into(),
            endpoint_type: None,
            headers: Some(json!({"Accept": "*/*"})),
            authentication_method: None,
            authentication: None,
            soap: None,
            limits: None,
            follow_redirects: None,
            documentation: None,
            is_active: Some(flag),
            parameters: (0..b).map(parameter).collect(),
            parameter_ids: (0..b).map(ParameterId).collect(),
            created_by: active_user(b),
            now: at(a),
        }
        .into(),
        4 | 5 => ChangeApiEndpoint {
            name: flag.then(|| name(a)),
            documentation: text(b),
            parameters: (a == 1).then(|| (0..b).rev().map(parameter).collect()),
            parameter_ids: (0..b).map(|id| ParameterId(100 + id)).collect(),
            ..ChangeApiEndpoint::at(at(b))
        }
        .into(),
        6 | 7 => AddParameter {
            id: ParameterId(200 + a * 4 + b),
            parameter: parameter(a),
            now: at(a),
        }
        .into(),
        8 | 9 => ChangeParameter {
            parameter_id: ParameterId(a),
            name: flag.then(|| format!("p{b}")),
            description: text(b),
            parameter_type: None,
            is_required: Some(flag),
            default_value: None,
            validation_rules: (b == 2).then(|| Some(json!({"in": "query"}))),
            now: at(b),
        }
        .into(),
        10 => RemoveParameter {
            parameter_id: ParameterId(a),
        }
        .into(),
        _ => DeleteApiEndpoint { cascade: flag }.into(),
    }
}

pub fn api_key_command((which, a, b, flag): Choices) -> ApiKeyCommand {
    match which {
        0..=8 => IssueApiKey {
            id: ApiKeyId(4),
            owner: active_user(b),
            name: name(a),
            token_hash: "00".repeat(32),
            maximum_role: flag.then(|| role(a).into()),
            workspace: flag.then(workspace),
            expires_at: flag.then(|| at(b + 1)),
            now: at(0),
        }
        .into(),
        _ => RevokeApiKey.into(),
    }
}

fn endpoints() -> EndpointFacts {
    let fact = |id| {
        (
            ApiEndpointId(id),
            EndpointFact {
                id: ApiEndpointId(id),
                workspace_id: None,
                standing: Standing::Active,
            },
        )
    };
    [fact(9), fact(10)].into_iter().collect()
}

fn snapshot(id: i64) -> EndpointSnapshot {
    let settings = EndpointSettings {
        name: "Call".into(),
        description: None,
        url: "https://example.com".into(),
        method: "GET".into(),
        endpoint_type: EndpointType::Rest,
        headers: None,
        authentication_method: None,
        authentication: None,
        soap: None,
        limits: None,
        follow_redirects: None,
        documentation: None,
        is_active: true,
    };
    EndpointSnapshot {
        id: ApiEndpointId(id),
        version: 1,
        settings,
        parameters: vec![],
    }
}

fn step(number: i64, flag: bool) -> StepInput {
    StepInput {
        name: format!("step {number}"),
        api_endpoint_id: Some(ApiEndpointId(9 + number % 2)),
        input_mapping: flag.then(|| json!({"id": "{input.id}"})),
        retry_count: flag.then_some(number),
        is_optional: Some(flag),
        ..StepInput::default()
    }
}

/// A step id that the draft knows, mostly.
fn known_step(state: &Workflow, number: i64) -> StepId {
    let index = usize::try_from(number).expect("small");
    state.steps.get(index).map_or(StepId(number), |step| step.id)
}

pub fn workflow_command((which, a, b, flag): Choices, state: &Workflow, fresh: StepId) -> WorkflowCommand {
    let ids = (0..4).map(|offset| StepId(fresh.0 + offset)).collect::<Vec<_>>();
    match which {
        0..=2 => CreateWorkflow {
            id: WorkflowId(17),
            project: project(),
            environment: environment(a),
            name: name(a),
            description: text(b).flatten(),
            tags: Some(json!(["x", "y"])),
            requires_approval: Some(flag && a == 1),
            configuration: flag.then(|| json!({"output": b})),
            steps: (0..b).map(|number| step(number, flag)).collect(),
            step_ids: ids,
            endpoints: endpoints(),
            created_by: active_user(b),
            now: at(a),
        }
        .into(),
        3 => ChangeWorkflow {
            name: flag.then(|| name(a)),
            environment: Some(environment(b)),
            requires_approval: Some(false),
            tags: (a == 2).then_some(None),
            configuration: (a == 1).then_some(Some(Value::Null)),
            ..ChangeWorkflow::at(at(b))
        }
        .into(),
        4 => ChangeWorkflow {
            steps: Some((a..a + b).rev().map(|number| step(number, flag)).collect()),
            step_ids: ids,
            endpoints: endpoints(),
            ..ChangeWorkflow::at(at(b))
        }
        .into(),
        5 => AddStep {
            id: fresh,
            step: step(a, flag),
            endpoints: endpoints(),
            now: at(b),
        }
        .into(),
        6 => ChangeStep {
            description: text(b),
            order: flag.then_some(a * 3),
            retry_count: (b == 1).then_some(None),
            endpoints: endpoints(),
            ..ChangeStep::of(known_step(state, a), at(b))
        }
        .into(),
        7 => RemoveStep {
            step_id: known_step(state, a),
        }
        .into(),
        8 => {
            let mut steps: Vec<_> = state.steps.iter().map(|step| step.id).collect();
            let places = usize::try_from(a).expect("small") % steps.len().max(1);
            steps.rotate_left(places);
            ReorderSteps::in_sequence(&steps).into()
        }
        9 | 10 => PublishWorkflow {
            project: project(),
            environment: environment(b),
            endpoints: endpoints(),
            snapshots: [9, 10].map(snapshot).to_vec(),
            problems: vec![],
            approved: vec![],
            published_by: flag.then_some(UserId(1)),
        }
        .into(),
        _ => match a {
            0 | 1 => DiscardDraft.into(),
            2 => DeactivateWorkflow.into(),
            _ => {
                if flag && b == 0 {
                    DeleteWorkflow { cascade: flag }.into()
                } else {
                    DeactivateWorkflow.into()
                }
            }
        },
    }
}

/// Commands of one month, whose runs ended in every way.
pub fn run_month_command((which, a, b, _): Choices) -> RunMonthCommand {
    use wfm_domain::execution::Outcome;
    let id = RunMonthId {
        workspace_id: WorkspaceId(3),
        month: "2024-10".to_owned(),
    };
    if which % 3 == 0 {
        return EraseRunData { id }.into();
    }
    let outcomes = [Outcome::Completed, Outcome::Failed, Outcome::Cancelled];
    let run = |number: i64| EndedRun {
        id: ExecutionId(format!("run-{number}")),
        outcome: outcomes[usize::try_from(number % 3).expect("small")],
        began: Instant::parse("2024-10-31T23:59:00Z")
            .expect("an instant")
            .plus_milliseconds(a * 30_000),
    };
    PurgeExecutions {
        id,
        cutoffs: RetentionPeriods::default().cutoffs(at(0)),
        runs: (0..b).map(run).collect(),
    }
    .into()
}
