//! An application over SQLite in a folder of its own, with a clock that stands still, seeded chance and stores that fail on
//! request.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
};

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{sync::mpsc, task::JoinHandle};
use uuid::Uuid;
use wfm_application::{
    app::App,
    clock::{Clock, Entropy},
    context::{Context, Idempotency},
    error::ApplicationError,
    executions::{
        cache::Definitions,
        live::LiveRun,
        queue::{MOST_QUEUED, Queue},
        runs::Runs,
    },
    hooks::throttle::Throttle,
    membership::Membership,
    projection::{OpenError, Opener, Projection, ProjectionRunner, Turn},
    retention::RetentionRule,
    security::{
        access::{AccessState, AccessView},
        keyring::{Keyring, MasterKey, SealError},
        password::PasswordHasher,
        token::AccessTokens,
    },
    sessions::LoginInput,
    store::Store,
};
use wfm_domain::{event::Event, ids::UserId, instant::Instant, refusal::RefusalKind};
use wfm_storage::{
    append::{Append, AppendError, Claim, ClaimKey, Committed, StorageError, StoredCommand},
    event::{Position, StoredEvent, StreamId, StreamVersion},
    feed::Subscription,
    log::{EventLog, Head, StreamInfo},
    vault::{Session, Vault},
    work::{WorkFilter, WorkItem},
};
use wfm_storage_sqlite::{LogOptions, SqliteLog, read_store::SqliteReadStore};

/// Password of every user that tests make.
pub const PASSWORD: &str = "correct horse";

/// A clock that moves when it is told to.
pub struct SettableClock(AtomicI64);

impl SettableClock {
    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

impl Clock for SettableClock {
    fn now(&self) -> Instant {
        Instant::parse("2026-03-01T12:00:00Z")
            .unwrap()
            .plus_milliseconds(self.0.load(Ordering::SeqCst))
    }
}

/// Chance that repeats itself (SplitMix64).
pub struct SeededEntropy(AtomicU64);

impl SeededEntropy {
    fn next(&self) -> u64 {
        let mut z = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::SeqCst);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let number = self.next().to_le_bytes();
            chunk.copy_from_slice(&number[..chunk.len()]);
        }
    }

    fn uuid(&self) -> Uuid {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    fn fraction(&self) -> f64 {
        0.5
    }
}

/// The log and the vault of a folder; appends and the destruction of keys fail on request.
pub struct Faulty {
    inner: Arc<SqliteLog>,
    /// Appends that still succeed; negative for all.
    pub appends_left: AtomicI64,
    /// Keys are not destroyed.
    pub keeps_keys: AtomicBool,
}

fn cut_off() -> StorageError {
    StorageError::Unavailable("cut off by the test".to_owned())
}

#[async_trait]
impl EventLog for Faulty {
    async fn append(&self, append: Append) -> Result<Committed, AppendError> {
        match self.appends_left.load(Ordering::SeqCst) {
            0 => return Err(cut_off().into()),
            left if left > 0 => drop(self.appends_left.fetch_sub(1, Ordering::SeqCst)),
            _ => {}
        }
        self.inner.append(append).await
    }

