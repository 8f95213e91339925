//! What other nodes did to runs that this node drives or that somebody here waits for.

use wfm_domain::ids::ExecutionId;
use wfm_storage::event::StoredEvent;

use super::runs::Runs;

/// Streams of runs are named so, followed by the run's id.
const PREFIX: &str = "execution-";

impl Runs {
    /// Tells waiters, and the driver, of runs that ended on another node, and the driver of what others asked of its run. A run that cannot be read is waited for in vain:
    /// its waiters time out and ask again.
    pub async fn observe(&self, events: &[StoredEvent]) {
        for event in events {
            let Some(id) = event.stream.as_str().strip_prefix(PREFIX) else {
                continue;
            };
            let (ends, concerns_driver) = match &*event.event_type {
                "ExecutionCompleted" | "ExecutionFailed" | "ExecutionCancelled" => (true, true),
                "ExecutionPaused" | "ExecutionResumed" | "SignalReceived" => (false, true),
                _ => (false, false),
            };
            if !concerns_driver {
                continue;
            }
            let id = ExecutionId(id.to_owned());
            if !self.registry().knows(&id) {
                continue;
            }
            if !ends {
                self.registry().poke(&id);
                continue;
            }
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
