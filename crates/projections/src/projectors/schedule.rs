//! `WorkflowSchedules` and `ScheduleStates`.
//!
//! Invariant: `NextRunTime` is when the next run starts, jitter included, and NULL when none will; `LastRunTime` is when one
//! last started. Both come from the event.

use wfm_domain::schedule::{Progress, ScheduleEvent, ScheduleSet};
use wfm_storage::read_store::{Cell, Change, ColumnIndex};

use super::rows::{insert, json, text, update};
use crate::{
    envelope::Envelope,
    tables::{SCHEDULE_STATES, ScheduleStates, WORKFLOW_SCHEDULES, WorkflowSchedules},
};

/// The changes of one event.
pub fn project(envelope: &Envelope, event: &ScheduleEvent, changes: &mut Vec<Change>) {
    let schedule = event.id().0;
    let mut standing = standing(event.progress());
    let touched = (WorkflowSchedules::UpdatedAt.into(), envelope.at());
    match event {
        ScheduleEvent::ScheduleSet(event) => {
            set(event, changes);
            return;
        }
        ScheduleEvent::ScheduleRemoved(_) => {
            // By condition, so that no later row of the same batch is written before it.
            changes.push(Change::DeleteWhere {
                table: &SCHEDULE_STATES,
                column: ScheduleStates::WorkflowId.into(),
                value: schedule.into(),
            });
            changes.push(Change::DeleteWhere {
                table: &WORKFLOW_SCHEDULES,
                column: WorkflowSchedules::WorkflowId.into(),
                value: schedule.into(),
            });
            return;
        }
        ScheduleEvent::SchedulePaused(_) | ScheduleEvent::ScheduleResumed(_) => standing.push(touched),
        ScheduleEvent::ScheduleFired(event) => {
            let set = [
                (ScheduleStates::BufferedTick, buffered(&event.progress)),
                (ScheduleStates::LastTick, event.tick.to_string().into()),
                (ScheduleStates::LastOutcome, event.cause.name().into()),
                (ScheduleStates::LastExecutionId, event.execution_id.0.as_str().into()),
            ];
            changes.push(update(&SCHEDULE_STATES, schedule, set));
        }
        ScheduleEvent::ScheduleTickBuffered(event) => {
            let set = [
                (ScheduleStates::BufferedTick, buffered(&event.progress)),
                (ScheduleStates::LastTick, event.tick.to_string().into()),
                (ScheduleStates::LastOutcome, "buffered".into()),
            ];
            changes.push(update(&SCHEDULE_STATES, schedule, set));
        }
        ScheduleEvent::ScheduleTickSkipped(event) => {
            let set = [
                (ScheduleStates::BufferedTick, buffered(&event.progress)),
                (ScheduleStates::LastTick, event.last_tick.to_string().into()),
                (ScheduleStates::LastOutcome, event.reason.as_str().into()),
            ];
            changes.push(update(&SCHEDULE_STATES, schedule, set));
        }
    }
    changes.push(Change::Update {
        table: &WORKFLOW_SCHEDULES,
        key: schedule.into(),
        set: standing,
    });
}

fn set(event: &ScheduleSet, changes: &mut Vec<Change>) {
    let settings = &event.settings;
    let instant = |at: Option<wfm_domain::instant::Instant>| Cell::from(at.map(|at| at.to_string()));
    let overlap = settings.overlap.name();
    let jitter = i64::from(settings.jitter_seconds);
    if event.updated_at.is_none() {
        let [is_active, next_run, last_run] = run_times(&event.progress);
        changes.push(insert(
            &WORKFLOW_SCHEDULES,
            vec![
                event.id.0.into(),
                event.workflow_id.0.into(),
                settings.cron_expression.as_str().into(),
                settings.time_zone.as_str().into(),
                instant(settings.start_date),
                instant(settings.end_date),
                text(&settings.description),
                is_active,
                next_run,
                last_run,
                event.created_at.to_string().into(),
                Cell::Null,
            ],
        ));
        changes.push(insert(
            &SCHEDULE_STATES,
            vec![
                event.workflow_id.0.into(),
                json(Some(&settings.catch_up)),
                overlap.into(),
                jitter.into(),
                json(Some(&settings.input_parameters)),
                buffered(&event.progress),
                Cell::Null,
                Cell::Null,
                Cell::Null,
            ],
        ));
        return;
    }
    let mut row = standing(&event.progress);
    row.extend([
        (
            WorkflowSchedules::CronExpression.into(),
            settings.cron_expression.as_str().into(),
        ),
        (WorkflowSchedules::TimeZone.into(), settings.time_zone.as_str().into()),
        (WorkflowSchedules::StartDate.into(), instant(settings.start_date)),
        (WorkflowSchedules::EndDate.into(), instant(settings.end_date)),
        (WorkflowSchedules::Description.into(), text(&settings.description)),
        (WorkflowSchedules::UpdatedAt.into(), instant(event.updated_at)),
    ]);
    changes.push(Change::Update {
        table: &WORKFLOW_SCHEDULES,
        key: event.id.0.into(),
        set: row,
    });
    let state = [
        (ScheduleStates::CatchUp, json(Some(&settings.catch_up))),
        (ScheduleStates::Overlap, overlap.into()),
        (ScheduleStates::JitterSeconds, jitter.into()),
        (ScheduleStates::InputParameters, json(Some(&settings.input_parameters))),
        (ScheduleStates::BufferedTick, buffered(&event.progress)),
    ];
    changes.push(update(&SCHEDULE_STATES, event.workflow_id.0, state));
}

/// `IsActive`, `NextRunTime`, `LastRunTime`.
fn run_times(progress: &Progress) -> [Cell; 3] {
    [
        progress.is_active.into(),
        progress.next.map(|due| due.run_at.to_string()).into(),
        progress.last_run_at.map(|at| at.to_string()).into(),
    ]
}

fn standing(progress: &Progress) -> Vec<(ColumnIndex, Cell)> {
    let columns = [
        WorkflowSchedules::IsActive,
        WorkflowSchedules::NextRunTime,
        WorkflowSchedules::LastRunTime,
    ];
    columns
        .map(ColumnIndex::from)
        .into_iter()
        .zip(run_times(progress))
        .collect()
}

fn buffered(progress: &Progress) -> Cell {
    progress.buffered.map(|tick| tick.to_string()).into()
}
