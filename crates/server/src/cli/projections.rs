//! `wfm projections`: how far the read models are, and, while no server runs on the folder, work on them. A running server
//! is asked through `/api/v1/projections`.

use std::{io::IsTerminal, process::ExitCode};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use serde_json::json;
use wfm_application::projection::{Projection, RebuildProgress};
use wfm_storage::read_store::{ParkedEvent, TableDifference};

use super::output;
use crate::{
    config::Config,
    core::{Parts, Surroundings},
    database::{self, Standing},
};

/// Options of `wfm projections`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show how far the read models are
    Status {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Build the rows anew from the first event and apply the difference
    Rebuild {
        /// Which projection; there is one, read-models, for all tables
        name: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show the events that could not be projected, with those that wait behind them
    Parked {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Try to project parked events again, in order; exits 1 when some stay parked
    Retry {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Build the rows anew and compare; changes nothing, exits 1 when they differ
    Verify {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// Runs the action.
pub async fn run(options: &Options, config: &Config) -> Result<ExitCode> {
    match &options.action {
        Action::Status { json } => show_status(*json, &database::standing(&config.database).await?),
        Action::Parked { json } => show_parked(*json, &database::standing(&config.database).await?.parked),
        Action::Rebuild { name, .. } if name.as_deref().is_some_and(|name| name != "read-models") => {
            bail!("there is one projection: read-models")
        }
        Action::Rebuild { json, .. } => {
            let rebuilt = work(config, async |projection| {
                report(*json, "rebuilt", &projection.rebuild(progress).await?)?;
                Ok(ExitCode::SUCCESS)
            });
            match rebuilt.await {
                Err(error) if database::remove_damaged_rows(&config.database, &error)? => {
                    work(config, async |_| {
                        report(*json, "rebuilt", &[])?;
                        Ok(ExitCode::SUCCESS)
                    })
                    .await
                }
                outcome => outcome,
            }
        }
        Action::Retry { json } => {
            work(config, async |projection| {
                let released = projection.retry_parked().await?;
                let parked = projection.status().await?.parked;
                if *json {
                    output::json(&json!({ "released": released, "parked": parked }))?;
                } else {
                    println!("{released} events took effect, {parked} are still parked");
                }
                Ok(success_if(parked == 0))
            })
            .await
        }
        Action::Verify { json } => {
            work(config, async |projection| {
                let differences = projection.verify(progress).await?;
                report(*json, "verified", &differences)?;
                Ok(success_if(differences.is_empty()))
            })
            .await
        }
    }
}

fn success_if(all_is_well: bool) -> ExitCode {
    if all_is_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Works on read models that have caught up with the log, while nobody else has the database.
async fn work(config: &Config, action: impl AsyncFnOnce(&Projection) -> Result<ExitCode>) -> Result<ExitCode> {
    database::demand_log(&config.database)?;
    let parts = Parts::open(config, &Surroundings::default())
        .await
        .context("the read models are worked on while no server runs; ask a running one through /api/v1/projections")?;
    let code = async {
        let projection = parts.projection().await?;
        projection.catch_up().await?;
        action(&projection).await
    };
    let code = code.await;
    parts.database.close().await;
    code
}

fn show_status(json: bool, standing: &Standing) -> Result<ExitCode> {
    let lag = standing.head.saturating_sub(standing.position);
    let parked = standing.parked.len();
    if json {
        output::json(&json!({
            "name": "read-models", "position": standing.position, "head": standing.head, "lag": lag, "parked": parked,
            "epoch": standing.epoch,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = output::table(&["projection", "position", "head", "lag", "parked", "epoch"]);
    table.add_row([
        "read-models".to_owned(),
        standing.position.to_string(),
        standing.head.to_string(),
        lag.to_string(),
        parked.to_string(),
        standing.epoch.to_string(),
    ]);
    println!("{table}");
    Ok(ExitCode::SUCCESS)
}

fn show_parked(json: bool, parked: &[ParkedEvent]) -> Result<ExitCode> {
    if json {
        let rows: Vec<_> = parked
            .iter()
            .map(|event| {
                json!({
                    "position": event.position.0, "stream": event.stream.as_str(), "type": &*event.event_type,
                    "reason": event.reason, "parkedAt": &*event.parked_at,
                })
            })
            .collect();
        output::json(&rows)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = output::table(&["position", "stream", "type", "since", "why"]);
    for event in parked {
        table.add_row([
            event.position.to_string(),
            event.stream.to_string(),
            event.event_type.to_string(),
            event.parked_at.to_string(),
            event.reason.clone(),
        ]);
    }
    println!("{table}");
    Ok(ExitCode::SUCCESS)
}

/// Shows progress to a person, on standard error.
fn progress(progress: RebuildProgress) {
    if std::io::stderr().is_terminal() {
        eprint!("\r{} of {} events", progress.position, progress.target);
        if progress.position >= progress.target {
            eprintln!();
        }
    }
}

fn report(json: bool, what: &str, differences: &[TableDifference]) -> Result<()> {
    if json {
        let rows: Vec<_> = differences
            .iter()
            .map(|table| json!({"table": table.table, "missing": table.missing, "surplus": table.surplus}))
            .collect();
        return output::json(&json!({ "outcome": what, "identical": differences.is_empty(), "differences": rows }));
    }
    if differences.is_empty() {
        println!("{what}: every row is identical to its replay");
        return Ok(());
    }
    let mut table = output::table(&[
        "table",
        "rows the replay has and the table lacked",
        "rows the replay has not",
    ]);
    for difference in differences {
        table.add_row([
            difference.table.to_owned(),
            difference.missing.to_string(),
            difference.surplus.to_string(),
        ]);
    }
    println!("{what}; what differed:\n{table}");
    Ok(())
}
