//! The `wfm` binary.
fn main() {}
