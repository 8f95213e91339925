-- How far the rows are. The adapter inserts the one row of the checkpoint last, when everything else stands: a database
-- without it is built anew.
CREATE TABLE dbo.ParkedEvents (
    Position BIGINT NOT NULL CONSTRAINT PK_ParkedEvents PRIMARY KEY,
    Stream NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
    EventType NVARCHAR(100) NOT NULL,
    Reason NVARCHAR(MAX) NOT NULL,
    ParkedAt DATETIME2(7) NOT NULL
);
GO

CREATE TABLE dbo.[Checkpoint] (
    Id INT NOT NULL CONSTRAINT PK_Checkpoint PRIMARY KEY CONSTRAINT CK_Checkpoint_Id CHECK (Id = 1),
    Shape NVARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL, -- hash of the texts that made the tables
    Generation INT NOT NULL, -- which of the program's shapes that is: tables are made anew only by a later one
    LogId NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NULL, -- NULL: nothing was ever projected
    Position BIGINT NOT NULL,
    LeafHash NVARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    Epoch BIGINT NOT NULL -- a writer of an older epoch is refused
);
GO
