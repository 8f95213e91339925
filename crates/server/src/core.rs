//! Everything of a node but its HTTP server: database, keys, projection, access view, runs and engine.

use std::{collections::HashSet, sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use tokio::{
    sync::{Notify, mpsc},
    task::JoinHandle,
};
use uuid::Uuid;
use wfm_application::{
    app::App,
    clock::{Clock, Entropy, SystemClock, SystemEntropy},
    error::ApplicationError,
    executions::{cache::Definitions, live::LiveRun, queue::Queue, runs::Runs},
    hooks::{callbacks::Callbacks, throttle::Throttle},
    housekeeping::DailyRetention,
    jobs,
    membership::{self, Membership},
    projection::{OpenError, Opener, Projection, ProjectionRunner, Turn},
    schedules::{self, Scheduler},
    security::{
        access::AccessView,
        keyring::{Keyring, SealError},
        password::PasswordHasher,
        token::AccessTokens,
    },
    store::Store,
};
use wfm_connectors::{EgressPolicy, GateRegistry, GuardedConnector, HttpConnector, HttpSettings};
use wfm_domain::event::Event;
use wfm_engine::{Engine, connector::Connector};
use wfm_storage::{append::StorageError, cleanup::CleanupRequests, log::EventLog};

use crate::{
    config::Config,
    database::{self, OpenDatabase},
    master_key,
    reserve::Reserve,
};

/// How often it is tried to take over runs while the log cannot grow.
const RECOVERY_PAUSE: Duration = Duration::from_secs(1);

/// Runs that may wait between the application and the engine.
const READY_RUNS: usize = 16_384;

/// Passwords that are hashed at once.
const HASHES_AT_ONCE: usize = 2;

/// Opens protected values for the projection.
struct KeyringOpener(Arc<Keyring>);

#[async_trait]
impl Opener for KeyringOpener {
    async fn open(&self, stream: &str, event_id: Uuid, event: &mut Event) -> Result<(), OpenError> {
        self.0
            .open_event(stream, event_id, event)
            .await
            .map_err(|error| match error {
                SealError::Storage(error) => OpenError::Storage(error),
                SealError::NotPrepared(_) | SealError::Destroyed(_) | SealError::Forged(_) => {
                    OpenError::Broken(error.to_string())
                }
            })
    }
}

/// What a node puts around its connector, or in its place.
pub type Around = Arc<dyn Fn(Arc<dyn Connector>) -> Arc<dyn Connector> + Send + Sync>;

/// What a node puts around its log.
pub type AroundLog = Arc<dyn Fn(Arc<dyn EventLog>) -> Arc<dyn EventLog> + Send + Sync>;

/// Time, chance and the way out of a node; tests and measurements hand in their own.
#[derive(Clone)]
pub struct Surroundings {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids and chance.
    pub entropy: Arc<dyn Entropy>,
    /// What stands around the connector that sends calls.
    pub around: Around,
    /// What stands around the log that takes appends.
    pub around_log: AroundLog,
    /// The worker that comes when many clients are there.
    pub reserve: Option<Arc<Reserve>>,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            around: Arc::new(|connector| connector),
            around_log: Arc::new(|log| log),
            reserve: None,
        }
    }
}

/// The store and the projection without a server around them: for tools.
pub struct Parts {
    /// The database.
    pub database: OpenDatabase,
    /// Access to the log.
    pub store: Store,
    /// Opens protected values for a projection.
    pub opener: Arc<dyn Opener>,
}

impl Parts {
    /// Opens the database and the keys.
    ///
    /// # Errors
    /// When the database is held by another process, or the master key is missing or another.
    pub async fn open(config: &Config, surroundings: &Surroundings) -> Result<Self> {
        let folder = database::folder(&config.database);
        let master = master_key::load(config.master_key_file.as_deref(), folder, surroundings.entropy.as_ref()).await?;
        let mut database = database::open(
            &config.database,
            config.database_read.as_deref(),
            config.file_limits,
            Arc::clone(&surroundings.clock),
        )
        .await?;
        database.log = (surroundings.around_log)(database.log);
        let keyring = Arc::new(Keyring::new(
            &master,
            Arc::clone(&database.vault),
            Arc::clone(&surroundings.entropy),
        ));
        keyring.check().await.map_err(|error| match error {
            SealError::Storage(error) => anyhow::Error::new(error).context("checking the master key"),
            SealError::NotPrepared(_) | SealError::Destroyed(_) | SealError::Forged(_) => anyhow::anyhow!(
                "the master key is not the one that {} was made with; restore that file, or name it with WFM_MASTER_KEY_FILE",
                config.database
            ),
        })?;
        let store = Store {
            log: Arc::clone(&database.log),
            keyring: Arc::clone(&keyring),
            clock: Arc::clone(&surroundings.clock),
            entropy: Arc::clone(&surroundings.entropy),
        };
        Ok(Self {
            database,
            store,
            opener: Arc::new(KeyringOpener(keyring)),
        })
    }

