//! `wfm retention`: purges on the folder of a stopped server. A running one purges every day, and on request through
//! `/api/v1/retention`.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use wfm_application::{
    context::Context,
    retention::{Retention, RetentionReport, Settling},
};

use super::output;
use crate::{
    config::Config,
    core::{Parts, Surroundings},
    database,
};

/// Options of `wfm retention`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    pub periods: Periods,
    #[command(subcommand)]
    action: Action,
}

/// How long executions are kept, on the command line.
#[derive(Debug, Args)]
pub struct Periods {
    /// Days for which Completed and Cancelled executions are kept [default: 730]
    #[arg(long, global = true, value_name = "DAYS")]
    retention_days: Option<u32>,
    /// Days for which Failed executions are kept [default: 1826]
    #[arg(long, global = true, value_name = "DAYS")]
    retention_failed_days: Option<u32>,
}

impl Periods {
    /// The settings that they are.
    #[must_use]
    pub fn settings(&self) -> [(&'static str, Option<String>); 2] {
        let text = |days: Option<u32>| days.map(|days| days.to_string());
        [
            ("retention_days", text(self.retention_days)),
            ("retention_failed_days", text(self.retention_failed_days)),
        ]
    }
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show how many executions of which month would go, and which data keys; changes nothing
    Plan {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Purge executions that are old enough, and destroy the data keys of months that are emptied
    Run {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// Runs the action.
pub async fn run(options: &Options, config: &Config) -> Result<ExitCode> {
    database::demand_log(&config.database)?;
    let parts = Parts::open(config, &Surroundings::default()).await.context(
        "retention is run here while no server runs; a running one does it daily, and at once through /api/v1/retention",
    )?;
    let outcome = act(&options.action, config, &parts).await;
    parts.database.close().await;
    outcome?;
    Ok(ExitCode::SUCCESS)
}

async fn act(action: &Action, config: &Config, parts: &Parts) -> Result<()> {
    let projection = parts.projection().await?;
    let retention = Retention {
        store: &parts.store,
        vault: parts.database.vault.as_ref(),
        reads: parts.database.reads.as_ref(),
        projection: &projection,
        settling: Settling::Alone,
    };
    match action {
        Action::Plan { json } => show(*json, "would go", &retention.plan(config.retention_rule.periods).await?),
        Action::Run { json } => {
            let context = Context::system("command line", parts.store.entropy.uuid().to_string());
            show(*json, "purged", &retention.run(&context, &config.retention_rule).await?)
        }
    }
}

fn show(json: bool, what: &str, report: &RetentionReport) -> Result<()> {
    if json {
        return output::json(report);
    }
    if !report.months.is_empty() {
        let mut table = output::table(&["workspace", "month", "completed", "failed", "cancelled", "data key"]);
        for month in &report.months {
            table.add_row([
                month.workspace_id.to_string(),
                month.month.clone(),
                month.completed.to_string(),
                month.failed.to_string(),
                month.cancelled.to_string(),
                if month.key_destroyed { "destroyed" } else { "kept" }.to_owned(),
            ]);
        }
        println!("{table}");
    }
    println!(
        "{what}: {} executions (completed and cancelled ones that began before {}, failed ones before {})",
        report.executions, report.completed_before, report.failed_before
    );
    Ok(())
}
