//! The `wfm` binary as the process tests start it: cargo builds it together with them, so it is never an old one.

use std::{process::ExitCode, sync::Arc};

use wfm_server::core::Surroundings;
use wfm_tests::freezing::{FREEZES_BEFORE, Freezing};

fn main() -> ExitCode {
    let mut surroundings = Surroundings::default();
    if let Ok(path) = std::env::var(FREEZES_BEFORE) {
        surroundings.around = Arc::new(move |connector| Arc::new(Freezing::before(path.clone(), connector)));
    }
    wfm_server::cli::run_in(wfm_server::cli::parse(), surroundings)
}
