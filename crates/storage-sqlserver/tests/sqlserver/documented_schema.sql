-- The documented schema, as the documentation has it: what users were promised, word for word. The test beside this file
-- compares it with the catalogue of a database.

CREATE TABLE Users (
    Id INT IDENTITY(1,1) PRIMARY KEY,
    FirstName NVARCHAR(100) NOT NULL,
    LastName NVARCHAR(100) NOT NULL,
    Email NVARCHAR(255) UNIQUE NOT NULL,
    PasswordHash NVARCHAR(500) NOT NULL,
    PhoneNumber NVARCHAR(20) NULL,
    Role INT NOT NULL DEFAULT 3, -- UserRole enum
    Department NVARCHAR(100) NULL,
    JobTitle NVARCHAR(100) NULL,
    Manager NVARCHAR(255) NULL,
    TimeZone NVARCHAR(50) NOT NULL DEFAULT 'UTC',
    ProfilePicture NVARCHAR(500) NULL,
    IsActive BIT NOT NULL DEFAULT 1,
    LastLoginAt DATETIME2(7) NULL,
    CreatedAt DATETIME2(7) NOT NULL DEFAULT GETUTCDATE(),
    UpdatedAt DATETIME2(7) NULL,
    DeletedAt DATETIME2(7) NULL,
    IsDeleted BIT NOT NULL DEFAULT 0
);

CREATE TABLE Workspaces (
    Id INT IDENTITY(1,1) PRIMARY KEY,
    Name NVARCHAR(200) NOT NULL,
    Description NVARCHAR(1000) NULL,
    IsActive BIT NOT NULL DEFAULT 1,
    CreatedByUserId INT NOT NULL,
    CreatedAt DATETIME2(7) NOT NULL DEFAULT GETUTCDATE(),
    UpdatedAt DATETIME2(7) NULL,
    DeletedAt DATETIME2(7) NULL,
    IsDeleted BIT NOT NULL DEFAULT 0,
    FOREIGN KEY (CreatedByUserId) REFERENCES Users(Id)
);

CREATE TABLE Projects (
    Id INT IDENTITY(1,1) PRIMARY KEY,
    Name NVARCHAR(200) NOT NULL,
    Description NVARCHAR(1000) NULL,
    WorkspaceId INT NOT NULL,
    IsActive BIT NOT NULL DEFAULT 1,
    CreatedByUserId INT NOT NULL,
    CreatedAt DATETIME2(7) NOT NULL DEFAULT GETUTCDATE(),
    UpdatedAt DATETIME2(7) NULL,
    DeletedAt DATETIME2(7) NULL,
    IsDeleted BIT NOT NULL DEFAULT 0,
    FOREIGN KEY (WorkspaceId) REFERENCES Workspaces(Id),
    FOREIGN KEY (CreatedByUserId) REFERENCES Users(Id)
);

CREATE TABLE Environments (
    Id INT IDENTITY(1,1) PRIMARY KEY,
    Name NVARCHAR(200) NOT NULL,
    Description NVARCHAR(1000) NULL,
    ProjectId INT NOT NULL,
    Configuration NVARCHAR(MAX) NULL, -- JSON configuration
    Variables NVARCHAR(MAX) NULL, -- JSON key-value pairs
    IsActive BIT NOT NULL DEFAULT 1,
    CreatedByUserId INT NOT NULL,
    CreatedAt DATETIME2(7) NOT NULL DEFAULT GETUTCDATE(),
    UpdatedAt DATETIME2(7) NULL,
    DeletedAt DATETIME2(7) NULL,
    IsDeleted BIT NOT NULL DEFAULT 0,
    FOREIGN KEY (ProjectId) REFERENCES Projects(Id),
    FOREIGN KEY (CreatedByUserId) REFERENCES Users(Id)
);

CREATE TABLE ApiEndpoints (
    Id INT IDENTITY(1,1) PRIMARY KEY,
    Name NVARCHAR(200) NOT NULL,
    Description NVARCHAR(1000) NULL,
    Url NVARCHAR(2000) NOT NULL,
    Method NVARCHAR(10) NOT NULL, -- GET, POST, PUT, DELETE, etc.
    Type INT NOT NULL DEFAULT 0, -- ApiEndpointType enum
    Headers NVARCHAR(MAX) NULL, -- JSON headers
    AuthenticationMethod NVARCHAR(100) NULL,
    Documentation NVARCHAR(MAX) NULL,
    IsActive BIT NOT NULL DEFAULT 1,
    CreatedByUserId INT NOT NULL,
    CreatedAt DATETIME2(7) NOT NULL DEFAULT GETUTCDATE(),
    UpdatedAt DATETIME2(7) NULL,
    DeletedAt DATETIME2(7) NULL,
    IsDeleted BIT NOT NULL DEFAULT 0,
    FOREIGN KEY (CreatedByUserId) REFERENCES Users(Id)
);

