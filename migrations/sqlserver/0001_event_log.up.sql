-- The event log with everything that an append changes atomically, and what may be destroyed beside it.
-- Instants are texts of fixed width: 2026-11-22T16:29:03.123456Z. Texts compare exactly, by code unit.
SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

-- One row: the log's identity and its end. Whoever updates it holds the log until the transaction ends.
CREATE TABLE es.Head (
    Id TINYINT NOT NULL CONSTRAINT PK_Head PRIMARY KEY CONSTRAINT CK_Head_OneRow CHECK (Id = 1),
    LogId VARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL,
    Position BIGINT NOT NULL,
    RecordedAt VARCHAR(27) COLLATE Latin1_General_100_BIN2 NOT NULL
);
GO

INSERT INTO es.Head (Id, LogId, Position, RecordedAt)
VALUES (1, LOWER(CAST(NEWID() AS VARCHAR(36))), 0, '');
GO

CREATE TABLE es.Streams (
    Stream VARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT PK_Streams PRIMARY KEY CLUSTERED,
    Aggregate NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
    WorkspaceId BIGINT NULL,
    Version BIGINT NOT NULL
);
GO

CREATE INDEX IX_Streams_WorkspaceId ON es.Streams(WorkspaceId, Stream) WHERE WorkspaceId IS NOT NULL;
GO

-- Position: 1, 2, 3, … without gaps, equal to commit order.
CREATE TABLE es.Events (
    Position BIGINT NOT NULL CONSTRAINT PK_Events PRIMARY KEY CLUSTERED,
    Stream VARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
    Version BIGINT NOT NULL,
    EventId UNIQUEIDENTIFIER NOT NULL,
    Type VARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
    SchemaVersion INT NOT NULL,
    WorkspaceId BIGINT NULL,
    OccurredAt VARCHAR(27) COLLATE Latin1_General_100_BIN2 NOT NULL,
    RecordedAt VARCHAR(27) COLLATE Latin1_General_100_BIN2 NOT NULL,
    LeafHash BINARY(32) NOT NULL,
    Metadata NVARCHAR(MAX) COLLATE Latin1_General_100_BIN2 NOT NULL,
    Payload NVARCHAR(MAX) COLLATE Latin1_General_100_BIN2 NOT NULL,
    CONSTRAINT UX_Events_Stream_Version UNIQUE NONCLUSTERED (Stream, Version)
);
GO

CREATE INDEX IX_Events_WorkspaceId ON es.Events(WorkspaceId, Position) WHERE WorkspaceId IS NOT NULL;
GO

CREATE TRIGGER es.tr_Events_AppendOnly
ON es.Events
INSTEAD OF UPDATE, DELETE
AS
BEGIN
    THROW 51000, 'es.Events is append-only', 1;
END;
GO

-- Uniqueness, reference and capacity facts: at most one owner a key.
CREATE TABLE es.Claims (
    Scope NVARCHAR(201) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [Key] NVARCHAR(201) COLLATE Latin1_General_100_BIN2 NOT NULL,
    Owner VARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
    CONSTRAINT PK_Claims PRIMARY KEY CLUSTERED (Scope, [Key])
);
GO

-- Idempotency: what was answered to a command.
CREATE TABLE es.Commands (
    Actor NVARCHAR(201) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [Key] NVARCHAR(201) COLLATE Latin1_General_100_BIN2 NOT NULL,
    RequestHash NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
    FirstPosition BIGINT NOT NULL,
    LastPosition BIGINT NOT NULL,
    Answer NVARCHAR(MAX) COLLATE Latin1_General_100_BIN2 NOT NULL,
    RecordedAt VARCHAR(27) COLLATE Latin1_General_100_BIN2 NOT NULL,
    CONSTRAINT PK_Commands PRIMARY KEY CLUSTERED (Actor, [Key])
);
GO

CREATE INDEX IX_Commands_RecordedAt ON es.Commands(RecordedAt);
GO

-- One row an open run.
CREATE TABLE es.Work (
    Execution NVARCHAR(201) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT PK_Work PRIMARY KEY CLUSTERED,
    EnvironmentId BIGINT NOT NULL,
    WorkspaceId BIGINT NOT NULL,
    State VARCHAR(10) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT CK_Work_State CHECK (State IN (
            'queued',
            'running',
            'timer',
            'signal',
            'approval'
        )),
    DueAt VARCHAR(27) COLLATE Latin1_General_100_BIN2 NULL,
    Owner NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NULL,
    Epoch BIGINT NOT NULL
);
GO

-- Running work, the most frequent, is in neither index.
CREATE INDEX IX_Work_Queued ON es.Work(EnvironmentId, Execution) WHERE State = 'queued';
GO

CREATE INDEX IX_Work_DueAt ON es.Work(DueAt) WHERE DueAt IS NOT NULL;
GO

-- Which processes are alive, and whose turn it is to do what only one may do; in the database's time.
CREATE TABLE es.Leases (
    Name NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT PK_Leases PRIMARY KEY CLUSTERED,
    Holder NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
    HeldUntil DATETIME2(6) NOT NULL
);
GO

-- Integer ids: the next one of each sequence.
CREATE TABLE es.Sequences (
    Name NVARCHAR(201) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT PK_Sequences PRIMARY KEY CLUSTERED,
    Next BIGINT NOT NULL
);
GO

-- Refresh tokens, by their hashes.
CREATE TABLE es.Sessions (
    TokenHash NVARCHAR(201) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT PK_Sessions PRIMARY KEY CLUSTERED,
    Family NVARCHAR(201) COLLATE Latin1_General_100_BIN2 NOT NULL,
    UserId BIGINT NOT NULL,
    ExpiresAt VARCHAR(27) COLLATE Latin1_General_100_BIN2 NOT NULL,
    Spent BIT NOT NULL
);
GO

CREATE INDEX IX_Sessions_Family ON es.Sessions(Family);
GO

CREATE INDEX IX_Sessions_UserId ON es.Sessions(UserId);
GO

CREATE INDEX IX_Sessions_ExpiresAt ON es.Sessions(ExpiresAt);
GO

-- Wrapped data keys; a destroyed one keeps its name, so that it never comes back.
CREATE TABLE es.DataKeys (
    Name NVARCHAR(201) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT PK_DataKeys PRIMARY KEY CLUSTERED,
    Wrapped VARBINARY(MAX) NULL
);
GO
