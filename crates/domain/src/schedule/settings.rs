//! What a schedule is set to, and the check of what a caller wrote.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{CronExpression, Timing, ZonedCron};
use crate::{
    choice::{Choice, Documented},
    field_errors::FieldErrors,
    ids::WorkflowId,
    instant::Instant,
    json, text,
};

/// Longest window of a catch-up: a year.
pub const LONGEST_WINDOW_SECONDS: i64 = 366 * 24 * 60 * 60;

/// The window of a catch-up that names none: an hour.
pub const USUAL_WINDOW_SECONDS: u32 = 60 * 60;

/// Longest jitter: an hour.
pub const LONGEST_JITTER_SECONDS: i64 = 60 * 60;

/// Bytes of JSON that the input of scheduled runs may have.
pub const MAXIMUM_INPUT_BYTES: usize = 64 * 1024;

/// What becomes of a tick while a run of the schedule is open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Overlap {
    /// The tick is skipped.
    #[default]
    Skip,
    /// One tick waits until the run has ended; further ones are skipped.
    BufferOne,
    /// Another run starts.
    AllowAll,
    /// The open runs are cancelled, and another starts.
    CancelOther,
}

impl Overlap {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Skip => "Skip",
            Self::BufferOne => "BufferOne",
            Self::AllowAll => "AllowAll",
            Self::CancelOther => "CancelOther",
        }
    }
}

impl Documented for Overlap {
    const NAMES: &'static [(Self, &'static str)] = &[
        (Self::Skip, "Skip"),
        (Self::BufferOne, "BufferOne"),
        (Self::AllowAll, "AllowAll"),
        (Self::CancelOther, "CancelOther"),
    ];
}

/// Which missed ticks are made up for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CatchUpPolicy {
    /// None.
    None,
    /// The last one.
    #[default]
    Last,
    /// Each.
    All,
}

impl Documented for CatchUpPolicy {
    const NAMES: &'static [(Self, &'static str)] = &[(Self::None, "none"), (Self::Last, "last"), (Self::All, "all")];
}

/// How missed ticks are made up for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CatchUp {
    /// Which.
    pub policy: CatchUpPolicy,
    /// None that is older than this.
    pub window_seconds: u32,
}

impl Default for CatchUp {
    fn default() -> Self {
        Self {
            policy: CatchUpPolicy::default(),
            window_seconds: USUAL_WINDOW_SECONDS,
        }
    }
}

/// What a schedule is set to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleSettings {
    /// The expression, normalised.
    pub cron_expression: String,
    /// IANA name of the zone in which it is read.
    pub time_zone: String,
    /// No tick before.
    pub start_date: Option<Instant>,
    /// No tick after.
    pub end_date: Option<Instant>,
    /// For people.
    pub description: Option<String>,
    /// Input of the runs: an object. It is configuration and stands in the open, like a step's mappings.
    pub input_parameters: Value,
    /// What becomes of missed ticks.
    pub catch_up: CatchUp,
    /// What becomes of ticks while a run is open.
    pub overlap: Overlap,
    /// Longest delay of a run after its tick.
    pub jitter_seconds: u32,
}

impl ScheduleSettings {
    /// When the ticks happen; `None` when this build cannot read the expression or the zone.
    #[must_use]
    pub fn timing(&self, workflow: WorkflowId) -> Option<Timing> {
        Some(Timing {
            cron: ZonedCron {
                expression: CronExpression::parse(&self.cron_expression).ok()?,
                zone: self.time_zone.parse().ok()?,
            },
            start: self.start_date,
            end: self.end_date,
            jitter_seconds: self.jitter_seconds,
            workflow,
        })
    }
}

/// Catch-up as written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WrittenCatchUp {
    /// `policy`.
    pub policy: Option<Choice<CatchUpPolicy>>,
    /// `windowSeconds`.
    pub window_seconds: Option<i64>,
}

