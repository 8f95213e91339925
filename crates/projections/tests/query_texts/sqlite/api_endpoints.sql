-- one row
SELECT r.Id, r.Name, r.Description, r.Url, r.Method, r.Type, r.Headers, r.AuthenticationMethod, s.Authentication, s.Soap, s.Limits, s.FollowRedirects, r.Documentation, s.WorkspaceId, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version FROM ApiEndpoints r LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-endpoint-', r.Id) WHERE r.IsDeleted = 0 AND r.Id = @P1 AND (s.WorkspaceId IS NULL OR s.WorkspaceId IN (SELECT value FROM json_each(@P2))) ORDER BY r.Id LIMIT 1;
GO

-- the first page
SELECT r.Id, r.Name, r.Description, r.Url, r.Method, r.Type, r.Headers, r.AuthenticationMethod, s.Authentication, s.Soap, s.Limits, s.FollowRedirects, r.Documentation, s.WorkspaceId, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.Id, r.Id FROM ApiEndpoints r LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-endpoint-', r.Id) WHERE r.IsDeleted = 0 AND (s.WorkspaceId IS NULL OR s.WorkspaceId IN (SELECT value FROM json_each(@P1))) ORDER BY r.Id ASC LIMIT 51;
GO

-- every filter
SELECT r.Id, r.Name, r.Description, r.Url, r.Method, r.Type, r.Headers, r.AuthenticationMethod, s.Authentication, s.Soap, s.Limits, s.FollowRedirects, r.Documentation, s.WorkspaceId, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.Id, r.Id FROM ApiEndpoints r LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-endpoint-', r.Id) WHERE r.IsDeleted = 0 AND r.Id = @P1 AND r.Name = @P2 AND r.Url = @P3 AND r.Method = @P4 AND r.Type = @P5 AND r.AuthenticationMethod = @P6 AND s.WorkspaceId = @P7 AND r.IsActive = @P8 AND r.CreatedByUserId = @P9 ORDER BY r.Id ASC LIMIT 51;
GO

-- a later page by id
SELECT r.Id, r.Name, r.Description, r.Url, r.Method, r.Type, r.Headers, r.AuthenticationMethod, s.Authentication, s.Soap, s.Limits, s.FollowRedirects, r.Documentation, s.WorkspaceId, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.Id, r.Id FROM ApiEndpoints r LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-endpoint-', r.Id) WHERE r.IsDeleted = 0 AND r.Id >= @P1 AND (r.Id > @P1 OR r.Id > @P2) ORDER BY r.Id ASC LIMIT 51;
GO

-- a later page by -id
SELECT r.Id, r.Name, r.Description, r.Url, r.Method, r.Type, r.Headers, r.AuthenticationMethod, s.Authentication, s.Soap, s.Limits, s.FollowRedirects, r.Documentation, s.WorkspaceId, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.Id, r.Id FROM ApiEndpoints r LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-endpoint-', r.Id) WHERE r.IsDeleted = 0 AND r.Id <= @P1 AND (r.Id < @P1 OR r.Id < @P2) ORDER BY r.Id DESC LIMIT 51;
GO

-- a later page by name
SELECT r.Id, r.Name, r.Description, r.Url, r.Method, r.Type, r.Headers, r.AuthenticationMethod, s.Authentication, s.Soap, s.Limits, s.FollowRedirects, r.Documentation, s.WorkspaceId, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.Name, r.Id FROM ApiEndpoints r LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-endpoint-', r.Id) WHERE r.IsDeleted = 0 AND r.Name >= @P1 AND (r.Name > @P1 OR r.Id > @P2) ORDER BY r.Name ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -name
SELECT r.Id, r.Name, r.Description, r.Url, r.Method, r.Type, r.Headers, r.AuthenticationMethod, s.Authentication, s.Soap, s.Limits, s.FollowRedirects, r.Documentation, s.WorkspaceId, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.Name, r.Id FROM ApiEndpoints r LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-endpoint-', r.Id) WHERE r.IsDeleted = 0 AND r.Name <= @P1 AND (r.Name < @P1 OR r.Id < @P2) ORDER BY r.Name DESC, r.Id DESC LIMIT 51;
GO

