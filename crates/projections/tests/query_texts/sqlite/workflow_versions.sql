-- one row
SELECT r.Id, r.WorkflowId, r.Version, r.ContentHash, r.Definition, r.PublishedAt, r.PublishedBy FROM WorkflowVersions r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND r.Id = @P1 AND p.WorkspaceId IN (SELECT value FROM json_each(@P2)) ORDER BY r.Id LIMIT 1;
GO

-- the first page
SELECT r.Id, r.WorkflowId, r.Version, r.ContentHash, r.Definition, r.PublishedAt, r.PublishedBy, r.Version, r.Id FROM WorkflowVersions r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND p.WorkspaceId IN (SELECT value FROM json_each(@P1)) ORDER BY r.Version DESC, r.Id DESC LIMIT 51;
GO

-- every filter
SELECT r.Id, r.WorkflowId, r.Version, r.ContentHash, r.Definition, r.PublishedAt, r.PublishedBy, r.Version, r.Id FROM WorkflowVersions r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND r.Id = @P1 AND r.WorkflowId = @P2 AND r.Version = @P3 AND r.ContentHash = @P4 AND r.PublishedBy = @P5 ORDER BY r.Version DESC, r.Id DESC LIMIT 51;
GO

-- a later page by id
SELECT r.Id, r.WorkflowId, r.Version, r.ContentHash, r.Definition, r.PublishedAt, r.PublishedBy, r.Id, r.Id FROM WorkflowVersions r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND r.Id >= @P1 AND (r.Id > @P1 OR r.Id > @P2) ORDER BY r.Id ASC LIMIT 51;
GO

-- a later page by -id
SELECT r.Id, r.WorkflowId, r.Version, r.ContentHash, r.Definition, r.PublishedAt, r.PublishedBy, r.Id, r.Id FROM WorkflowVersions r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND r.Id <= @P1 AND (r.Id < @P1 OR r.Id < @P2) ORDER BY r.Id DESC LIMIT 51;
GO

-- a later page by workflowId
SELECT r.Id, r.WorkflowId, r.Version, r.ContentHash, r.Definition, r.PublishedAt, r.PublishedBy, r.WorkflowId, r.Id FROM WorkflowVersions r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND r.WorkflowId >= @P1 AND (r.WorkflowId > @P1 OR r.Id > @P2) ORDER BY r.WorkflowId ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -workflowId
SELECT r.Id, r.WorkflowId, r.Version, r.ContentHash, r.Definition, r.PublishedAt, r.PublishedBy, r.WorkflowId, r.Id FROM WorkflowVersions r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND r.WorkflowId <= @P1 AND (r.WorkflowId < @P1 OR r.Id < @P2) ORDER BY r.WorkflowId DESC, r.Id DESC LIMIT 51;
GO

-- a later page by version
SELECT r.Id, r.WorkflowId, r.Version, r.ContentHash, r.Definition, r.PublishedAt, r.PublishedBy, r.Version, r.Id FROM WorkflowVersions r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND r.Version >= @P1 AND (r.Version > @P1 OR r.Id > @P2) ORDER BY r.Version ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -version
SELECT r.Id, r.WorkflowId, r.Version, r.ContentHash, r.Definition, r.PublishedAt, r.PublishedBy, r.Version, r.Id FROM WorkflowVersions r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND r.Version <= @P1 AND (r.Version < @P1 OR r.Id < @P2) ORDER BY r.Version DESC, r.Id DESC LIMIT 51;
GO

-- a later page by publishedAt
SELECT r.Id, r.WorkflowId, r.Version, r.ContentHash, r.Definition, r.PublishedAt, r.PublishedBy, r.PublishedAt, r.Id FROM WorkflowVersions r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND r.PublishedAt >= @P1 AND (r.PublishedAt > @P1 OR r.Id > @P2) ORDER BY r.PublishedAt ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -publishedAt
SELECT r.Id, r.WorkflowId, r.Version, r.ContentHash, r.Definition, r.PublishedAt, r.PublishedBy, r.PublishedAt, r.Id FROM WorkflowVersions r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND r.PublishedAt <= @P1 AND (r.PublishedAt < @P1 OR r.Id < @P2) ORDER BY r.PublishedAt DESC, r.Id DESC LIMIT 51;
GO

