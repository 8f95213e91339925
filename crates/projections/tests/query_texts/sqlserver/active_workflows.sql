-- one row
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.Id = @P1 AND p.WorkspaceId IN (SELECT value FROM OPENJSON(@P2) WITH (value INT '$')) ORDER BY r.Id OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY;
GO

-- the first page
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.Id, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND p.WorkspaceId IN (SELECT value FROM OPENJSON(@P1) WITH (value INT '$')) ORDER BY r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- every filter
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.Id, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.Id = @P1 AND r.Name = @P2 AND r.Name = @P2 COLLATE Latin1_General_100_BIN2 AND DATALENGTH(r.Name) = DATALENGTH(@P2) AND r.Status = @P3 AND r.Version = @P4 AND r.ProjectName = @P5 AND r.ProjectName = @P5 COLLATE Latin1_General_100_BIN2 AND DATALENGTH(r.ProjectName) = DATALENGTH(@P5) AND r.EnvironmentName = @P6 AND r.EnvironmentName = @P6 COLLATE Latin1_General_100_BIN2 AND DATALENGTH(r.EnvironmentName) = DATALENGTH(@P6) AND r.WorkspaceName = @P7 AND r.WorkspaceName = @P7 COLLATE Latin1_General_100_BIN2 AND DATALENGTH(r.WorkspaceName) = DATALENGTH(@P7) AND r.CreatedBy = @P8 AND r.CreatedBy = @P8 COLLATE Latin1_General_100_BIN2 AND DATALENGTH(r.CreatedBy) = DATALENGTH(@P8) ORDER BY r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by id
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.Id, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.Id >= @P1 AND (r.Id > @P1 OR r.Id > @P2) ORDER BY r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -id
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.Id, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.Id <= @P1 AND (r.Id < @P1 OR r.Id < @P2) ORDER BY r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by name
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.Name COLLATE Latin1_General_100_BIN2, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.Name COLLATE Latin1_General_100_BIN2 >= @P1 AND (r.Name COLLATE Latin1_General_100_BIN2 > @P1 OR r.Id > @P2) ORDER BY r.Name COLLATE Latin1_General_100_BIN2 ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -name
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.Name COLLATE Latin1_General_100_BIN2, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.Name COLLATE Latin1_General_100_BIN2 <= @P1 AND (r.Name COLLATE Latin1_General_100_BIN2 < @P1 OR r.Id < @P2) ORDER BY r.Name COLLATE Latin1_General_100_BIN2 DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by status
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.Status, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.Status >= @P1 AND (r.Status > @P1 OR r.Id > @P2) ORDER BY r.Status ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -status
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.Status, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.Status <= @P1 AND (r.Status < @P1 OR r.Id < @P2) ORDER BY r.Status DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by version
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.Version, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.Version >= @P1 AND (r.Version > @P1 OR r.Id > @P2) ORDER BY r.Version ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -version
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.Version, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.Version <= @P1 AND (r.Version < @P1 OR r.Id < @P2) ORDER BY r.Version DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by projectName
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.ProjectName COLLATE Latin1_General_100_BIN2, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.ProjectName COLLATE Latin1_General_100_BIN2 >= @P1 AND (r.ProjectName COLLATE Latin1_General_100_BIN2 > @P1 OR r.Id > @P2) ORDER BY r.ProjectName COLLATE Latin1_General_100_BIN2 ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -projectName
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.ProjectName COLLATE Latin1_General_100_BIN2, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.ProjectName COLLATE Latin1_General_100_BIN2 <= @P1 AND (r.ProjectName COLLATE Latin1_General_100_BIN2 < @P1 OR r.Id < @P2) ORDER BY r.ProjectName COLLATE Latin1_General_100_BIN2 DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by environmentName
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.EnvironmentName COLLATE Latin1_General_100_BIN2, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.EnvironmentName COLLATE Latin1_General_100_BIN2 >= @P1 AND (r.EnvironmentName COLLATE Latin1_General_100_BIN2 > @P1 OR r.Id > @P2) ORDER BY r.EnvironmentName COLLATE Latin1_General_100_BIN2 ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -environmentName
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.EnvironmentName COLLATE Latin1_General_100_BIN2, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.EnvironmentName COLLATE Latin1_General_100_BIN2 <= @P1 AND (r.EnvironmentName COLLATE Latin1_General_100_BIN2 < @P1 OR r.Id < @P2) ORDER BY r.EnvironmentName COLLATE Latin1_General_100_BIN2 DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by workspaceName
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.WorkspaceName COLLATE Latin1_General_100_BIN2, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.WorkspaceName COLLATE Latin1_General_100_BIN2 >= @P1 AND (r.WorkspaceName COLLATE Latin1_General_100_BIN2 > @P1 OR r.Id > @P2) ORDER BY r.WorkspaceName COLLATE Latin1_General_100_BIN2 ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -workspaceName
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.WorkspaceName COLLATE Latin1_General_100_BIN2, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.WorkspaceName COLLATE Latin1_General_100_BIN2 <= @P1 AND (r.WorkspaceName COLLATE Latin1_General_100_BIN2 < @P1 OR r.Id < @P2) ORDER BY r.WorkspaceName COLLATE Latin1_General_100_BIN2 DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by createdBy
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.CreatedBy COLLATE Latin1_General_100_BIN2, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.CreatedBy COLLATE Latin1_General_100_BIN2 >= @P1 AND (r.CreatedBy COLLATE Latin1_General_100_BIN2 > @P1 OR r.Id > @P2) ORDER BY r.CreatedBy COLLATE Latin1_General_100_BIN2 ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -createdBy
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.CreatedBy COLLATE Latin1_General_100_BIN2, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.CreatedBy COLLATE Latin1_General_100_BIN2 <= @P1 AND (r.CreatedBy COLLATE Latin1_General_100_BIN2 < @P1 OR r.Id < @P2) ORDER BY r.CreatedBy COLLATE Latin1_General_100_BIN2 DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by createdAt
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.CreatedAt, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.CreatedAt >= @P1 AND (r.CreatedAt > @P1 OR r.Id > @P2) ORDER BY r.CreatedAt ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -createdAt
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, r.CreatedAt, r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND r.CreatedAt <= @P1 AND (r.CreatedAt < @P1 OR r.Id < @P2) ORDER BY r.CreatedAt DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by updatedAt
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, COALESCE(r.UpdatedAt, ''), r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND COALESCE(r.UpdatedAt, '') >= @P1 AND (COALESCE(r.UpdatedAt, '') > @P1 OR r.Id > @P2) ORDER BY COALESCE(r.UpdatedAt, '') ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -updatedAt
SELECT r.Id, r.Name, r.Description, r.Status, r.Version, r.ProjectName, r.EnvironmentName, r.WorkspaceName, r.CreatedBy, r.CreatedAt, r.UpdatedAt, COALESCE(r.UpdatedAt, ''), r.Id FROM vw_ActiveWorkflows r INNER JOIN Workflows w ON w.Id = r.Id INNER JOIN Projects p ON p.Id = w.ProjectId WHERE 1 = 1 AND COALESCE(r.UpdatedAt, '') <= @P1 AND (COALESCE(r.UpdatedAt, '') < @P1 OR r.Id < @P2) ORDER BY COALESCE(r.UpdatedAt, '') DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

