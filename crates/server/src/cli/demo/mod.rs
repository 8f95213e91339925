//! `wfm demo`: the whole system at work, on real HTTP, in a folder of its own; exits non-zero when anything differs from
//! what it promises.

mod client;
mod order_service;
mod place;
mod scenario;
mod show;

use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
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

pub(super) const ADMIN_EMAIL: &str = "ada@orders.example";
pub(super) const ADMIN_PASSWORD: &str = "demo-password-1";

/// Runs the demonstration.
pub async fn run(options: Options, values: Values) -> Result<ExitCode> {
    let config = place::prepare(Config::new(&values)?).await?;
    let config = Config {
        listen: ([127, 0, 0, 1], 0).into(),
        admin_email: Some(ADMIN_EMAIL.to_owned()),
        admin_password: Some(ADMIN_PASSWORD.to_owned()),
        egress_allow_private: true,
        bcrypt_cost: 8,
        ..config
    };
    let service = OrderService::start().await?;
    let node = Node::start(&config, Surroundings::default()).await?;
    super::user::first_admin(&node.app, &config).await?;
    println!(
        "server       http://{}\norder service {}\n",
        node.address,
        service.url()
    );

    let outcome = demonstrate(&node, &service, &config.database).await;
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

async fn demonstrate(node: &Node, service: &OrderService, database: &Database) -> Result<()> {
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
    place::check_secret(node, database, scenario::SECRET).await?;
    println!(
        "\n{events} saga events, {} orders completed, 1 failed as planned.\n\n{}",
        runs.completed,
        place::next_steps(database, &runs.failed_id, ADMIN_EMAIL, ADMIN_PASSWORD)
    );
    Ok(())
}
