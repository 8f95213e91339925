//! `wfm migrate`: the event log's schema, on whatever database is configured.

use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use clap::{Args, Subcommand};
use serde_json::json;
use wfm_storage::migration::{self, Back, MigrationError, Migrations};

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
    /// Take the last step back; refused when events would be lost
    Down {
        /// Take back every step after the one of this number; 0 takes back all
        #[arg(long, value_name = "NUMBER")]
        to: Option<u32>,
        /// Take back even what loses events, for good
        #[arg(long)]
        yes: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show every step and how it stands, also beside a running server; exits 1 when one was changed or is not known
    Status {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// Runs the action.
pub async fn run(options: &Options, config: &Config) -> Result<ExitCode> {
    let migrations = database::migrations(&config.database, Surroundings::default().clock);
    match options.action {
        Action::Up { json } => {
            let applied = up(migrations.as_ref()).await.context("migrating up")?;
            report(json, "applied", &applied)?;
            Ok(ExitCode::SUCCESS)
        }
        Action::Down { to, yes, json } => {
            let back = to.map_or(Back::One, Back::To);
            let taken_back = down(migrations.as_ref(), back, yes)
                .await
                .map_err(|error| match error {
                    MigrationError::WouldLose { .. } => anyhow!("{error}; back up the database, then say --yes"),
                    MigrationError::Changed { .. }
                    | MigrationError::Unknown(_)
                    | MigrationError::NoSuchStep(_)
                    | MigrationError::Storage(_) => anyhow!(error).context("migrating down"),
                })?;
            report(json, "taken back", &taken_back)?;
            Ok(ExitCode::SUCCESS)
        }
        Action::Status { json } => status(migrations.as_ref(), json).await,
    }
}

async fn up(migrations: &dyn Migrations) -> Result<Vec<String>, MigrationError> {
    let mut session = migrations.begin().await?;
    let applied = migration::up(session.as_mut()).await;
    session.close().await?;
    applied
}

async fn down(migrations: &dyn Migrations, back: Back, accept_loss: bool) -> Result<Vec<String>, MigrationError> {
    let mut session = migrations.begin().await?;
    let taken_back = migration::down(session.as_mut(), back, accept_loss).await;
    session.close().await?;
    taken_back
}

async fn status(migrations: &dyn Migrations, json: bool) -> Result<ExitCode> {
    let states = migration::status(migrations).await.context("reading the migrations")?;
    if json {
        let rows: Vec<_> = states
            .iter()
            .map(|state| {
                json!({
                    "name": state.name, "state": state.standing.name(), "appliedAt": state.applied_at,
                    "checksum": state.checksum,
                })
            })
            .collect();
        output::json(&rows)?;
    } else {
        let mut table = output::table(&["step", "state", "applied at", "checksum"]);
        for state in &states {
            let applied = state.applied_at.as_deref().unwrap_or("");
            table.add_row([
                state.name.as_str(),
                state.standing.name(),
                applied,
                state.checksum.as_str(),
            ]);
        }
        println!("{table}");
    }
    let sound = states.iter().all(|state| state.standing.is_sound());
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn report(json: bool, what: &str, names: &[String]) -> Result<()> {
    if json {
        let member = if what == "applied" { "applied" } else { "takenBack" };
        return output::json(&json!({ member: names }));
    }
    if names.is_empty() {
        println!("nothing to do");
    }
    for name in names {
        println!("{what}: {name}");
    }
    Ok(())
}
