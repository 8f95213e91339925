-- one row
SELECT r.Id, r.WorkflowId, r.Status, s.State, r.ExecutedAt, r.CompletedAt, r.InputParameters, r.OutputParameters, r.ErrorMessage, r.ExecutionContext, s.WorkspaceId, s.EnvironmentId, s.WorkflowVersion, s.RetryCount, s.DurationMs, s.DueAt, s.StreamVersion FROM WorkflowExecutions r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.Id AND r.Id = @P1 AND s.WorkspaceId IN (SELECT value FROM json_each(@P2)) ORDER BY r.Id LIMIT 1;
GO

-- the first page
SELECT r.Id, r.WorkflowId, r.Status, s.State, r.ExecutedAt, r.CompletedAt, r.InputParameters, r.OutputParameters, r.ErrorMessage, r.ExecutionContext, s.WorkspaceId, s.EnvironmentId, s.WorkflowVersion, s.RetryCount, s.DurationMs, s.DueAt, s.StreamVersion, r.ExecutedAt, r.Id FROM WorkflowExecutions r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.Id AND s.WorkspaceId IN (SELECT value FROM json_each(@P1)) ORDER BY r.ExecutedAt DESC, r.Id DESC LIMIT 51;
GO

-- every filter
SELECT r.Id, r.WorkflowId, r.Status, s.State, r.ExecutedAt, r.CompletedAt, r.InputParameters, r.OutputParameters, r.ErrorMessage, r.ExecutionContext, s.WorkspaceId, s.EnvironmentId, s.WorkflowVersion, s.RetryCount, s.DurationMs, s.DueAt, s.StreamVersion, r.ExecutedAt, r.Id FROM WorkflowExecutions r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.Id AND r.Id = @P1 AND r.WorkflowId = @P2 AND r.Status = @P3 AND s.State = @P4 AND r.ExecutedAt = @P5 AND r.ExecutionContext = @P6 AND s.WorkspaceId = @P7 AND s.EnvironmentId = @P8 AND s.WorkflowVersion = @P9 AND s.RetryCount = @P10 AND r.ExecutedAt >= @P11 AND r.ExecutedAt < @P12 ORDER BY r.ExecutedAt DESC, r.Id DESC LIMIT 51;
GO

-- a later page by id
SELECT r.Id, r.WorkflowId, r.Status, s.State, r.ExecutedAt, r.CompletedAt, r.InputParameters, r.OutputParameters, r.ErrorMessage, r.ExecutionContext, s.WorkspaceId, s.EnvironmentId, s.WorkflowVersion, s.RetryCount, s.DurationMs, s.DueAt, s.StreamVersion, r.Id, r.Id FROM WorkflowExecutions r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.Id AND r.Id >= @P1 AND (r.Id > @P1 OR r.Id > @P2) ORDER BY r.Id ASC LIMIT 51;
GO

-- a later page by -id
SELECT r.Id, r.WorkflowId, r.Status, s.State, r.ExecutedAt, r.CompletedAt, r.InputParameters, r.OutputParameters, r.ErrorMessage, r.ExecutionContext, s.WorkspaceId, s.EnvironmentId, s.WorkflowVersion, s.RetryCount, s.DurationMs, s.DueAt, s.StreamVersion, r.Id, r.Id FROM WorkflowExecutions r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.Id AND r.Id <= @P1 AND (r.Id < @P1 OR r.Id < @P2) ORDER BY r.Id DESC LIMIT 51;
GO

-- a later page by workflowId
SELECT r.Id, r.WorkflowId, r.Status, s.State, r.ExecutedAt, r.CompletedAt, r.InputParameters, r.OutputParameters, r.ErrorMessage, r.ExecutionContext, s.WorkspaceId, s.EnvironmentId, s.WorkflowVersion, s.RetryCount, s.DurationMs, s.DueAt, s.StreamVersion, r.WorkflowId, r.Id FROM WorkflowExecutions r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.Id AND r.WorkflowId >= @P1 AND (r.WorkflowId > @P1 OR r.Id > @P2) ORDER BY r.WorkflowId ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -workflowId
SELECT r.Id, r.WorkflowId, r.Status, s.State, r.ExecutedAt, r.CompletedAt, r.InputParameters, r.OutputParameters, r.ErrorMessage, r.ExecutionContext, s.WorkspaceId, s.EnvironmentId, s.WorkflowVersion, s.RetryCount, s.DurationMs, s.DueAt, s.StreamVersion, r.WorkflowId, r.Id FROM WorkflowExecutions r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.Id AND r.WorkflowId <= @P1 AND (r.WorkflowId < @P1 OR r.Id < @P2) ORDER BY r.WorkflowId DESC, r.Id DESC LIMIT 51;
GO

