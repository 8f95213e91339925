-- one row
SELECT r.Id, r.WorkflowId, r.RequestedByUserId, r.ApproverUserId, r.Status, r.ApprovalType, r.RequestReason, r.ApprovalComments, r.RequestedAt, r.ApprovedAt, r.Metadata, v.Version FROM WorkflowApprovals r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('approval-', r.Id) WHERE 1 = 1 AND r.Id = @P1 AND p.WorkspaceId IN (SELECT value FROM OPENJSON(@P2) WITH (value INT '$')) ORDER BY r.Id OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY;
GO

-- the first page
SELECT r.Id, r.WorkflowId, r.RequestedByUserId, r.ApproverUserId, r.Status, r.ApprovalType, r.RequestReason, r.ApprovalComments, r.RequestedAt, r.ApprovedAt, r.Metadata, v.Version, r.Id, r.Id FROM WorkflowApprovals r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('approval-', r.Id) WHERE 1 = 1 AND p.WorkspaceId IN (SELECT value FROM OPENJSON(@P1) WITH (value INT '$')) ORDER BY r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- every filter
SELECT r.Id, r.WorkflowId, r.RequestedByUserId, r.ApproverUserId, r.Status, r.ApprovalType, r.RequestReason, r.ApprovalComments, r.RequestedAt, r.ApprovedAt, r.Metadata, v.Version, r.Id, r.Id FROM WorkflowApprovals r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('approval-', r.Id) WHERE 1 = 1 AND r.Id = @P1 AND r.WorkflowId = @P2 AND r.RequestedByUserId = @P3 AND r.ApproverUserId = @P4 AND r.Status = @P5 AND r.ApprovalType = @P6 AND r.ApprovalType = @P6 COLLATE Latin1_General_100_BIN2 AND DATALENGTH(r.ApprovalType) = DATALENGTH(@P6) AND r.RequestedAt = @P7 ORDER BY r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by id
SELECT r.Id, r.WorkflowId, r.RequestedByUserId, r.ApproverUserId, r.Status, r.ApprovalType, r.RequestReason, r.ApprovalComments, r.RequestedAt, r.ApprovedAt, r.Metadata, v.Version, r.Id, r.Id FROM WorkflowApprovals r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('approval-', r.Id) WHERE 1 = 1 AND r.Id >= @P1 AND (r.Id > @P1 OR r.Id > @P2) ORDER BY r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -id
SELECT r.Id, r.WorkflowId, r.RequestedByUserId, r.ApproverUserId, r.Status, r.ApprovalType, r.RequestReason, r.ApprovalComments, r.RequestedAt, r.ApprovedAt, r.Metadata, v.Version, r.Id, r.Id FROM WorkflowApprovals r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('approval-', r.Id) WHERE 1 = 1 AND r.Id <= @P1 AND (r.Id < @P1 OR r.Id < @P2) ORDER BY r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by workflowId
SELECT r.Id, r.WorkflowId, r.RequestedByUserId, r.ApproverUserId, r.Status, r.ApprovalType, r.RequestReason, r.ApprovalComments, r.RequestedAt, r.ApprovedAt, r.Metadata, v.Version, r.WorkflowId, r.Id FROM WorkflowApprovals r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('approval-', r.Id) WHERE 1 = 1 AND r.WorkflowId >= @P1 AND (r.WorkflowId > @P1 OR r.Id > @P2) ORDER BY r.WorkflowId ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -workflowId
SELECT r.Id, r.WorkflowId, r.RequestedByUserId, r.ApproverUserId, r.Status, r.ApprovalType, r.RequestReason, r.ApprovalComments, r.RequestedAt, r.ApprovedAt, r.Metadata, v.Version, r.WorkflowId, r.Id FROM WorkflowApprovals r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('approval-', r.Id) WHERE 1 = 1 AND r.WorkflowId <= @P1 AND (r.WorkflowId < @P1 OR r.Id < @P2) ORDER BY r.WorkflowId DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by status
SELECT r.Id, r.WorkflowId, r.RequestedByUserId, r.ApproverUserId, r.Status, r.ApprovalType, r.RequestReason, r.ApprovalComments, r.RequestedAt, r.ApprovedAt, r.Metadata, v.Version, r.Status, r.Id FROM WorkflowApprovals r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('approval-', r.Id) WHERE 1 = 1 AND r.Status >= @P1 AND (r.Status > @P1 OR r.Id > @P2) ORDER BY r.Status ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -status
SELECT r.Id, r.WorkflowId, r.RequestedByUserId, r.ApproverUserId, r.Status, r.ApprovalType, r.RequestReason, r.ApprovalComments, r.RequestedAt, r.ApprovedAt, r.Metadata, v.Version, r.Status, r.Id FROM WorkflowApprovals r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('approval-', r.Id) WHERE 1 = 1 AND r.Status <= @P1 AND (r.Status < @P1 OR r.Id < @P2) ORDER BY r.Status DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by approvalType
SELECT r.Id, r.WorkflowId, r.RequestedByUserId, r.ApproverUserId, r.Status, r.ApprovalType, r.RequestReason, r.ApprovalComments, r.RequestedAt, r.ApprovedAt, r.Metadata, v.Version, r.ApprovalType COLLATE Latin1_General_100_BIN2, r.Id FROM WorkflowApprovals r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('approval-', r.Id) WHERE 1 = 1 AND r.ApprovalType COLLATE Latin1_General_100_BIN2 >= @P1 AND (r.ApprovalType COLLATE Latin1_General_100_BIN2 > @P1 OR r.Id > @P2) ORDER BY r.ApprovalType COLLATE Latin1_General_100_BIN2 ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -approvalType
SELECT r.Id, r.WorkflowId, r.RequestedByUserId, r.ApproverUserId, r.Status, r.ApprovalType, r.RequestReason, r.ApprovalComments, r.RequestedAt, r.ApprovedAt, r.Metadata, v.Version, r.ApprovalType COLLATE Latin1_General_100_BIN2, r.Id FROM WorkflowApprovals r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('approval-', r.Id) WHERE 1 = 1 AND r.ApprovalType COLLATE Latin1_General_100_BIN2 <= @P1 AND (r.ApprovalType COLLATE Latin1_General_100_BIN2 < @P1 OR r.Id < @P2) ORDER BY r.ApprovalType COLLATE Latin1_General_100_BIN2 DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by requestedAt
SELECT r.Id, r.WorkflowId, r.RequestedByUserId, r.ApproverUserId, r.Status, r.ApprovalType, r.RequestReason, r.ApprovalComments, r.RequestedAt, r.ApprovedAt, r.Metadata, v.Version, r.RequestedAt, r.Id FROM WorkflowApprovals r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('approval-', r.Id) WHERE 1 = 1 AND r.RequestedAt >= @P1 AND (r.RequestedAt > @P1 OR r.Id > @P2) ORDER BY r.RequestedAt ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -requestedAt
SELECT r.Id, r.WorkflowId, r.RequestedByUserId, r.ApproverUserId, r.Status, r.ApprovalType, r.RequestReason, r.ApprovalComments, r.RequestedAt, r.ApprovedAt, r.Metadata, v.Version, r.RequestedAt, r.Id FROM WorkflowApprovals r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('approval-', r.Id) WHERE 1 = 1 AND r.RequestedAt <= @P1 AND (r.RequestedAt < @P1 OR r.Id < @P2) ORDER BY r.RequestedAt DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by approvedAt
SELECT r.Id, r.WorkflowId, r.RequestedByUserId, r.ApproverUserId, r.Status, r.ApprovalType, r.RequestReason, r.ApprovalComments, r.RequestedAt, r.ApprovedAt, r.Metadata, v.Version, COALESCE(r.ApprovedAt, ''), r.Id FROM WorkflowApprovals r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('approval-', r.Id) WHERE 1 = 1 AND COALESCE(r.ApprovedAt, '') >= @P1 AND (COALESCE(r.ApprovedAt, '') > @P1 OR r.Id > @P2) ORDER BY COALESCE(r.ApprovedAt, '') ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -approvedAt
SELECT r.Id, r.WorkflowId, r.RequestedByUserId, r.ApproverUserId, r.Status, r.ApprovalType, r.RequestReason, r.ApprovalComments, r.RequestedAt, r.ApprovedAt, r.Metadata, v.Version, COALESCE(r.ApprovedAt, ''), r.Id FROM WorkflowApprovals r INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('approval-', r.Id) WHERE 1 = 1 AND COALESCE(r.ApprovedAt, '') <= @P1 AND (COALESCE(r.ApprovedAt, '') < @P1 OR r.Id < @P2) ORDER BY COALESCE(r.ApprovedAt, '') DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

