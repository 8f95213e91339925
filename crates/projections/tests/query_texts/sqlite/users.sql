-- one row
SELECT r.Id, r.FirstName, r.LastName, r.Email, r.PhoneNumber, r.Role, r.Department, r.JobTitle, r.Manager, r.TimeZone, r.ProfilePicture, r.IsActive, r.LastLoginAt, r.CreatedAt, r.UpdatedAt, v.Version FROM Users r LEFT JOIN RowVersions v ON v.Stream = CONCAT('user-', r.Id) WHERE r.IsDeleted = 0 AND r.Id = @P1 ORDER BY r.Id LIMIT 1;
GO

-- the first page
SELECT r.Id, r.FirstName, r.LastName, r.Email, r.PhoneNumber, r.Role, r.Department, r.JobTitle, r.Manager, r.TimeZone, r.ProfilePicture, r.IsActive, r.LastLoginAt, r.CreatedAt, r.UpdatedAt, v.Version, r.Id, r.Id FROM Users r LEFT JOIN RowVersions v ON v.Stream = CONCAT('user-', r.Id) WHERE r.IsDeleted = 0 ORDER BY r.Id ASC LIMIT 51;
GO

-- every filter
SELECT r.Id, r.FirstName, r.LastName, r.Email, r.PhoneNumber, r.Role, r.Department, r.JobTitle, r.Manager, r.TimeZone, r.ProfilePicture, r.IsActive, r.LastLoginAt, r.CreatedAt, r.UpdatedAt, v.Version, r.Id, r.Id FROM Users r LEFT JOIN RowVersions v ON v.Stream = CONCAT('user-', r.Id) WHERE r.IsDeleted = 0 AND r.Id = @P1 AND r.FirstName = @P2 AND r.LastName = @P3 AND r.Email = @P4 AND r.Role = @P5 AND r.Department = @P6 AND r.JobTitle = @P7 AND r.Manager = @P8 AND r.TimeZone = @P9 AND r.IsActive = @P10 ORDER BY r.Id ASC LIMIT 51;
GO

-- a later page by id
SELECT r.Id, r.FirstName, r.LastName, r.Email, r.PhoneNumber, r.Role, r.Department, r.JobTitle, r.Manager, r.TimeZone, r.ProfilePicture, r.IsActive, r.LastLoginAt, r.CreatedAt, r.UpdatedAt, v.Version, r.Id, r.Id FROM Users r LEFT JOIN RowVersions v ON v.Stream = CONCAT('user-', r.Id) WHERE r.IsDeleted = 0 AND r.Id >= @P1 AND (r.Id > @P1 OR r.Id > @P2) ORDER BY r.Id ASC LIMIT 51;
GO

-- a later page by -id
SELECT r.Id, r.FirstName, r.LastName, r.Email, r.PhoneNumber, r.Role, r.Department, r.JobTitle, r.Manager, r.TimeZone, r.ProfilePicture, r.IsActive, r.LastLoginAt, r.CreatedAt, r.UpdatedAt, v.Version, r.Id, r.Id FROM Users r LEFT JOIN RowVersions v ON v.Stream = CONCAT('user-', r.Id) WHERE r.IsDeleted = 0 AND r.Id <= @P1 AND (r.Id < @P1 OR r.Id < @P2) ORDER BY r.Id DESC LIMIT 51;
GO

-- a later page by firstName
SELECT r.Id, r.FirstName, r.LastName, r.Email, r.PhoneNumber, r.Role, r.Department, r.JobTitle, r.Manager, r.TimeZone, r.ProfilePicture, r.IsActive, r.LastLoginAt, r.CreatedAt, r.UpdatedAt, v.Version, r.FirstName, r.Id FROM Users r LEFT JOIN RowVersions v ON v.Stream = CONCAT('user-', r.Id) WHERE r.IsDeleted = 0 AND r.FirstName >= @P1 AND (r.FirstName > @P1 OR r.Id > @P2) ORDER BY r.FirstName ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -firstName
SELECT r.Id, r.FirstName, r.LastName, r.Email, r.PhoneNumber, r.Role, r.Department, r.JobTitle, r.Manager, r.TimeZone, r.ProfilePicture, r.IsActive, r.LastLoginAt, r.CreatedAt, r.UpdatedAt, v.Version, r.FirstName, r.Id FROM Users r LEFT JOIN RowVersions v ON v.Stream = CONCAT('user-', r.Id) WHERE r.IsDeleted = 0 AND r.FirstName <= @P1 AND (r.FirstName < @P1 OR r.Id < @P2) ORDER BY r.FirstName DESC, r.Id DESC LIMIT 51;
GO

