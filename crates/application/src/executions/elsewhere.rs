//! What other nodes did to runs that this node drives or that somebody here waits for.

use wfm_domain::ids::ExecutionId;
use wfm_storage::event::StoredEvent;

use super::runs::Runs;

/// The run that ends with this event, if one does.
pub(crate) fn ended_by(event: &StoredEvent) -> Option<ExecutionId> {
    matches!(
        &*event.event_type,
        "ExecutionCompleted" | "ExecutionFailed" | "ExecutionCancelled"
    )
    .then(|| ExecutionId::of_stream(event.stream.as_str()))
    .flatten()
}

/// The run of whose driver something is asked with this event, if it is so.
fn asked_by(event: &StoredEvent) -> Option<ExecutionId> {
    matches!(
        &*event.event_type,
        "ExecutionPaused" | "ExecutionResumed" | "SignalReceived"
    )
    .then(|| ExecutionId::of_stream(event.stream.as_str()))
    .flatten()
}

impl Runs {
    /// Tells waiters, and the driver, of runs that ended on another node, and the driver of what others asked of its run. A
    /// run that cannot be read is waited for in vain: its waiters time out and ask again.
    pub async fn observe(&self, events: &[StoredEvent]) {
        for event in events {
            if let Some(id) = asked_by(event)
                && self.registry().knows(&id)
            {
                self.registry().poke(&id);
            }
            let Some(id) = ended_by(event).filter(|id| self.registry().knows(id)) else {
                continue;
            };
            match self.restore(&id).await {
                Ok(Some(live)) => {
                    if let Some(ended) = live.ending(event.position) {
                        self.finished(&live, &ended);
                    }
                }
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, %id, "the end of a run cannot be read"),
            }
        }
    }
}
