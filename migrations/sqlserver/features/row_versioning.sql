-- Readers see what was committed last instead of waiting for writers (RCSI). Applied after the steps, where the server has it;
-- everything is right without it, reads then wait for a batch that is being written.
IF EXISTS (SELECT 1 FROM sys.databases WHERE database_id = DB_ID() AND is_read_committed_snapshot_on = 0)
    ALTER DATABASE CURRENT SET READ_COMMITTED_SNAPSHOT ON WITH ROLLBACK IMMEDIATE;
GO
