//! What the process says of itself: structured log lines on standard error.

use anyhow::Result;
use tracing_subscriber::EnvFilter;

use crate::config::Config;

/// Begins to log. Later calls in one process change nothing.
///
/// # Errors
/// When the filter is malformed.
pub fn begin(config: &Config) -> Result<()> {
    let filter = EnvFilter::try_new(&config.log)?;
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
