//! Checks lists of steps and finds the events that lead from one list to another.
//!
//! Invariant: names are unique in a draft; a step keeps its id when it is written again under its `id` or name.

use std::collections::BTreeSet;

use super::{ErrorHandling, OnError, Step, StepAdded, StepChanged, StepInput, StepRemoved, WorkflowEvent};
use crate::{
    facts::{EndpointFacts, check_endpoint},
    field_errors::FieldErrors,
    ids::{StepId, WorkflowId, WorkspaceId},
    instant::Instant,
};

/// What a list of steps is checked against.
pub(super) struct StepContext<'a> {
    pub workspace: WorkspaceId,
    pub before: &'a [Step],
    pub new_ids: &'a [StepId],
    pub endpoints: &'a EndpointFacts,
    pub now: Instant,
}

/// Checks a whole list; steps that were there before keep their ids.
pub(super) fn check_list(errors: &mut FieldErrors, written: &[StepInput], context: &StepContext<'_>) -> Vec<Step> {
    let mut new_ids = context.new_ids.iter().copied();
    let mut taken = BTreeSet::new();
    let mut steps: Vec<Step> = Vec::new();
    for (index, input) in written.iter().enumerate() {
        let pointer = format!("/steps/{index}");
        let next_order = steps.iter().map(|step| i64::from(step.order)).max().unwrap_or(0) + 1;
        let mut step = input.check(errors, &pointer, StepId::default(), next_order, context.now);
        let known = match input.id {
            None => context.before.iter().find(|known| known.name == step.name),
            Some(id) => {
                let known = context.before.iter().find(|known| known.id == id);
                if known.is_none() {
                    errors.add(format!("{pointer}/id"), format!("the workflow has no step {id}"));
                }
                known
            }
        };
        check_unique(errors, &pointer, &step, &steps);
        match known.map(|known| known.id).or_else(|| new_ids.next()) {
            Some(id) if taken.insert(id) => step.id = id,
            Some(_) => errors.add(format!("{pointer}/id"), "is another step's of the list"),
            None => errors.add(pointer.clone(), "has no id allotted"),
        }
        check_step_endpoint(errors, &pointer, &step, known, context);
        steps.push(step);
    }
    check_gotos(errors, &steps, |index| format!("/steps/{index}"));
    steps
}

/// Notes an error when another step has the name.
pub(super) fn check_unique<'a>(
    errors: &mut FieldErrors,
    pointer: &str,
    step: &Step,
    others: impl IntoIterator<Item = &'a Step>,
) {
    for other in others {
        if other.name == step.name {
            errors.add(format!("{pointer}/name"), "another step of the workflow has this name");
        }
    }
}

/// Checks the endpoint of a step that is new or names another endpoint than before; one that stays is checked again at
/// publish, so that a deactivated endpoint does not stand in the way of other edits.
pub(super) fn check_step_endpoint(
    errors: &mut FieldErrors,
    pointer: &str,
    step: &Step,
    before: Option<&Step>,
    context: &StepContext<'_>,
) {
    let stays = before.is_some_and(|before| before.api_endpoint_id == step.api_endpoint_id);
    // One that was left out, or is 0, has an error of its own already: no endpoint has that id.
    if !stays && step.api_endpoint_id.0 != 0 {
        let at = format!("{pointer}/apiEndpointId");
        check_endpoint(errors, &at, context.endpoints, step.api_endpoint_id, context.workspace);
    }
}

/// Notes every `goto` that does not name a later step; `pointer` gives a step's pointer by its place in `steps`.
pub(super) fn check_gotos(errors: &mut FieldErrors, steps: &[Step], pointer: impl Fn(usize) -> String) {
    for (index, step) in steps.iter().enumerate() {
        let Some(written) = &step.error_handling else {
            continue;
        };
        let Ok(ErrorHandling {
            on_error: Some(OnError::Goto(target)),
            ..
        }) = ErrorHandling::parse(written)
        else {
            continue;
        };
        if !steps
            .iter()
            .any(|other| other.name == target && other.order > step.order)
        {
            let at = format!("{}/errorHandling/goto", pointer(index));
            errors.add(at, format!("must name a later step; \"{target}\" is none"));
        }
    }
}

/// The step after a change, with its instants; `None` when nothing changed.
pub(super) fn changed(before: &Step, after: Step, now: Instant) -> Option<Step> {
    let unchanged = Step {
        created_at: before.created_at,
        updated_at: before.updated_at,
        ..after
    };
    (unchanged != *before).then_some(Step {
        updated_at: Some(now),
        ..unchanged
    })
}

/// The events that lead from the steps `before` to those `after`: removals first, so that names and places are free.
pub(super) fn difference(
    id: WorkflowId,
    before: &[Step],
    after: Vec<Step>,
    in_force: bool,
    now: Instant,
) -> Vec<WorkflowEvent> {
    let mut events = Vec::new();
    for gone in before
        .iter()
        .filter(|known| !after.iter().any(|step| step.id == known.id))
    {
        events.push(
            StepRemoved {
                id,
                step_id: gone.id,
                name: gone.name.clone(),
                in_force,
            }
            .into(),
        );
    }
    for step in after {
        match before.iter().find(|known| known.id == step.id) {
            None => events.push(
                StepAdded {
                    id,
                    step,
                    in_force,
                    initial: false,
                }
                .into(),
            ),
            Some(known) => {
                events.extend(changed(known, step, now).map(|step| StepChanged { id, step, in_force }.into()));
            }
        }
    }
    events
}
