UPDATE t SET t.[Status] = v.c1 FROM dbo.[StepRuns] AS t INNER JOIN OPENJSON(@rows) WITH (c0 NVARCHAR(50) '$[0]', c1 NVARCHAR(20) '$[1]') AS v ON t.[ExecutionId] = v.c0 COLLATE Latin1_General_100_BIN2 OPTION (LOOP JOIN);
GO

UPDATE t SET t.[IsActive] = v.c1, t.[UpdatedAt] = t.[UpdatedAt] FROM dbo.[Users] AS t INNER JOIN OPENJSON(@rows) WITH (c0 NVARCHAR(100) '$[0]', c1 BIT '$[1]') AS v ON t.[Department] = v.c0 COLLATE Latin1_General_100_BIN2 OPTION (LOOP JOIN);
GO

UPDATE dbo.[ExecutionLogs] SET [StepId] = NULL WHERE [StepId] IN (SELECT t.[Id] FROM dbo.[WorkflowSteps] AS t INNER JOIN OPENJSON(@rows) WITH (c0 INT '$[0]') AS v ON t.[WorkflowId] = v.c0);
GO

DELETE t FROM dbo.[WorkflowSteps] AS t INNER JOIN OPENJSON(@rows) WITH (c0 INT '$[0]') AS v ON t.[WorkflowId] = v.c0 OPTION (LOOP JOIN);
GO

DELETE t FROM dbo.[StepRuns] AS t INNER JOIN OPENJSON(@rows) WITH (c0 NVARCHAR(60) '$[0]', c1 NVARCHAR(60) '$[1]') AS v ON t.[Id] >= v.c0 COLLATE Latin1_General_100_BIN2 AND t.[Id] < v.c1 COLLATE Latin1_General_100_BIN2 OPTION (LOOP JOIN);
GO
