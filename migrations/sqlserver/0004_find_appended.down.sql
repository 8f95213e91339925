-- Removes the search for appends whose answer was lost.
DROP PROCEDURE es.FindAppended;
GO
