-- Removes the event log and all that belongs to it.
DROP TABLE DataKeys;
DROP TABLE Sessions;
DROP TABLE Sequences;
DROP TABLE Nodes;
DROP TABLE Work;
DROP TABLE Commands;
DROP TABLE Claims;
DROP TABLE Events;
DROP TABLE Streams;
DROP TABLE Head;
