-- one row
SELECT r.Id, r.WorkflowId, r.MetricName, r.MetricValue, r.Metadata, r.RecordedAt FROM WorkflowMetrics r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.Id = @P1 AND p.WorkspaceId IN (SELECT value FROM json_each(@P2)) ORDER BY r.Id LIMIT 1;
GO

-- the first page
SELECT r.Id, r.WorkflowId, r.MetricName, r.MetricValue, r.Metadata, r.RecordedAt, r.RecordedAt, r.Id FROM WorkflowMetrics r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND p.WorkspaceId IN (SELECT value FROM json_each(@P1)) ORDER BY r.RecordedAt DESC, r.Id DESC LIMIT 51;
GO

-- every filter
SELECT r.Id, r.WorkflowId, r.MetricName, r.MetricValue, r.Metadata, r.RecordedAt, r.RecordedAt, r.Id FROM WorkflowMetrics r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.Id = @P1 AND r.WorkflowId = @P2 AND r.MetricName = @P3 AND r.RecordedAt >= @P4 AND r.RecordedAt < @P5 ORDER BY r.RecordedAt DESC, r.Id DESC LIMIT 51;
GO

-- a later page by id
SELECT r.Id, r.WorkflowId, r.MetricName, r.MetricValue, r.Metadata, r.RecordedAt, r.Id, r.Id FROM WorkflowMetrics r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.Id >= @P1 AND (r.Id > @P1 OR r.Id > @P2) ORDER BY r.Id ASC LIMIT 51;
GO

-- a later page by -id
SELECT r.Id, r.WorkflowId, r.MetricName, r.MetricValue, r.Metadata, r.RecordedAt, r.Id, r.Id FROM WorkflowMetrics r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.Id <= @P1 AND (r.Id < @P1 OR r.Id < @P2) ORDER BY r.Id DESC LIMIT 51;
GO

-- a later page by recordedAt
SELECT r.Id, r.WorkflowId, r.MetricName, r.MetricValue, r.Metadata, r.RecordedAt, r.RecordedAt, r.Id FROM WorkflowMetrics r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.RecordedAt >= @P1 AND (r.RecordedAt > @P1 OR r.Id > @P2) ORDER BY r.RecordedAt ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -recordedAt
SELECT r.Id, r.WorkflowId, r.MetricName, r.MetricValue, r.Metadata, r.RecordedAt, r.RecordedAt, r.Id FROM WorkflowMetrics r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.RecordedAt <= @P1 AND (r.RecordedAt < @P1 OR r.Id < @P2) ORDER BY r.RecordedAt DESC, r.Id DESC LIMIT 51;
GO

