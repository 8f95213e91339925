//! Changes a workflow's draft; configuration and steps are replaced whole.

use serde_json::Value;

use super::{
    StepInput, Workflow, WorkflowChanged, WorkflowEvent,
    settings::WrittenSettings,
    steps::{StepContext, check_list, difference},
};
use crate::{
    facts::{EndpointFacts, EnvironmentFact},
    field_errors::FieldErrors,
    ids::StepId,
    instant::Instant,
    refusal::Refusal,
};

/// Change a workflow's draft. `None` leaves a field alone; `Some(None)` clears it.
#[derive(Debug, Clone)]
pub struct ChangeWorkflow {
    /// `name`.
    pub name: Option<String>,
    /// `description`.
    pub description: Option<Option<String>>,
    /// `environmentId`.
    pub environment: Option<EnvironmentFact>,
    /// `requiresApproval`; whether the actor may drop it is decided before.
    pub requires_approval: Option<bool>,
    /// `tags`.
    pub tags: Option<Option<Value>>,
    /// `configuration`.
    pub configuration: Option<Option<Value>>,
    /// `steps`: replaces them all; one keeps its id by its `id` or its name.
    pub steps: Option<Vec<StepInput>>,
    /// Allotted ids, at least one a step given.
    pub step_ids: Vec<StepId>,
    /// The endpoints that the steps name.
    pub endpoints: EndpointFacts,
    /// Now.
    pub now: Instant,
}

impl ChangeWorkflow {
    /// A change of nothing, to be filled in.
    #[must_use]
    pub fn at(now: Instant) -> Self {
        Self {
            name: None,
            description: None,
            environment: None,
            requires_approval: None,
            tags: None,
            configuration: None,
            steps: None,
            step_ids: Vec::new(),
            endpoints: EndpointFacts::new(),
            now,
        }
    }

    pub(super) fn decide(self, state: &Workflow) -> Result<Vec<WorkflowEvent>, Refusal> {
        let (id, before) = state.existing()?;
        let was = before.clone();
        let mut errors = FieldErrors::new();
        let settings = WrittenSettings {
            name: self.name.unwrap_or(was.name),
            description: self.description.unwrap_or(was.description),
            environment_id: self
                .environment
                .map_or(was.environment_id, |environment| environment.id),
            requires_approval: self.requires_approval.unwrap_or(was.requires_approval),
            tags: self.tags.unwrap_or(was.tags.map(Value::String)),
            configuration: self.configuration.unwrap_or(was.configuration),
        }
        .check(&mut errors);
        let context = StepContext {
            workspace: state.workspace_id,
            before: &state.steps,
            new_ids: &self.step_ids,
            endpoints: &self.endpoints,
            now: self.now,
        };
        let steps = self
            .steps
            .as_deref()
            .map(|steps| check_list(&mut errors, steps, &context));
        errors.finish()?;
        if let Some(environment) = self
            .environment
            .filter(|environment| environment.id != before.environment_id)
        {
            environment.require_active_in(state.project_id, "/environmentId")?;
        }
        let in_force = state.shows_draft();
        let mut events = Vec::new();
        if settings != *before {
            events.push(WorkflowChanged { id, settings, in_force }.into());
        }
        if let Some(steps) = steps {
            events.extend(difference(id, &state.steps, steps, in_force, self.now));
        }
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        aggregate::{Claim, Decide as _},
        facts::Standing,
        given::{environment, fold, later, now, pointers, when},
        ids::{EnvironmentId, ProjectId},
        workflow::fixtures::{created, endpoints, published, step},
    };

    fn steps(steps: Vec<StepInput>) -> ChangeWorkflow {
        let step_ids = vec![StepId(40), StepId(41), StepId(42)];
        ChangeWorkflow {
            steps: Some(steps),
            step_ids,
            endpoints: endpoints(),
            ..ChangeWorkflow::at(later())
        }
    }

