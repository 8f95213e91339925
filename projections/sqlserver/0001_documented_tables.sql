-- The documented tables, parents before children, with their documented types, defaults, keys and checks.
-- Disposable: when the texts of this folder change, every table is dropped and built again from the log.
--
-- Ids are allotted by the log and written by projectors under IDENTITY_INSERT; IDENTITY is there because it is documented.
-- ExecutionLogs and WorkflowMetrics are numbered position x 256 + ordinal, which outgrows INT.
--
-- Texts that identify (e-mail addresses, ids of runs) have a binary collation: the log decides what is unique, not a
-- collation that takes two addresses for one. Texts that people wrote keep the collation of the database.
CREATE TABLE dbo.Users (
    Id INT IDENTITY(1, 1) NOT NULL CONSTRAINT PK_Users PRIMARY KEY,
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
    -- The documented UNIQUE and the documented unique index in one.
    CONSTRAINT IX_Users_Email UNIQUE (Email),
    CONSTRAINT CK_Users_Email CHECK (Email LIKE '%_@_%._%')
);
GO

CREATE TABLE dbo.Workspaces (
    Id INT IDENTITY(1, 1) NOT NULL CONSTRAINT PK_Workspaces PRIMARY KEY,
    Name NVARCHAR(200) NOT NULL,
    Description NVARCHAR(1000) NULL,
    IsActive BIT NOT NULL CONSTRAINT DF_Workspaces_IsActive DEFAULT 1,
    CreatedByUserId INT NOT NULL,
    CreatedAt DATETIME2(7) NOT NULL CONSTRAINT DF_Workspaces_CreatedAt DEFAULT GETUTCDATE(),
    UpdatedAt DATETIME2(7) NULL,
    DeletedAt DATETIME2(7) NULL,
    IsDeleted BIT NOT NULL CONSTRAINT DF_Workspaces_IsDeleted DEFAULT 0,
    CONSTRAINT FK_Workspaces_CreatedByUserId FOREIGN KEY (CreatedByUserId) REFERENCES dbo.Users(Id)
);
GO

CREATE TABLE dbo.Projects (
    Id INT IDENTITY(1, 1) NOT NULL CONSTRAINT PK_Projects PRIMARY KEY,
    Name NVARCHAR(200) NOT NULL,
    Description NVARCHAR(1000) NULL,
    WorkspaceId INT NOT NULL,
    IsActive BIT NOT NULL CONSTRAINT DF_Projects_IsActive DEFAULT 1,
    CreatedByUserId INT NOT NULL,
    CreatedAt DATETIME2(7) NOT NULL CONSTRAINT DF_Projects_CreatedAt DEFAULT GETUTCDATE(),
    UpdatedAt DATETIME2(7) NULL,
    DeletedAt DATETIME2(7) NULL,
    IsDeleted BIT NOT NULL CONSTRAINT DF_Projects_IsDeleted DEFAULT 0,
    CONSTRAINT FK_Projects_WorkspaceId FOREIGN KEY (WorkspaceId) REFERENCES dbo.Workspaces(Id),
    CONSTRAINT FK_Projects_CreatedByUserId FOREIGN KEY (CreatedByUserId) REFERENCES dbo.Users(Id)
);
GO

CREATE TABLE dbo.Environments (
    Id INT IDENTITY(1, 1) NOT NULL CONSTRAINT PK_Environments PRIMARY KEY,
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
    IsDeleted BIT NOT NULL CONSTRAINT DF_Environments_IsDeleted DEFAULT 0,
    CONSTRAINT FK_Environments_ProjectId FOREIGN KEY (ProjectId) REFERENCES dbo.Projects(Id),
    CONSTRAINT FK_Environments_CreatedByUserId FOREIGN KEY (CreatedByUserId) REFERENCES dbo.Users(Id)
);
GO

CREATE TABLE dbo.ApiEndpoints (
    Id INT IDENTITY(1, 1) NOT NULL CONSTRAINT PK_ApiEndpoints PRIMARY KEY,
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
    IsDeleted BIT NOT NULL CONSTRAINT DF_ApiEndpoints_IsDeleted DEFAULT 0,
    CONSTRAINT FK_ApiEndpoints_CreatedByUserId FOREIGN KEY (CreatedByUserId) REFERENCES dbo.Users(Id)
);
GO

