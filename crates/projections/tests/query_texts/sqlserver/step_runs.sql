-- one row
SELECT r.Id, r.ExecutionId, r.StepId, r.StepName, r.StepIndex, r.Attempt, CASE WHEN r.Status = 'Running' AND s.State IN ('Completed', 'Failed', 'Cancelled') THEN 'Cancelled' ELSE r.Status END, r.StartedAt, r.CompletedAt, r.DurationMs, r.StatusCode, r.ErrorKind, r.ErrorMessage, r.Output FROM StepRuns r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.ExecutionId AND r.Id = @P1 AND DATALENGTH(r.Id) = DATALENGTH(@P1) AND s.WorkspaceId IN (SELECT value FROM OPENJSON(@P2) WITH (value INT '$')) ORDER BY r.Id OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY;
GO

-- the first page
SELECT r.Id, r.ExecutionId, r.StepId, r.StepName, r.StepIndex, r.Attempt, CASE WHEN r.Status = 'Running' AND s.State IN ('Completed', 'Failed', 'Cancelled') THEN 'Cancelled' ELSE r.Status END, r.StartedAt, r.CompletedAt, r.DurationMs, r.StatusCode, r.ErrorKind, r.ErrorMessage, r.Output, r.Id, r.Id FROM StepRuns r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.ExecutionId AND s.WorkspaceId IN (SELECT value FROM OPENJSON(@P1) WITH (value INT '$')) ORDER BY r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- every filter
SELECT r.Id, r.ExecutionId, r.StepId, r.StepName, r.StepIndex, r.Attempt, CASE WHEN r.Status = 'Running' AND s.State IN ('Completed', 'Failed', 'Cancelled') THEN 'Cancelled' ELSE r.Status END, r.StartedAt, r.CompletedAt, r.DurationMs, r.StatusCode, r.ErrorKind, r.ErrorMessage, r.Output, r.Id, r.Id FROM StepRuns r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.ExecutionId AND r.Id = @P1 AND DATALENGTH(r.Id) = DATALENGTH(@P1) AND r.StepId = @P2 AND r.StepName = @P3 AND r.StepName = @P3 COLLATE Latin1_General_100_BIN2 AND DATALENGTH(r.StepName) = DATALENGTH(@P3) AND CASE WHEN r.Status = 'Running' AND s.State IN ('Completed', 'Failed', 'Cancelled') THEN 'Cancelled' ELSE r.Status END = @P4 AND CASE WHEN r.Status = 'Running' AND s.State IN ('Completed', 'Failed', 'Cancelled') THEN 'Cancelled' ELSE r.Status END = @P4 COLLATE Latin1_General_100_BIN2 AND DATALENGTH(CASE WHEN r.Status = 'Running' AND s.State IN ('Completed', 'Failed', 'Cancelled') THEN 'Cancelled' ELSE r.Status END) = DATALENGTH(@P4) AND r.Id >= @P5 AND r.Id < @P6 ORDER BY r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by id
SELECT r.Id, r.ExecutionId, r.StepId, r.StepName, r.StepIndex, r.Attempt, CASE WHEN r.Status = 'Running' AND s.State IN ('Completed', 'Failed', 'Cancelled') THEN 'Cancelled' ELSE r.Status END, r.StartedAt, r.CompletedAt, r.DurationMs, r.StatusCode, r.ErrorKind, r.ErrorMessage, r.Output, r.Id, r.Id FROM StepRuns r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.ExecutionId AND r.Id >= @P1 AND (r.Id > @P1 OR r.Id > @P2) ORDER BY r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -id
SELECT r.Id, r.ExecutionId, r.StepId, r.StepName, r.StepIndex, r.Attempt, CASE WHEN r.Status = 'Running' AND s.State IN ('Completed', 'Failed', 'Cancelled') THEN 'Cancelled' ELSE r.Status END, r.StartedAt, r.CompletedAt, r.DurationMs, r.StatusCode, r.ErrorKind, r.ErrorMessage, r.Output, r.Id, r.Id FROM StepRuns r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.ExecutionId AND r.Id <= @P1 AND (r.Id < @P1 OR r.Id < @P2) ORDER BY r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

