-- one row
SELECT r.Id, r.ApiEndpointId, r.Name, r.Description, r.Type, r.IsRequired, r.DefaultValue, r.ValidationRules, r.CreatedAt, r.UpdatedAt FROM ApiParameters r INNER JOIN ApiEndpoints e ON e.Id = r.ApiEndpointId LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.ApiEndpointId WHERE e.IsDeleted = 0 AND r.Id = @P1 AND (s.WorkspaceId IS NULL OR s.WorkspaceId IN (SELECT value FROM OPENJSON(@P2) WITH (value INT '$'))) ORDER BY r.Id OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY;
GO

-- the first page
SELECT r.Id, r.ApiEndpointId, r.Name, r.Description, r.Type, r.IsRequired, r.DefaultValue, r.ValidationRules, r.CreatedAt, r.UpdatedAt, r.Id, r.Id FROM ApiParameters r INNER JOIN ApiEndpoints e ON e.Id = r.ApiEndpointId LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.ApiEndpointId WHERE e.IsDeleted = 0 AND (s.WorkspaceId IS NULL OR s.WorkspaceId IN (SELECT value FROM OPENJSON(@P1) WITH (value INT '$'))) ORDER BY r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- every filter
SELECT r.Id, r.ApiEndpointId, r.Name, r.Description, r.Type, r.IsRequired, r.DefaultValue, r.ValidationRules, r.CreatedAt, r.UpdatedAt, r.Id, r.Id FROM ApiParameters r INNER JOIN ApiEndpoints e ON e.Id = r.ApiEndpointId LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.ApiEndpointId WHERE e.IsDeleted = 0 AND r.Id = @P1 AND r.ApiEndpointId = @P2 AND r.Name = @P3 AND r.Name = @P3 COLLATE Latin1_General_100_BIN2 AND DATALENGTH(r.Name) = DATALENGTH(@P3) AND r.Type = @P4 AND r.IsRequired = @P5 ORDER BY r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by id
SELECT r.Id, r.ApiEndpointId, r.Name, r.Description, r.Type, r.IsRequired, r.DefaultValue, r.ValidationRules, r.CreatedAt, r.UpdatedAt, r.Id, r.Id FROM ApiParameters r INNER JOIN ApiEndpoints e ON e.Id = r.ApiEndpointId LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.ApiEndpointId WHERE e.IsDeleted = 0 AND r.Id >= @P1 AND (r.Id > @P1 OR r.Id > @P2) ORDER BY r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -id
SELECT r.Id, r.ApiEndpointId, r.Name, r.Description, r.Type, r.IsRequired, r.DefaultValue, r.ValidationRules, r.CreatedAt, r.UpdatedAt, r.Id, r.Id FROM ApiParameters r INNER JOIN ApiEndpoints e ON e.Id = r.ApiEndpointId LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.ApiEndpointId WHERE e.IsDeleted = 0 AND r.Id <= @P1 AND (r.Id < @P1 OR r.Id < @P2) ORDER BY r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by apiEndpointId
SELECT r.Id, r.ApiEndpointId, r.Name, r.Description, r.Type, r.IsRequired, r.DefaultValue, r.ValidationRules, r.CreatedAt, r.UpdatedAt, r.ApiEndpointId, r.Id FROM ApiParameters r INNER JOIN ApiEndpoints e ON e.Id = r.ApiEndpointId LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.ApiEndpointId WHERE e.IsDeleted = 0 AND r.ApiEndpointId >= @P1 AND (r.ApiEndpointId > @P1 OR r.Id > @P2) ORDER BY r.ApiEndpointId ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -apiEndpointId
SELECT r.Id, r.ApiEndpointId, r.Name, r.Description, r.Type, r.IsRequired, r.DefaultValue, r.ValidationRules, r.CreatedAt, r.UpdatedAt, r.ApiEndpointId, r.Id FROM ApiParameters r INNER JOIN ApiEndpoints e ON e.Id = r.ApiEndpointId LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.ApiEndpointId WHERE e.IsDeleted = 0 AND r.ApiEndpointId <= @P1 AND (r.ApiEndpointId < @P1 OR r.Id < @P2) ORDER BY r.ApiEndpointId DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by name
SELECT r.Id, r.ApiEndpointId, r.Name, r.Description, r.Type, r.IsRequired, r.DefaultValue, r.ValidationRules, r.CreatedAt, r.UpdatedAt, r.Name COLLATE Latin1_General_100_BIN2, r.Id FROM ApiParameters r INNER JOIN ApiEndpoints e ON e.Id = r.ApiEndpointId LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.ApiEndpointId WHERE e.IsDeleted = 0 AND r.Name COLLATE Latin1_General_100_BIN2 >= @P1 AND (r.Name COLLATE Latin1_General_100_BIN2 > @P1 OR r.Id > @P2) ORDER BY r.Name COLLATE Latin1_General_100_BIN2 ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -name
SELECT r.Id, r.ApiEndpointId, r.Name, r.Description, r.Type, r.IsRequired, r.DefaultValue, r.ValidationRules, r.CreatedAt, r.UpdatedAt, r.Name COLLATE Latin1_General_100_BIN2, r.Id FROM ApiParameters r INNER JOIN ApiEndpoints e ON e.Id = r.ApiEndpointId LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.ApiEndpointId WHERE e.IsDeleted = 0 AND r.Name COLLATE Latin1_General_100_BIN2 <= @P1 AND (r.Name COLLATE Latin1_General_100_BIN2 < @P1 OR r.Id < @P2) ORDER BY r.Name COLLATE Latin1_General_100_BIN2 DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by type
SELECT r.Id, r.ApiEndpointId, r.Name, r.Description, r.Type, r.IsRequired, r.DefaultValue, r.ValidationRules, r.CreatedAt, r.UpdatedAt, r.Type, r.Id FROM ApiParameters r INNER JOIN ApiEndpoints e ON e.Id = r.ApiEndpointId LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.ApiEndpointId WHERE e.IsDeleted = 0 AND r.Type >= @P1 AND (r.Type > @P1 OR r.Id > @P2) ORDER BY r.Type ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -type
SELECT r.Id, r.ApiEndpointId, r.Name, r.Description, r.Type, r.IsRequired, r.DefaultValue, r.ValidationRules, r.CreatedAt, r.UpdatedAt, r.Type, r.Id FROM ApiParameters r INNER JOIN ApiEndpoints e ON e.Id = r.ApiEndpointId LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.ApiEndpointId WHERE e.IsDeleted = 0 AND r.Type <= @P1 AND (r.Type < @P1 OR r.Id < @P2) ORDER BY r.Type DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by isRequired
SELECT r.Id, r.ApiEndpointId, r.Name, r.Description, r.Type, r.IsRequired, r.DefaultValue, r.ValidationRules, r.CreatedAt, r.UpdatedAt, r.IsRequired, r.Id FROM ApiParameters r INNER JOIN ApiEndpoints e ON e.Id = r.ApiEndpointId LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.ApiEndpointId WHERE e.IsDeleted = 0 AND r.IsRequired >= @P1 AND (r.IsRequired > @P1 OR r.Id > @P2) ORDER BY r.IsRequired ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -isRequired
SELECT r.Id, r.ApiEndpointId, r.Name, r.Description, r.Type, r.IsRequired, r.DefaultValue, r.ValidationRules, r.CreatedAt, r.UpdatedAt, r.IsRequired, r.Id FROM ApiParameters r INNER JOIN ApiEndpoints e ON e.Id = r.ApiEndpointId LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.ApiEndpointId WHERE e.IsDeleted = 0 AND r.IsRequired <= @P1 AND (r.IsRequired < @P1 OR r.Id < @P2) ORDER BY r.IsRequired DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by createdAt
SELECT r.Id, r.ApiEndpointId, r.Name, r.Description, r.Type, r.IsRequired, r.DefaultValue, r.ValidationRules, r.CreatedAt, r.UpdatedAt, r.CreatedAt, r.Id FROM ApiParameters r INNER JOIN ApiEndpoints e ON e.Id = r.ApiEndpointId LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.ApiEndpointId WHERE e.IsDeleted = 0 AND r.CreatedAt >= @P1 AND (r.CreatedAt > @P1 OR r.Id > @P2) ORDER BY r.CreatedAt ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -createdAt
SELECT r.Id, r.ApiEndpointId, r.Name, r.Description, r.Type, r.IsRequired, r.DefaultValue, r.ValidationRules, r.CreatedAt, r.UpdatedAt, r.CreatedAt, r.Id FROM ApiParameters r INNER JOIN ApiEndpoints e ON e.Id = r.ApiEndpointId LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.ApiEndpointId WHERE e.IsDeleted = 0 AND r.CreatedAt <= @P1 AND (r.CreatedAt < @P1 OR r.Id < @P2) ORDER BY r.CreatedAt DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by updatedAt
SELECT r.Id, r.ApiEndpointId, r.Name, r.Description, r.Type, r.IsRequired, r.DefaultValue, r.ValidationRules, r.CreatedAt, r.UpdatedAt, COALESCE(r.UpdatedAt, ''), r.Id FROM ApiParameters r INNER JOIN ApiEndpoints e ON e.Id = r.ApiEndpointId LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.ApiEndpointId WHERE e.IsDeleted = 0 AND COALESCE(r.UpdatedAt, '') >= @P1 AND (COALESCE(r.UpdatedAt, '') > @P1 OR r.Id > @P2) ORDER BY COALESCE(r.UpdatedAt, '') ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -updatedAt
SELECT r.Id, r.ApiEndpointId, r.Name, r.Description, r.Type, r.IsRequired, r.DefaultValue, r.ValidationRules, r.CreatedAt, r.UpdatedAt, COALESCE(r.UpdatedAt, ''), r.Id FROM ApiParameters r INNER JOIN ApiEndpoints e ON e.Id = r.ApiEndpointId LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.ApiEndpointId WHERE e.IsDeleted = 0 AND COALESCE(r.UpdatedAt, '') <= @P1 AND (COALESCE(r.UpdatedAt, '') < @P1 OR r.Id < @P2) ORDER BY COALESCE(r.UpdatedAt, '') DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

