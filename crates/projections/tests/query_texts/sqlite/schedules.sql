-- one row
SELECT r.Id, r.WorkflowId, p.WorkspaceId, r.CronExpression, r.TimeZone, r.StartDate, r.EndDate, r.Description, r.IsActive, r.NextRunTime, r.LastRunTime, s.CatchUp, s.Overlap, s.JitterSeconds, s.InputParameters, s.BufferedTick, s.LastTick, s.LastOutcome, s.LastExecutionId, r.CreatedAt, r.UpdatedAt, v.Version FROM WorkflowSchedules r INNER JOIN ScheduleStates s ON s.WorkflowId = r.WorkflowId INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('schedule-', r.WorkflowId) WHERE w.IsDeleted = 0 AND r.Id = @P1 AND p.WorkspaceId IN (SELECT value FROM json_each(@P2)) ORDER BY r.Id LIMIT 1;
GO

-- the first page
SELECT r.Id, r.WorkflowId, p.WorkspaceId, r.CronExpression, r.TimeZone, r.StartDate, r.EndDate, r.Description, r.IsActive, r.NextRunTime, r.LastRunTime, s.CatchUp, s.Overlap, s.JitterSeconds, s.InputParameters, s.BufferedTick, s.LastTick, s.LastOutcome, s.LastExecutionId, r.CreatedAt, r.UpdatedAt, v.Version, r.Id, r.Id FROM WorkflowSchedules r INNER JOIN ScheduleStates s ON s.WorkflowId = r.WorkflowId INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('schedule-', r.WorkflowId) WHERE w.IsDeleted = 0 AND p.WorkspaceId IN (SELECT value FROM json_each(@P1)) ORDER BY r.Id ASC LIMIT 51;
GO

-- every filter
SELECT r.Id, r.WorkflowId, p.WorkspaceId, r.CronExpression, r.TimeZone, r.StartDate, r.EndDate, r.Description, r.IsActive, r.NextRunTime, r.LastRunTime, s.CatchUp, s.Overlap, s.JitterSeconds, s.InputParameters, s.BufferedTick, s.LastTick, s.LastOutcome, s.LastExecutionId, r.CreatedAt, r.UpdatedAt, v.Version, r.Id, r.Id FROM WorkflowSchedules r INNER JOIN ScheduleStates s ON s.WorkflowId = r.WorkflowId INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('schedule-', r.WorkflowId) WHERE w.IsDeleted = 0 AND r.Id = @P1 AND r.WorkflowId = @P2 AND p.WorkspaceId = @P3 AND r.CronExpression = @P4 AND r.TimeZone = @P5 AND r.IsActive = @P6 AND s.Overlap = @P7 AND s.JitterSeconds = @P8 AND s.LastOutcome = @P9 AND s.LastExecutionId = @P10 ORDER BY r.Id ASC LIMIT 51;
GO

-- a later page by id
SELECT r.Id, r.WorkflowId, p.WorkspaceId, r.CronExpression, r.TimeZone, r.StartDate, r.EndDate, r.Description, r.IsActive, r.NextRunTime, r.LastRunTime, s.CatchUp, s.Overlap, s.JitterSeconds, s.InputParameters, s.BufferedTick, s.LastTick, s.LastOutcome, s.LastExecutionId, r.CreatedAt, r.UpdatedAt, v.Version, r.Id, r.Id FROM WorkflowSchedules r INNER JOIN ScheduleStates s ON s.WorkflowId = r.WorkflowId INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('schedule-', r.WorkflowId) WHERE w.IsDeleted = 0 AND r.Id >= @P1 AND (r.Id > @P1 OR r.Id > @P2) ORDER BY r.Id ASC LIMIT 51;
GO

-- a later page by -id
SELECT r.Id, r.WorkflowId, p.WorkspaceId, r.CronExpression, r.TimeZone, r.StartDate, r.EndDate, r.Description, r.IsActive, r.NextRunTime, r.LastRunTime, s.CatchUp, s.Overlap, s.JitterSeconds, s.InputParameters, s.BufferedTick, s.LastTick, s.LastOutcome, s.LastExecutionId, r.CreatedAt, r.UpdatedAt, v.Version, r.Id, r.Id FROM WorkflowSchedules r INNER JOIN ScheduleStates s ON s.WorkflowId = r.WorkflowId INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('schedule-', r.WorkflowId) WHERE w.IsDeleted = 0 AND r.Id <= @P1 AND (r.Id < @P1 OR r.Id < @P2) ORDER BY r.Id DESC LIMIT 51;
GO

