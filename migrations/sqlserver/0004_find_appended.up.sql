SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

-- Finds appends whose answer was lost: takes the log's lock, so that no call that came before is still on its way, and looks
-- for the first event of each part. @Parts is a JSON array of rows: ordinal, place, stream, version, event id.
CREATE PROCEDURE es.FindAppended @Parts NVARCHAR(MAX)
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE @Found TABLE (
        Ordinal INT NOT NULL,
        Place INT NOT NULL,
        Position BIGINT NOT NULL,
        RecordedAt VARCHAR(27) NOT NULL,
        WorkspaceId BIGINT NULL
    );

    BEGIN TRANSACTION;
    UPDATE es.Head
    SET Position = Position
    WHERE Id = 1;
    INSERT INTO @Found (Ordinal, Place, Position, RecordedAt, WorkspaceId)
    SELECT given.Ordinal, given.Place, event.Position, event.RecordedAt, event.WorkspaceId
    FROM OPENJSON(@Parts) WITH (
        Ordinal INT '$[0]',
        Place INT '$[1]',
        Stream VARCHAR(100) '$[2]',
        Version BIGINT '$[3]',
        EventId UNIQUEIDENTIFIER '$[4]'
    ) AS given
    JOIN es.Events AS event
        ON event.Stream = given.Stream COLLATE Latin1_General_100_BIN2 AND event.Version = given.Version
    WHERE event.EventId = given.EventId
    OPTION (LOOP JOIN);
    COMMIT TRANSACTION;

    SELECT Ordinal, Place, Position, RecordedAt, WorkspaceId FROM @Found ORDER BY Position;
END;
GO
