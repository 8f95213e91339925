//! Adds, changes, removes and reorders single steps of the draft.
//!
//! Jumps (`goto`) are checked when the draft is published: a step may be added before the one it jumps to.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Step, StepAdded, StepChanged, StepInput, StepPlace, StepRemoved, StepsReordered, Workflow, WorkflowEvent,
    steps::{StepContext, changed, check_step_endpoint, check_unique},
};
use crate::{
    facts::EndpointFacts,
    field_errors::FieldErrors,
    ids::{ApiEndpointId, StepId},
    instant::Instant,
    refusal::Refusal,
};

/// Add a step.
#[derive(Debug, Clone)]
pub struct AddStep {
    /// Allotted id.
    pub id: StepId,
    /// The step; its `id` stays empty; without `order` it comes last.
    pub step: StepInput,
    /// The endpoint that the step names.
    pub endpoints: EndpointFacts,
    /// Now.
    pub now: Instant,
}

impl AddStep {
    pub(super) fn decide(self, state: &Workflow) -> Result<Vec<WorkflowEvent>, Refusal> {
        let (id, _) = state.existing()?;
        let mut errors = FieldErrors::new();
        let next_order = state.steps.last().map_or(0, |step| i64::from(step.order)) + 1;
        let step = self.step.check(&mut errors, "", self.id, next_order, self.now);
        check_unique(&mut errors, "", &step, &state.steps);
        check_step_endpoint(&mut errors, "", &step, None, &context(state, &self.endpoints, self.now));
        errors.finish()?;
        Ok(vec![
            StepAdded {
                id,
                step,
                in_force: state.shows_draft(),
                initial: false,
            }
            .into(),
        ])
    }
}

/// Change a step. `None` leaves a field alone; `Some(None)` clears it or sets the documented default.
#[derive(Debug, Clone)]
pub struct ChangeStep {
    /// Which.
    pub step_id: StepId,
    /// `name`.
    pub name: Option<String>,
    /// `description`.
    pub description: Option<Option<String>>,
    /// `order`.
    pub order: Option<i64>,
    /// `apiEndpointId`.
    pub api_endpoint_id: Option<ApiEndpointId>,
    /// `inputMapping`.
    pub input_mapping: Option<Option<Value>>,
    /// `outputMapping`.
    pub output_mapping: Option<Option<Value>>,
    /// `errorHandling`.
    pub error_handling: Option<Option<Value>>,
    /// `isOptional`.
    pub is_optional: Option<bool>,
    /// `timeoutSeconds`.
    pub timeout_seconds: Option<i64>,
    /// `retryCount`; cleared means the environment's `retries` again.
    pub retry_count: Option<Option<i64>>,
    /// `retryDelaySeconds`.
    pub retry_delay_seconds: Option<i64>,
    /// `condition`.
    pub condition: Option<Option<String>>,
    /// The endpoint that the step names, when it changes.
    pub endpoints: EndpointFacts,
    /// Now.
    pub now: Instant,
}

impl ChangeStep {
    /// A change of nothing in a step, to be filled in.
    #[must_use]
    pub fn of(step_id: StepId, now: Instant) -> Self {
        Self {
            step_id,
            name: None,
            description: None,
            order: None,
            api_endpoint_id: None,
            input_mapping: None,
            output_mapping: None,
            error_handling: None,
            is_optional: None,
            timeout_seconds: None,
            retry_count: None,
            retry_delay_seconds: None,
            condition: None,
            endpoints: EndpointFacts::new(),
            now,
        }
    }

    pub(super) fn decide(self, state: &Workflow) -> Result<Vec<WorkflowEvent>, Refusal> {
        let (id, _) = state.existing()?;
        let before = find(state, self.step_id)?;
        let was = StepInput::of(before);
        let written = StepInput {
            id: None,
            name: self.name.unwrap_or(was.name),
            description: self.description.unwrap_or(was.description),
            order: self.order.or(was.order),
            api_endpoint_id: self.api_endpoint_id.or(was.api_endpoint_id),
            input_mapping: self.input_mapping.unwrap_or(was.input_mapping),
            output_mapping: self.output_mapping.unwrap_or(was.output_mapping),
            error_handling: self.error_handling.unwrap_or(was.error_handling),
            is_optional: self.is_optional.or(was.is_optional),
            timeout_seconds: self.timeout_seconds.or(was.timeout_seconds),
            retry_count: self.retry_count.unwrap_or(was.retry_count),
            retry_delay_seconds: self.retry_delay_seconds.or(was.retry_delay_seconds),
            condition: self.condition.unwrap_or(was.condition),
        };
        let mut errors = FieldErrors::new();
        let step = written.check(&mut errors, "", before.id, i64::from(before.order), self.now);
        check_unique(
            &mut errors,
            "",
            &step,
            state.steps.iter().filter(|other| other.id != before.id),
        );
        check_step_endpoint(
            &mut errors,
            "",
            &step,
            Some(before),
            &context(state, &self.endpoints, self.now),
        );
        errors.finish()?;
        let in_force = state.shows_draft();
        Ok(changed(before, step, self.now)
            .map(|step| StepChanged { id, step, in_force }.into())
            .into_iter()
            .collect())
    }
}

