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
