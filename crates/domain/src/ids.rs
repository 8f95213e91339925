//! Identifiers of the documented entities: a newtype each, so that no call mixes two of them up.
//!
//! Integer identifiers are allotted from the log's sequences before a decision and travel in the creation event;
//! executions carry a UUIDv7 in text, as the documented `NVARCHAR(50)` key asks.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! integer_ids {
    ($($(#[$doc:meta])* $name:ident => $stream:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl $name {
            /// Prefix of the stream of this kind of entity; also the name of the sequence its ids come from.
            pub const KIND: &'static str = $stream;

            /// The stream that holds this entity's history, for example `workflow-17`.
            #[must_use]
            pub fn stream(self) -> String {
                format!(concat!($stream, "-{}"), self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }
    )*};
}

integer_ids! {
    /// `Users.Id`.
    UserId => "user";
    /// `Workspaces.Id`.
    WorkspaceId => "workspace";
    /// `UserWorkspaces.Id`.
    MembershipId => "membership";
    /// `Projects.Id`.
    ProjectId => "project";
    /// `Environments.Id`.
    EnvironmentId => "environment";
    /// `ApiEndpoints.Id`.
    ApiEndpointId => "api-endpoint";
    /// `ApiParameters.Id`.
    ParameterId => "api-parameter";
    /// `Workflows.Id`.
    WorkflowId => "workflow";
    /// `WorkflowSteps.Id`.
    StepId => "workflow-step";
    /// `WorkflowSchedules.Id`: that of the workflow, which has at most one schedule.
    ScheduleId => "schedule";
    /// `WorkflowApprovals.Id`.
    ApprovalId => "approval";
    /// Id of an API key.
    ApiKeyId => "api-key";
    /// Id of a job over many executions.
    JobId => "job";
}

/// `WorkflowExecutions.Id`: a UUIDv7 in its 36-character lower-case form.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExecutionId(pub String);

impl ExecutionId {
    /// Prefix of an execution's stream.
    pub const KIND: &'static str = "execution";

    /// The stream that holds this run's saga, for example `execution-0193…`.
    #[must_use]
    pub fn stream(&self) -> String {
        format!("execution-{}", self.0)
    }

    /// The run whose stream has this name, if it is a run's.
    #[must_use]
    pub fn of_stream(stream: &str) -> Option<Self> {
        Some(Self(stream.strip_prefix("execution-")?.to_owned()))
    }
}

impl fmt::Display for ExecutionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
