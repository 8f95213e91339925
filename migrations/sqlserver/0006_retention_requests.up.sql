-- What dbo.sp_CleanupOldExecutions asks for. The procedure deletes nothing: rows deleted behind the log would come back with
-- the next replay. The application answers a request by appending the event that purges runs, and notes that event's
-- position here. The table stands beside the log because read models are disposable and requests are not.
CREATE TABLE es.RetentionRequests (
    Id BIGINT IDENTITY(1, 1) NOT NULL CONSTRAINT PK_RetentionRequests PRIMARY KEY,
    RetentionDays INT NOT NULL,
    BatchSize INT NOT NULL,
    RequestedAt DATETIME2(7) NOT NULL CONSTRAINT DF_RetentionRequests_RequestedAt DEFAULT SYSUTCDATETIME(),
    RequestedBy NVARCHAR(128) NOT NULL CONSTRAINT DF_RetentionRequests_RequestedBy DEFAULT SUSER_SNAME(),
    AnsweredAt DATETIME2(7) NULL,
    AnswerPosition BIGINT NULL,
    CONSTRAINT CK_RetentionRequests_RetentionDays CHECK (RetentionDays >= 0),
    CONSTRAINT CK_RetentionRequests_BatchSize CHECK (BatchSize > 0)
);

CREATE INDEX IX_RetentionRequests_Open ON es.RetentionRequests(Id) WHERE AnsweredAt IS NULL;
GO
