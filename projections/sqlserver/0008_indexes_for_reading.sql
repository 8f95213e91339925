-- Indexes that only readers need: a shadow, which nobody reads, does without. The documented ones under their documented names;
-- then those of the product's own queries. IX_Users_Email stands with its table: it is a constraint too.
CREATE INDEX IX_Users_Role ON dbo.Users(Role);
CREATE INDEX IX_Users_IsActive ON dbo.Users(IsActive);
CREATE INDEX IX_Workflows_ProjectId_Status_IsDeleted ON dbo.Workflows(ProjectId, Status, IsDeleted) INCLUDE (Name, Description, CreatedAt);
CREATE INDEX IX_WorkflowExecutions_WorkflowId_ExecutedAt ON dbo.WorkflowExecutions(WorkflowId, ExecutedAt);
CREATE INDEX IX_WorkflowSchedules_IsActive_NextRunTime ON dbo.WorkflowSchedules(IsActive, NextRunTime) INCLUDE (WorkflowId, CronExpression);
CREATE INDEX IX_WorkflowMetrics_WorkflowId_MetricName_RecordedAt ON dbo.WorkflowMetrics(WorkflowId, MetricName, RecordedAt);
CREATE INDEX IX_UserWorkspaces_UserId_IsActive ON dbo.UserWorkspaces(UserId, IsActive);
GO

CREATE INDEX IX_WorkflowExecutions_ExecutedAt ON dbo.WorkflowExecutions(ExecutedAt);
CREATE INDEX IX_WorkflowExecutions_ExecutionContext ON dbo.WorkflowExecutions(ExecutionContext) WHERE ExecutionContext IS NOT NULL;
CREATE INDEX IX_AccessLog_UserId ON dbo.AccessLog(UserId);
GO