-- a later page by lastName
SELECT r.Id, r.FirstName, r.LastName, r.Email, r.PhoneNumber, r.Role, r.Department, r.JobTitle, r.Manager, r.TimeZone, r.ProfilePicture, r.IsActive, r.LastLoginAt, r.CreatedAt, r.UpdatedAt, v.Version, r.LastName, r.Id FROM Users r LEFT JOIN RowVersions v ON v.Stream = CONCAT('user-', r.Id) WHERE r.IsDeleted = 0 AND r.LastName >= @P1 AND (r.LastName > @P1 OR r.Id > @P2) ORDER BY r.LastName ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -lastName
SELECT r.Id, r.FirstName, r.LastName, r.Email, r.PhoneNumber, r.Role, r.Department, r.JobTitle, r.Manager, r.TimeZone, r.ProfilePicture, r.IsActive, r.LastLoginAt, r.CreatedAt, r.UpdatedAt, v.Version, r.LastName, r.Id FROM Users r LEFT JOIN RowVersions v ON v.Stream = CONCAT('user-', r.Id) WHERE r.IsDeleted = 0 AND r.LastName <= @P1 AND (r.LastName < @P1 OR r.Id < @P2) ORDER BY r.LastName DESC, r.Id DESC LIMIT 51;
GO

-- a later page by email
SELECT r.Id, r.FirstName, r.LastName, r.Email, r.PhoneNumber, r.Role, r.Department, r.JobTitle, r.Manager, r.TimeZone, r.ProfilePicture, r.IsActive, r.LastLoginAt, r.CreatedAt, r.UpdatedAt, v.Version, r.Email, r.Id FROM Users r LEFT JOIN RowVersions v ON v.Stream = CONCAT('user-', r.Id) WHERE r.IsDeleted = 0 AND r.Email >= @P1 AND (r.Email > @P1 OR r.Id > @P2) ORDER BY r.Email ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -email
SELECT r.Id, r.FirstName, r.LastName, r.Email, r.PhoneNumber, r.Role, r.Department, r.JobTitle, r.Manager, r.TimeZone, r.ProfilePicture, r.IsActive, r.LastLoginAt, r.CreatedAt, r.UpdatedAt, v.Version, r.Email, r.Id FROM Users r LEFT JOIN RowVersions v ON v.Stream = CONCAT('user-', r.Id) WHERE r.IsDeleted = 0 AND r.Email <= @P1 AND (r.Email < @P1 OR r.Id < @P2) ORDER BY r.Email DESC, r.Id DESC LIMIT 51;
GO

-- a later page by role
SELECT r.Id, r.FirstName, r.LastName, r.Email, r.PhoneNumber, r.Role, r.Department, r.JobTitle, r.Manager, r.TimeZone, r.ProfilePicture, r.IsActive, r.LastLoginAt, r.CreatedAt, r.UpdatedAt, v.Version, r.Role, r.Id FROM Users r LEFT JOIN RowVersions v ON v.Stream = CONCAT('user-', r.Id) WHERE r.IsDeleted = 0 AND r.Role >= @P1 AND (r.Role > @P1 OR r.Id > @P2) ORDER BY r.Role ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -role
SELECT r.Id, r.FirstName, r.LastName, r.Email, r.PhoneNumber, r.Role, r.Department, r.JobTitle, r.Manager, r.TimeZone, r.ProfilePicture, r.IsActive, r.LastLoginAt, r.CreatedAt, r.UpdatedAt, v.Version, r.Role, r.Id FROM Users r LEFT JOIN RowVersions v ON v.Stream = CONCAT('user-', r.Id) WHERE r.IsDeleted = 0 AND r.Role <= @P1 AND (r.Role < @P1 OR r.Id < @P2) ORDER BY r.Role DESC, r.Id DESC LIMIT 51;
GO

