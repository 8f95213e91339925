//! `wfm apply`: brings a server to what files describe, and shows the way there first.
//!
//! Exit codes: 0 when there was nothing to do or everything was done, 1 on errors, 2 with `--dry-run --exit-code` when
//! something would be done.

mod carry_out;
mod report;

use std::{collections::BTreeSet, path::PathBuf, process::ExitCode};

use anyhow::{Context as _, Result};
use clap::Args;
use wfm_definitions::{
    plan::{self, FileFault, Plan},
    resource::Declared,
};

use super::definitions::{Client, Connection, folder, inventory};
use carry_out::carry_out;
use report::Report;

/// Options of `wfm apply`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    connection: Connection,
    /// Folder, file or - (standard input) with definitions
    #[arg(short, long, value_name = "DIR")]
    file: PathBuf,
    /// Show the plan and change nothing
    #[arg(long)]
    dry_run: bool,
    /// With --dry-run: exit with 2 when something would be done
    #[arg(long, requires = "dry_run")]
    exit_code: bool,
    /// Publish workflows whose draft is not in force
    #[arg(long)]
    publish: bool,
    /// Delete what described projects and workspaces have beside what is described
    #[arg(long)]
    prune: bool,
    /// Create workspaces that are missing, instead of refusing
    #[arg(long)]
    create_workspaces: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Exit code of a dry run that would do something.
const PENDING: u8 = 2;

/// Applies.
pub async fn run(options: &Options) -> Result<ExitCode> {
    let declared = match folder::read(&options.file)? {
        Ok(declared) => declared,
        Err(faults) => return report::faults(&faults, options.json),
    };
    let client = options.connection.client()?;
    let plan = match plan(&client, declared, options).await? {
        Ok((plan, known)) => (plan, known),
        Err(faults) => return report::faults(&faults, options.json),
    };
    let (plan, known) = plan;
    let mut report = Report::new(&plan, options.dry_run);
    if !options.json {
        report.print_plan();
    }
    if !options.dry_run {
        report.outcomes = carry_out(&client, &plan, known, |line| {
            if !options.json {
                println!("{line}");
            }
        })
        .await;
    }
    if options.json {
        report.print_json()?;
    } else {
        report.print_end();
    }
    Ok(if report.has_failed() {
        ExitCode::FAILURE
    } else if options.exit_code && !plan.steps.is_empty() {
        ExitCode::from(PENDING)
    } else {
        ExitCode::SUCCESS
    })
}

type Planned = Result<(Plan, carry_out::Known), Vec<FileFault>>;

async fn plan(client: &Client, declared: Vec<Declared>, options: &Options) -> Result<Planned> {
    let identities = || declared.iter().map(|one| &one.resource.identity);
    let wanted = inventory::Wanted {
        workspaces: Some(
            identities()
                .filter_map(|one| one.its_workspace().map(str::to_owned))
                .collect(),
        ),
        endpoints: Some(identities().cloned().collect::<BTreeSet<_>>()),
        standing: true,
    };
    let found = inventory::read(client, &wanted)
        .await
        .context("reading what the server has")?;
    let may = plan::Options {
        publish: options.publish,
        prune: options.prune,
        create_workspaces: options.create_workspaces,
    };
    let known = carry_out::Known::new(&found.inventory);
    Ok(Plan::new(declared, &found.inventory, may).map(|plan| (plan, known)))
}
