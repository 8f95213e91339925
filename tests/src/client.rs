//! An API client: requests with a token, answers read whole and judged.

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};

use crate::contract::{self, Exchange};

/// An answer, read whole.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub text: String,
}

impl Answer {
    /// The body as JSON.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The answer, if it has this status.
    #[must_use]
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    /// Checks that this is a whole problem document of a status and kind; returns the pointers of its errors.
    #[track_caller]
    pub fn problem(&self, status: u16, kind: &str) -> Vec<String> {
        let pointers = self.any_problem();
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.json()["type"], format!("/problems/{kind}"), "{}", self.text);
        pointers
    }

    /// Checks that this is a whole problem document; returns the pointers of its errors.
    #[track_caller]
    pub fn any_problem(&self) -> Vec<String> {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{} {}",
            self.status,
            self.text
        );
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16(), "{problem}");
        assert!(
            self.status.is_client_error() || self.status.is_server_error(),
            "{problem}"
        );
        for member in ["type", "title", "detail", "instance", "requestId"] {
            assert!(
                problem[member].as_str().is_some_and(|text| !text.is_empty()),
                "{member}: {problem}"
            );
        }
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        errors
            .iter()
            .map(|error| error["pointer"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The id of what was made.
    #[must_use]
    #[track_caller]
    pub fn id(&self) -> i64 {
        self.json()["id"]
            .as_i64()
            .unwrap_or_else(|| panic!("no id: {} {}", self.status, self.text))
    }

    /// A header.
    #[must_use]
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .unwrap_or_else(|| panic!("no {name}: {self:?}"))
            .to_str()
            .unwrap()
    }

    /// The items of a page.
    #[must_use]
    #[track_caller]
    pub fn items(self) -> Vec<Value> {
        let page = self.expect(200).json();
        page["items"]
            .as_array()
            .unwrap_or_else(|| panic!("no items: {page}"))
            .clone()
    }
}

/// Sends requests to one server, as one user.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

/// A request under construction.
pub struct Request {
    builder: reqwest::RequestBuilder,
}

impl Request {
    /// With a header.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        Self {
            builder: self.builder.header(name, value),
        }
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// With any body.
    #[must_use]
    pub fn body(self, content_type: &str, body: impl Into<Bytes>) -> Self {
        let body: Bytes = body.into();
        Self {
            builder: self.builder.header("content-type", content_type).body(body),
        }
    }

    /// Waits for the run's end.
    #[must_use]
    pub fn waiting(self) -> Self {
        self.header("prefer", "wait=60")
    }

    /// Sends it.
    pub async fn send(self) -> Answer {
        self.try_send().await.unwrap_or_else(|error| panic!("{error:?}"))
    }

    /// Sends it to a server that may go away meanwhile.
    ///
    /// # Errors
    /// When no whole answer came.
    pub async fn try_send(self) -> Result<Answer, reqwest::Error> {
        let (client, request) = self.builder.build_split();
        let request = request?;
        let method = request.method().clone();
        let sent = request
            .body()
            .and_then(|body| serde_json::from_slice(body.as_bytes()?).ok());
        let response = client.execute(request).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        // Where it led in the end.
        let path = response.url().path().to_owned();
        let body = response.bytes().await?;
        let answer = Answer {
            status,
            headers,
            text: String::from_utf8(body.to_vec()).unwrap(),
        };
        let media_type = answer
            .headers
            .get("content-type")
            .map_or("", |value| value.to_str().unwrap());
        contract::check(&Exchange {
            method: &method,
            path: &path,
            sent: sent.as_ref(),
            status: status.as_u16(),
            media_type: media_type.split(';').next().unwrap(),
            text: &answer.text,
        });
        Ok(answer)
    }
}

impl Client {
    /// A stranger.
    #[must_use]
    pub fn stranger(base: impl Into<String>) -> Self {
        // An error says that a server in this process has chosen the same one before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self {
            http,
            base: base.into(),
            token: None,
        }
    }

    /// A user who logs in.
    pub async fn login(base: impl Into<String>, email: &str) -> Self {
        let stranger = Self::stranger(base);
        let tokens = stranger.tokens(email).await;
        stranger.with_token(tokens["accessToken"].as_str().unwrap())
    }

    /// The answer to a login that succeeds.
    pub async fn tokens(&self, email: &str) -> Value {
        let body = json!({"email": email, "password": crate::PASSWORD});
        self.post("/api/v1/auth/login", &body).await.expect(200).json()
    }

    /// The same connection pool, another token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    /// The same user at another address.
    #[must_use]
    pub fn at(&self, base: &str) -> Self {
        Self {
            base: base.to_owned(),
            ..self.clone()
        }
    }

    /// Where requests go.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// A request.
    #[must_use]
    pub fn request(&self, method: Method, path: &str) -> Request {
        let builder = self.http.request(method, format!("{}{path}", self.base));
        let builder = match &self.token {
            Some(token) => builder.bearer_auth(token),
            None => builder,
        };
        Request { builder }
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path).send().await
    }

    /// POST with a body.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.request(Method::POST, path).json(body).send().await
    }

    /// POST without a body.
    pub async fn act(&self, path: &str) -> Answer {
        self.request(Method::POST, path).send().await
    }

    /// PUT.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.request(Method::PUT, path).json(body).send().await
    }

    /// PATCH.
    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.request(Method::PATCH, path).json(body).send().await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.request(Method::DELETE, path).send().await
    }

    /// Makes something; its id.
    #[track_caller]
    pub fn create<'a>(&'a self, path: &'a str, body: &'a Value) -> impl Future<Output = i64> + 'a {
        let place = std::panic::Location::caller();
        async move {
            let answer = self.post(path, body).await;
            assert_eq!(answer.status, 201, "{place}: {}", answer.text);
            answer.id()
        }
    }

    /// Every item of a list, page by page.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let glue = if path.contains('?') { '&' } else { '?' };
            let next = cursor
                .as_ref()
                .map_or_else(|| path.to_owned(), |cursor| format!("{path}{glue}cursor={cursor}"));
            let page = self.get(&next).await.expect(200).json();
            let found = page["items"].as_array().unwrap().clone();
            assert!(
                cursor.is_none() || !found.is_empty(),
                "the cursor of {path} leads to an empty page"
            );
            items.extend(found);
            cursor = page["nextCursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                return items;
            }
        }
    }

    /// Events of a run, by type.
    pub async fn event_types(&self, execution: &str) -> Vec<String> {
        let events = self.all(&format!("/api/v1/executions/{execution}/history")).await;
        events
            .iter()
            .map(|event| event["type"].as_str().unwrap().to_owned())
            .collect()
    }

    /// A user with a global role, logged in; id and client.
    pub async fn new_user(&self, name: &str, role: &str) -> (i64, Self) {
        let email = format!("{}@example.com", name.to_lowercase());
        let body = json!({
            "firstName": name, "lastName": "Tester", "email": email, "password": crate::PASSWORD, "role": role,
        });
        let id = self.create("/api/v1/users", &body).await;
        (id, Self::login(self.base.clone(), &email).await)
    }
}
