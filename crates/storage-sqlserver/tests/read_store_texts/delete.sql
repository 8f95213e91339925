-- Users
DELETE t FROM dbo.[Users] AS t INNER JOIN OPENJSON(@rows) WITH (c0 INT '$[0]') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO

-- Workspaces
DELETE t FROM dbo.[Workspaces] AS t INNER JOIN OPENJSON(@rows) WITH (c0 INT '$[0]') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO

-- UserWorkspaces
DELETE t FROM dbo.[UserWorkspaces] AS t INNER JOIN OPENJSON(@rows) WITH (c0 INT '$[0]') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO

-- Projects
DELETE t FROM dbo.[Projects] AS t INNER JOIN OPENJSON(@rows) WITH (c0 INT '$[0]') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO

-- Environments
DELETE t FROM dbo.[Environments] AS t INNER JOIN OPENJSON(@rows) WITH (c0 INT '$[0]') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO

-- ApiEndpoints
DELETE t FROM dbo.[ApiEndpoints] AS t INNER JOIN OPENJSON(@rows) WITH (c0 INT '$[0]') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO

-- ApiParameters
DELETE t FROM dbo.[ApiParameters] AS t INNER JOIN OPENJSON(@rows) WITH (c0 INT '$[0]') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO

-- Workflows
DELETE t FROM dbo.[Workflows] AS t INNER JOIN OPENJSON(@rows) WITH (c0 INT '$[0]') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO

-- WorkflowSteps
DELETE t FROM dbo.[WorkflowSteps] AS t INNER JOIN OPENJSON(@rows) WITH (c0 INT '$[0]') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO

-- WorkflowExecutions
DELETE t FROM dbo.[WorkflowExecutions] AS t INNER JOIN OPENJSON(@rows) WITH (c0 NVARCHAR(50) '$[0]') AS v ON t.[Id] = v.c0 COLLATE Latin1_General_100_BIN2 OPTION (LOOP JOIN);
GO

-- ExecutionLogs
DELETE t FROM dbo.[ExecutionLogs] AS t INNER JOIN OPENJSON(@rows) WITH (c0 BIGINT '$[0]') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO

-- WorkflowSchedules
DELETE t FROM dbo.[WorkflowSchedules] AS t INNER JOIN OPENJSON(@rows) WITH (c0 INT '$[0]') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO

-- WorkflowApprovals
DELETE t FROM dbo.[WorkflowApprovals] AS t INNER JOIN OPENJSON(@rows) WITH (c0 INT '$[0]') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO

-- WorkflowMetrics
DELETE t FROM dbo.[WorkflowMetrics] AS t INNER JOIN OPENJSON(@rows) WITH (c0 BIGINT '$[0]') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO

-- ExecutionStates
DELETE t FROM dbo.[ExecutionStates] AS t INNER JOIN OPENJSON(@rows) WITH (c0 NVARCHAR(50) '$[0]') AS v ON t.[ExecutionId] = v.c0 COLLATE Latin1_General_100_BIN2 OPTION (LOOP JOIN);
GO

-- StepRuns
DELETE t FROM dbo.[StepRuns] AS t INNER JOIN OPENJSON(@rows) WITH (c0 NVARCHAR(60) '$[0]') AS v ON t.[Id] = v.c0 COLLATE Latin1_General_100_BIN2 OPTION (LOOP JOIN);
GO

-- WorkflowVersions
DELETE t FROM dbo.[WorkflowVersions] AS t INNER JOIN OPENJSON(@rows) WITH (c0 NVARCHAR(40) '$[0]') AS v ON t.[Id] = v.c0 COLLATE Latin1_General_100_BIN2 OPTION (LOOP JOIN);
GO

-- ApiEndpointScopes
DELETE t FROM dbo.[ApiEndpointScopes] AS t INNER JOIN OPENJSON(@rows) WITH (c0 INT '$[0]') AS v ON t.[ApiEndpointId] = v.c0 OPTION (LOOP JOIN);
GO

-- EnvironmentVariables
DELETE t FROM dbo.[EnvironmentVariables] AS t INNER JOIN OPENJSON(@rows) WITH (c0 INT '$[0]') AS v ON t.[EnvironmentId] = v.c0 OPTION (LOOP JOIN);
GO

-- ScheduleStates
DELETE t FROM dbo.[ScheduleStates] AS t INNER JOIN OPENJSON(@rows) WITH (c0 INT '$[0]') AS v ON t.[WorkflowId] = v.c0 OPTION (LOOP JOIN);
GO

-- ApiKeys
DELETE t FROM dbo.[ApiKeys] AS t INNER JOIN OPENJSON(@rows) WITH (c0 INT '$[0]') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO

-- AccessLog
DELETE t FROM dbo.[AccessLog] AS t INNER JOIN OPENJSON(@rows) WITH (c0 BIGINT '$[0]') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO

-- RowVersions
DELETE t FROM dbo.[RowVersions] AS t INNER JOIN OPENJSON(@rows) WITH (c0 NVARCHAR(100) '$[0]') AS v ON t.[Stream] = v.c0 COLLATE Latin1_General_100_BIN2 OPTION (LOOP JOIN);
GO
