//! The command line: one file a command.

mod apply;
mod config;
mod definitions;
mod doctor;
mod events;
mod export;
mod migrate;
mod output;
mod projections;
mod retention;
mod schedule;
mod serve;
mod user;

pub mod bench;
pub mod demo;

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};

use crate::{
    config::{Config, Values},
    core::Surroundings,
    reserve::{Ended, Reserve},
    telemetry,
};

/// Workflow automation that can prove what happened.
#[derive(Debug, Parser)]
#[command(name = "wfm", version, about, propagate_version = true)]
pub struct Cli {
    #[command(flatten)]
    settings: SettingFlags,
    #[command(subcommand)]
    command: Command,
}

/// Settings that may be given on the command line; the others come from `WFM_*` variables or the file.
#[derive(Debug, Args)]
struct SettingFlags {
    /// TOML file with settings
    #[arg(long, global = true, env = "WFM_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where everything is kept: sqlite:DIR, or a connection string of SQL Server [default: sqlite:./data]
    #[arg(long, global = true, value_name = "URL")]
    database: Option<String>,
    /// What is logged: error, warn, info, debug, trace
    #[arg(long, global = true, value_name = "FILTER")]
    log: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the HTTP API and run workflows
    Serve(serve::Options),
    /// Show the whole system at work in ./wfm-demo, in under 15 seconds
    Demo(demo::Options),
    /// Bring the event log's schema up or down, or show its state
    Migrate(migrate::Options),
    /// Show, rebuild or verify the read models
    Projections(projections::Options),
    /// Show or purge executions that are old enough to go
    Retention(retention::Options),
    /// Show when cron expressions fire
    Schedule(schedule::Options),
    /// List, show or verify events of the log
    Events(events::Options),
    /// Write a server's workspaces, endpoints, environments, workflows and schedules as YAML
    Export(export::Options),
    /// Bring a server to what YAML files describe; --dry-run shows the plan
    Apply(apply::Options),
    /// Manage users from the machine itself
    User(user::Options),
    /// Look for what keeps a server from its work; changes nothing, exits 1 when there is such a thing
    Doctor(doctor::Options),
    /// Show every setting, its value and where it comes from
    Config(config::Options),
    /// Measure this machine: log append, rebuild, start
    Bench(bench::Options),
}

/// Reads the command line. What is wrong with it ends the process with 1, for 2 is an answer of `wfm apply`.
#[must_use]
pub fn parse() -> Cli {
    Cli::try_parse().unwrap_or_else(|error| {
        // Nobody listens when it cannot be printed.
        let _ = error.print();
        std::process::exit(i32::from(error.use_stderr()))
    })
}

/// Runs a command; errors go to standard error.
#[must_use]
pub fn run(cli: Cli) -> ExitCode {
    run_in(cli, Surroundings::default())
}

/// The same; a server that is started has these surroundings.
#[must_use]
pub fn run_in(cli: Cli, surroundings: Surroundings) -> ExitCode {
    match run_to_its_end(cli, surroundings) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// With a worker for each processor, the last of which is a reserve. `TOKIO_WORKER_THREADS` says otherwise.
fn run_to_its_end(cli: Cli, mut surroundings: Surroundings) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.context("starting the runtime")?;
    if std::env::var_os("TOKIO_WORKER_THREADS").is_none() && runtime.metrics().num_workers() > 1 {
        surroundings.reserve = Some(Reserve::of(runtime.handle().clone()));
    }
    // Ends before the runtime does, whatever happens.
    let _ended = surroundings.reserve.clone().map(Ended);
    runtime.block_on(dispatch(cli, surroundings))
}

async fn dispatch(cli: Cli, surroundings: Surroundings) -> Result<ExitCode> {
    let flags = cli.settings;
    let values = |more: &[(&'static str, Option<String>)]| {
        let mut given = vec![("database", flags.database.clone()), ("log", flags.log.clone())];
        given.extend_from_slice(more);
        Values::read(flags.config.as_deref(), std::env::vars(), &given)
    };
    let config = |more: &[(&'static str, Option<String>)]| -> Result<Config> {
        let config = Config::new(&values(more)?)?;
        telemetry::begin(&config)?;
        Ok(config)
    };
    match cli.command {
        Command::Serve(options) => serve::run(config(&options.settings())?, surroundings).await,
        Command::Demo(options) => demo::run(options, values(&[])?).await,
        Command::Migrate(options) => migrate::run(&options, &config(&[])?).await,
        Command::Projections(options) => projections::run(&options, &config(&[])?).await,
        Command::Retention(options) => retention::run(&options, &config(&options.periods.settings())?).await,
        Command::Schedule(options) => schedule::run(&options),
        Command::Events(options) => events::run(&options, &config(&[])?).await,
        Command::Export(options) => export::run(&options).await,
        Command::Apply(options) => apply::run(&options).await,
        Command::User(options) => user::run(&options, &config(&[])?).await,
        Command::Doctor(options) => doctor::run(&options, &config(&[])?).await,
        Command::Config(options) => config::run(&options, &values(&[])?),
        Command::Bench(options) => bench::run(&options, values(&[])?).await,
    }
}
