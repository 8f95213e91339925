SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

-- Writes a batch of appends in one transaction that begins and ends in here: a client that stalls holds nothing.
--
-- The outcome equals running the appends one after another. The caller promises that no append needs a stream, claim, command
-- or execution that an earlier one of the batch writes; so each is judged against what was there before. Where nothing stands in
-- the way of any append, which is usual, all is written straight from the parameters; otherwise es.AppendJudged judges each.
--
-- Rows are JSON arrays of arrays; empty text where there are none. Their texts need no escapes, which not every engine undoes:
-- what JSON would escape stands there as an image. Ordinal: the append's place in the batch, from 0. Part: the place of a
-- row of @Parts, from 0; elsewhere the first one of the append.
--   @RecordedAt  the caller's clock; the log never runs backwards, so the later of this and the head's counts
--   @Images      characters that stand for those of @Characters, one by one
--   @Parts       part, ordinal, 0 append or 1 guard, index, stream, expected version, events, workspace, aggregate
--   @Commands    ordinal, part, first event, events, actor, key, request hash, place among @Answers
--   @Claims      row, ordinal, part, 0 release or 1 take, index, scope, key, owner, owner by an earlier take of the append
--   @Needs       ordinal, 5 empty, 6 fewer or 7 at least, index, scope, number
--   @Work        part, execution, environment (null removes), workspace, state, due at, owner, epoch
--   @Events      event (from 0, over the batch), part, version, id, type, schema version, occurred at
--   @Metadata, @Payloads  a text for each event, @Answers for each command: apart, because WITH may cut long texts
--   @LeafHashes  32 bytes an event
--
-- Answers rows of Kind, Ordinal, Place, Number1, Number2, Text1, Text2, in no particular order:
--   0 head        Number1 position before, Text1 instant of recording
--   1 command     known: Number1 first, Number2 last position, Text1 request hash, Text2 answer
--   3 version     Place index, Number1 actual version          4 guard: the same
--   5 not empty, 6 full, 7 too small                           Place index, Number1 count
--   8 claim taken                                              Place index, Text1 owner
--   9 workspace   Place part, Number1 the stream's workspace, where it is not the given one
-- Kinds 1 to 8 refuse their append; the least kind, then the least place, is the reason.
CREATE PROCEDURE es.AppendEvents
    @RecordedAt VARCHAR(27),
    @Images NVARCHAR(40),
    @Characters NVARCHAR(40),
    @Parts NVARCHAR(MAX),
    @Commands NVARCHAR(MAX),
    @Claims NVARCHAR(MAX),
    @Needs NVARCHAR(MAX),
    @Work NVARCHAR(MAX),
    @Events NVARCHAR(MAX),
    @Metadata NVARCHAR(MAX),
    @Payloads NVARCHAR(MAX),
    @Answers NVARCHAR(MAX),
    @LeafHashes VARBINARY(MAX)
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE
        @Head BIGINT,
        @HeadRecordedAt VARCHAR(27),
        @Appended BIGINT,
        @NewStreams INT,
        @KnownStreams INT,
        @Obstacles INT;
    -- Whether something may stand in the way of an append.
    DECLARE @Doubtful BIT = 0;

    IF @@TRANCOUNT <> 0
        THROW 51001, 'es.AppendEvents must not be called within a transaction', 1;

    BEGIN TRY
        BEGIN TRANSACTION;

        -- The lock: taken by an update, which every engine honours, and held until the commit.
        UPDATE es.Head
        SET Position = Position
        WHERE Id = 1;
        SELECT @Head = Position, @HeadRecordedAt = RecordedAt FROM es.Head WHERE Id = 1;
        IF @Head IS NULL
            THROW 51002, 'es.Head has no row', 1;
        IF @HeadRecordedAt > @RecordedAt
            SET @RecordedAt = @HeadRecordedAt;

        -- Obstacles: another version than expected, another workspace than given.
        SELECT
            @Appended = SUM(CAST(given.Events AS BIGINT)),
            @NewStreams = COUNT(CASE WHEN given.Guards = 0 AND given.Expected = 0 THEN 1 END),
            @KnownStreams = COUNT(CASE WHEN given.Guards = 0 AND given.Expected > 0 THEN 1 END),
            @Obstacles = COUNT(
                CASE
                    WHEN ISNULL(stream.Version, 0) <> given.Expected THEN 1
                    WHEN given.Guards = 0
                    AND stream.Version IS NOT NULL
                    AND ISNULL(stream.WorkspaceId, -1) <> ISNULL(given.WorkspaceId, -1) THEN 1
                END
            )
        FROM OPENJSON(@Parts) WITH (
            Guards BIT '$[2]',
            Stream VARCHAR(100) '$[4]',
            Expected BIGINT '$[5]',
            Events INT '$[6]',
            WorkspaceId BIGINT '$[7]'
        ) AS given
        OUTER APPLY (
            -- One row of a key, so that no engine reads the table for it.
            SELECT TOP (1) known.Version, known.WorkspaceId
            FROM es.Streams AS known
            WHERE known.Stream = given.Stream COLLATE Latin1_General_100_BIN2
        ) AS stream;
        IF @Obstacles > 0
            SET @Doubtful = 1;

        IF @Doubtful = 0 AND @Commands <> N''
            IF EXISTS (
                   SELECT 1
                   FROM OPENJSON(@Commands) WITH (
                       Actor NVARCHAR(201) '$[4]',
                       [Key] NVARCHAR(201) '$[5]'
                   ) AS given
                   JOIN es.Commands AS command
                       ON command.Actor = TRANSLATE(given.Actor COLLATE Latin1_General_100_BIN2, @Images, @Characters)
                           AND command.[Key] = TRANSLATE(
                               given.[Key] COLLATE Latin1_General_100_BIN2,
                               @Images,
                               @Characters
                           )
               )
                SET @Doubtful = 1;

        -- A claim that is held may be one that the append itself gives up: that is judged singly, too.
        IF @Doubtful = 0 AND @Claims <> N''
            IF EXISTS (
                   SELECT 1
                   FROM OPENJSON(@Claims) WITH (
                       Takes BIT '$[3]',
                       Scope NVARCHAR(201) '$[5]',
                       [Key] NVARCHAR(201) '$[6]',
                       EarlierOwner VARCHAR(100) '$[8]'
                   ) AS given
                   LEFT JOIN es.Claims AS held
                       ON held.Scope = TRANSLATE(given.Scope COLLATE Latin1_General_100_BIN2, @Images, @Characters)
                           AND held.[Key] = TRANSLATE(given.[Key] COLLATE Latin1_General_100_BIN2, @Images, @Characters)
                   WHERE given.Takes = 1 AND (held.Owner IS NOT NULL OR given.EarlierOwner IS NOT NULL)
               )
                SET @Doubtful = 1;

        -- With all takes of the batch and none of its releases a scope holds as many claims as it ever may; without any take, and
        -- with all releases, as few.
        IF @Doubtful = 0 AND @Needs <> N''
            IF EXISTS (
                   SELECT 1
                   FROM (
                       SELECT
                           need.Scope,
                           need.Kind,
                           need.Least,
                           need.Greatest,
                           (SELECT COUNT(*) FROM es.Claims AS held WHERE held.Scope = need.Scope) AS Held,
                           ISNULL(changed.Taken, 0) AS Taken,
                           ISNULL(changed.Released, 0) AS Released
                       FROM (
                           SELECT
                               Kind,
                               TRANSLATE(Scope COLLATE Latin1_General_100_BIN2, @Images, @Characters) AS Scope,
                               MIN(Number) AS Least,
                               MAX(Number) AS Greatest
                           FROM OPENJSON(@Needs) WITH (
                               Kind TINYINT '$[1]',
                               Scope NVARCHAR(201) '$[3]',
                               Number BIGINT '$[4]'
                           )
                           GROUP BY Kind, TRANSLATE(Scope COLLATE Latin1_General_100_BIN2, @Images, @Characters)
                       ) AS need
                       LEFT JOIN (
                           SELECT
                               TRANSLATE(Scope COLLATE Latin1_General_100_BIN2, @Images, @Characters) AS Scope,
                               SUM(CASE Takes WHEN 1 THEN 1 ELSE 0 END) AS Taken,
                               SUM(CASE Takes WHEN 1 THEN 0 ELSE 1 END) AS Released
                           FROM OPENJSON(CASE @Claims WHEN N'' THEN N'[]' ELSE @Claims END) WITH (
                               Takes BIT '$[3]',
                               Scope NVARCHAR(201) '$[5]'
                           )
                           GROUP BY TRANSLATE(Scope COLLATE Latin1_General_100_BIN2, @Images, @Characters)
                       ) AS changed ON changed.Scope = need.Scope
                   ) AS bound
                   WHERE (bound.Kind = 5 AND bound.Held + bound.Taken > 0)
                       OR (bound.Kind = 6 AND bound.Held + bound.Taken >= bound.Least)
                       OR (bound.Kind = 7 AND bound.Held - bound.Released < bound.Greatest)
               )
                SET @Doubtful = 1;

        IF @Doubtful = 1
            EXEC es.AppendJudged
                @Head,
                @RecordedAt,
                @Images,
                @Characters,
                @Parts,
                @Commands,
                @Claims,
                @Needs,
                @Work,
                @Events,
                @Metadata,
                @Payloads,
                @Answers,
                @LeafHashes;
        ELSE IF @Appended > 0
        BEGIN
            INSERT INTO es.Events (
                Position,
                Stream,
                Version,
                EventId,
                Type,
                SchemaVersion,
                WorkspaceId,
                OccurredAt,
                RecordedAt,
                LeafHash,
                Metadata,
                Payload
            )
            SELECT
                @Head + 1 + given.Event,
                part.Stream,
                given.Version,
                given.EventId,
                TRANSLATE(given.Type COLLATE Latin1_General_100_BIN2, @Images, @Characters),
                given.SchemaVersion,
                part.WorkspaceId,
                given.OccurredAt,
                @RecordedAt,
                SUBSTRING(@LeafHashes, given.Event * 32 + 1, 32),
                TRANSLATE(metadata.value COLLATE Latin1_General_100_BIN2, @Images, @Characters),
                TRANSLATE(payload.value COLLATE Latin1_General_100_BIN2, @Images, @Characters)
            FROM OPENJSON(@Events) WITH (
                Event INT '$[0]',
                Part INT '$[1]',
                Version BIGINT '$[2]',
                EventId UNIQUEIDENTIFIER '$[3]',
                Type NVARCHAR(100) '$[4]',
                SchemaVersion INT '$[5]',
                OccurredAt VARCHAR(27) '$[6]'
            ) AS given
            JOIN OPENJSON(@Metadata) AS metadata ON CAST(metadata.[key] AS INT) = given.Event
            JOIN OPENJSON(@Payloads) AS payload ON CAST(payload.[key] AS INT) = given.Event
            JOIN OPENJSON(@Parts) WITH (
                Part INT '$[0]',
                Stream VARCHAR(100) '$[4]',
                WorkspaceId BIGINT '$[7]'
            ) AS part ON part.Part = given.Part
            OPTION (HASH JOIN);

            IF @KnownStreams > 0
                UPDATE stream
                SET Version = given.Expected + given.Events
                FROM es.Streams AS stream
                JOIN OPENJSON(@Parts) WITH (
                    Guards BIT '$[2]',
                    Stream VARCHAR(100) '$[4]',
                    Expected BIGINT '$[5]',
                    Events INT '$[6]'
                ) AS given ON stream.Stream = given.Stream COLLATE Latin1_General_100_BIN2
                WHERE given.Guards = 0 AND given.Expected > 0
                OPTION (LOOP JOIN);

            IF @NewStreams > 0
                INSERT INTO es.Streams (Stream, Aggregate, WorkspaceId, Version)
                SELECT
                    Stream,
                    TRANSLATE(Aggregate COLLATE Latin1_General_100_BIN2, @Images, @Characters),
                    WorkspaceId,
                    Events
                FROM OPENJSON(@Parts) WITH (
                    Guards BIT '$[2]',
                    Stream VARCHAR(100) '$[4]',
                    Expected BIGINT '$[5]',
                    Events INT '$[6]',
                    WorkspaceId BIGINT '$[7]',
                    Aggregate NVARCHAR(200) '$[8]'
                )
                WHERE Guards = 0 AND Expected = 0;

            IF @Claims <> N''
            BEGIN
                DELETE held
                FROM es.Claims AS held
                JOIN OPENJSON(@Claims) WITH (
                    Takes BIT '$[3]',
                    Scope NVARCHAR(201) '$[5]',
                    [Key] NVARCHAR(201) '$[6]',
                    Owner VARCHAR(100) '$[7]'
                ) AS given
                    ON held.Scope = TRANSLATE(given.Scope COLLATE Latin1_General_100_BIN2, @Images, @Characters)
                        AND held.[Key] = TRANSLATE(given.[Key] COLLATE Latin1_General_100_BIN2, @Images, @Characters)
                WHERE given.Takes = 0 AND held.Owner = given.Owner COLLATE Latin1_General_100_BIN2
                OPTION (LOOP JOIN);

                INSERT INTO es.Claims (Scope, [Key], Owner)
                SELECT
                    TRANSLATE(Scope COLLATE Latin1_General_100_BIN2, @Images, @Characters),
                    TRANSLATE([Key] COLLATE Latin1_General_100_BIN2, @Images, @Characters),
                    Owner
                FROM OPENJSON(@Claims) WITH (
                    Takes BIT '$[3]',
                    Scope NVARCHAR(201) '$[5]',
                    [Key] NVARCHAR(201) '$[6]',
                    Owner VARCHAR(100) '$[7]'
                )
                WHERE Takes = 1;
            END;

            IF @Commands <> N''
                INSERT INTO es.Commands (Actor, [Key], RequestHash, FirstPosition, LastPosition, Answer, RecordedAt)
                SELECT
                    TRANSLATE(given.Actor COLLATE Latin1_General_100_BIN2, @Images, @Characters),
                    TRANSLATE(given.[Key] COLLATE Latin1_General_100_BIN2, @Images, @Characters),
                    TRANSLATE(given.RequestHash COLLATE Latin1_General_100_BIN2, @Images, @Characters),
                    @Head + 1 + given.FirstEvent,
                    @Head + given.FirstEvent + given.Events,
                    TRANSLATE(answer.value COLLATE Latin1_General_100_BIN2, @Images, @Characters),
                    @RecordedAt
                FROM OPENJSON(@Commands) WITH (
                    FirstEvent INT '$[2]',
                    Events INT '$[3]',
                    Actor NVARCHAR(201) '$[4]',
                    [Key] NVARCHAR(201) '$[5]',
                    RequestHash NVARCHAR(200) '$[6]',
                    Answer INT '$[7]'
                ) AS given
                JOIN OPENJSON(@Answers) AS answer ON CAST(answer.[key] AS INT) = given.Answer
                OPTION (HASH JOIN);

            IF @Work <> N''
            BEGIN
                DELETE open_work
                FROM es.Work AS open_work
                JOIN OPENJSON(@Work) WITH (
                    Execution NVARCHAR(201) '$[1]'
                ) AS given
                    ON open_work.Execution = TRANSLATE(
                            given.Execution COLLATE Latin1_General_100_BIN2,
                            @Images,
                            @Characters
                        )
                OPTION (LOOP JOIN);

                INSERT INTO es.Work (Execution, EnvironmentId, WorkspaceId, State, DueAt, Owner, Epoch)
                SELECT
                    TRANSLATE(Execution COLLATE Latin1_General_100_BIN2, @Images, @Characters),
                    EnvironmentId,
                    WorkspaceId,
                    State,
                    DueAt,
                    TRANSLATE(Owner COLLATE Latin1_General_100_BIN2, @Images, @Characters),
                    Epoch
                FROM OPENJSON(@Work) WITH (
                    Execution NVARCHAR(201) '$[1]',
                    EnvironmentId BIGINT '$[2]',
                    WorkspaceId BIGINT '$[3]',
                    State VARCHAR(10) '$[4]',
                    DueAt VARCHAR(27) '$[5]',
                    Owner NVARCHAR(200) '$[6]',
                    Epoch BIGINT '$[7]'
                )
                WHERE EnvironmentId IS NOT NULL;
            END;

            UPDATE es.Head
            SET Position = @Head + @Appended, RecordedAt = @RecordedAt
            WHERE Id = 1;
        END;

        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;

    IF @Doubtful = 0
        SELECT
            0 AS Kind,
            0 AS Ordinal,
            0 AS Place,
            @Head AS Number1,
            CAST(NULL AS BIGINT) AS Number2,
            CAST(@RecordedAt AS NVARCHAR(200)) AS Text1,
            CAST(NULL AS NVARCHAR(MAX)) AS Text2;
END;
GO
