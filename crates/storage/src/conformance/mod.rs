//! The suite that any adapter must pass.
//!
//! Invariant: it knows the port alone. A case gets a fresh, empty store from the adapter and panics where the store does
//! otherwise than the port promises. Cases stand in files by what they are about; [`run_all`] runs each of them, and an
//! adapter may run them one by one to see which fails.

#![allow(clippy::unwrap_used, reason = "a suite says what is wrong by panicking")]

pub mod changes;
pub mod fresh_writer;
pub mod ordering;
pub mod reading;
pub mod recorded;
pub mod refusals;
pub mod sequential_model;
pub mod texts;
pub mod vault;

mod samples;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;

use crate::{event::Position, log::EventLog, vault::Vault};

/// Tells the present instant, fixed width.
pub type Clock = Arc<dyn Fn() -> String + Send + Sync>;

/// Makes stores for the suite.
#[async_trait]
pub trait Adapter: Send + Sync {
    /// A fresh, empty store, writing instants that `clock` tells.
    async fn fresh(&self, clock: Clock) -> Box<dyn Store>;
}

/// One store, for one case.
#[async_trait]
pub trait Store: Send + Sync {
    /// Its log.
    fn log(&self) -> Arc<dyn EventLog>;

    /// Its vault.
    fn vault(&self) -> Arc<dyn Vault>;

    /// Closes it and opens it again.
    async fn reopen(&mut self);

    /// Tries, with the store's own language, to change history; an error is what the suite wants.
    async fn tamper(&self, attempt: Tampering) -> Result<(), String>;
}

/// An attempt to change history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tampering {
    /// Changes the payload of an event.
    Update(Position),
    /// Deletes an event.
    Delete(Position),
    /// Replaces an event by another of the same position, where the store's language has a statement for that; otherwise
    /// as [`Self::Update`].
    Replace(Position),
}

/// A clock that the suite sets, in seconds of one hour.
#[derive(Debug, Clone)]
pub struct TestClock(Arc<AtomicU64>);

impl TestClock {
    /// A clock that stands at this second.
    #[must_use]
    pub fn at(second: u64) -> Self {
        Self(Arc::new(AtomicU64::new(second)))
    }

    /// Sets it, also back.
    pub fn set(&self, second: u64) {
        self.0.store(second, Ordering::SeqCst);
    }

    /// The instant of a second.
    #[must_use]
    pub fn instant(second: u64) -> String {
        format!("2026-11-22T16:{:02}:{:02}.000000Z", second / 60, second % 60)
    }

    /// The clock as a store takes it.
    #[must_use]
    pub fn clock(&self) -> Clock {
        let clock = self.clone();
        Arc::new(move || Self::instant(clock.0.load(Ordering::SeqCst)))
    }
}

/// A store with a clock that stands still.
pub(crate) async fn store(adapter: &dyn Adapter) -> Box<dyn Store> {
    adapter.fresh(TestClock::at(60).clock()).await
}

/// Runs every case.
///
/// # Panics
/// When the adapter does otherwise than the port promises.
pub async fn run_all(adapter: Arc<dyn Adapter>) {
    let each = &*adapter;
    ordering::positions_are_gapless_under_concurrent_writers(each).await;
    ordering::one_of_many_writers_of_a_stream_wins(each).await;
    ordering::a_reopened_log_continues(each).await;
    ordering::instants_of_recording_never_run_backwards(each).await;
    ordering::the_feed_delivers_each_event_once(each).await;
    ordering::a_laggard_reads_what_it_missed(each).await;
    ordering::a_closed_log_ends_subscriptions_and_refuses_appends(each).await;
    ordering::history_cannot_be_changed(each).await;
    ordering::a_sound_log_verifies(each).await;
    refusals::each_kind_is_told_and_leaves_no_trace(each).await;
    refusals::the_first_reason_is_told(each).await;
    refusals::malformed_appends_are_refused_alone(each).await;
    refusals::commands_are_carried_out_once(each).await;
    refusals::a_repeated_command_is_told_before_a_stale_version(each).await;
    refusals::commands_can_be_forgotten(each).await;
    changes::releases_come_before_scopes_and_takes(each).await;
    changes::an_empty_scope_is_judged_beside_a_take(each).await;
    changes::a_claim_changes_hands_within_a_batch(each).await;
    changes::two_appends_advance_one_stream_within_a_batch(each).await;
    changes::guards_hold_within_a_batch(each).await;
    changes::a_scope_never_holds_more_than_its_limit(each).await;
    fresh_writer::what_it_presumes_is_found_out(each).await;
    fresh_writer::guards_and_releases_are_read_first(each).await;
    changes::work_follows_its_last_change(each).await;
    reading::streams_are_read_in_pages(each).await;
    reading::the_log_is_read_in_pages(each).await;
    reading::workspaces_are_read_apart(each).await;
    reading::streams_and_claims_are_listed_in_order(each).await;
    reading::work_is_filtered(each).await;
    texts::hostile_texts_come_back_byte_for_byte(each).await;
    texts::names_are_compared_exactly(each).await;
    texts::large_events_harm_no_neighbour(each).await;
    texts::leaf_hashes_are_the_golden_ones(each).await;
    vault::destroyed_keys_never_come_back(each).await;
    vault::sessions_are_spent_once(each).await;
    vault::sessions_end_by_family_user_and_age(each).await;
    vault::sequences_have_no_gaps(each).await;
    sequential_model::batches_equal_sequential_execution(adapter.clone(), 48).await;
}