-- a later page by department
SELECT r.Id, r.FirstName, r.LastName, r.Email, r.PhoneNumber, r.Role, r.Department, r.JobTitle, r.Manager, r.TimeZone, r.ProfilePicture, r.IsActive, r.LastLoginAt, r.CreatedAt, r.UpdatedAt, v.Version, COALESCE(r.Department, ''), r.Id FROM Users r LEFT JOIN RowVersions v ON v.Stream = CONCAT('user-', r.Id) WHERE r.IsDeleted = 0 AND COALESCE(r.Department, '') >= @P1 AND (COALESCE(r.Department, '') > @P1 OR r.Id > @P2) ORDER BY COALESCE(r.Department, '') ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -department
SELECT r.Id, r.FirstName, r.LastName, r.Email, r.PhoneNumber, r.Role, r.Department, r.JobTitle, r.Manager, r.TimeZone, r.ProfilePicture, r.IsActive, r.LastLoginAt, r.CreatedAt, r.UpdatedAt, v.Version, COALESCE(r.Department, ''), r.Id FROM Users r LEFT JOIN RowVersions v ON v.Stream = CONCAT('user-', r.Id) WHERE r.IsDeleted = 0 AND COALESCE(r.Department, '') <= @P1 AND (COALESCE(r.Department, '') < @P1 OR r.Id < @P2) ORDER BY COALESCE(r.Department, '') DESC, r.Id DESC LIMIT 51;
GO

-- a later page by jobTitle
SELECT r.Id, r.FirstName, r.LastName, r.Email, r.PhoneNumber, r.Role, r.Department, r.JobTitle, r.Manager, r.TimeZone, r.ProfilePicture, r.IsActive, r.LastLoginAt, r.CreatedAt, r.UpdatedAt, v.Version, COALESCE(r.JobTitle, ''), r.Id FROM Users r LEFT JOIN RowVersions v ON v.Stream = CONCAT('user-', r.Id) WHERE r.IsDeleted = 0 AND COALESCE(r.JobTitle, '') >= @P1 AND (COALESCE(r.JobTitle, '') > @P1 OR r.Id > @P2) ORDER BY COALESCE(r.JobTitle, '') ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -jobTitle
SELECT r.Id, r.FirstName, r.LastName, r.Email, r.PhoneNumber, r.Role, r.Department, r.JobTitle, r.Manager, r.TimeZone, r.ProfilePicture, r.IsActive, r.LastLoginAt, r.CreatedAt, r.UpdatedAt, v.Version, COALESCE(r.JobTitle, ''), r.Id FROM Users r LEFT JOIN RowVersions v ON v.Stream = CONCAT('user-', r.Id) WHERE r.IsDeleted = 0 AND COALESCE(r.JobTitle, '') <= @P1 AND (COALESCE(r.JobTitle, '') < @P1 OR r.Id < @P2) ORDER BY COALESCE(r.JobTitle, '') DESC, r.Id DESC LIMIT 51;
GO

