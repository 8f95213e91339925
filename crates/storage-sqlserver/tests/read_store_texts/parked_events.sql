INSERT INTO dbo.[ParkedEvents] ([Position], [Stream], [EventType], [Reason], [ParkedAt]) SELECT v.c0, v.c1, v.c2, v.c3, v.c4 FROM OPENJSON(@rows) WITH (c0 BIGINT '$[0]', c1 NVARCHAR(100) '$[1]', c2 NVARCHAR(100) '$[2]', c3 NVARCHAR(MAX) '$[3]', c4 DATETIME2(7) '$[4]') AS v;
GO

DELETE t FROM dbo.[ParkedEvents] AS t INNER JOIN OPENJSON(@rows) WITH (c0 BIGINT '$[0]') AS v ON t.[Position] = v.c0 OPTION (LOOP JOIN);
GO
