//! `wfm bench`: what this machine does; prints one JSON document.
//!
//! Everything happens in a scratch folder, which should lie on the disk that will hold the data, or in databases of the server
//! that the connection string names; both are removed afterwards.

mod append;
mod open_runs;
mod place;
mod process;
mod sagas;
mod schedules;
mod setting;

use std::{
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use self::place::Place;
use super::output;
use crate::{
    config::{Config, Values},
    core::{Core, Parts, Surroundings},
};

/// Options of `wfm bench`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    what: Option<What>,
    /// Seconds that each append measurement takes
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Events of the large log
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// Events of the small log, for comparison
    #[arg(long, default_value_t = 10_000)]
    small: u64,
    /// Where the scratch folder is made
    #[arg(long, default_value = ".", value_name = "DIR")]
    folder: PathBuf,
    /// Print JSON (always so; accepted for scripts)
    #[arg(long)]
    json: bool,
}

/// What is measured instead of the log.
#[derive(Debug, Clone, Copy, Subcommand)]
enum What {
    /// Lets runs wait, a third each for an instant, a signal and an approval: what they use meanwhile
    Waiting {
        /// How many
        #[arg(long, default_value_t = 100_000)]
        runs: usize,
    },
    /// Takes over runs that were in a call when their node stopped: how long that takes
    Recovery {
        /// How many
        #[arg(long, default_value_t = 10_000)]
        runs: usize,
    },
    /// Lets schedules become due in the same second: how long until all have fired
    Schedules {
        /// How many
        #[arg(long, default_value_t = 10_000)]
        schedules: usize,
    },
}

/// Measures and prints.
pub async fn run(options: &Options, values: Values) -> Result<ExitCode> {
    let config = Config {
        bcrypt_cost: 4,
        ..Config::new(&values)?
    };
    crate::telemetry::begin(&Config {
        log: "warn".to_owned(),
        ..config.clone()
    })?;

    ensure!(
        options.folder.is_dir(),
        "--folder: {} is no folder",
        options.folder.display()
    );
    let place = Place::new(&config, &options.folder)?;
    let measured = match options.what {
        Some(What::Waiting { runs }) => open_runs::waiting(&place, runs).await?,
        Some(What::Recovery { runs }) => open_runs::recovery(&place, runs).await?,
        Some(What::Schedules { schedules }) => schedules::due_at_once(&place, schedules).await?,
        None => log(&place, options).await?,
    };
    output::json(&measured)?;
    Ok(ExitCode::SUCCESS)
}

/// Appends, rebuild and start.
async fn log(place: &Place, options: &Options) -> Result<Value> {
    eprintln!("log append: {} s, 64 writers of two-event appends", options.seconds);
    let append = append::measure(place, options.seconds).await?;
    let small = logged(place, "small", options.small).await?;
    let large = logged(place, "large", options.events).await?;
    let ratio = large["start"]["readySeconds"].as_f64().unwrap_or_default()
        / small["start"]["readySeconds"].as_f64().unwrap_or(1.0);
    Ok(json!({
        "append": append,
        "rebuild": large["rebuild"],
        "start": { "large": large["start"], "small": small["start"], "ratio": ratio },
    }))
}

/// Writes a log of so many events, builds the read models from it, rebuilds them, and starts a node on both.
async fn logged(place: &Place, name: &str, events: u64) -> Result<Value> {
    let config = place.make(name).await?;
    eprintln!("writing {events} events");
    sagas::write(&config, events).await?;

    eprintln!("building and rebuilding the read models");
    place::remove_read_models(&config.database).await?;
    let parts = Parts::open(&config, &Surroundings::default()).await?;
    let projection = parts.projection().await?;
    let begun = Instant::now();
    projection.catch_up().await?;
    let first = begun.elapsed().as_secs_f64();
    let head = projection.status().await?.head;
    let begun = Instant::now();
    let differences = projection.rebuild(|_| {}).await?;
    let again = begun.elapsed().as_secs_f64();
    ensure!(differences.is_empty(), "the rebuild differs: {differences:?}");
    parts.database.close().await;
    drop((projection, parts));

    eprintln!("starting");
    // The first start settles what the rebuild left to be folded into the file; the second is the usual one.
    let mut ready = 0.0;
    for _ in 0..2 {
        let begun = Instant::now();
        let core = Core::start(&config, Surroundings::default()).await?;
        ready = begun.elapsed().as_secs_f64();
        core.stop(Duration::ZERO).await;
    }
    place::remove(&config.database).await;
    Ok(json!({
        "rebuild": {
            "events": head,
            "eventsPerSecond": rate(head, first),
            "withDifferenceEventsPerSecond": rate(head, again),
        },
        "start": { "events": head, "readySeconds": ready },
    }))
}

#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]
fn rate(count: u64, seconds: f64) -> u64 {
    (count as f64 / seconds) as u64
}
