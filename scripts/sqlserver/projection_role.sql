-- A role for the application's login beside wfm_application, where that login does not own the database: the rights to write,
-- make and rebuild the read models. SQL Server only: compatible engines have no rights of this kind, there the owner serves.
-- Run once in the database, by its owner, after the first start. The read models are disposable; nothing of the log is in here.
-- ALTER, because ids come from the log: SET IDENTITY_INSERT asks for it.
IF DATABASE_PRINCIPAL_ID('wfm_projection') IS NULL
    CREATE ROLE wfm_projection;
GO
GRANT CREATE TABLE, CREATE VIEW, CREATE PROCEDURE TO wfm_projection;
GO
GRANT SELECT, INSERT, UPDATE, DELETE, ALTER, REFERENCES, EXECUTE ON SCHEMA::dbo TO wfm_projection;
GO
GRANT SELECT, INSERT, UPDATE, DELETE, ALTER, REFERENCES ON SCHEMA::shadow TO wfm_projection;
GO
