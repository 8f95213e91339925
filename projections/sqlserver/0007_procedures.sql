-- The documented procedures under their documented names and parameters.
CREATE PROCEDURE dbo.sp_GetWorkflowMetrics @WorkflowId INT, @StartDate DATETIME2(7) = NULL, @EndDate DATETIME2(7) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET @StartDate = ISNULL(@StartDate, DATEADD(DAY, -30, GETUTCDATE()));
    SET @EndDate = ISNULL(@EndDate, GETUTCDATE());

    SELECT
        @WorkflowId AS WorkflowId,
        COUNT(*) AS TotalExecutions,
        SUM(CASE WHEN Status = 1 THEN 1 ELSE 0 END) AS SuccessfulExecutions,
        SUM(CASE WHEN Status = 2 THEN 1 ELSE 0 END) AS FailedExecutions,
        AVG(
            CASE WHEN CompletedAt IS NOT NULL THEN DATEDIFF(SECOND, ExecutedAt, CompletedAt) ELSE NULL END
        ) AS AvgExecutionTimeSeconds,
        MAX(ExecutedAt) AS LastExecutionAt
    FROM dbo.WorkflowExecutions
    WHERE WorkflowId = @WorkflowId AND ExecutedAt BETWEEN @StartDate AND @EndDate;
END;
GO

-- Deletes nothing itself: rows deleted behind the log would come back with the next replay. It files a request, which the
-- application answers with an event of its own, bound by the documented retention (2 years for completed executions, 5 for
-- failed ones).
CREATE PROCEDURE dbo.sp_CleanupOldExecutions
    @RetentionDays INT = 730, -- 2 years default
    @BatchSize INT = 1000
AS
BEGIN
    SET NOCOUNT ON;

    INSERT INTO es.RetentionRequests (RetentionDays, BatchSize)
    VALUES (@RetentionDays, @BatchSize);
END;
GO