-- a later page by manager
SELECT r.Id, r.FirstName, r.LastName, r.Email, r.PhoneNumber, r.Role, r.Department, r.JobTitle, r.Manager, r.TimeZone, r.ProfilePicture, r.IsActive, r.LastLoginAt, r.CreatedAt, r.UpdatedAt, v.Version, COALESCE(r.Manager, ''), r.Id FROM Users r LEFT JOIN RowVersions v ON v.Stream = CONCAT('user-', r.Id) WHERE r.IsDeleted = 0 AND COALESCE(r.Manager, '') >= @P1 AND (COALESCE(r.Manager, '') > @P1 OR r.Id > @P2) ORDER BY COALESCE(r.Manager, '') ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -manager
SELECT r.Id, r.FirstName, r.LastName, r.Email, r.PhoneNumber, r.Role, r.Department, r.JobTitle, r.Manager, r.TimeZone, r.ProfilePicture, r.IsActive, r.LastLoginAt, r.CreatedAt, r.UpdatedAt, v.Version, COALESCE(r.Manager, ''), r.Id FROM Users r LEFT JOIN RowVersions v ON v.Stream = CONCAT('user-', r.Id) WHERE r.IsDeleted = 0 AND COALESCE(r.Manager, '') <= @P1 AND (COALESCE(r.Manager, '') < @P1 OR r.Id < @P2) ORDER BY COALESCE(r.Manager, '') DESC, r.Id DESC LIMIT 51;
GO

-- a later page by timeZone
SELECT r.Id, r.FirstName, r.LastName, r.Email, r.PhoneNumber, r.Role, r.Department, r.JobTitle, r.Manager, r.TimeZone, r.ProfilePicture, r.IsActive, r.LastLoginAt, r.CreatedAt, r.UpdatedAt, v.Version, r.TimeZone, r.Id FROM Users r LEFT JOIN RowVersions v ON v.Stream = CONCAT('user-', r.Id) WHERE r.IsDeleted = 0 AND r.TimeZone >= @P1 AND (r.TimeZone > @P1 OR r.Id > @P2) ORDER BY r.TimeZone ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -timeZone
SELECT r.Id, r.FirstName, r.LastName, r.Email, r.PhoneNumber, r.Role, r.Department, r.JobTitle, r.Manager, r.TimeZone, r.ProfilePicture, r.IsActive, r.LastLoginAt, r.CreatedAt, r.UpdatedAt, v.Version, r.TimeZone, r.Id FROM Users r LEFT JOIN RowVersions v ON v.Stream = CONCAT('user-', r.Id) WHERE r.IsDeleted = 0 AND r.TimeZone <= @P1 AND (r.TimeZone < @P1 OR r.Id < @P2) ORDER BY r.TimeZone DESC, r.Id DESC LIMIT 51;
GO

-- a later page by isActive
SELECT r.Id, r.FirstName, r.LastName, r.Email, r.PhoneNumber, r.Role, r.Department, r.JobTitle, r.Manager, r.TimeZone, r.ProfilePicture, r.IsActive, r.LastLoginAt, r.CreatedAt, r.UpdatedAt, v.Version, r.IsActive, r.Id FROM Users r LEFT JOIN RowVersions v ON v.Stream = CONCAT('user-', r.Id) WHERE r.IsDeleted = 0 AND r.IsActive >= @P1 AND (r.IsActive > @P1 OR r.Id > @P2) ORDER BY r.IsActive ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -isActive
SELECT r.Id, r.FirstName, r.LastName, r.Email, r.PhoneNumber, r.Role, r.Department, r.JobTitle, r.Manager, r.TimeZone, r.ProfilePicture, r.IsActive, r.LastLoginAt, r.CreatedAt, r.UpdatedAt, v.Version, r.IsActive, r.Id FROM Users r LEFT JOIN RowVersions v ON v.Stream = CONCAT('user-', r.Id) WHERE r.IsDeleted = 0 AND r.IsActive <= @P1 AND (r.IsActive < @P1 OR r.Id < @P2) ORDER BY r.IsActive DESC, r.Id DESC LIMIT 51;
GO

