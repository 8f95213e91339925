//! The suite that the read store of any adapter must pass, with the product's own tables and queries.
//!
//! Invariant: it knows the port alone, and SQL that every database takes. A case gets a fresh, empty store from the adapter and
//! panics where the store does otherwise than the port promises. [`run_all`] runs each case; an adapter may run them one by one
//! to see which fails.

#![allow(clippy::unwrap_used, reason = "a suite says what is wrong by panicking")]

pub mod exactness;
pub mod lists;
pub mod shadows;
pub mod writing;

mod samples;

use std::sync::Arc;

use async_trait::async_trait;
use wfm_storage::read_store::ReadStore;

/// Makes read stores for the suite.
#[async_trait]
pub trait Adapter: Send + Sync {
    /// A fresh store, in which nothing was ever projected.
    async fn fresh(&self) -> Box<dyn Store>;
}

/// One read store, for one case.
#[async_trait]
pub trait Store: Send + Sync {
    /// The store.
    fn reads(&self) -> Arc<dyn ReadStore>;

    /// Lets go of it and opens it again, as the next process would.
    async fn reopen(&mut self);

    /// Executes a statement over another connection, as somebody with database rights would.
    async fn by_hand(&self, statement: &str) -> Result<(), String>;
}

/// Runs every case.
///
/// # Panics
/// When the adapter does otherwise than the port promises.
pub async fn run_all(adapter: &dyn Adapter) {
    writing::the_checkpoint_moves_only_from_where_it_is_expected(adapter).await;
    writing::one_of_many_writers_wins(adapter).await;
    writing::a_refused_batch_leaves_nothing_and_the_next_one_goes_through(adapter).await;
    writing::what_was_applied_is_there_after_reopening(adapter).await;
    writing::rows_travel_in_batches_of_every_size(adapter).await;
    writing::changes_by_condition_find_their_rows(adapter).await;
    writing::a_batch_has_any_number_of_barriers(adapter).await;
    writing::a_put_replaces_or_adds(adapter).await;
    writing::a_log_row_keeps_its_step_while_the_table_has_it(adapter).await;
    writing::what_belongs_to_purged_runs_goes(adapter).await;
    writing::parked_events_come_and_go_with_the_batch(adapter).await;
    writing::the_audit_trigger_touches_hand_made_changes_only(adapter).await;
    writing::constraints_hold_against_everybody(adapter).await;
    exactness::every_column_returns_what_was_written(adapter).await;
    exactness::hostile_texts_come_back(adapter).await;
    exactness::addresses_are_distinct_where_the_log_says_so(adapter).await;
    exactness::texts_are_found_and_ordered_by_their_codes(adapter).await;
    lists::every_resource_lists_sorts_filters_and_hides(adapter).await;
    lists::workflow_metrics_count_second_boundaries_and_cut_their_average(adapter).await;
    shadows::adopting_makes_every_table_equal(adapter).await;
    shadows::adopting_finds_its_way_through_keys_and_unique_columns(adapter).await;
    shadows::adopting_takes_the_checkpoint_and_the_parked_events(adapter).await;
    shadows::differences_are_exact(adapter).await;
    shadows::loading_leaves_the_rows_that_writing_leaves(adapter).await;
    shadows::what_is_loaded_keeps_foreign_keys(adapter).await;
    shadows::a_shadow_grows_while_the_other_serves(adapter).await;
}
