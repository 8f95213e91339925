CREATE TABLE shadow.Users (
    Id INT NOT NULL CONSTRAINT PK_Users PRIMARY KEY,
    FirstName NVARCHAR(100) NOT NULL,
    LastName NVARCHAR(100) NOT NULL,
    Email NVARCHAR(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
    PasswordHash NVARCHAR(500) NOT NULL,
    PhoneNumber NVARCHAR(20) NULL,
    Role INT NOT NULL CONSTRAINT DF_Users_Role DEFAULT 3,
    Department NVARCHAR(100) NULL,
    JobTitle NVARCHAR(100) NULL,
    Manager NVARCHAR(255) NULL,
    TimeZone NVARCHAR(50) NOT NULL CONSTRAINT DF_Users_TimeZone DEFAULT 'UTC',
    ProfilePicture NVARCHAR(500) NULL,
    IsActive BIT NOT NULL CONSTRAINT DF_Users_IsActive DEFAULT 1,
    LastLoginAt DATETIME2(7) NULL,
    CreatedAt DATETIME2(7) NOT NULL CONSTRAINT DF_Users_CreatedAt DEFAULT GETUTCDATE(),
    UpdatedAt DATETIME2(7) NULL,
    DeletedAt DATETIME2(7) NULL,
    IsDeleted BIT NOT NULL CONSTRAINT DF_Users_IsDeleted DEFAULT 0,
    CONSTRAINT IX_Users_Email UNIQUE (Email),
    CONSTRAINT CK_Users_Email CHECK (Email LIKE '%_@_%._%')
);
GO

CREATE TABLE shadow.Workspaces (
    Id INT NOT NULL CONSTRAINT PK_Workspaces PRIMARY KEY,
    Name NVARCHAR(200) NOT NULL,
    Description NVARCHAR(1000) NULL,
    IsActive BIT NOT NULL CONSTRAINT DF_Workspaces_IsActive DEFAULT 1,
    CreatedByUserId INT NOT NULL,
    CreatedAt DATETIME2(7) NOT NULL CONSTRAINT DF_Workspaces_CreatedAt DEFAULT GETUTCDATE(),
    UpdatedAt DATETIME2(7) NULL,
    DeletedAt DATETIME2(7) NULL,
    IsDeleted BIT NOT NULL CONSTRAINT DF_Workspaces_IsDeleted DEFAULT 0
);
GO

CREATE TABLE shadow.Projects (
    Id INT NOT NULL CONSTRAINT PK_Projects PRIMARY KEY,
    Name NVARCHAR(200) NOT NULL,
    Description NVARCHAR(1000) NULL,
    WorkspaceId INT NOT NULL,
    IsActive BIT NOT NULL CONSTRAINT DF_Projects_IsActive DEFAULT 1,
    CreatedByUserId INT NOT NULL,
    CreatedAt DATETIME2(7) NOT NULL CONSTRAINT DF_Projects_CreatedAt DEFAULT GETUTCDATE(),
    UpdatedAt DATETIME2(7) NULL,
    DeletedAt DATETIME2(7) NULL,
    IsDeleted BIT NOT NULL CONSTRAINT DF_Projects_IsDeleted DEFAULT 0
);
GO

CREATE TABLE shadow.Environments (
    Id INT NOT NULL CONSTRAINT PK_Environments PRIMARY KEY,
    Name NVARCHAR(200) NOT NULL,
    Description NVARCHAR(1000) NULL,
    ProjectId INT NOT NULL,
    Configuration NVARCHAR(MAX) NULL, -- JSON configuration
    Variables NVARCHAR(MAX) NULL, -- JSON key-value pairs; a secret stands encrypted
    IsActive BIT NOT NULL CONSTRAINT DF_Environments_IsActive DEFAULT 1,
    CreatedByUserId INT NOT NULL,
    CreatedAt DATETIME2(7) NOT NULL CONSTRAINT DF_Environments_CreatedAt DEFAULT GETUTCDATE(),
    UpdatedAt DATETIME2(7) NULL,
    DeletedAt DATETIME2(7) NULL,
    IsDeleted BIT NOT NULL CONSTRAINT DF_Environments_IsDeleted DEFAULT 0
);
GO

CREATE TABLE shadow.ApiEndpoints (
    Id INT NOT NULL CONSTRAINT PK_ApiEndpoints PRIMARY KEY,
    Name NVARCHAR(200) NOT NULL,
    Description NVARCHAR(1000) NULL,
    Url NVARCHAR(2000) NOT NULL,
    Method NVARCHAR(10) NOT NULL,
    Type INT NOT NULL CONSTRAINT DF_ApiEndpoints_Type DEFAULT 0,
    Headers NVARCHAR(MAX) NULL, -- JSON headers
    AuthenticationMethod NVARCHAR(100) NULL,
    Documentation NVARCHAR(MAX) NULL,
    IsActive BIT NOT NULL CONSTRAINT DF_ApiEndpoints_IsActive DEFAULT 1,
    CreatedByUserId INT NOT NULL,
    CreatedAt DATETIME2(7) NOT NULL CONSTRAINT DF_ApiEndpoints_CreatedAt DEFAULT GETUTCDATE(),
    UpdatedAt DATETIME2(7) NULL,
    DeletedAt DATETIME2(7) NULL,
    IsDeleted BIT NOT NULL CONSTRAINT DF_ApiEndpoints_IsDeleted DEFAULT 0
);
GO

CREATE TABLE shadow.ApiParameters (
    Id INT NOT NULL CONSTRAINT PK_ApiParameters PRIMARY KEY,
    ApiEndpointId INT NOT NULL,
    Name NVARCHAR(100) NOT NULL,
    Description NVARCHAR(500) NULL,
    Type INT NOT NULL CONSTRAINT DF_ApiParameters_Type DEFAULT 0,
    IsRequired BIT NOT NULL CONSTRAINT DF_ApiParameters_IsRequired DEFAULT 0,
    DefaultValue NVARCHAR(500) NULL,
    ValidationRules NVARCHAR(1000) NULL, -- JSON validation rules
    CreatedAt DATETIME2(7) NOT NULL CONSTRAINT DF_ApiParameters_CreatedAt DEFAULT GETUTCDATE(),
    UpdatedAt DATETIME2(7) NULL
);
GO

CREATE TABLE shadow.Workflows (
    Id INT NOT NULL CONSTRAINT PK_Workflows PRIMARY KEY,
    Name NVARCHAR(200) NOT NULL,
    Description NVARCHAR(1000) NULL,
    ProjectId INT NOT NULL,
    EnvironmentId INT NOT NULL,
    Status INT NOT NULL CONSTRAINT DF_Workflows_Status DEFAULT 0,
    Version INT NOT NULL CONSTRAINT DF_Workflows_Version DEFAULT 1,
    RequiresApproval BIT NOT NULL CONSTRAINT DF_Workflows_RequiresApproval DEFAULT 0,
    Tags NVARCHAR(500) NULL,
    Configuration NVARCHAR(MAX) NULL, -- JSON configuration
    CreatedByUserId INT NOT NULL,
    CreatedAt DATETIME2(7) NOT NULL CONSTRAINT DF_Workflows_CreatedAt DEFAULT GETUTCDATE(),
    UpdatedAt DATETIME2(7) NULL,
    DeletedAt DATETIME2(7) NULL,
    IsDeleted BIT NOT NULL CONSTRAINT DF_Workflows_IsDeleted DEFAULT 0
);
GO

CREATE TABLE shadow.WorkflowSteps (
    Id INT NOT NULL CONSTRAINT PK_WorkflowSteps PRIMARY KEY,
    WorkflowId INT NOT NULL,
    Name NVARCHAR(200) NOT NULL,
    Description NVARCHAR(1000) NULL,
    [Order] INT NOT NULL,
    ApiEndpointId INT NOT NULL,
    InputMapping NVARCHAR(MAX) NULL, -- JSON mapping
    OutputMapping NVARCHAR(MAX) NULL, -- JSON mapping
    ErrorHandling NVARCHAR(MAX) NULL, -- JSON error handling config
    IsOptional BIT NOT NULL CONSTRAINT DF_WorkflowSteps_IsOptional DEFAULT 0,
    TimeoutSeconds INT NOT NULL CONSTRAINT DF_WorkflowSteps_TimeoutSeconds DEFAULT 30,
    RetryCount INT NOT NULL CONSTRAINT DF_WorkflowSteps_RetryCount DEFAULT 0,
    RetryDelaySeconds INT NOT NULL CONSTRAINT DF_WorkflowSteps_RetryDelaySeconds DEFAULT 1,
    Condition NVARCHAR(1000) NULL, -- Conditional execution logic
    CreatedAt DATETIME2(7) NOT NULL CONSTRAINT DF_WorkflowSteps_CreatedAt DEFAULT GETUTCDATE(),
    UpdatedAt DATETIME2(7) NULL,
    CONSTRAINT CK_WorkflowSteps_TimeoutSeconds CHECK (TimeoutSeconds > 0)
);
GO

CREATE TABLE shadow.WorkflowExecutions (
    Id NVARCHAR(50) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT PK_WorkflowExecutions PRIMARY KEY,
    WorkflowId INT NOT NULL,
    Status INT NOT NULL CONSTRAINT DF_WorkflowExecutions_Status DEFAULT 0,
    ExecutedAt DATETIME2(7) NOT NULL CONSTRAINT DF_WorkflowExecutions_ExecutedAt DEFAULT GETUTCDATE(),
    CompletedAt DATETIME2(7) NULL,
    InputParameters NVARCHAR(MAX) NULL, -- JSON input parameters
    OutputParameters NVARCHAR(MAX) NULL, -- JSON output parameters
    ErrorMessage NVARCHAR(MAX) NULL,
    ExecutionContext NVARCHAR(500) NULL
);
GO

CREATE TABLE shadow.ExecutionLogs (
    Id BIGINT NOT NULL CONSTRAINT PK_ExecutionLogs PRIMARY KEY,
    ExecutionId NVARCHAR(50) COLLATE Latin1_General_100_BIN2 NOT NULL,
    StepId INT NULL,
    LogLevel NVARCHAR(20) NOT NULL,
    Message NVARCHAR(MAX) NOT NULL,
    Details NVARCHAR(MAX) NULL,
    CreatedAt DATETIME2(7) NOT NULL CONSTRAINT DF_ExecutionLogs_CreatedAt DEFAULT GETUTCDATE()
);
GO

CREATE TABLE shadow.WorkflowSchedules (
    Id INT NOT NULL CONSTRAINT PK_WorkflowSchedules PRIMARY KEY,
    WorkflowId INT NOT NULL CONSTRAINT UQ_WorkflowSchedules_WorkflowId UNIQUE,
    CronExpression NVARCHAR(100) NOT NULL,
    TimeZone NVARCHAR(50) NOT NULL CONSTRAINT DF_WorkflowSchedules_TimeZone DEFAULT 'UTC',
    StartDate DATETIME2(7) NULL,
    EndDate DATETIME2(7) NULL,
    Description NVARCHAR(500) NULL,
    IsActive BIT NOT NULL CONSTRAINT DF_WorkflowSchedules_IsActive DEFAULT 1,
    NextRunTime DATETIME2(7) NULL,
    LastRunTime DATETIME2(7) NULL,
    CreatedAt DATETIME2(7) NOT NULL CONSTRAINT DF_WorkflowSchedules_CreatedAt DEFAULT GETUTCDATE(),
    UpdatedAt DATETIME2(7) NULL,
    CONSTRAINT CK_WorkflowSchedules_CronExpression CHECK (LEN(CronExpression) >= 9)
);
GO

CREATE TABLE shadow.WorkflowApprovals (
    Id INT NOT NULL CONSTRAINT PK_WorkflowApprovals PRIMARY KEY,
    WorkflowId INT NOT NULL,
    RequestedByUserId INT NOT NULL,
    ApproverUserId INT NULL,
    Status INT NOT NULL CONSTRAINT DF_WorkflowApprovals_Status DEFAULT 0,
    ApprovalType NVARCHAR(50) NOT NULL,
    RequestReason NVARCHAR(1000) NULL,
    ApprovalComments NVARCHAR(1000) NULL,
    RequestedAt DATETIME2(7) NOT NULL CONSTRAINT DF_WorkflowApprovals_RequestedAt DEFAULT GETUTCDATE(),
    ApprovedAt DATETIME2(7) NULL,
    Metadata NVARCHAR(MAX) NULL
);
GO

CREATE TABLE shadow.WorkflowMetrics (
    Id BIGINT NOT NULL CONSTRAINT PK_WorkflowMetrics PRIMARY KEY,
    WorkflowId INT NOT NULL,
    MetricName NVARCHAR(100) NOT NULL,
    MetricValue FLOAT NOT NULL,
    Metadata NVARCHAR(MAX) NULL,
    RecordedAt DATETIME2(7) NOT NULL CONSTRAINT DF_WorkflowMetrics_RecordedAt DEFAULT GETUTCDATE()
);
GO

CREATE TABLE shadow.UserWorkspaces (
    Id INT NOT NULL CONSTRAINT PK_UserWorkspaces PRIMARY KEY,
    UserId INT NOT NULL,
    WorkspaceId INT NOT NULL,
    Role INT NOT NULL CONSTRAINT DF_UserWorkspaces_Role DEFAULT 3,
    JoinedAt DATETIME2(7) NOT NULL CONSTRAINT DF_UserWorkspaces_JoinedAt DEFAULT GETUTCDATE(),
    IsActive BIT NOT NULL CONSTRAINT DF_UserWorkspaces_IsActive DEFAULT 1,
    CONSTRAINT UQ_UserWorkspaces_UserId_WorkspaceId UNIQUE (UserId, WorkspaceId)
);
GO
CREATE TABLE shadow.ExecutionStates (
    ExecutionId NVARCHAR(50) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT PK_ExecutionStates PRIMARY KEY,
    WorkspaceId INT NOT NULL,
    EnvironmentId INT NOT NULL,
    WorkflowVersion INT NOT NULL,
    State NVARCHAR(20) NOT NULL, -- Queued, Running, Retrying, Completed, Failed, Cancelled
    RetryCount INT NOT NULL,
    DurationMs FLOAT NULL,
    DueAt DATETIME2(7) NULL,
    StreamVersion BIGINT NOT NULL
);
GO

CREATE TABLE shadow.StepRuns (
    Id NVARCHAR(60) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT PK_StepRuns PRIMARY KEY,
    ExecutionId NVARCHAR(50) COLLATE Latin1_General_100_BIN2 NOT NULL,
    StepId INT NOT NULL,
    StepName NVARCHAR(200) NOT NULL,
    StepIndex INT NOT NULL,
    Attempt INT NOT NULL, -- 0 when the step was skipped
    Status NVARCHAR(20) NOT NULL, -- Running, Succeeded, Failed, Skipped, InDoubt
    StartedAt DATETIME2(7) NULL,
    CompletedAt DATETIME2(7) NULL,
    DurationMs FLOAT NULL,
    StatusCode INT NULL,
    ErrorKind NVARCHAR(50) NULL,
    ErrorMessage NVARCHAR(MAX) NULL,
    Output NVARCHAR(MAX) NULL
);
GO

CREATE TABLE shadow.WorkflowVersions (
    Id NVARCHAR(40) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT PK_WorkflowVersions PRIMARY KEY,
    WorkflowId INT NOT NULL,
    Version INT NOT NULL,
    ContentHash NVARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    Definition NVARCHAR(MAX) NOT NULL, -- JSON: settings, steps, endpoints
    PublishedAt DATETIME2(7) NOT NULL,
    PublishedBy INT NULL
);
GO

CREATE TABLE shadow.ApiEndpointScopes (
    ApiEndpointId INT NOT NULL CONSTRAINT PK_ApiEndpointScopes PRIMARY KEY,
    WorkspaceId INT NULL, -- NULL: shared
    Authentication NVARCHAR(MAX) NULL, -- JSON; secrets are {env.NAME} placeholders
    Soap NVARCHAR(MAX) NULL, -- JSON: version, action, namespaces, operation, header
    Limits NVARCHAR(MAX) NULL, -- JSON: requestsPerSecond, burst, maxConcurrent, circuitBreaker
    FollowRedirects INT NULL -- NULL: none
);
GO

CREATE TABLE shadow.EnvironmentVariables (
    EnvironmentId INT NOT NULL CONSTRAINT PK_EnvironmentVariables PRIMARY KEY,
    Variables NVARCHAR(MAX) NOT NULL -- JSON: name -> secret, updatedAt and, unless secret, value
);
GO

CREATE TABLE shadow.ScheduleStates (
    WorkflowId INT NOT NULL CONSTRAINT PK_ScheduleStates PRIMARY KEY,
    CatchUp NVARCHAR(MAX) NOT NULL, -- JSON: policy, windowSeconds
    Overlap NVARCHAR(20) NOT NULL,
    JitterSeconds INT NOT NULL,
    InputParameters NVARCHAR(MAX) NOT NULL, -- JSON: input of the runs
    BufferedTick DATETIME2(7) NULL, -- waits for the run before it
    LastTick DATETIME2(7) NULL,
    LastOutcome NVARCHAR(100) NULL, -- why it fired, or why not
    LastExecutionId NVARCHAR(50) COLLATE Latin1_General_100_BIN2 NULL
);
GO

CREATE TABLE shadow.ApiKeys (
    Id INT NOT NULL CONSTRAINT PK_ApiKeys PRIMARY KEY,
    UserId INT NOT NULL,
    Name NVARCHAR(200) NOT NULL,
    TokenHash NVARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    MaximumRole INT NULL,
    WorkspaceId INT NULL,
    ExpiresAt DATETIME2(7) NULL,
    CreatedAt DATETIME2(7) NOT NULL,
    RevokedAt DATETIME2(7) NULL
);
GO

CREATE TABLE shadow.AccessLog (
    Id BIGINT NOT NULL CONSTRAINT PK_AccessLog PRIMARY KEY, -- position of the event x 256
    UserId INT NOT NULL,
    Outcome NVARCHAR(20) NOT NULL, -- LoggedIn, LoginFailed
    Reason NVARCHAR(50) NULL,
    OccurredAt DATETIME2(7) NOT NULL
);
GO

CREATE TABLE shadow.RowVersions (
    Stream NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT PK_RowVersions PRIMARY KEY,
    Version BIGINT NOT NULL,
    LastPosition BIGINT NOT NULL
);
GO
CREATE INDEX IX_ExecutionLogs_ExecutionId_CreatedAt ON shadow.ExecutionLogs(ExecutionId, CreatedAt);
CREATE INDEX IX_Projects_WorkspaceId ON shadow.Projects(WorkspaceId);
CREATE INDEX IX_Environments_ProjectId ON shadow.Environments(ProjectId);
CREATE INDEX IX_ApiParameters_ApiEndpointId ON shadow.ApiParameters(ApiEndpointId);
CREATE INDEX IX_Workflows_EnvironmentId ON shadow.Workflows(EnvironmentId);
CREATE INDEX IX_WorkflowSteps_WorkflowId ON shadow.WorkflowSteps(WorkflowId);
CREATE INDEX IX_WorkflowSteps_ApiEndpointId ON shadow.WorkflowSteps(ApiEndpointId);
CREATE INDEX IX_ExecutionLogs_StepId ON shadow.ExecutionLogs(StepId) WHERE StepId IS NOT NULL;
CREATE INDEX IX_WorkflowApprovals_WorkflowId ON shadow.WorkflowApprovals(WorkflowId);
CREATE INDEX IX_UserWorkspaces_WorkspaceId ON shadow.UserWorkspaces(WorkspaceId);
CREATE INDEX IX_WorkflowVersions_WorkflowId ON shadow.WorkflowVersions(WorkflowId, Version);
CREATE INDEX IX_ApiEndpointScopes_WorkspaceId ON shadow.ApiEndpointScopes(WorkspaceId);
CREATE INDEX IX_ApiKeys_UserId ON shadow.ApiKeys(UserId);
GO
CREATE TABLE shadow.ParkedEvents (
    Position BIGINT NOT NULL CONSTRAINT PK_ParkedEvents PRIMARY KEY,
    Stream NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
    EventType NVARCHAR(100) NOT NULL,
    Reason NVARCHAR(MAX) NOT NULL,
    ParkedAt DATETIME2(7) NOT NULL
);
GO

CREATE TABLE shadow.[Checkpoint] (
    Id INT NOT NULL CONSTRAINT PK_Checkpoint PRIMARY KEY CONSTRAINT CK_Checkpoint_Id CHECK (Id = 1),
    Shape NVARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL, -- hash of the texts that made the tables
    Generation INT NOT NULL, -- which of the program's shapes that is: tables are made anew only by a later one
    LogId NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NULL, -- NULL: nothing was ever projected
    Position BIGINT NOT NULL,
    LeafHash NVARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    Epoch BIGINT NOT NULL -- a writer of an older epoch is refused
);
GO
INSERT INTO shadow.[Checkpoint] (Id, Shape, Generation, LogId, Position, LeafHash, Epoch) VALUES (1, 'bc62f75433facbb5a689ef43bc06f4e83799e83f0858fb3795e17a99a3b562ec', 2, NULL, 0, '', 0);
GO
