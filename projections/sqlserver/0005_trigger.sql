-- The documented audit trigger. A statement that sets UpdatedAt itself knows better: projectors always do, so that a
-- replay keeps the recorded instants.
CREATE TRIGGER dbo.tr_Users_UpdatedAt
ON dbo.Users
AFTER UPDATE
AS
BEGIN
    SET NOCOUNT ON;

    IF UPDATE(UpdatedAt)
        RETURN;

    UPDATE u
    SET UpdatedAt = GETUTCDATE()
    FROM dbo.Users AS u
    INNER JOIN inserted AS i ON u.Id = i.Id;
END;
GO