CREATE TABLE ApiParameters (
    Id INT IDENTITY(1,1) PRIMARY KEY,
    ApiEndpointId INT NOT NULL,
    Name NVARCHAR(100) NOT NULL,
    Description NVARCHAR(500) NULL,
    Type INT NOT NULL DEFAULT 0, -- ParameterType enum
    IsRequired BIT NOT NULL DEFAULT 0,
    DefaultValue NVARCHAR(500) NULL,
    ValidationRules NVARCHAR(1000) NULL, -- JSON validation rules
    CreatedAt DATETIME2(7) NOT NULL DEFAULT GETUTCDATE(),
    UpdatedAt DATETIME2(7) NULL,
    FOREIGN KEY (ApiEndpointId) REFERENCES ApiEndpoints(Id) ON DELETE CASCADE
);

CREATE TABLE Workflows (
    Id INT IDENTITY(1,1) PRIMARY KEY,
    Name NVARCHAR(200) NOT NULL,
    Description NVARCHAR(1000) NULL,
    ProjectId INT NOT NULL,
    EnvironmentId INT NOT NULL,
    Status INT NOT NULL DEFAULT 0, -- WorkflowStatus enum
    Version INT NOT NULL DEFAULT 1,
    RequiresApproval BIT NOT NULL DEFAULT 0,
    Tags NVARCHAR(500) NULL,
    Configuration NVARCHAR(MAX) NULL, -- JSON configuration
    CreatedByUserId INT NOT NULL,
    CreatedAt DATETIME2(7) NOT NULL DEFAULT GETUTCDATE(),
    UpdatedAt DATETIME2(7) NULL,
    DeletedAt DATETIME2(7) NULL,
    IsDeleted BIT NOT NULL DEFAULT 0,
    FOREIGN KEY (ProjectId) REFERENCES Projects(Id),
    FOREIGN KEY (EnvironmentId) REFERENCES Environments(Id),
    FOREIGN KEY (CreatedByUserId) REFERENCES Users(Id)
);

CREATE TABLE WorkflowSteps (
    Id INT IDENTITY(1,1) PRIMARY KEY,
    WorkflowId INT NOT NULL,
    Name NVARCHAR(200) NOT NULL,
    Description NVARCHAR(1000) NULL,
    [Order] INT NOT NULL,
    ApiEndpointId INT NOT NULL,
    InputMapping NVARCHAR(MAX) NULL, -- JSON mapping
    OutputMapping NVARCHAR(MAX) NULL, -- JSON mapping
    ErrorHandling NVARCHAR(MAX) NULL, -- JSON error handling config
    IsOptional BIT NOT NULL DEFAULT 0,
    TimeoutSeconds INT NOT NULL DEFAULT 30,
    RetryCount INT NOT NULL DEFAULT 0,
    RetryDelaySeconds INT NOT NULL DEFAULT 1,
    Condition NVARCHAR(1000) NULL, -- Conditional execution logic
    CreatedAt DATETIME2(7) NOT NULL DEFAULT GETUTCDATE(),
    UpdatedAt DATETIME2(7) NULL,
    FOREIGN KEY (WorkflowId) REFERENCES Workflows(Id) ON DELETE CASCADE,
    FOREIGN KEY (ApiEndpointId) REFERENCES ApiEndpoints(Id)
);

CREATE TABLE WorkflowExecutions (
    Id NVARCHAR(50) PRIMARY KEY, -- GUID-based execution ID
    WorkflowId INT NOT NULL,
    Status INT NOT NULL DEFAULT 0, -- ExecutionStatus enum
    ExecutedAt DATETIME2(7) NOT NULL DEFAULT GETUTCDATE(),
    CompletedAt DATETIME2(7) NULL,
    InputParameters NVARCHAR(MAX) NULL, -- JSON input parameters
    OutputParameters NVARCHAR(MAX) NULL, -- JSON output parameters
    ErrorMessage NVARCHAR(MAX) NULL,
    ExecutionContext NVARCHAR(500) NULL,
    FOREIGN KEY (WorkflowId) REFERENCES Workflows(Id)
);

CREATE TABLE ExecutionLogs (
    Id INT IDENTITY(1,1) PRIMARY KEY,
    ExecutionId NVARCHAR(50) NOT NULL,
    StepId INT NULL,
    LogLevel NVARCHAR(20) NOT NULL,
    Message NVARCHAR(MAX) NOT NULL,
    Details NVARCHAR(MAX) NULL,
    CreatedAt DATETIME2(7) NOT NULL DEFAULT GETUTCDATE(),
    FOREIGN KEY (ExecutionId) REFERENCES WorkflowExecutions(Id),
    FOREIGN KEY (StepId) REFERENCES WorkflowSteps(Id)
);

