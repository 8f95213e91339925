//! A small API client: what the demonstration does, anybody can do with curl.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use reqwest::Method;
use serde_json::{Value, json};

/// A client that is logged in.
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Client {
    /// Logs in.
    pub async fn login(address: SocketAddr, email: &str, password: &str) -> Result<Self> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        let mut client = Self {
            http,
            base: format!("http://{address}"),
            token: String::new(),
        };
        let body = json!({ "email": email, "password": password });
        let tokens = client.call(Method::POST, "/api/v1/auth/login", Some(&body)).await?;
        tokens["accessToken"]
            .as_str()
            .context("the login gives no accessToken")?
            .clone_into(&mut client.token);
        Ok(client)
    }

    /// The access token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Result<Value> {
        self.call(Method::GET, path, None).await
    }

    /// POST.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.call(Method::POST, path, Some(body)).await
    }

    /// POST of something new; answers its id.
    pub async fn create(&self, path: &str, body: &Value) -> Result<i64> {
        let created = self.post(path, body).await?;
        created["id"]
            .as_i64()
            .with_context(|| format!("POST {path} gives no id: {created}"))
    }

    /// PUT.
    pub async fn put(&self, path: &str, body: &Value) -> Result<Value> {
        self.call(Method::PUT, path, Some(body)).await
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let mut request = self
            .http
            .request(method.clone(), format!("{}{path}", self.base))
            .header("prefer", "wait=30");
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let response = request.send().await.with_context(|| format!("{method} {path}"))?;
        let status = response.status();
        let text = response.text().await?;
        if !status.is_success() {
            bail!("{method} {path} answered {status}: {text}");
        }
        if text.is_empty() {
            Ok(Value::Null)
        } else {
            Ok(serde_json::from_str(&text)?)
        }
    }
}
