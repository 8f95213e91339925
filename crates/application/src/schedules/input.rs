//! The bodies of schedules, as callers send them.

use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use wfm_domain::{
    choice::Choice,
    instant::Instant,
    refusal::{FieldError, Refusal},
    schedule::{CatchUpPolicy, Overlap, WrittenCatchUp, WrittenSchedule},
};

use crate::body_schemas::{CatchUpPolicyChoice, OverlapChoice};

/// Body of `PUT /workflows/{id}/schedule`; replaces a schedule whole.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScheduleInput {
    /// Cron with five fields, or six with seconds first; POSIX meaning.
    pub cron_expression: String,
    /// IANA zone in which the expression is read; `UTC` when omitted.
    pub time_zone: Option<String>,
    /// No tick before this instant.
    pub start_date: Option<String>,
    /// No tick after this instant.
    pub end_date: Option<String>,
    /// At most 500 characters.
    pub description: Option<String>,
    /// Whether its ticks start runs; true when omitted.
    pub is_active: Option<bool>,
    /// Input of the runs: an object.
    #[schema(value_type = Option<Object>)]
    pub input_parameters: Option<Value>,
    /// What becomes of missed ticks.
    pub catch_up: Option<CatchUpInput>,
    /// What becomes of a tick while a run of the schedule is open: `Skip` (when omitted), `BufferOne`, `AllowAll` or
    /// `CancelOther`.
    #[schema(value_type = Option<OverlapChoice>)]
    pub overlap: Option<Choice<Overlap>>,
    /// Longest delay of a run after its tick, 0 to 3600; 0 when omitted. Each tick has its own, always the same.
    pub jitter_seconds: Option<i64>,
}

/// Which missed ticks are made up for.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CatchUpInput {
    /// `none`, `last` (when omitted) or `all`.
    #[schema(value_type = Option<CatchUpPolicyChoice>)]
    pub policy: Option<Choice<CatchUpPolicy>>,
    /// None that is older; 3600 when omitted. Less than a minute late is on time.
    pub window_seconds: Option<i64>,
}

impl ScheduleInput {
    /// The settings as written, instants read.
    pub(super) fn written(&self) -> Result<WrittenSchedule, Refusal> {
        let mut errors = Vec::new();
        let mut instant = |pointer: &str, text: &Option<String>| {
            let text = text.as_deref()?;
            let read = Instant::parse(text);
            if read.is_none() {
                errors.push(FieldError {
                    pointer: pointer.to_owned(),
                    detail: "must be an RFC 3339 instant".to_owned(),
                });
            }
            read
        };
        let start_date = instant("/startDate", &self.start_date);
        let end_date = instant("/endDate", &self.end_date);
        if !errors.is_empty() {
            return Err(Refusal::fields(errors));
        }
        Ok(WrittenSchedule {
            cron_expression: self.cron_expression.clone(),
            time_zone: self.time_zone.clone(),
            start_date,
            end_date,
            description: self.description.clone(),
            input_parameters: self.input_parameters.clone(),
            catch_up: self.catch_up.as_ref().map(|written| WrittenCatchUp {
                policy: written.policy.clone(),
                window_seconds: written.window_seconds,
            }),
            overlap: self.overlap.clone(),
            jitter_seconds: self.jitter_seconds,
        })
    }
}
