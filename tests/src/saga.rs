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

/// What a run's history says.
#[derive(Debug, Default)]
pub struct Judged {
    /// How often the run was adopted.
    pub adoptions: usize,
    /// Steps that succeeded, in that order.
    pub succeeded: Vec<i64>,
    /// Steps that were undone, in that order.
    pub undone: Vec<i64>,
}

/// Checks the events of a run that has ended: one end, no step begun or undone after that succeeded, and for each call at
/// least one arrival and no more than attempts and adoptions account for.
///
/// # Panics
/// When that is not so.
#[must_use]
pub fn check_ended(id: &str, events: &[Value], calls: &BTreeMap<String, usize>) -> Judged {
    let kind = |event: &Value| event["type"].as_str().unwrap().to_owned();
    let ended: Vec<usize> = (0..events.len())
        .filter(|index| ENDS.contains(&kind(&events[*index]).as_str()))
        .collect();
    assert_eq!(ended, [events.len() - 1], "{id} ends once, at the end: {events:#?}");
    let mut judged = Judged::default();
    let mut explained: BTreeMap<String, usize> = BTreeMap::new();
    let mut open = BTreeSet::new();
    for event in events {
        let step = event["data"]["step"]["stepId"].as_i64().unwrap_or_default();
        let (forward, undo) = (format!("{id}-{step}"), format!("{id}-{step}-compensation"));
        match kind(event).as_str() {
            "StepStarted" => {
                assert!(
                    !judged.succeeded.contains(&step),
                    "{id} begins {step} after it succeeded"
                );
                *explained.entry(forward.clone()).or_default() += 1;
                open.insert(forward);
            }
            "StepSucceeded" => {
                assert!(!judged.succeeded.contains(&step), "{id}: {step} succeeds twice");
                judged.succeeded.push(step);
                open.remove(&forward);
            }
            "StepFailed" => {
                open.remove(&forward);
            }
            "StepCompensationStarted" => {
                assert!(
                    judged.succeeded.contains(&step),
                    "{id} undoes {step}, which did not succeed"
                );
                assert!(!judged.undone.contains(&step), "{id} undoes {step} after it was undone");
                *explained.entry(undo.clone()).or_default() += 1;
                open.insert(undo);
            }
            "StepCompensated" => {
                judged.undone.push(step);
                open.remove(&undo);
            }
            "StepCompensationFailed" => {
                open.remove(&undo);
            }
            "ExecutionAdopted" => {
                judged.adoptions += 1;
                for key in &open {
                    *explained.entry(key.clone()).or_default() += 1;
                }
            }
            _ => {}
        }
    }
    for (key, most) in explained {
        let made = calls.get(&key).copied().unwrap_or_default();
        assert!(
            (1..=most).contains(&made),
            "the call {key} was made {made} times, {most} are explained"
        );
    }
    judged
}

/// Checks the events of a completed run of so many steps; see [`check_ended`]. Answers how often the run was adopted.
///
/// # Panics
/// When that is not so.
#[must_use]
pub fn check_completed(id: &str, steps: usize, events: &[Value], calls: &BTreeMap<String, usize>) -> usize {
    let judged = check_ended(id, events, calls);
    assert_eq!(judged.succeeded.len(), steps, "{id}: {events:#?}");
    judged.adoptions
}
