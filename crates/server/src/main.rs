//! The `wfm` binary.

use std::process::ExitCode;

use clap::Parser;
use wfm_server::cli::Cli;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    wfm_server::cli::run(Cli::parse())
}
