-- Users
SET IDENTITY_INSERT dbo.[Users] ON; INSERT INTO dbo.[Users] ([Id], [FirstName], [LastName], [Email], [PasswordHash], [PhoneNumber], [Role], [Department], [JobTitle], [Manager], [TimeZone], [ProfilePicture], [IsActive], [LastLoginAt], [CreatedAt], [UpdatedAt], [DeletedAt], [IsDeleted]) SELECT v.c0, v.c1, v.c2, v.c3, v.c4, v.c5, v.c6, v.c7, v.c8, v.c9, v.c10, v.c11, v.c12, v.c13, v.c14, v.c15, v.c16, v.c17 FROM OPENJSON(@rows) WITH (c0 INT '$[0]', c1 NVARCHAR(100) '$[1]', c2 NVARCHAR(100) '$[2]', c3 NVARCHAR(255) '$[3]', c4 NVARCHAR(500) '$[4]', c5 NVARCHAR(20) '$[5]', c6 INT '$[6]', c7 NVARCHAR(100) '$[7]', c8 NVARCHAR(100) '$[8]', c9 NVARCHAR(255) '$[9]', c10 NVARCHAR(50) '$[10]', c11 NVARCHAR(500) '$[11]', c12 BIT '$[12]', c13 DATETIME2(7) '$[13]', c14 DATETIME2(7) '$[14]', c15 DATETIME2(7) '$[15]', c16 DATETIME2(7) '$[16]', c17 BIT '$[17]') AS v; SET IDENTITY_INSERT dbo.[Users] OFF;
GO

-- Workspaces
SET IDENTITY_INSERT dbo.[Workspaces] ON; INSERT INTO dbo.[Workspaces] ([Id], [Name], [Description], [IsActive], [CreatedByUserId], [CreatedAt], [UpdatedAt], [DeletedAt], [IsDeleted]) SELECT v.c0, v.c1, v.c2, v.c3, v.c4, v.c5, v.c6, v.c7, v.c8 FROM OPENJSON(@rows) WITH (c0 INT '$[0]', c1 NVARCHAR(200) '$[1]', c2 NVARCHAR(1000) '$[2]', c3 BIT '$[3]', c4 INT '$[4]', c5 DATETIME2(7) '$[5]', c6 DATETIME2(7) '$[6]', c7 DATETIME2(7) '$[7]', c8 BIT '$[8]') AS v; SET IDENTITY_INSERT dbo.[Workspaces] OFF;
GO

-- UserWorkspaces
SET IDENTITY_INSERT dbo.[UserWorkspaces] ON; INSERT INTO dbo.[UserWorkspaces] ([Id], [UserId], [WorkspaceId], [Role], [JoinedAt], [IsActive]) SELECT v.c0, v.c1, v.c2, v.c3, v.c4, v.c5 FROM OPENJSON(@rows) WITH (c0 INT '$[0]', c1 INT '$[1]', c2 INT '$[2]', c3 INT '$[3]', c4 DATETIME2(7) '$[4]', c5 BIT '$[5]') AS v; SET IDENTITY_INSERT dbo.[UserWorkspaces] OFF;
GO

-- Projects
SET IDENTITY_INSERT dbo.[Projects] ON; INSERT INTO dbo.[Projects] ([Id], [Name], [Description], [WorkspaceId], [IsActive], [CreatedByUserId], [CreatedAt], [UpdatedAt], [DeletedAt], [IsDeleted]) SELECT v.c0, v.c1, v.c2, v.c3, v.c4, v.c5, v.c6, v.c7, v.c8, v.c9 FROM OPENJSON(@rows) WITH (c0 INT '$[0]', c1 NVARCHAR(200) '$[1]', c2 NVARCHAR(1000) '$[2]', c3 INT '$[3]', c4 BIT '$[4]', c5 INT '$[5]', c6 DATETIME2(7) '$[6]', c7 DATETIME2(7) '$[7]', c8 DATETIME2(7) '$[8]', c9 BIT '$[9]') AS v; SET IDENTITY_INSERT dbo.[Projects] OFF;
GO

