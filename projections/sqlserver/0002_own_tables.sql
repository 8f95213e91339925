-- Tables of the product's own: what the documented ones cannot say. Their ids come from the log; none is IDENTITY.
CREATE TABLE dbo.ExecutionStates (
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

CREATE TABLE dbo.StepRuns (
    -- execution/index/attempt, numbers in four digits: sorts as it ran
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

CREATE TABLE dbo.WorkflowVersions (
    -- workflow/version, the version in six digits
    Id NVARCHAR(40) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT PK_WorkflowVersions PRIMARY KEY,
    WorkflowId INT NOT NULL,
    Version INT NOT NULL,
    ContentHash NVARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    Definition NVARCHAR(MAX) NOT NULL, -- JSON: settings, steps, endpoints
    PublishedAt DATETIME2(7) NOT NULL,
    PublishedBy INT NULL
);
GO

CREATE TABLE dbo.ApiEndpointScopes (
    ApiEndpointId INT NOT NULL CONSTRAINT PK_ApiEndpointScopes PRIMARY KEY,
    WorkspaceId INT NULL, -- NULL: shared
    Authentication NVARCHAR(MAX) NULL, -- JSON; secrets are {env.NAME} placeholders
    Soap NVARCHAR(MAX) NULL, -- JSON: version, action, namespaces, operation, header
    Limits NVARCHAR(MAX) NULL, -- JSON: requestsPerSecond, burst, maxConcurrent, circuitBreaker
    FollowRedirects INT NULL -- NULL: none
);
GO

CREATE TABLE dbo.EnvironmentVariables (
    EnvironmentId INT NOT NULL CONSTRAINT PK_EnvironmentVariables PRIMARY KEY,
    Variables NVARCHAR(MAX) NOT NULL -- JSON: name -> secret, updatedAt and, unless secret, value
);
GO

CREATE TABLE dbo.ScheduleStates (
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

CREATE TABLE dbo.ApiKeys (
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

CREATE TABLE dbo.AccessLog (
    Id BIGINT NOT NULL CONSTRAINT PK_AccessLog PRIMARY KEY, -- position of the event x 256
    UserId INT NOT NULL,
    Outcome NVARCHAR(20) NOT NULL, -- LoggedIn, LoginFailed
    Reason NVARCHAR(50) NULL,
    OccurredAt DATETIME2(7) NOT NULL
);
GO

CREATE TABLE dbo.RowVersions (
    Stream NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT PK_RowVersions PRIMARY KEY,
    Version BIGINT NOT NULL,
    LastPosition BIGINT NOT NULL
);
GO
