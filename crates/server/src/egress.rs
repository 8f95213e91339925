//! Reads the settings of what calls to endpoints may reach and through which proxy. No message repeats a credential.

use anyhow::{Result, bail};
use wfm_connectors::{EgressRule, ProxySettings};

use crate::config::Values;

fn given(values: &Values, key: &str) -> Option<String> {
    let (text, _) = values.get(key);
    (!text.is_empty()).then(|| text.to_owned())
}

/// A list of rules.
pub(crate) fn rules(values: &Values, key: &str) -> Result<Vec<EgressRule>> {
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
pub(crate) fn proxy(values: &Values) -> Result<Option<ProxySettings>> {
    let (url, credentials, bypass) = (
        given(values, "egress_proxy"),
        given(values, "egress_proxy_credentials"),
        given(values, "egress_proxy_bypass"),
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
    Ok(Some(ProxySettings {
        url,
        credentials,
        bypass: bypass.unwrap_or_default(),
    }))
}