CREATE TABLE dbo.ApiParameters (
    Id INT IDENTITY(1, 1) NOT NULL CONSTRAINT PK_ApiParameters PRIMARY KEY,
    ApiEndpointId INT NOT NULL,
    Name NVARCHAR(100) NOT NULL,
    Description NVARCHAR(500) NULL,
    Type INT NOT NULL CONSTRAINT DF_ApiParameters_Type DEFAULT 0,
    IsRequired BIT NOT NULL CONSTRAINT DF_ApiParameters_IsRequired DEFAULT 0,
    DefaultValue NVARCHAR(500) NULL,
    ValidationRules NVARCHAR(1000) NULL, -- JSON validation rules
    CreatedAt DATETIME2(7) NOT NULL CONSTRAINT DF_ApiParameters_CreatedAt DEFAULT GETUTCDATE(),
    UpdatedAt DATETIME2(7) NULL,
    CONSTRAINT FK_ApiParameters_ApiEndpointId FOREIGN KEY (ApiEndpointId) REFERENCES dbo.ApiEndpoints(Id) ON DELETE CASCADE
);
GO

CREATE TABLE dbo.Workflows (
    Id INT IDENTITY(1, 1) NOT NULL CONSTRAINT PK_Workflows PRIMARY KEY,
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
    IsDeleted BIT NOT NULL CONSTRAINT DF_Workflows_IsDeleted DEFAULT 0,
    CONSTRAINT FK_Workflows_ProjectId FOREIGN KEY (ProjectId) REFERENCES dbo.Projects(Id),
    CONSTRAINT FK_Workflows_EnvironmentId FOREIGN KEY (EnvironmentId) REFERENCES dbo.Environments(Id),
    CONSTRAINT FK_Workflows_CreatedByUserId FOREIGN KEY (CreatedByUserId) REFERENCES dbo.Users(Id)
);
GO

CREATE TABLE dbo.WorkflowSteps (
    Id INT IDENTITY(1, 1) NOT NULL CONSTRAINT PK_WorkflowSteps PRIMARY KEY,
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
    CONSTRAINT CK_WorkflowSteps_TimeoutSeconds CHECK (TimeoutSeconds > 0),
    CONSTRAINT FK_WorkflowSteps_WorkflowId FOREIGN KEY (WorkflowId) REFERENCES dbo.Workflows(Id) ON DELETE CASCADE,
    CONSTRAINT FK_WorkflowSteps_ApiEndpointId FOREIGN KEY (ApiEndpointId) REFERENCES dbo.ApiEndpoints(Id)
);
GO

CREATE TABLE dbo.WorkflowExecutions (
    Id NVARCHAR(50) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT PK_WorkflowExecutions PRIMARY KEY,
    WorkflowId INT NOT NULL,
    Status INT NOT NULL CONSTRAINT DF_WorkflowExecutions_Status DEFAULT 0,
    ExecutedAt DATETIME2(7) NOT NULL CONSTRAINT DF_WorkflowExecutions_ExecutedAt DEFAULT GETUTCDATE(),
    CompletedAt DATETIME2(7) NULL,
    InputParameters NVARCHAR(MAX) NULL, -- JSON input parameters
    OutputParameters NVARCHAR(MAX) NULL, -- JSON output parameters
    ErrorMessage NVARCHAR(MAX) NULL,
    ExecutionContext NVARCHAR(500) NULL,
    CONSTRAINT FK_WorkflowExecutions_WorkflowId FOREIGN KEY (WorkflowId) REFERENCES dbo.Workflows(Id)
);
GO

CREATE TABLE dbo.ExecutionLogs (
    Id BIGINT IDENTITY(1, 1) NOT NULL CONSTRAINT PK_ExecutionLogs PRIMARY KEY,
    ExecutionId NVARCHAR(50) COLLATE Latin1_General_100_BIN2 NOT NULL,
    StepId INT NULL,
    LogLevel NVARCHAR(20) NOT NULL,
    Message NVARCHAR(MAX) NOT NULL,
    Details NVARCHAR(MAX) NULL,
    CreatedAt DATETIME2(7) NOT NULL CONSTRAINT DF_ExecutionLogs_CreatedAt DEFAULT GETUTCDATE(),
    -- Documented under "Foreign Key Constraints": deleting an execution cascades to its logs.
    CONSTRAINT FK_ExecutionLogs_ExecutionId FOREIGN KEY (ExecutionId) REFERENCES dbo.WorkflowExecutions(Id) ON DELETE CASCADE,
    CONSTRAINT FK_ExecutionLogs_StepId FOREIGN KEY (StepId) REFERENCES dbo.WorkflowSteps(Id)
);
GO

