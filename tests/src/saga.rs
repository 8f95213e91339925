//! Judges a run by its history: however many nodes were killed or frozen under it, it ends once, and each call is accounted
//! for.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::Call;

/// The types of a run's last event.
pub const ENDS: [&str; 3] = ["ExecutionCompleted", "ExecutionFailed", "ExecutionCancelled"];

/// How often each idempotency key was called.
///
/// # Panics
/// When a key came with two bodies.
#[must_use]
pub fn counted(calls: &[Call]) -> BTreeMap<String, usize> {
    let mut counts: BTreeMap<&str, (&[u8], usize)> = BTreeMap::new();
    for call in calls {
        let (body, count) = counts.entry(&call.key).or_insert((&call.body, 0));
        assert_eq!(*body, call.body, "the key {} came with two bodies", call.key);
        *count += 1;
    }
    let counts = counts.into_iter();
    counts.map(|(key, (_, count))| (key.to_owned(), count)).collect()
}

/// Checks the events of a completed run of so many steps: one end, no step begun after it succeeded, and for each step at
/// least one call and no more than attempts and adoptions account for. Answers how often the run was adopted.
///
/// # Panics
/// When that is not so.
#[must_use]
pub fn check_completed(id: &str, steps: usize, events: &[Value], calls: &BTreeMap<String, usize>) -> usize {
    let kind = |event: &Value| event["type"].as_str().unwrap().to_owned();
    let ended: Vec<usize> = (0..events.len())
        .filter(|index| ENDS.contains(&kind(&events[*index]).as_str()))
        .collect();
    assert_eq!(ended, [events.len() - 1], "{id} ends once, at the end: {events:#?}");
    let mut succeeded = BTreeSet::new();
    let mut explained: BTreeMap<i64, usize> = BTreeMap::new();
    let (mut open, mut adoptions) = (None, 0);
    for event in events {
        let step = event["data"]["step"]["stepId"].as_i64();
        match kind(event).as_str() {
            "StepStarted" => {
                assert!(!succeeded.contains(&step), "{id} begins {step:?} after it succeeded");
                *explained.entry(step.unwrap()).or_default() += 1;
                open = step;
            }
            "StepSucceeded" => {
                assert!(succeeded.insert(step), "{id}: {step:?} succeeds twice");
                open = None;
            }
            "StepFailed" => open = None,
            "ExecutionAdopted" => {
                adoptions += 1;
                if let Some(step) = open {
                    *explained.entry(step).or_default() += 1;
                }
            }
            _ => {}
        }
    }
    assert_eq!(succeeded.len(), steps, "{id}: {events:#?}");
    for (step, most) in explained {
        let made = calls.get(&format!("{id}-{step}")).copied().unwrap_or_default();
        assert!(
            (1..=most).contains(&made),
            "{id}: step {step} was called {made} times, {most} are explained"
        );
    }
    adoptions
}