CREATE TABLE WorkflowSchedules (
    Id INT IDENTITY(1,1) PRIMARY KEY,
    WorkflowId INT NOT NULL UNIQUE,
    CronExpression NVARCHAR(100) NOT NULL,
    TimeZone NVARCHAR(50) NOT NULL DEFAULT 'UTC',
    StartDate DATETIME2(7) NULL,
    EndDate DATETIME2(7) NULL,
    Description NVARCHAR(500) NULL,
    IsActive BIT NOT NULL DEFAULT 1,
    NextRunTime DATETIME2(7) NULL,
    LastRunTime DATETIME2(7) NULL,
    CreatedAt DATETIME2(7) NOT NULL DEFAULT GETUTCDATE(),
    UpdatedAt DATETIME2(7) NULL,
    FOREIGN KEY (WorkflowId) REFERENCES Workflows(Id) ON DELETE CASCADE
);

CREATE TABLE WorkflowApprovals (
    Id INT IDENTITY(1,1) PRIMARY KEY,
    WorkflowId INT NOT NULL,
    RequestedByUserId INT NOT NULL,
    ApproverUserId INT NULL,
    Status INT NOT NULL DEFAULT 0, -- ApprovalStatus enum
    ApprovalType NVARCHAR(50) NOT NULL,
    RequestReason NVARCHAR(1000) NULL,
    ApprovalComments NVARCHAR(1000) NULL,
    RequestedAt DATETIME2(7) NOT NULL DEFAULT GETUTCDATE(),
    ApprovedAt DATETIME2(7) NULL,
    Metadata NVARCHAR(MAX) NULL,
    FOREIGN KEY (WorkflowId) REFERENCES Workflows(Id),
    FOREIGN KEY (RequestedByUserId) REFERENCES Users(Id),
    FOREIGN KEY (ApproverUserId) REFERENCES Users(Id)
);

CREATE TABLE WorkflowMetrics (
    Id INT IDENTITY(1,1) PRIMARY KEY,
    WorkflowId INT NOT NULL,
    MetricName NVARCHAR(100) NOT NULL,
    MetricValue FLOAT NOT NULL,
    Metadata NVARCHAR(MAX) NULL,
    RecordedAt DATETIME2(7) NOT NULL DEFAULT GETUTCDATE(),
    FOREIGN KEY (WorkflowId) REFERENCES Workflows(Id)
);

CREATE TABLE UserWorkspaces (
    Id INT IDENTITY(1,1) PRIMARY KEY,
    UserId INT NOT NULL,
    WorkspaceId INT NOT NULL,
    Role INT NOT NULL DEFAULT 3,
    JoinedAt DATETIME2(7) NOT NULL DEFAULT GETUTCDATE(),
    IsActive BIT NOT NULL DEFAULT 1,
    FOREIGN KEY (UserId) REFERENCES Users(Id),
    FOREIGN KEY (WorkspaceId) REFERENCES Workspaces(Id),
    UNIQUE(UserId, WorkspaceId)
);

-- Documented as a list: unique index on Email, index on Role for role-based queries, index for filtering active users.
CREATE UNIQUE INDEX IX_Users_Email
ON Users(Email);

CREATE INDEX IX_Users_Role
ON Users(Role);

CREATE INDEX IX_Users_IsActive
ON Users(IsActive);

-- Workflow execution queries
CREATE INDEX IX_WorkflowExecutions_WorkflowId_ExecutedAt 
ON WorkflowExecutions(WorkflowId, ExecutedAt);

-- Log searches
CREATE INDEX IX_ExecutionLogs_ExecutionId_CreatedAt 
ON ExecutionLogs(ExecutionId, CreatedAt);

-- Metrics aggregation
CREATE INDEX IX_WorkflowMetrics_WorkflowId_MetricName_RecordedAt 
ON WorkflowMetrics(WorkflowId, MetricName, RecordedAt);

-- User workspace lookups
CREATE INDEX IX_UserWorkspaces_UserId_IsActive 
ON UserWorkspaces(UserId, IsActive);

-- Workflow list with project info
CREATE INDEX IX_Workflows_ProjectId_Status_IsDeleted 
ON Workflows(ProjectId, Status, IsDeleted) 
INCLUDE (Name, Description, CreatedAt);

-- Active schedules
CREATE INDEX IX_WorkflowSchedules_IsActive_NextRunTime 
ON WorkflowSchedules(IsActive, NextRunTime) 
INCLUDE (WorkflowId, CronExpression);

-- Ensure valid email format
ALTER TABLE Users 
ADD CONSTRAINT CK_Users_Email 
CHECK (Email LIKE '%_@_%._%');

-- Ensure valid cron expressions (basic validation)
ALTER TABLE WorkflowSchedules 
ADD CONSTRAINT CK_WorkflowSchedules_CronExpression 
CHECK (LEN(CronExpression) >= 9);

-- Ensure positive timeout values
ALTER TABLE WorkflowSteps 
ADD CONSTRAINT CK_WorkflowSteps_TimeoutSeconds 
CHECK (TimeoutSeconds > 0);
