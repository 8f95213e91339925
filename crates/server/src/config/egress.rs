//! Settings that say which targets calls may reach, and through what.

use anyhow::{Context as _, Result, bail};
use wfm_connectors::{EgressRule, ProxySettings};

use super::Values;

/// The rules of a list.
pub(super) fn rules(values: &Values, key: &str) -> Result<Vec<EgressRule>> {
    let (text, source) = values.get(key);
    let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    entries
        .map(|entry| {
            entry
                .parse()
                .map_err(|error| anyhow::anyhow!("{key} (from {source}): {error}"))
        })
        .collect()
}

/// The proxy, if there is one.
pub(super) fn proxy(values: &Values) -> Result<Option<ProxySettings>> {
    let (url, credentials, bypass) = (
        values.optional("egress_proxy"),
        values.optional("egress_proxy_credentials"),
        values.optional("egress_proxy_bypass"),
    );
    let Some(url) = url else {
        if credentials.is_some() || bypass.is_some() {
            bail!("egress_proxy_credentials and egress_proxy_bypass need egress_proxy");
        }
        return Ok(None);
    };
    let credentials = match credentials.as_deref().map(|text| text.split_once(':')) {
        None => None,
        Some(Some((user, password))) => Some((user.to_owned(), password.to_owned())),
        Some(None) => bail!("egress_proxy_credentials: expected user:password"),
    };
    let settings = ProxySettings {
        url,
        credentials,
        bypass: bypass.unwrap_or_default(),
    };
    settings.check().context("egress_proxy")?;
    Ok(Some(settings))
}
