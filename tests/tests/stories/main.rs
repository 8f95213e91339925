//! End-to-end stories: a running server, real HTTP on both sides, the files on disk.

#![allow(missing_docs)]
#![allow(clippy::unwrap_used, reason = "everything here is a test")]

mod approving;
mod architecture;
mod asking;
mod bulk;
mod callbacks;
mod compensating;
mod connecting;
mod definitions;
mod dying;
mod failing;
mod filling;
mod folder;
mod hostile;
mod killing;
mod limits;
mod nodes;
mod pair;
mod publishing;
mod queueing;
mod rehearsing;
mod repairing;
mod retention;
mod rules;
mod running;
mod schedules;
mod secrets;
mod sessions;
mod sharing;
mod soap;
mod takeover;
mod tour;
mod transfer;
mod webhooks;

use std::path::Path;

/// The server under test, over a folder.
fn settings(folder: &Path) -> wfm_tests::Settings {
    wfm_tests::Settings::new(env!("CARGO_BIN_EXE_wfm-under-test"), folder)
}

/// The server under test, over a place.
fn settings_at(place: &wfm_tests::Place) -> wfm_tests::Settings {
    wfm_tests::Settings::at(env!("CARGO_BIN_EXE_wfm-under-test"), place)
}

/// Numbers that look random and are the same in every run.
struct Random(u64);

impl Random {
    /// A number from 0 to `limit` - 1.
    fn below(&mut self, limit: usize) -> usize {
        // xorshift64
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}