    /// The present instant for the projection.
    #[must_use]
    pub fn now(&self) -> Arc<dyn Fn() -> Arc<str> + Send + Sync> {
        let clock = Arc::clone(&self.store.clock);
        Arc::new(move || clock.now().to_string().into())
    }

    /// The projection without its task.
    ///
    /// # Errors
    /// When a store fails.
    pub async fn projection(&self) -> Result<Projection> {
        let (log, reads) = (Arc::clone(&self.database.log), Arc::clone(&self.database.reads));
        Ok(Projection::open(log, reads, Arc::clone(&self.opener), self.now()).await?)
    }
}

/// A node without its HTTP server.
pub struct Core {
    /// The application.
    pub app: Arc<App>,
    membership: Arc<Membership>,
    database: OpenDatabase,
    engine: Engine,
    gates: Arc<GateRegistry>,
    projection: ProjectionRunner,
    following: Vec<JoinHandle<()>>,
}

impl Core {
    /// Opens everything and takes over what was under way. A start that fails leaves the other nodes nothing to wait for.
    ///
    /// # Errors
    /// When the settings name what is not there, or the database cannot be opened.
    pub async fn start(config: &Config, surroundings: Surroundings) -> Result<Self> {
        let http: Arc<dyn Connector> = Arc::new(HttpConnector::new(&http_settings(config).await?)?);
        let connector = GuardedConnector::new((surroundings.around)(http));
        let passwords = PasswordHasher::new(config.bcrypt_cost, HASHES_AT_ONCE)?;
        let (parts, access) = match Self::open(config, &surroundings).await {
            Err(error) if database::remove_damaged_rows(&config.database, &error)? => {
                Self::open(config, &surroundings).await?
            }
            opened => opened?,
        };
        let now = parts.now();
        let Parts {
            database,
            store,
            opener,
        } = parts;
        let access = Arc::new(access);
        let leases = Arc::clone(&database.leases);
        let membership = Arc::new(Membership::join(leases, &config.node, surroundings.entropy.uuid()).await?);
        let started = Projection::start(
            Arc::clone(&database.log),
            Arc::clone(&database.reads),
            opener,
            now,
            Turn::new(Arc::clone(&database.leases), membership.holder()),
        );
        let (projection, runner) = match started.await {
            Ok(started) => started,
            Err(error) => {
                membership.leave().await;
                database.close().await;
                return Err(error.into());
            }
        };

        let definitions = Arc::new(Definitions::new(store.clone()));
        let (sender, ready) = mpsc::channel(READY_RUNS);
        let runs = Arc::new(Runs::new(
            store.clone(),
            Arc::clone(&definitions),
            Arc::clone(&membership),
            sender,
            Queue::new(config.max_queued_executions),
        ));
        let app = Arc::new(App {
            tokens: AccessTokens::new(store.keyring.token_key(), i64::from(config.access_token_seconds))
                .with_refresh_days(config.refresh_token_days),
            passwords,
            vault: Arc::clone(&database.vault),
            reads: Arc::clone(&database.reads),
            store,
            projection,
            access,
            definitions,
            runs: Arc::clone(&runs),
            job_bell: Notify::new(),
            webhooks: Throttle::new(config.webhook_requests_per_second),
            retention_rule: config.retention_rule,
        });
        let gates = connector.gates();
        let mut core = Self {
            app,
            membership,
            database,
            engine: Engine::new(runs, Arc::new(connector)),
            gates,
            projection: runner,
            following: Vec::new(),
        };
        if let Err(error) = core.take_part(ready).await {
            core.stop(Duration::ZERO).await;
            return Err(error);
        }
        Ok(core)
    }

