-- sp_GetWorkflowMetrics
SELECT @P1 AS WorkflowId, COUNT(*) AS TotalExecutions, SUM(CASE WHEN Status = 1 THEN 1 ELSE 0 END) AS SuccessfulExecutions, SUM(CASE WHEN Status = 2 THEN 1 ELSE 0 END) AS FailedExecutions, SUM(CAST(strftime('%s', substr(CompletedAt, 1, 19)) AS INTEGER) - CAST(strftime('%s', substr(ExecutedAt, 1, 19)) AS INTEGER)) / COUNT(CompletedAt) AS AvgExecutionTimeSeconds, MAX(ExecutedAt) AS LastExecutionAt FROM WorkflowExecutions WHERE WorkflowId = @P1 AND ExecutedAt BETWEEN @P2 AND @P3;
GO

