//! A whole application behind the router, without a socket.

use std::sync::Arc;

use async_trait::async_trait;
use axum::{Router, body::Body, http::Request};
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;
use wfm_api::{ApiOptions, router};
use wfm_application::{
    app::App,
    clock::{Clock, SystemClock, SystemEntropy},
    executions::{
        cache::Definitions,
        outcome::{Answer as CallAnswer, CallFailure},
        queue::{MOST_QUEUED, Queue},
        runs::Runs,
    },
    hooks::throttle::Throttle,
    membership::Membership,
    projection::{OpenError, Opener, Projection, ProjectionRunner, Turn},
    retention::RetentionRule,
    security::{
        access::AccessView,
        keyring::{Keyring, MasterKey},
        password::PasswordHasher,
        token::AccessTokens,
    },
    store::Store,
};
use wfm_domain::{event::Event, ids::UserId};
use wfm_engine::{
    Engine,
    connector::{Connector, OutgoingCall},
};
use wfm_storage::{
    event::{Position, StreamId},
    log::EventLog,
    read_store::{ParkedEvent, ProjectedBatch},
};
use wfm_storage_sqlite::{LogOptions, SqliteLog, read_store::SqliteReadStore};

pub const PASSWORD: &str = "correct horse";

struct KeyringOpener(Arc<Keyring>);

#[async_trait]
impl Opener for KeyringOpener {
    async fn open(&self, stream: &str, event_id: Uuid, event: &mut Event) -> Result<(), OpenError> {
        self.0
            .open_event(stream, event_id, event)
            .await
            .map_err(|error| OpenError::Broken(error.to_string()))
    }
}

/// Answers by the path of the URL: `/ok` with what it was sent, `/fail` with 500, `/never` not at all.
struct FakeConnector;

#[async_trait]
impl Connector for FakeConnector {
    async fn call(&self, call: OutgoingCall<'_>) -> Result<CallAnswer, CallFailure> {
        let url = call.request.url.to_string();
        let answer = |status, body: Value| {
            let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
            Ok(CallAnswer {
                status,
                headers,
                body: body.to_string().into_bytes(),
                secrets: Vec::new(),
            })
        };
        if url.contains("/never") {
            std::future::pending::<()>().await;
        }
        if url.contains("/fail") {
            answer(500, json!({"error": "broken"}))
        } else {
            answer(200, json!({"ok": true, "amount": 12.50}))
        }
    }
}

pub struct TestApp {
    pub app: Arc<App>,
    pub router: Router,
    pub admin: String,
    _engine: Engine,
    _runner: ProjectionRunner,
    _folder: tempfile::TempDir,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    /// Checks that this is a problem of a status and kind; returns the pointers of its errors.
    #[track_caller]
    pub fn problem(&self, status: u16, kind: &str) -> Vec<String> {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["type"], format!("/problems/{kind}"), "{problem}");
        assert_eq!(problem["status"], status);
        assert_eq!(problem["requestId"].as_str().unwrap(), self.header("x-request-id"));
        for member in ["title", "detail", "instance"] {
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

    #[track_caller]
    pub fn id(&self) -> i64 {
        self.json()["id"].as_i64().unwrap_or_else(|| panic!("{}", self.text))
    }

    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .unwrap_or_else(|| panic!("no {name}: {:?}", self.headers))
            .to_str()
            .unwrap()
    }
}

/// A request under construction.
pub struct Call<'a> {
    test: &'a TestApp,
    builder: http::request::Builder,
    body: Body,
}

