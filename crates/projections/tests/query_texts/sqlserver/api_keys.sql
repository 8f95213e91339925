-- one row
SELECT r.Id, r.UserId, r.Name, r.MaximumRole, r.WorkspaceId, r.ExpiresAt, r.CreatedAt, r.RevokedAt, v.Version FROM ApiKeys r LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-key-', r.Id) WHERE 1 = 1 AND r.Id = @P1 ORDER BY r.Id OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY;
GO

-- the first page
SELECT r.Id, r.UserId, r.Name, r.MaximumRole, r.WorkspaceId, r.ExpiresAt, r.CreatedAt, r.RevokedAt, v.Version, r.Id, r.Id FROM ApiKeys r LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-key-', r.Id) WHERE 1 = 1 ORDER BY r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- every filter
SELECT r.Id, r.UserId, r.Name, r.MaximumRole, r.WorkspaceId, r.ExpiresAt, r.CreatedAt, r.RevokedAt, v.Version, r.Id, r.Id FROM ApiKeys r LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-key-', r.Id) WHERE 1 = 1 AND r.Id = @P1 AND r.UserId = @P2 AND r.Name = @P3 AND r.Name = @P3 COLLATE Latin1_General_100_BIN2 AND DATALENGTH(r.Name) = DATALENGTH(@P3) AND r.MaximumRole = @P4 AND r.WorkspaceId = @P5 ORDER BY r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by id
SELECT r.Id, r.UserId, r.Name, r.MaximumRole, r.WorkspaceId, r.ExpiresAt, r.CreatedAt, r.RevokedAt, v.Version, r.Id, r.Id FROM ApiKeys r LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-key-', r.Id) WHERE 1 = 1 AND r.Id >= @P1 AND (r.Id > @P1 OR r.Id > @P2) ORDER BY r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -id
SELECT r.Id, r.UserId, r.Name, r.MaximumRole, r.WorkspaceId, r.ExpiresAt, r.CreatedAt, r.RevokedAt, v.Version, r.Id, r.Id FROM ApiKeys r LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-key-', r.Id) WHERE 1 = 1 AND r.Id <= @P1 AND (r.Id < @P1 OR r.Id < @P2) ORDER BY r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by userId
SELECT r.Id, r.UserId, r.Name, r.MaximumRole, r.WorkspaceId, r.ExpiresAt, r.CreatedAt, r.RevokedAt, v.Version, r.UserId, r.Id FROM ApiKeys r LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-key-', r.Id) WHERE 1 = 1 AND r.UserId >= @P1 AND (r.UserId > @P1 OR r.Id > @P2) ORDER BY r.UserId ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -userId
SELECT r.Id, r.UserId, r.Name, r.MaximumRole, r.WorkspaceId, r.ExpiresAt, r.CreatedAt, r.RevokedAt, v.Version, r.UserId, r.Id FROM ApiKeys r LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-key-', r.Id) WHERE 1 = 1 AND r.UserId <= @P1 AND (r.UserId < @P1 OR r.Id < @P2) ORDER BY r.UserId DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by name
SELECT r.Id, r.UserId, r.Name, r.MaximumRole, r.WorkspaceId, r.ExpiresAt, r.CreatedAt, r.RevokedAt, v.Version, r.Name COLLATE Latin1_General_100_BIN2, r.Id FROM ApiKeys r LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-key-', r.Id) WHERE 1 = 1 AND r.Name COLLATE Latin1_General_100_BIN2 >= @P1 AND (r.Name COLLATE Latin1_General_100_BIN2 > @P1 OR r.Id > @P2) ORDER BY r.Name COLLATE Latin1_General_100_BIN2 ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -name
SELECT r.Id, r.UserId, r.Name, r.MaximumRole, r.WorkspaceId, r.ExpiresAt, r.CreatedAt, r.RevokedAt, v.Version, r.Name COLLATE Latin1_General_100_BIN2, r.Id FROM ApiKeys r LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-key-', r.Id) WHERE 1 = 1 AND r.Name COLLATE Latin1_General_100_BIN2 <= @P1 AND (r.Name COLLATE Latin1_General_100_BIN2 < @P1 OR r.Id < @P2) ORDER BY r.Name COLLATE Latin1_General_100_BIN2 DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by expiresAt
SELECT r.Id, r.UserId, r.Name, r.MaximumRole, r.WorkspaceId, r.ExpiresAt, r.CreatedAt, r.RevokedAt, v.Version, COALESCE(r.ExpiresAt, ''), r.Id FROM ApiKeys r LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-key-', r.Id) WHERE 1 = 1 AND COALESCE(r.ExpiresAt, '') >= @P1 AND (COALESCE(r.ExpiresAt, '') > @P1 OR r.Id > @P2) ORDER BY COALESCE(r.ExpiresAt, '') ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -expiresAt
SELECT r.Id, r.UserId, r.Name, r.MaximumRole, r.WorkspaceId, r.ExpiresAt, r.CreatedAt, r.RevokedAt, v.Version, COALESCE(r.ExpiresAt, ''), r.Id FROM ApiKeys r LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-key-', r.Id) WHERE 1 = 1 AND COALESCE(r.ExpiresAt, '') <= @P1 AND (COALESCE(r.ExpiresAt, '') < @P1 OR r.Id < @P2) ORDER BY COALESCE(r.ExpiresAt, '') DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by createdAt
SELECT r.Id, r.UserId, r.Name, r.MaximumRole, r.WorkspaceId, r.ExpiresAt, r.CreatedAt, r.RevokedAt, v.Version, r.CreatedAt, r.Id FROM ApiKeys r LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-key-', r.Id) WHERE 1 = 1 AND r.CreatedAt >= @P1 AND (r.CreatedAt > @P1 OR r.Id > @P2) ORDER BY r.CreatedAt ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -createdAt
SELECT r.Id, r.UserId, r.Name, r.MaximumRole, r.WorkspaceId, r.ExpiresAt, r.CreatedAt, r.RevokedAt, v.Version, r.CreatedAt, r.Id FROM ApiKeys r LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-key-', r.Id) WHERE 1 = 1 AND r.CreatedAt <= @P1 AND (r.CreatedAt < @P1 OR r.Id < @P2) ORDER BY r.CreatedAt DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by revokedAt
SELECT r.Id, r.UserId, r.Name, r.MaximumRole, r.WorkspaceId, r.ExpiresAt, r.CreatedAt, r.RevokedAt, v.Version, COALESCE(r.RevokedAt, ''), r.Id FROM ApiKeys r LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-key-', r.Id) WHERE 1 = 1 AND COALESCE(r.RevokedAt, '') >= @P1 AND (COALESCE(r.RevokedAt, '') > @P1 OR r.Id > @P2) ORDER BY COALESCE(r.RevokedAt, '') ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -revokedAt
SELECT r.Id, r.UserId, r.Name, r.MaximumRole, r.WorkspaceId, r.ExpiresAt, r.CreatedAt, r.RevokedAt, v.Version, COALESCE(r.RevokedAt, ''), r.Id FROM ApiKeys r LEFT JOIN RowVersions v ON v.Stream = CONCAT('api-key-', r.Id) WHERE 1 = 1 AND COALESCE(r.RevokedAt, '') <= @P1 AND (COALESCE(r.RevokedAt, '') < @P1 OR r.Id < @P2) ORDER BY COALESCE(r.RevokedAt, '') DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

