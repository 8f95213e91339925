//! Every resource that can be read, with the struct of its rows.
//!
//! An entry names the SQL of each field and, in brackets, what may be done with it: `filter`, `sort` (never NULL) or
//! `sort_null` (NULL first). `binary` says that SQL Server's column has a binary collation. Secrets and password hashes are
//! in no entry. JSON columns stay text. SQLite keeps the order of a CROSS JOIN: runs are walked in the order of the list and
//! the walk ends when the page is full.

use wfm_storage::read_store::{Cell, ColumnKind};

use super::{
    cells::{DecodeError, FromCell},
    list::{Listed, Range, Resource, ResourceColumn, Sorting},
    scope::Scope,
};
use crate::tables::step_run_keys;

/// `UserRole`.
pub const ROLES: &[&str] = &["Admin", "ProjectManager", "Developer", "Viewer"];
/// `ApiEndpointType`.
pub const ENDPOINT_TYPES: &[&str] = &["REST", "SOAP"];
/// `ParameterType`.
pub const PARAMETER_TYPES: &[&str] = &["String", "Integer", "Boolean", "Decimal", "DateTime", "Object", "Array"];
/// `WorkflowStatus`.
pub const WORKFLOW_STATUSES: &[&str] = &["Draft", "Published", "Inactive"];
/// `ExecutionStatus`.
pub const EXECUTION_STATUSES: &[&str] = &["Running", "Completed", "Failed", "Cancelled"];

/// No enum.
const PLAIN: &[&str] = &[];

