-- one row
SELECT r.WorkflowId, r.WorkflowName, r.TotalExecutions, r.SuccessfulExecutions, r.FailedExecutions, r.SuccessRate, r.LastExecutionAt FROM vw_WorkflowExecutionSummary r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.WorkflowId = @P1 AND p.WorkspaceId IN (SELECT value FROM json_each(@P2)) ORDER BY r.WorkflowId LIMIT 1;
GO

-- the first page
SELECT r.WorkflowId, r.WorkflowName, r.TotalExecutions, r.SuccessfulExecutions, r.FailedExecutions, r.SuccessRate, r.LastExecutionAt, r.WorkflowId, r.WorkflowId FROM vw_WorkflowExecutionSummary r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND p.WorkspaceId IN (SELECT value FROM json_each(@P1)) ORDER BY r.WorkflowId ASC LIMIT 51;
GO

-- every filter
SELECT r.WorkflowId, r.WorkflowName, r.TotalExecutions, r.SuccessfulExecutions, r.FailedExecutions, r.SuccessRate, r.LastExecutionAt, r.WorkflowId, r.WorkflowId FROM vw_WorkflowExecutionSummary r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.WorkflowId = @P1 AND r.WorkflowName = @P2 ORDER BY r.WorkflowId ASC LIMIT 51;
GO

-- a later page by workflowId
SELECT r.WorkflowId, r.WorkflowName, r.TotalExecutions, r.SuccessfulExecutions, r.FailedExecutions, r.SuccessRate, r.LastExecutionAt, r.WorkflowId, r.WorkflowId FROM vw_WorkflowExecutionSummary r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.WorkflowId >= @P1 AND (r.WorkflowId > @P1 OR r.WorkflowId > @P2) ORDER BY r.WorkflowId ASC LIMIT 51;
GO

-- a later page by -workflowId
SELECT r.WorkflowId, r.WorkflowName, r.TotalExecutions, r.SuccessfulExecutions, r.FailedExecutions, r.SuccessRate, r.LastExecutionAt, r.WorkflowId, r.WorkflowId FROM vw_WorkflowExecutionSummary r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.WorkflowId <= @P1 AND (r.WorkflowId < @P1 OR r.WorkflowId < @P2) ORDER BY r.WorkflowId DESC LIMIT 51;
GO

-- a later page by workflowName
SELECT r.WorkflowId, r.WorkflowName, r.TotalExecutions, r.SuccessfulExecutions, r.FailedExecutions, r.SuccessRate, r.LastExecutionAt, r.WorkflowName, r.WorkflowId FROM vw_WorkflowExecutionSummary r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.WorkflowName >= @P1 AND (r.WorkflowName > @P1 OR r.WorkflowId > @P2) ORDER BY r.WorkflowName ASC, r.WorkflowId ASC LIMIT 51;
GO

-- a later page by -workflowName
SELECT r.WorkflowId, r.WorkflowName, r.TotalExecutions, r.SuccessfulExecutions, r.FailedExecutions, r.SuccessRate, r.LastExecutionAt, r.WorkflowName, r.WorkflowId FROM vw_WorkflowExecutionSummary r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.WorkflowName <= @P1 AND (r.WorkflowName < @P1 OR r.WorkflowId < @P2) ORDER BY r.WorkflowName DESC, r.WorkflowId DESC LIMIT 51;
GO

-- a later page by totalExecutions
SELECT r.WorkflowId, r.WorkflowName, r.TotalExecutions, r.SuccessfulExecutions, r.FailedExecutions, r.SuccessRate, r.LastExecutionAt, r.TotalExecutions, r.WorkflowId FROM vw_WorkflowExecutionSummary r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.TotalExecutions >= @P1 AND (r.TotalExecutions > @P1 OR r.WorkflowId > @P2) ORDER BY r.TotalExecutions ASC, r.WorkflowId ASC LIMIT 51;
GO