-- Environments
SET IDENTITY_INSERT dbo.[Environments] ON; INSERT INTO dbo.[Environments] ([Id], [Name], [Description], [ProjectId], [Configuration], [Variables], [IsActive], [CreatedByUserId], [CreatedAt], [UpdatedAt], [DeletedAt], [IsDeleted]) SELECT v.c0, v.c1, v.c2, v.c3, v.c4, v.c5, v.c6, v.c7, v.c8, v.c9, v.c10, v.c11 FROM OPENJSON(@rows) WITH (c0 INT '$[0]', c1 NVARCHAR(200) '$[1]', c2 NVARCHAR(1000) '$[2]', c3 INT '$[3]', c4 NVARCHAR(MAX) '$[4]', c5 NVARCHAR(MAX) '$[5]', c6 BIT '$[6]', c7 INT '$[7]', c8 DATETIME2(7) '$[8]', c9 DATETIME2(7) '$[9]', c10 DATETIME2(7) '$[10]', c11 BIT '$[11]') AS v; SET IDENTITY_INSERT dbo.[Environments] OFF;
GO

-- ApiEndpoints
SET IDENTITY_INSERT dbo.[ApiEndpoints] ON; INSERT INTO dbo.[ApiEndpoints] ([Id], [Name], [Description], [Url], [Method], [Type], [Headers], [AuthenticationMethod], [Documentation], [IsActive], [CreatedByUserId], [CreatedAt], [UpdatedAt], [DeletedAt], [IsDeleted]) SELECT v.c0, v.c1, v.c2, v.c3, v.c4, v.c5, v.c6, v.c7, v.c8, v.c9, v.c10, v.c11, v.c12, v.c13, v.c14 FROM OPENJSON(@rows) WITH (c0 INT '$[0]', c1 NVARCHAR(200) '$[1]', c2 NVARCHAR(1000) '$[2]', c3 NVARCHAR(2000) '$[3]', c4 NVARCHAR(10) '$[4]', c5 INT '$[5]', c6 NVARCHAR(MAX) '$[6]', c7 NVARCHAR(100) '$[7]', c8 NVARCHAR(MAX) '$[8]', c9 BIT '$[9]', c10 INT '$[10]', c11 DATETIME2(7) '$[11]', c12 DATETIME2(7) '$[12]', c13 DATETIME2(7) '$[13]', c14 BIT '$[14]') AS v; SET IDENTITY_INSERT dbo.[ApiEndpoints] OFF;
GO

-- ApiParameters
SET IDENTITY_INSERT dbo.[ApiParameters] ON; INSERT INTO dbo.[ApiParameters] ([Id], [ApiEndpointId], [Name], [Description], [Type], [IsRequired], [DefaultValue], [ValidationRules], [CreatedAt], [UpdatedAt]) SELECT v.c0, v.c1, v.c2, v.c3, v.c4, v.c5, v.c6, v.c7, v.c8, v.c9 FROM OPENJSON(@rows) WITH (c0 INT '$[0]', c1 INT '$[1]', c2 NVARCHAR(100) '$[2]', c3 NVARCHAR(500) '$[3]', c4 INT '$[4]', c5 BIT '$[5]', c6 NVARCHAR(500) '$[6]', c7 NVARCHAR(1000) '$[7]', c8 DATETIME2(7) '$[8]', c9 DATETIME2(7) '$[9]') AS v; SET IDENTITY_INSERT dbo.[ApiParameters] OFF;
GO

-- Workflows
SET IDENTITY_INSERT dbo.[Workflows] ON; INSERT INTO dbo.[Workflows] ([Id], [Name], [Description], [ProjectId], [EnvironmentId], [Status], [Version], [RequiresApproval], [Tags], [Configuration], [CreatedByUserId], [CreatedAt], [UpdatedAt], [DeletedAt], [IsDeleted]) SELECT v.c0, v.c1, v.c2, v.c3, v.c4, v.c5, v.c6, v.c7, v.c8, v.c9, v.c10, v.c11, v.c12, v.c13, v.c14 FROM OPENJSON(@rows) WITH (c0 INT '$[0]', c1 NVARCHAR(200) '$[1]', c2 NVARCHAR(1000) '$[2]', c3 INT '$[3]', c4 INT '$[4]', c5 INT '$[5]', c6 INT '$[6]', c7 BIT '$[7]', c8 NVARCHAR(500) '$[8]', c9 NVARCHAR(MAX) '$[9]', c10 INT '$[10]', c11 DATETIME2(7) '$[11]', c12 DATETIME2(7) '$[12]', c13 DATETIME2(7) '$[13]', c14 BIT '$[14]') AS v; SET IDENTITY_INSERT dbo.[Workflows] OFF;
GO

