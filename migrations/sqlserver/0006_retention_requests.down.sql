DROP TABLE es.RetentionRequests;
GO
