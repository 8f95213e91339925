//! `Workflows`, `WorkflowSteps` and `WorkflowVersions`.
//!
//! Invariant: the documented tables show the version in force, or the draft while nothing was ever published. A step's row
//! goes only after the log rows that refer to it let go of it: the documented foreign key would keep it otherwise.

use wfm_domain::{
    ids::{StepId, WorkflowId},
    workflow::{Step, WorkflowEvent, WorkflowSettings},
};
use wfm_storage::read_store::{Cell, Change, ColumnIndex};

use super::rows::{insert, json, text, update};
use crate::{
    envelope::Envelope,
    tables::{
        EXECUTION_LOGS, ExecutionLogs, WORKFLOW_SCHEDULES, WORKFLOW_STEPS, WORKFLOW_VERSIONS, WORKFLOWS,
        WorkflowSchedules, WorkflowSteps, Workflows,
    },
};

/// `WorkflowStatus`.
const DRAFT: i64 = 0;
const PUBLISHED: i64 = 1;
const INACTIVE: i64 = 2;

/// The changes of one event.
pub fn project(envelope: &Envelope, event: &WorkflowEvent, changes: &mut Vec<Change>) {
    let at = || envelope.at();
    match event {
        WorkflowEvent::WorkflowCreated(event) => {
            let settings = &event.settings;
            let row = vec![
                event.id.0.into(),
                settings.name.as_str().into(),
                text(&settings.description),
                event.project_id.0.into(),
                settings.environment_id.0.into(),
                DRAFT.into(),
                1_i64.into(),
                settings.requires_approval.into(),
                text(&settings.tags),
                json(settings.configuration.as_ref()),
                event.created_by.0.into(),
                at(),
                Cell::Null,
                Cell::Null,
                false.into(),
            ];
            changes.push(insert(&WORKFLOWS, row));
        }
        WorkflowEvent::WorkflowChanged(event) => {
            if event.in_force {
                let set = settings(&event.settings, envelope);
                changes.push(Change::Update {
                    table: &WORKFLOWS,
                    key: event.id.0.into(),
                    set,
                });
            }
        }
        WorkflowEvent::StepAdded(event) => {
            if event.in_force {
                changes.push(insert(&WORKFLOW_STEPS, step_row(event.id, &event.step)));
                if !event.initial {
                    changes.push(touched(event.id, envelope));
                }
            }
        }
        WorkflowEvent::StepChanged(event) => {
            if event.in_force {
                changes.push(Change::Put {
                    table: &WORKFLOW_STEPS,
                    row: step_row(event.id, &event.step),
                });
                changes.push(touched(event.id, envelope));
            }
        }
        WorkflowEvent::StepsReordered(event) => {
            if event.in_force {
                for place in &event.places {
                    let set = [
                        (WorkflowSteps::Order, i64::from(place.order).into()),
                        (WorkflowSteps::UpdatedAt, at()),
                    ];
                    changes.push(update(&WORKFLOW_STEPS, place.step_id.0, set));
                }
                changes.push(touched(event.id, envelope));
            }
        }
        WorkflowEvent::StepRemoved(event) => {
            if event.in_force {
                remove_step(event.step_id, changes);
                changes.push(touched(event.id, envelope));
            }
        }
        WorkflowEvent::WorkflowPublished(event) => {
            for step in &event.removed_steps {
                remove_step(*step, changes);
            }
            let mut set = settings(&event.definition.settings, envelope);
            set.push((Workflows::Status.into(), PUBLISHED.into()));
            set.push((Workflows::Version.into(), i64::from(event.version).into()));
            changes.push(Change::Update {
                table: &WORKFLOWS,
                key: event.id.0.into(),
                set,
            });
            for step in &event.definition.steps {
                changes.push(Change::Put {
                    table: &WORKFLOW_STEPS,
                    row: step_row(event.id, step),
                });
            }
            let row = vec![
                format!("{}/{:06}", event.id, event.version).into(),
                event.id.0.into(),
                i64::from(event.version).into(),
                event.content_hash.as_str().into(),
                json(Some(&event.definition)),
                at(),
                event.published_by.map(|user| user.0).into(),
            ];
            changes.push(insert(&WORKFLOW_VERSIONS, row));
        }
        // The draft is not in the tables while a version is in force.
        WorkflowEvent::DraftDiscarded(_) => {}
        WorkflowEvent::WorkflowDeactivated(event) => {
            let set = [(Workflows::Status, INACTIVE.into()), (Workflows::UpdatedAt, at())];
            changes.push(update(&WORKFLOWS, event.id.0, set));
        }
        WorkflowEvent::WorkflowDeleted(event) => {
            let workflow = Cell::from(event.id.0);
            changes.push(Change::ClearReferences {
                table: &EXECUTION_LOGS,
                column: ExecutionLogs::StepId.into(),
                parent: &WORKFLOW_STEPS,
                parent_column: WorkflowSteps::WorkflowId.into(),
                value: workflow.clone(),
            });
            changes.push(Change::DeleteWhere {
                table: &WORKFLOW_STEPS,
                column: WorkflowSteps::WorkflowId.into(),
                value: workflow.clone(),
            });
            changes.push(Change::DeleteWhere {
                table: &WORKFLOW_SCHEDULES,
                column: WorkflowSchedules::WorkflowId.into(),
                value: workflow,
            });
            let set = [
                (Workflows::IsDeleted, true.into()),
                (Workflows::DeletedAt, at()),
                (Workflows::UpdatedAt, at()),
            ];
            changes.push(update(&WORKFLOWS, event.id.0, set));
        }
    }
}

