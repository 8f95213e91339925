-- The procedures through which the log is written.
SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

-- Judges each append of a batch in which something may stand in the way of one, all in one statement, and writes those that are
-- accepted. Only the numbers of claims in scopes depend on earlier appends: those are judged in rounds, see below. Parameters and
-- answer are those of es.AppendEvents, which calls this in its transaction.
CREATE PROCEDURE es.AppendJudged
    @Head BIGINT,
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

    DECLARE @Appended BIGINT, @Undecided INT;
    -- Skipped: events of refused appends before this one; NULL when its own append is refused.
    DECLARE @Part TABLE (
        Part INT NOT NULL PRIMARY KEY,
        Ordinal INT NOT NULL,
        Guards BIT NOT NULL,
        Place INT NOT NULL,
        Stream VARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
        Expected BIGINT NOT NULL,
        Events INT NOT NULL,
        GivenWorkspaceId BIGINT NULL,
        Aggregate NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NULL,
        Actual BIGINT NOT NULL,
        WorkspaceId BIGINT NULL,
        Skipped INT NULL
    );

    IF @@TRANCOUNT = 0
        THROW 51003, 'es.AppendJudged is for es.AppendEvents alone, which holds the lock', 1;

    INSERT INTO @Part (
        Part,
        Ordinal,
        Guards,
        Place,
        Stream,
        Expected,
        Events,
        GivenWorkspaceId,
        Aggregate,
        Actual,
        WorkspaceId,
        Skipped
    )
    SELECT
        given.Part,
        given.Ordinal,
        given.Guards,
        given.Place,
        given.Stream,
        given.Expected,
        given.Events,
        given.WorkspaceId,
        TRANSLATE(given.Aggregate COLLATE Latin1_General_100_BIN2, @Images, @Characters),
        ISNULL(stream.Version, 0),
        CASE WHEN stream.Version IS NULL THEN given.WorkspaceId ELSE stream.WorkspaceId END,
        0
    FROM OPENJSON(@Parts) WITH (
        Part INT '$[0]',
        Ordinal INT '$[1]',
        Guards BIT '$[2]',
        Place INT '$[3]',
        Stream VARCHAR(100) '$[4]',
        Expected BIGINT '$[5]',
        Events INT '$[6]',
        WorkspaceId BIGINT '$[7]',
        Aggregate NVARCHAR(200) '$[8]'
    ) AS given
    LEFT JOIN es.Streams AS stream ON stream.Stream = given.Stream COLLATE Latin1_General_100_BIN2
    OPTION (LOOP JOIN);

    IF @Claims <> N'' OR @Needs <> N''
    BEGIN
        DECLARE @Claim TABLE (
            Claim INT NOT NULL PRIMARY KEY,
            Ordinal INT NOT NULL,
            Part INT NOT NULL,
            Takes BIT NOT NULL,
            Place INT NOT NULL,
            Scope NVARCHAR(201) COLLATE Latin1_General_100_BIN2 NOT NULL,
            [Key] NVARCHAR(201) COLLATE Latin1_General_100_BIN2 NOT NULL,
            Owner VARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
            EarlierOwner VARCHAR(100) COLLATE Latin1_General_100_BIN2 NULL,
            Holder VARCHAR(100) COLLATE Latin1_General_100_BIN2 NULL
        );

        IF @Claims <> N''
            INSERT INTO @Claim (Claim, Ordinal, Part, Takes, Place, Scope, [Key], Owner, EarlierOwner, Holder)
            SELECT
                given.Claim,
                given.Ordinal,
                given.Part,
                given.Takes,
                given.Place,
                given.Scope,
                given.[Key],
                given.Owner,
                given.EarlierOwner,
                held.Owner
            FROM (
                SELECT
                    Claim,
                    Ordinal,
                    Part,
                    Takes,
                    Place,
                    Owner,
                    EarlierOwner,
                    TRANSLATE(Scope COLLATE Latin1_General_100_BIN2, @Images, @Characters) AS Scope,
                    TRANSLATE([Key] COLLATE Latin1_General_100_BIN2, @Images, @Characters) AS [Key]
                FROM OPENJSON(@Claims) WITH (
                    Claim INT '$[0]',
                    Ordinal INT '$[1]',
                    Part INT '$[2]',
                    Takes BIT '$[3]',
                    Place INT '$[4]',
                    Scope NVARCHAR(201) '$[5]',
                    [Key] NVARCHAR(201) '$[6]',
                    Owner VARCHAR(100) '$[7]',
                    EarlierOwner VARCHAR(100) '$[8]'
                )
            ) AS given
            LEFT JOIN es.Claims AS held ON held.Scope = given.Scope AND held.[Key] = given.[Key]
            OPTION (LOOP JOIN);

        -- Releases come before takes: what an append gives up itself is free for it.
        IF EXISTS (SELECT 1 FROM @Claim WHERE Takes = 1 AND Holder IS NOT NULL)
            UPDATE taken
            SET Holder = NULL
            FROM @Claim AS taken
            JOIN @Claim AS released
                ON released.Ordinal = taken.Ordinal AND released.Scope = taken.Scope AND released.[Key] = taken.[Key]
            WHERE taken.Takes = 1 AND released.Takes = 0 AND released.Owner = released.Holder;
    END;

    DECLARE @Refused TABLE (
        Kind TINYINT NOT NULL,
        Ordinal INT NOT NULL,
        Place INT NOT NULL,
        Number1 BIGINT NULL,
        Number2 BIGINT NULL,
        Text1 NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NULL,
        Text2 NVARCHAR(MAX) COLLATE Latin1_General_100_BIN2 NULL
    );

    INSERT INTO @Refused (Kind, Ordinal, Place, Number1)
    SELECT CASE Guards WHEN 1 THEN 4 ELSE 3 END, Ordinal, Place, Actual FROM @Part WHERE Actual <> Expected;

    IF @Commands <> N''
        INSERT INTO @Refused (Kind, Ordinal, Place, Number1, Number2, Text1, Text2)
        SELECT 1, given.Ordinal, 0, command.FirstPosition, command.LastPosition, command.RequestHash, command.Answer
        FROM OPENJSON(@Commands) WITH (
            Ordinal INT '$[0]',
            Actor NVARCHAR(201) '$[4]',
            [Key] NVARCHAR(201) '$[5]'
        ) AS given
        JOIN es.Commands AS command
            ON command.Actor = TRANSLATE(given.Actor COLLATE Latin1_General_100_BIN2, @Images, @Characters)
                AND command.[Key] = TRANSLATE(given.[Key] COLLATE Latin1_General_100_BIN2, @Images, @Characters)
        OPTION (LOOP JOIN);

    IF @Claims <> N''
        INSERT INTO @Refused (Kind, Ordinal, Place, Text1)
        SELECT 8, Ordinal, Place, ISNULL(Holder, EarlierOwner)
        FROM @Claim
        WHERE Takes = 1 AND (Holder IS NOT NULL OR EarlierOwner IS NOT NULL);

    IF @Needs <> N''
    BEGIN
        -- How many claims a scope holds when an append's turn comes depends on which earlier ones were accepted, and
        -- these may depend on the scope in turn. Each round decides what the bounds allow: as few claims as there may
        -- be, and as many. The first undecided append has equal bounds, so that every round decides at least one.
        DECLARE @Need TABLE (
            Ordinal INT NOT NULL,
            Kind TINYINT NOT NULL,
            Place INT NOT NULL,
            Scope NVARCHAR(201) COLLATE Latin1_General_100_BIN2 NOT NULL,
            Number BIGINT NOT NULL
        );
        -- What an append does to a scope that somebody needs. Verdict: 0 undecided, 1 accepted, 2 refused.
        DECLARE @Turn TABLE (
            Scope NVARCHAR(201) COLLATE Latin1_General_100_BIN2 NOT NULL,
            Ordinal INT NOT NULL,
            Held BIGINT NOT NULL,
            Taken INT NOT NULL,
            Released INT NOT NULL,
            Verdict TINYINT NOT NULL,
            AtLeast BIGINT NOT NULL,
            AtMost BIGINT NOT NULL,
            PRIMARY KEY (Scope, Ordinal)
        );

        INSERT INTO @Need (Ordinal, Kind, Place, Scope, Number)
        SELECT Ordinal, Kind, Place, TRANSLATE(Scope COLLATE Latin1_General_100_BIN2, @Images, @Characters), Number
        FROM OPENJSON(@Needs) WITH (
            Ordinal INT '$[0]',
            Kind TINYINT '$[1]',
            Place INT '$[2]',
            Scope NVARCHAR(201) '$[3]',
            Number BIGINT '$[4]'
        );

        INSERT INTO @Turn (Scope, Ordinal, Held, Taken, Released, Verdict, AtLeast, AtMost)
        SELECT turn.Scope, turn.Ordinal, MAX(counted.Held), SUM(turn.Taken), SUM(turn.Released), 1, 0, 0
        FROM (
            SELECT Scope, Ordinal, 0 AS Taken, 0 AS Released FROM @Need
            UNION ALL
            SELECT
                Scope,
                Ordinal,
                CASE Takes WHEN 1 THEN 1 ELSE 0 END,
                CASE WHEN Takes = 0 AND Owner = Holder THEN 1 ELSE 0 END
            FROM @Claim
        ) AS turn
        JOIN (
            SELECT asked.Scope, COUNT(held.Scope) AS Held
            FROM (
                SELECT DISTINCT Scope FROM @Need
            ) AS asked
            LEFT JOIN es.Claims AS held ON held.Scope = asked.Scope
            GROUP BY asked.Scope
        ) AS counted ON counted.Scope = turn.Scope
        GROUP BY turn.Scope, turn.Ordinal
        OPTION (LOOP JOIN);

        UPDATE turn
        SET Verdict = 0
        FROM @Turn AS turn
        JOIN @Need AS need ON need.Ordinal = turn.Ordinal;
        UPDATE turn
        SET Verdict = 2
        FROM @Turn AS turn
        JOIN @Refused AS refused ON refused.Ordinal = turn.Ordinal;

        SELECT @Undecided = COUNT(*) FROM @Turn WHERE Verdict = 0;
        WHILE @Undecided > 0
        BEGIN
            UPDATE turn
            SET AtLeast = bound.AtLeast, AtMost = bound.AtMost
            FROM @Turn AS turn
            JOIN (
                SELECT
                    Scope,
                    Ordinal,
                    Held - Released +
                    ISNULL(
                        SUM(
                            CASE WHEN Verdict = 1 OR (Verdict = 0 AND Taken < Released) THEN Taken - Released ELSE 0 END
                        ) OVER (PARTITION BY Scope ORDER BY Ordinal ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
                        0
                    ) AS AtLeast,
                    Held - Released +
                    ISNULL(
                        SUM(
                            CASE WHEN Verdict = 1 OR (Verdict = 0 AND Taken > Released) THEN Taken - Released ELSE 0 END
                        ) OVER (PARTITION BY Scope ORDER BY Ordinal ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
                        0
                    ) AS AtMost
                FROM @Turn
            ) AS bound ON bound.Scope = turn.Scope AND bound.Ordinal = turn.Ordinal;

            -- Refused when one need fails for certain, accepted when all are met for certain.
            UPDATE turn
            SET Verdict = CASE decided.Least WHEN 1 THEN 1 ELSE 2 END
            FROM @Turn AS turn
            JOIN (
                SELECT
                    need.Ordinal,
                    MIN(
                        CASE
                            WHEN need.Kind = 5 AND asked.AtLeast > 0 THEN -1
                            WHEN need.Kind = 6 AND asked.AtLeast >= need.Number THEN -1
                            WHEN need.Kind = 7 AND asked.AtMost < need.Number THEN -1
                            WHEN need.Kind = 5 AND asked.AtMost <= 0 THEN 1
                            WHEN need.Kind = 6 AND asked.AtMost < need.Number THEN 1
                            WHEN need.Kind = 7 AND asked.AtLeast >= need.Number THEN 1
                            ELSE 0
                        END
                    ) AS Least
                FROM @Need AS need
                JOIN @Turn AS asked ON asked.Scope = need.Scope AND asked.Ordinal = need.Ordinal
                GROUP BY need.Ordinal
            ) AS decided ON decided.Ordinal = turn.Ordinal
            WHERE turn.Verdict = 0 AND decided.Least <> 0;

            SELECT @Undecided = COUNT(*) FROM @Turn WHERE Verdict = 0;
        END;

        -- All are decided by now, so that the very counts are known.
        INSERT INTO @Refused (Kind, Ordinal, Place, Number1)
        SELECT need.Kind, need.Ordinal, need.Place, exact.Number
        FROM @Need AS need
        JOIN (
            SELECT
                Scope,
                Ordinal,
                Held - Released +
                ISNULL(
                    SUM(CASE Verdict WHEN 1 THEN Taken - Released ELSE 0 END) OVER (
                        PARTITION BY Scope
                        ORDER BY Ordinal
                        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                    ),
                    0
                ) AS Number
            FROM @Turn
        ) AS exact ON exact.Scope = need.Scope AND exact.Ordinal = need.Ordinal
        WHERE (need.Kind = 5 AND exact.Number > 0)
            OR (need.Kind = 6 AND exact.Number >= need.Number)
            OR (need.Kind = 7 AND exact.Number < need.Number);
    END;

    UPDATE part
    SET Skipped = before.Skipped
    FROM @Part AS part
    JOIN (
        SELECT
            own.Part,
            CASE
                WHEN refused.Ordinal IS NOT NULL THEN NULL
                ELSE SUM(CASE WHEN refused.Ordinal IS NULL THEN 0 ELSE own.Events END) OVER (
                    ORDER BY own.Part
                    ROWS UNBOUNDED PRECEDING
                )
            END AS Skipped
        FROM @Part AS own
        LEFT JOIN (
            SELECT DISTINCT Ordinal FROM @Refused
        ) AS refused ON refused.Ordinal = own.Ordinal
    ) AS before ON before.Part = part.Part;

    SELECT @Appended = SUM(CAST(Events AS BIGINT)) FROM @Part WHERE Skipped IS NOT NULL;

    IF @Appended > 0
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
            @Head + 1 + given.Event - part.Skipped,
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
        JOIN @Part AS part ON part.Part = given.Part
        WHERE part.Skipped IS NOT NULL
        OPTION (HASH JOIN);

        UPDATE stream
        SET Version = part.Expected + part.Events
        FROM es.Streams AS stream
        JOIN @Part AS part ON part.Stream = stream.Stream
        WHERE part.Guards = 0 AND part.Skipped IS NOT NULL AND part.Expected > 0
        OPTION (LOOP JOIN);

        INSERT INTO es.Streams (Stream, Aggregate, WorkspaceId, Version)
        SELECT Stream, Aggregate, WorkspaceId, Events
        FROM @Part
        WHERE Guards = 0 AND Skipped IS NOT NULL AND Expected = 0;

        IF @Claims <> N''
        BEGIN
            DELETE held
            FROM es.Claims AS held
            JOIN @Claim AS given ON given.Scope = held.Scope AND given.[Key] = held.[Key]
            JOIN @Part AS part ON part.Part = given.Part
            WHERE given.Takes = 0 AND given.Owner = given.Holder AND part.Skipped IS NOT NULL
            OPTION (LOOP JOIN);

            INSERT INTO es.Claims (Scope, [Key], Owner)
            SELECT given.Scope, given.[Key], given.Owner
            FROM @Claim AS given
            JOIN @Part AS part ON part.Part = given.Part
            WHERE given.Takes = 1 AND part.Skipped IS NOT NULL;
        END;

        IF @Commands <> N''
            INSERT INTO es.Commands (Actor, [Key], RequestHash, FirstPosition, LastPosition, Answer, RecordedAt)
            SELECT
                TRANSLATE(given.Actor COLLATE Latin1_General_100_BIN2, @Images, @Characters),
                TRANSLATE(given.[Key] COLLATE Latin1_General_100_BIN2, @Images, @Characters),
                TRANSLATE(given.RequestHash COLLATE Latin1_General_100_BIN2, @Images, @Characters),
                @Head + 1 + given.FirstEvent - part.Skipped,
                @Head + given.FirstEvent - part.Skipped + given.Events,
                TRANSLATE(answer.value COLLATE Latin1_General_100_BIN2, @Images, @Characters),
                @RecordedAt
            FROM OPENJSON(@Commands) WITH (
                Part INT '$[1]',
                FirstEvent INT '$[2]',
                Events INT '$[3]',
                Actor NVARCHAR(201) '$[4]',
                [Key] NVARCHAR(201) '$[5]',
                RequestHash NVARCHAR(200) '$[6]',
                Answer INT '$[7]'
            ) AS given
            JOIN OPENJSON(@Answers) AS answer ON CAST(answer.[key] AS INT) = given.Answer
            JOIN @Part AS part ON part.Part = given.Part
            WHERE part.Skipped IS NOT NULL
            OPTION (HASH JOIN);

        IF @Work <> N''
        BEGIN
            DELETE open_work
            FROM es.Work AS open_work
            JOIN OPENJSON(@Work) WITH (
                Part INT '$[0]',
                Execution NVARCHAR(201) '$[1]'
            ) AS given
                ON open_work.Execution = TRANSLATE(
                        given.Execution COLLATE Latin1_General_100_BIN2,
                        @Images,
                        @Characters
                    )
            JOIN @Part AS part ON part.Part = given.Part
            WHERE part.Skipped IS NOT NULL
            OPTION (LOOP JOIN);

            INSERT INTO es.Work (Execution, EnvironmentId, WorkspaceId, State, DueAt, Owner, Epoch)
            SELECT
                TRANSLATE(given.Execution COLLATE Latin1_General_100_BIN2, @Images, @Characters),
                given.EnvironmentId,
                given.WorkspaceId,
                given.State,
                given.DueAt,
                TRANSLATE(given.Owner COLLATE Latin1_General_100_BIN2, @Images, @Characters),
                given.Epoch
            FROM OPENJSON(@Work) WITH (
                Part INT '$[0]',
                Execution NVARCHAR(201) '$[1]',
                EnvironmentId BIGINT '$[2]',
                WorkspaceId BIGINT '$[3]',
                State VARCHAR(10) '$[4]',
                DueAt VARCHAR(27) '$[5]',
                Owner NVARCHAR(200) '$[6]',
                Epoch BIGINT '$[7]'
            ) AS given
            JOIN @Part AS part ON part.Part = given.Part
            WHERE given.EnvironmentId IS NOT NULL AND part.Skipped IS NOT NULL;
        END;

        UPDATE es.Head
        SET Position = @Head + @Appended, RecordedAt = @RecordedAt
        WHERE Id = 1;
    END;

    SELECT Kind, Ordinal, Place, Number1, Number2, Text1, Text2 FROM @Refused
    UNION ALL
    SELECT
        0 AS Kind,
        0 AS Ordinal,
        0 AS Place,
        @Head AS Number1,
        CAST(NULL AS BIGINT) AS Number2,
        CAST(@RecordedAt AS NVARCHAR(200)) AS Text1,
        CAST(NULL AS NVARCHAR(MAX)) AS Text2
    UNION ALL
    SELECT 9, Ordinal, Part, WorkspaceId, NULL, NULL, NULL
    FROM @Part
    WHERE Guards = 0
        AND Skipped IS NOT NULL
        AND (
            WorkspaceId <> GivenWorkspaceId
            OR (WorkspaceId IS NULL AND GivenWorkspaceId IS NOT NULL)
            OR (WorkspaceId IS NOT NULL AND GivenWorkspaceId IS NULL)
        );
END;
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

-- Allots ids of a sequence: the next @Count, without gaps between calls. Answers the first of them.
CREATE PROCEDURE es.Allot @Name NVARCHAR(201), @Count BIGINT
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE @First BIGINT;

    BEGIN TRANSACTION;
    UPDATE es.Sequences
    SET Next = Next + @Count
    WHERE Name = @Name;
    -- Two that begin a sequence at once meet here: one of them is refused, and finds the row when it asks again.
    IF @@ROWCOUNT = 0
        INSERT INTO es.Sequences (Name, Next)
        VALUES (@Name, 1 + @Count);
    SELECT @First = Next - @Count FROM es.Sequences WHERE Name = @Name;
    COMMIT TRANSACTION;

    SELECT @First AS First;
END;
GO