-- a later page by workflowId
SELECT r.Id, r.WorkflowId, p.WorkspaceId, r.CronExpression, r.TimeZone, r.StartDate, r.EndDate, r.Description, r.IsActive, r.NextRunTime, r.LastRunTime, s.CatchUp, s.Overlap, s.JitterSeconds, s.InputParameters, s.BufferedTick, s.LastTick, s.LastOutcome, s.LastExecutionId, r.CreatedAt, r.UpdatedAt, v.Version, r.WorkflowId, r.Id FROM WorkflowSchedules r INNER JOIN ScheduleStates s ON s.WorkflowId = r.WorkflowId INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('schedule-', r.WorkflowId) WHERE w.IsDeleted = 0 AND r.WorkflowId >= @P1 AND (r.WorkflowId > @P1 OR r.Id > @P2) ORDER BY r.WorkflowId ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -workflowId
SELECT r.Id, r.WorkflowId, p.WorkspaceId, r.CronExpression, r.TimeZone, r.StartDate, r.EndDate, r.Description, r.IsActive, r.NextRunTime, r.LastRunTime, s.CatchUp, s.Overlap, s.JitterSeconds, s.InputParameters, s.BufferedTick, s.LastTick, s.LastOutcome, s.LastExecutionId, r.CreatedAt, r.UpdatedAt, v.Version, r.WorkflowId, r.Id FROM WorkflowSchedules r INNER JOIN ScheduleStates s ON s.WorkflowId = r.WorkflowId INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('schedule-', r.WorkflowId) WHERE w.IsDeleted = 0 AND r.WorkflowId <= @P1 AND (r.WorkflowId < @P1 OR r.Id < @P2) ORDER BY r.WorkflowId DESC, r.Id DESC LIMIT 51;
GO

-- a later page by workspaceId
SELECT r.Id, r.WorkflowId, p.WorkspaceId, r.CronExpression, r.TimeZone, r.StartDate, r.EndDate, r.Description, r.IsActive, r.NextRunTime, r.LastRunTime, s.CatchUp, s.Overlap, s.JitterSeconds, s.InputParameters, s.BufferedTick, s.LastTick, s.LastOutcome, s.LastExecutionId, r.CreatedAt, r.UpdatedAt, v.Version, p.WorkspaceId, r.Id FROM WorkflowSchedules r INNER JOIN ScheduleStates s ON s.WorkflowId = r.WorkflowId INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('schedule-', r.WorkflowId) WHERE w.IsDeleted = 0 AND p.WorkspaceId >= @P1 AND (p.WorkspaceId > @P1 OR r.Id > @P2) ORDER BY p.WorkspaceId ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -workspaceId
SELECT r.Id, r.WorkflowId, p.WorkspaceId, r.CronExpression, r.TimeZone, r.StartDate, r.EndDate, r.Description, r.IsActive, r.NextRunTime, r.LastRunTime, s.CatchUp, s.Overlap, s.JitterSeconds, s.InputParameters, s.BufferedTick, s.LastTick, s.LastOutcome, s.LastExecutionId, r.CreatedAt, r.UpdatedAt, v.Version, p.WorkspaceId, r.Id FROM WorkflowSchedules r INNER JOIN ScheduleStates s ON s.WorkflowId = r.WorkflowId INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('schedule-', r.WorkflowId) WHERE w.IsDeleted = 0 AND p.WorkspaceId <= @P1 AND (p.WorkspaceId < @P1 OR r.Id < @P2) ORDER BY p.WorkspaceId DESC, r.Id DESC LIMIT 51;
GO

