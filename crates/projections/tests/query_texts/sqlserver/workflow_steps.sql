-- one row
SELECT r.Id, r.WorkflowId, r.Name, r.Description, r.[Order], r.ApiEndpointId, r.InputMapping, r.OutputMapping, r.ErrorHandling, r.IsOptional, r.TimeoutSeconds, r.RetryCount, r.RetryDelaySeconds, r.Condition, r.CreatedAt, r.UpdatedAt FROM WorkflowSteps r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND r.Id = @P1 AND p.WorkspaceId IN (SELECT value FROM OPENJSON(@P2) WITH (value INT '$')) ORDER BY r.Id OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY;
GO

-- the first page
SELECT r.Id, r.WorkflowId, r.Name, r.Description, r.[Order], r.ApiEndpointId, r.InputMapping, r.OutputMapping, r.ErrorHandling, r.IsOptional, r.TimeoutSeconds, r.RetryCount, r.RetryDelaySeconds, r.Condition, r.CreatedAt, r.UpdatedAt, r.[Order], r.Id FROM WorkflowSteps r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND p.WorkspaceId IN (SELECT value FROM OPENJSON(@P1) WITH (value INT '$')) ORDER BY r.[Order] ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- every filter
SELECT r.Id, r.WorkflowId, r.Name, r.Description, r.[Order], r.ApiEndpointId, r.InputMapping, r.OutputMapping, r.ErrorHandling, r.IsOptional, r.TimeoutSeconds, r.RetryCount, r.RetryDelaySeconds, r.Condition, r.CreatedAt, r.UpdatedAt, r.[Order], r.Id FROM WorkflowSteps r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND r.Id = @P1 AND r.WorkflowId = @P2 AND r.Name = @P3 AND r.Name = @P3 COLLATE Latin1_General_100_BIN2 AND DATALENGTH(r.Name) = DATALENGTH(@P3) AND r.[Order] = @P4 AND r.ApiEndpointId = @P5 AND r.IsOptional = @P6 AND r.TimeoutSeconds = @P7 AND r.RetryCount = @P8 AND r.RetryDelaySeconds = @P9 ORDER BY r.[Order] ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by id
SELECT r.Id, r.WorkflowId, r.Name, r.Description, r.[Order], r.ApiEndpointId, r.InputMapping, r.OutputMapping, r.ErrorHandling, r.IsOptional, r.TimeoutSeconds, r.RetryCount, r.RetryDelaySeconds, r.Condition, r.CreatedAt, r.UpdatedAt, r.Id, r.Id FROM WorkflowSteps r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND r.Id >= @P1 AND (r.Id > @P1 OR r.Id > @P2) ORDER BY r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -id
SELECT r.Id, r.WorkflowId, r.Name, r.Description, r.[Order], r.ApiEndpointId, r.InputMapping, r.OutputMapping, r.ErrorHandling, r.IsOptional, r.TimeoutSeconds, r.RetryCount, r.RetryDelaySeconds, r.Condition, r.CreatedAt, r.UpdatedAt, r.Id, r.Id FROM WorkflowSteps r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND r.Id <= @P1 AND (r.Id < @P1 OR r.Id < @P2) ORDER BY r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by workflowId
SELECT r.Id, r.WorkflowId, r.Name, r.Description, r.[Order], r.ApiEndpointId, r.InputMapping, r.OutputMapping, r.ErrorHandling, r.IsOptional, r.TimeoutSeconds, r.RetryCount, r.RetryDelaySeconds, r.Condition, r.CreatedAt, r.UpdatedAt, r.WorkflowId, r.Id FROM WorkflowSteps r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND r.WorkflowId >= @P1 AND (r.WorkflowId > @P1 OR r.Id > @P2) ORDER BY r.WorkflowId ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -workflowId
SELECT r.Id, r.WorkflowId, r.Name, r.Description, r.[Order], r.ApiEndpointId, r.InputMapping, r.OutputMapping, r.ErrorHandling, r.IsOptional, r.TimeoutSeconds, r.RetryCount, r.RetryDelaySeconds, r.Condition, r.CreatedAt, r.UpdatedAt, r.WorkflowId, r.Id FROM WorkflowSteps r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND r.WorkflowId <= @P1 AND (r.WorkflowId < @P1 OR r.Id < @P2) ORDER BY r.WorkflowId DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by name
SELECT r.Id, r.WorkflowId, r.Name, r.Description, r.[Order], r.ApiEndpointId, r.InputMapping, r.OutputMapping, r.ErrorHandling, r.IsOptional, r.TimeoutSeconds, r.RetryCount, r.RetryDelaySeconds, r.Condition, r.CreatedAt, r.UpdatedAt, r.Name COLLATE Latin1_General_100_BIN2, r.Id FROM WorkflowSteps r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND r.Name COLLATE Latin1_General_100_BIN2 >= @P1 AND (r.Name COLLATE Latin1_General_100_BIN2 > @P1 OR r.Id > @P2) ORDER BY r.Name COLLATE Latin1_General_100_BIN2 ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -name
SELECT r.Id, r.WorkflowId, r.Name, r.Description, r.[Order], r.ApiEndpointId, r.InputMapping, r.OutputMapping, r.ErrorHandling, r.IsOptional, r.TimeoutSeconds, r.RetryCount, r.RetryDelaySeconds, r.Condition, r.CreatedAt, r.UpdatedAt, r.Name COLLATE Latin1_General_100_BIN2, r.Id FROM WorkflowSteps r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND r.Name COLLATE Latin1_General_100_BIN2 <= @P1 AND (r.Name COLLATE Latin1_General_100_BIN2 < @P1 OR r.Id < @P2) ORDER BY r.Name COLLATE Latin1_General_100_BIN2 DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by order
SELECT r.Id, r.WorkflowId, r.Name, r.Description, r.[Order], r.ApiEndpointId, r.InputMapping, r.OutputMapping, r.ErrorHandling, r.IsOptional, r.TimeoutSeconds, r.RetryCount, r.RetryDelaySeconds, r.Condition, r.CreatedAt, r.UpdatedAt, r.[Order], r.Id FROM WorkflowSteps r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND r.[Order] >= @P1 AND (r.[Order] > @P1 OR r.Id > @P2) ORDER BY r.[Order] ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -order
SELECT r.Id, r.WorkflowId, r.Name, r.Description, r.[Order], r.ApiEndpointId, r.InputMapping, r.OutputMapping, r.ErrorHandling, r.IsOptional, r.TimeoutSeconds, r.RetryCount, r.RetryDelaySeconds, r.Condition, r.CreatedAt, r.UpdatedAt, r.[Order], r.Id FROM WorkflowSteps r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND r.[Order] <= @P1 AND (r.[Order] < @P1 OR r.Id < @P2) ORDER BY r.[Order] DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by apiEndpointId
SELECT r.Id, r.WorkflowId, r.Name, r.Description, r.[Order], r.ApiEndpointId, r.InputMapping, r.OutputMapping, r.ErrorHandling, r.IsOptional, r.TimeoutSeconds, r.RetryCount, r.RetryDelaySeconds, r.Condition, r.CreatedAt, r.UpdatedAt, r.ApiEndpointId, r.Id FROM WorkflowSteps r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND r.ApiEndpointId >= @P1 AND (r.ApiEndpointId > @P1 OR r.Id > @P2) ORDER BY r.ApiEndpointId ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -apiEndpointId
SELECT r.Id, r.WorkflowId, r.Name, r.Description, r.[Order], r.ApiEndpointId, r.InputMapping, r.OutputMapping, r.ErrorHandling, r.IsOptional, r.TimeoutSeconds, r.RetryCount, r.RetryDelaySeconds, r.Condition, r.CreatedAt, r.UpdatedAt, r.ApiEndpointId, r.Id FROM WorkflowSteps r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND r.ApiEndpointId <= @P1 AND (r.ApiEndpointId < @P1 OR r.Id < @P2) ORDER BY r.ApiEndpointId DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by isOptional
SELECT r.Id, r.WorkflowId, r.Name, r.Description, r.[Order], r.ApiEndpointId, r.InputMapping, r.OutputMapping, r.ErrorHandling, r.IsOptional, r.TimeoutSeconds, r.RetryCount, r.RetryDelaySeconds, r.Condition, r.CreatedAt, r.UpdatedAt, r.IsOptional, r.Id FROM WorkflowSteps r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND r.IsOptional >= @P1 AND (r.IsOptional > @P1 OR r.Id > @P2) ORDER BY r.IsOptional ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -isOptional
SELECT r.Id, r.WorkflowId, r.Name, r.Description, r.[Order], r.ApiEndpointId, r.InputMapping, r.OutputMapping, r.ErrorHandling, r.IsOptional, r.TimeoutSeconds, r.RetryCount, r.RetryDelaySeconds, r.Condition, r.CreatedAt, r.UpdatedAt, r.IsOptional, r.Id FROM WorkflowSteps r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND r.IsOptional <= @P1 AND (r.IsOptional < @P1 OR r.Id < @P2) ORDER BY r.IsOptional DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by timeoutSeconds
SELECT r.Id, r.WorkflowId, r.Name, r.Description, r.[Order], r.ApiEndpointId, r.InputMapping, r.OutputMapping, r.ErrorHandling, r.IsOptional, r.TimeoutSeconds, r.RetryCount, r.RetryDelaySeconds, r.Condition, r.CreatedAt, r.UpdatedAt, r.TimeoutSeconds, r.Id FROM WorkflowSteps r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND r.TimeoutSeconds >= @P1 AND (r.TimeoutSeconds > @P1 OR r.Id > @P2) ORDER BY r.TimeoutSeconds ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -timeoutSeconds
SELECT r.Id, r.WorkflowId, r.Name, r.Description, r.[Order], r.ApiEndpointId, r.InputMapping, r.OutputMapping, r.ErrorHandling, r.IsOptional, r.TimeoutSeconds, r.RetryCount, r.RetryDelaySeconds, r.Condition, r.CreatedAt, r.UpdatedAt, r.TimeoutSeconds, r.Id FROM WorkflowSteps r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND r.TimeoutSeconds <= @P1 AND (r.TimeoutSeconds < @P1 OR r.Id < @P2) ORDER BY r.TimeoutSeconds DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by retryCount
SELECT r.Id, r.WorkflowId, r.Name, r.Description, r.[Order], r.ApiEndpointId, r.InputMapping, r.OutputMapping, r.ErrorHandling, r.IsOptional, r.TimeoutSeconds, r.RetryCount, r.RetryDelaySeconds, r.Condition, r.CreatedAt, r.UpdatedAt, r.RetryCount, r.Id FROM WorkflowSteps r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND r.RetryCount >= @P1 AND (r.RetryCount > @P1 OR r.Id > @P2) ORDER BY r.RetryCount ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -retryCount
SELECT r.Id, r.WorkflowId, r.Name, r.Description, r.[Order], r.ApiEndpointId, r.InputMapping, r.OutputMapping, r.ErrorHandling, r.IsOptional, r.TimeoutSeconds, r.RetryCount, r.RetryDelaySeconds, r.Condition, r.CreatedAt, r.UpdatedAt, r.RetryCount, r.Id FROM WorkflowSteps r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND r.RetryCount <= @P1 AND (r.RetryCount < @P1 OR r.Id < @P2) ORDER BY r.RetryCount DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by retryDelaySeconds
SELECT r.Id, r.WorkflowId, r.Name, r.Description, r.[Order], r.ApiEndpointId, r.InputMapping, r.OutputMapping, r.ErrorHandling, r.IsOptional, r.TimeoutSeconds, r.RetryCount, r.RetryDelaySeconds, r.Condition, r.CreatedAt, r.UpdatedAt, r.RetryDelaySeconds, r.Id FROM WorkflowSteps r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND r.RetryDelaySeconds >= @P1 AND (r.RetryDelaySeconds > @P1 OR r.Id > @P2) ORDER BY r.RetryDelaySeconds ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -retryDelaySeconds
SELECT r.Id, r.WorkflowId, r.Name, r.Description, r.[Order], r.ApiEndpointId, r.InputMapping, r.OutputMapping, r.ErrorHandling, r.IsOptional, r.TimeoutSeconds, r.RetryCount, r.RetryDelaySeconds, r.Condition, r.CreatedAt, r.UpdatedAt, r.RetryDelaySeconds, r.Id FROM WorkflowSteps r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND r.RetryDelaySeconds <= @P1 AND (r.RetryDelaySeconds < @P1 OR r.Id < @P2) ORDER BY r.RetryDelaySeconds DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by createdAt
SELECT r.Id, r.WorkflowId, r.Name, r.Description, r.[Order], r.ApiEndpointId, r.InputMapping, r.OutputMapping, r.ErrorHandling, r.IsOptional, r.TimeoutSeconds, r.RetryCount, r.RetryDelaySeconds, r.Condition, r.CreatedAt, r.UpdatedAt, r.CreatedAt, r.Id FROM WorkflowSteps r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND r.CreatedAt >= @P1 AND (r.CreatedAt > @P1 OR r.Id > @P2) ORDER BY r.CreatedAt ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -createdAt
SELECT r.Id, r.WorkflowId, r.Name, r.Description, r.[Order], r.ApiEndpointId, r.InputMapping, r.OutputMapping, r.ErrorHandling, r.IsOptional, r.TimeoutSeconds, r.RetryCount, r.RetryDelaySeconds, r.Condition, r.CreatedAt, r.UpdatedAt, r.CreatedAt, r.Id FROM WorkflowSteps r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND r.CreatedAt <= @P1 AND (r.CreatedAt < @P1 OR r.Id < @P2) ORDER BY r.CreatedAt DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by updatedAt
SELECT r.Id, r.WorkflowId, r.Name, r.Description, r.[Order], r.ApiEndpointId, r.InputMapping, r.OutputMapping, r.ErrorHandling, r.IsOptional, r.TimeoutSeconds, r.RetryCount, r.RetryDelaySeconds, r.Condition, r.CreatedAt, r.UpdatedAt, COALESCE(r.UpdatedAt, ''), r.Id FROM WorkflowSteps r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND COALESCE(r.UpdatedAt, '') >= @P1 AND (COALESCE(r.UpdatedAt, '') > @P1 OR r.Id > @P2) ORDER BY COALESCE(r.UpdatedAt, '') ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -updatedAt
SELECT r.Id, r.WorkflowId, r.Name, r.Description, r.[Order], r.ApiEndpointId, r.InputMapping, r.OutputMapping, r.ErrorHandling, r.IsOptional, r.TimeoutSeconds, r.RetryCount, r.RetryDelaySeconds, r.Condition, r.CreatedAt, r.UpdatedAt, COALESCE(r.UpdatedAt, ''), r.Id FROM WorkflowSteps r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId WHERE w.IsDeleted = 0 AND COALESCE(r.UpdatedAt, '') <= @P1 AND (COALESCE(r.UpdatedAt, '') < @P1 OR r.Id < @P2) ORDER BY COALESCE(r.UpdatedAt, '') DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

