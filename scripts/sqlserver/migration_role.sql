-- A role for `wfm migrate up` and `down` where these are not run by the database's owner. SQL Server only: compatible engines
-- have no rights of this kind, there the owner migrates. Run once in the database, by its owner, after the schemas exist.
IF DATABASE_PRINCIPAL_ID('wfm_migration') IS NULL
    CREATE ROLE wfm_migration;
GO
GRANT CREATE SCHEMA, CREATE TABLE, CREATE VIEW, CREATE PROCEDURE TO wfm_migration;
GO
GRANT SELECT, INSERT, UPDATE, DELETE, ALTER, REFERENCES, EXECUTE ON SCHEMA::es TO wfm_migration;
GO
GRANT SELECT, INSERT, UPDATE, DELETE, ALTER, REFERENCES, EXECUTE ON SCHEMA::dbo TO wfm_migration;
GO
