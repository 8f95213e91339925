-- one row
SELECT r.Id, r.ExecutionId, r.StepId, r.StepName, r.StepIndex, r.Attempt, CASE WHEN r.Status = 'Running' AND s.State IN ('Completed', 'Failed', 'Cancelled') THEN 'Cancelled' ELSE r.Status END, r.StartedAt, r.CompletedAt, r.DurationMs, r.StatusCode, r.ErrorKind, r.ErrorMessage, r.Output FROM StepRuns r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.ExecutionId AND r.Id = @P1 AND s.WorkspaceId IN (SELECT value FROM json_each(@P2)) ORDER BY r.Id LIMIT 1;
GO

-- the first page
SELECT r.Id, r.ExecutionId, r.StepId, r.StepName, r.StepIndex, r.Attempt, CASE WHEN r.Status = 'Running' AND s.State IN ('Completed', 'Failed', 'Cancelled') THEN 'Cancelled' ELSE r.Status END, r.StartedAt, r.CompletedAt, r.DurationMs, r.StatusCode, r.ErrorKind, r.ErrorMessage, r.Output, r.Id, r.Id FROM StepRuns r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.ExecutionId AND s.WorkspaceId IN (SELECT value FROM json_each(@P1)) ORDER BY r.Id ASC LIMIT 51;
GO

-- every filter
SELECT r.Id, r.ExecutionId, r.StepId, r.StepName, r.StepIndex, r.Attempt, CASE WHEN r.Status = 'Running' AND s.State IN ('Completed', 'Failed', 'Cancelled') THEN 'Cancelled' ELSE r.Status END, r.StartedAt, r.CompletedAt, r.DurationMs, r.StatusCode, r.ErrorKind, r.ErrorMessage, r.Output, r.Id, r.Id FROM StepRuns r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.ExecutionId AND r.Id = @P1 AND r.StepId = @P2 AND r.StepName = @P3 AND CASE WHEN r.Status = 'Running' AND s.State IN ('Completed', 'Failed', 'Cancelled') THEN 'Cancelled' ELSE r.Status END = @P4 AND r.Id >= @P5 AND r.Id < @P6 ORDER BY r.Id ASC LIMIT 51;
GO

-- a later page by id
SELECT r.Id, r.ExecutionId, r.StepId, r.StepName, r.StepIndex, r.Attempt, CASE WHEN r.Status = 'Running' AND s.State IN ('Completed', 'Failed', 'Cancelled') THEN 'Cancelled' ELSE r.Status END, r.StartedAt, r.CompletedAt, r.DurationMs, r.StatusCode, r.ErrorKind, r.ErrorMessage, r.Output, r.Id, r.Id FROM StepRuns r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.ExecutionId AND r.Id >= @P1 AND (r.Id > @P1 OR r.Id > @P2) ORDER BY r.Id ASC LIMIT 51;
GO

-- a later page by -id
SELECT r.Id, r.ExecutionId, r.StepId, r.StepName, r.StepIndex, r.Attempt, CASE WHEN r.Status = 'Running' AND s.State IN ('Completed', 'Failed', 'Cancelled') THEN 'Cancelled' ELSE r.Status END, r.StartedAt, r.CompletedAt, r.DurationMs, r.StatusCode, r.ErrorKind, r.ErrorMessage, r.Output, r.Id, r.Id FROM StepRuns r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.ExecutionId AND r.Id <= @P1 AND (r.Id < @P1 OR r.Id < @P2) ORDER BY r.Id DESC LIMIT 51;
GO

