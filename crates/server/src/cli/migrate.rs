//! `wfm migrate`: the event log's schema.

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use serde_json::json;
use wfm_storage_sqlite::{migrate_down, migrate_up, migration_status};

use super::output;
use crate::{config::Config, core::Surroundings, database};

/// Options of `wfm migrate`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Apply every step that is missing
    Up {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Take the last steps back; a step that would lose events is refused
    Down {
        /// How many steps
        #[arg(long, default_value_t = 1)]
        steps: usize,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show every step and whether it is applied
    Status {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// Runs the action.
pub async fn run(options: &Options, config: &Config) -> Result<ExitCode> {
    let folder = database::folder(&config.database);
    let log_options = database::log_options(Surroundings::default().clock);
    match options.action {
        Action::Up { json } => {
            let applied = migrate_up(folder, &log_options).await.context("migrating up")?;
            report(json, "applied", &applied)?;
        }
        Action::Down { steps, json } => {
            let taken_back = migrate_down(folder, steps).await.context("migrating down")?;
            report(json, "taken back", &taken_back)?;
        }
        Action::Status { json } => {
            let states = migration_status(folder).await.context("reading the migrations")?;
            if json {
                let rows: Vec<_> = states
                    .iter()
                    .map(|state| json!({"name": state.name, "checksum": state.checksum, "appliedAt": state.applied_at}))
                    .collect();
                output::json(&rows)?;
            } else {
                let mut table = output::table(&["step", "applied at", "checksum"]);
                for state in &states {
                    let applied = state.applied_at.as_deref().unwrap_or("not applied");
                    table.add_row([state.name.as_ref(), applied, state.checksum.as_ref()]);
                }
                println!("{table}");
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn report(json: bool, what: &str, names: &[String]) -> Result<()> {
    if json {
        return output::json(&json!({ what.replace(' ', "_"): names }));
    }
    if names.is_empty() {
        println!("nothing to do");
    }
    for name in names {
        println!("{what}: {name}");
    }
    Ok(())
}
