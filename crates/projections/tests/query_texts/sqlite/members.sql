-- one row
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND r.Id = @P1 AND r.WorkspaceId IN (SELECT value FROM json_each(@P2)) ORDER BY r.Id LIMIT 1;
GO

-- the first page
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, r.Id, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND r.WorkspaceId IN (SELECT value FROM json_each(@P1)) ORDER BY r.Id ASC LIMIT 51;
GO

-- every filter
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, r.Id, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND r.Id = @P1 AND r.UserId = @P2 AND r.WorkspaceId = @P3 AND r.Role = @P4 AND u.FirstName = @P5 AND u.LastName = @P6 AND u.Email = @P7 ORDER BY r.Id ASC LIMIT 51;
GO

-- a later page by id
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, r.Id, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND r.Id >= @P1 AND (r.Id > @P1 OR r.Id > @P2) ORDER BY r.Id ASC LIMIT 51;
GO

-- a later page by -id
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, r.Id, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND r.Id <= @P1 AND (r.Id < @P1 OR r.Id < @P2) ORDER BY r.Id DESC LIMIT 51;
GO

-- a later page by userId
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, r.UserId, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND r.UserId >= @P1 AND (r.UserId > @P1 OR r.Id > @P2) ORDER BY r.UserId ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -userId
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, r.UserId, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND r.UserId <= @P1 AND (r.UserId < @P1 OR r.Id < @P2) ORDER BY r.UserId DESC, r.Id DESC LIMIT 51;
GO

-- a later page by workspaceId
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, r.WorkspaceId, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND r.WorkspaceId >= @P1 AND (r.WorkspaceId > @P1 OR r.Id > @P2) ORDER BY r.WorkspaceId ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -workspaceId
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, r.WorkspaceId, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND r.WorkspaceId <= @P1 AND (r.WorkspaceId < @P1 OR r.Id < @P2) ORDER BY r.WorkspaceId DESC, r.Id DESC LIMIT 51;
GO

-- a later page by role
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, r.Role, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND r.Role >= @P1 AND (r.Role > @P1 OR r.Id > @P2) ORDER BY r.Role ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -role
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, r.Role, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND r.Role <= @P1 AND (r.Role < @P1 OR r.Id < @P2) ORDER BY r.Role DESC, r.Id DESC LIMIT 51;
GO

-- a later page by joinedAt
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, r.JoinedAt, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND r.JoinedAt >= @P1 AND (r.JoinedAt > @P1 OR r.Id > @P2) ORDER BY r.JoinedAt ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -joinedAt
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, r.JoinedAt, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND r.JoinedAt <= @P1 AND (r.JoinedAt < @P1 OR r.Id < @P2) ORDER BY r.JoinedAt DESC, r.Id DESC LIMIT 51;
GO

-- a later page by firstName
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, u.FirstName, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND u.FirstName >= @P1 AND (u.FirstName > @P1 OR r.Id > @P2) ORDER BY u.FirstName ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -firstName
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, u.FirstName, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND u.FirstName <= @P1 AND (u.FirstName < @P1 OR r.Id < @P2) ORDER BY u.FirstName DESC, r.Id DESC LIMIT 51;
GO

-- a later page by lastName
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, u.LastName, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND u.LastName >= @P1 AND (u.LastName > @P1 OR r.Id > @P2) ORDER BY u.LastName ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -lastName
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, u.LastName, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND u.LastName <= @P1 AND (u.LastName < @P1 OR r.Id < @P2) ORDER BY u.LastName DESC, r.Id DESC LIMIT 51;
GO

-- a later page by email
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, u.Email, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND u.Email >= @P1 AND (u.Email > @P1 OR r.Id > @P2) ORDER BY u.Email ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -email
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, u.Email, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND u.Email <= @P1 AND (u.Email < @P1 OR r.Id < @P2) ORDER BY u.Email DESC, r.Id DESC LIMIT 51;
GO

