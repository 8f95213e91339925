-- one row
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.EnvironmentId, r.Status, r.Version, r.RequiresApproval, r.Tags, r.Configuration, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version FROM Workflows r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('workflow-', r.Id) WHERE r.IsDeleted = 0 AND r.Id = @P1 AND p.WorkspaceId IN (SELECT value FROM json_each(@P2)) ORDER BY r.Id LIMIT 1;
GO

-- the first page
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.EnvironmentId, r.Status, r.Version, r.RequiresApproval, r.Tags, r.Configuration, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.Id, r.Id FROM Workflows r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('workflow-', r.Id) WHERE r.IsDeleted = 0 AND p.WorkspaceId IN (SELECT value FROM json_each(@P1)) ORDER BY r.Id ASC LIMIT 51;
GO

-- every filter
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.EnvironmentId, r.Status, r.Version, r.RequiresApproval, r.Tags, r.Configuration, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.Id, r.Id FROM Workflows r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('workflow-', r.Id) WHERE r.IsDeleted = 0 AND r.Id = @P1 AND r.Name = @P2 AND r.ProjectId = @P3 AND p.WorkspaceId = @P4 AND r.EnvironmentId = @P5 AND r.Status = @P6 AND r.Version = @P7 AND r.RequiresApproval = @P8 AND r.Tags = @P9 AND r.CreatedByUserId = @P10 ORDER BY r.Id ASC LIMIT 51;
GO

-- a later page by id
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.EnvironmentId, r.Status, r.Version, r.RequiresApproval, r.Tags, r.Configuration, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.Id, r.Id FROM Workflows r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('workflow-', r.Id) WHERE r.IsDeleted = 0 AND r.Id >= @P1 AND (r.Id > @P1 OR r.Id > @P2) ORDER BY r.Id ASC LIMIT 51;
GO

-- a later page by -id
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.EnvironmentId, r.Status, r.Version, r.RequiresApproval, r.Tags, r.Configuration, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.Id, r.Id FROM Workflows r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('workflow-', r.Id) WHERE r.IsDeleted = 0 AND r.Id <= @P1 AND (r.Id < @P1 OR r.Id < @P2) ORDER BY r.Id DESC LIMIT 51;
GO

-- a later page by name
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.EnvironmentId, r.Status, r.Version, r.RequiresApproval, r.Tags, r.Configuration, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.Name, r.Id FROM Workflows r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('workflow-', r.Id) WHERE r.IsDeleted = 0 AND r.Name >= @P1 AND (r.Name > @P1 OR r.Id > @P2) ORDER BY r.Name ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -name
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.EnvironmentId, r.Status, r.Version, r.RequiresApproval, r.Tags, r.Configuration, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.Name, r.Id FROM Workflows r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('workflow-', r.Id) WHERE r.IsDeleted = 0 AND r.Name <= @P1 AND (r.Name < @P1 OR r.Id < @P2) ORDER BY r.Name DESC, r.Id DESC LIMIT 51;
GO

-- a later page by projectId
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.EnvironmentId, r.Status, r.Version, r.RequiresApproval, r.Tags, r.Configuration, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.ProjectId, r.Id FROM Workflows r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('workflow-', r.Id) WHERE r.IsDeleted = 0 AND r.ProjectId >= @P1 AND (r.ProjectId > @P1 OR r.Id > @P2) ORDER BY r.ProjectId ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -projectId
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.EnvironmentId, r.Status, r.Version, r.RequiresApproval, r.Tags, r.Configuration, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.ProjectId, r.Id FROM Workflows r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('workflow-', r.Id) WHERE r.IsDeleted = 0 AND r.ProjectId <= @P1 AND (r.ProjectId < @P1 OR r.Id < @P2) ORDER BY r.ProjectId DESC, r.Id DESC LIMIT 51;
GO

-- a later page by workspaceId
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.EnvironmentId, r.Status, r.Version, r.RequiresApproval, r.Tags, r.Configuration, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, p.WorkspaceId, r.Id FROM Workflows r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('workflow-', r.Id) WHERE r.IsDeleted = 0 AND p.WorkspaceId >= @P1 AND (p.WorkspaceId > @P1 OR r.Id > @P2) ORDER BY p.WorkspaceId ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -workspaceId
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.EnvironmentId, r.Status, r.Version, r.RequiresApproval, r.Tags, r.Configuration, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, p.WorkspaceId, r.Id FROM Workflows r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('workflow-', r.Id) WHERE r.IsDeleted = 0 AND p.WorkspaceId <= @P1 AND (p.WorkspaceId < @P1 OR r.Id < @P2) ORDER BY p.WorkspaceId DESC, r.Id DESC LIMIT 51;
GO

-- a later page by environmentId
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.EnvironmentId, r.Status, r.Version, r.RequiresApproval, r.Tags, r.Configuration, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.EnvironmentId, r.Id FROM Workflows r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('workflow-', r.Id) WHERE r.IsDeleted = 0 AND r.EnvironmentId >= @P1 AND (r.EnvironmentId > @P1 OR r.Id > @P2) ORDER BY r.EnvironmentId ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -environmentId
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.EnvironmentId, r.Status, r.Version, r.RequiresApproval, r.Tags, r.Configuration, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.EnvironmentId, r.Id FROM Workflows r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('workflow-', r.Id) WHERE r.IsDeleted = 0 AND r.EnvironmentId <= @P1 AND (r.EnvironmentId < @P1 OR r.Id < @P2) ORDER BY r.EnvironmentId DESC, r.Id DESC LIMIT 51;
GO

