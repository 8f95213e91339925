-- Removes the event log and all that belongs to it.
DROP TABLE es.DataKeys;
GO
DROP TABLE es.Sessions;
GO
DROP TABLE es.Sequences;
GO
DROP TABLE es.Leases;
GO
DROP TABLE es.Work;
GO
DROP TABLE es.Commands;
GO
DROP TABLE es.Claims;
GO
DROP TABLE es.Events;
GO
DROP TABLE es.Streams;
GO
DROP TABLE es.Head;
GO
