-- one row
SELECT r.Id, r.ExecutionId, r.StepId, r.LogLevel, r.Message, r.Details, r.CreatedAt FROM ExecutionLogs r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.ExecutionId AND r.Id = @P1 AND s.WorkspaceId IN (SELECT value FROM OPENJSON(@P2) WITH (value INT '$')) ORDER BY r.Id OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY;
GO

-- the first page
SELECT r.Id, r.ExecutionId, r.StepId, r.LogLevel, r.Message, r.Details, r.CreatedAt, r.Id, r.Id FROM ExecutionLogs r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.ExecutionId AND s.WorkspaceId IN (SELECT value FROM OPENJSON(@P1) WITH (value INT '$')) ORDER BY r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- every filter
SELECT r.Id, r.ExecutionId, r.StepId, r.LogLevel, r.Message, r.Details, r.CreatedAt, r.Id, r.Id FROM ExecutionLogs r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.ExecutionId AND r.Id = @P1 AND r.ExecutionId = @P2 AND DATALENGTH(r.ExecutionId) = DATALENGTH(@P2) AND r.StepId = @P3 AND r.LogLevel = @P4 AND r.LogLevel = @P4 COLLATE Latin1_General_100_BIN2 AND DATALENGTH(r.LogLevel) = DATALENGTH(@P4) ORDER BY r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by id
SELECT r.Id, r.ExecutionId, r.StepId, r.LogLevel, r.Message, r.Details, r.CreatedAt, r.Id, r.Id FROM ExecutionLogs r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.ExecutionId AND r.Id >= @P1 AND (r.Id > @P1 OR r.Id > @P2) ORDER BY r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -id
SELECT r.Id, r.ExecutionId, r.StepId, r.LogLevel, r.Message, r.Details, r.CreatedAt, r.Id, r.Id FROM ExecutionLogs r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.ExecutionId AND r.Id <= @P1 AND (r.Id < @P1 OR r.Id < @P2) ORDER BY r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by createdAt
SELECT r.Id, r.ExecutionId, r.StepId, r.LogLevel, r.Message, r.Details, r.CreatedAt, r.CreatedAt, r.Id FROM ExecutionLogs r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.ExecutionId AND r.CreatedAt >= @P1 AND (r.CreatedAt > @P1 OR r.Id > @P2) ORDER BY r.CreatedAt ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -createdAt
SELECT r.Id, r.ExecutionId, r.StepId, r.LogLevel, r.Message, r.Details, r.CreatedAt, r.CreatedAt, r.Id FROM ExecutionLogs r CROSS JOIN ExecutionStates s WHERE s.ExecutionId = r.ExecutionId AND r.CreatedAt <= @P1 AND (r.CreatedAt < @P1 OR r.Id < @P2) ORDER BY r.CreatedAt DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

