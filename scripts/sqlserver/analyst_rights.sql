-- What analysts may read, whenever there is the role wfm_analyst: the documented views and tables and what they need beside these
-- to tell runs apart. Not the hashes of passwords and keys, nobody's log-ins, nothing of the log. Tables that are made anew lose
-- their rights, so whoever makes them grants these again; where the application's login may not, run this after an update.
IF DATABASE_PRINCIPAL_ID('wfm_analyst') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.vw_ActiveWorkflows TO wfm_analyst;
    GRANT SELECT ON dbo.vw_WorkflowExecutionSummary TO wfm_analyst;
    GRANT EXECUTE ON dbo.sp_GetWorkflowMetrics TO wfm_analyst;
    GRANT SELECT ON dbo.Users(Id, FirstName, LastName, Email, PhoneNumber, Role, Department, JobTitle, Manager, TimeZone, ProfilePicture, IsActive, LastLoginAt, CreatedAt, UpdatedAt, DeletedAt, IsDeleted) TO wfm_analyst;
    GRANT SELECT ON dbo.Workspaces TO wfm_analyst;
    GRANT SELECT ON dbo.Projects TO wfm_analyst;
    GRANT SELECT ON dbo.Environments TO wfm_analyst;
    GRANT SELECT ON dbo.ApiEndpoints TO wfm_analyst;
    GRANT SELECT ON dbo.ApiParameters TO wfm_analyst;
    GRANT SELECT ON dbo.Workflows TO wfm_analyst;
    GRANT SELECT ON dbo.WorkflowSteps TO wfm_analyst;
    GRANT SELECT ON dbo.WorkflowExecutions TO wfm_analyst;
    GRANT SELECT ON dbo.ExecutionLogs TO wfm_analyst;
    GRANT SELECT ON dbo.WorkflowSchedules TO wfm_analyst;
    GRANT SELECT ON dbo.WorkflowApprovals TO wfm_analyst;
    GRANT SELECT ON dbo.WorkflowMetrics TO wfm_analyst;
    GRANT SELECT ON dbo.UserWorkspaces TO wfm_analyst;
    GRANT SELECT ON dbo.ExecutionStates TO wfm_analyst;
    GRANT SELECT ON dbo.StepRuns TO wfm_analyst;
    GRANT SELECT ON dbo.WorkflowVersions TO wfm_analyst;
END;
GO
