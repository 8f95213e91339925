//! `wfm schedule`: when a cron expression fires, without a database.

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use chrono::Offset;
use clap::{Args, Subcommand};
use wfm_application::{
    clock::{Clock, SystemClock},
    schedules::{preview, shown},
};
use wfm_domain::instant::Instant;

use super::output;

/// Options of `wfm schedule`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show the next instants at which an expression fires
    Preview {
        /// Cron with five fields (minute, hour, day of month, month, day of week), or six with seconds first
        #[arg(value_name = "EXPR")]
        expression: String,
        /// IANA zone in which the expression is read
        #[arg(long, value_name = "ZONE", default_value = "UTC")]
        time_zone: String,
        /// RFC 3339 instant after which to begin; it is not shown itself [default: now]
        #[arg(long, value_name = "INSTANT")]
        from: Option<String>,
        /// How many instants, 1 to 1000
        #[arg(long, value_name = "N", default_value_t = 10)]
        count: u32,
        /// Print a JSON array of RFC 3339 instants in UTC
        #[arg(long)]
        json: bool,
    },
}

/// Shows what is asked for.
pub fn run(options: &Options) -> Result<ExitCode> {
    let Action::Preview {
        expression,
        time_zone,
        from,
        count,
        json,
    } = &options.action;
    let from = match from {
        Some(text) => {
            Instant::parse(text).with_context(|| format!("--from {text}: an RFC 3339 instant is expected"))?
        }
        None => SystemClock.now(),
    };
    let ticks = match preview(expression, Some(time_zone), from, *count) {
        Ok(ticks) => ticks,
        Err(refusal) => bail!("{}", refusal.detail),
    };
    if *json {
        output::json(&ticks.iter().map(|tick| shown(*tick)).collect::<Vec<_>>())?;
        return Ok(ExitCode::SUCCESS);
    }
    let zone: chrono_tz::Tz = time_zone.trim().parse().context("the zone was read before")?;
    let mut table = output::table(&["UTC", time_zone.trim(), "Offset"]);
    for tick in ticks {
        let local = tick.utc().with_timezone(&zone);
        let offset = local.offset().fix().to_string();
        table.add_row([shown(tick), local.format("%a %Y-%m-%d %H:%M:%S").to_string(), offset]);
    }
    println!("{table}");
    Ok(ExitCode::SUCCESS)
}