-- a later page by url
SELECT r.Id, r.Name, r.Description, r.Url, r.Method, r.Type, r.Headers, r.AuthenticationMethod, s.Authentication, s.Soap, s.Limits, s.FollowRedirects, r.Documentation, s.WorkspaceId, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.Url, r.Id FROM ApiEndpoints r LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-endpoint-', r.Id) WHERE r.IsDeleted = 0 AND r.Url >= @P1 AND (r.Url > @P1 OR r.Id > @P2) ORDER BY r.Url ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -url
SELECT r.Id, r.Name, r.Description, r.Url, r.Method, r.Type, r.Headers, r.AuthenticationMethod, s.Authentication, s.Soap, s.Limits, s.FollowRedirects, r.Documentation, s.WorkspaceId, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.Url, r.Id FROM ApiEndpoints r LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-endpoint-', r.Id) WHERE r.IsDeleted = 0 AND r.Url <= @P1 AND (r.Url < @P1 OR r.Id < @P2) ORDER BY r.Url DESC, r.Id DESC LIMIT 51;
GO

-- a later page by method
SELECT r.Id, r.Name, r.Description, r.Url, r.Method, r.Type, r.Headers, r.AuthenticationMethod, s.Authentication, s.Soap, s.Limits, s.FollowRedirects, r.Documentation, s.WorkspaceId, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.Method, r.Id FROM ApiEndpoints r LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-endpoint-', r.Id) WHERE r.IsDeleted = 0 AND r.Method >= @P1 AND (r.Method > @P1 OR r.Id > @P2) ORDER BY r.Method ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -method
SELECT r.Id, r.Name, r.Description, r.Url, r.Method, r.Type, r.Headers, r.AuthenticationMethod, s.Authentication, s.Soap, s.Limits, s.FollowRedirects, r.Documentation, s.WorkspaceId, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.Method, r.Id FROM ApiEndpoints r LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-endpoint-', r.Id) WHERE r.IsDeleted = 0 AND r.Method <= @P1 AND (r.Method < @P1 OR r.Id < @P2) ORDER BY r.Method DESC, r.Id DESC LIMIT 51;
GO

-- a later page by type
SELECT r.Id, r.Name, r.Description, r.Url, r.Method, r.Type, r.Headers, r.AuthenticationMethod, s.Authentication, s.Soap, s.Limits, s.FollowRedirects, r.Documentation, s.WorkspaceId, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.Type, r.Id FROM ApiEndpoints r LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-endpoint-', r.Id) WHERE r.IsDeleted = 0 AND r.Type >= @P1 AND (r.Type > @P1 OR r.Id > @P2) ORDER BY r.Type ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -type
SELECT r.Id, r.Name, r.Description, r.Url, r.Method, r.Type, r.Headers, r.AuthenticationMethod, s.Authentication, s.Soap, s.Limits, s.FollowRedirects, r.Documentation, s.WorkspaceId, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.Type, r.Id FROM ApiEndpoints r LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-endpoint-', r.Id) WHERE r.IsDeleted = 0 AND r.Type <= @P1 AND (r.Type < @P1 OR r.Id < @P2) ORDER BY r.Type DESC, r.Id DESC LIMIT 51;
GO

-- a later page by authenticationMethod
SELECT r.Id, r.Name, r.Description, r.Url, r.Method, r.Type, r.Headers, r.AuthenticationMethod, s.Authentication, s.Soap, s.Limits, s.FollowRedirects, r.Documentation, s.WorkspaceId, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, COALESCE(r.AuthenticationMethod, ''), r.Id FROM ApiEndpoints r LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-endpoint-', r.Id) WHERE r.IsDeleted = 0 AND COALESCE(r.AuthenticationMethod, '') >= @P1 AND (COALESCE(r.AuthenticationMethod, '') > @P1 OR r.Id > @P2) ORDER BY COALESCE(r.AuthenticationMethod, '') ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -authenticationMethod
SELECT r.Id, r.Name, r.Description, r.Url, r.Method, r.Type, r.Headers, r.AuthenticationMethod, s.Authentication, s.Soap, s.Limits, s.FollowRedirects, r.Documentation, s.WorkspaceId, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, COALESCE(r.AuthenticationMethod, ''), r.Id FROM ApiEndpoints r LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-endpoint-', r.Id) WHERE r.IsDeleted = 0 AND COALESCE(r.AuthenticationMethod, '') <= @P1 AND (COALESCE(r.AuthenticationMethod, '') < @P1 OR r.Id < @P2) ORDER BY COALESCE(r.AuthenticationMethod, '') DESC, r.Id DESC LIMIT 51;
GO

