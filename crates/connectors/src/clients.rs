//! The HTTP clients: one for all calls, and one for each client certificate in use.
//!
//! Invariant: every client checks what it connects to by the same policy and takes no settings from the process's
//! environment; a certificate's client is found by a digest, and only so many are kept.

use std::{sync::Arc, time::Duration};

use quick_cache::sync::Cache;
use reqwest::{Certificate, Client, Identity, NoProxy, Proxy, Url, redirect};
use sha2::{Digest, Sha256};
use thiserror::Error;
use wfm_application::executions::outcome::CallFailure;
use wfm_expressions::ClientCertificate;

use crate::egress::{CheckedResolver, EgressPolicy};

/// Certificates whose clients are kept, with their connections.
const CERTIFICATES: usize = 64;

/// Through which proxy calls go.
#[derive(Clone)]
pub struct ProxySettings {
    /// `http://host:port`.
    pub url: String,
    /// User name and password.
    pub credentials: Option<(String, String)>,
    /// Hosts, domains and networks that are reached without it, separated by commas.
    pub bypass: String,
}

/// Settings of the clients.
#[derive(Clone)]
pub struct HttpSettings {
    /// What may be reached.
    pub policy: EgressPolicy,
    /// Largest answer in bytes, decoded.
    pub maximum_answer_bytes: usize,
    /// What connecting may take, within the call's own timeout.
    pub connect_timeout: Duration,
    /// Idle connections that are kept per host.
    pub idle_connections_per_host: usize,
    /// Certificate authorities (PEM) that are trusted besides the system's.
    pub authorities: Option<Vec<u8>>,
    /// The proxy.
    pub proxy: Option<ProxySettings>,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            policy: EgressPolicy::default(),
            maximum_answer_bytes: 8 * 1024 * 1024,
            connect_timeout: Duration::from_secs(10),
            idle_connections_per_host: 256,
            authorities: None,
            proxy: None,
        }
    }
}

/// Why the clients cannot be made.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// The proxy's address.
    #[error("the proxy's URL is malformed: expected http://host:port, without credentials")]
    Proxy,
    /// The bundle.
    #[error("the bundle of certificate authorities holds no certificate in PEM")]
    Authorities,
    /// TLS as a whole.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(#[from] reqwest::Error),
}

/// The clients of a node.
pub(crate) struct Clients {
    plain: Client,
    with_certificate: Cache<[u8; 32], Client>,
    recipe: Recipe,
}

/// What all clients have in common.
struct Recipe {
    policy: Arc<EgressPolicy>,
    connect_timeout: Duration,
    idle_connections_per_host: usize,
    authorities: Vec<Certificate>,
    proxy: Option<(String, Proxy)>,
}

impl Clients {
    pub(crate) fn new(settings: &HttpSettings, policy: Arc<EgressPolicy>) -> Result<Self, SettingsError> {
        install_tls();
        let authorities = match &settings.authorities {
            None => Vec::new(),
            Some(pem) => Certificate::from_pem_bundle(pem)
                .ok()
                .filter(|found| !found.is_empty())
                .ok_or(SettingsError::Authorities)?,
        };
        let recipe = Recipe {
            policy,
            connect_timeout: settings.connect_timeout,
            idle_connections_per_host: settings.idle_connections_per_host,
            authorities,
            proxy: settings.proxy.as_ref().map(proxy).transpose()?,
        };
        Ok(Self {
            plain: recipe.client(None)?,
            with_certificate: Cache::new(CERTIFICATES),
            recipe,
        })
    }

    /// The client without a certificate.
    pub(crate) fn plain(&self) -> &Client {
        &self.plain
    }

    /// The client that presents a certificate.
    pub(crate) fn presenting(&self, certificate: &ClientCertificate) -> Result<Client, CallFailure> {
        let mut digest = Sha256::new();
        digest.update((certificate.certificate.len() as u64).to_be_bytes());
        digest.update(&certificate.certificate);
        digest.update(&certificate.key);
        let key: [u8; 32] = digest.finalize().into();
        self.with_certificate.get_or_insert_with(&key, || {
            let pem = format!("{}\n{}\n", certificate.certificate.trim(), certificate.key.trim());
            // The reader's own words might quote what it read.
            let unusable = |_| CallFailure {
                kind: "authentication",
                message: "the client certificate and its key are not a matching pair in PEM".to_owned(),
            };
            let identity = Identity::from_pem(pem.as_bytes()).map_err(unusable)?;
            self.recipe.client(Some(identity)).map_err(unusable)
        })
    }
}

impl Recipe {
    /// Redirects are not followed here: the connector checks each hop.
    fn client(&self, identity: Option<Identity>) -> Result<Client, reqwest::Error> {
        let proxy_host = self.proxy.as_ref().map(|(host, _)| host.as_str());
        let mut builder = Client::builder()
            .user_agent(concat!("wfm/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .connect_timeout(self.connect_timeout)
            .pool_max_idle_per_host(self.idle_connections_per_host)
            .pool_idle_timeout(Duration::from_secs(60))
            .tcp_nodelay(true)
            .no_proxy()
            .dns_resolver(CheckedResolver::shared(Arc::clone(&self.policy), proxy_host));
        if let Some((_, proxy)) = &self.proxy {
            builder = builder.proxy(proxy.clone());
        }
        if !self.authorities.is_empty() {
            builder = builder.tls_certs_merge(self.authorities.iter().cloned());
        }
        if let Some(identity) = identity {
            builder = builder.identity(identity);
        }
        builder.build()
    }
}

impl ProxySettings {
    /// Checks the URL.
    ///
    /// # Errors
    /// When it is none that can be used; the text does not repeat it.
    pub fn check(&self) -> Result<(), SettingsError> {
        proxy(self).map(drop)
    }
}

fn proxy(settings: &ProxySettings) -> Result<(String, Proxy), SettingsError> {
    let url: Url = settings.url.parse().map_err(|_| SettingsError::Proxy)?;
    let host = url.host_str().ok_or(SettingsError::Proxy)?.to_owned();
    if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() || url.password().is_some() {
        return Err(SettingsError::Proxy);
    }
    let mut proxy = Proxy::all(url).map_err(|_| SettingsError::Proxy)?;
    if let Some((user, password)) = &settings.credentials {
        proxy = proxy.basic_auth(user, password);
    }
    Ok((host, proxy.no_proxy(NoProxy::from_string(&settings.bypass))))
}

/// Chooses the process's TLS implementation, once.
fn install_tls() {
    // An error says that it was chosen before.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
