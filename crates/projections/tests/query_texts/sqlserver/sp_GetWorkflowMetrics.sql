-- sp_GetWorkflowMetrics
SELECT @P1 AS WorkflowId, COUNT(*) AS TotalExecutions, SUM(CASE WHEN Status = 1 THEN 1 ELSE 0 END) AS SuccessfulExecutions, SUM(CASE WHEN Status = 2 THEN 1 ELSE 0 END) AS FailedExecutions, AVG(CASE WHEN CompletedAt IS NOT NULL THEN DATEDIFF(SECOND, ExecutedAt, CompletedAt) ELSE NULL END) AS AvgExecutionTimeSeconds, MAX(ExecutedAt) AS LastExecutionAt FROM WorkflowExecutions WHERE WorkflowId = @P1 AND ExecutedAt BETWEEN @P2 AND @P3;
GO

