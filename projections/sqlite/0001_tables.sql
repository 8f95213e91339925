-- Read models: the documented tables under their documented names, in their documented shape, and the product's own tables
-- after them. Disposable: the file is built again from the log whenever this text changes.
--
-- Types carry their documented names; SQLite derives the storage class (BIT is 0 or 1, DATETIME2(7) holds text such as
-- 2026-11-22T16:29:03.123456Z, whose order is time order). Bounded lengths are the domain's rules.

CREATE TABLE Users (
    Id INTEGER PRIMARY KEY,
    FirstName NVARCHAR(100) NOT NULL,
    LastName NVARCHAR(100) NOT NULL,
    Email NVARCHAR(255) NOT NULL, -- unique by IX_Users_Email
    PasswordHash NVARCHAR(500) NOT NULL,
    PhoneNumber NVARCHAR(20) NULL,
    Role INT NOT NULL DEFAULT 3,
    Department NVARCHAR(100) NULL,
    JobTitle NVARCHAR(100) NULL,
    Manager NVARCHAR(255) NULL,
    TimeZone NVARCHAR(50) NOT NULL DEFAULT 'UTC',
    ProfilePicture NVARCHAR(500) NULL,
    IsActive BIT NOT NULL DEFAULT 1,
    LastLoginAt DATETIME2(7) NULL,
    CreatedAt DATETIME2(7) NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    UpdatedAt DATETIME2(7) NULL,
    DeletedAt DATETIME2(7) NULL,
    IsDeleted BIT NOT NULL DEFAULT 0,
    CONSTRAINT CK_Users_Email CHECK (Email LIKE '%_@_%._%')
);
CREATE UNIQUE INDEX IX_Users_Email ON Users (Email);
CREATE INDEX IX_Users_Role ON Users (Role);
CREATE INDEX IX_Users_IsActive ON Users (IsActive);

CREATE TABLE Workspaces (
    Id INTEGER PRIMARY KEY,
    Name NVARCHAR(200) NOT NULL,
    Description NVARCHAR(1000) NULL,
    IsActive BIT NOT NULL DEFAULT 1,
    CreatedByUserId INT NOT NULL,
    CreatedAt DATETIME2(7) NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    UpdatedAt DATETIME2(7) NULL,
    DeletedAt DATETIME2(7) NULL,
    IsDeleted BIT NOT NULL DEFAULT 0,
    FOREIGN KEY (CreatedByUserId) REFERENCES Users(Id)
);

CREATE TABLE Projects (
    Id INTEGER PRIMARY KEY,
    Name NVARCHAR(200) NOT NULL,
    Description NVARCHAR(1000) NULL,
    WorkspaceId INT NOT NULL,
    IsActive BIT NOT NULL DEFAULT 1,
    CreatedByUserId INT NOT NULL,
    CreatedAt DATETIME2(7) NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    UpdatedAt DATETIME2(7) NULL,
    DeletedAt DATETIME2(7) NULL,
    IsDeleted BIT NOT NULL DEFAULT 0,
    FOREIGN KEY (WorkspaceId) REFERENCES Workspaces(Id),
    FOREIGN KEY (CreatedByUserId) REFERENCES Users(Id)
);
CREATE INDEX IX_Projects_WorkspaceId ON Projects (WorkspaceId);

CREATE TABLE Environments (
    Id INTEGER PRIMARY KEY,
    Name NVARCHAR(200) NOT NULL,
    Description NVARCHAR(1000) NULL,
    ProjectId INT NOT NULL,
    Configuration NVARCHAR NULL, -- JSON configuration
    Variables NVARCHAR NULL, -- JSON key-value pairs; a secret stands encrypted
    IsActive BIT NOT NULL DEFAULT 1,
    CreatedByUserId INT NOT NULL,
    CreatedAt DATETIME2(7) NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    UpdatedAt DATETIME2(7) NULL,
    DeletedAt DATETIME2(7) NULL,
    IsDeleted BIT NOT NULL DEFAULT 0,
    FOREIGN KEY (ProjectId) REFERENCES Projects(Id),
    FOREIGN KEY (CreatedByUserId) REFERENCES Users(Id)
);
CREATE INDEX IX_Environments_ProjectId ON Environments (ProjectId);

