//! The `wfm` binary as the process tests start it: cargo builds it together with them, so it is never an old one.

use std::process::ExitCode;

fn main() -> ExitCode {
    wfm_server::cli::run(wfm_server::cli::parse())
}
