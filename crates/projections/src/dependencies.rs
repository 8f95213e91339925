//! Which other streams an event's rows depend on.
//!
//! The runner asks when events are parked: an event whose rows need a parked stream's rows waits behind it. An entity that
//! another one refers to exists before it and is never deleted for good, so only creations and references count; and what
//! deletes rows for good depends on all that makes them.

use wfm_domain::{
    api_endpoint::ApiEndpointEvent,
    approval::ApprovalEvent,
    environment::EnvironmentEvent,
    event::Event,
    ids::{ExecutionId, WorkflowId},
    project::ProjectEvent,
    retention::RunMonthEvent,
    user::AccessEvent,
    workflow::WorkflowEvent,
    workspace::WorkspaceEvent,
};

/// The streams, besides its own, whose rows the event's rows refer to.
#[must_use]
pub fn dependencies(event: &Event) -> Vec<String> {
    match event {
        Event::Execution(event) => vec![event.run().workflow_id.stream()],
        Event::Workflow(event) => workflow(event),
        // An account depends on nothing; a key's row refers to its owner by number only.
        Event::User(_) | Event::ApiKey(_) => Vec::new(),
        // They have no rows.
        Event::Callback(_) | Event::Job(_) => Vec::new(),
        Event::Access(AccessEvent::UserLoggedIn(event)) => vec![event.id.stream()],
        Event::Access(AccessEvent::UserLoginFailed(event)) => vec![event.id.stream()],
        Event::Workspace(event) => workspace(event),
        Event::Project(event) => project(event),
        Event::Environment(event) => environment(event),
        Event::ApiEndpoint(event) => endpoint(event),
        // A purge waits for its executions: rows of one that is parked would come back after it.
        Event::RunMonth(RunMonthEvent::ExecutionsPurged(event)) => {
            event.executions.iter().map(ExecutionId::stream).collect()
        }
        Event::RunMonth(RunMonthEvent::RunDataErased(_)) => Vec::new(),
        Event::Approval(event) => approval(event),
        // A schedule's id is its workflow's.
        Event::Schedule(event) => vec![WorkflowId(event.id().0).stream()],
    }
}

fn approval(event: &ApprovalEvent) -> Vec<String> {
    match event {
        ApprovalEvent::ApprovalRequested(event) => vec![event.workflow_id.stream(), event.requested_by.stream()],
        ApprovalEvent::ApprovalGranted(event) => vec![event.granted_by.stream()],
        ApprovalEvent::ApprovalRejected(event) => vec![event.rejected_by.stream()],
        ApprovalEvent::ApprovalCancelled(event) => vec![event.cancelled_by.stream()],
        ApprovalEvent::ApprovalExpired(_) => Vec::new(),
    }
}

fn workflow(event: &WorkflowEvent) -> Vec<String> {
    match event {
        WorkflowEvent::WorkflowCreated(event) => {
            vec![
                event.project_id.stream(),
                event.settings.environment_id.stream(),
                event.created_by.stream(),
            ]
        }
        WorkflowEvent::WorkflowChanged(event) => vec![event.settings.environment_id.stream()],
        WorkflowEvent::StepAdded(event) => vec![event.step.api_endpoint_id.stream()],
        WorkflowEvent::StepChanged(event) => vec![event.step.api_endpoint_id.stream()],
        WorkflowEvent::WorkflowPublished(event) => {
            let endpoints = event.definition.steps.iter().map(|step| step.api_endpoint_id.stream());
            endpoints
                .chain([event.definition.settings.environment_id.stream()])
                .collect()
        }
        WorkflowEvent::StepsReordered(_)
        | WorkflowEvent::StepRemoved(_)
        | WorkflowEvent::DraftDiscarded(_)
        | WorkflowEvent::WorkflowDeactivated(_)
        | WorkflowEvent::WorkflowDeleted(_) => Vec::new(),
    }
}

fn workspace(event: &WorkspaceEvent) -> Vec<String> {
    match event {
        WorkspaceEvent::WorkspaceCreated(event) => vec![event.created_by.stream()],
        WorkspaceEvent::MemberAdded(event) => vec![event.user_id.stream()],
        WorkspaceEvent::WorkspaceChanged(_)
        | WorkspaceEvent::WorkspaceDeactivated(_)
        | WorkspaceEvent::WorkspaceActivated(_)
        | WorkspaceEvent::WorkspaceDeleted(_)
        | WorkspaceEvent::MemberRoleChanged(_)
        | WorkspaceEvent::MemberRemoved(_) => Vec::new(),
    }
}

fn project(event: &ProjectEvent) -> Vec<String> {
    match event {
        ProjectEvent::ProjectCreated(event) => vec![event.workspace_id.stream(), event.created_by.stream()],
        ProjectEvent::ProjectChanged(_)
        | ProjectEvent::ProjectDeactivated(_)
        | ProjectEvent::ProjectActivated(_)
        | ProjectEvent::ProjectDeleted(_) => Vec::new(),
    }
}

fn environment(event: &EnvironmentEvent) -> Vec<String> {
    match event {
        EnvironmentEvent::EnvironmentCreated(event) => vec![event.project_id.stream(), event.created_by.stream()],
        EnvironmentEvent::EnvironmentChanged(_)
        | EnvironmentEvent::EnvironmentDeactivated(_)
        | EnvironmentEvent::EnvironmentActivated(_)
        | EnvironmentEvent::EnvironmentDeleted(_)
        | EnvironmentEvent::VariableSet(_)
        | EnvironmentEvent::VariableRemoved(_) => Vec::new(),
    }
}

fn endpoint(event: &ApiEndpointEvent) -> Vec<String> {
    match event {
        ApiEndpointEvent::ApiEndpointDefined(event) => vec![event.created_by.stream()],
        ApiEndpointEvent::ApiEndpointChanged(_)
        | ApiEndpointEvent::ParameterAdded(_)
        | ApiEndpointEvent::ParameterChanged(_)
        | ApiEndpointEvent::ParameterRemoved(_)
        | ApiEndpointEvent::ApiEndpointDeleted(_) => Vec::new(),
    }
}