CREATE TABLE ApiEndpoints (
    Id INTEGER PRIMARY KEY,
    Name NVARCHAR(200) NOT NULL,
    Description NVARCHAR(1000) NULL,
    Url NVARCHAR(2000) NOT NULL,
    Method NVARCHAR(10) NOT NULL,
    Type INT NOT NULL DEFAULT 0,
    Headers NVARCHAR NULL, -- JSON headers
    AuthenticationMethod NVARCHAR(100) NULL,
    Documentation NVARCHAR NULL,
    IsActive BIT NOT NULL DEFAULT 1,
    CreatedByUserId INT NOT NULL,
    CreatedAt DATETIME2(7) NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    UpdatedAt DATETIME2(7) NULL,
    DeletedAt DATETIME2(7) NULL,
    IsDeleted BIT NOT NULL DEFAULT 0,
    FOREIGN KEY (CreatedByUserId) REFERENCES Users(Id)
);

CREATE TABLE ApiParameters (
    Id INTEGER PRIMARY KEY,
    ApiEndpointId INT NOT NULL,
    Name NVARCHAR(100) NOT NULL,
    Description NVARCHAR(500) NULL,
    Type INT NOT NULL DEFAULT 0,
    IsRequired BIT NOT NULL DEFAULT 0,
    DefaultValue NVARCHAR(500) NULL,
    ValidationRules NVARCHAR(1000) NULL, -- JSON validation rules
    CreatedAt DATETIME2(7) NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    UpdatedAt DATETIME2(7) NULL,
    FOREIGN KEY (ApiEndpointId) REFERENCES ApiEndpoints(Id) ON DELETE CASCADE
);
CREATE INDEX IX_ApiParameters_ApiEndpointId ON ApiParameters (ApiEndpointId);

CREATE TABLE Workflows (
    Id INTEGER PRIMARY KEY,
    Name NVARCHAR(200) NOT NULL,
    Description NVARCHAR(1000) NULL,
    ProjectId INT NOT NULL,
    EnvironmentId INT NOT NULL,
    Status INT NOT NULL DEFAULT 0,
    Version INT NOT NULL DEFAULT 1,
    RequiresApproval BIT NOT NULL DEFAULT 0,
    Tags NVARCHAR(500) NULL,
    Configuration NVARCHAR NULL, -- JSON configuration
    CreatedByUserId INT NOT NULL,
    CreatedAt DATETIME2(7) NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    UpdatedAt DATETIME2(7) NULL,
    DeletedAt DATETIME2(7) NULL,
    IsDeleted BIT NOT NULL DEFAULT 0,
    FOREIGN KEY (ProjectId) REFERENCES Projects(Id),
    FOREIGN KEY (EnvironmentId) REFERENCES Environments(Id),
    FOREIGN KEY (CreatedByUserId) REFERENCES Users(Id)
);
-- The documented INCLUDE columns trail the key columns.
CREATE INDEX IX_Workflows_ProjectId_Status_IsDeleted ON Workflows (ProjectId, Status, IsDeleted, Name, Description, CreatedAt);
CREATE INDEX IX_Workflows_EnvironmentId ON Workflows (EnvironmentId);

CREATE TABLE WorkflowSteps (
    Id INTEGER PRIMARY KEY,
    WorkflowId INT NOT NULL,
    Name NVARCHAR(200) NOT NULL,
    Description NVARCHAR(1000) NULL,
    [Order] INT NOT NULL,
    ApiEndpointId INT NOT NULL,
    InputMapping NVARCHAR NULL, -- JSON mapping
    OutputMapping NVARCHAR NULL, -- JSON mapping
    ErrorHandling NVARCHAR NULL, -- JSON error handling config
    IsOptional BIT NOT NULL DEFAULT 0,
    TimeoutSeconds INT NOT NULL DEFAULT 30,
    RetryCount INT NOT NULL DEFAULT 0,
    RetryDelaySeconds INT NOT NULL DEFAULT 1,
    Condition NVARCHAR(1000) NULL, -- Conditional execution logic
    CreatedAt DATETIME2(7) NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    UpdatedAt DATETIME2(7) NULL,
    CONSTRAINT CK_WorkflowSteps_TimeoutSeconds CHECK (TimeoutSeconds > 0),
    FOREIGN KEY (WorkflowId) REFERENCES Workflows(Id) ON DELETE CASCADE,
    FOREIGN KEY (ApiEndpointId) REFERENCES ApiEndpoints(Id)
);
CREATE INDEX IX_WorkflowSteps_WorkflowId ON WorkflowSteps (WorkflowId);
CREATE INDEX IX_WorkflowSteps_ApiEndpointId ON WorkflowSteps (ApiEndpointId);