-- a later page by lastLoginAt
SELECT r.Id, r.FirstName, r.LastName, r.Email, r.PhoneNumber, r.Role, r.Department, r.JobTitle, r.Manager, r.TimeZone, r.ProfilePicture, r.IsActive, r.LastLoginAt, r.CreatedAt, r.UpdatedAt, v.Version, COALESCE(r.LastLoginAt, ''), r.Id FROM Users r LEFT JOIN RowVersions v ON v.Stream = CONCAT('user-', r.Id) WHERE r.IsDeleted = 0 AND COALESCE(r.LastLoginAt, '') >= @P1 AND (COALESCE(r.LastLoginAt, '') > @P1 OR r.Id > @P2) ORDER BY COALESCE(r.LastLoginAt, '') ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -lastLoginAt
SELECT r.Id, r.FirstName, r.LastName, r.Email, r.PhoneNumber, r.Role, r.Department, r.JobTitle, r.Manager, r.TimeZone, r.ProfilePicture, r.IsActive, r.LastLoginAt, r.CreatedAt, r.UpdatedAt, v.Version, COALESCE(r.LastLoginAt, ''), r.Id FROM Users r LEFT JOIN RowVersions v ON v.Stream = CONCAT('user-', r.Id) WHERE r.IsDeleted = 0 AND COALESCE(r.LastLoginAt, '') <= @P1 AND (COALESCE(r.LastLoginAt, '') < @P1 OR r.Id < @P2) ORDER BY COALESCE(r.LastLoginAt, '') DESC, r.Id DESC LIMIT 51;
GO

-- a later page by createdAt
SELECT r.Id, r.FirstName, r.LastName, r.Email, r.PhoneNumber, r.Role, r.Department, r.JobTitle, r.Manager, r.TimeZone, r.ProfilePicture, r.IsActive, r.LastLoginAt, r.CreatedAt, r.UpdatedAt, v.Version, r.CreatedAt, r.Id FROM Users r LEFT JOIN RowVersions v ON v.Stream = CONCAT('user-', r.Id) WHERE r.IsDeleted = 0 AND r.CreatedAt >= @P1 AND (r.CreatedAt > @P1 OR r.Id > @P2) ORDER BY r.CreatedAt ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -createdAt
SELECT r.Id, r.FirstName, r.LastName, r.Email, r.PhoneNumber, r.Role, r.Department, r.JobTitle, r.Manager, r.TimeZone, r.ProfilePicture, r.IsActive, r.LastLoginAt, r.CreatedAt, r.UpdatedAt, v.Version, r.CreatedAt, r.Id FROM Users r LEFT JOIN RowVersions v ON v.Stream = CONCAT('user-', r.Id) WHERE r.IsDeleted = 0 AND r.CreatedAt <= @P1 AND (r.CreatedAt < @P1 OR r.Id < @P2) ORDER BY r.CreatedAt DESC, r.Id DESC LIMIT 51;
GO

-- a later page by updatedAt
SELECT r.Id, r.FirstName, r.LastName, r.Email, r.PhoneNumber, r.Role, r.Department, r.JobTitle, r.Manager, r.TimeZone, r.ProfilePicture, r.IsActive, r.LastLoginAt, r.CreatedAt, r.UpdatedAt, v.Version, COALESCE(r.UpdatedAt, ''), r.Id FROM Users r LEFT JOIN RowVersions v ON v.Stream = CONCAT('user-', r.Id) WHERE r.IsDeleted = 0 AND COALESCE(r.UpdatedAt, '') >= @P1 AND (COALESCE(r.UpdatedAt, '') > @P1 OR r.Id > @P2) ORDER BY COALESCE(r.UpdatedAt, '') ASC, r.Id ASC LIMIT 51;
GO

-- a later page by -updatedAt
SELECT r.Id, r.FirstName, r.LastName, r.Email, r.PhoneNumber, r.Role, r.Department, r.JobTitle, r.Manager, r.TimeZone, r.ProfilePicture, r.IsActive, r.LastLoginAt, r.CreatedAt, r.UpdatedAt, v.Version, COALESCE(r.UpdatedAt, ''), r.Id FROM Users r LEFT JOIN RowVersions v ON v.Stream = CONCAT('user-', r.Id) WHERE r.IsDeleted = 0 AND COALESCE(r.UpdatedAt, '') <= @P1 AND (COALESCE(r.UpdatedAt, '') < @P1 OR r.Id < @P2) ORDER BY COALESCE(r.UpdatedAt, '') DESC, r.Id DESC LIMIT 51;
GO

