//! Schedules: setting them, and what their ticks lead to.
//!
//! `stored` reads a schedule without its history, `firing` deals with what is due of one, `ticker` knows which one is due
//! next.

mod firing;
mod input;
mod stored;
mod ticker;

pub use firing::Scheduler;
pub use input::{CatchUpInput, ScheduleInput};
pub use ticker::tick;

use wfm_domain::{
    aggregate::Decide,
    field_errors::FieldErrors,
    ids::WorkflowId,
    instant::Instant,
    refusal::Refusal,
    schedule::{
        PauseSchedule, RemoveSchedule, ResumeSchedule, Schedule, ScheduleCommand, SetSchedule, TriggerSchedule,
        ZonedCron, expression, zone,
    },
    workflow::Workflow,
};

use crate::{
    app::App,
    context::Context,
    error::ApplicationError,
    executions::starting::{StartInput, Started},
    security::permission::Permission,
    store::{Loaded, Recorded, Unit, check_version},
};

/// Ticks that a preview shows at most.
pub const MOST_PREVIEWED: u32 = 1000;

/// The next `count` instants after `from` at which an expression fires in a zone; fewer when it fires no more.
///
/// # Errors
/// When the expression, the zone or the count is wrong; pointers are the names of the API's parameters.
pub fn preview(
    cron_expression: &str,
    time_zone: Option<&str>,
    from: Instant,
    count: u32,
) -> Result<Vec<Instant>, Refusal> {
    let mut errors = FieldErrors::new();
    let expression = expression(&mut errors, "/cronExpression", cron_expression);
    let zone = zone(&mut errors, "/timeZone", time_zone.unwrap_or("UTC"));
    if !(1..=MOST_PREVIEWED).contains(&count) {
        errors.add("/count", format!("must be a whole number from 1 to {MOST_PREVIEWED}"));
    }
    errors.finish()?;
    let Some((expression, zone)) = expression.zip(zone) else {
        return Ok(Vec::new());
    };
    let cron = ZonedCron { expression, zone };
    let first = cron.next_after(from);
    Ok(std::iter::successors(first, |tick| cron.next_after(*tick))
        .take(count as usize)
        .collect())
}

/// A tick as previews show it: `2026-11-23T08:00:00Z`.
#[must_use]
pub fn shown(tick: Instant) -> String {
    tick.utc().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

impl App {
    /// Sets the schedule of a workflow: makes it, or replaces it whole. The answer's id is the workflow's.
    ///
    /// # Errors
    /// When the caller may not, there is no such workflow, or something is malformed: each fault with its place.
    pub async fn set_schedule(
        &self,
        context: &Context,
        id: WorkflowId,
        input: &ScheduleInput,
    ) -> Result<Recorded, ApplicationError> {
        let written = input.written()?;
        self.command_schedule(context, id, |workflow, now| {
            SetSchedule {
                workflow_id: id,
                workspace_id: workflow.workspace_id,
                written: written.clone(),
                is_active: input.is_active,
                now,
            }
            .into()
        })
        .await
    }

    /// Pauses a schedule: ticks are dropped until it is resumed.
    ///
    /// # Errors
    /// When the caller may not, or there is no schedule.
    pub async fn pause_schedule(&self, context: &Context, id: WorkflowId) -> Result<Recorded, ApplicationError> {
        self.command_schedule(context, id, |_, _| PauseSchedule.into()).await
    }

    /// Resumes a paused schedule from now on.
    ///
    /// # Errors
    /// When the caller may not, or there is no schedule.
    pub async fn resume_schedule(&self, context: &Context, id: WorkflowId) -> Result<Recorded, ApplicationError> {
        self.command_schedule(context, id, |_, now| ResumeSchedule { now }.into())
            .await
    }

    /// Removes a schedule; runs that it started go on.
    ///
    /// # Errors
    /// When the caller may not, or there is no schedule.
    pub async fn remove_schedule(&self, context: &Context, id: WorkflowId) -> Result<Recorded, ApplicationError> {
        self.command_schedule(context, id, |_, _| RemoveSchedule { cascade: false }.into())
            .await
    }

    /// Starts a run of a schedule now, with its input.
    ///
    /// # Errors
    /// When the caller may not, there is no schedule, or the workflow cannot be started.
    pub async fn trigger_schedule(&self, context: &Context, id: WorkflowId) -> Result<Started, ApplicationError> {
        let attempt = || async {
            let workflow = self.schedulable(context, id).await?;
            let loaded = self.store.load_schedule(id, workflow.aggregate.workspace_id).await?;
            check_version(context, &loaded)?;
            let Some(present) = &loaded.aggregate.present else {
                return Err(ApplicationError::NotFound(format!("schedule of workflow {id}")));
            };
            let input = StartInput {
                key: None,
                input: present.settings.input_parameters.clone(),
                execution_context: None,
            };
            let now = self.store.now();
            self.runs
                .start_within(context, id, &input, &|unit, execution_id| {
                    let execution_id = execution_id.clone();
                    let events = loaded.aggregate.decide(TriggerSchedule { execution_id, now }.into())?;
                    unit.record(&loaded, "schedule", &events);
                    Ok(())
                })
                .await
        };
        self.store.retrying(attempt).await
    }

    /// Removes the schedule of a workflow in the append that deletes it. When it has none, none may be set meanwhile.
    pub(crate) async fn remove_schedule_with(
        &self,
        unit: &mut Unit<'_>,
        id: WorkflowId,
    ) -> Result<(), ApplicationError> {
        let mut schedule = self.store.stored_schedule(id).await?;
        if schedule.aggregate.present.is_some() {
            unit.decide(&mut schedule, RemoveSchedule { cascade: true }).await
        } else {
            unit.guard(&schedule);
            Ok(())
        }
    }

    async fn command_schedule(
        &self,
        context: &Context,
        id: WorkflowId,
        command: impl Fn(&Workflow, Instant) -> ScheduleCommand,
    ) -> Result<Recorded, ApplicationError> {
        let attempt = || async {
            let workflow = self.schedulable(context, id).await?;
            if let Some(recorded) = self.store.repeated(context).await? {
                return Ok(recorded);
            }
            let workspace = workflow.aggregate.workspace_id;
            let mut schedule: Loaded<Schedule> = self.store.load_schedule(id, workspace).await?;
            check_version(context, &schedule)?;
            let mut unit = self.store.unit(context);
            unit.guard(&workflow);
            let command = command(&workflow.aggregate, unit.now());
            unit.decide(&mut schedule, command).await?;
            unit.commit(id.0, schedule.version).await
        };
        self.store.retrying(attempt).await
    }

    /// The workflow of a schedule, which the caller may edit.
    async fn schedulable(&self, context: &Context, id: WorkflowId) -> Result<Loaded<Workflow>, ApplicationError> {
        let workflow = self.store.load::<Workflow>(id.stream()).await?;
        self.demand_on(context, Permission::EditWorkflows, &workflow)?;
        if workflow.aggregate.is_deleted {
            return Err(ApplicationError::not_found("workflow", id));
        }
        Ok(workflow)
    }
}