CREATE TABLE WorkflowExecutions (
    Id NVARCHAR(50) NOT NULL PRIMARY KEY, -- GUID-based execution ID
    WorkflowId INT NOT NULL,
    Status INT NOT NULL DEFAULT 0,
    ExecutedAt DATETIME2(7) NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    CompletedAt DATETIME2(7) NULL,
    InputParameters NVARCHAR NULL, -- JSON input parameters
    OutputParameters NVARCHAR NULL, -- JSON output parameters
    ErrorMessage NVARCHAR NULL,
    ExecutionContext NVARCHAR(500) NULL,
    FOREIGN KEY (WorkflowId) REFERENCES Workflows(Id)
) WITHOUT ROWID;
CREATE INDEX IX_WorkflowExecutions_WorkflowId_ExecutedAt ON WorkflowExecutions (WorkflowId, ExecutedAt);
CREATE INDEX IX_WorkflowExecutions_ExecutedAt ON WorkflowExecutions (ExecutedAt);
CREATE INDEX IX_WorkflowExecutions_ExecutionContext ON WorkflowExecutions (ExecutionContext) WHERE ExecutionContext IS NOT NULL;

CREATE TABLE ExecutionLogs (
    Id INTEGER PRIMARY KEY, -- position of the event x 256 + ordinal
    ExecutionId NVARCHAR(50) NOT NULL,
    StepId INT NULL,
    LogLevel NVARCHAR(20) NOT NULL,
    Message NVARCHAR NOT NULL,
    Details NVARCHAR NULL,
    CreatedAt DATETIME2(7) NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    FOREIGN KEY (ExecutionId) REFERENCES WorkflowExecutions(Id) ON DELETE CASCADE,
    FOREIGN KEY (StepId) REFERENCES WorkflowSteps(Id)
);
CREATE INDEX IX_ExecutionLogs_ExecutionId_CreatedAt ON ExecutionLogs (ExecutionId, CreatedAt);
CREATE INDEX IX_ExecutionLogs_StepId ON ExecutionLogs (StepId) WHERE StepId IS NOT NULL;

CREATE TABLE WorkflowSchedules (
    Id INTEGER PRIMARY KEY,
    WorkflowId INT NOT NULL UNIQUE,
    CronExpression NVARCHAR(100) NOT NULL,
    TimeZone NVARCHAR(50) NOT NULL DEFAULT 'UTC',
    StartDate DATETIME2(7) NULL,
    EndDate DATETIME2(7) NULL,
    Description NVARCHAR(500) NULL,
    IsActive BIT NOT NULL DEFAULT 1,
    NextRunTime DATETIME2(7) NULL,
    LastRunTime DATETIME2(7) NULL,
    CreatedAt DATETIME2(7) NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    UpdatedAt DATETIME2(7) NULL,
    CONSTRAINT CK_WorkflowSchedules_CronExpression CHECK (length(CronExpression) >= 9),
    FOREIGN KEY (WorkflowId) REFERENCES Workflows(Id) ON DELETE CASCADE
);
CREATE INDEX IX_WorkflowSchedules_IsActive_NextRunTime ON WorkflowSchedules (IsActive, NextRunTime, WorkflowId, CronExpression);

CREATE TABLE WorkflowApprovals (
    Id INTEGER PRIMARY KEY,
    WorkflowId INT NOT NULL,
    RequestedByUserId INT NOT NULL,
    ApproverUserId INT NULL,
    Status INT NOT NULL DEFAULT 0,
    ApprovalType NVARCHAR(50) NOT NULL,
    RequestReason NVARCHAR(1000) NULL,
    ApprovalComments NVARCHAR(1000) NULL,
    RequestedAt DATETIME2(7) NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    ApprovedAt DATETIME2(7) NULL,
    Metadata NVARCHAR NULL,
    FOREIGN KEY (WorkflowId) REFERENCES Workflows(Id),
    FOREIGN KEY (RequestedByUserId) REFERENCES Users(Id),
    FOREIGN KEY (ApproverUserId) REFERENCES Users(Id)
);
CREATE INDEX IX_WorkflowApprovals_WorkflowId ON WorkflowApprovals (WorkflowId);