impl Call<'_> {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    pub fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub fn admin(self) -> Self {
        let token = self.test.admin.clone();
        self.token(&token)
    }

    pub fn json(self, body: Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub fn body(self, content_type: &str, body: impl Into<Body>) -> Self {
        let mut call = self.header("content-type", content_type);
        call.body = body.into();
        call
    }

    pub async fn send(self) -> Answer {
        let request: Request<Body> = self.builder.body(self.body).unwrap();
        let response = self.test.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(ApiOptions::default()).await
    }

    pub async fn start_with(options: ApiOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let entropy = Arc::new(SystemEntropy);
        let now = {
            let clock = Arc::clone(&clock);
            move || clock.now().to_string()
        };
        let log = SqliteLog::open(folder.path(), LogOptions::new(Arc::new(now.clone())))
            .await
            .unwrap();
        let reads: Arc<dyn wfm_storage::read_store::ReadStore> = SqliteReadStore::open(folder.path()).await.unwrap();
        let keyring = Arc::new(Keyring::new(
            &MasterKey::new([7; 32]),
            Arc::clone(&log) as _,
            entropy.clone(),
        ));
        let store = Store {
            log: Arc::clone(&log) as _,
            keyring: Arc::clone(&keyring),
            clock,
            entropy,
        };
        let opener = Arc::new(KeyringOpener(Arc::clone(&keyring)));
        let (projection, runner) = Projection::start(
            Arc::clone(&store.log),
            Arc::clone(&reads),
            opener,
            Arc::new(move || now().into()),
            Turn::always(),
        )
        .await
        .unwrap();
        let access = Arc::new(AccessView::load(reads.as_ref()).await.unwrap());
        let definitions = Arc::new(Definitions::new(store.clone()));
        let (sender, ready) = tokio::sync::mpsc::channel(1024);
        let runs = Arc::new(Runs::new(
            store.clone(),
            Arc::clone(&definitions),
            Arc::new(Membership::alone("test")),
            sender,
            Queue::new(MOST_QUEUED),
        ));
        follow(&store.log, &access, &definitions, &runs);
        let app = Arc::new(App {
            tokens: AccessTokens::new(store.keyring.token_key(), 3600),
            passwords: PasswordHasher::new(4, 4).unwrap(),
            vault: log as _,
            reads,
            store,
            projection,
            access,
            definitions,
            runs: Arc::clone(&runs),
            job_bell: tokio::sync::Notify::new(),
            webhooks: Throttle::default(),
            retention_rule: RetentionRule::default(),
        });
        let engine = Engine::new(runs, Arc::new(FakeConnector));
        engine.begin(ready);
        let first = app
            .create_first_admin("admin@example.com", PASSWORD)
            .await
            .unwrap()
            .unwrap();
        let admin = app
            .tokens
            .issue(UserId(first.id.as_i64().unwrap()), app.store.now())
            .unwrap();
        let router = router(Arc::clone(&app), options);
        Self {
            app,
            router,
            admin,
            _engine: engine,
            _runner: runner,
            _folder: folder,
        }
    }

    pub fn call(&self, method: Method, path: &str) -> Call<'_> {
        Call {
            test: self,
            builder: Request::builder().method(method).uri(path),
            body: Body::empty(),
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path).admin().send().await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path).admin().json(body).send().await
    }

    /// Parks an event, as though the rows had refused it.
    pub async fn park(&self, stream: &str, event_type: &str, position: u64) {
        let checkpoint = self.app.reads.checkpoint().await.unwrap().unwrap();
        let batch = ProjectedBatch {
            expected: Some(checkpoint.clone()),
            next: checkpoint,
            changes: Vec::new(),
            park: vec![ParkedEvent {
                position: Position(position),
                stream: StreamId::new(stream),
                event_type: event_type.into(),
                reason: "for the test".to_owned(),
                parked_at: "2026-11-22T16:29:03.123456Z".into(),
            }],
            unpark: Vec::new(),
        };
        self.app.reads.apply(batch).await.unwrap();
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path).admin().json(body).send().await
    }

    /// An action without a body.
    pub async fn act(&self, path: &str) -> Answer {
        self.call(Method::POST, path).admin().send().await
    }

    /// A user with a global role; id and token.
    pub async fn user(&self, name: &str, role: &str) -> (i64, String) {
        let email = format!("{name}@example.com");
        let body = json!({"firstName": name, "lastName": "Tester", "email": email, "password": PASSWORD, "role": role});
        let id = self.post("/api/v1/users", body).await.expect(201).id();
        (id, self.app.tokens.issue(UserId(id), self.app.store.now()).unwrap())
    }

    /// A workspace with a project, an environment, an endpoint at `path`, and a published workflow of one step.
    pub async fn world(&self, name: &str, path: &str) -> World {
        let workspace = self
            .post("/api/v1/workspaces", json!({"name": name}))
            .await
            .expect(201)
            .id();
        let project = json!({"workspaceId": workspace, "name": "Orders"});
        let project = self.post("/api/v1/projects", project).await.expect(201).id();
        let environment = json!({
            "projectId": project, "name": "Test", "configuration": {"timeout": 120, "retries": 0},
            "variables": {"API_URL": {"value": "https://api.example.com", "secret": false}, "API_KEY": "s3cr3t-value"},
        });
        let environment = self.post("/api/v1/environments", environment).await.expect(201).id();
        let endpoint = json!({
            "name": "Charge", "url": format!("https://api.example.com{path}"), "method": "POST", "type": "REST",
            "workspaceId": workspace, "headers": {"Accept": "application/json"}, "authenticationMethod": "None",
            "parameters": [{"name": "amount", "type": "Integer", "isRequired": true, "defaultValue": "1", "validationRules": {"minimum": 1}}],
        });
        let endpoint = self.post("/api/v1/api-endpoints", endpoint).await.expect(201).id();
        let workflow = json!({
            "projectId": project, "environmentId": environment, "name": "Pay", "tags": ["daily"],
            "steps": [{"name": "charge", "order": 1, "apiEndpointId": endpoint, "inputMapping": {"amount": "{input.amount ?? 1}"}}],
        });
        let workflow = self.post("/api/v1/workflows", workflow).await.expect(201).id();
        self.act(&format!("/api/v1/workflows/{workflow}/publish"))
            .await
            .expect(200);
        World {
            workspace,
            project,
            environment,
            endpoint,
            workflow,
        }
    }
}

/// Ids of what [`TestApp::world`] made.
#[derive(Debug, Clone, Copy)]
pub struct World {
    pub workspace: i64,
    pub project: i64,
    pub environment: i64,
    pub endpoint: i64,
    pub workflow: i64,
}

fn follow(log: &Arc<dyn EventLog>, access: &Arc<AccessView>, definitions: &Arc<Definitions>, runs: &Arc<Runs>) {
    let (view, followed) = (Arc::clone(access), Arc::clone(log));
    tokio::spawn(async move { view.follow(&followed).await });
    let (definitions, runs, followed) = (Arc::clone(definitions), Arc::clone(runs), Arc::clone(log));
    tokio::spawn(async move {
        let mut feed = followed.subscribe(definitions.follow_from().await.unwrap());
        while let Ok(Some(batches)) = feed.next().await {
            for batch in &batches {
                for environment in definitions.invalidate(batch) {
                    runs.queue().freed(environment);
                }
            }
        }
    });
}
