-- Removes the procedure that appends; what was appended stays.
DROP PROCEDURE es.AppendEvents;
GO