/// Remove a step.
#[derive(Debug, Clone)]
pub struct RemoveStep {
    /// Which.
    pub step_id: StepId,
}

impl RemoveStep {
    pub(super) fn decide(self, state: &Workflow) -> Result<Vec<WorkflowEvent>, Refusal> {
        let (id, _) = state.existing()?;
        let step = find(state, self.step_id)?;
        Ok(vec![
            StepRemoved {
                id,
                step_id: step.id,
                name: step.name.clone(),
                in_force: state.shows_draft(),
            }
            .into(),
        ])
    }
}

/// Give steps other places. Steps that are not listed keep theirs.
#[derive(Debug, Clone)]
pub struct ReorderSteps {
    /// Steps with their places from now on.
    pub places: Vec<StepPlace>,
}

impl ReorderSteps {
    /// The steps in this sequence, at the places 1, 2, 3, ….
    #[must_use]
    pub fn in_sequence(steps: &[StepId]) -> Self {
        Self {
            places: steps
                .iter()
                .zip(1..)
                .map(|(step_id, order)| StepPlace {
                    step_id: *step_id,
                    order,
                })
                .collect(),
        }
    }

    pub(super) fn decide(self, state: &Workflow) -> Result<Vec<WorkflowEvent>, Refusal> {
        let (id, _) = state.existing()?;
        let mut errors = FieldErrors::new();
        let mut named = BTreeSet::new();
        for (index, place) in self.places.iter().enumerate() {
            if !state.steps.iter().any(|step| step.id == place.step_id) {
                errors.add(
                    format!("/steps/{index}"),
                    format!("the workflow has no step {}", place.step_id),
                );
            } else if !named.insert(place.step_id) {
                errors.add(format!("/steps/{index}"), "is named twice");
            }
        }
        let left_out: Vec<String> = state
            .steps
            .iter()
            .filter(|step| !named.contains(&step.id))
            .map(|step| step.id.to_string())
            .collect();
        if errors.is_empty() && !left_out.is_empty() {
            let detail = format!("must name every step of the draft; missing are {}", left_out.join(", "));
            errors.add("/steps", detail);
        }
        errors.finish()?;
        let moved = |place: &StepPlace| {
            state
                .steps
                .iter()
                .any(|step| step.id == place.step_id && step.order != place.order)
        };
        let places: Vec<_> = self.places.into_iter().filter(moved).collect();
        if places.is_empty() {
            return Ok(Vec::new());
        }
        Ok(vec![
            StepsReordered {
                id,
                places,
                in_force: state.shows_draft(),
            }
            .into(),
        ])
    }
}

fn find(state: &Workflow, id: StepId) -> Result<&Step, Refusal> {
    let found = state.steps.iter().find(|step| step.id == id);
    found.ok_or_else(|| Refusal::not_found("step-not-found", format!("the workflow has no step {id}")))
}

