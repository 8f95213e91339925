-- Removes the allotting of ids; the sequences stay where they are.
DROP PROCEDURE es.Allot;
GO