CREATE TABLE WorkflowMetrics (
    Id INTEGER PRIMARY KEY, -- position of the event x 256 + ordinal
    WorkflowId INT NOT NULL,
    MetricName NVARCHAR(100) NOT NULL,
    MetricValue FLOAT NOT NULL,
    Metadata NVARCHAR NULL,
    RecordedAt DATETIME2(7) NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    FOREIGN KEY (WorkflowId) REFERENCES Workflows(Id)
);
CREATE INDEX IX_WorkflowMetrics_WorkflowId_MetricName_RecordedAt ON WorkflowMetrics (WorkflowId, MetricName, RecordedAt);

CREATE TABLE UserWorkspaces (
    Id INTEGER PRIMARY KEY,
    UserId INT NOT NULL,
    WorkspaceId INT NOT NULL,
    Role INT NOT NULL DEFAULT 3,
    JoinedAt DATETIME2(7) NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    IsActive BIT NOT NULL DEFAULT 1,
    FOREIGN KEY (UserId) REFERENCES Users(Id),
    FOREIGN KEY (WorkspaceId) REFERENCES Workspaces(Id),
    UNIQUE (UserId, WorkspaceId)
);
CREATE INDEX IX_UserWorkspaces_UserId_IsActive ON UserWorkspaces (UserId, IsActive);
CREATE INDEX IX_UserWorkspaces_WorkspaceId ON UserWorkspaces (WorkspaceId);

-- Tables of the product's own.

CREATE TABLE ExecutionStates (
    ExecutionId NVARCHAR(50) NOT NULL PRIMARY KEY,
    WorkspaceId INT NOT NULL,
    EnvironmentId INT NOT NULL,
    WorkflowVersion INT NOT NULL,
    State NVARCHAR(20) NOT NULL, -- Queued, Running, Retrying, Completed, Failed, Cancelled
    RetryCount INT NOT NULL,
    DurationMs FLOAT NULL,
    DueAt DATETIME2(7) NULL,
    StreamVersion BIGINT NOT NULL
) WITHOUT ROWID;

CREATE TABLE StepRuns (
    Id NVARCHAR(60) NOT NULL PRIMARY KEY, -- execution/index/attempt, numbers in four digits: sorts as it ran
    ExecutionId NVARCHAR(50) NOT NULL,
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
    ErrorMessage NVARCHAR NULL,
    Output NVARCHAR NULL
) WITHOUT ROWID;

CREATE TABLE WorkflowVersions (
    Id NVARCHAR(40) NOT NULL PRIMARY KEY, -- workflow/version, the version in six digits
    WorkflowId INT NOT NULL,
    Version INT NOT NULL,
    ContentHash NVARCHAR(64) NOT NULL,
    Definition NVARCHAR NOT NULL, -- JSON: settings, steps, endpoints
    PublishedAt DATETIME2(7) NOT NULL,
    PublishedBy INT NULL
) WITHOUT ROWID;
CREATE INDEX IX_WorkflowVersions_WorkflowId ON WorkflowVersions (WorkflowId, Version);

CREATE TABLE ApiEndpointScopes (
    ApiEndpointId INTEGER PRIMARY KEY,
    WorkspaceId INT NULL, -- NULL: shared
    Authentication NVARCHAR NULL, -- JSON; secrets are {env.NAME} placeholders
    Soap NVARCHAR NULL, -- JSON: version, action, namespaces, operation, header
    Limits NVARCHAR NULL, -- JSON: requestsPerSecond, burst, maxConcurrent, circuitBreaker
    FollowRedirects INT NULL -- NULL: none
);
CREATE INDEX IX_ApiEndpointScopes_WorkspaceId ON ApiEndpointScopes (WorkspaceId);

CREATE TABLE EnvironmentVariables (
    EnvironmentId INTEGER PRIMARY KEY,
    Variables NVARCHAR NOT NULL -- JSON: name -> secret, updatedAt and, unless secret, value
);

CREATE TABLE ScheduleStates (
    WorkflowId INTEGER PRIMARY KEY,
    CatchUp NVARCHAR NOT NULL, -- JSON: policy, windowSeconds
    Overlap NVARCHAR(20) NOT NULL,
    JitterSeconds INT NOT NULL,
    InputParameters NVARCHAR NOT NULL, -- JSON: input of the runs
    BufferedTick DATETIME2(7) NULL, -- waits for the run before it
    LastTick DATETIME2(7) NULL,
    LastOutcome NVARCHAR(100) NULL, -- why it fired, or why not
    LastExecutionId NVARCHAR(50) NULL
);

