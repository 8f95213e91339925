SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
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