/// A change of a step is a change of its workflow.
fn touched(workflow: WorkflowId, envelope: &Envelope) -> Change {
    update(&WORKFLOWS, workflow.0, [(Workflows::UpdatedAt, envelope.at())])
}

/// Log rows let go of the step (its name stays in their `Details`), then its row goes. The deletion is by condition, so
/// that no later row of the same batch is written before it.
fn remove_step(step: StepId, changes: &mut Vec<Change>) {
    changes.push(Change::UpdateWhere {
        table: &EXECUTION_LOGS,
        column: ExecutionLogs::StepId.into(),
        value: step.0.into(),
        set: vec![(ExecutionLogs::StepId.into(), Cell::Null)],
    });
    changes.push(Change::DeleteWhere {
        table: &WORKFLOW_STEPS,
        column: WorkflowSteps::Id.into(),
        value: step.0.into(),
    });
}

fn settings(settings: &WorkflowSettings, envelope: &Envelope) -> Vec<(ColumnIndex, Cell)> {
    vec![
        (Workflows::Name.into(), settings.name.as_str().into()),
        (Workflows::Description.into(), text(&settings.description)),
        (Workflows::EnvironmentId.into(), settings.environment_id.0.into()),
        (Workflows::RequiresApproval.into(), settings.requires_approval.into()),
        (Workflows::Tags.into(), text(&settings.tags)),
        (Workflows::Configuration.into(), json(settings.configuration.as_ref())),
        (Workflows::UpdatedAt.into(), envelope.at()),
    ]
}

/// A draft's step without a retry count of its own shows 0, the documented default; publishing fills it in.
fn step_row(workflow: WorkflowId, step: &Step) -> Vec<Cell> {
    vec![
        step.id.0.into(),
        workflow.0.into(),
        step.name.as_str().into(),
        text(&step.description),
        i64::from(step.order).into(),
        step.api_endpoint_id.0.into(),
        json(step.input_mapping.as_ref()),
        json(step.output_mapping.as_ref()),
        json(step.error_handling.as_ref()),
        step.is_optional.into(),
        i64::from(step.timeout_seconds).into(),
        i64::from(step.retry_count.unwrap_or(0)).into(),
        i64::from(step.retry_delay_seconds).into(),
        text(&step.condition),
        step.created_at.to_string().into(),
        step.updated_at.map(|at| at.to_string()).into(),
    ]
}