-- WorkflowSteps
SET IDENTITY_INSERT dbo.[WorkflowSteps] ON; INSERT INTO dbo.[WorkflowSteps] ([Id], [WorkflowId], [Name], [Description], [Order], [ApiEndpointId], [InputMapping], [OutputMapping], [ErrorHandling], [IsOptional], [TimeoutSeconds], [RetryCount], [RetryDelaySeconds], [Condition], [CreatedAt], [UpdatedAt]) SELECT v.c0, v.c1, v.c2, v.c3, v.c4, v.c5, v.c6, v.c7, v.c8, v.c9, v.c10, v.c11, v.c12, v.c13, v.c14, v.c15 FROM OPENJSON(@rows) WITH (c0 INT '$[0]', c1 INT '$[1]', c2 NVARCHAR(200) '$[2]', c3 NVARCHAR(1000) '$[3]', c4 INT '$[4]', c5 INT '$[5]', c6 NVARCHAR(MAX) '$[6]', c7 NVARCHAR(MAX) '$[7]', c8 NVARCHAR(MAX) '$[8]', c9 BIT '$[9]', c10 INT '$[10]', c11 INT '$[11]', c12 INT '$[12]', c13 NVARCHAR(1000) '$[13]', c14 DATETIME2(7) '$[14]', c15 DATETIME2(7) '$[15]') AS v; SET IDENTITY_INSERT dbo.[WorkflowSteps] OFF;
GO

-- WorkflowExecutions
INSERT INTO dbo.[WorkflowExecutions] ([Id], [WorkflowId], [Status], [ExecutedAt], [CompletedAt], [InputParameters], [OutputParameters], [ErrorMessage], [ExecutionContext]) SELECT v.c0, v.c1, v.c2, v.c3, v.c4, v.c5, v.c6, v.c7, v.c8 FROM OPENJSON(@rows) WITH (c0 NVARCHAR(50) '$[0]', c1 INT '$[1]', c2 INT '$[2]', c3 DATETIME2(7) '$[3]', c4 DATETIME2(7) '$[4]', c5 NVARCHAR(MAX) '$[5]', c6 NVARCHAR(MAX) '$[6]', c7 NVARCHAR(MAX) '$[7]', c8 NVARCHAR(500) '$[8]') AS v;
GO

-- ExecutionLogs
SET IDENTITY_INSERT dbo.[ExecutionLogs] ON; INSERT INTO dbo.[ExecutionLogs] ([Id], [ExecutionId], [StepId], [LogLevel], [Message], [Details], [CreatedAt]) SELECT v.c0, v.c1, (SELECT p.[Id] FROM dbo.[WorkflowSteps] AS p WHERE p.[Id] = v.c2), v.c3, v.c4, v.c5, v.c6 FROM OPENJSON(@rows) WITH (c0 BIGINT '$[0]', c1 NVARCHAR(50) '$[1]', c2 INT '$[2]', c3 NVARCHAR(20) '$[3]', c4 NVARCHAR(MAX) '$[4]', c5 NVARCHAR(MAX) '$[5]', c6 DATETIME2(7) '$[6]') AS v; SET IDENTITY_INSERT dbo.[ExecutionLogs] OFF;
GO

