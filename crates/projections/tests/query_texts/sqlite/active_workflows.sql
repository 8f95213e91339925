-- one row
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.Id = @P1 AND p.WorkspaceId IN (SELECT value FROM json_each(@P2)) ORDER BY r.Id LIMIT 1;
GO

-- the first page
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.Id, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND p.WorkspaceId IN (SELECT value FROM json_each(@P1)) ORDER BY r.Id ASC LIMIT 51;
GO

-- every filter
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.Id, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.Id = @P1 AND r.Name = @P2 AND r.Status = @P3 AND r.Version = @P4 AND r.ProjectName = @P5 AND r.EnvironmentName = @P6 AND r.WorkspaceName = @P7 AND r.CreatedBy = @P8 ORDER BY r.Id ASC LIMIT 51;
GO

-- a later page by id
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.Id, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.Id >= @P1 AND (r.Id > @P1 OR r.Id > @P2) ORDER BY r.Id ASC LIMIT 51;
GO

-- a later page by -id
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.Id, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.Id <= @P1 AND (r.Id < @P1 OR r.Id < @P2) ORDER BY r.Id DESC LIMIT 51;
GO

-- a later page by name
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.Name, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.Name >= @P1 AND (r.Name > @P1 OR r.Id > @P2) ORDER BY r.Name ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -name
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.Name, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.Name <= @P1 AND (r.Name < @P1 OR r.Id < @P2) ORDER BY r.Name DESC, r.Id DESC LIMIT 51;
GO

-- a later page by status
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.Status, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.Status >= @P1 AND (r.Status > @P1 OR r.Id > @P2) ORDER BY r.Status ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -status
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.Status, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.Status <= @P1 AND (r.Status < @P1 OR r.Id < @P2) ORDER BY r.Status DESC, r.Id DESC LIMIT 51;
GO

-- a later page by version
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.Version, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.Version >= @P1 AND (r.Version > @P1 OR r.Id > @P2) ORDER BY r.Version ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -version
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.Version, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.Version <= @P1 AND (r.Version < @P1 OR r.Id < @P2) ORDER BY r.Version DESC, r.Id DESC LIMIT 51;
GO

-- a later page by projectName
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.ProjectName, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.ProjectName >= @P1 AND (r.ProjectName > @P1 OR r.Id > @P2) ORDER BY r.ProjectName ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -projectName
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.ProjectName, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.ProjectName <= @P1 AND (r.ProjectName < @P1 OR r.Id < @P2) ORDER BY r.ProjectName DESC, r.Id DESC LIMIT 51;
GO

-- a later page by environmentName
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.EnvironmentName, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.EnvironmentName >= @P1 AND (r.EnvironmentName > @P1 OR r.Id > @P2) ORDER BY r.EnvironmentName ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -environmentName
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.EnvironmentName, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.EnvironmentName <= @P1 AND (r.EnvironmentName < @P1 OR r.Id < @P2) ORDER BY r.EnvironmentName DESC, r.Id DESC LIMIT 51;
GO

-- a later page by workspaceName
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.WorkspaceName, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.WorkspaceName >= @P1 AND (r.WorkspaceName > @P1 OR r.Id > @P2) ORDER BY r.WorkspaceName ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -workspaceName
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.WorkspaceName, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.WorkspaceName <= @P1 AND (r.WorkspaceName < @P1 OR r.Id < @P2) ORDER BY r.WorkspaceName DESC, r.Id DESC LIMIT 51;
GO

-- a later page by createdBy
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.CreatedBy, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.CreatedBy >= @P1 AND (r.CreatedBy > @P1 OR r.Id > @P2) ORDER BY r.CreatedBy ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -createdBy
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.CreatedBy, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.CreatedBy <= @P1 AND (r.CreatedBy < @P1 OR r.Id < @P2) ORDER BY r.CreatedBy DESC, r.Id DESC LIMIT 51;
GO

-- a later page by createdAt
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.CreatedAt, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.CreatedAt >= @P1 AND (r.CreatedAt > @P1 OR r.Id > @P2) ORDER BY r.CreatedAt ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -createdAt
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.CreatedAt, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.CreatedAt <= @P1 AND (r.CreatedAt < @P1 OR r.Id < @P2) ORDER BY r.CreatedAt DESC, r.Id DESC LIMIT 51;
GO

-- a later page by updatedAt
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, COALESCE(r.UpdatedAt, ''), r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND COALESCE(r.UpdatedAt, '') >= @P1 AND (COALESCE(r.UpdatedAt, '') > @P1 OR r.Id > @P2) ORDER BY COALESCE(r.UpdatedAt, '') ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -updatedAt
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, COALESCE(r.UpdatedAt, ''), r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND COALESCE(r.UpdatedAt, '') <= @P1 AND (COALESCE(r.UpdatedAt, '') < @P1 OR r.Id < @P2) ORDER BY COALESCE(r.UpdatedAt, '') DESC, r.Id DESC LIMIT 51;
GO

