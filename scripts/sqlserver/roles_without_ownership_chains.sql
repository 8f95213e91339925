-- For engines on which a procedure has its caller's rights: what es.AppendEvents, es.FindAppended and es.Allot touch, granted
-- to the application itself, after roles.sql. Recorded events still cannot be changed or removed by it.
-- Not for SQL Server: there the procedures have their owner's rights, and the application needs none of these.
GRANT EXECUTE ON es.AppendJudged TO wfm_application;
GO
GRANT UPDATE ON es.Head TO wfm_application;
GO
GRANT INSERT, UPDATE ON es.Streams TO wfm_application;
GO
GRANT INSERT ON es.Events TO wfm_application;
GO
GRANT INSERT, DELETE ON es.Claims TO wfm_application;
GO
GRANT INSERT ON es.Commands TO wfm_application;
GO
GRANT INSERT, DELETE ON es.Work TO wfm_application;
GO
GRANT SELECT, INSERT, UPDATE ON es.Sequences TO wfm_application;
GO
