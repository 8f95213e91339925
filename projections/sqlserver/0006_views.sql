-- The documented views.
CREATE VIEW dbo.vw_ActiveWorkflows
AS
SELECT
    w.Id,
    w.Name,
    w.Description,
    w.Status,
    w.Version,
    p.Name AS ProjectName,
    e.Name AS EnvironmentName,
    ws.Name AS WorkspaceName,
    u.FirstName + ' ' + u.LastName AS CreatedBy,
    w.CreatedAt,
    w.UpdatedAt
FROM dbo.Workflows w
INNER JOIN dbo.Projects p ON w.ProjectId = p.Id
INNER JOIN dbo.Environments e ON w.EnvironmentId = e.Id
INNER JOIN dbo.Workspaces ws ON p.WorkspaceId = ws.Id
INNER JOIN dbo.Users u ON w.CreatedByUserId = u.Id
WHERE w.IsDeleted = 0 AND p.IsDeleted = 0 AND e.IsDeleted = 0;
GO

CREATE VIEW dbo.vw_WorkflowExecutionSummary
AS
SELECT
    w.Id AS WorkflowId,
    w.Name AS WorkflowName,
    COUNT(we.Id) AS TotalExecutions,
    SUM(CASE WHEN we.Status = 1 THEN 1 ELSE 0 END) AS SuccessfulExecutions,
    SUM(CASE WHEN we.Status = 2 THEN 1 ELSE 0 END) AS FailedExecutions,
    CAST(SUM(CASE WHEN we.Status = 1 THEN 1 ELSE 0 END) AS FLOAT) / NULLIF(COUNT(we.Id), 0) * 100 AS SuccessRate,
    MAX(we.ExecutedAt) AS LastExecutionAt
FROM dbo.Workflows w
LEFT JOIN dbo.WorkflowExecutions we ON w.Id = we.WorkflowId
WHERE w.IsDeleted = 0
GROUP BY w.Id, w.Name;
GO
