-- What each statement of the application costs, the dearest first: run it when the database is small and again when it is large.
-- A statement whose pages per execution grow with the tables has lost its index. SQL Server only; needs VIEW SERVER STATE.
SELECT TOP (100)
    stats.execution_count AS Executions,
    stats.total_logical_reads / stats.execution_count AS PagesPerExecution,
    stats.total_worker_time / stats.execution_count AS MicrosecondsPerExecution,
    stats.total_rows / stats.execution_count AS RowsPerExecution,
    SUBSTRING(
        batch.text,
        stats.statement_start_offset / 2 + 1,
        (
            CASE stats.statement_end_offset WHEN -1 THEN DATALENGTH(batch.text) ELSE stats.statement_end_offset END -
            stats.statement_start_offset
        ) /
        2 +
        1
    ) AS Statement
FROM sys.dm_exec_query_stats AS stats
CROSS APPLY sys.dm_exec_sql_text(stats.sql_handle) AS batch
WHERE batch.dbid = DB_ID() OR batch.dbid IS NULL
ORDER BY stats.total_logical_reads DESC;
GO
