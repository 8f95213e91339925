//! `wfm doctor`: looks for what keeps a server from its work, or soon will, and says what to do about it.
//!
//! Invariant: nothing is changed, and everything is looked at although something before it was at fault. A running server
//! is not disturbed.

mod database;
mod machine;

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use super::output;
use crate::config::Config;

/// Options of `wfm doctor`.
#[derive(Debug, Args)]
pub struct Options {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum Verdict {
    /// As it should be.
    Ok,
    /// A server works, but not as it could, or not for long.
    Warning,
    /// A server does not start, or refuses work.
    Fault,
}

/// What was looked at, how it is, and what to do.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    verdict: Verdict,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, detail: impl Into<String>) -> Self {
        Self {
            check,
            verdict: Verdict::Ok,
            detail: detail.into(),
            advice: None,
        }
    }

    fn warning(check: &'static str, detail: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Warning,
            advice: Some(advice.into()),
            ..Self::ok(check, detail)
        }
    }

    fn fault(check: &'static str, detail: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Fault,
            ..Self::warning(check, detail, advice)
        }
    }
}

/// Looks at everything; the settings are in order when this begins.
pub async fn run(options: &Options, config: &Config) -> Result<ExitCode> {
    let mut findings = vec![Finding::ok(
        "settings",
        "every setting is in order; `wfm config` shows them",
    )];
    findings.extend(database::findings(config).await);
    findings.extend(machine::findings(config));
    let is_sound = findings.iter().all(|finding| finding.verdict != Verdict::Fault);
    if options.json {
        output::json(&findings)?;
    } else {
        let mut table = output::table(&["check", "verdict", "what was found", "what to do"]);
        for finding in &findings {
            let verdict = match finding.verdict {
                Verdict::Ok => "ok",
                Verdict::Warning => "warning",
                Verdict::Fault => "FAULT",
            };
            let advice = finding.advice.as_deref().unwrap_or_default();
            table.add_row([finding.check, verdict, &finding.detail, advice]);
        }
        println!("{table}");
    }
    Ok(if is_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
