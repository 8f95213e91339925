-- one row
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.Configuration, ev.Variables, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version FROM Environments r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN EnvironmentVariables ev ON ev.EnvironmentId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('environment-', r.Id) WHERE r.IsDeleted = 0 AND r.Id = @P1 AND p.WorkspaceId IN (SELECT value FROM json_each(@P2)) ORDER BY r.Id LIMIT 1;
GO

-- the first page
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.Configuration, ev.Variables, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.Id, r.Id FROM Environments r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN EnvironmentVariables ev ON ev.EnvironmentId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('environment-', r.Id) WHERE r.IsDeleted = 0 AND p.WorkspaceId IN (SELECT value FROM json_each(@P1)) ORDER BY r.Id ASC LIMIT 51;
GO

-- every filter
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.Configuration, ev.Variables, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.Id, r.Id FROM Environments r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN EnvironmentVariables ev ON ev.EnvironmentId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('environment-', r.Id) WHERE r.IsDeleted = 0 AND r.Id = @P1 AND r.Name = @P2 AND r.ProjectId = @P3 AND p.WorkspaceId = @P4 AND r.IsActive = @P5 AND r.CreatedByUserId = @P6 ORDER BY r.Id ASC LIMIT 51;
GO

-- a later page by id
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.Configuration, ev.Variables, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.Id, r.Id FROM Environments r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN EnvironmentVariables ev ON ev.EnvironmentId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('environment-', r.Id) WHERE r.IsDeleted = 0 AND r.Id >= @P1 AND (r.Id > @P1 OR r.Id > @P2) ORDER BY r.Id ASC LIMIT 51;
GO

-- a later page by -id
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.Configuration, ev.Variables, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.Id, r.Id FROM Environments r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN EnvironmentVariables ev ON ev.EnvironmentId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('environment-', r.Id) WHERE r.IsDeleted = 0 AND r.Id <= @P1 AND (r.Id < @P1 OR r.Id < @P2) ORDER BY r.Id DESC LIMIT 51;
GO

-- a later page by name
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.Configuration, ev.Variables, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.Name, r.Id FROM Environments r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN EnvironmentVariables ev ON ev.EnvironmentId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('environment-', r.Id) WHERE r.IsDeleted = 0 AND r.Name >= @P1 AND (r.Name > @P1 OR r.Id > @P2) ORDER BY r.Name ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -name
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.Configuration, ev.Variables, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.Name, r.Id FROM Environments r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN EnvironmentVariables ev ON ev.EnvironmentId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('environment-', r.Id) WHERE r.IsDeleted = 0 AND r.Name <= @P1 AND (r.Name < @P1 OR r.Id < @P2) ORDER BY r.Name DESC, r.Id DESC LIMIT 51;
GO

-- a later page by projectId
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.Configuration, ev.Variables, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.ProjectId, r.Id FROM Environments r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN EnvironmentVariables ev ON ev.EnvironmentId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('environment-', r.Id) WHERE r.IsDeleted = 0 AND r.ProjectId >= @P1 AND (r.ProjectId > @P1 OR r.Id > @P2) ORDER BY r.ProjectId ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -projectId
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.Configuration, ev.Variables, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.ProjectId, r.Id FROM Environments r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN EnvironmentVariables ev ON ev.EnvironmentId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('environment-', r.Id) WHERE r.IsDeleted = 0 AND r.ProjectId <= @P1 AND (r.ProjectId < @P1 OR r.Id < @P2) ORDER BY r.ProjectId DESC, r.Id DESC LIMIT 51;
GO

-- a later page by workspaceId
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.Configuration, ev.Variables, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, p.WorkspaceId, r.Id FROM Environments r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN EnvironmentVariables ev ON ev.EnvironmentId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('environment-', r.Id) WHERE r.IsDeleted = 0 AND p.WorkspaceId >= @P1 AND (p.WorkspaceId > @P1 OR r.Id > @P2) ORDER BY p.WorkspaceId ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -workspaceId
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.Configuration, ev.Variables, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, p.WorkspaceId, r.Id FROM Environments r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN EnvironmentVariables ev ON ev.EnvironmentId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('environment-', r.Id) WHERE r.IsDeleted = 0 AND p.WorkspaceId <= @P1 AND (p.WorkspaceId < @P1 OR r.Id < @P2) ORDER BY p.WorkspaceId DESC, r.Id DESC LIMIT 51;
GO

