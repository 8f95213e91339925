-- Users
UPDATE t SET t.[FirstName] = v.c1, t.[UpdatedAt] = t.[UpdatedAt] FROM dbo.[Users] AS t INNER JOIN OPENJSON(@rows) WITH (c0 INT '$[0]', c1 NVARCHAR(100) '$[1]') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO

-- Workspaces
UPDATE t SET t.[Name] = v.c1 FROM dbo.[Workspaces] AS t INNER JOIN OPENJSON(@rows) WITH (c0 INT '$[0]', c1 NVARCHAR(200) '$[1]') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO

-- UserWorkspaces
UPDATE t SET t.[UserId] = v.c1 FROM dbo.[UserWorkspaces] AS t INNER JOIN OPENJSON(@rows) WITH (c0 INT '$[0]', c1 INT '$[1]') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO

-- Projects
UPDATE t SET t.[Name] = v.c1 FROM dbo.[Projects] AS t INNER JOIN OPENJSON(@rows) WITH (c0 INT '$[0]', c1 NVARCHAR(200) '$[1]') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO

-- Environments
UPDATE t SET t.[Name] = v.c1 FROM dbo.[Environments] AS t INNER JOIN OPENJSON(@rows) WITH (c0 INT '$[0]', c1 NVARCHAR(200) '$[1]') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO

-- ApiEndpoints
UPDATE t SET t.[Name] = v.c1 FROM dbo.[ApiEndpoints] AS t INNER JOIN OPENJSON(@rows) WITH (c0 INT '$[0]', c1 NVARCHAR(200) '$[1]') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO

-- ApiParameters
UPDATE t SET t.[ApiEndpointId] = v.c1 FROM dbo.[ApiParameters] AS t INNER JOIN OPENJSON(@rows) WITH (c0 INT '$[0]', c1 INT '$[1]') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO

-- Workflows
UPDATE t SET t.[Name] = v.c1 FROM dbo.[Workflows] AS t INNER JOIN OPENJSON(@rows) WITH (c0 INT '$[0]', c1 NVARCHAR(200) '$[1]') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO

-- WorkflowSteps
UPDATE t SET t.[WorkflowId] = v.c1 FROM dbo.[WorkflowSteps] AS t INNER JOIN OPENJSON(@rows) WITH (c0 INT '$[0]', c1 INT '$[1]') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO

-- WorkflowExecutions
UPDATE t SET t.[WorkflowId] = v.c1 FROM dbo.[WorkflowExecutions] AS t INNER JOIN OPENJSON(@rows) WITH (c0 NVARCHAR(50) '$[0]', c1 INT '$[1]') AS v ON t.[Id] = v.c0 COLLATE Latin1_General_100_BIN2 OPTION (LOOP JOIN);
GO

-- ExecutionLogs
UPDATE t SET t.[ExecutionId] = v.c1 FROM dbo.[ExecutionLogs] AS t INNER JOIN OPENJSON(@rows) WITH (c0 BIGINT '$[0]', c1 NVARCHAR(50) '$[1]') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO

-- WorkflowSchedules
UPDATE t SET t.[WorkflowId] = v.c1 FROM dbo.[WorkflowSchedules] AS t INNER JOIN OPENJSON(@rows) WITH (c0 INT '$[0]', c1 INT '$[1]') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO

-- WorkflowApprovals
UPDATE t SET t.[WorkflowId] = v.c1 FROM dbo.[WorkflowApprovals] AS t INNER JOIN OPENJSON(@rows) WITH (c0 INT '$[0]', c1 INT '$[1]') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO

-- WorkflowMetrics
UPDATE t SET t.[WorkflowId] = v.c1 FROM dbo.[WorkflowMetrics] AS t INNER JOIN OPENJSON(@rows) WITH (c0 BIGINT '$[0]', c1 INT '$[1]') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO

-- ExecutionStates
UPDATE t SET t.[WorkspaceId] = v.c1 FROM dbo.[ExecutionStates] AS t INNER JOIN OPENJSON(@rows) WITH (c0 NVARCHAR(50) '$[0]', c1 INT '$[1]') AS v ON t.[ExecutionId] = v.c0 COLLATE Latin1_General_100_BIN2 OPTION (LOOP JOIN);
GO

-- StepRuns
UPDATE t SET t.[ExecutionId] = v.c1 FROM dbo.[StepRuns] AS t INNER JOIN OPENJSON(@rows) WITH (c0 NVARCHAR(60) '$[0]', c1 NVARCHAR(50) '$[1]') AS v ON t.[Id] = v.c0 COLLATE Latin1_General_100_BIN2 OPTION (LOOP JOIN);
GO

-- WorkflowVersions
UPDATE t SET t.[WorkflowId] = v.c1 FROM dbo.[WorkflowVersions] AS t INNER JOIN OPENJSON(@rows) WITH (c0 NVARCHAR(40) '$[0]', c1 INT '$[1]') AS v ON t.[Id] = v.c0 COLLATE Latin1_General_100_BIN2 OPTION (LOOP JOIN);
GO

-- ApiEndpointScopes
UPDATE t SET t.[WorkspaceId] = v.c1 FROM dbo.[ApiEndpointScopes] AS t INNER JOIN OPENJSON(@rows) WITH (c0 INT '$[0]', c1 INT '$[1]') AS v ON t.[ApiEndpointId] = v.c0 OPTION (LOOP JOIN);
GO

-- EnvironmentVariables
UPDATE t SET t.[Variables] = v.c1 FROM dbo.[EnvironmentVariables] AS t INNER JOIN OPENJSON(@rows) WITH (c0 INT '$[0]', c1 NVARCHAR(MAX) '$[1]') AS v ON t.[EnvironmentId] = v.c0 OPTION (LOOP JOIN);
GO

-- ScheduleStates
UPDATE t SET t.[CatchUp] = v.c1 FROM dbo.[ScheduleStates] AS t INNER JOIN OPENJSON(@rows) WITH (c0 INT '$[0]', c1 NVARCHAR(MAX) '$[1]') AS v ON t.[WorkflowId] = v.c0 OPTION (LOOP JOIN);
GO

-- ApiKeys
UPDATE t SET t.[UserId] = v.c1 FROM dbo.[ApiKeys] AS t INNER JOIN OPENJSON(@rows) WITH (c0 INT '$[0]', c1 INT '$[1]') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO

-- AccessLog
UPDATE t SET t.[UserId] = v.c1 FROM dbo.[AccessLog] AS t INNER JOIN OPENJSON(@rows) WITH (c0 BIGINT '$[0]', c1 INT '$[1]') AS v ON t.[Id] = v.c0 OPTION (LOOP JOIN);
GO

-- RowVersions
UPDATE t SET t.[Version] = v.c1 FROM dbo.[RowVersions] AS t INNER JOIN OPENJSON(@rows) WITH (c0 NVARCHAR(100) '$[0]', c1 BIGINT '$[1]') AS v ON t.[Stream] = v.c0 COLLATE Latin1_General_100_BIN2 OPTION (LOOP JOIN);
GO
