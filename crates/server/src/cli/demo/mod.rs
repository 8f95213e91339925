//! `wfm demo`: the whole system at work, on real HTTP, in a folder of its own; exits non-zero when anything differs from
//! what it promises.

mod client;
mod order_service;
mod scenario;
mod show;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use self::{client::Client, order_service::OrderService, scenario::Scenario};
use crate::{
    config::{Config, Database, Values},
    core::Surroundings,
    node::Node,
};

/// Options of `wfm demo`.
#[derive(Debug, Args)]
pub struct Options {
    /// Go on serving after the demonstration, and print the URL and a token
    #[arg(long)]
    keep_serving: bool,
}

const FOLDER: &str = "wfm-demo";

/// File that marks a folder as made by the demonstration, so that no other folder is ever replaced.
const MARK: &str = ".made-by-wfm-demo";

pub(super) const ADMIN_EMAIL: &str = "ada@orders.example";
pub(super) const ADMIN_PASSWORD: &str = "demo-password-1";

/// Runs the demonstration.
pub async fn run(options: Options, values: Values) -> Result<ExitCode> {
    let folder = PathBuf::from(FOLDER);
    prepare(&folder)?;
    let config = Config {
        database: Database::Sqlite(folder.clone()),
        listen: ([127, 0, 0, 1], 0).into(),
        admin_email: Some(ADMIN_EMAIL.to_owned()),
        admin_password: Some(ADMIN_PASSWORD.to_owned()),
        egress_allow_private: true,
        bcrypt_cost: 8,
        ..Config::new(&values)?
    };
    let service = OrderService::start().await?;
    let node = Node::start(&config, Surroundings::default()).await?;
    super::user::first_admin(&node.app, &config).await?;
    println!(
        "server       http://{}\norder service {}\n",
        node.address,
        service.url()
    );

    let outcome = demonstrate(&node, &service, &folder).await;
    if outcome.is_ok() && options.keep_serving {
        let client = Client::login(node.address, ADMIN_EMAIL, ADMIN_PASSWORD).await?;
        println!(
            "\nstill serving on http://{}; token:\n{}\nend with Ctrl-C",
            node.address,
            client.token()
        );
        tokio::signal::ctrl_c().await.context("waiting for Ctrl-C")?;
    }
    node.stop().await;
    outcome?;
    Ok(ExitCode::SUCCESS)
}

/// An empty, marked folder; replaces only one that carries the mark.
fn prepare(folder: &Path) -> Result<()> {
    if folder.exists() {
        let empty = fs::read_dir(folder)
            .with_context(|| format!("{}", folder.display()))?
            .next()
            .is_none();
        if !empty && !folder.join(MARK).exists() {
            bail!("./{FOLDER} exists and was not made by a demonstration; move it away or run in another folder");
        }
        fs::remove_dir_all(folder).with_context(|| format!("replacing ./{FOLDER}"))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("making ./{FOLDER}"))?;
    fs::write(
        folder.join(MARK),
        "This folder was made by `wfm demo`, which replaces it at its next run.\n",
    )?;
    Ok(())
}

async fn demonstrate(node: &Node, service: &OrderService, folder: &Path) -> Result<()> {
    let client = Client::login(node.address, ADMIN_EMAIL, ADMIN_PASSWORD).await?;
    let scenario = Scenario::build(&client, service).await?;
    let watching = show::events_as_they_happen(node).await?;
    let runs = scenario.run_orders(&client).await?;
    let events = watching.finish(node).await?;
    scenario.check(&runs, service)?;

    show::view(&client, "vw_ActiveWorkflows", "/api/v1/views/active-workflows").await?;
    show::view(
        &client,
        "vw_WorkflowExecutionSummary",
        "/api/v1/views/workflow-execution-summary",
    )
    .await?;
    show::history(&client, &runs.failed_id).await?;

    println!("\nRebuilding the read models from the log …");
    let differences = node.app.projection.rebuild(|_| {}).await?;
    ensure!(differences.is_empty(), "the rebuilt rows differ: {differences:?}");
    let status = node.app.projection.status().await?;
    println!(
        "… {} events replayed into epoch {}: every row is identical.",
        status.position, status.epoch
    );
    ensure!(
        status.lag == 0 && status.parked == 0,
        "the read models lag behind or events are parked: {status:?}"
    );
    ensure!(!holds(folder, scenario::SECRET.as_bytes())?, "a file holds the secret");
    println!("No file of ./{FOLDER} holds the payment key in plain text.");
    println!(
        "\n{events} saga events, {} orders completed, 1 failed as planned.\n\n\
         The data is in ./{FOLDER}: es.db is the event log, dbo.db the read models. Try next:\n  \
         sqlite3 {FOLDER}/dbo.db 'SELECT * FROM vw_WorkflowExecutionSummary'\n  \
         wfm --database sqlite:{FOLDER} events list --stream execution-{}\n  \
         wfm --database sqlite:{FOLDER} events verify\n  \
         wfm --database sqlite:{FOLDER} serve      (log in as {ADMIN_EMAIL} with {ADMIN_PASSWORD}; pages at /docs)",
        runs.completed, runs.failed_id
    );
    Ok(())
}

/// Whether any file of the folder contains the bytes.
fn holds(folder: &Path, bytes: &[u8]) -> Result<bool> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() && fs::read(&path)?.windows(bytes.len()).any(|window| window == bytes) {
            return Ok(true);
        }
    }
    Ok(false)
}
