//! Configuration: flags over `WFM_*` variables over a TOML file over defaults. Unknown keys are errors.
//!
//! Every setting is one row of [`SETTINGS`], from which the documentation, `wfm config` and the reading are made.

mod database;
mod egress;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    fmt,
    net::SocketAddr,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use tracing_subscriber::EnvFilter;
use wfm_application::retention::RetentionRule;
use wfm_connectors::{EgressRule, ProxySettings};
use wfm_domain::{refusal::FieldError, retention::RetentionPeriods};
use wfm_storage_sqlserver::Settings;

pub use database::{Database, FileLimits};

/// The most that a request's or an answer's body may be allowed to have, in bytes.
const LARGEST_MESSAGE: usize = 1 << 30;

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Key in the TOML file; the variable is `WFM_` and the key in upper case.
    pub key: &'static str,
    /// Value when nothing else says otherwise; empty for none.
    pub default: &'static str,
    /// What it is, for people.
    pub description: &'static str,
    /// Whether its value must never be shown.
    pub secret: bool,
}

const fn setting(key: &'static str, default: &'static str, description: &'static str) -> Setting {
    Setting {
        key,
        default,
        description,
        secret: false,
    }
}

const fn secret(key: &'static str, description: &'static str) -> Setting {
    Setting {
        key,
        default: "",
        description,
        secret: true,
    }
}

/// Every setting.
pub const SETTINGS: &[Setting] = &[
    setting(
        "database",
        "sqlite:./data",
        "where everything is kept: sqlite:DIR, or an ADO.NET connection string of SQL Server",
    ),
    setting(
        "database_file",
        "",
        "file with the connection string of SQL Server, instead of `database`; read again for every new connection",
    ),
    secret(
        "database_read",
        "connection string of a readable secondary of SQL Server, for queries; commands and projections never use it",
    ),
    setting(
        "max_log_megabytes",
        "",
        "most MiB that the embedded database's event log (es.db) may take; then commands are refused; default: what the disk has",
    ),
    setting(
        "max_read_models_megabytes",
        "",
        "most MiB that the embedded database's read models (dbo.db) may take; then rows stand still; default: what the disk has",
    ),
    setting(
        "listen",
        "127.0.0.1:8080",
        "address and port of the HTTP API; port 0 picks a free one",
    ),
    setting(
        "master_key_file",
        "",
        "file with the master key (64 hexadecimal digits); default with sqlite: DIR/master.key, made at the first start",
    ),
    setting(
        "admin_email",
        "",
        "e-mail address of the first administrator, used when no user exists (default admin@example.com)",
    ),
    secret(
        "admin_password",
        "password of the first administrator; without one a random password is printed once",
    ),
    setting(
        "log",
        "info",
        "what is logged: error, warn, info, debug, trace, or a tracing filter",
    ),
    setting("log_format", "text", "how it is logged: text or json"),
    setting(
        "cors_origins",
        "",
        "origins, separated by commas, whose pages may call the API; none by default",
    ),
    setting("maximum_body_bytes", "2097152", "largest request body in bytes"),
    setting(
        "webhook_requests_per_second",
        "100",
        "requests a second that start runs by webhook, for each workflow and for each client address; twice as many at once",
    ),
    setting(
        "max_requests",
        "10000",
        "requests of signed-in callers that may be under way at once, half of them of one caller; others are answered 429",
    ),
    setting(
        "max_queued_executions",
        "10000",
        "executions of one workspace that may wait for a place; further starts are answered 429",
    ),
    setting(
        "egress_allow_private",
        "",
        "whether calls may reach private, loopback and link-local targets; default: while the server itself listens on loopback",
    ),
    setting(
        "egress_allow",
        "",
        "targets that calls may reach, separated by commas: host names, *.suffix, addresses, networks such as 10.1.0.0/16 \
         (a network also admits its private addresses); default: every public one",
    ),
    setting(
        "egress_deny",
        "",
        "targets that calls never reach, in the same form; it stands over everything else",
    ),
    setting(
        "egress_proxy",
        "",
        "proxy that calls go through, http://host:port; the variables HTTP_PROXY and HTTPS_PROXY are not read",
    ),
    secret("egress_proxy_credentials", "user:password for the proxy"),
    setting(
        "egress_proxy_bypass",
        "",
        "hosts, domains and networks that are reached without the proxy, separated by commas",
    ),
    setting(
        "egress_ca_file",
        "",
        "certificate authorities (PEM) that calls trust besides the system's",
    ),
    setting(
        "maximum_answer_bytes",
        "8388608",
        "largest answer of an endpoint in bytes",
    ),
    setting("bcrypt_cost", "12", "cost of password hashes, 4 to 31"),
    setting("access_token_seconds", "900", "how long an access token is valid"),
    setting("refresh_token_days", "30", "how long a refresh token is valid"),
    setting(
        "drain_seconds",
        "20",
        "how long a stopping server waits for calls under way",
    ),
    setting(
        "retention_days",
        "730",
        "days for which Completed and Cancelled executions are kept, counted from their start, 1 to 36500",
    ),
    setting(
        "retention_failed_days",
        "1826",
        "days for which Failed executions are kept, counted from their start, 1 to 36500",
    ),
    setting("node", "", "name of this node in the log; default: the host's name"),
];

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Nothing said otherwise.
    Default,
    /// The configuration file.
    File,
    /// A `WFM_*` variable.
    Environment,
    /// A flag of the command line.
    Flag,
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Environment => "environment",
            Self::Flag => "flag",
        })
    }
}

