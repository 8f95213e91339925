//! What the process says of itself: structured log lines on standard error.

use anyhow::Result;
use tracing_subscriber::EnvFilter;

use crate::config::Config;

/// The driver that logs each error of the server and each certificate that it was told to trust; the adapter says what of
/// that matters.
const DRIVER: &str = "tiberius";

/// Begins to log. Later calls in one process change nothing.
///
/// # Errors
/// When the filter is malformed.
pub fn begin(config: &Config) -> Result<()> {
    let mut filter = EnvFilter::try_new(&config.log)?;
    if !config.log.contains(DRIVER) {
        filter = filter.add_directive(format!("{DRIVER}=off").parse()?);
    }
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let begun = if config.log_json {
        builder.json().try_init()
    } else {
        builder.try_init()
    };
    if begun.is_err() {
        tracing::debug!("logging had begun before");
    }
    Ok(())
}
