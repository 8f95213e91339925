//! End-to-end stories: a running server, real HTTP on both sides, the files on disk.

#![allow(missing_docs)]

mod failing;
mod queueing;
mod running;
