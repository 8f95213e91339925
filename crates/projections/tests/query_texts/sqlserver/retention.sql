-- months
SELECT s.WorkspaceId, CONVERT(CHAR(7), e.ExecutedAt, 126), e.Status, COUNT(*), SUM(CASE WHEN (e.Status IN (1, 3) AND e.ExecutedAt < @P1 OR e.Status = 2 AND e.ExecutedAt < @P2) THEN 1 ELSE 0 END) FROM WorkflowExecutions e CROSS JOIN ExecutionStates s WHERE s.ExecutionId = e.Id AND e.ExecutedAt < @P3 GROUP BY s.WorkspaceId, CONVERT(CHAR(7), e.ExecutedAt, 126), e.Status ORDER BY 1, 2, 3;
GO

-- due
SELECT e.Id, e.Status, e.ExecutedAt, s.StreamVersion FROM WorkflowExecutions e CROSS JOIN ExecutionStates s WHERE s.ExecutionId = e.Id AND (e.Status IN (1, 3) AND e.ExecutedAt < @P1 OR e.Status = 2 AND e.ExecutedAt < @P2) AND e.ExecutedAt >= @P3 AND e.ExecutedAt < @P4 AND s.WorkspaceId = @P5 ORDER BY e.ExecutedAt, e.Id OFFSET 0 ROWS FETCH NEXT 100 ROWS ONLY;
GO

-- began_between
SELECT COUNT(*) FROM WorkflowExecutions e CROSS JOIN ExecutionStates s WHERE s.ExecutionId = e.Id AND e.ExecutedAt >= @P1 AND e.ExecutedAt < @P2 AND s.WorkspaceId = @P3;
GO

