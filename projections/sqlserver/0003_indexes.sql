-- The documented indexes under their documented names; then those that the product's own queries need. IX_Users_Email
-- stands with its table: it is a constraint too.
CREATE INDEX IX_Users_Role ON dbo.Users(Role);
CREATE INDEX IX_Users_IsActive ON dbo.Users(IsActive);
CREATE INDEX IX_Workflows_ProjectId_Status_IsDeleted ON dbo.Workflows(ProjectId, Status, IsDeleted) INCLUDE (Name, Description, CreatedAt);
CREATE INDEX IX_WorkflowExecutions_WorkflowId_ExecutedAt ON dbo.WorkflowExecutions(WorkflowId, ExecutedAt);
CREATE INDEX IX_ExecutionLogs_ExecutionId_CreatedAt ON dbo.ExecutionLogs(ExecutionId, CreatedAt);
CREATE INDEX IX_WorkflowSchedules_IsActive_NextRunTime ON dbo.WorkflowSchedules(IsActive, NextRunTime) INCLUDE (WorkflowId, CronExpression);
CREATE INDEX IX_WorkflowMetrics_WorkflowId_MetricName_RecordedAt ON dbo.WorkflowMetrics(WorkflowId, MetricName, RecordedAt);
CREATE INDEX IX_UserWorkspaces_UserId_IsActive ON dbo.UserWorkspaces(UserId, IsActive);
GO

CREATE INDEX IX_Projects_WorkspaceId ON dbo.Projects(WorkspaceId);
CREATE INDEX IX_Environments_ProjectId ON dbo.Environments(ProjectId);
CREATE INDEX IX_ApiParameters_ApiEndpointId ON dbo.ApiParameters(ApiEndpointId);
CREATE INDEX IX_Workflows_EnvironmentId ON dbo.Workflows(EnvironmentId);
CREATE INDEX IX_WorkflowSteps_WorkflowId ON dbo.WorkflowSteps(WorkflowId);
CREATE INDEX IX_WorkflowSteps_ApiEndpointId ON dbo.WorkflowSteps(ApiEndpointId);
CREATE INDEX IX_WorkflowExecutions_ExecutedAt ON dbo.WorkflowExecutions(ExecutedAt);
CREATE INDEX IX_WorkflowExecutions_ExecutionContext ON dbo.WorkflowExecutions(ExecutionContext) WHERE ExecutionContext IS NOT NULL;
CREATE INDEX IX_ExecutionLogs_StepId ON dbo.ExecutionLogs(StepId) WHERE StepId IS NOT NULL;
CREATE INDEX IX_WorkflowApprovals_WorkflowId ON dbo.WorkflowApprovals(WorkflowId);
CREATE INDEX IX_UserWorkspaces_WorkspaceId ON dbo.UserWorkspaces(WorkspaceId);
CREATE INDEX IX_WorkflowVersions_WorkflowId ON dbo.WorkflowVersions(WorkflowId, Version);
CREATE INDEX IX_ApiEndpointScopes_WorkspaceId ON dbo.ApiEndpointScopes(WorkspaceId);
CREATE INDEX IX_ApiKeys_UserId ON dbo.ApiKeys(UserId);
CREATE INDEX IX_AccessLog_UserId ON dbo.AccessLog(UserId);
GO
