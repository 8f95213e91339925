//! Builds the rows anew in a shadow: to replace those that differ, or to prove that none does.
//!
//! Two tasks share the work: one reads, opens and projects the next page while the other writes the last one. The serving
//! rows move on meanwhile; only at the very end does the projection stand still, at one position, for the difference.

use std::sync::{Arc, atomic::Ordering};

use tokio::sync::mpsc;
use wfm_storage::{
    append::StorageError,
    event::{Position, StoredEvent},
    read_store::{ReadStore, TableDifference},
};

use super::{
    apply::{Applier, Decoded, ProjectionError},
    runner::Shared,
};

/// Pages in flight between the two tasks.
const PAGES_AHEAD: usize = 2;

/// So close to the serving rows the projection is held for the rest. Next to nothing in tests, whose logs are short: what is
/// loaded unchecked is what they are about.
const CLOSE: u64 = if cfg!(test) { 4 } else { 2048 };

/// How often a comparison is tried while another node projects.
const TRIES: usize = 20;

const NO_REST: &str = "another node moves the read models on all the time; try again when there is less to do";

/// How far a rebuild is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RebuildProgress {
    /// Position up to which the shadow is.
    pub position: u64,
    /// Position it is going to.
    pub target: u64,
}

/// Told about progress.
type Report<'a> = &'a (dyn Fn(RebuildProgress) + Send + Sync);

/// Whether the rows were built from another log, or from one that differs where they stand.
pub(super) async fn is_of_another_log(shared: &Shared) -> Result<bool, StorageError> {
    let Some(checkpoint) = shared.applier.lock().await.checkpoint.clone() else {
        return Ok(false);
    };
    // Read after the checkpoint, which another node may have moved past any earlier head.
    let head = shared.log.head().await?;
    if checkpoint.log_id != head.log_id || checkpoint.position > head.position {
        return Ok(true);
    }
    let Some(before) = checkpoint.position.0.checked_sub(1) else {
        return Ok(false);
    };
    let event = shared.log.read_log(Position(before), 1).await?.pop();
    Ok(event.is_none_or(|event| hex::encode(event.leaf_hash) != *checkpoint.leaf_hash))
}

/// Applies the log's events up to `target` to what `applier` writes.
pub(super) async fn fill(
    shared: &Shared,
    applier: &mut Applier,
    target: Position,
    report: Report<'_>,
) -> Result<(), ProjectionError> {
    let (pages, mut decoded) = mpsc::channel::<Result<(Vec<StoredEvent>, Decoded), StorageError>>(PAGES_AHEAD);
    let (log, opener) = (Arc::clone(&shared.log), Arc::clone(&shared.opener));
    let mut after = applier.position();
    let page_events = applier.page_events();
    let reading = tokio::spawn(async move {
        while after < target {
            let limit = u32::try_from(target.0 - after.0)
                .unwrap_or(page_events)
                .min(page_events);
            let page = async {
                let events = log.read_log(after, limit).await?;
                let decoded = Applier::decode_ahead(opener.as_ref(), &events).await?;
                Ok((events, decoded))
            };
            let page = page.await;
            let last = page
                .as_ref()
                .ok()
                .and_then(|(events, _)| events.last())
                .map(|event| event.position);
            // The other side is gone, or the log ends before its head: a hole, which reading reports.
            if pages.send(page).await.is_err() || last.is_none() {
                return;
            }
            after = last.unwrap_or(target);
        }
    });
    let outcome = async {
        while let Some(page) = decoded.recv().await {
            let (events, decoded) = page?;
            applier.apply(&events, Some(decoded)).await?;
            report(RebuildProgress {
                position: applier.position().0,
                target: target.0,
            });
        }
        Ok(())
    };
    let outcome = outcome.await;
    drop(decoded);
    if let Err(error) = reading.await {
        return Err(StorageError::Other(format!("reading the log ended in disorder: {error}")).into());
    }
    outcome
}

/// Marks that a rebuild is under way, until dropped.
struct Underway<'a>(&'a Shared);

impl<'a> Underway<'a> {
    fn begin(shared: &'a Shared) -> Result<Self, ProjectionError> {
        if shared.rebuilding.swap(true, Ordering::AcqRel) {
            Err(ProjectionError::Busy)
        } else {
            Ok(Self(shared))
        }
    }
}

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        self.0.rebuilding.store(false, Ordering::Release);
    }
}