-- a later page by startDate
SELECT r.Id, r.WorkflowId, p.WorkspaceId, r.CronExpression, r.TimeZone, r.StartDate, r.EndDate, r.Description, r.IsActive, r.NextRunTime, r.LastRunTime, s.CatchUp, s.Overlap, s.JitterSeconds, s.InputParameters, s.BufferedTick, s.LastTick, s.LastOutcome, s.LastExecutionId, r.CreatedAt, r.UpdatedAt, v.Version, COALESCE(r.StartDate, ''), r.Id FROM WorkflowSchedules r INNER JOIN ScheduleStates s ON s.WorkflowId = r.WorkflowId INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('schedule-', r.WorkflowId) WHERE w.IsDeleted = 0 AND COALESCE(r.StartDate, '') >= @P1 AND (COALESCE(r.StartDate, '') > @P1 OR r.Id > @P2) ORDER BY COALESCE(r.StartDate, '') ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -startDate
SELECT r.Id, r.WorkflowId, p.WorkspaceId, r.CronExpression, r.TimeZone, r.StartDate, r.EndDate, r.Description, r.IsActive, r.NextRunTime, r.LastRunTime, s.CatchUp, s.Overlap, s.JitterSeconds, s.InputParameters, s.BufferedTick, s.LastTick, s.LastOutcome, s.LastExecutionId, r.CreatedAt, r.UpdatedAt, v.Version, COALESCE(r.StartDate, ''), r.Id FROM WorkflowSchedules r INNER JOIN ScheduleStates s ON s.WorkflowId = r.WorkflowId INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('schedule-', r.WorkflowId) WHERE w.IsDeleted = 0 AND COALESCE(r.StartDate, '') <= @P1 AND (COALESCE(r.StartDate, '') < @P1 OR r.Id < @P2) ORDER BY COALESCE(r.StartDate, '') DESC, r.Id DESC LIMIT 51;
GO

-- a later page by endDate
SELECT r.Id, r.WorkflowId, p.WorkspaceId, r.CronExpression, r.TimeZone, r.StartDate, r.EndDate, r.Description, r.IsActive, r.NextRunTime, r.LastRunTime, s.CatchUp, s.Overlap, s.JitterSeconds, s.InputParameters, s.BufferedTick, s.LastTick, s.LastOutcome, s.LastExecutionId, r.CreatedAt, r.UpdatedAt, v.Version, COALESCE(r.EndDate, ''), r.Id FROM WorkflowSchedules r INNER JOIN ScheduleStates s ON s.WorkflowId = r.WorkflowId INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('schedule-', r.WorkflowId) WHERE w.IsDeleted = 0 AND COALESCE(r.EndDate, '') >= @P1 AND (COALESCE(r.EndDate, '') > @P1 OR r.Id > @P2) ORDER BY COALESCE(r.EndDate, '') ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -endDate
SELECT r.Id, r.WorkflowId, p.WorkspaceId, r.CronExpression, r.TimeZone, r.StartDate, r.EndDate, r.Description, r.IsActive, r.NextRunTime, r.LastRunTime, s.CatchUp, s.Overlap, s.JitterSeconds, s.InputParameters, s.BufferedTick, s.LastTick, s.LastOutcome, s.LastExecutionId, r.CreatedAt, r.UpdatedAt, v.Version, COALESCE(r.EndDate, ''), r.Id FROM WorkflowSchedules r INNER JOIN ScheduleStates s ON s.WorkflowId = r.WorkflowId INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('schedule-', r.WorkflowId) WHERE w.IsDeleted = 0 AND COALESCE(r.EndDate, '') <= @P1 AND (COALESCE(r.EndDate, '') < @P1 OR r.Id < @P2) ORDER BY COALESCE(r.EndDate, '') DESC, r.Id DESC LIMIT 51;
GO

-- a later page by isActive
SELECT r.Id, r.WorkflowId, p.WorkspaceId, r.CronExpression, r.TimeZone, r.StartDate, r.EndDate, r.Description, r.IsActive, r.NextRunTime, r.LastRunTime, s.CatchUp, s.Overlap, s.JitterSeconds, s.InputParameters, s.BufferedTick, s.LastTick, s.LastOutcome, s.LastExecutionId, r.CreatedAt, r.UpdatedAt, v.Version, r.IsActive, r.Id FROM WorkflowSchedules r INNER JOIN ScheduleStates s ON s.WorkflowId = r.WorkflowId INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('schedule-', r.WorkflowId) WHERE w.IsDeleted = 0 AND r.IsActive >= @P1 AND (r.IsActive > @P1 OR r.Id > @P2) ORDER BY r.IsActive ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -isActive
SELECT r.Id, r.WorkflowId, p.WorkspaceId, r.CronExpression, r.TimeZone, r.StartDate, r.EndDate, r.Description, r.IsActive, r.NextRunTime, r.LastRunTime, s.CatchUp, s.Overlap, s.JitterSeconds, s.InputParameters, s.BufferedTick, s.LastTick, s.LastOutcome, s.LastExecutionId, r.CreatedAt, r.UpdatedAt, v.Version, r.IsActive, r.Id FROM WorkflowSchedules r INNER JOIN ScheduleStates s ON s.WorkflowId = r.WorkflowId INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('schedule-', r.WorkflowId) WHERE w.IsDeleted = 0 AND r.IsActive <= @P1 AND (r.IsActive < @P1 OR r.Id < @P2) ORDER BY r.IsActive DESC, r.Id DESC LIMIT 51;
GO