-- a later page by isActive
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.Configuration, ev.Variables, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.IsActive, r.Id FROM Environments r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN EnvironmentVariables ev ON ev.EnvironmentId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('environment-', r.Id) WHERE r.IsDeleted = 0 AND r.IsActive >= @P1 AND (r.IsActive > @P1 OR r.Id > @P2) ORDER BY r.IsActive ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -isActive
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.Configuration, ev.Variables, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.IsActive, r.Id FROM Environments r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN EnvironmentVariables ev ON ev.EnvironmentId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('environment-', r.Id) WHERE r.IsDeleted = 0 AND r.IsActive <= @P1 AND (r.IsActive < @P1 OR r.Id < @P2) ORDER BY r.IsActive DESC, r.Id DESC LIMIT 51;
GO

-- a later page by createdByUserId
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.Configuration, ev.Variables, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.CreatedByUserId, r.Id FROM Environments r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN EnvironmentVariables ev ON ev.EnvironmentId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('environment-', r.Id) WHERE r.IsDeleted = 0 AND r.CreatedByUserId >= @P1 AND (r.CreatedByUserId > @P1 OR r.Id > @P2) ORDER BY r.CreatedByUserId ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -createdByUserId
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.Configuration, ev.Variables, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.CreatedByUserId, r.Id FROM Environments r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN EnvironmentVariables ev ON ev.EnvironmentId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('environment-', r.Id) WHERE r.IsDeleted = 0 AND r.CreatedByUserId <= @P1 AND (r.CreatedByUserId < @P1 OR r.Id < @P2) ORDER BY r.CreatedByUserId DESC, r.Id DESC LIMIT 51;
GO

-- a later page by createdAt
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.Configuration, ev.Variables, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.CreatedAt, r.Id FROM Environments r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN EnvironmentVariables ev ON ev.EnvironmentId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('environment-', r.Id) WHERE r.IsDeleted = 0 AND r.CreatedAt >= @P1 AND (r.CreatedAt > @P1 OR r.Id > @P2) ORDER BY r.CreatedAt ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -createdAt
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.Configuration, ev.Variables, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.CreatedAt, r.Id FROM Environments r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN EnvironmentVariables ev ON ev.EnvironmentId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('environment-', r.Id) WHERE r.IsDeleted = 0 AND r.CreatedAt <= @P1 AND (r.CreatedAt < @P1 OR r.Id < @P2) ORDER BY r.CreatedAt DESC, r.Id DESC LIMIT 51;
GO

-- a later page by updatedAt
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.Configuration, ev.Variables, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, COALESCE(r.UpdatedAt, ''), r.Id FROM Environments r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN EnvironmentVariables ev ON ev.EnvironmentId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('environment-', r.Id) WHERE r.IsDeleted = 0 AND COALESCE(r.UpdatedAt, '') >= @P1 AND (COALESCE(r.UpdatedAt, '') > @P1 OR r.Id > @P2) ORDER BY COALESCE(r.UpdatedAt, '') ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -updatedAt
SELECT r.Id, r.Name, r.Description, r.ProjectId, p.WorkspaceId, r.Configuration, ev.Variables, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, COALESCE(r.UpdatedAt, ''), r.Id FROM Environments r INNER JOIN Projects p ON p.Id = r.ProjectId LEFT JOIN EnvironmentVariables ev ON ev.EnvironmentId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('environment-', r.Id) WHERE r.IsDeleted = 0 AND COALESCE(r.UpdatedAt, '') <= @P1 AND (COALESCE(r.UpdatedAt, '') < @P1 OR r.Id < @P2) ORDER BY COALESCE(r.UpdatedAt, '') DESC, r.Id DESC LIMIT 51;
GO

