-- one row
SELECT r.Id, r.UserId, r.Outcome, r.Reason, r.OccurredAt FROM AccessLog r WHERE 1 = 1 AND r.Id = @P1 ORDER BY r.Id OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY;
GO

-- the first page
SELECT r.Id, r.UserId, r.Outcome, r.Reason, r.OccurredAt, r.Id, r.Id FROM AccessLog r WHERE 1 = 1 ORDER BY r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- every filter
SELECT r.Id, r.UserId, r.Outcome, r.Reason, r.OccurredAt, r.Id, r.Id FROM AccessLog r WHERE 1 = 1 AND r.Id = @P1 AND r.UserId = @P2 AND r.Outcome = @P3 AND r.Outcome = @P3 COLLATE Latin1_General_100_BIN2 AND DATALENGTH(r.Outcome) = DATALENGTH(@P3) AND r.Reason = @P4 AND r.Reason = @P4 COLLATE Latin1_General_100_BIN2 AND DATALENGTH(r.Reason) = DATALENGTH(@P4) AND r.OccurredAt >= @P5 AND r.OccurredAt < @P6 ORDER BY r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by id
SELECT r.Id, r.UserId, r.Outcome, r.Reason, r.OccurredAt, r.Id, r.Id FROM AccessLog r WHERE 1 = 1 AND r.Id >= @P1 AND (r.Id > @P1 OR r.Id > @P2) ORDER BY r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -id
SELECT r.Id, r.UserId, r.Outcome, r.Reason, r.OccurredAt, r.Id, r.Id FROM AccessLog r WHERE 1 = 1 AND r.Id <= @P1 AND (r.Id < @P1 OR r.Id < @P2) ORDER BY r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by occurredAt
SELECT r.Id, r.UserId, r.Outcome, r.Reason, r.OccurredAt, r.OccurredAt, r.Id FROM AccessLog r WHERE 1 = 1 AND r.OccurredAt >= @P1 AND (r.OccurredAt > @P1 OR r.Id > @P2) ORDER BY r.OccurredAt ASC, r.Id ASC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

-- a later page by -occurredAt
SELECT r.Id, r.UserId, r.Outcome, r.Reason, r.OccurredAt, r.OccurredAt, r.Id FROM AccessLog r WHERE 1 = 1 AND r.OccurredAt <= @P1 AND (r.OccurredAt < @P1 OR r.Id < @P2) ORDER BY r.OccurredAt DESC, r.Id DESC OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;
GO