-- a later page by status
SELECT r.Id, r.WorkflowId, r.Status, s.State, r.ExecutedAt, r.CompletedAt, r.InputParameters, r.OutputParameters, r.ErrorMessage, r.ExecutionContext, s.WorkspaceId, s.EnvironmentId, s.WorkflowVersion, s.RetryCount, s.DurationMs, s.DueAt, s.StreamVersion, r.Status, r.Id FROM WorkflowExecutions r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.Id AND r.Status >= @P1 AND (r.Status > @P1 OR r.Id > @P2) ORDER BY r.Status ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -status
SELECT r.Id, r.WorkflowId, r.Status, s.State, r.ExecutedAt, r.CompletedAt, r.InputParameters, r.OutputParameters, r.ErrorMessage, r.ExecutionContext, s.WorkspaceId, s.EnvironmentId, s.WorkflowVersion, s.RetryCount, s.DurationMs, s.DueAt, s.StreamVersion, r.Status, r.Id FROM WorkflowExecutions r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.Id AND r.Status <= @P1 AND (r.Status < @P1 OR r.Id < @P2) ORDER BY r.Status DESC, r.Id DESC LIMIT 51;
GO

-- a later page by state
SELECT r.Id, r.WorkflowId, r.Status, s.State, r.ExecutedAt, r.CompletedAt, r.InputParameters, r.OutputParameters, r.ErrorMessage, r.ExecutionContext, s.WorkspaceId, s.EnvironmentId, s.WorkflowVersion, s.RetryCount, s.DurationMs, s.DueAt, s.StreamVersion, s.State, r.Id FROM WorkflowExecutions r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.Id AND s.State >= @P1 AND (s.State > @P1 OR r.Id > @P2) ORDER BY s.State ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -state
SELECT r.Id, r.WorkflowId, r.Status, s.State, r.ExecutedAt, r.CompletedAt, r.InputParameters, r.OutputParameters, r.ErrorMessage, r.ExecutionContext, s.WorkspaceId, s.EnvironmentId, s.WorkflowVersion, s.RetryCount, s.DurationMs, s.DueAt, s.StreamVersion, s.State, r.Id FROM WorkflowExecutions r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.Id AND s.State <= @P1 AND (s.State < @P1 OR r.Id < @P2) ORDER BY s.State DESC, r.Id DESC LIMIT 51;
GO

-- a later page by executedAt
SELECT r.Id, r.WorkflowId, r.Status, s.State, r.ExecutedAt, r.CompletedAt, r.InputParameters, r.OutputParameters, r.ErrorMessage, r.ExecutionContext, s.WorkspaceId, s.EnvironmentId, s.WorkflowVersion, s.RetryCount, s.DurationMs, s.DueAt, s.StreamVersion, r.ExecutedAt, r.Id FROM WorkflowExecutions r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.Id AND r.ExecutedAt >= @P1 AND (r.ExecutedAt > @P1 OR r.Id > @P2) ORDER BY r.ExecutedAt ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -executedAt
SELECT r.Id, r.WorkflowId, r.Status, s.State, r.ExecutedAt, r.CompletedAt, r.InputParameters, r.OutputParameters, r.ErrorMessage, r.ExecutionContext, s.WorkspaceId, s.EnvironmentId, s.WorkflowVersion, s.RetryCount, s.DurationMs, s.DueAt, s.StreamVersion, r.ExecutedAt, r.Id FROM WorkflowExecutions r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.Id AND r.ExecutedAt <= @P1 AND (r.ExecutedAt < @P1 OR r.Id < @P2) ORDER BY r.ExecutedAt DESC, r.Id DESC LIMIT 51;
GO