CREATE TABLE ApiKeys (
    Id INTEGER PRIMARY KEY,
    UserId INT NOT NULL,
    Name NVARCHAR(200) NOT NULL,
    TokenHash NVARCHAR(64) NOT NULL,
    MaximumRole INT NULL,
    WorkspaceId INT NULL,
    ExpiresAt DATETIME2(7) NULL,
    CreatedAt DATETIME2(7) NOT NULL,
    RevokedAt DATETIME2(7) NULL
);
CREATE INDEX IX_ApiKeys_UserId ON ApiKeys (UserId);

CREATE TABLE AccessLog (
    Id INTEGER PRIMARY KEY, -- position of the event x 256
    UserId INT NOT NULL,
    Outcome NVARCHAR(20) NOT NULL, -- LoggedIn, LoginFailed
    Reason NVARCHAR(50) NULL,
    OccurredAt DATETIME2(7) NOT NULL
);
CREATE INDEX IX_AccessLog_UserId ON AccessLog (UserId);

CREATE TABLE RowVersions (
    Stream NVARCHAR(100) NOT NULL PRIMARY KEY,
    Version BIGINT NOT NULL,
    LastPosition BIGINT NOT NULL
) WITHOUT ROWID;

-- Book-keeping of the projection.

CREATE TABLE Checkpoint (
    Id INTEGER PRIMARY KEY CHECK (Id = 1),
    LogId NVARCHAR(36) NULL, -- NULL: nothing was ever projected
    Position BIGINT NOT NULL,
    LeafHash NVARCHAR(64) NOT NULL,
    Epoch BIGINT NOT NULL
);
INSERT INTO Checkpoint (Id, LogId, Position, LeafHash, Epoch) VALUES (1, NULL, 0, '', 0);

CREATE TABLE ParkedEvents (
    Position INTEGER PRIMARY KEY,
    Stream NVARCHAR(100) NOT NULL,
    EventType NVARCHAR(100) NOT NULL,
    Reason NVARCHAR NOT NULL,
    ParkedAt DATETIME2(7) NOT NULL
);

-- Writing is 1 only inside a transaction of the projection that changes a table with an UPDATE trigger.
CREATE TABLE ProjectorGuard (Id INTEGER PRIMARY KEY CHECK (Id = 1), Writing BIT NOT NULL);
INSERT INTO ProjectorGuard (Id, Writing) VALUES (1, 0);

CREATE TRIGGER tr_Users_UpdatedAt AFTER UPDATE ON Users
WHEN (SELECT Writing FROM ProjectorGuard) = 0
BEGIN
    UPDATE Users SET UpdatedAt = strftime('%Y-%m-%dT%H:%M:%f000Z', 'now') WHERE Id = NEW.Id;
END;

CREATE VIEW vw_ActiveWorkflows AS
SELECT
    w.Id, w.Name, w.Description, w.Status, w.Version,
    p.Name AS ProjectName,
    e.Name AS EnvironmentName,
    ws.Name AS WorkspaceName,
    u.FirstName || ' ' || u.LastName AS CreatedBy,
    w.CreatedAt, w.UpdatedAt
FROM Workflows w
INNER JOIN Projects p ON w.ProjectId = p.Id
INNER JOIN Environments e ON w.EnvironmentId = e.Id
INNER JOIN Workspaces ws ON p.WorkspaceId = ws.Id
INNER JOIN Users u ON w.CreatedByUserId = u.Id
WHERE w.IsDeleted = 0 AND p.IsDeleted = 0 AND e.IsDeleted = 0;

CREATE VIEW vw_WorkflowExecutionSummary AS
SELECT
    w.Id AS WorkflowId,
    w.Name AS WorkflowName,
    COUNT(we.Id) AS TotalExecutions,
    SUM(CASE WHEN we.Status = 1 THEN 1 ELSE 0 END) AS SuccessfulExecutions,
    SUM(CASE WHEN we.Status = 2 THEN 1 ELSE 0 END) AS FailedExecutions,
    CAST(SUM(CASE WHEN we.Status = 1 THEN 1 ELSE 0 END) AS FLOAT) /
         NULLIF(COUNT(we.Id), 0) * 100 AS SuccessRate,
    MAX(we.ExecutedAt) AS LastExecutionAt
FROM Workflows w
LEFT JOIN WorkflowExecutions we ON w.Id = we.WorkflowId
WHERE w.IsDeleted = 0
GROUP BY w.Id, w.Name;
