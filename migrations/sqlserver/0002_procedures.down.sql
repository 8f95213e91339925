-- Removes the procedures of the log; what they wrote stays.
DROP PROCEDURE es.Allot;
GO
DROP PROCEDURE es.FindAppended;
GO
DROP PROCEDURE es.AppendEvents;
GO
DROP PROCEDURE es.AppendJudged;
GO
