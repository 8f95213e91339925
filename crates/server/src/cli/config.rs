//! `wfm config`: every setting, its value and where it comes from.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use super::output;
use crate::config::{Config, Database, SETTINGS, Source, Values};

/// Options of `wfm config`.
#[derive(Debug, Args)]
pub struct Options {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Row {
    key: &'static str,
    variable: String,
    value: String,
    source: String,
    description: &'static str,
}

/// Prints the settings; a value that does not fit its setting is an error after the table.
pub fn run(options: &Options, values: &Values) -> Result<ExitCode> {
    let rows: Vec<Row> = SETTINGS
        .iter()
        .map(|setting| {
            let (value, source) = values.get(setting.key);
            // A connection string may hold a password.
            let shown =
                (setting.key == "database").then(|| Database::parse(value).map(|database| database.to_string()));
            // A URL with credentials is refused as a setting, but shown nowhere.
            let tells = setting.key == "egress_proxy" && value.contains('@');
            let hidden = tells || matches!(shown, Some(Err(_))) || setting.secret && source != Source::Default;
            Row {
                key: setting.key,
                variable: format!("WFM_{}", setting.key.to_ascii_uppercase()),
                value: match shown {
                    Some(Ok(shown)) => shown,
                    _ if hidden => "***".to_owned(),
                    _ => value.to_owned(),
                },
                source: source.to_string(),
                description: setting.description,
            }
        })
        .collect();
    if options.json {
        output::json(&rows)?;
    } else {
        let mut table = output::table(&["setting", "value", "from", "what it is"]);
        for row in &rows {
            table.add_row([row.key, row.value.as_str(), &row.source, row.description]);
        }
        println!("{table}");
    }
    Config::new(values)?;
    Ok(ExitCode::SUCCESS)
}