/// See [`super::Projection::rebuild`].
pub(super) async fn rebuild(shared: &Shared, report: Report<'_>) -> Result<Vec<TableDifference>, ProjectionError> {
    let _underway = Underway::begin(shared)?;
    let (shadow, mut shadow_applier) = filled_shadow(shared, report).await?;
    let mut applier = shared.applier.lock().await;
    for _ in 0..TRIES {
        match replace(shared, &shadow, &mut shadow_applier, &applier, report).await {
            // Another node projected meanwhile.
            Err(ProjectionError::Moved(_)) => applier.reload().await?,
            outcome => {
                applier.reload().await?;
                shared.publish(&applier);
                return outcome;
            }
        }
    }
    Err(StorageError::Unavailable(NO_REST.into()).into())
}

/// Brings the shadow to where the serving rows stand and replaces what differs.
async fn replace(
    shared: &Shared,
    shadow: &Arc<dyn ReadStore>,
    shadow_applier: &mut Applier,
    applier: &Applier,
    report: Report<'_>,
) -> Result<Vec<TableDifference>, ProjectionError> {
    let head = shared.log.head().await?;
    // Rows of another log have no position that this log knows; they are replaced by what the log has now.
    let target = match &applier.checkpoint {
        Some(checkpoint) if checkpoint.log_id == head.log_id && checkpoint.position >= shadow_applier.position() => {
            checkpoint.position.min(head.position)
        }
        Some(_) | None => head.position,
    };
    fill(shared, shadow_applier, target, report).await?;
    if shadow_applier.checkpoint.is_none() {
        if applier.checkpoint.is_none() {
            return Ok(Vec::new());
        }
        // A log without events leaves no rows of the one that was there before.
        shadow_applier.begin_log().await?;
    }
    Ok(shared.store.adopt(shadow, applier.checkpoint.as_ref()).await?)
}

/// See [`super::Projection::verify`].
pub(super) async fn verify(shared: &Shared, report: Report<'_>) -> Result<Vec<TableDifference>, ProjectionError> {
    let _underway = Underway::begin(shared)?;
    let (shadow, mut shadow_applier) = filled_shadow(shared, report).await?;
    let mut applier = shared.applier.lock().await;
    for _ in 0..TRIES {
        applier.reload().await?;
        fill(shared, &mut shadow_applier, applier.position(), report).await?;
        let differences = shared.store.compare(&shadow).await?;
        // Rows that another node moved on meanwhile differ for no bad reason.
        if shared.store.checkpoint().await? == applier.checkpoint {
            return Ok(differences);
        }
    }
    Err(StorageError::Unavailable(NO_REST.into()).into())
}

/// A shadow close behind the serving rows. It is loaded without checks first; what these would have found in an event is found
/// at the end, and then all is done again with each event checked, so that the culprits are parked as those of the serving
/// rows are.
async fn filled_shadow(shared: &Shared, report: Report<'_>) -> Result<(Arc<dyn ReadStore>, Applier), ProjectionError> {
    match loaded_shadow(shared, report).await {
        Err(ProjectionError::Refused(reason)) => {
            tracing::warn!(%reason, "the rows do not take every event; they are built once more, event by event");
            let (shadow, mut applier) = empty_shadow(shared).await?;
            applier.end_loading().await?;
            follow(shared, &mut applier, report).await?;
            Ok((shadow, applier))
        }
        outcome => outcome,
    }
}

async fn loaded_shadow(shared: &Shared, report: Report<'_>) -> Result<(Arc<dyn ReadStore>, Applier), ProjectionError> {
    let (shadow, mut applier) = empty_shadow(shared).await?;
    follow(shared, &mut applier, report).await?;
    applier.end_loading().await?;
    Ok((shadow, applier))
}

/// A shadow that is being loaded.
async fn empty_shadow(shared: &Shared) -> Result<(Arc<dyn ReadStore>, Applier), ProjectionError> {
    let shadow = shared.store.shadow().await?;
    let head = shared.log.head().await?;
    let (opener, now) = (Arc::clone(&shared.opener), Arc::clone(&shared.now));
    let mut applier = Applier::open(Arc::clone(&shadow), opener, now, &head).await?;
    applier.loading = true;
    Ok((shadow, applier))
}

/// Fills a shadow until it is close behind the serving rows, without ever passing them.
async fn follow(shared: &Shared, shadow: &mut Applier, report: Report<'_>) -> Result<(), ProjectionError> {
    loop {
        // Rows of another log may be where this one has nothing yet.
        let target = shared.waiters.reached().min(shared.log.head().await?.position);
        if target.0.saturating_sub(shadow.position().0) <= CLOSE {
            return Ok(());
        }
        fill(shared, shadow, target, report).await?;
    }
}