-- a later page by completedAt
SELECT r.Id, r.WorkflowId, r.Status, s.State, r.ExecutedAt, r.CompletedAt, r.InputParameters, r.OutputParameters, r.ErrorMessage, r.ExecutionContext, s.WorkspaceId, s.EnvironmentId, s.WorkflowVersion, s.RetryCount, s.DurationMs, s.DueAt, s.StreamVersion, COALESCE(r.CompletedAt, ''), r.Id FROM WorkflowExecutions r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.Id AND COALESCE(r.CompletedAt, '') >= @P1 AND (COALESCE(r.CompletedAt, '') > @P1 OR r.Id > @P2) ORDER BY COALESCE(r.CompletedAt, '') ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -completedAt
SELECT r.Id, r.WorkflowId, r.Status, s.State, r.ExecutedAt, r.CompletedAt, r.InputParameters, r.OutputParameters, r.ErrorMessage, r.ExecutionContext, s.WorkspaceId, s.EnvironmentId, s.WorkflowVersion, s.RetryCount, s.DurationMs, s.DueAt, s.StreamVersion, COALESCE(r.CompletedAt, ''), r.Id FROM WorkflowExecutions r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.Id AND COALESCE(r.CompletedAt, '') <= @P1 AND (COALESCE(r.CompletedAt, '') < @P1 OR r.Id < @P2) ORDER BY COALESCE(r.CompletedAt, '') DESC, r.Id DESC LIMIT 51;
GO

-- a later page by executionContext
SELECT r.Id, r.WorkflowId, r.Status, s.State, r.ExecutedAt, r.CompletedAt, r.InputParameters, r.OutputParameters, r.ErrorMessage, r.ExecutionContext, s.WorkspaceId, s.EnvironmentId, s.WorkflowVersion, s.RetryCount, s.DurationMs, s.DueAt, s.StreamVersion, COALESCE(r.ExecutionContext, ''), r.Id FROM WorkflowExecutions r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.Id AND COALESCE(r.ExecutionContext, '') >= @P1 AND (COALESCE(r.ExecutionContext, '') > @P1 OR r.Id > @P2) ORDER BY COALESCE(r.ExecutionContext, '') ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -executionContext
SELECT r.Id, r.WorkflowId, r.Status, s.State, r.ExecutedAt, r.CompletedAt, r.InputParameters, r.OutputParameters, r.ErrorMessage, r.ExecutionContext, s.WorkspaceId, s.EnvironmentId, s.WorkflowVersion, s.RetryCount, s.DurationMs, s.DueAt, s.StreamVersion, COALESCE(r.ExecutionContext, ''), r.Id FROM WorkflowExecutions r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.Id AND COALESCE(r.ExecutionContext, '') <= @P1 AND (COALESCE(r.ExecutionContext, '') < @P1 OR r.Id < @P2) ORDER BY COALESCE(r.ExecutionContext, '') DESC, r.Id DESC LIMIT 51;
GO

-- a later page by workspaceId
SELECT r.Id, r.WorkflowId, r.Status, s.State, r.ExecutedAt, r.CompletedAt, r.InputParameters, r.OutputParameters, r.ErrorMessage, r.ExecutionContext, s.WorkspaceId, s.EnvironmentId, s.WorkflowVersion, s.RetryCount, s.DurationMs, s.DueAt, s.StreamVersion, s.WorkspaceId, r.Id FROM WorkflowExecutions r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.Id AND s.WorkspaceId >= @P1 AND (s.WorkspaceId > @P1 OR r.Id > @P2) ORDER BY s.WorkspaceId ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -workspaceId
SELECT r.Id, r.WorkflowId, r.Status, s.State, r.ExecutedAt, r.CompletedAt, r.InputParameters, r.OutputParameters, r.ErrorMessage, r.ExecutionContext, s.WorkspaceId, s.EnvironmentId, s.WorkflowVersion, s.RetryCount, s.DurationMs, s.DueAt, s.StreamVersion, s.WorkspaceId, r.Id FROM WorkflowExecutions r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.Id AND s.WorkspaceId <= @P1 AND (s.WorkspaceId < @P1 OR r.Id < @P2) ORDER BY s.WorkspaceId DESC, r.Id DESC LIMIT 51;
GO

-- a later page by environmentId
SELECT r.Id, r.WorkflowId, r.Status, s.State, r.ExecutedAt, r.CompletedAt, r.InputParameters, r.OutputParameters, r.ErrorMessage, r.ExecutionContext, s.WorkspaceId, s.EnvironmentId, s.WorkflowVersion, s.RetryCount, s.DurationMs, s.DueAt, s.StreamVersion, s.EnvironmentId, r.Id FROM WorkflowExecutions r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.Id AND s.EnvironmentId >= @P1 AND (s.EnvironmentId > @P1 OR r.Id > @P2) ORDER BY s.EnvironmentId ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -environmentId
SELECT r.Id, r.WorkflowId, r.Status, s.State, r.ExecutedAt, r.CompletedAt, r.InputParameters, r.OutputParameters, r.ErrorMessage, r.ExecutionContext, s.WorkspaceId, s.EnvironmentId, s.WorkflowVersion, s.RetryCount, s.DurationMs, s.DueAt, s.StreamVersion, s.EnvironmentId, r.Id FROM WorkflowExecutions r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.Id AND s.EnvironmentId <= @P1 AND (s.EnvironmentId < @P1 OR r.Id < @P2) ORDER BY s.EnvironmentId DESC, r.Id DESC LIMIT 51;
GO