CREATE TABLE dbo.WorkflowSchedules (
    Id INT IDENTITY(1, 1) NOT NULL CONSTRAINT PK_WorkflowSchedules PRIMARY KEY,
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
    CONSTRAINT CK_WorkflowSchedules_CronExpression CHECK (LEN(CronExpression) >= 9),
    CONSTRAINT FK_WorkflowSchedules_WorkflowId FOREIGN KEY (WorkflowId) REFERENCES dbo.Workflows(Id) ON DELETE CASCADE
);
GO

CREATE TABLE dbo.WorkflowApprovals (
    Id INT IDENTITY(1, 1) NOT NULL CONSTRAINT PK_WorkflowApprovals PRIMARY KEY,
    WorkflowId INT NOT NULL,
    RequestedByUserId INT NOT NULL,
    ApproverUserId INT NULL,
    Status INT NOT NULL CONSTRAINT DF_WorkflowApprovals_Status DEFAULT 0,
    ApprovalType NVARCHAR(50) NOT NULL,
    RequestReason NVARCHAR(1000) NULL,
    ApprovalComments NVARCHAR(1000) NULL,
    RequestedAt DATETIME2(7) NOT NULL CONSTRAINT DF_WorkflowApprovals_RequestedAt DEFAULT GETUTCDATE(),
    ApprovedAt DATETIME2(7) NULL,
    Metadata NVARCHAR(MAX) NULL,
    CONSTRAINT FK_WorkflowApprovals_WorkflowId FOREIGN KEY (WorkflowId) REFERENCES dbo.Workflows(Id),
    CONSTRAINT FK_WorkflowApprovals_RequestedByUserId FOREIGN KEY (RequestedByUserId) REFERENCES dbo.Users(Id),
    CONSTRAINT FK_WorkflowApprovals_ApproverUserId FOREIGN KEY (ApproverUserId) REFERENCES dbo.Users(Id)
);
GO

CREATE TABLE dbo.WorkflowMetrics (
    Id BIGINT IDENTITY(1, 1) NOT NULL CONSTRAINT PK_WorkflowMetrics PRIMARY KEY,
    WorkflowId INT NOT NULL,
    MetricName NVARCHAR(100) NOT NULL,
    MetricValue FLOAT NOT NULL,
    Metadata NVARCHAR(MAX) NULL,
    RecordedAt DATETIME2(7) NOT NULL CONSTRAINT DF_WorkflowMetrics_RecordedAt DEFAULT GETUTCDATE(),
    CONSTRAINT FK_WorkflowMetrics_WorkflowId FOREIGN KEY (WorkflowId) REFERENCES dbo.Workflows(Id)
);
GO

CREATE TABLE dbo.UserWorkspaces (
    Id INT IDENTITY(1, 1) NOT NULL CONSTRAINT PK_UserWorkspaces PRIMARY KEY,
    UserId INT NOT NULL,
    WorkspaceId INT NOT NULL,
    Role INT NOT NULL CONSTRAINT DF_UserWorkspaces_Role DEFAULT 3,
    JoinedAt DATETIME2(7) NOT NULL CONSTRAINT DF_UserWorkspaces_JoinedAt DEFAULT GETUTCDATE(),
    IsActive BIT NOT NULL CONSTRAINT DF_UserWorkspaces_IsActive DEFAULT 1,
    CONSTRAINT FK_UserWorkspaces_UserId FOREIGN KEY (UserId) REFERENCES dbo.Users(Id),
    CONSTRAINT FK_UserWorkspaces_WorkspaceId FOREIGN KEY (WorkspaceId) REFERENCES dbo.Workspaces(Id),
    CONSTRAINT UQ_UserWorkspaces_UserId_WorkspaceId UNIQUE (UserId, WorkspaceId)
);
GO
