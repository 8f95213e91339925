//! The gates of a node, by endpoint and target.
//!
//! Invariant: memory is bounded: when there are too many gates, those that nobody has used for longest go.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use parking_lot::Mutex;
use wfm_application::executions::{
    gates::{self, Gates, TurnedAway},
    target::ApiEndpointId,
};

use super::gate::{Gate, Verdict};

/// Gates that are kept.
const KEPT: usize = 4096;

/// An endpoint and one target that its URL led to.
type Key = (ApiEndpointId, Box<str>);

/// The gates of a node.
#[derive(Default)]
pub struct GateRegistry {
    gates: Mutex<HashMap<Key, Arc<Gate>>>,
    by_circuit: AtomicU64,
    by_limit: AtomicU64,
}

/// Targets may come from secret variables: they are not shown.
impl std::fmt::Debug for GateRegistry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("GateRegistry")
            .field("gates", &self.gates.lock().len())
            .finish()
    }
}

impl GateRegistry {
    /// The gate before a target of an endpoint.
    pub(super) fn gate(&self, endpoint: ApiEndpointId, origin: &str) -> Arc<Gate> {
        let mut gates = self.gates.lock();
        let key = (endpoint, Box::from(origin));
        if let Some(gate) = gates.get(&key) {
            return Arc::clone(gate);
        }
        if gates.len() >= KEPT {
            make_room(&mut gates);
        }
        let gate = Arc::<Gate>::default();
        gates.insert(key, Arc::clone(&gate));
        gate
    }

    pub(super) fn count(&self, verdict: &Verdict) {
        let counter = match verdict {
            Verdict::CircuitOpen => &self.by_circuit,
            Verdict::NoTurn => &self.by_limit,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// Drops a quarter of the gates: those that have been idle for longest.
fn make_room(gates: &mut HashMap<Key, Arc<Gate>>) {
    let mut idle: Vec<_> = gates
        .iter()
        .filter(|(_, gate)| Arc::strong_count(gate) == 1)
        .map(|(key, gate)| (gate.look().used_at, key.clone()))
        .collect();
    idle.sort_unstable_by_key(|(used_at, _)| *used_at);
    for (_, key) in idle.into_iter().take(KEPT / 4) {
        gates.remove(&key);
    }
}

impl Gates for GateRegistry {
    fn gates(&self) -> Vec<gates::Gate> {
        let mut by_endpoint: BTreeMap<i64, gates::Gate> = BTreeMap::new();
        for ((endpoint, _), gate) in self.gates.lock().iter() {
            let look = gate.look();
            let seen = by_endpoint.entry(endpoint.0).or_insert(gates::Gate {
                endpoint: *endpoint,
                circuit: look.circuit,
                failures: 0,
                waiting: 0,
                under_way: 0,
            });
            seen.circuit = seen.circuit.max(look.circuit);
            seen.failures = seen.failures.max(look.failures);
            seen.waiting += look.waiting;
            seen.under_way += look.under_way;
        }
        by_endpoint.into_values().collect()
    }

    fn turned_away(&self) -> TurnedAway {
        TurnedAway {
            by_circuit: self.by_circuit.load(Ordering::Relaxed),
            by_limit: self.by_limit.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use wfm_application::executions::{gates::Circuit, target::CallLimits};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn targets_of_one_endpoint_are_apart_and_shown_together() {
        let registry = GateRegistry::default();
        let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(1);
        let limits = CallLimits::default();
        let (one, other) = (
            registry.gate(ApiEndpointId(7), "http://a"),
            registry.gate(ApiEndpointId(7), "http://b"),
        );
        for _ in 0..20 {
            one.enter(&limits, deadline).await.ok().unwrap().leave(Some(true));
        }
        assert!(one.enter(&limits, deadline).await.is_err());
        let pass = other.enter(&limits, deadline).await.ok().unwrap();
        let seen = registry.gates();
        assert_eq!(seen.len(), 1);
        assert_eq!(
            (seen[0].circuit, seen[0].failures, seen[0].under_way),
            (Circuit::Open, 20, 1)
        );
        assert!(Arc::ptr_eq(&one, &registry.gate(ApiEndpointId(7), "http://a")));
        drop(pass);
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded_and_what_is_in_use_stays() {
        let registry = GateRegistry::default();
        let held = registry.gate(ApiEndpointId(0), "held");
        for index in 0..3 * KEPT {
            registry.gate(ApiEndpointId(1), &index.to_string());
            assert!(registry.gates.lock().len() <= KEPT);
        }
        assert!(Arc::ptr_eq(&held, &registry.gate(ApiEndpointId(0), "held")));
    }
}