-- a later page by status
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.EnvironmentId, r.Status, r.Version, r.RequiresApproval, r.Tags, r.Configuration, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.Status, r.Id FROM Workflows r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('workflow-', r.Id) WHERE r.IsDeleted = 0 AND r.Status >= @P1 AND (r.Status > @P1 OR r.Id > @P2) ORDER BY r.Status ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -status
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.EnvironmentId, r.Status, r.Version, r.RequiresApproval, r.Tags, r.Configuration, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.Status, r.Id FROM Workflows r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('workflow-', r.Id) WHERE r.IsDeleted = 0 AND r.Status <= @P1 AND (r.Status < @P1 OR r.Id < @P2) ORDER BY r.Status DESC, r.Id DESC LIMIT 51;
GO

-- a later page by workflowVersion
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.EnvironmentId, r.Status, r.Version, r.RequiresApproval, r.Tags, r.Configuration, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.Version, r.Id FROM Workflows r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('workflow-', r.Id) WHERE r.IsDeleted = 0 AND r.Version >= @P1 AND (r.Version > @P1 OR r.Id > @P2) ORDER BY r.Version ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -workflowVersion
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.EnvironmentId, r.Status, r.Version, r.RequiresApproval, r.Tags, r.Configuration, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.Version, r.Id FROM Workflows r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('workflow-', r.Id) WHERE r.IsDeleted = 0 AND r.Version <= @P1 AND (r.Version < @P1 OR r.Id < @P2) ORDER BY r.Version DESC, r.Id DESC LIMIT 51;
GO

-- a later page by requiresApproval
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.EnvironmentId, r.Status, r.Version, r.RequiresApproval, r.Tags, r.Configuration, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.RequiresApproval, r.Id FROM Workflows r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('workflow-', r.Id) WHERE r.IsDeleted = 0 AND r.RequiresApproval >= @P1 AND (r.RequiresApproval > @P1 OR r.Id > @P2) ORDER BY r.RequiresApproval ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -requiresApproval
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.EnvironmentId, r.Status, r.Version, r.RequiresApproval, r.Tags, r.Configuration, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.RequiresApproval, r.Id FROM Workflows r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('workflow-', r.Id) WHERE r.IsDeleted = 0 AND r.RequiresApproval <= @P1 AND (r.RequiresApproval < @P1 OR r.Id < @P2) ORDER BY r.RequiresApproval DESC, r.Id DESC LIMIT 51;
GO

-- a later page by createdByUserId
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.EnvironmentId, r.Status, r.Version, r.RequiresApproval, r.Tags, r.Configuration, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.CreatedByUserId, r.Id FROM Workflows r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('workflow-', r.Id) WHERE r.IsDeleted = 0 AND r.CreatedByUserId >= @P1 AND (r.CreatedByUserId > @P1 OR r.Id > @P2) ORDER BY r.CreatedByUserId ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -createdByUserId
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.EnvironmentId, r.Status, r.Version, r.RequiresApproval, r.Tags, r.Configuration, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.CreatedByUserId, r.Id FROM Workflows r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('workflow-', r.Id) WHERE r.IsDeleted = 0 AND r.CreatedByUserId <= @P1 AND (r.CreatedByUserId < @P1 OR r.Id < @P2) ORDER BY r.CreatedByUserId DESC, r.Id DESC LIMIT 51;
GO

-- a later page by createdAt
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.EnvironmentId, r.Status, r.Version, r.RequiresApproval, r.Tags, r.Configuration, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.CreatedAt, r.Id FROM Workflows r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('workflow-', r.Id) WHERE r.IsDeleted = 0 AND r.CreatedAt >= @P1 AND (r.CreatedAt > @P1 OR r.Id > @P2) ORDER BY r.CreatedAt ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -createdAt
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.EnvironmentId, r.Status, r.Version, r.RequiresApproval, r.Tags, r.Configuration, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.CreatedAt, r.Id FROM Workflows r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('workflow-', r.Id) WHERE r.IsDeleted = 0 AND r.CreatedAt <= @P1 AND (r.CreatedAt < @P1 OR r.Id < @P2) ORDER BY r.CreatedAt DESC, r.Id DESC LIMIT 51;
GO

-- a later page by updatedAt
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.EnvironmentId, r.Status, r.Version, r.RequiresApproval, r.Tags, r.Configuration, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, COALESCE(r.UpdatedAt, ''), r.Id FROM Workflows r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('workflow-', r.Id) WHERE r.IsDeleted = 0 AND COALESCE(r.UpdatedAt, '') >= @P1 AND (COALESCE(r.UpdatedAt, '') > @P1 OR r.Id > @P2) ORDER BY COALESCE(r.UpdatedAt, '') ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -updatedAt
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.EnvironmentId, r.Status, r.Version, r.RequiresApproval, r.Tags, r.Configuration, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, COALESCE(r.UpdatedAt, ''), r.Id FROM Workflows r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('workflow-', r.Id) WHERE r.IsDeleted = 0 AND COALESCE(r.UpdatedAt, '') <= @P1 AND (COALESCE(r.UpdatedAt, '') < @P1 OR r.Id < @P2) ORDER BY COALESCE(r.UpdatedAt, '') DESC, r.Id DESC LIMIT 51;
GO