fn context<'a>(state: &'a Workflow, endpoints: &'a EndpointFacts, now: Instant) -> StepContext<'a> {
    StepContext {
        workspace: state.workspace_id,
        before: &state.steps,
        new_ids: &[],
        endpoints,
        now,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        given::{code, fold, later, now, pointers, when},
        ids::WorkflowId,
        workflow::fixtures::{created, endpoints, published, step},
    };

    fn add(step: StepInput) -> AddStep {
        AddStep {
            id: StepId(32),
            step,
            endpoints: endpoints(),
            now: later(),
        }
    }

    #[test]
    fn an_added_step_comes_last_under_a_free_name() {
        let events = when::<Workflow>(&created(), add(step("any name at all"))).unwrap();
        let [WorkflowEvent::StepAdded(event)] = &events[..] else {
            panic!()
        };
        assert_eq!((event.step.id, event.step.order, event.in_force), (StepId(32), 3, true));
        assert_eq!(pointers(when::<Workflow>(&created(), add(step("send")))), ["/name"]);
        let taken = StepInput {
            order: Some(2),
            ..step("x")
        };
        assert_eq!(
            when::<Workflow>(&created(), add(taken)).map(|events| events.len()),
            Ok(1)
        );
        let missing = StepInput {
            api_endpoint_id: Some(ApiEndpointId(99)),
            ..step("x")
        };
        assert_eq!(pointers(when::<Workflow>(&created(), add(missing))), ["/apiEndpointId"]);
    }

    #[test]
    fn only_what_is_given_changes() {
        let change = ChangeStep {
            retry_count: Some(None),
            order: Some(5),
            ..ChangeStep::of(StepId(31), later())
        };
        let events = when::<Workflow>(&published(), change).unwrap();
        let [WorkflowEvent::StepChanged(event)] = &events[..] else {
            panic!()
        };
        assert_eq!(
            (event.step.retry_count, event.step.order, event.in_force),
            (None, 5, false)
        );
        assert_eq!((event.step.created_at, event.step.updated_at), (now(), Some(later())));
        assert_eq!(
            when::<Workflow>(&created(), ChangeStep::of(StepId(31), later())),
            Ok(vec![])
        );
        assert_eq!(
            code(when::<Workflow>(&created(), ChangeStep::of(StepId(99), later()))),
            "step-not-found"
        );
        let contradiction = ChangeStep {
            is_optional: Some(true),
            error_handling: Some(Some(json!({"onError": "fail"}))),
            ..ChangeStep::of(StepId(31), later())
        };
        assert_eq!(
            pointers(when::<Workflow>(&created(), contradiction)),
            ["/errorHandling/onError"]
        );
    }

    #[test]
    fn a_step_is_optional_as_its_on_error_says() {
        let change = |is_optional, on_error: Option<&str>| ChangeStep {
            is_optional,
            error_handling: on_error.map(|on_error| Some(json!({"onError": on_error}))),
            ..ChangeStep::of(StepId(31), later())
        };
        let mut given = created();
        let mut then = |change: ChangeStep| {
            let events = when::<Workflow>(&given, change).unwrap();
            given.extend(events.clone());
            let steps = fold::<Workflow>(&given).steps;
            steps.iter().find(|step| step.id == StepId(31)).unwrap().is_optional
        };
        assert!(then(change(None, Some("continue"))));
        assert!(then(ChangeStep {
            retry_count: Some(Some(2)),
            ..change(None, None)
        }));
        assert!(!then(change(None, Some("fail"))));
        assert!(!then(change(Some(false), None)));
        assert!(then(change(Some(true), Some("continue"))));
        assert!(!then(change(Some(false), Some("fail"))));
        let contradiction = change(Some(false), Some("continue"));
        assert_eq!(pointers(when::<Workflow>(&created(), contradiction)), ["/isOptional"]);
    }

    #[test]
    fn a_removed_step_is_named() {
        let removed = StepRemoved {
            id: WorkflowId(17),
            step_id: StepId(30),
            name: "reserve".into(),
            in_force: true,
        };
        assert_eq!(
            when::<Workflow>(&created(), RemoveStep { step_id: StepId(30) }),
            Ok(vec![removed.into()])
        );
        assert_eq!(
            code(when::<Workflow>(&created(), RemoveStep { step_id: StepId(99) })),
            "step-not-found"
        );
    }

    #[test]
    fn reordering_names_the_steps_that_moved() {
        let mut given = created();
        let swapped = ReorderSteps::in_sequence(&[StepId(31), StepId(30)]);
        let events = when::<Workflow>(&given, swapped.clone()).unwrap();
        assert_eq!(
            events,
            [StepsReordered {
                id: WorkflowId(17),
                places: swapped.places.clone(),
                in_force: true
            }
            .into()]
        );
        given.extend(events);
        let names: Vec<_> = fold::<Workflow>(&given)
            .steps
            .into_iter()
            .map(|step| step.name)
            .collect();
        assert_eq!(names, ["send", "reserve"]);
        assert_eq!(when::<Workflow>(&given, swapped), Ok(vec![]));
    }

    #[test]
    fn steps_at_one_place_run_at_once_and_unknown_steps_have_no_place() {
        let place = |step_id, order| StepPlace {
            step_id: StepId(step_id),
            order,
        };
        let joined = ReorderSteps {
            places: vec![place(30, 2), place(31, 2)],
        };
        assert_eq!(when::<Workflow>(&created(), joined).map(|events| events.len()), Ok(1));
        for incomplete in [vec![], vec![place(31, 1)]] {
            let incomplete = ReorderSteps { places: incomplete };
            assert_eq!(pointers(when::<Workflow>(&created(), incomplete)), ["/steps"]);
        }
        let wrong = ReorderSteps {
            places: vec![place(30, 5), place(30, 6), place(99, 7)],
        };
        assert_eq!(pointers(when::<Workflow>(&created(), wrong)), ["/steps/1", "/steps/2"]);
    }
}
