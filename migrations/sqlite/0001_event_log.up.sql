-- The event log with everything that an append changes atomically, and what may be destroyed beside it.
-- Instants are texts of fixed width: 2026-11-22T16:29:03.123456Z.

-- One row: the log's identity and its end.
CREATE TABLE Head (
    Id INTEGER NOT NULL PRIMARY KEY CHECK (Id = 1),
    LogId TEXT NOT NULL,
    Position INTEGER NOT NULL,
    RecordedAt TEXT NOT NULL
) STRICT;

CREATE TABLE Streams (
    Stream TEXT NOT NULL PRIMARY KEY,
    Aggregate TEXT NOT NULL,
    WorkspaceId INTEGER NULL,
    Version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX IX_Streams_WorkspaceId ON Streams (WorkspaceId, Stream) WHERE WorkspaceId IS NOT NULL;

-- Position: 1, 2, 3, … without gaps, equal to commit order.
CREATE TABLE Events (
    Position INTEGER NOT NULL PRIMARY KEY,
    Stream TEXT NOT NULL,
    Version INTEGER NOT NULL,
    EventId TEXT NOT NULL,
    Type TEXT NOT NULL,
    SchemaVersion INTEGER NOT NULL,
    WorkspaceId INTEGER NULL,
    OccurredAt TEXT NOT NULL,
    RecordedAt TEXT NOT NULL,
    LeafHash BLOB NOT NULL CHECK (length(LeafHash) = 32),
    Metadata TEXT NOT NULL,
    Payload TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX UX_Events_Stream_Version ON Events (Stream, Version);
CREATE INDEX IX_Events_WorkspaceId ON Events (WorkspaceId) WHERE WorkspaceId IS NOT NULL;

CREATE TRIGGER tr_Events_NoUpdate BEFORE UPDATE ON Events
BEGIN
    SELECT RAISE(ABORT, 'Events is append-only');
END;

CREATE TRIGGER tr_Events_NoDelete BEFORE DELETE ON Events
BEGIN
    SELECT RAISE(ABORT, 'Events is append-only');
END;

-- REPLACE would delete without firing the trigger above. A row after the end replaces nothing.
CREATE TRIGGER tr_Events_OnlyAtTheEnd BEFORE INSERT ON Events
WHEN NEW.Position <= (SELECT max(Position) FROM Events)
BEGIN
    SELECT RAISE(ABORT, 'Events is append-only');
END;

-- Uniqueness, reference and capacity facts: at most one owner a key.
CREATE TABLE Claims (
    Scope TEXT NOT NULL,
    Key TEXT NOT NULL,
    Owner TEXT NOT NULL,
    PRIMARY KEY (Scope, Key)
) STRICT, WITHOUT ROWID;

-- Idempotency: what was answered to a command.
CREATE TABLE Commands (
    Actor TEXT NOT NULL,
    Key TEXT NOT NULL,
    RequestHash TEXT NOT NULL,
    FirstPosition INTEGER NOT NULL,
    LastPosition INTEGER NOT NULL,
    Answer TEXT NOT NULL,
    RecordedAt TEXT NOT NULL,
    PRIMARY KEY (Actor, Key)
) STRICT, WITHOUT ROWID;

CREATE INDEX IX_Commands_RecordedAt ON Commands (RecordedAt);

-- One row an open run. State: queued, running, timer, signal or approval.
CREATE TABLE Work (
    Execution TEXT NOT NULL PRIMARY KEY,
    EnvironmentId INTEGER NOT NULL,
    WorkspaceId INTEGER NOT NULL,
    State TEXT NOT NULL CHECK (State IN ('queued', 'running', 'timer', 'signal', 'approval')),
    DueAt TEXT NULL,
    Owner TEXT NULL,
    Epoch INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Running work, the most frequent, is in neither index.
CREATE INDEX IX_Work_Queued ON Work (EnvironmentId, Execution) WHERE State = 'queued';
CREATE INDEX IX_Work_DueAt ON Work (DueAt) WHERE DueAt IS NOT NULL;

-- Leases of nodes.
CREATE TABLE Nodes (
    Node TEXT NOT NULL PRIMARY KEY,
    Epoch INTEGER NOT NULL,
    LeaseUntil TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Integer ids: the next one of each sequence.
CREATE TABLE Sequences (
    Name TEXT NOT NULL PRIMARY KEY,
    Next INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Refresh tokens, by their hashes.
CREATE TABLE Sessions (
    TokenHash TEXT NOT NULL PRIMARY KEY,
    Family TEXT NOT NULL,
    UserId INTEGER NOT NULL,
    ExpiresAt TEXT NOT NULL,
    Spent INTEGER NOT NULL CHECK (Spent IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE INDEX IX_Sessions_Family ON Sessions (Family);
CREATE INDEX IX_Sessions_UserId ON Sessions (UserId);
CREATE INDEX IX_Sessions_ExpiresAt ON Sessions (ExpiresAt);

-- Wrapped data keys; a destroyed one keeps its name, so that it never comes back.
CREATE TABLE DataKeys (
    Name TEXT NOT NULL PRIMARY KEY,
    Wrapped BLOB NULL
) STRICT, WITHOUT ROWID;
