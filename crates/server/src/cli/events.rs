//! `wfm events`: the log itself, also beside a running server. Protected values stay sealed here.

use std::{io::IsTerminal, process::ExitCode};

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use wfm_storage::{
    event::{Position, StoredEvent, StreamId, StreamVersion},
    verify::verify,
};

use super::output;
use crate::{config::Config, database};

/// Options of `wfm events`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List events in the order of the log
    List {
        /// Only after this position
        #[arg(long, default_value_t = 0)]
        after: u64,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// Only of this stream, for example workflow-17
        #[arg(long)]
        stream: Option<String>,
        /// Only of this type, for example StepFailed
        #[arg(long = "type")]
        event_type: Option<String>,
        /// Print one JSON document a line
        #[arg(long)]
        json: bool,
    },
    /// Show one event with its whole envelope
    Show {
        /// Its position
        position: u64,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Check order, versions, instants and every leaf hash; exits 1 when something is wrong
    Verify {
        /// Only after this position
        #[arg(long, default_value_t = 0)]
        after: u64,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

const PAGE: u32 = 500;

/// Runs the action.
pub async fn run(options: &Options, config: &Config) -> Result<ExitCode> {
    let log = database::open_log_for_reading(&config.database).await?;
    match &options.action {
        Action::List {
            after,
            limit,
            stream,
            event_type,
            json,
        } => {
            let mut left = *limit;
            let mut position = Position(*after);
            let mut version = StreamVersion(0);
            let stream = match stream {
                None => None,
                Some(name) => match StreamId::parse(name) {
                    Some(stream) => Some(stream),
                    None => bail!("{name} is no stream name; an example is workflow-17"),
                },
            };
            while left > 0 {
                let page = match &stream {
                    Some(stream) => log.read_stream(stream, version, PAGE).await?,
                    None => log.read_log(position, PAGE).await?,
                };
                let Some(last) = page.last() else { break };
                (position, version) = (last.position, last.version);
                let wanted = page.iter().filter(|event| event.position.0 > *after);
                let wanted =
                    wanted.filter(|event| event_type.as_deref().is_none_or(|wanted| *event.event_type == *wanted));
                for event in wanted.take(left as usize) {
                    left -= 1;
                    if *json {
                        output::json(&document(event)?)?;
                    } else {
                        println!(
                            "{:>8}  {}  {:<24} {}@{}",
                            event.position.0, event.recorded_at, event.event_type, event.stream, event.version
                        );
                    }
                }
            }
        }
        Action::Show { position, json } => {
            let Some(before) = position.checked_sub(1) else {
                bail!("positions begin at 1")
            };
            let found = log.read_log(Position(before), 1).await?;
            let Some(event) = found.first() else {
                bail!("there is no event at position {position}")
            };
            let document = document(event)?;
            if *json {
                output::json(&document)?;
            } else {
                println!("{}", serde_json::to_string_pretty(&document)?);
            }
        }
        Action::Verify { after, json } => {
            let show = std::io::stderr().is_terminal() && !json;
            let report = verify(log.as_ref(), Position(*after), |at| {
                if show {
                    eprint!("\r{at} events");
                }
            })
            .await?;
            if show {
                eprintln!();
            }
            if *json {
                let problems: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
                output::json(&json!({
                    "sound": report.is_sound(),
                    "events": report.events,
                    "last": report.last.0,
                    "problemCount": report.problem_count,
                    "problems": problems,
                }))?;
            } else if report.is_sound() {
                println!("sound: {} events, gapless, every leaf hash as computed", report.events);
            } else {
                println!("NOT sound: {} events checked", report.events);
                for problem in &report.problems {
                    println!("  {problem}");
                }
            }
            if !report.is_sound() {
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// An event as JSON, with what is stored and nothing opened.
fn document(event: &StoredEvent) -> Result<Value> {
    Ok(json!({
        "position": event.position.0,
        "stream": event.stream.as_str(),
        "version": event.version.0,
        "id": event.id.to_string(),
        "type": &*event.event_type,
        "schemaVersion": event.schema_version,
        "workspaceId": event.workspace,
        "occurredAt": &*event.occurred_at,
        "recordedAt": &*event.recorded_at,
        "data": serde_json::from_str::<Value>(&event.payload)?,
        "metadata": serde_json::from_str::<Value>(&event.metadata)?,
        "leafHash": hex::encode(event.leaf_hash),
    }))
}