-- a later page by workflowVersion
SELECT r.Id, r.WorkflowId, r.Status, s.State, r.ExecutedAt, r.CompletedAt, r.InputParameters, r.OutputParameters, r.ErrorMessage, r.ExecutionContext, s.WorkspaceId, s.EnvironmentId, s.WorkflowVersion, s.RetryCount, s.DurationMs, s.DueAt, s.StreamVersion, s.WorkflowVersion, r.Id FROM WorkflowExecutions r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.Id AND s.WorkflowVersion >= @P1 AND (s.WorkflowVersion > @P1 OR r.Id > @P2) ORDER BY s.WorkflowVersion ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -workflowVersion
SELECT r.Id, r.WorkflowId, r.Status, s.State, r.ExecutedAt, r.CompletedAt, r.InputParameters, r.OutputParameters, r.ErrorMessage, r.ExecutionContext, s.WorkspaceId, s.EnvironmentId, s.WorkflowVersion, s.RetryCount, s.DurationMs, s.DueAt, s.StreamVersion, s.WorkflowVersion, r.Id FROM WorkflowExecutions r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.Id AND s.WorkflowVersion <= @P1 AND (s.WorkflowVersion < @P1 OR r.Id < @P2) ORDER BY s.WorkflowVersion DESC, r.Id DESC LIMIT 51;
GO

-- a later page by retryCount
SELECT r.Id, r.WorkflowId, r.Status, s.State, r.ExecutedAt, r.CompletedAt, r.InputParameters, r.OutputParameters, r.ErrorMessage, r.ExecutionContext, s.WorkspaceId, s.EnvironmentId, s.WorkflowVersion, s.RetryCount, s.DurationMs, s.DueAt, s.StreamVersion, s.RetryCount, r.Id FROM WorkflowExecutions r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.Id AND s.RetryCount >= @P1 AND (s.RetryCount > @P1 OR r.Id > @P2) ORDER BY s.RetryCount ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -retryCount
SELECT r.Id, r.WorkflowId, r.Status, s.State, r.ExecutedAt, r.CompletedAt, r.InputParameters, r.OutputParameters, r.ErrorMessage, r.ExecutionContext, s.WorkspaceId, s.EnvironmentId, s.WorkflowVersion, s.RetryCount, s.DurationMs, s.DueAt, s.StreamVersion, s.RetryCount, r.Id FROM WorkflowExecutions r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.Id AND s.RetryCount <= @P1 AND (s.RetryCount < @P1 OR r.Id < @P2) ORDER BY s.RetryCount DESC, r.Id DESC LIMIT 51;
GO

-- a later page by dueAt
SELECT r.Id, r.WorkflowId, r.Status, s.State, r.ExecutedAt, r.CompletedAt, r.InputParameters, r.OutputParameters, r.ErrorMessage, r.ExecutionContext, s.WorkspaceId, s.EnvironmentId, s.WorkflowVersion, s.RetryCount, s.DurationMs, s.DueAt, s.StreamVersion, COALESCE(s.DueAt, ''), r.Id FROM WorkflowExecutions r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.Id AND COALESCE(s.DueAt, '') >= @P1 AND (COALESCE(s.DueAt, '') > @P1 OR r.Id > @P2) ORDER BY COALESCE(s.DueAt, '') ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -dueAt
SELECT r.Id, r.WorkflowId, r.Status, s.State, r.ExecutedAt, r.CompletedAt, r.InputParameters, r.OutputParameters, r.ErrorMessage, r.ExecutionContext, s.WorkspaceId, s.EnvironmentId, s.WorkflowVersion, s.RetryCount, s.DurationMs, s.DueAt, s.StreamVersion, COALESCE(s.DueAt, ''), r.Id FROM WorkflowExecutions r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.Id AND COALESCE(s.DueAt, '') <= @P1 AND (COALESCE(s.DueAt, '') < @P1 OR r.Id < @P2) ORDER BY COALESCE(s.DueAt, '') DESC, r.Id DESC LIMIT 51;
GO