    #[test]
    fn a_draft_says_whether_the_tables_show_it() {
        let command = ChangeWorkflow {
            tags: Some(Some(json!("a, b"))),
            ..ChangeWorkflow::at(later())
        };
        for (given, in_force) in [(created(), true), (published(), false)] {
            let events = when::<Workflow>(&given, command.clone()).unwrap();
            let [WorkflowEvent::WorkflowChanged(event)] = &events[..] else {
                panic!()
            };
            assert_eq!(
                (event.in_force, event.settings.tags.as_deref()),
                (in_force, Some("a, b"))
            );
        }
        assert_eq!(when::<Workflow>(&created(), ChangeWorkflow::at(later())), Ok(vec![]));
    }

    #[test]
    fn steps_written_anew_keep_their_ids() {
        let renamed = StepInput {
            id: Some(StepId(31)),
            retry_count: Some(1),
            ..step("dispatch")
        };
        let events = when::<Workflow>(&created(), steps(vec![renamed, step("notify")])).unwrap();
        let [
            WorkflowEvent::StepRemoved(removed),
            WorkflowEvent::StepChanged(changed),
            WorkflowEvent::StepAdded(added),
        ] = &events[..]
        else {
            panic!("{events:?}")
        };
        assert_eq!((removed.step_id, removed.name.as_str()), (StepId(30), "reserve"));
        assert_eq!((changed.step.id, changed.step.order), (StepId(31), 1));
        assert_eq!(
            (changed.step.created_at, changed.step.updated_at),
            (now(), Some(later()))
        );
        assert_eq!((added.step.id, added.step.order), (StepId(40), 2));
    }

    #[test]
    fn the_same_steps_are_no_event() {
        let same = vec![
            step("reserve"),
            StepInput {
                retry_count: Some(1),
                ..step("send")
            },
        ];
        assert_eq!(when::<Workflow>(&created(), steps(same)), Ok(vec![]));
        let unknown = vec![StepInput {
            id: Some(StepId(99)),
            ..step("x")
        }];
        assert_eq!(pointers(when::<Workflow>(&created(), steps(unknown))), ["/steps/0/id"]);
    }

    #[test]
    fn a_deactivated_endpoint_does_not_stand_in_the_way_of_other_edits() {
        let mut command = steps(vec![step("reserve"), step("send")]);
        for fact in command.endpoints.values_mut() {
            fact.standing = Standing::Inactive;
        }
        assert!(when::<Workflow>(&created(), command.clone()).is_ok());
        command.steps = Some(vec![step("reserve"), step("other")]);
        assert_eq!(
            pointers(when::<Workflow>(&created(), command)),
            ["/steps/1/apiEndpointId"]
        );
    }

    #[test]
    fn both_environments_are_claimed_while_draft_and_version_in_force_differ() {
        let other = EnvironmentFact {
            id: EnvironmentId(8),
            ..environment(Standing::Active)
        };
        let command = ChangeWorkflow {
            environment: Some(other),
            ..ChangeWorkflow::at(later())
        };
        let taken = [Claim::new("environment/8/workflows", "17")];
        let event = when::<Workflow>(&created(), command.clone()).unwrap().remove(0);
        let changes = fold::<Workflow>(&created()).claims(&event);
        assert_eq!(
            (changes.take, changes.release),
            (taken.to_vec(), vec![Claim::new("environment/7/workflows", "17")])
        );
        let event = when::<Workflow>(&published(), command.clone()).unwrap().remove(0);
        let changes = fold::<Workflow>(&published()).claims(&event);
        assert_eq!((changes.take, changes.release), (taken.to_vec(), vec![]));
        let elsewhere = EnvironmentFact {
            project_id: ProjectId(6),
            ..other
        };
        let command = ChangeWorkflow {
            environment: Some(elsewhere),
            ..command
        };
        assert_eq!(pointers(when::<Workflow>(&created(), command)), ["/environmentId"]);
    }
}
