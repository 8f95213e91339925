-- one row
SELECT r.Id, r.WorkflowId, r.MetricName, r.MetricValue, r.Metadata, r.RecordedAt FROM WorkflowMetrics r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.Id = @P1 AND p.WorkspaceId IN (SELECT value FROM OPENJSON(@P2) WITH (value INT '$')) ORDER BY r.Id OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY;
GO

-- the first page
SELECT r.Id, r.WorkflowId, r.MetricName, r.MetricValue, r.Metadata, r.RecordedAt, r.RecordedAt, r.Id FROM WorkflowMetrics r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND p.WorkspaceId IN (SELECT value FROM OPENJSON(@P1) WITH (value INT '$')) ORDER BY r.RecordedAt DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- every filter
SELECT r.Id, r.WorkflowId, r.MetricName, r.MetricValue, r.Metadata, r.RecordedAt, r.RecordedAt, r.Id FROM WorkflowMetrics r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.Id = @P1 AND r.WorkflowId = @P2 AND r.MetricName = @P3 AND r.MetricName = @P3 COLLATE Latin1_General_100_BIN2 AND DATALENGTH(r.MetricName) = DATALENGTH(@P3) AND r.RecordedAt >= @P4 AND r.RecordedAt < @P5 ORDER BY r.RecordedAt DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by id
SELECT r.Id, r.WorkflowId, r.MetricName, r.MetricValue, r.Metadata, r.RecordedAt, r.Id, r.Id FROM WorkflowMetrics r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.Id >= @P1 AND (r.Id > @P1 OR r.Id > @P2) ORDER BY r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -id
SELECT r.Id, r.WorkflowId, r.MetricName, r.MetricValue, r.Metadata, r.RecordedAt, r.Id, r.Id FROM WorkflowMetrics r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.Id <= @P1 AND (r.Id < @P1 OR r.Id < @P2) ORDER BY r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by recordedAt
SELECT r.Id, r.WorkflowId, r.MetricName, r.MetricValue, r.Metadata, r.RecordedAt, r.RecordedAt, r.Id FROM WorkflowMetrics r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.RecordedAt >= @P1 AND (r.RecordedAt > @P1 OR r.Id > @P2) ORDER BY r.RecordedAt ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -recordedAt
SELECT r.Id, r.WorkflowId, r.MetricName, r.MetricValue, r.Metadata, r.RecordedAt, r.RecordedAt, r.Id FROM WorkflowMetrics r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.RecordedAt <= @P1 AND (r.RecordedAt < @P1 OR r.Id < @P2) ORDER BY r.RecordedAt DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

