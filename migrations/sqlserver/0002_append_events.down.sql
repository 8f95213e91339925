-- Removes the procedures that append; what was appended stays.
DROP PROCEDURE es.FindAppended;
GO
DROP PROCEDURE es.AppendEvents;
GO