-- WorkflowSchedules
SET IDENTITY_INSERT dbo.[WorkflowSchedules] ON; INSERT INTO dbo.[WorkflowSchedules] ([Id], [WorkflowId], [CronExpression], [TimeZone], [StartDate], [EndDate], [Description], [IsActive], [NextRunTime], [LastRunTime], [CreatedAt], [UpdatedAt]) SELECT v.c0, v.c1, v.c2, v.c3, v.c4, v.c5, v.c6, v.c7, v.c8, v.c9, v.c10, v.c11 FROM OPENJSON(@rows) WITH (c0 INT '$[0]', c1 INT '$[1]', c2 NVARCHAR(100) '$[2]', c3 NVARCHAR(50) '$[3]', c4 DATETIME2(7) '$[4]', c5 DATETIME2(7) '$[5]', c6 NVARCHAR(500) '$[6]', c7 BIT '$[7]', c8 DATETIME2(7) '$[8]', c9 DATETIME2(7) '$[9]', c10 DATETIME2(7) '$[10]', c11 DATETIME2(7) '$[11]') AS v; SET IDENTITY_INSERT dbo.[WorkflowSchedules] OFF;
GO

-- WorkflowApprovals
SET IDENTITY_INSERT dbo.[WorkflowApprovals] ON; INSERT INTO dbo.[WorkflowApprovals] ([Id], [WorkflowId], [RequestedByUserId], [ApproverUserId], [Status], [ApprovalType], [RequestReason], [ApprovalComments], [RequestedAt], [ApprovedAt], [Metadata]) SELECT v.c0, v.c1, v.c2, v.c3, v.c4, v.c5, v.c6, v.c7, v.c8, v.c9, v.c10 FROM OPENJSON(@rows) WITH (c0 INT '$[0]', c1 INT '$[1]', c2 INT '$[2]', c3 INT '$[3]', c4 INT '$[4]', c5 NVARCHAR(50) '$[5]', c6 NVARCHAR(1000) '$[6]', c7 NVARCHAR(1000) '$[7]', c8 DATETIME2(7) '$[8]', c9 DATETIME2(7) '$[9]', c10 NVARCHAR(MAX) '$[10]') AS v; SET IDENTITY_INSERT dbo.[WorkflowApprovals] OFF;
GO

-- WorkflowMetrics
SET IDENTITY_INSERT dbo.[WorkflowMetrics] ON; INSERT INTO dbo.[WorkflowMetrics] ([Id], [WorkflowId], [MetricName], [MetricValue], [Metadata], [RecordedAt]) SELECT v.c0, v.c1, v.c2, v.c3, v.c4, v.c5 FROM OPENJSON(@rows) WITH (c0 BIGINT '$[0]', c1 INT '$[1]', c2 NVARCHAR(100) '$[2]', c3 FLOAT '$[3]', c4 NVARCHAR(MAX) '$[4]', c5 DATETIME2(7) '$[5]') AS v; SET IDENTITY_INSERT dbo.[WorkflowMetrics] OFF;
GO

-- ExecutionStates
INSERT INTO dbo.[ExecutionStates] ([ExecutionId], [WorkspaceId], [EnvironmentId], [WorkflowVersion], [State], [RetryCount], [DurationMs], [DueAt], [StreamVersion]) SELECT v.c0, v.c1, v.c2, v.c3, v.c4, v.c5, v.c6, v.c7, v.c8 FROM OPENJSON(@rows) WITH (c0 NVARCHAR(50) '$[0]', c1 INT '$[1]', c2 INT '$[2]', c3 INT '$[3]', c4 NVARCHAR(20) '$[4]', c5 INT '$[5]', c6 FLOAT '$[6]', c7 DATETIME2(7) '$[7]', c8 BIGINT '$[8]') AS v;
GO

-- StepRuns
INSERT INTO dbo.[StepRuns] ([Id], [ExecutionId], [StepId], [StepName], [StepIndex], [Attempt], [Status], [StartedAt], [CompletedAt], [DurationMs], [StatusCode], [ErrorKind], [ErrorMessage], [Output]) SELECT v.c0, v.c1, v.c2, v.c3, v.c4, v.c5, v.c6, v.c7, v.c8, v.c9, v.c10, v.c11, v.c12, v.c13 FROM OPENJSON(@rows) WITH (c0 NVARCHAR(60) '$[0]', c1 NVARCHAR(50) '$[1]', c2 INT '$[2]', c3 NVARCHAR(200) '$[3]', c4 INT '$[4]', c5 INT '$[5]', c6 NVARCHAR(20) '$[6]', c7 DATETIME2(7) '$[7]', c8 DATETIME2(7) '$[8]', c9 FLOAT '$[9]', c10 INT '$[10]', c11 NVARCHAR(50) '$[11]', c12 NVARCHAR(MAX) '$[12]', c13 NVARCHAR(MAX) '$[13]') AS v;
GO