-- a later page by -totalExecutions
SELECT r.WorkflowId, r.WorkflowName, r.TotalExecutions, r.SuccessfulExecutions, r.FailedExecutions, r.SuccessRate, r.LastExecutionAt, r.TotalExecutions, r.WorkflowId FROM vw_WorkflowExecutionSummary r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.TotalExecutions <= @P1 AND (r.TotalExecutions < @P1 OR r.WorkflowId < @P2) ORDER BY r.TotalExecutions DESC, r.WorkflowId DESC LIMIT 51;
GO

-- a later page by successfulExecutions
SELECT r.WorkflowId, r.WorkflowName, r.TotalExecutions, r.SuccessfulExecutions, r.FailedExecutions, r.SuccessRate, r.LastExecutionAt, r.SuccessfulExecutions, r.WorkflowId FROM vw_WorkflowExecutionSummary r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.SuccessfulExecutions >= @P1 AND (r.SuccessfulExecutions > @P1 OR r.WorkflowId > @P2) ORDER BY r.SuccessfulExecutions ASC, r.WorkflowId ASC LIMIT 51;
GO

-- a later page by -successfulExecutions
SELECT r.WorkflowId, r.WorkflowName, r.TotalExecutions, r.SuccessfulExecutions, r.FailedExecutions, r.SuccessRate, r.LastExecutionAt, r.SuccessfulExecutions, r.WorkflowId FROM vw_WorkflowExecutionSummary r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.SuccessfulExecutions <= @P1 AND (r.SuccessfulExecutions < @P1 OR r.WorkflowId < @P2) ORDER BY r.SuccessfulExecutions DESC, r.WorkflowId DESC LIMIT 51;
GO

-- a later page by failedExecutions
SELECT r.WorkflowId, r.WorkflowName, r.TotalExecutions, r.SuccessfulExecutions, r.FailedExecutions, r.SuccessRate, r.LastExecutionAt, r.FailedExecutions, r.WorkflowId FROM vw_WorkflowExecutionSummary r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.FailedExecutions >= @P1 AND (r.FailedExecutions > @P1 OR r.WorkflowId > @P2) ORDER BY r.FailedExecutions ASC, r.WorkflowId ASC LIMIT 51;
GO

-- a later page by -failedExecutions
SELECT r.WorkflowId, r.WorkflowName, r.TotalExecutions, r.SuccessfulExecutions, r.FailedExecutions, r.SuccessRate, r.LastExecutionAt, r.FailedExecutions, r.WorkflowId FROM vw_WorkflowExecutionSummary r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.FailedExecutions <= @P1 AND (r.FailedExecutions < @P1 OR r.WorkflowId < @P2) ORDER BY r.FailedExecutions DESC, r.WorkflowId DESC LIMIT 51;
GO

-- a later page by lastExecutionAt
SELECT r.WorkflowId, r.WorkflowName, r.TotalExecutions, r.SuccessfulExecutions, r.FailedExecutions, r.SuccessRate, r.LastExecutionAt, COALESCE(r.LastExecutionAt, ''), r.WorkflowId FROM vw_WorkflowExecutionSummary r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND COALESCE(r.LastExecutionAt, '') >= @P1 AND (COALESCE(r.LastExecutionAt, '') > @P1 OR r.WorkflowId > @P2) ORDER BY COALESCE(r.LastExecutionAt, '') ASC, r.WorkflowId ASC LIMIT 51;
GO

-- a later page by -lastExecutionAt
SELECT r.WorkflowId, r.WorkflowName, r.TotalExecutions, r.SuccessfulExecutions, r.FailedExecutions, r.SuccessRate, r.LastExecutionAt, COALESCE(r.LastExecutionAt, ''), r.WorkflowId FROM vw_WorkflowExecutionSummary r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND COALESCE(r.LastExecutionAt, '') <= @P1 AND (COALESCE(r.LastExecutionAt, '') < @P1 OR r.WorkflowId < @P2) ORDER BY COALESCE(r.LastExecutionAt, '') DESC, r.WorkflowId DESC LIMIT 51;
GO