    /// Opens the database, and reads from its rows who may do what. Nobody writes the rows yet, so that what was read and
    /// its position belong together.
    async fn open(config: &Config, surroundings: &Surroundings) -> Result<(Parts, AccessView)> {
        let parts = Parts::open(config, surroundings).await?;
        let access = async {
            drop(parts.projection().await?);
            Ok(AccessView::load(parts.database.reads.as_ref()).await?)
        };
        match access.await {
            Ok(access) => Ok((parts, access)),
            Err(error) => {
                parts.database.close().await;
                Err(error)
            }
        }
    }

    /// Takes over what was under way, and begins what a node does by itself.
    async fn take_part(&mut self, ready: mpsc::Receiver<LiveRun>) -> Result<()> {
        let Self {
            app,
            membership,
            database,
            engine,
            following,
            ..
        } = self;
        following.push(follow_access(&app.access, database));
        following.push(follow_definitions(Arc::clone(&app.runs), Arc::clone(&app.definitions), &app.store).await?);
        let head = app.store.log.head().await?.position;
        app.access.seen(head).await;
        let (erased, cascaded) = (app.finish_erasures().await?, app.resume_cascades().await?);
        if erased + cascaded > 0 {
            tracing::info!(erased, cascaded, "finished what a stop had cut short");
        }
        engine.begin(ready);
        // Asked before: who goes from now on, and what this node drops from now on, is recovered from later.
        let (lapses, known) = (membership.lapses(), membership.alive().await?);
        if database.leases.shared() {
            following.push(tokio::spawn(stay_alive(Arc::clone(membership))));
        }
        match app.runs.recover().await {
            Ok(recovered) if recovered.adopted + recovered.queued > 0 => tracing::info!(
                adopted = recovered.adopted,
                queued = recovered.queued,
                "took over runs that were under way"
            ),
            Ok(_) => {}
            // Reads are answered all the same, and what is under way goes on when there is room.
            Err(ApplicationError::Storage(error @ StorageError::Full(_))) => {
                tracing::error!(%error, "runs that were under way cannot go on; it is tried again");
                following.push(tokio::spawn(recover_later(Arc::clone(app))));
            }
            Err(error) => return Err(error.into()),
        }
        engine.call_back(Arc::new(Callbacks::new(
            app.store.clone(),
            Arc::clone(&app.definitions),
            Arc::clone(membership),
        )));
        let scheduler = Arc::new(Scheduler::new(app.store.clone(), Arc::clone(&app.runs)));
        following.push(tokio::spawn(schedules::tick(scheduler, Arc::clone(membership))));
        following.push(tokio::spawn(keep_house(Arc::clone(app))));
        following.push(tokio::spawn(expire_approvals(Arc::clone(app))));
        following.push(tokio::spawn(jobs::work_off(Arc::clone(app), Arc::clone(membership))));
        if let Some(cleanups) = &database.cleanups {
            following.push(tokio::spawn(clean_up(Arc::clone(app), Arc::clone(cleanups))));
        }
        if database.leases.shared() {
            following.push(tokio::spawn(take_over(
                Arc::clone(app),
                Arc::clone(membership),
                lapses,
                known,
            )));
        }
        Ok(())
    }

    /// The gates before endpoints.
    #[must_use]
    pub fn gates(&self) -> Arc<GateRegistry> {
        Arc::clone(&self.gates)
    }

    /// Stops: calls under way end within `drain` or are left to the next start, everything accepted is on disk.
    pub async fn stop(self, drain: Duration) {
        self.engine.stop(drain).await;
        self.projection.stop().await;
        for task in &self.following {
            task.abort();
        }
        self.membership.leave().await;
        self.database.close().await;
    }
}

/// The settings of calls to endpoints.
async fn http_settings(config: &Config) -> Result<HttpSettings> {
    let authorities = match &config.egress_ca_file {
        None => None,
        Some(file) => {
            let pem = tokio::fs::read(file).await;
            Some(pem.with_context(|| format!("egress_ca_file {}", file.display()))?)
        }
    };
    Ok(HttpSettings {
        policy: EgressPolicy {
            allow_private: config.egress_allow_private,
            allow: config.egress_allow.clone(),
            deny: config.egress_deny.clone(),
            is_proxied: config.egress_proxy.is_some(),
        },
        maximum_answer_bytes: config.maximum_answer_bytes,
        authorities,
        proxy: config.egress_proxy.clone(),
        ..HttpSettings::default()
    })
}

/// Carries out what the database's administrators ask for, within a minute.
async fn clean_up(app: Arc<App>, requests: Arc<dyn CleanupRequests>) {
    let mut minutes = tokio::time::interval(Duration::from_secs(60));
    loop {
        minutes.tick().await;
        if let Err(error) = app.answer_cleanup_requests(requests.as_ref()).await {
            tracing::warn!(%error, "requests to clean up could not be carried out; it is tried again in a minute");
        }
    }
}

