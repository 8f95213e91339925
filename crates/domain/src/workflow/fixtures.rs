//! Workflows for tests.

use serde_json::json;

use super::*;
use crate::{
    api_endpoint::{EndpointSettings, EndpointType},
    facts::{EndpointFact, EndpointFacts, Standing},
    given::{environment, now, project, user},
    ids::{ApiEndpointId, StepId, UserId, WorkflowId, WorkspaceId},
};

/// Endpoint 9 of workspace 3, endpoint 10 shared.
pub fn endpoints() -> EndpointFacts {
    let fact = |id, workspace_id| {
        (
            ApiEndpointId(id),
            EndpointFact {
                id: ApiEndpointId(id),
                workspace_id,
                standing: Standing::Active,
            },
        )
    };
    [fact(9, Some(WorkspaceId(3))), fact(10, None)].into_iter().collect()
}

pub fn snapshot(id: i64, version: u64) -> EndpointSnapshot {
    let settings = EndpointSettings {
        name: "Get order".into(),
        description: None,
        url: "https://api.example.com".into(),
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
        version,
        settings,
        parameters: vec![],
    }
}

pub fn step(name: &str) -> StepInput {
    StepInput {
        name: name.into(),
        api_endpoint_id: Some(ApiEndpointId(9)),
        ..StepInput::default()
    }
}

pub fn create() -> CreateWorkflow {
    CreateWorkflow {
        id: WorkflowId(17),
        project: project(Standing::Active),
        environment: environment(Standing::Active),
        name: "Ship".into(),
        description: None,
        tags: Some(json!(["orders", "daily"])),
        requires_approval: None,
        configuration: Some(json!({"output": {"id": "{steps.reserve.output.id}"}})),
        steps: vec![
            step("reserve"),
            StepInput {
                retry_count: Some(1),
                ..step("send")
            },
        ],
        step_ids: vec![StepId(30), StepId(31)],
        endpoints: endpoints(),
        created_by: user(1),
        now: now(),
    }
}

/// The history of workflow 17 of project 5 in environment 7: a draft with the steps 30 (`reserve`) and 31 (`send`).
pub fn created() -> Vec<WorkflowEvent> {
    create().decide(&Workflow::default()).unwrap()
}

pub fn publish() -> PublishWorkflow {
    PublishWorkflow {
        project: project(Standing::Active),
        environment: environment(Standing::Active),
        endpoints: endpoints(),
        snapshots: vec![snapshot(10, 1), snapshot(9, 2)],
        problems: vec![],
        approved: vec![],
        published_by: Some(UserId(1)),
    }
}

/// [`created`], then published as Version 1.
pub fn published() -> Vec<WorkflowEvent> {
    let mut events = created();
    let state = crate::given::fold::<Workflow>(&events);
    events.extend(publish().decide(&state).unwrap());
    events
}
