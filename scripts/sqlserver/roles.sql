-- Roles with the least rights: run once in the database, by its owner, after `wfm migrate up` (and again after an update).
--   wfm_application  appends, reads, keeps read models; cannot change or remove an event, nor the schema of the log
--   wfm_analyst      reads the documented tables and views, but no password's or key's hash, and nothing of the log: see
--                    analyst_rights.sql, to be run next
-- Then, for example: CREATE LOGIN app WITH PASSWORD = '…'; CREATE USER app FOR LOGIN app; ALTER ROLE wfm_application ADD MEMBER app;
-- Whoever may not own the database but must run migrations is a member of the role in migration_role.sql.
-- Rights that are not granted are not there: nothing is denied here, so that a role can be combined with others.
IF DATABASE_PRINCIPAL_ID('wfm_application') IS NULL
    CREATE ROLE wfm_application;
GO
IF DATABASE_PRINCIPAL_ID('wfm_analyst') IS NULL
    CREATE ROLE wfm_analyst;
GO

-- The application: history through the procedure only, which has the rights of its owner.
GRANT EXECUTE ON es.AppendEvents TO wfm_application;
GO
GRANT EXECUTE ON es.FindAppended TO wfm_application;
GO
GRANT EXECUTE ON es.Allot TO wfm_application;
GO
GRANT SELECT ON es.Migrations TO wfm_application;
GO
GRANT SELECT ON es.Head TO wfm_application;
GO
GRANT SELECT ON es.Streams TO wfm_application;
GO
GRANT SELECT ON es.Events TO wfm_application;
GO
GRANT SELECT ON es.Claims TO wfm_application;
GO
GRANT SELECT ON es.Work TO wfm_application;
GO
GRANT SELECT, DELETE ON es.Commands TO wfm_application;
GO
GRANT SELECT, INSERT, UPDATE, DELETE ON es.Leases TO wfm_application;
GO
GRANT SELECT, INSERT, UPDATE, DELETE ON es.Sessions TO wfm_application;
GO
GRANT SELECT, INSERT, UPDATE ON es.DataKeys TO wfm_application;
GO
-- The read models are disposable.
GRANT SELECT, INSERT, UPDATE, DELETE ON SCHEMA::dbo TO wfm_application;
GO

-- Analysts had all of dbo once, hashes included.
REVOKE SELECT ON SCHEMA::dbo FROM wfm_analyst;
GO