/// Renews this node's lease, whatever else the node is at: taking over many runs may last longer than a lease.
async fn stay_alive(membership: Arc<Membership>) {
    let mut renewals = tokio::time::interval(membership::RENEWAL);
    renewals.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        renewals.tick().await;
        if let Err(error) = membership.renew().await {
            tracing::warn!(%error, "the node's lease could not be renewed");
        }
    }
}

/// Takes over the runs of nodes that are gone; after a loss of this node's own lease, also what it dropped itself. Queued
/// runs are looked at again, for places that other nodes freed.
async fn take_over(app: Arc<App>, membership: Arc<Membership>, mut lapses: u64, mut known: HashSet<String>) {
    let mut looks = tokio::time::interval(membership::RENEWAL);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        let lapsed = membership.lapses();
        match membership.alive().await {
            Ok(alive) => {
                let lost = lapsed != lapses || known.difference(&alive).next().is_some();
                if lost && !recovered(&app).await {
                    // What was lost stays so, so that it is tried again.
                    continue;
                }
                (lapses, known) = (lapsed, alive);
            }
            Err(error) => tracing::warn!(%error, "which nodes are alive could not be read"),
        }
        app.runs.queue().look_again();
        app.store.keyring.look_again();
    }
}

/// Takes over what was under way as soon as that can be recorded.
async fn recover_later(app: Arc<App>) {
    let mut looks = tokio::time::interval(RECOVERY_PAUSE);
    loop {
        looks.tick().await;
        if recovered(&app).await {
            return;
        }
    }
}

async fn recovered(app: &App) -> bool {
    match app.runs.recover().await {
        Ok(recovered) => {
            tracing::info!(
                adopted = recovered.adopted,
                queued = recovered.queued,
                "took over runs that were under way"
            );
            true
        }
        Err(error) => {
            tracing::warn!(%error, "runs could not be taken over; it is tried again");
            false
        }
    }
}

/// Every second: ends pending approvals whose time is over; the log names those that are due first.
async fn expire_approvals(app: Arc<App>) {
    let mut seconds = tokio::time::interval(Duration::from_secs(1));
    seconds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        seconds.tick().await;
        if let Err(error) = app.expire_approvals().await {
            tracing::warn!(%error, "pending approvals could not be looked at; it is tried again");
        }
    }
}

/// At the start and then every hour: forgets what has expired, and purges what is old enough when the day is a new one.
async fn keep_house(app: Arc<App>) {
    let mut hours = tokio::time::interval(Duration::from_secs(60 * 60));
    let mut retention = DailyRetention::default();
    loop {
        hours.tick().await;
        match app.forget_expired().await {
            Ok(forgotten) => tracing::debug!(?forgotten, "forgot what has expired"),
            Err(error) => {
                tracing::warn!(%error, "what has expired could not be forgotten; it is tried again in an hour")
            }
        }
        match retention.run(&app).await {
            Ok(Some(report)) if !report.months.is_empty() => {
                let keys = report.months.iter().filter(|month| month.key_destroyed).count();
                tracing::info!(
                    executions = report.executions,
                    keys,
                    "purged executions that were old enough"
                );
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "executions could not be purged; it is tried again in an hour"),
        }
    }
}

fn follow_access(access: &Arc<AccessView>, database: &OpenDatabase) -> JoinHandle<()> {
    let (access, log) = (Arc::clone(access), Arc::clone(&database.log));
    tokio::spawn(async move { access.follow(&log).await })
}

/// Drops what the log makes stale, and wakes queued runs when their environment changes.
async fn follow_definitions(runs: Arc<Runs>, definitions: Arc<Definitions>, store: &Store) -> Result<JoinHandle<()>> {
    let mut feed = store.log.subscribe(definitions.follow_from().await?);
    Ok(tokio::spawn(async move {
        loop {
            match feed.next().await {
                Ok(Some(batches)) => {
                    for batch in &batches {
                        runs.observe(batch).await;
                        for environment in definitions.invalidate(batch) {
                            runs.queue().freed(environment);
                        }
                    }
                }
                Ok(None) => return,
                Err(error) => {
                    tracing::warn!(%error, "the log cannot be followed; trying again");
                    definitions.clear();
                }
            }
            // Commands of this node drop what they make stale themselves.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }))
}
