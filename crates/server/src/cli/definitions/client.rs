//! A client of the HTTP API for commands that work on a server from outside.
//!
//! Invariant: the token comes from a variable or a file, goes to the named server alone (redirects are not followed), and
//! is never printed.

use std::{fmt, path::PathBuf, time::Duration};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use reqwest::{Method, Url};
use serde_json::Value;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often a request is sent again to a server that has no time for it.
const REPEATS: u32 = 5;

/// The server and the token, on the command line.
#[derive(Debug, Args)]
pub struct Connection {
    /// Base URL of the server
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    server: String,
    /// File with an access token or an API key [default: the variable WFM_TOKEN]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

/// Sends requests to one server.
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
}

/// An answer to a request that succeeded.
pub struct Answer {
    /// Its JSON; null when there is none.
    pub body: Value,
    /// The version that its `ETag` names.
    pub version: Option<u64>,
}

/// Why a request did not succeed.
#[derive(Debug, Clone)]
pub struct Problem {
    /// HTTP status; 0 when no answer came.
    pub status: u16,
    /// What happened.
    pub detail: String,
    /// Faults in the request: pointer and detail.
    pub errors: Vec<(String, String)>,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            0 => write!(formatter, "{}", self.detail)?,
            status => write!(formatter, "the server answered {status}: {}", self.detail)?,
        }
        for (pointer, detail) in &self.errors {
            write!(formatter, "; {pointer}: {detail}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

impl Connection {
    /// The client.
    ///
    /// # Errors
    /// When the URL is none, or there is no token.
    pub fn client(&self) -> Result<Client> {
        // An error says that one was chosen before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let url: Url = self
            .server
            .parse()
            .with_context(|| format!("--server {}", self.server))?;
        let host = url.host_str().unwrap_or_default();
        if !matches!(url.scheme(), "http" | "https") || host.is_empty() {
            bail!("--server {}: http://HOST or https://HOST is expected", self.server);
        }
        if !url.username().is_empty() || url.password().is_some() {
            bail!("--server: the URL must not contain credentials");
        }
        let is_local = host == "localhost" || host == "[::1]" || host.starts_with("127.");
        if url.scheme() == "http" && !is_local {
            eprintln!("warning: the token goes to {host} unencrypted; https protects it");
        }
        let mut builder = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none());
        if is_local {
            builder = builder.no_proxy();
        }
        Ok(Client {
            http: builder.build()?,
            base: self.server.trim_end_matches('/').to_owned(),
            token: self.token()?,
        })
    }

    fn token(&self) -> Result<String> {
        let token = match &self.token_file {
            Some(file) => std::fs::read_to_string(file).with_context(|| format!("--token-file {}", file.display()))?,
            None => std::env::var("WFM_TOKEN").unwrap_or_default(),
        };
        let token = token.trim();
        if token.is_empty() {
            bail!("a token is needed: in the variable WFM_TOKEN, or in a file that --token-file names");
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            bail!("the token must be one line of visible ASCII characters");
        }
        Ok(token.to_owned())
    }
}

impl Client {
    /// GET.
    ///
    /// # Errors
    /// When it does not succeed.
    pub async fn get(&self, path: &str) -> Result<Answer, Problem> {
        self.send(Method::GET, path, None, None).await
    }

    /// Every item of a list, page by page. `path` has a query already.
    ///
    /// # Errors
    /// When a page does not come.
    pub async fn all(&self, path: &str) -> Result<Vec<Value>, Problem> {
        let mut items = Vec::new();
        let mut next = format!("{path}&limit=200");
        loop {
            let mut page = self.get(&next).await?.body;
            if let Some(Value::Array(more)) = page.get_mut("items").map(Value::take) {
                items.extend(more);
            }
            match page.get("nextCursor").and_then(Value::as_str) {
                Some(cursor) => {
                    let cursor: String = reqwest::Url::parse_with_params("http://cursor", [("cursor", cursor)])
                        .ok()
                        .and_then(|url| url.query().map(str::to_owned))
                        .unwrap_or_default();
                    next = format!("{path}&limit=200&{cursor}");
                }
                None => return Ok(items),
            }
        }
    }

    /// Any request, with the version that the resource must have.
    ///
    /// # Errors
    /// When it does not succeed.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        version: Option<u64>,
    ) -> Result<Answer, Problem> {
        let mut repeats = 0;
        loop {
            let mut request = self
                .http
                .request(method.clone(), format!("{}{path}", self.base))
                .bearer_auth(&self.token);
            if let Some(version) = version {
                request = request.header("if-match", format!("\"{version}\""));
            }
            if let Some(body) = body {
                request = request
                    .header("content-type", "application/json")
                    .body(body.to_string());
            }
            let unanswered = |error: reqwest::Error| Problem {
                status: 0,
                detail: format!("{method} {path}: {:#}", anyhow::Error::new(error.without_url())),
                errors: Vec::new(),
            };
            let response = request.send().await.map_err(unanswered)?;
            let status = response.status().as_u16();
            let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
            let version = header("etag").and_then(|tag| tag.trim_start_matches("W/").trim_matches('"').parse().ok());
            let wait: Option<u64> = header("retry-after").and_then(|seconds| seconds.parse().ok());
            // Both say that nothing was done.
            if matches!(status, 429 | 503) && repeats < REPEATS {
                repeats += 1;
                tokio::time::sleep(Duration::from_secs(wait.unwrap_or(1).min(30))).await;
                continue;
            }
            let text = response.text().await.map_err(unanswered)?;
            let body = serde_json::from_str(&text).unwrap_or(Value::Null);
            return if (200..300).contains(&status) {
                Ok(Answer { body, version })
            } else {
                Err(Problem::read(status, &body))
            };
        }
    }
}

impl Problem {
    /// Reads a problem document.
    fn read(status: u16, body: &Value) -> Self {
        let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let detail = match (text(body, "detail"), text(body, "title")) {
            (detail, _) if !detail.is_empty() => detail,
            (_, title) if !title.is_empty() => title,
            _ => "no problem document; is this the address of a wfm server?".to_owned(),
        };
        let errors = body
            .get("errors")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        Self {
            status,
            detail,
            errors: errors
                .iter()
                .map(|error| (text(error, "pointer"), text(error, "detail")))
                .collect(),
        }
    }
}
