//! The read-model tables: names and columns as the DDL has them, in its order.
//!
//! Invariant: a test of each adapter compares these definitions with the DDL column by column. The primary key comes first.

use wfm_storage::read_store::{Cell, Column, ColumnIndex, ColumnKind, Table};

macro_rules! loose_parent {
    () => {
        None
    };
    ($parent:ident) => {
        Some(&$parent)
    };
}

macro_rules! tables {
    ($($(#[$doc:meta])* $static:ident $columns:ident rank $rank:literal {
        $($column:ident: $kind:ident $(or NULL without $parent:ident)?),* $(,)?
    })*) => {
        $(
            $(#[$doc])*
            pub static $static: Table = Table {
                name: stringify!($columns),
                columns: &[$(Column {
                    name: stringify!($column),
                    kind: ColumnKind::$kind,
                    loose_parent: loose_parent!($($parent)?),
                }),*],
                rank: $rank,
            };

            #[doc = concat!("Columns of `", stringify!($columns), "`, by place.")]
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            #[allow(missing_docs, reason = "the names are the documented column names")]
            pub enum $columns {
                $($column),*
            }

            impl From<$columns> for ColumnIndex {
                fn from(column: $columns) -> Self {
                    column as Self
                }
            }
        )*

        /// Every table, parents before children.
        pub static ALL: &[&Table] = &[$(&$static),*];
    };
}

tables! {
    /// Accounts.
    USERS Users rank 0 {
        Id: Integer, FirstName: Text, LastName: Text, Email: Text, PasswordHash: Text, PhoneNumber: Text, Role: Integer,
        Department: Text, JobTitle: Text, Manager: Text, TimeZone: Text, ProfilePicture: Text, IsActive: Bit,
        LastLoginAt: Instant, CreatedAt: Instant, UpdatedAt: Instant, DeletedAt: Instant, IsDeleted: Bit,
    }
    /// Containers of projects and members.
    WORKSPACES Workspaces rank 1 {
        Id: Integer, Name: Text, Description: Text, IsActive: Bit, CreatedByUserId: Integer, CreatedAt: Instant,
        UpdatedAt: Instant, DeletedAt: Instant, IsDeleted: Bit,
    }
    /// Members of workspaces.
    USER_WORKSPACES UserWorkspaces rank 2 {
        Id: Integer, UserId: Integer, WorkspaceId: Integer, Role: Integer, JoinedAt: Instant, IsActive: Bit,
    }
    /// Projects.
    PROJECTS Projects rank 2 {
        Id: Integer, Name: Text, Description: Text, WorkspaceId: Integer, IsActive: Bit, CreatedByUserId: Integer,
        CreatedAt: Instant, UpdatedAt: Instant, DeletedAt: Instant, IsDeleted: Bit,
    }
    /// Environments.
    ENVIRONMENTS Environments rank 3 {
        Id: Integer, Name: Text, Description: Text, ProjectId: Integer, Configuration: Text, Variables: Text,
        IsActive: Bit, CreatedByUserId: Integer, CreatedAt: Instant, UpdatedAt: Instant, DeletedAt: Instant,
        IsDeleted: Bit,
    }
    /// Endpoints that steps call.
    API_ENDPOINTS ApiEndpoints rank 1 {
        Id: Integer, Name: Text, Description: Text, Url: Text, Method: Text, Type: Integer, Headers: Text,
        AuthenticationMethod: Text, Documentation: Text, IsActive: Bit, CreatedByUserId: Integer, CreatedAt: Instant,
        UpdatedAt: Instant, DeletedAt: Instant, IsDeleted: Bit,
    }
    /// Parameters of endpoints.
    API_PARAMETERS ApiParameters rank 2 {
        Id: Integer, ApiEndpointId: Integer, Name: Text, Description: Text, Type: Integer, IsRequired: Bit,
        DefaultValue: Text, ValidationRules: Text, CreatedAt: Instant, UpdatedAt: Instant,
    }
    /// Workflows: the version in force, or the draft before the first publish.
    WORKFLOWS Workflows rank 4 {
        Id: Integer, Name: Text, Description: Text, ProjectId: Integer, EnvironmentId: Integer, Status: Integer,
        Version: Integer, RequiresApproval: Bit, Tags: Text, Configuration: Text, CreatedByUserId: Integer,
        CreatedAt: Instant, UpdatedAt: Instant, DeletedAt: Instant, IsDeleted: Bit,
    }
    /// Steps of the version in force.
    WORKFLOW_STEPS WorkflowSteps rank 5 {
        Id: Integer, WorkflowId: Integer, Name: Text, Description: Text, Order: Integer, ApiEndpointId: Integer,
        InputMapping: Text, OutputMapping: Text, ErrorHandling: Text, IsOptional: Bit, TimeoutSeconds: Integer,
        RetryCount: Integer, RetryDelaySeconds: Integer, Condition: Text, CreatedAt: Instant, UpdatedAt: Instant,
    }
    /// Runs.
    WORKFLOW_EXECUTIONS WorkflowExecutions rank 5 {
        Id: Text, WorkflowId: Integer, Status: Integer, ExecutedAt: Instant, CompletedAt: Instant, InputParameters: Text,
        OutputParameters: Text, ErrorMessage: Text, ExecutionContext: Text,
    }
    /// What happened in runs, for people.
    EXECUTION_LOGS ExecutionLogs rank 6 {
        Id: Integer, ExecutionId: Text, StepId: Integer or NULL without WORKFLOW_STEPS, LogLevel: Text, Message: Text,
        Details: Text, CreatedAt: Instant,
    }
    /// Schedules of workflows.
    WORKFLOW_SCHEDULES WorkflowSchedules rank 5 {
        Id: Integer, WorkflowId: Integer, CronExpression: Text, TimeZone: Text, StartDate: Instant, EndDate: Instant,
        Description: Text, IsActive: Bit, NextRunTime: Instant, LastRunTime: Instant, CreatedAt: Instant,
        UpdatedAt: Instant,
    }
    /// Approvals.
    WORKFLOW_APPROVALS WorkflowApprovals rank 5 {
        Id: Integer, WorkflowId: Integer, RequestedByUserId: Integer, ApproverUserId: Integer, Status: Integer,
        ApprovalType: Text, RequestReason: Text, ApprovalComments: Text, RequestedAt: Instant, ApprovedAt: Instant,
        Metadata: Text,
    }
    /// Measurements of runs.
    WORKFLOW_METRICS WorkflowMetrics rank 5 {
        Id: Integer, WorkflowId: Integer, MetricName: Text, MetricValue: Real, Metadata: Text, RecordedAt: Instant,
    }
    /// What the documented table of runs cannot say.
    EXECUTION_STATES ExecutionStates rank 7 {
        ExecutionId: Text, WorkspaceId: Integer, EnvironmentId: Integer, WorkflowVersion: Integer, State: Text,
        RetryCount: Integer, DurationMs: Real, DueAt: Instant, StreamVersion: Integer,
    }
    /// Attempts of steps. The id is `execution/index/attempt`, numbers in four digits.
    STEP_RUNS StepRuns rank 7 {
        Id: Text, ExecutionId: Text, StepId: Integer, StepName: Text, StepIndex: Integer, Attempt: Integer, Status: Text,
        StartedAt: Instant, CompletedAt: Instant, DurationMs: Real, StatusCode: Integer, ErrorKind: Text,
        ErrorMessage: Text, Output: Text,
    }
    /// Published versions. The id is `workflow/version`, the version in six digits.
    WORKFLOW_VERSIONS WorkflowVersions rank 7 {
        Id: Text, WorkflowId: Integer, Version: Integer, ContentHash: Text, Definition: Text, PublishedAt: Instant,
        PublishedBy: Integer,
    }
    /// Owning workspace of endpoints, and what of their definition the documented table has no column for.
    API_ENDPOINT_SCOPES ApiEndpointScopes rank 7 {
        ApiEndpointId: Integer, WorkspaceId: Integer, Authentication: Text, Soap: Text, Limits: Text,
        FollowRedirects: Integer,
    }
    /// Variables of environments as the API shows them.
    ENVIRONMENT_VARIABLES EnvironmentVariables rank 7 {
        EnvironmentId: Integer, Variables: Text,
    }
    /// What the documented table of schedules cannot say.
    SCHEDULE_STATES ScheduleStates rank 7 {
        WorkflowId: Integer, CatchUp: Text, Overlap: Text, JitterSeconds: Integer, InputParameters: Text,
        BufferedTick: Instant, LastTick: Instant, LastOutcome: Text, LastExecutionId: Text,
    }
    /// API keys.
    API_KEYS ApiKeys rank 7 {
        Id: Integer, UserId: Integer, Name: Text, TokenHash: Text, MaximumRole: Integer, WorkspaceId: Integer,
        ExpiresAt: Instant, CreatedAt: Instant, RevokedAt: Instant,
    }
    /// Logins and refusals.
    ACCESS_LOG AccessLog rank 7 {
        Id: Integer, UserId: Integer, Outcome: Text, Reason: Text, OccurredAt: Instant,
    }
    /// Stream versions of the entities: their ETags.
    ROW_VERSIONS RowVersions rank 7 {
        Stream: Text, Version: Integer, LastPosition: Integer,
    }
}

/// The keys of one run's rows of [`STEP_RUNS`]: from the first, inclusive, to the second, exclusive. They need no index of
/// their own.
#[must_use]
pub fn step_run_keys(execution: &str) -> [Cell; 2] {
    // `0` follows `/`.
    [format!("{execution}/").into(), format!("{execution}0").into()]
}
