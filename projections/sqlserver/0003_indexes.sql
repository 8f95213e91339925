-- Indexes by which changes find the rows they concern, and rows those that refer to them; 0008 has the others.
CREATE INDEX IX_ExecutionLogs_ExecutionId_CreatedAt ON dbo.ExecutionLogs(ExecutionId, CreatedAt);
CREATE INDEX IX_Projects_WorkspaceId ON dbo.Projects(WorkspaceId);
CREATE INDEX IX_Environments_ProjectId ON dbo.Environments(ProjectId);
CREATE INDEX IX_ApiParameters_ApiEndpointId ON dbo.ApiParameters(ApiEndpointId);
CREATE INDEX IX_Workflows_EnvironmentId ON dbo.Workflows(EnvironmentId);
CREATE INDEX IX_WorkflowSteps_WorkflowId ON dbo.WorkflowSteps(WorkflowId);
CREATE INDEX IX_WorkflowSteps_ApiEndpointId ON dbo.WorkflowSteps(ApiEndpointId);
CREATE INDEX IX_ExecutionLogs_StepId ON dbo.ExecutionLogs(StepId) WHERE StepId IS NOT NULL;
CREATE INDEX IX_WorkflowApprovals_WorkflowId ON dbo.WorkflowApprovals(WorkflowId);
CREATE INDEX IX_UserWorkspaces_WorkspaceId ON dbo.UserWorkspaces(WorkspaceId);
CREATE INDEX IX_WorkflowVersions_WorkflowId ON dbo.WorkflowVersions(WorkflowId, Version);
CREATE INDEX IX_ApiEndpointScopes_WorkspaceId ON dbo.ApiEndpointScopes(WorkspaceId);
CREATE INDEX IX_ApiKeys_UserId ON dbo.ApiKeys(UserId);
GO
