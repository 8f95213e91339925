-- one row
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND r.Id = @P1 AND r.WorkspaceId IN (SELECT value FROM OPENJSON(@P2) WITH (value INT '$')) ORDER BY r.Id OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY;
GO

-- the first page
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, r.Id, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND r.WorkspaceId IN (SELECT value FROM OPENJSON(@P1) WITH (value INT '$')) ORDER BY r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- every filter
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, r.Id, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND r.Id = @P1 AND r.UserId = @P2 AND r.WorkspaceId = @P3 AND r.Role = @P4 AND u.FirstName = @P5 AND u.FirstName = @P5 COLLATE Latin1_General_100_BIN2 AND DATALENGTH(u.FirstName) = DATALENGTH(@P5) AND u.LastName = @P6 AND u.LastName = @P6 COLLATE Latin1_General_100_BIN2 AND DATALENGTH(u.LastName) = DATALENGTH(@P6) AND u.Email = @P7 AND DATALENGTH(u.Email) = DATALENGTH(@P7) ORDER BY r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by id
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, r.Id, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND r.Id >= @P1 AND (r.Id > @P1 OR r.Id > @P2) ORDER BY r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -id
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, r.Id, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND r.Id <= @P1 AND (r.Id < @P1 OR r.Id < @P2) ORDER BY r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by userId
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, r.UserId, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND r.UserId >= @P1 AND (r.UserId > @P1 OR r.Id > @P2) ORDER BY r.UserId ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -userId
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, r.UserId, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND r.UserId <= @P1 AND (r.UserId < @P1 OR r.Id < @P2) ORDER BY r.UserId DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by workspaceId
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, r.WorkspaceId, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND r.WorkspaceId >= @P1 AND (r.WorkspaceId > @P1 OR r.Id > @P2) ORDER BY r.WorkspaceId ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -workspaceId
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, r.WorkspaceId, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND r.WorkspaceId <= @P1 AND (r.WorkspaceId < @P1 OR r.Id < @P2) ORDER BY r.WorkspaceId DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by role
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, r.Role, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND r.Role >= @P1 AND (r.Role > @P1 OR r.Id > @P2) ORDER BY r.Role ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -role
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, r.Role, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND r.Role <= @P1 AND (r.Role < @P1 OR r.Id < @P2) ORDER BY r.Role DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by joinedAt
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, r.JoinedAt, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND r.JoinedAt >= @P1 AND (r.JoinedAt > @P1 OR r.Id > @P2) ORDER BY r.JoinedAt ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -joinedAt
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, r.JoinedAt, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND r.JoinedAt <= @P1 AND (r.JoinedAt < @P1 OR r.Id < @P2) ORDER BY r.JoinedAt DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by firstName
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, u.FirstName COLLATE Latin1_General_100_BIN2, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND u.FirstName COLLATE Latin1_General_100_BIN2 >= @P1 AND (u.FirstName COLLATE Latin1_General_100_BIN2 > @P1 OR r.Id > @P2) ORDER BY u.FirstName COLLATE Latin1_General_100_BIN2 ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -firstName
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, u.FirstName COLLATE Latin1_General_100_BIN2, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND u.FirstName COLLATE Latin1_General_100_BIN2 <= @P1 AND (u.FirstName COLLATE Latin1_General_100_BIN2 < @P1 OR r.Id < @P2) ORDER BY u.FirstName COLLATE Latin1_General_100_BIN2 DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by lastName
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, u.LastName COLLATE Latin1_General_100_BIN2, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND u.LastName COLLATE Latin1_General_100_BIN2 >= @P1 AND (u.LastName COLLATE Latin1_General_100_BIN2 > @P1 OR r.Id > @P2) ORDER BY u.LastName COLLATE Latin1_General_100_BIN2 ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -lastName
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, u.LastName COLLATE Latin1_General_100_BIN2, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND u.LastName COLLATE Latin1_General_100_BIN2 <= @P1 AND (u.LastName COLLATE Latin1_General_100_BIN2 < @P1 OR r.Id < @P2) ORDER BY u.LastName COLLATE Latin1_General_100_BIN2 DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by email
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, u.Email, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND u.Email >= @P1 AND (u.Email > @P1 OR r.Id > @P2) ORDER BY u.Email ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -email
SELECT r.Id, r.UserId, r.WorkspaceId, r.Role, r.JoinedAt, u.FirstName, u.LastName, u.Email, u.Email, r.Id FROM UserWorkspaces r INNER JOIN Users u ON u.Id = r.UserId WHERE r.IsActive = 1 AND u.Email <= @P1 AND (u.Email < @P1 OR r.Id < @P2) ORDER BY u.Email DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

