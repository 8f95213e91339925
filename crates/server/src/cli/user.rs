//! `wfm user`: what must work when nobody can log in; and the first administrator of a new installation.

use std::{process::ExitCode, time::Duration};

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use wfm_application::{app::App, clock::Entropy, context::Context, security::token::random_token, users::NewUser};

use super::output;
use crate::{
    config::Config,
    core::{Core, Surroundings},
};

/// Options of `wfm user`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make an administrator; the password comes from WFM_ADMIN_PASSWORD, or is made and printed once
    CreateAdmin {
        /// E-mail address; WFM_ADMIN_EMAIL when omitted
        #[arg(long)]
        email: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// Runs the action. No server may run on the same embedded database.
pub async fn run(options: &Options, config: &Config) -> Result<ExitCode> {
    let Action::CreateAdmin { email, json } = &options.action;
    let Some(email) = email.clone().or_else(|| config.admin_email.clone()) else {
        bail!("give --email or set WFM_ADMIN_EMAIL");
    };
    let core = Core::start(config, Surroundings::default())
        .await
        .context("an administrator is made while no server runs; a running one makes users through /api/v1/users")?;
    let (password, made) = password(config, core.app.store.entropy.as_ref());
    let created = create_admin(&core.app, &email, &password).await;
    core.stop(config.drain).await;
    let id = created?;
    if *json {
        output::json(&json!({ "id": id, "email": email, "password": made.then_some(password) }))?;
    } else {
        println!("administrator {email} has the id {id}");
        if made {
            println!("password (shown once): {password}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes an administrator on behalf of whoever controls the machine.
async fn create_admin(app: &App, email: &str, password: &str) -> Result<Value> {
    let admin: NewUser = serde_json::from_value(json!({
        "firstName": "System", "lastName": "Administrator", "email": email, "password": password, "role": "Admin",
    }))?;
    let context = Context::system("command line", app.store.entropy.uuid().to_string());
    let recorded = app.create_user(&context, &admin).await?;
    app.projection
        .wait_for(recorded.position, Duration::from_secs(10))
        .await;
    Ok(recorded.id)
}

fn password(config: &Config, entropy: &dyn Entropy) -> (String, bool) {
    match &config.admin_password {
        Some(password) => (password.clone(), false),
        None => (random_token(entropy).chars().take(20).collect(), true),
    }
}

/// Makes the first administrator when no user exists; a made password is printed once, on standard error.
pub async fn first_admin(app: &App, config: &Config) -> Result<()> {
    if !app.access.is_empty() {
        return Ok(());
    }
    let email = config
        .admin_email
        .clone()
        .unwrap_or_else(|| "admin@example.com".to_owned());
    let (password, made) = password(config, app.store.entropy.as_ref());
    let recorded = app
        .create_first_admin(&email, &password)
        .await
        .context("making the first administrator")?;
    let Some(recorded) = recorded else { return Ok(()) };
    app.projection
        .wait_for(recorded.position, Duration::from_secs(10))
        .await;
    if made {
        eprintln!("first administrator: {email}\npassword (shown once): {password}");
    } else {
        tracing::info!(email, "made the first administrator");
    }
    Ok(())
}
