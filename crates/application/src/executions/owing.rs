//! Who is to be told of the end of a run that ends in its very first append. All other ends the aggregate claims by itself.

use wfm_domain::{
    aggregate::Decide,
    execution::{Execution, ExecutionEvent},
    instant::Instant,
};
use wfm_storage::append::ClaimKey;

use crate::store::{Loaded, Unit};

/// Notes whom these events owe a notice, if they begin and end a run: no state before them knows what the run was asked.
pub(super) fn owe_first(unit: &mut Unit<'_>, loaded: &Loaded<Execution>, events: &[ExecutionEvent], now: Instant) {
    if loaded.aggregate.request.is_some() {
        return;
    }
    let mut ended = loaded.aggregate.clone();
    for event in events {
        ended.evolve(event);
    }
    let (Some(request), Some(outcome)) = (&ended.request, ended.outcome()) else {
        return;
    };
    for claim in Execution::notices(request, &ended.run, ended.endings, outcome, now) {
        unit.take_for(&loaded.stream, ClaimKey::new(claim.scope, claim.key));
    }
}