-- a later page by nextRunTime
SELECT r.Id, r.WorkflowId, p.WorkspaceId, r.CronExpression, r.TimeZone, r.StartDate, r.EndDate, r.Description, r.IsActive, r.NextRunTime, r.LastRunTime, s.CatchUp, s.Overlap, s.JitterSeconds, s.InputParameters, s.BufferedTick, s.LastTick, s.LastOutcome, s.LastExecutionId, r.CreatedAt, r.UpdatedAt, v.Version, COALESCE(r.NextRunTime, ''), r.Id FROM WorkflowSchedules r INNER JOIN ScheduleStates s ON s.WorkflowId = r.WorkflowId INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('schedule-', r.WorkflowId) WHERE w.IsDeleted = 0 AND COALESCE(r.NextRunTime, '') >= @P1 AND (COALESCE(r.NextRunTime, '') > @P1 OR r.Id > @P2) ORDER BY COALESCE(r.NextRunTime, '') ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -nextRunTime
SELECT r.Id, r.WorkflowId, p.WorkspaceId, r.CronExpression, r.TimeZone, r.StartDate, r.EndDate, r.Description, r.IsActive, r.NextRunTime, r.LastRunTime, s.CatchUp, s.Overlap, s.JitterSeconds, s.InputParameters, s.BufferedTick, s.LastTick, s.LastOutcome, s.LastExecutionId, r.CreatedAt, r.UpdatedAt, v.Version, COALESCE(r.NextRunTime, ''), r.Id FROM WorkflowSchedules r INNER JOIN ScheduleStates s ON s.WorkflowId = r.WorkflowId INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('schedule-', r.WorkflowId) WHERE w.IsDeleted = 0 AND COALESCE(r.NextRunTime, '') <= @P1 AND (COALESCE(r.NextRunTime, '') < @P1 OR r.Id < @P2) ORDER BY COALESCE(r.NextRunTime, '') DESC, r.Id DESC LIMIT 51;
GO

-- a later page by lastRunTime
SELECT r.Id, r.WorkflowId, p.WorkspaceId, r.CronExpression, r.TimeZone, r.StartDate, r.EndDate, r.Description, r.IsActive, r.NextRunTime, r.LastRunTime, s.CatchUp, s.Overlap, s.JitterSeconds, s.InputParameters, s.BufferedTick, s.LastTick, s.LastOutcome, s.LastExecutionId, r.CreatedAt, r.UpdatedAt, v.Version, COALESCE(r.LastRunTime, ''), r.Id FROM WorkflowSchedules r INNER JOIN ScheduleStates s ON s.WorkflowId = r.WorkflowId INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('schedule-', r.WorkflowId) WHERE w.IsDeleted = 0 AND COALESCE(r.LastRunTime, '') >= @P1 AND (COALESCE(r.LastRunTime, '') > @P1 OR r.Id > @P2) ORDER BY COALESCE(r.LastRunTime, '') ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -lastRunTime
SELECT r.Id, r.WorkflowId, p.WorkspaceId, r.CronExpression, r.TimeZone, r.StartDate, r.EndDate, r.Description, r.IsActive, r.NextRunTime, r.LastRunTime, s.CatchUp, s.Overlap, s.JitterSeconds, s.InputParameters, s.BufferedTick, s.LastTick, s.LastOutcome, s.LastExecutionId, r.CreatedAt, r.UpdatedAt, v.Version, COALESCE(r.LastRunTime, ''), r.Id FROM WorkflowSchedules r INNER JOIN ScheduleStates s ON s.WorkflowId = r.WorkflowId INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('schedule-', r.WorkflowId) WHERE w.IsDeleted = 0 AND COALESCE(r.LastRunTime, '') <= @P1 AND (COALESCE(r.LastRunTime, '') < @P1 OR r.Id < @P2) ORDER BY COALESCE(r.LastRunTime, '') DESC, r.Id DESC LIMIT 51;
GO

