-- Removes the way to write the log; what was written stays.
DROP PROCEDURE es.AppendEvents;
GO
