//! `wfm serve`: the server.

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use crate::{config::Config, core::Surroundings, node::Node};

/// Options of `wfm serve`.
#[derive(Debug, Args)]
pub struct Options {
    /// Address and port of the HTTP API [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
}

/// Serves until SIGINT or SIGTERM.
pub async fn run(config: Config) -> Result<ExitCode> {
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let node = Node::start(&config, Surroundings::default()).await?;
    super::user::first_admin(&node.app, &config).await?;
    // The one line on standard output: what scripts wait for.
    println!("listening on http://{}", node.address);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    tracing::info!("stopping");
    node.stop().await;
    Ok(ExitCode::SUCCESS)
}
