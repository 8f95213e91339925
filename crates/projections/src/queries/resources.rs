//! Every resource that can be read, with the struct of its rows; those of runs stand in [`super::run_resources`].
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

pub use super::run_resources::*;

/// `UserRole`.
pub const ROLES: &[&str] = &["Admin", "ProjectManager", "Developer", "Viewer"];
/// `ApiEndpointType`.
pub const ENDPOINT_TYPES: &[&str] = &["REST", "SOAP"];
/// `ParameterType`.
pub const PARAMETER_TYPES: &[&str] = &["String", "Integer", "Boolean", "Decimal", "DateTime", "Object", "Array"];
/// `WorkflowStatus`.
pub const WORKFLOW_STATUSES: &[&str] = &["Draft", "Published", "Inactive"];
/// `AccessLog.Outcome`.
pub const LOGIN_OUTCOMES: &[&str] = &["LoggedIn", "LoginFailed"];

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
        outcome: String = "outcome" Text "r.Outcome" [filter] as LOGIN_OUTCOMES,
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

/// Key of a published version.
#[must_use]
pub fn version_key(workflow: i64, version: i64) -> String {
    format!("{workflow}/{version:06}")
}