resources! {
    /// An account.
    struct UserRow = "users" from "Users r LEFT JOIN RowVersions v ON v.Stream = CONCAT('user-', r.Id)"
        where "r.IsDeleted = 0" scope Scope::Unscoped, sorted "id" {
        /// Key.
        id: i64 = "id" Integer "r.Id" [filter sort],
        /// First name.
        first_name: String = "firstName" Text "r.FirstName" [filter sort],
        /// Last name.
        last_name: String = "lastName" Text "r.LastName" [filter sort],
        /// Normalised address.
        email: String = "email" Text "r.Email" [filter sort binary],
        /// Phone number.
        phone_number: Option<String> = "phoneNumber" Text "r.PhoneNumber" [],
        /// Global role.
        role: i64 = "role" Integer "r.Role" [filter sort] as ROLES,
        /// Department.
        department: Option<String> = "department" Text "r.Department" [filter sort_null],
        /// Job title.
        job_title: Option<String> = "jobTitle" Text "r.JobTitle" [filter sort_null],
        /// Manager.
        manager: Option<String> = "manager" Text "r.Manager" [filter sort_null],
        /// IANA name.
        time_zone: String = "timeZone" Text "r.TimeZone" [filter sort],
        /// URL.
        profile_picture: Option<String> = "profilePicture" Text "r.ProfilePicture" [],
        /// Whether the user may act.
        is_active: bool = "isActive" Bit "r.IsActive" [filter sort],
        /// Last login.
        last_login_at: Option<String> = "lastLoginAt" Instant "r.LastLoginAt" [sort_null],
        /// Creation.
        created_at: String = "createdAt" Instant "r.CreatedAt" [sort],
        /// Last change.
        updated_at: Option<String> = "updatedAt" Instant "r.UpdatedAt" [sort_null],
        /// Version of its stream.
        version: Option<i64> = "version" Integer "v.Version" [],
    }

    /// A workspace.
    struct WorkspaceRow = "workspaces" from "Workspaces r LEFT JOIN RowVersions v ON v.Stream = CONCAT('workspace-', r.Id)"
        where "r.IsDeleted = 0" scope Scope::Workspace("r.Id"), sorted "id" {
        /// Key.
        id: i64 = "id" Integer "r.Id" [filter sort],
        /// Name.
        name: String = "name" Text "r.Name" [filter sort],
        /// Description.
        description: Option<String> = "description" Text "r.Description" [],
        /// Whether it is in use.
        is_active: bool = "isActive" Bit "r.IsActive" [filter sort],
        /// Who created it.
        created_by_user_id: i64 = "createdByUserId" Integer "r.CreatedByUserId" [filter sort],
        /// Creation.
        created_at: String = "createdAt" Instant "r.CreatedAt" [sort],
        /// Last change.
        updated_at: Option<String> = "updatedAt" Instant "r.UpdatedAt" [sort_null],
        /// Version of its stream.
        version: Option<i64> = "version" Integer "v.Version" [],
    }

    /// A member of a workspace.
    struct MemberRow = "members" from "UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId"
        where "r.IsActive = 1" scope Scope::Workspace("r.WorkspaceId"), sorted "id" {
        /// Key.
        id: i64 = "id" Integer "r.Id" [filter sort],
        /// The user.
        user_id: i64 = "userId" Integer "r.UserId" [filter sort],
        /// The workspace.
        workspace_id: i64 = "workspaceId" Integer "r.WorkspaceId" [filter sort],
        /// Role within the workspace.
        role: i64 = "role" Integer "r.Role" [filter sort] as ROLES,
        /// Since when.
        joined_at: String = "joinedAt" Instant "r.JoinedAt" [sort],
        /// First name of the user.
        first_name: String = "firstName" Text "u.FirstName" [filter sort],
        /// Last name of the user.
        last_name: String = "lastName" Text "u.LastName" [filter sort],
        /// Address of the user.
        email: String = "email" Text "u.Email" [filter sort binary],
    }

    /// A project.
    struct ProjectRow = "projects" from "Projects r LEFT JOIN RowVersions v ON v.Stream = CONCAT('project-', r.Id)"
        where "r.IsDeleted = 0" scope Scope::Workspace("r.WorkspaceId"), sorted "id" {
        /// Key.
        id: i64 = "id" Integer "r.Id" [filter sort],
        /// Name.
        name: String = "name" Text "r.Name" [filter sort],
        /// Description.
        description: Option<String> = "description" Text "r.Description" [],
        /// Its workspace.
        workspace_id: i64 = "workspaceId" Integer "r.WorkspaceId" [filter sort],
        /// Whether it is in use.
        is_active: bool = "isActive" Bit "r.IsActive" [filter sort],
        /// Who created it.
        created_by_user_id: i64 = "createdByUserId" Integer "r.CreatedByUserId" [filter sort],
        /// Creation.
        created_at: String = "createdAt" Instant "r.CreatedAt" [sort],
        /// Last change.
        updated_at: Option<String> = "updatedAt" Instant "r.UpdatedAt" [sort_null],
        /// Version of its stream.
        version: Option<i64> = "version" Integer "v.Version" [],
    }

    /// An environment. `variables` is what may be shown: secrets without their values.
    struct EnvironmentRow = "environments" from "Environments r INNER JOIN Projects p ON p.Id = r.ProjectId \
        LEFT JOIN EnvironmentVariables ev ON ev.EnvironmentId = r.Id \
        LEFT JOIN RowVersions v ON v.Stream = CONCAT('environment-', r.Id)"
        where "r.IsDeleted = 0" scope Scope::Workspace("p.WorkspaceId"), sorted "id" {
        /// Key.
        id: i64 = "id" Integer "r.Id" [filter sort],
        /// Name.
        name: String = "name" Text "r.Name" [filter sort],
        /// Description.
        description: Option<String> = "description" Text "r.Description" [],
        /// Its project.
        project_id: i64 = "projectId" Integer "r.ProjectId" [filter sort],
        /// Its project's workspace.
        workspace_id: i64 = "workspaceId" Integer "p.WorkspaceId" [filter sort],
        /// JSON settings.
        configuration: Option<String> = "configuration" Text "r.Configuration" [],
        /// JSON: name to `secret`, `updatedAt` and, unless secret, `value`.
        variables: Option<String> = "variables" Text "ev.Variables" [],
        /// Whether runs may start in it.
        is_active: bool = "isActive" Bit "r.IsActive" [filter sort],
        /// Who created it.
        created_by_user_id: i64 = "createdByUserId" Integer "r.CreatedByUserId" [filter sort],
        /// Creation.
        created_at: String = "createdAt" Instant "r.CreatedAt" [sort],
        /// Last change.
        updated_at: Option<String> = "updatedAt" Instant "r.UpdatedAt" [sort_null],
        /// Version of its stream.
        version: Option<i64> = "version" Integer "v.Version" [],
    }

    /// An endpoint; without a workspace it is shared.
    struct ApiEndpointRow = "api endpoints" from "ApiEndpoints r LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.Id \
        LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-endpoint-', r.Id)"
        where "r.IsDeleted = 0" scope Scope::WorkspaceOrShared("s.WorkspaceId"), sorted "id" {
        /// Key.
        id: i64 = "id" Integer "r.Id" [filter sort],
        /// Name.
        name: String = "name" Text "r.Name" [filter sort],
        /// Description.
        description: Option<String> = "description" Text "r.Description" [],
        /// Template.
        url: String = "url" Text "r.Url" [filter sort],
        /// HTTP method.
        method: String = "method" Text "r.Method" [filter sort],
        /// REST or SOAP.
        endpoint_type: i64 = "type" Integer "r.Type" [filter sort] as ENDPOINT_TYPES,
        /// JSON headers.
        headers: Option<String> = "headers" Text "r.Headers" [],
        /// Method of authentication.
        authentication_method: Option<String> = "authenticationMethod" Text "r.AuthenticationMethod" [filter sort_null],
        /// JSON settings of the method.
        authentication: Option<String> = "authentication" Text "s.Authentication" [],
        /// JSON settings of SOAP calls.
        soap: Option<String> = "soap" Text "s.Soap" [],
        /// JSON limits of calls.
        limits: Option<String> = "limits" Text "s.Limits" [],
        /// How many redirects a call follows.
        follow_redirects: Option<i64> = "followRedirects" Integer "s.FollowRedirects" [],
        /// Free text.
        documentation: Option<String> = "documentation" Text "r.Documentation" [],
        /// Owning workspace.
        workspace_id: Option<i64> = "workspaceId" Integer "s.WorkspaceId" [filter],
        /// Whether steps may use it.
        is_active: bool = "isActive" Bit "r.IsActive" [filter sort],
        /// Who created it.
        created_by_user_id: i64 = "createdByUserId" Integer "r.CreatedByUserId" [filter sort],
        /// Creation.
        created_at: String = "createdAt" Instant "r.CreatedAt" [sort],
        /// Last change.
        updated_at: Option<String> = "updatedAt" Instant "r.UpdatedAt" [sort_null],
        /// Version of its stream.
        version: Option<i64> = "version" Integer "v.Version" [],
    }

    /// A parameter of an endpoint.
    struct ApiParameterRow = "api parameters" from "ApiParameters r INNER JOIN ApiEndpoints e ON e.Id = r.ApiEndpointId \
        LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.ApiEndpointId"
        where "e.IsDeleted = 0" scope Scope::WorkspaceOrShared("s.WorkspaceId"), sorted "id" {
        /// Key.
        id: i64 = "id" Integer "r.Id" [filter sort],
        /// Its endpoint.
        api_endpoint_id: i64 = "apiEndpointId" Integer "r.ApiEndpointId" [filter sort],
        /// Name.
        name: String = "name" Text "r.Name" [filter sort],
        /// Description.
        description: Option<String> = "description" Text "r.Description" [],
        /// Type of its value.
        parameter_type: i64 = "type" Integer "r.Type" [filter sort] as PARAMETER_TYPES,
        /// Whether a call without a value fails.
        is_required: bool = "isRequired" Bit "r.IsRequired" [filter sort],
        /// Text of the default.
        default_value: Option<String> = "defaultValue" Text "r.DefaultValue" [],
        /// JSON rules.
        validation_rules: Option<String> = "validationRules" Text "r.ValidationRules" [],
        /// Creation.
        created_at: String = "createdAt" Instant "r.CreatedAt" [sort],
        /// Last change.
        updated_at: Option<String> = "updatedAt" Instant "r.UpdatedAt" [sort_null],
    }

    /// A workflow: the version in force, or the draft before the first publish.
    struct WorkflowRow = "workflows" from "Workflows r INNER JOIN Projects p ON p.Id = r.ProjectId \
        LEFT JOIN RowVersions v ON v.Stream = CONCAT('workflow-', r.Id)"
        where "r.IsDeleted = 0" scope Scope::Workspace("p.WorkspaceId"), sorted "id" {
        /// Key.
        id: i64 = "id" Integer "r.Id" [filter sort],
        /// Name.
        name: String = "name" Text "r.Name" [filter sort],
        /// Description.
        description: Option<String> = "description" Text "r.Description" [],
        /// Its project.
        project_id: i64 = "projectId" Integer "r.ProjectId" [filter sort],
        /// Its project's workspace.
        workspace_id: i64 = "workspaceId" Integer "p.WorkspaceId" [filter sort],
        /// Environment of its runs.
        environment_id: i64 = "environmentId" Integer "r.EnvironmentId" [filter sort],
        /// Draft, Published or Inactive.
        status: i64 = "status" Integer "r.Status" [filter sort] as WORKFLOW_STATUSES,
        /// Version in force (1 before the first publish).
        workflow_version: i64 = "workflowVersion" Integer "r.Version" [filter sort],
        /// Whether publishing needs an approval.
        requires_approval: bool = "requiresApproval" Bit "r.RequiresApproval" [filter sort],
        /// Tags as written.
        tags: Option<String> = "tags" Text "r.Tags" [filter],
        /// JSON settings.
        configuration: Option<String> = "configuration" Text "r.Configuration" [],
        /// Who created it.
        created_by_user_id: i64 = "createdByUserId" Integer "r.CreatedByUserId" [filter sort],
        /// Creation.
        created_at: String = "createdAt" Instant "r.CreatedAt" [sort],
        /// Last change.
        updated_at: Option<String> = "updatedAt" Instant "r.UpdatedAt" [sort_null],
        /// Version of its stream.
        version: Option<i64> = "version" Integer "v.Version" [],
    }

    /// A step of the version in force.
    struct WorkflowStepRow = "workflow steps" from "WorkflowSteps r INNER JOIN Workflows w ON w.Id = r.WorkflowId \
        INNER JOIN Projects p ON p.Id = w.ProjectId"
        where "w.IsDeleted = 0" scope Scope::Workspace("p.WorkspaceId"), sorted "order" {
        /// Key.
        id: i64 = "id" Integer "r.Id" [filter sort],
        /// Its workflow.
        workflow_id: i64 = "workflowId" Integer "r.WorkflowId" [filter sort],
        /// Name.
        name: String = "name" Text "r.Name" [filter sort],
        /// Description.
        description: Option<String> = "description" Text "r.Description" [],
        /// Place.
        order: i64 = "order" Integer "r.[Order]" [filter sort],
        /// What it calls.
        api_endpoint_id: i64 = "apiEndpointId" Integer "r.ApiEndpointId" [filter sort],
        /// JSON template.
        input_mapping: Option<String> = "inputMapping" Text "r.InputMapping" [],
        /// JSON template.
        output_mapping: Option<String> = "outputMapping" Text "r.OutputMapping" [],
        /// JSON refinements.
        error_handling: Option<String> = "errorHandling" Text "r.ErrorHandling" [],
        /// Whether the run goes on when it fails.
        is_optional: bool = "isOptional" Bit "r.IsOptional" [filter sort],
        /// Seconds an attempt may take.
        timeout_seconds: i64 = "timeoutSeconds" Integer "r.TimeoutSeconds" [filter sort],
        /// Attempts after the first.
        retry_count: i64 = "retryCount" Integer "r.RetryCount" [filter sort],
        /// Seconds before the first retry.
        retry_delay_seconds: i64 = "retryDelaySeconds" Integer "r.RetryDelaySeconds" [filter sort],
        /// CEL.
        condition: Option<String> = "condition" Text "r.Condition" [],
        /// Creation.
        created_at: String = "createdAt" Instant "r.CreatedAt" [sort],
        /// Last change.
        updated_at: Option<String> = "updatedAt" Instant "r.UpdatedAt" [sort_null],
    }

    /// A published version, with its definition.
    struct WorkflowVersionRow = "workflow versions" from "WorkflowVersions r INNER JOIN Workflows w ON w.Id = r.WorkflowId \
        INNER JOIN Projects p ON p.Id = w.ProjectId"
        where "w.IsDeleted = 0" scope Scope::Workspace("p.WorkspaceId"), sorted "-version" {
        /// Key: `workflow/version`, the version in six digits.
        id: String = "id" Text "r.Id" [filter sort binary],
        /// Its workflow.
        workflow_id: i64 = "workflowId" Integer "r.WorkflowId" [filter sort],
        /// Number.
        version: i64 = "version" Integer "r.Version" [filter sort],
        /// SHA-256 (hex) of the definition.
        content_hash: String = "contentHash" Text "r.ContentHash" [filter binary],
        /// JSON: settings, steps and endpoints.
        definition: String = "definition" Text "r.Definition" [],
        /// When it was published.
        published_at: String = "publishedAt" Instant "r.PublishedAt" [sort],
        /// Who published it.
        published_by: Option<i64> = "publishedBy" Integer "r.PublishedBy" [filter],
    }

    /// A run.
    struct ExecutionRow = "executions" from "WorkflowExecutions r CROSS JOIN ExecutionStates s"
        where "s.ExecutionId = r.Id" scope Scope::Workspace("s.WorkspaceId"), sorted "-executedAt" {
        /// Key: UUIDv7.
        id: String = "id" Text "r.Id" [filter sort binary],
        /// Its workflow.
        workflow_id: i64 = "workflowId" Integer "r.WorkflowId" [filter sort],
        /// Running, Completed, Failed or Cancelled.
        status: i64 = "status" Integer "r.Status" [filter sort] as EXECUTION_STATUSES,
        /// Queued, Running, Retrying, or the status it ended in.
        state: String = "state" Text "s.State" [filter sort],
        /// When it began or was queued.
        executed_at: String = "executedAt" Instant "r.ExecutedAt" [filter sort],
        /// When it ended.
        completed_at: Option<String> = "completedAt" Instant "r.CompletedAt" [sort_null],
        /// JSON input.
        input_parameters: Option<String> = "inputParameters" Text "r.InputParameters" [],
        /// JSON output.
        output_parameters: Option<String> = "outputParameters" Text "r.OutputParameters" [],
        /// What went wrong.
        error_message: Option<String> = "errorMessage" Text "r.ErrorMessage" [],
        /// The caller's business key.
        execution_context: Option<String> = "executionContext" Text "r.ExecutionContext" [filter sort_null],
        /// Its workflow's workspace.
        workspace_id: i64 = "workspaceId" Integer "s.WorkspaceId" [filter sort],
        /// Its environment.
        environment_id: i64 = "environmentId" Integer "s.EnvironmentId" [filter sort],
        /// The version it is pinned to.
        workflow_version: i64 = "workflowVersion" Integer "s.WorkflowVersion" [filter sort],
        /// Attempts after the first, over all steps; known when it ended.
        retry_count: i64 = "retryCount" Integer "s.RetryCount" [filter sort],
        /// Milliseconds from start to end.
        duration_ms: Option<f64> = "durationMs" Real "s.DurationMs" [],
        /// When the next attempt is due.
        due_at: Option<String> = "dueAt" Instant "s.DueAt" [sort_null],
        /// Version of its stream.
        version: i64 = "version" Integer "s.StreamVersion" [],
    }
    ranges {
        "executedFrom" Instant "r.ExecutedAt >=",
        "executedTo" Instant "r.ExecutedAt <",
    }

    /// An attempt of a step, or a skipped step. List those of one run with [`of_execution`].
    struct StepRunRow = "step runs" from "StepRuns r CROSS JOIN ExecutionStates s"
        where "s.ExecutionId = r.ExecutionId" scope Scope::Workspace("s.WorkspaceId"), sorted "id" {
        /// Key: sorts as the run went.
        id: String = "id" Text "r.Id" [filter sort binary],
        /// The run.
        execution_id: String = "executionId" Text "r.ExecutionId" [binary],
        /// The step.
        step_id: i64 = "stepId" Integer "r.StepId" [filter],
        /// Name of the step in the pinned version.
        step_name: String = "stepName" Text "r.StepName" [filter],
        /// Place in the pinned version, from 0.
        step_index: i64 = "stepIndex" Integer "r.StepIndex" [],
        /// 1 for the first attempt; 0 when skipped.
        attempt: i64 = "attempt" Integer "r.Attempt" [],
        /// Running, Succeeded, Failed, Skipped, InDoubt; Cancelled when the run ended before the attempt did.
        status: String = "status" Text
            "CASE WHEN r.Status = 'Running' AND s.State IN ('Completed', 'Failed', 'Cancelled') THEN 'Cancelled' ELSE r.Status END"
            [filter],
        /// When the attempt began.
        started_at: Option<String> = "startedAt" Instant "r.StartedAt" [],
        /// When it ended.
        completed_at: Option<String> = "completedAt" Instant "r.CompletedAt" [],
        /// Milliseconds it took.
        duration_ms: Option<f64> = "durationMs" Real "r.DurationMs" [],
        /// HTTP status of the answer.
        status_code: Option<i64> = "statusCode" Integer "r.StatusCode" [],
        /// Kind of the failure.
        error_kind: Option<String> = "errorKind" Text "r.ErrorKind" [],
        /// What went wrong.
        error_message: Option<String> = "errorMessage" Text "r.ErrorMessage" [],
        /// JSON output.
        output: Option<String> = "output" Text "r.Output" [],
    }
    ranges {
        "idFrom" Text "r.Id >=",
        "idTo" Text "r.Id <",
    }

    /// A log row.
    struct ExecutionLogRow = "execution logs" from "ExecutionLogs r CROSS JOIN ExecutionStates s"
        where "s.ExecutionId = r.ExecutionId" scope Scope::Workspace("s.WorkspaceId"), sorted "id" {
        /// Key: sorts by time.
        id: i64 = "id" Integer "r.Id" [filter sort],
        /// The run.
        execution_id: String = "executionId" Text "r.ExecutionId" [filter binary],
        /// The step, while the table of steps has it.
        step_id: Option<i64> = "stepId" Integer "r.StepId" [filter],
        /// Info, Warning, Error or Debug.
        log_level: String = "logLevel" Text "r.LogLevel" [filter],
        /// For people.
        message: String = "message" Text "r.Message" [],
        /// JSON facts.
        details: Option<String> = "details" Text "r.Details" [],
        /// When it happened.
        created_at: String = "createdAt" Instant "r.CreatedAt" [sort],
    }

    /// A measurement.
    struct WorkflowMetricRow = "workflow metrics" from "WorkflowMetrics r INNER JOIN Workflows w ON w.Id = r.WorkflowId \
        INNER JOIN Projects p ON p.Id = w.ProjectId"
        where "" scope Scope::Workspace("p.WorkspaceId"), sorted "-recordedAt" {
        /// Key: sorts by time.
        id: i64 = "id" Integer "r.Id" [filter sort],
        /// The workflow.
        workflow_id: i64 = "workflowId" Integer "r.WorkflowId" [filter],
        /// DurationMs, RetryCount or StepDurationMs.
        metric_name: String = "metricName" Text "r.MetricName" [filter],
        /// The value.
        metric_value: f64 = "metricValue" Real "r.MetricValue" [],
        /// JSON facts.
        metadata: Option<String> = "metadata" Text "r.Metadata" [],
        /// When it was measured.
        recorded_at: String = "recordedAt" Instant "r.RecordedAt" [sort],
    }
    ranges {
        "recordedFrom" Instant "r.RecordedAt >=",
        "recordedTo" Instant "r.RecordedAt <",
    }

    /// A workflow's schedule.
    struct ScheduleRow = "schedules" from "WorkflowSchedules r INNER JOIN ScheduleStates s ON s.WorkflowId = r.WorkflowId \
        INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId \
        LEFT JOIN RowVersions v ON v.Stream = CONCAT('schedule-', r.WorkflowId)"
        where "w.IsDeleted = 0" scope Scope::Workspace("p.WorkspaceId"), sorted "id" {
        /// Key: that of its workflow.
        id: i64 = "id" Integer "r.Id" [filter sort],
        /// Its workflow.
        workflow_id: i64 = "workflowId" Integer "r.WorkflowId" [filter sort],
        /// The workflow's workspace.
        workspace_id: i64 = "workspaceId" Integer "p.WorkspaceId" [filter sort],
        /// When it fires.
        cron_expression: String = "cronExpression" Text "r.CronExpression" [filter],
        /// IANA zone in which the expression is read.
        time_zone: String = "timeZone" Text "r.TimeZone" [filter],
        /// No tick before.
        start_date: Option<String> = "startDate" Instant "r.StartDate" [sort_null],
        /// No tick after.
        end_date: Option<String> = "endDate" Instant "r.EndDate" [sort_null],
        /// For people.
        description: Option<String> = "description" Text "r.Description" [],
        /// Whether its ticks start runs.
        is_active: bool = "isActive" Bit "r.IsActive" [filter sort],
        /// When the next run starts.
        next_run_time: Option<String> = "nextRunTime" Instant "r.NextRunTime" [sort_null],
        /// When a run last started.
        last_run_time: Option<String> = "lastRunTime" Instant "r.LastRunTime" [sort_null],
        /// JSON: policy and window.
        catch_up: String = "catchUp" Text "s.CatchUp" [],
        /// Skip, BufferOne, AllowAll or CancelOther.
        overlap: String = "overlap" Text "s.Overlap" [filter],
        /// Longest delay of a run after its tick.
        jitter_seconds: i64 = "jitterSeconds" Integer "s.JitterSeconds" [filter],
        /// JSON input of its runs.
        input_parameters: String = "inputParameters" Text "s.InputParameters" [],
        /// A tick that waits for the run before it.
        buffered_tick: Option<String> = "bufferedTick" Instant "s.BufferedTick" [],
        /// The last tick that was dealt with.
        last_tick: Option<String> = "lastTick" Instant "s.LastTick" [],
        /// What became of it: Tick, CatchUp, Buffered or Trigger when it fired, else why it did not.
        last_outcome: Option<String> = "lastOutcome" Text "s.LastOutcome" [filter],
        /// The run that it last started.
        last_execution_id: Option<String> = "lastExecutionId" Text "s.LastExecutionId" [filter binary],
        /// Creation.
        created_at: String = "createdAt" Instant "r.CreatedAt" [sort],
        /// Last change.
        updated_at: Option<String> = "updatedAt" Instant "r.UpdatedAt" [sort_null],
        /// Version of its stream.
        version: Option<i64> = "version" Integer "v.Version" [],
    }

    /// An API key without its hash.
    struct ApiKeyRow = "api keys" from "ApiKeys r LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-key-', r.Id)"
        where "" scope Scope::Unscoped, sorted "id" {
        /// Key.
        id: i64 = "id" Integer "r.Id" [filter sort],
        /// Its owner.
        user_id: i64 = "userId" Integer "r.UserId" [filter sort],
        /// What it is for.
        name: String = "name" Text "r.Name" [filter sort],
        /// No right above this role.
        maximum_role: Option<i64> = "maxRole" Integer "r.MaximumRole" [filter] as ROLES,
        /// Nothing outside this workspace.
        workspace_id: Option<i64> = "workspaceId" Integer "r.WorkspaceId" [filter],
        /// Not valid from this instant on.
        expires_at: Option<String> = "expiresAt" Instant "r.ExpiresAt" [sort_null],
        /// Creation.
        created_at: String = "createdAt" Instant "r.CreatedAt" [sort],
        /// When it was revoked.
        revoked_at: Option<String> = "revokedAt" Instant "r.RevokedAt" [sort_null],
        /// Version of its stream.
        version: Option<i64> = "version" Integer "v.Version" [],
    }

    /// A login or a refused one.
    struct AccessLogRow = "access log" from "AccessLog r" where "" scope Scope::Unscoped, sorted "-id" {
        /// Key: sorts by time.
        id: i64 = "id" Integer "r.Id" [filter sort],
        /// The user.
        user_id: i64 = "userId" Integer "r.UserId" [filter],
        /// LoggedIn or LoginFailed.
        outcome: String = "outcome" Text "r.Outcome" [filter],
        /// Why it was refused.
        reason: Option<String> = "reason" Text "r.Reason" [filter],
        /// When.
        occurred_at: String = "occurredAt" Instant "r.OccurredAt" [sort],
    }
    ranges {
        "occurredFrom" Instant "r.OccurredAt >=",
        "occurredTo" Instant "r.OccurredAt <",
    }

    /// A row of `vw_ActiveWorkflows`.
    struct ActiveWorkflowRow = "active workflows" from "vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id \
        INNER JOIN Projects p ON p.Id = w.ProjectId"
        where "" scope Scope::Workspace("p.WorkspaceId"), sorted "id" {
        /// Key.
        id: i64 = "id" Integer "r.Id" [filter sort],
        /// Name.
        name: String = "name" Text "r.Name" [filter sort],
        /// Description.
        description: Option<String> = "description" Text "r.Description" [],
        /// Draft, Published or Inactive.
        status: i64 = "status" Integer "r.Status" [filter sort] as WORKFLOW_STATUSES,
        /// Version in force.
        version: i64 = "version" Integer "r.Version" [filter sort],
        /// Name of its project.
        project_name: String = "projectName" Text "r.ProjectName" [filter sort],
        /// Name of its environment.
        environment_name: String = "environmentName" Text "r.EnvironmentName" [filter sort],
        /// Name of its workspace.
        workspace_name: String = "workspaceName" Text "r.WorkspaceName" [filter sort],
        /// First and last name of its creator.
        created_by: String = "createdBy" Text "r.CreatedBy" [filter sort],
        /// Creation.
        created_at: String = "createdAt" Instant "r.CreatedAt" [sort],
        /// Last change.
        updated_at: Option<String> = "updatedAt" Instant "r.UpdatedAt" [sort_null],
    }

    /// A row of `vw_WorkflowExecutionSummary`.
    struct WorkflowExecutionSummaryRow = "workflow execution summary" from "vw_WorkflowExecutionSummary r \
        INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId"
        where "" scope Scope::Workspace("p.WorkspaceId"), sorted "workflowId" {
        /// Key.
        workflow_id: i64 = "workflowId" Integer "r.WorkflowId" [filter sort],
        /// Name.
        workflow_name: String = "workflowName" Text "r.WorkflowName" [filter sort],
        /// Runs ever.
        total_executions: i64 = "totalExecutions" Integer "r.TotalExecutions" [sort],
        /// Those that completed.
        successful_executions: i64 = "successfulExecutions" Integer "r.SuccessfulExecutions" [sort],
        /// Those that failed.
        failed_executions: i64 = "failedExecutions" Integer "r.FailedExecutions" [sort],
        /// Percent; `None` without runs.
        success_rate: Option<f64> = "successRate" Real "r.SuccessRate" [],
        /// When the last one began.
        last_execution_at: Option<String> = "lastExecutionAt" Instant "r.LastExecutionAt" [sort_null],
    }
}

/// The filters that leave one run's rows of [`StepRunRow`], which its key serves without an index of its own.
#[must_use]
pub fn of_execution(execution: &str) -> [(String, Cell); 2] {
    let [from, to] = step_run_keys(execution);
    [("idFrom".to_owned(), from), ("idTo".to_owned(), to)]
}

/// Key of a published version.
#[must_use]
pub fn version_key(workflow: i64, version: i64) -> String {
    format!("{workflow}/{version:06}")
}