-- WorkflowVersions
INSERT INTO dbo.[WorkflowVersions] ([Id], [WorkflowId], [Version], [ContentHash], [Definition], [PublishedAt], [PublishedBy]) SELECT v.c0, v.c1, v.c2, v.c3, v.c4, v.c5, v.c6 FROM OPENJSON(@rows) WITH (c0 NVARCHAR(40) '$[0]', c1 INT '$[1]', c2 INT '$[2]', c3 NVARCHAR(64) '$[3]', c4 NVARCHAR(MAX) '$[4]', c5 DATETIME2(7) '$[5]', c6 INT '$[6]') AS v;
GO

-- ApiEndpointScopes
INSERT INTO dbo.[ApiEndpointScopes] ([ApiEndpointId], [WorkspaceId], [Authentication], [Soap], [Limits], [FollowRedirects]) SELECT v.c0, v.c1, v.c2, v.c3, v.c4, v.c5 FROM OPENJSON(@rows) WITH (c0 INT '$[0]', c1 INT '$[1]', c2 NVARCHAR(MAX) '$[2]', c3 NVARCHAR(MAX) '$[3]', c4 NVARCHAR(MAX) '$[4]', c5 INT '$[5]') AS v;
GO

-- EnvironmentVariables
INSERT INTO dbo.[EnvironmentVariables] ([EnvironmentId], [Variables]) SELECT v.c0, v.c1 FROM OPENJSON(@rows) WITH (c0 INT '$[0]', c1 NVARCHAR(MAX) '$[1]') AS v;
GO

-- ScheduleStates
INSERT INTO dbo.[ScheduleStates] ([WorkflowId], [CatchUp], [Overlap], [JitterSeconds], [InputParameters], [BufferedTick], [LastTick], [LastOutcome], [LastExecutionId]) SELECT v.c0, v.c1, v.c2, v.c3, v.c4, v.c5, v.c6, v.c7, v.c8 FROM OPENJSON(@rows) WITH (c0 INT '$[0]', c1 NVARCHAR(MAX) '$[1]', c2 NVARCHAR(20) '$[2]', c3 INT '$[3]', c4 NVARCHAR(MAX) '$[4]', c5 DATETIME2(7) '$[5]', c6 DATETIME2(7) '$[6]', c7 NVARCHAR(100) '$[7]', c8 NVARCHAR(50) '$[8]') AS v;
GO

-- ApiKeys
INSERT INTO dbo.[ApiKeys] ([Id], [UserId], [Name], [TokenHash], [MaximumRole], [WorkspaceId], [ExpiresAt], [CreatedAt], [RevokedAt]) SELECT v.c0, v.c1, v.c2, v.c3, v.c4, v.c5, v.c6, v.c7, v.c8 FROM OPENJSON(@rows) WITH (c0 INT '$[0]', c1 INT '$[1]', c2 NVARCHAR(200) '$[2]', c3 NVARCHAR(64) '$[3]', c4 INT '$[4]', c5 INT '$[5]', c6 DATETIME2(7) '$[6]', c7 DATETIME2(7) '$[7]', c8 DATETIME2(7) '$[8]') AS v;
GO

-- AccessLog
INSERT INTO dbo.[AccessLog] ([Id], [UserId], [Outcome], [Reason], [OccurredAt]) SELECT v.c0, v.c1, v.c2, v.c3, v.c4 FROM OPENJSON(@rows) WITH (c0 BIGINT '$[0]', c1 INT '$[1]', c2 NVARCHAR(20) '$[2]', c3 NVARCHAR(50) '$[3]', c4 DATETIME2(7) '$[4]') AS v;
GO

-- RowVersions
INSERT INTO dbo.[RowVersions] ([Stream], [Version], [LastPosition]) SELECT v.c0, v.c1, v.c2 FROM OPENJSON(@rows) WITH (c0 NVARCHAR(100) '$[0]', c1 BIGINT '$[1]', c2 BIGINT '$[2]') AS v;
GO