/// Settings as written; what is left out has its default.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WrittenSchedule {
    /// `cronExpression`.
    pub cron_expression: String,
    /// `timeZone`, `UTC` when omitted.
    pub time_zone: Option<String>,
    /// `startDate`.
    pub start_date: Option<Instant>,
    /// `endDate`.
    pub end_date: Option<Instant>,
    /// `description`.
    pub description: Option<String>,
    /// `inputParameters`, `{}` when omitted.
    pub input_parameters: Option<Value>,
    /// `catchUp`.
    pub catch_up: Option<WrittenCatchUp>,
    /// `overlap`, `Skip` when omitted.
    pub overlap: Option<Choice<Overlap>>,
    /// `jitterSeconds`, 0 when omitted.
    pub jitter_seconds: Option<i64>,
}

impl WrittenSchedule {
    /// The settings, normalised; notes everything that `WorkflowSchedules` does not take.
    pub(super) fn check(self, errors: &mut FieldErrors) -> ScheduleSettings {
        let time_zone = self.time_zone.unwrap_or_else(|| "UTC".to_owned());
        let input = json::object(errors, "/inputParameters", self.input_parameters.as_ref());
        let input_parameters = input.unwrap_or_else(|| Value::Object(Map::new()));
        if input_parameters.to_string().len() > MAXIMUM_INPUT_BYTES {
            errors.add(
                "/inputParameters",
                format!("at most {MAXIMUM_INPUT_BYTES} bytes of JSON"),
            );
        }
        if let (Some(start), Some(end)) = (self.start_date, self.end_date)
            && end < start
        {
            errors.add("/endDate", "must not lie before startDate");
        }
        let catch_up = self.catch_up.unwrap_or_default();
        let at = "/catchUp/windowSeconds";
        let window = seconds(errors, at, catch_up.window_seconds, LONGEST_WINDOW_SECONDS);
        let policy = catch_up.policy.map(|policy| policy.resolve(errors, "/catchUp/policy"));
        let overlap = self.overlap.map(|overlap| overlap.resolve(errors, "/overlap"));
        ScheduleSettings {
            cron_expression: expression(errors, "/cronExpression", &self.cron_expression)
                .map_or_else(String::new, |expression| expression.text().to_owned()),
            time_zone: zone(errors, "/timeZone", &time_zone).map_or_else(String::new, |zone| zone.name().to_owned()),
            start_date: self.start_date,
            end_date: self.end_date,
            description: text::block(errors, "/description", self.description.as_deref(), Some(500)),
            input_parameters,
            catch_up: CatchUp {
                policy: policy.flatten().unwrap_or_default(),
                window_seconds: window.unwrap_or(USUAL_WINDOW_SECONDS),
            },
            overlap: overlap.flatten().unwrap_or_default(),
            jitter_seconds: seconds(errors, "/jitterSeconds", self.jitter_seconds, LONGEST_JITTER_SECONDS)
                .unwrap_or_default(),
        }
    }
}

/// An expression; notes at `pointer` what is wrong with it.
pub fn expression(errors: &mut FieldErrors, pointer: &str, written: &str) -> Option<CronExpression> {
    let parsed = CronExpression::parse(written);
    parsed.map_err(|problem| errors.add(pointer, problem)).ok()
}

/// A zone; notes at `pointer` when there is none of this name.
pub fn zone(errors: &mut FieldErrors, pointer: &str, written: &str) -> Option<chrono_tz::Tz> {
    let parsed = written.trim().parse();
    let unknown = |_| {
        errors.add(
            pointer,
            "must be the name of an IANA time zone, for example Europe/Berlin",
        )
    };
    parsed.map_err(unknown).ok()
}

fn seconds(errors: &mut FieldErrors, pointer: &str, written: Option<i64>, maximum: i64) -> Option<u32> {
    let written = written?;
    if (0..=maximum).contains(&written) {
        u32::try_from(written).ok()
    } else {
        errors.add(pointer, format!("must be a whole number from 0 to {maximum}"));
        None
    }
}