-- a later page by isActive
SELECT r.Id, r.Name, r.Description, r.Url, r.Method, r.Type, r.Headers, r.AuthenticationMethod, s.Authentication, s.Soap, s.Limits, s.FollowRedirects, r.Documentation, s.WorkspaceId, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.IsActive, r.Id FROM ApiEndpoints r LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-endpoint-', r.Id) WHERE r.IsDeleted = 0 AND r.IsActive >= @P1 AND (r.IsActive > @P1 OR r.Id > @P2) ORDER BY r.IsActive ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -isActive
SELECT r.Id, r.Name, r.Description, r.Url, r.Method, r.Type, r.Headers, r.AuthenticationMethod, s.Authentication, s.Soap, s.Limits, s.FollowRedirects, r.Documentation, s.WorkspaceId, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.IsActive, r.Id FROM ApiEndpoints r LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-endpoint-', r.Id) WHERE r.IsDeleted = 0 AND r.IsActive <= @P1 AND (r.IsActive < @P1 OR r.Id < @P2) ORDER BY r.IsActive DESC, r.Id DESC LIMIT 51;
GO

-- a later page by createdByUserId
SELECT r.Id, r.Name, r.Description, r.Url, r.Method, r.Type, r.Headers, r.AuthenticationMethod, s.Authentication, s.Soap, s.Limits, s.FollowRedirects, r.Documentation, s.WorkspaceId, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.CreatedByUserId, r.Id FROM ApiEndpoints r LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-endpoint-', r.Id) WHERE r.IsDeleted = 0 AND r.CreatedByUserId >= @P1 AND (r.CreatedByUserId > @P1 OR r.Id > @P2) ORDER BY r.CreatedByUserId ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -createdByUserId
SELECT r.Id, r.Name, r.Description, r.Url, r.Method, r.Type, r.Headers, r.AuthenticationMethod, s.Authentication, s.Soap, s.Limits, s.FollowRedirects, r.Documentation, s.WorkspaceId, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.CreatedByUserId, r.Id FROM ApiEndpoints r LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-endpoint-', r.Id) WHERE r.IsDeleted = 0 AND r.CreatedByUserId <= @P1 AND (r.CreatedByUserId < @P1 OR r.Id < @P2) ORDER BY r.CreatedByUserId DESC, r.Id DESC LIMIT 51;
GO

-- a later page by createdAt
SELECT r.Id, r.Name, r.Description, r.Url, r.Method, r.Type, r.Headers, r.AuthenticationMethod, s.Authentication, s.Soap, s.Limits, s.FollowRedirects, r.Documentation, s.WorkspaceId, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.CreatedAt, r.Id FROM ApiEndpoints r LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-endpoint-', r.Id) WHERE r.IsDeleted = 0 AND r.CreatedAt >= @P1 AND (r.CreatedAt > @P1 OR r.Id > @P2) ORDER BY r.CreatedAt ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -createdAt
SELECT r.Id, r.Name, r.Description, r.Url, r.Method, r.Type, r.Headers, r.AuthenticationMethod, s.Authentication, s.Soap, s.Limits, s.FollowRedirects, r.Documentation, s.WorkspaceId, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, r.CreatedAt, r.Id FROM ApiEndpoints r LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-endpoint-', r.Id) WHERE r.IsDeleted = 0 AND r.CreatedAt <= @P1 AND (r.CreatedAt < @P1 OR r.Id < @P2) ORDER BY r.CreatedAt DESC, r.Id DESC LIMIT 51;
GO

-- a later page by updatedAt
SELECT r.Id, r.Name, r.Description, r.Url, r.Method, r.Type, r.Headers, r.AuthenticationMethod, s.Authentication, s.Soap, s.Limits, s.FollowRedirects, r.Documentation, s.WorkspaceId, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, COALESCE(r.UpdatedAt, ''), r.Id FROM ApiEndpoints r LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-endpoint-', r.Id) WHERE r.IsDeleted = 0 AND COALESCE(r.UpdatedAt, '') >= @P1 AND (COALESCE(r.UpdatedAt, '') > @P1 OR r.Id > @P2) ORDER BY COALESCE(r.UpdatedAt, '') ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -updatedAt
SELECT r.Id, r.Name, r.Description, r.Url, r.Method, r.Type, r.Headers, r.AuthenticationMethod, s.Authentication, s.Soap, s.Limits, s.FollowRedirects, r.Documentation, s.WorkspaceId, r.IsActive, r.CreatedByUserId, r.CreatedAt, r.UpdatedAt, v.Version, COALESCE(r.UpdatedAt, ''), r.Id FROM ApiEndpoints r LEFT JOIN ApiEndpointScopes s ON s.ApiEndpointId = r.Id LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-endpoint-', r.Id) WHERE r.IsDeleted = 0 AND COALESCE(r.UpdatedAt, '') <= @P1 AND (COALESCE(r.UpdatedAt, '') < @P1 OR r.Id < @P2) ORDER BY COALESCE(r.UpdatedAt, '') DESC, r.Id DESC LIMIT 51;
GO

