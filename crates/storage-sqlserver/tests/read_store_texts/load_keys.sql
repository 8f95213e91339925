SELECT t.[Id] FROM shadow.[Users] AS t INNER JOIN OPENJSON(@P1) WITH (c0 INT '$') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO
SELECT t.[Id] FROM shadow.[Workspaces] AS t INNER JOIN OPENJSON(@P1) WITH (c0 INT '$') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO
SELECT t.[Id] FROM shadow.[UserWorkspaces] AS t INNER JOIN OPENJSON(@P1) WITH (c0 INT '$') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO
SELECT t.[Id] FROM shadow.[Projects] AS t INNER JOIN OPENJSON(@P1) WITH (c0 INT '$') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO
SELECT t.[Id] FROM shadow.[Environments] AS t INNER JOIN OPENJSON(@P1) WITH (c0 INT '$') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO
SELECT t.[Id] FROM shadow.[ApiEndpoints] AS t INNER JOIN OPENJSON(@P1) WITH (c0 INT '$') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO
SELECT t.[Id] FROM shadow.[ApiParameters] AS t INNER JOIN OPENJSON(@P1) WITH (c0 INT '$') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO
SELECT t.[Id] FROM shadow.[Workflows] AS t INNER JOIN OPENJSON(@P1) WITH (c0 INT '$') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO
SELECT t.[Id] FROM shadow.[WorkflowSteps] AS t INNER JOIN OPENJSON(@P1) WITH (c0 INT '$') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO
SELECT t.[Id] FROM shadow.[WorkflowExecutions] AS t INNER JOIN OPENJSON(@P1) WITH (c0 NVARCHAR(50) '$') AS v ON t.[Id] = v.c0 COLLATE Latin1_General_100_BIN2 OPTION (LOOP JOIN);
GO
SELECT t.[Id] FROM shadow.[ExecutionLogs] AS t INNER JOIN OPENJSON(@P1) WITH (c0 BIGINT '$') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO
SELECT t.[Id] FROM shadow.[WorkflowSchedules] AS t INNER JOIN OPENJSON(@P1) WITH (c0 INT '$') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO
SELECT t.[Id] FROM shadow.[WorkflowApprovals] AS t INNER JOIN OPENJSON(@P1) WITH (c0 INT '$') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO
SELECT t.[Id] FROM shadow.[WorkflowMetrics] AS t INNER JOIN OPENJSON(@P1) WITH (c0 BIGINT '$') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO
SELECT t.[ExecutionId] FROM shadow.[ExecutionStates] AS t INNER JOIN OPENJSON(@P1) WITH (c0 NVARCHAR(50) '$') AS v ON t.[ExecutionId] = v.c0 COLLATE Latin1_General_100_BIN2 OPTION (LOOP JOIN);
GO
SELECT t.[Id] FROM shadow.[StepRuns] AS t INNER JOIN OPENJSON(@P1) WITH (c0 NVARCHAR(60) '$') AS v ON t.[Id] = v.c0 COLLATE Latin1_General_100_BIN2 OPTION (LOOP JOIN);
GO
SELECT t.[Id] FROM shadow.[WorkflowVersions] AS t INNER JOIN OPENJSON(@P1) WITH (c0 NVARCHAR(40) '$') AS v ON t.[Id] = v.c0 COLLATE Latin1_General_100_BIN2 OPTION (LOOP JOIN);
GO
SELECT t.[ApiEndpointId] FROM shadow.[ApiEndpointScopes] AS t INNER JOIN OPENJSON(@P1) WITH (c0 INT '$') AS v ON t.[ApiEndpointId] = v.c0 OPTION (LOOP JOIN);
GO
SELECT t.[EnvironmentId] FROM shadow.[EnvironmentVariables] AS t INNER JOIN OPENJSON(@P1) WITH (c0 INT '$') AS v ON t.[EnvironmentId] = v.c0 OPTION (LOOP JOIN);
GO
SELECT t.[WorkflowId] FROM shadow.[ScheduleStates] AS t INNER JOIN OPENJSON(@P1) WITH (c0 INT '$') AS v ON t.[WorkflowId] = v.c0 OPTION (LOOP JOIN);
GO
SELECT t.[Id] FROM shadow.[ApiKeys] AS t INNER JOIN OPENJSON(@P1) WITH (c0 INT '$') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO
SELECT t.[Id] FROM shadow.[AccessLog] AS t INNER JOIN OPENJSON(@P1) WITH (c0 BIGINT '$') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO
SELECT t.[Stream] FROM shadow.[RowVersions] AS t INNER JOIN OPENJSON(@P1) WITH (c0 NVARCHAR(100) '$') AS v ON t.[Stream] = v.c0 COLLATE Latin1_General_100_BIN2 OPTION (LOOP JOIN);
GO
