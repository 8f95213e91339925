-- A folder has one process, held by its lock: leases of nodes were never written.
DROP TABLE Nodes;