/// Every setting's text and where it comes from.
#[derive(Debug, Clone)]
pub struct Values(BTreeMap<&'static str, (String, Source)>);

impl Values {
    /// Reads all sources.
    ///
    /// # Errors
    /// On unknown keys, an unreadable file, or values of the wrong shape in it.
    pub fn read(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
        flags: &[(&'static str, Option<String>)],
    ) -> Result<Self> {
        let defaults = SETTINGS
            .iter()
            .map(|setting| (setting.key, (setting.default.to_owned(), Source::Default)));
        let mut values = Self(defaults.collect());
        if let Some(file) = file {
            values
                .read_file(file)
                .with_context(|| format!("configuration file {}", file.display()))?;
        }
        for (name, value) in environment {
            let Some(key) = name.strip_prefix("WFM_") else { continue };
            // Variables of the test suite, the one that names the file and a client's token are not settings.
            if key == "CONFIG" || key == "TOKEN" || key.starts_with("TEST_") || key.starts_with("WRITE_") {
                continue;
            }
            values
                .set(&key.to_ascii_lowercase(), value, Source::Environment)
                .with_context(|| format!("variable {name}"))?;
        }
        for (key, value) in flags {
            if let Some(value) = value {
                values.set(key, value.clone(), Source::Flag)?;
            }
        }
        Ok(values)
    }

    fn read_file(&mut self, file: &Path) -> Result<()> {
        let text = std::fs::read_to_string(file)?;
        let table: toml::Table = text.parse()?;
        for (key, value) in table {
            let text = match value {
                toml::Value::String(text) => text,
                toml::Value::Integer(number) => number.to_string(),
                toml::Value::Boolean(flag) => flag.to_string(),
                toml::Value::Array(items) => {
                    let texts: Option<Vec<&str>> = items.iter().map(toml::Value::as_str).collect();
                    texts
                        .with_context(|| format!("{key}: a list of strings is expected"))?
                        .join(",")
                }
                toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => {
                    bail!("{key}: a string, a number, true or false is expected")
                }
            };
            self.set(&key, text, Source::File)?;
        }
        Ok(())
    }

    fn set(&mut self, key: &str, value: String, source: Source) -> Result<()> {
        let Some(setting) = SETTINGS.iter().find(|setting| setting.key == key) else {
            let known: Vec<&str> = SETTINGS.iter().map(|setting| setting.key).collect();
            bail!("unknown setting {key}; known are {}", known.join(", "));
        };
        self.0.insert(setting.key, (value, source));
        Ok(())
    }

    /// Text and source of a setting.
    #[must_use]
    pub fn get(&self, key: &str) -> (&str, Source) {
        self.0
            .get(key)
            .map_or(("", Source::Default), |(text, source)| (text, *source))
    }

    fn parse<T: std::str::FromStr>(&self, key: &str) -> Result<T>
    where
        T::Err: fmt::Display,
    {
        let (text, source) = self.get(key);
        text.parse()
            .map_err(|error| anyhow::anyhow!("{key} = {text:?} (from {source}): {error}"))
    }

    /// A number within a range.
    fn within<T>(&self, key: &str, range: RangeInclusive<T>) -> Result<T>
    where
        T: std::str::FromStr + fmt::Display + PartialOrd,
        T::Err: fmt::Display,
    {
        let number: T = self.parse(key)?;
        if !range.contains(&number) {
            bail!("{key} = {number}: expected {} to {}", range.start(), range.end());
        }
        Ok(number)
    }

    fn optional(&self, key: &str) -> Option<String> {
        let (text, _) = self.get(key);
        (!text.is_empty()).then(|| text.to_owned())
    }
}

/// The configuration, checked.
#[derive(Clone)]
pub struct Config {
    /// Where everything is kept.
    pub database: Database,
    /// A readable secondary of the database, for queries.
    pub database_read: Option<Box<Settings>>,
    /// How large the files of the embedded database may grow.
    pub file_limits: FileLimits,
    /// Address of the HTTP API.
    pub listen: SocketAddr,
    /// File with the master key, if named.
    pub master_key_file: Option<PathBuf>,
    /// First administrator's address.
    pub admin_email: Option<String>,
    /// First administrator's password.
    pub admin_password: Option<String>,
    /// Tracing filter.
    pub log: String,
    /// Whether the log is JSON.
    pub log_json: bool,
    /// Origins whose pages may call the API.
    pub cors_origins: Vec<String>,
    /// Largest request body.
    pub maximum_body_bytes: usize,
    /// Requests a second that start runs by webhook.
    pub webhook_requests_per_second: u32,
    /// Requests that may be under way at once.
    pub max_requests: usize,
    /// Executions of one workspace that may wait for a place.
    pub max_queued_executions: usize,
    /// Whether calls may reach private targets.
    pub egress_allow_private: bool,
    /// The only targets that calls may reach, unless empty.
    pub egress_allow: Vec<EgressRule>,
    /// Targets that calls never reach.
    pub egress_deny: Vec<EgressRule>,
    /// Proxy of calls.
    pub egress_proxy: Option<ProxySettings>,
    /// File with more certificate authorities for calls.
    pub egress_ca_file: Option<PathBuf>,
    /// Largest answer of an endpoint.
    pub maximum_answer_bytes: usize,
    /// Cost of password hashes.
    pub bcrypt_cost: u32,
    /// Validity of access tokens.
    pub access_token_seconds: u32,
    /// Validity of refresh tokens.
    pub refresh_token_days: u32,
    /// How long a stopping server waits.
    pub drain: Duration,
    /// How long executions are kept.
    pub retention_rule: RetentionRule,
    /// Name of this node.
    pub node: String,
}

impl Config {
    /// Checks the values.
    ///
    /// # Errors
    /// The first value that is out of place, with its key and source.
    pub fn new(values: &Values) -> Result<Self> {
        let listen: SocketAddr = values.parse("listen")?;
        let database = database::told(values)?;
        let database_read = database::readable_secondary(values, &database)?;
        let file_limits = database::file_limits(values, &database)?;
        let egress_allow_private = match values.optional("egress_allow_private") {
            Some(_) => values.parse("egress_allow_private")?,
            None => listen.ip().is_loopback(),
        };
        let log_json = match values.get("log_format").0 {
            "text" => false,
            "json" => true,
            other => bail!("log_format = {other:?}: expected text or json"),
        };
        Ok(Self {
            database,
            database_read,
            file_limits,
            listen,
            master_key_file: values.optional("master_key_file").map(PathBuf::from),
            admin_email: values.optional("admin_email"),
            admin_password: values.optional("admin_password"),
            log: log_filter(values)?,
            log_json,
            cors_origins: origins(values)?,
            maximum_body_bytes: values.within("maximum_body_bytes", 1024..=LARGEST_MESSAGE)?,
            webhook_requests_per_second: values.within("webhook_requests_per_second", 1..=1_000_000)?,
            max_requests: values.within("max_requests", 1..=10_000_000)?,
            max_queued_executions: values.within("max_queued_executions", 0..=10_000_000)?,
            egress_allow_private,
            egress_allow: egress::rules(values, "egress_allow")?,
            egress_deny: egress::rules(values, "egress_deny")?,
            egress_proxy: egress::proxy(values)?,
            egress_ca_file: values.optional("egress_ca_file").map(PathBuf::from),
            maximum_answer_bytes: values.within("maximum_answer_bytes", 1024..=LARGEST_MESSAGE)?,
            bcrypt_cost: values.within("bcrypt_cost", 4..=31)?,
            access_token_seconds: values.within("access_token_seconds", 1..=31_536_000)?,
            refresh_token_days: values.within("refresh_token_days", 1..=3650)?,
            drain: Duration::from_secs(values.within("drain_seconds", 0..=86_400)?),
            retention_rule: RetentionRule::new(retention_periods(values)?, u32::MAX),
            node: values.optional("node").unwrap_or_else(host_name),
        })
    }
}

/// A filter that `tracing` reads; a word without `=` is a level, not the name of a module that is mistaken for one.
fn log_filter(values: &Values) -> Result<String> {
    let (text, source) = values.get("log");
    let is_level = |word: &str| word.eq_ignore_ascii_case("off") || word.parse::<tracing::Level>().is_ok();
    let mut parts = text.split(',').map(str::trim);
    let mistaken = parts.find(|part| !part.contains(['=', '[']) && !is_level(part));
    let wrong = match mistaken {
        Some(part) => Some(format!("{part:?} is no level")),
        None => EnvFilter::try_new(text).err().map(|error| error.to_string()),
    };
    match wrong {
        None => Ok(text.to_owned()),
        Some(wrong) => bail!(
            "log = {text:?} (from {source}): {wrong}; expected error, warn, info, debug, trace, or a filter such as info,sqlx=warn"
        ),
    }
}

/// Origins as browsers send them: scheme, host and perhaps a port; or a star for all.
fn origins(values: &Values) -> Result<Vec<String>> {
    let (text, source) = values.get("cors_origins");
    let listed = text.split(',').map(str::trim).filter(|origin| !origin.is_empty());
    listed
        .map(|origin| {
            let is_origin = |url: url::Url| url.origin().ascii_serialization() == origin;
            if origin == "*" || url::Url::parse(origin).is_ok_and(is_origin) {
                return Ok(origin.to_owned());
            }
            bail!("cors_origins (from {source}): {origin:?} is no origin; expected such as https://app.example or http://localhost:3000")
        })
        .collect()
}

fn retention_periods(values: &Values) -> Result<RetentionPeriods> {
    let (completed, failed) = (values.parse("retention_days")?, values.parse("retention_failed_days")?);
    RetentionPeriods::new(completed, failed).map_err(|refusal| {
        let wrong = |error: &FieldError| match error.pointer.as_str() {
            "/retentionDays" => format!("retention_days = {}", error.detail),
            _ => format!("retention_failed_days = {}", error.detail),
        };
        anyhow::anyhow!(refusal.errors.iter().map(wrong).collect::<Vec<_>>().join("; "))
    })
}

fn host_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .or_else(|| std::env::var("HOSTNAME").ok())
        .unwrap_or_else(|| "node".to_owned())
}
