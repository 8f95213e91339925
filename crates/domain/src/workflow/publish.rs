//! Publishes the draft: it becomes the version in force, with everything that its runs read.
//!
//! The first publish is Version 1, each later one adds 1. Publishing an inactive workflow puts it back in force and adds
//! 1 as well, changed or not, so that every period in force has a version of its own.

use super::{
    Definition, EndpointSnapshot, Step, Workflow, WorkflowEvent, WorkflowPublished, content_hash, steps::check_gotos,
};
use crate::{
    facts::{EndpointFacts, EnvironmentFact, ProjectFact, check_endpoint},
    field_errors::FieldErrors,
    ids::UserId,
    refusal::{FieldError, Refusal},
};

/// Publish the draft.
#[derive(Debug, Clone)]
pub struct PublishWorkflow {
    /// The workflow's project.
    pub project: ProjectFact,
    /// The draft's environment; its `retries` fill in absent retry counts.
    pub environment: EnvironmentFact,
    /// The endpoints that the draft's steps name.
    pub endpoints: EndpointFacts,
    /// Their definitions; exactly those that the steps name are embedded.
    pub snapshots: Vec<EndpointSnapshot>,
    /// What the expression compiler finds wrong with the draft; pointers as in a workflow's JSON.
    pub problems: Vec<FieldError>,
    /// Content hashes that somebody has approved; needed if the workflow requires approval.
    pub approved: Vec<String>,
    /// Who publishes; `None` for the system.
    pub published_by: Option<UserId>,
}

impl PublishWorkflow {
    /// Hash of what publishing the draft would put in force, for an approval of it.
    ///
    /// # Errors
    /// Whatever stands in the way of publishing, but for the approval.
    pub fn content_hash(self, state: &Workflow) -> Result<String, Refusal> {
        self.prepare(state).map(|definition| content_hash(&definition))
    }

    pub(super) fn decide(mut self, state: &Workflow) -> Result<Vec<WorkflowEvent>, Refusal> {
        let (id, settings) = state.existing()?;
        let (approved, published_by) = (std::mem::take(&mut self.approved), self.published_by);
        let definition = self.prepare(state)?;
        let content_hash = content_hash(&definition);
        let mut removed_steps = Vec::new();
        let mut version = 1;
        if let Some(in_force) = &state.in_force {
            version = in_force.version + 1;
            let kept = |step: &Step| definition.steps.iter().any(|now| now.id == step.id);
            removed_steps = in_force
                .definition
                .steps
                .iter()
                .filter(|step| !kept(step))
                .map(|step| step.id)
                .collect();
        }
        if settings.requires_approval && !approved.contains(&content_hash) {
            return Err(Refusal::conflict(
                "approval-required",
                format!(
                    "the workflow requires an approval of exactly this draft (content hash {content_hash}); ask for one with \
                     POST /api/v1/workflows/{id}/approvals"
                ),
            ));
        }
        Ok(vec![
            WorkflowPublished {
                id,
                version,
                content_hash,
                definition,
                removed_steps,
                published_by,
            }
            .into(),
        ])
    }

