//! `wfm serve`: the server.

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use wfm_application::app::App;

use super::retention::Periods;
use crate::{config::Config, core::Surroundings, node::Node, open_files};

/// Options of `wfm serve`.
#[derive(Debug, Args)]
pub struct Options {
    /// Address and port of the HTTP API [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    #[command(flatten)]
    periods: Periods,
}

impl Options {
    /// The settings that they are.
    #[must_use]
    pub fn settings(&self) -> Vec<(&'static str, Option<String>)> {
        let mut settings = vec![("listen", self.listen.clone())];
        settings.extend(self.periods.settings());
        settings
    }
}

/// Serves until SIGINT or SIGTERM.
pub async fn run(config: Config, surroundings: Surroundings) -> Result<ExitCode> {
    open_files::allow_most();
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    // Whoever waits for the server to be ready may log in at once.
    let first_admin = async |app: &App| super::user::first_admin(app, &config).await;
    let node = Node::start_prepared(&config, surroundings, first_admin).await?;
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