    async fn head(&self) -> Result<Head, StorageError> {
        self.inner.head().await
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        after: StreamVersion,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StorageError> {
        self.inner.read_stream(stream, after, limit).await
    }

    async fn read_log(&self, after: Position, limit: u32) -> Result<Vec<StoredEvent>, StorageError> {
        self.inner.read_log(after, limit).await
    }

    async fn read_workspace(
        &self,
        workspace: i64,
        after: Position,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StorageError> {
        self.inner.read_workspace(workspace, after, limit).await
    }

    async fn stream(&self, stream: &StreamId) -> Result<Option<StreamInfo>, StorageError> {
        self.inner.stream(stream).await
    }

    async fn streams(
        &self,
        workspace: Option<i64>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<StreamInfo>, StorageError> {
        self.inner.streams(workspace, after, limit).await
    }

    async fn claim(&self, key: &ClaimKey) -> Result<Option<Claim>, StorageError> {
        self.inner.claim(key).await
    }

    async fn claims(&self, scope: &str, after: Option<&str>, limit: u32) -> Result<Vec<Claim>, StorageError> {
        self.inner.claims(scope, after, limit).await
    }

    async fn command(&self, actor: &str, key: &str) -> Result<Option<StoredCommand>, StorageError> {
        self.inner.command(actor, key).await
    }

    async fn forget_commands(&self, recorded_before: &str) -> Result<u64, StorageError> {
        self.inner.forget_commands(recorded_before).await
    }

    async fn work(&self, filter: &WorkFilter, limit: u32) -> Result<Vec<WorkItem>, StorageError> {
        self.inner.work(filter, limit).await
    }

    async fn next_timer(&self) -> Result<Option<Arc<str>>, StorageError> {
        self.inner.next_timer().await
    }

    async fn allot(&self, sequence: &str, count: u32) -> Result<i64, StorageError> {
        self.inner.allot(sequence, count).await
    }

    fn subscribe(&self, after: Position) -> Subscription {
        self.inner.subscribe(after)
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

#[async_trait]
impl Vault for Faulty {
    async fn data_key(&self, name: &str) -> Result<Option<Vec<u8>>, StorageError> {
        self.inner.data_key(name).await
    }

    async fn create_data_key(&self, name: &str, wrapped: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.inner.create_data_key(name, wrapped).await
    }

    async fn destroy_data_key(&self, name: &str) -> Result<(), StorageError> {
        if self.keeps_keys.load(Ordering::SeqCst) {
            return Err(cut_off());
        }
        self.inner.destroy_data_key(name).await
    }

    async fn put_session(&self, session: &Session) -> Result<(), StorageError> {
        self.inner.put_session(session).await
    }

    async fn session(&self, token_hash: &str) -> Result<Option<Session>, StorageError> {
        self.inner.session(token_hash).await
    }

    async fn spend_session(&self, token_hash: &str) -> Result<bool, StorageError> {
        self.inner.spend_session(token_hash).await
    }

    async fn end_family(&self, family: &str) -> Result<(), StorageError> {
        self.inner.end_family(family).await
    }

    async fn end_sessions(&self, user: i64) -> Result<(), StorageError> {
        self.inner.end_sessions(user).await
    }

    async fn forget_sessions(&self, instant: &str) -> Result<u64, StorageError> {
        self.inner.forget_sessions(instant).await
    }
}

struct KeyringOpener(Arc<Keyring>);

#[async_trait]
impl Opener for KeyringOpener {
    async fn open(&self, stream: &str, event_id: Uuid, event: &mut Event) -> Result<(), OpenError> {
        self.0
            .open_event(stream, event_id, event)
            .await
            .map_err(|error| match error {
                SealError::Storage(error) => OpenError::Storage(error),
                other => OpenError::Broken(other.to_string()),
            })
    }
}

/// An application and what belongs to it. Nobody drives its runs: a call that was begun stays open.
pub struct TestApp {
    pub app: Arc<App>,
    pub clock: Arc<SettableClock>,
    pub faulty: Arc<Faulty>,
    folder: Arc<TempDir>,
    /// Runs that a driver would take.
    pub ready: mpsc::Receiver<LiveRun>,
    projection: ProjectionRunner,
    following: JoinHandle<()>,
}

impl std::ops::Deref for TestApp {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}

impl TestApp {
    /// An application without users.
    pub async fn empty() -> Self {
        Self::open(Arc::new(TempDir::new().unwrap()), 1, 0).await
    }

    /// An application with one administrator, user 1.
    pub async fn new() -> Self {
        let app = Self::empty().await;
        app.create_first_admin("root@example.com", PASSWORD)
            .await
            .unwrap()
            .unwrap();
        app
    }

    /// The same folder after a stop.
    pub async fn reopen(self) -> Self {
        let (folder, offset) = (Arc::clone(&self.folder), self.clock.0.load(Ordering::SeqCst));
        self.faulty.inner.close().await;
        self.projection.stop().await;
        self.following.await.unwrap();
        drop((self.app, self.faulty));
        Self::open(folder, 2, offset).await
    }

    async fn open(folder: Arc<TempDir>, seed: u64, offset: i64) -> Self {
        let clock = Arc::new(SettableClock(AtomicI64::new(offset)));
        let entropy = Arc::new(SeededEntropy(AtomicU64::new(seed << 32)));
        let recorded = Arc::clone(&clock);
        let options = LogOptions::new(Arc::new(move || recorded.now().to_string()));
        let inner = SqliteLog::open(folder.path(), options).await.unwrap();
        let faulty = Arc::new(Faulty {
            inner,
            appends_left: AtomicI64::new(-1),
            keeps_keys: AtomicBool::new(false),
        });
        let (log, vault): (Arc<dyn EventLog>, Arc<dyn Vault>) = (faulty.clone(), faulty.clone());
        let reads = SqliteReadStore::open(folder.path()).await.unwrap();
        let keyring = Arc::new(Keyring::new(
            &MasterKey::new([7; 32]),
            Arc::clone(&vault),
            entropy.clone(),
        ));
        let tokens = AccessTokens::new(keyring.token_key(), 900);
        let opener = Arc::new(KeyringOpener(Arc::clone(&keyring)));
        let told = Arc::clone(&clock);
        let now = Arc::new(move || Arc::<str>::from(told.now().to_string()));
        let (projection, runner) = Projection::start(Arc::clone(&log), Arc::clone(&reads), opener, now, Turn::always())
            .await
            .unwrap();
        let store = Store {
            log: Arc::clone(&log),
            keyring,
            clock: clock.clone(),
            entropy,
        };
        let definitions = Arc::new(Definitions::new(store.clone()));
        let (sender, ready) = mpsc::channel(1000);
        let access = Arc::new(AccessView::new(AccessState::default(), Position(0)));
        let (view, followed) = (Arc::clone(&access), Arc::clone(&log));
        let following = tokio::spawn(async move { view.follow(&followed).await });
        access.seen(log.head().await.unwrap().position).await;
        let app = Arc::new(App {
            runs: Arc::new(Runs::new(
                store.clone(),
                Arc::clone(&definitions),
                Arc::new(Membership::alone("node")),
                sender,
                Queue::new(MOST_QUEUED),
            )),
            store,
            vault,
            reads,
            projection,
            access,
            passwords: PasswordHasher::new(4, 2).unwrap(),
            tokens,
            definitions,
            job_bell: tokio::sync::Notify::new(),
            webhooks: Throttle::default(),
            retention_rule: RetentionRule::default(),
        });
        Self {
            app,
            clock,
            faulty,
            folder,
            ready,
            projection: runner,
            following,
        }
    }

    /// A request of a user.
    pub fn of(&self, user: i64) -> Context {
        let caller = self.access.session(UserId(user)).expect("an active user");
        Context {
            client_address: Some("203.0.113.77".into()),
            ..Context::user(caller, "request-1")
        }
    }

    /// A request of the first administrator.
    pub fn root(&self) -> Context {
        self.of(1)
    }

    /// A request that nobody made yet.
    pub fn anonymous(&self) -> Context {
        Context {
            client_address: Some("203.0.113.77".into()),
            ..Context::system("api", "request-2")
        }
    }

    /// Makes a user with this global role; returns the id.
    pub async fn user(&self, name: &str, role: &str) -> i64 {
        let body = serde_json::json!({
            "firstName": name, "lastName": "Test", "email": format!("{name}@example.com"), "password": PASSWORD, "role": role
        });
        id(&self.create_user(&self.root(), &from(body)).await.unwrap())
    }

    /// Every event of the log.
    pub async fn log(&self) -> Vec<StoredEvent> {
        let mut all: Vec<StoredEvent> = Vec::new();
        loop {
            let after = all.last().map_or(Position(0), |last| last.position);
            let page = self.store.log.read_log(after, 1000).await.unwrap();
            if page.is_empty() {
                return all;
            }
            all.extend(page);
        }
    }

    /// Types of a stream's events.
    pub async fn types(&self, stream: &str) -> Vec<String> {
        let events = self
            .store
            .log
            .read_stream(&StreamId::new(stream), StreamVersion(0), 1000)
            .await
            .unwrap();
        events.into_iter().map(|event| event.event_type.to_string()).collect()
    }
}

/// A body as the API reads it.
pub fn from<T: DeserializeOwned>(body: Value) -> T {
    serde_json::from_str(&body.to_string()).unwrap()
}

/// The integer id in an answer.
pub fn id(recorded: &wfm_application::store::Recorded) -> i64 {
    recorded.id.as_i64().unwrap()
}

pub fn login(email: &str, password: &str) -> LoginInput {
    LoginInput {
        email: email.to_owned(),
        password: password.to_owned(),
    }
}

/// The same request with an idempotency key.
pub fn once(context: Context, key: &str, request: &str) -> Context {
    Context {
        idempotency: Some(Idempotency {
            key: key.to_owned(),
            request_hash: request.to_owned(),
        }),
        ..context
    }
}

/// The code of a refusal by the domain.
pub fn code<T>(outcome: Result<T, ApplicationError>) -> &'static str {
    match outcome {
        Err(ApplicationError::Refused(refusal)) => refusal.code,
        Err(other) => panic!("not refused by the domain: {other:?}"),
        Ok(_) => panic!("not refused"),
    }
}

/// The pointers of a refusal's field errors.
pub fn pointers<T>(outcome: Result<T, ApplicationError>) -> Vec<String> {
    match outcome {
        Err(ApplicationError::Refused(refusal)) => refusal.errors.into_iter().map(|error| error.pointer).collect(),
        Err(other) => panic!("not refused by the domain: {other:?}"),
        Ok(_) => panic!("not refused"),
    }
}

pub fn is_forbidden<T>(outcome: &Result<T, ApplicationError>) -> bool {
    matches!(outcome, Err(ApplicationError::Forbidden(_)))
}

pub fn is_not_found<T>(outcome: &Result<T, ApplicationError>) -> bool {
    match outcome {
        Err(ApplicationError::NotFound(_)) => true,
        Err(ApplicationError::Refused(refusal)) => refusal.kind == RefusalKind::NotFound,
        _ => false,
    }
}

pub fn is_unauthenticated<T>(outcome: &Result<T, ApplicationError>) -> bool {
    matches!(outcome, Err(ApplicationError::Unauthenticated(_)))
}