    /// What is to be put in force, checked.
    fn prepare(self, state: &Workflow) -> Result<Definition, Refusal> {
        let (_, settings) = state.existing()?;
        let mut errors = FieldErrors::new();
        if state.steps.is_empty() {
            errors.add("/steps", "a workflow needs at least one step to be published");
        }
        for (index, step) in state.steps.iter().enumerate() {
            for (place, endpoint) in step.endpoints() {
                let at = format!("/steps/{index}{place}");
                check_endpoint(&mut errors, &at, &self.endpoints, endpoint, state.workspace_id);
            }
        }
        check_gotos(&mut errors, &state.steps, |index| format!("/steps/{index}"));
        // An endpoint that does not exist has been named already and has no definition.
        if errors.is_empty() {
            for (index, step) in state.steps.iter().enumerate() {
                for (place, endpoint) in step.endpoints() {
                    if !self.snapshots.iter().any(|snapshot| snapshot.id == endpoint) {
                        errors.add(format!("/steps/{index}{place}"), "has no definition to embed");
                    }
                }
            }
        }
        errors.extend_below("", self.problems);
        errors.finish()?;
        self.project.require_active("/projectId")?;
        self.environment.require_active_in(state.project_id, "/environmentId")?;

        let retries = self.environment.retries;
        let fill = |step: &Step| Step {
            retry_count: Some(step.retry_count.unwrap_or(retries)),
            ..step.clone()
        };
        let used = |snapshot: &EndpointSnapshot| {
            let mut endpoints = state.steps.iter().flat_map(Step::endpoints);
            endpoints.any(|(_, endpoint)| endpoint == snapshot.id)
        };
        let mut endpoints: Vec<_> = self.snapshots.into_iter().filter(used).collect();
        endpoints.sort_by_key(|snapshot| snapshot.id);
        endpoints.dedup_by_key(|snapshot| snapshot.id);
        Ok(Definition {
            settings: settings.clone(),
            steps: state.steps.iter().map(fill).collect(),
            endpoints,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        aggregate::{Claim, Decide as _},
        facts::Standing,
        given::{code, environment, fold, later, pointers, project, when},
        ids::{ApiEndpointId, StepId},
        workflow::{
            ChangeStep, ChangeWorkflow, DeactivateWorkflow, RemoveStep,
            fixtures::{created, endpoints, publish, published, snapshot},
        },
    };

    fn publication(given: &[WorkflowEvent], command: PublishWorkflow) -> WorkflowPublished {
        let events = when::<Workflow>(given, command).unwrap();
        let [WorkflowEvent::WorkflowPublished(event)] = &events[..] else {
            panic!("{events:?}")
        };
        event.clone()
    }

    #[test]
    fn the_first_version_embeds_all_that_runs_read() {
        let event = publication(&created(), publish());
        assert_eq!((event.version, event.removed_steps.len()), (1, 0));
        let retries: Vec<_> = event.definition.steps.iter().map(|step| step.retry_count).collect();
        assert_eq!(retries, [Some(3), Some(1)]);
        let embedded: Vec<_> = event.definition.endpoints.iter().map(|endpoint| endpoint.id).collect();
        assert_eq!(embedded, [ApiEndpointId(9)]);
        assert_eq!(event.content_hash, content_hash(&event.definition));
        assert_eq!(event.content_hash.len(), 64);
    }

    #[test]
    fn each_later_publish_adds_one_whatever_changed() {
        let event = publication(&published(), publish());
        assert_eq!((event.version, event.removed_steps.len()), (2, 0));
    }

    #[test]
    fn a_change_of_steps_retries_or_endpoints_is_another_version() {
        let mut given = published();
        given.extend(when::<Workflow>(&given, RemoveStep { step_id: StepId(30) }).unwrap());
        let event = publication(&given, publish());
        assert_eq!((event.version, event.removed_steps), (2, vec![StepId(30)]));
        let retries = PublishWorkflow {
            environment: EnvironmentFact {
                retries: 5,
                ..environment(Standing::Active)
            },
            ..publish()
        };
        assert_eq!(publication(&published(), retries).version, 2);
        let endpoint = PublishWorkflow {
            snapshots: vec![snapshot(9, 3)],
            ..publish()
        };
        assert_eq!(publication(&published(), endpoint).version, 2);
    }

    #[test]
    fn reactivation_is_another_version() {
        let mut given = published();
        given.extend(when::<Workflow>(&given, DeactivateWorkflow).unwrap());
        let event = publication(&given, publish());
        assert_eq!(event.version, 2);
        let changes = fold::<Workflow>(&given).claims(&event.into());
        assert_eq!(changes.take, [Claim::new("project/5/active-workflows", "17")]);
    }

    #[test]
    fn a_published_workflow_is_claimed_as_active_once() {
        let active = Claim::new("project/5/active-workflows", "17");
        let first = publication(&created(), publish());
        assert_eq!(fold::<Workflow>(&created()).claims(&first.into()).take, [active]);
        let mut given = published();
        given.extend(when::<Workflow>(&given, RemoveStep { step_id: StepId(30) }).unwrap());
        let second = publication(&given, publish());
        assert!(fold::<Workflow>(&given).claims(&second.into()).take.is_empty());
    }

    #[test]
    fn what_the_compiler_finds_is_refused_with_its_places() {
        let problem = FieldError {
            pointer: "/steps/1/condition".into(),
            detail: "unknown step".into(),
        };
        let command = PublishWorkflow {
            problems: vec![problem],
            ..publish()
        };
        assert_eq!(pointers(when::<Workflow>(&created(), command)), ["/steps/1/condition"]);
    }

    #[test]
    fn steps_endpoints_and_jumps_are_checked() {
        let mut given = created();
        let error_handling = Some(Some(json!({"onError": "goto", "goto": "nowhere"})));
        let jump = ChangeStep {
            error_handling,
            ..ChangeStep::of(StepId(30), later())
        };
        given.extend(when::<Workflow>(&given, jump).unwrap());
        let mut endpoints = endpoints();
        endpoints.get_mut(&ApiEndpointId(9)).unwrap().standing = Standing::Deleted;
        let command = PublishWorkflow { endpoints, ..publish() };
        assert_eq!(
            pointers(when::<Workflow>(&given, command)),
            [
                "/steps/0/apiEndpointId",
                "/steps/1/apiEndpointId",
                "/steps/0/errorHandling/goto"
            ]
        );
        let mut given = created();
        given.truncate(1);
        assert_eq!(pointers(when::<Workflow>(&given, publish())), ["/steps"]);
    }

    #[test]
    fn no_version_lacks_the_definition_of_an_endpoint_it_uses() {
        let command = PublishWorkflow {
            snapshots: vec![snapshot(10, 1)],
            ..publish()
        };
        assert_eq!(
            pointers(when::<Workflow>(&created(), command)),
            ["/steps/0/apiEndpointId", "/steps/1/apiEndpointId"]
        );
    }

    #[test]
    fn parents_are_active() {
        let command = PublishWorkflow {
            project: project(Standing::Inactive),
            ..publish()
        };
        assert_eq!(code(when::<Workflow>(&created(), command)), "project-inactive");
        let command = PublishWorkflow {
            environment: environment(Standing::Inactive),
            ..publish()
        };
        assert_eq!(code(when::<Workflow>(&created(), command)), "environment-inactive");
    }

    #[test]
    fn a_workflow_that_requires_approval_is_published_as_it_was_approved() {
        let mut given = created();
        let command = ChangeWorkflow {
            requires_approval: Some(true),
            ..ChangeWorkflow::at(later())
        };
        given.extend(when::<Workflow>(&given, command).unwrap());
        assert_eq!(code(when::<Workflow>(&given, publish())), "approval-required");
        let content_hash = publish().content_hash(&fold::<Workflow>(&given)).unwrap();
        let approved = PublishWorkflow {
            approved: vec![content_hash.clone()],
            ..publish()
        };
        assert_eq!(publication(&given, approved.clone()).content_hash, content_hash);
        // A changed draft needs another approval.
        given.extend(when::<Workflow>(&given, RemoveStep { step_id: StepId(30) }).unwrap());
        assert_eq!(code(when::<Workflow>(&given, approved)), "approval-required");
    }
}
