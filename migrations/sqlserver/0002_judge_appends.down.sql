-- Removes the judging of appends.
DROP PROCEDURE es.AppendJudged;
GO