-- a later page by createdAt
SELECT r.Id, r.WorkflowId, p.WorkspaceId, r.CronExpression, r.TimeZone, r.StartDate, r.EndDate, r.Description, r.IsActive, r.NextRunTime, r.LastRunTime, s.CatchUp, s.Overlap, s.JitterSeconds, s.InputParameters, s.BufferedTick, s.LastTick, s.LastOutcome, s.LastExecutionId, r.CreatedAt, r.UpdatedAt, v.Version, r.CreatedAt, r.Id FROM WorkflowSchedules r INNER JOIN ScheduleStates s ON s.WorkflowId = r.WorkflowId INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('schedule-', r.WorkflowId) WHERE w.IsDeleted = 0 AND r.CreatedAt >= @P1 AND (r.CreatedAt > @P1 OR r.Id > @P2) ORDER BY r.CreatedAt ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -createdAt
SELECT r.Id, r.WorkflowId, p.WorkspaceId, r.CronExpression, r.TimeZone, r.StartDate, r.EndDate, r.Description, r.IsActive, r.NextRunTime, r.LastRunTime, s.CatchUp, s.Overlap, s.JitterSeconds, s.InputParameters, s.BufferedTick, s.LastTick, s.LastOutcome, s.LastExecutionId, r.CreatedAt, r.UpdatedAt, v.Version, r.CreatedAt, r.Id FROM WorkflowSchedules r INNER JOIN ScheduleStates s ON s.WorkflowId = r.WorkflowId INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('schedule-', r.WorkflowId) WHERE w.IsDeleted = 0 AND r.CreatedAt <= @P1 AND (r.CreatedAt < @P1 OR r.Id < @P2) ORDER BY r.CreatedAt DESC, r.Id DESC LIMIT 51;
GO

-- a later page by updatedAt
SELECT r.Id, r.WorkflowId, p.WorkspaceId, r.CronExpression, r.TimeZone, r.StartDate, r.EndDate, r.Description, r.IsActive, r.NextRunTime, r.LastRunTime, s.CatchUp, s.Overlap, s.JitterSeconds, s.InputParameters, s.BufferedTick, s.LastTick, s.LastOutcome, s.LastExecutionId, r.CreatedAt, r.UpdatedAt, v.Version, COALESCE(r.UpdatedAt, ''), r.Id FROM WorkflowSchedules r INNER JOIN ScheduleStates s ON s.WorkflowId = r.WorkflowId INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('schedule-', r.WorkflowId) WHERE w.IsDeleted = 0 AND COALESCE(r.UpdatedAt, '') >= @P1 AND (COALESCE(r.UpdatedAt, '') > @P1 OR r.Id > @P2) ORDER BY COALESCE(r.UpdatedAt, '') ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -updatedAt
SELECT r.Id, r.WorkflowId, p.WorkspaceId, r.CronExpression, r.TimeZone, r.StartDate, r.EndDate, r.Description, r.IsActive, r.NextRunTime, r.LastRunTime, s.CatchUp, s.Overlap, s.JitterSeconds, s.InputParameters, s.BufferedTick, s.LastTick, s.LastOutcome, s.LastExecutionId, r.CreatedAt, r.UpdatedAt, v.Version, COALESCE(r.UpdatedAt, ''), r.Id FROM WorkflowSchedules r INNER JOIN ScheduleStates s ON s.WorkflowId = r.WorkflowId INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('schedule-', r.WorkflowId) WHERE w.IsDeleted = 0 AND COALESCE(r.UpdatedAt, '') <= @P1 AND (COALESCE(r.UpdatedAt, '') < @P1 OR r.Id < @P2) ORDER BY COALESCE(r.UpdatedAt, '') DESC, r.Id DESC LIMIT 51;
GO

