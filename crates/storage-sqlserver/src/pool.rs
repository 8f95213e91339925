//! The connections of one node to one server: bounded in number, each call and each wait bounded in time.
//!
//! Invariant: whoever gets a connection gets one that lives and has no transaction open; one whose last call was not
//! answered to the end is never handed out again.

use std::{
    ops::{Deref, DerefMut},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tiberius::Row;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use crate::{connection::Connection, error::SqlError, parameter::Parameter, reading, settings::Settings};

/// A connection that rested longer is asked whether it lives before it is handed out.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// How long a rested connection has to answer.
const CHECK_TIMEOUT: Duration = Duration::from_secs(5);

/// Connections above the least number that rested longer are closed.
const IDLE_FOR_AT_MOST: Duration = Duration::from_secs(300);

/// Wait before the first repetition of a call; doubles each time.
const FIRST_BACKOFF: Duration = Duration::from_millis(20);

/// How often a call is made again.
const RETRIES: u32 = 5;

/// Connections with the same settings. Clones share them.
#[derive(Debug, Clone)]
pub struct Pool(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    settings: Settings,
    slots: Arc<Semaphore>,
    idle: Mutex<Vec<Idle>>,
    closed: AtomicBool,
}

/// What a connection is used for. What was prepared or planned on it once is there the next time, so that it is given to the
/// same use again; to another only when there may be no more connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Calls of all kinds.
    Any,
    /// Appending to the log.
    Appending,
    /// Writing the serving read models.
    Projecting,
    /// Filling the shadow.
    Rebuilding,
}

#[derive(Debug)]
struct Idle {
    connection: Connection,
    purpose: Purpose,
    since: Instant,
}

/// A connection while its holder has it; goes back by being dropped.
#[derive(Debug)]
pub(crate) struct PooledConnection {
    connection: Option<Connection>,
    purpose: Purpose,
    pool: Arc<Shared>,
    _slot: OwnedSemaphorePermit,
}

impl Pool {
    /// A pool that connects when it is asked to.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let slots = Arc::new(Semaphore::new(settings.max_connections));
        Self(Arc::new(Shared {
            settings,
            slots,
            idle: Mutex::default(),
            closed: AtomicBool::new(false),
        }))
    }

    /// What it connects to.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// A connection for the caller alone.
    ///
    /// # Errors
    /// [`SqlError::PoolExhausted`] when all are in use for longer than the settings' wait; otherwise why none could be made,
    /// after the settings' number of attempts.
    pub(crate) async fn acquire(&self) -> Result<PooledConnection, SqlError> {
        self.acquire_for(Purpose::Any).await
    }

    /// The same for a use of its own, see [`Purpose`].
    pub(crate) async fn acquire_for(&self, purpose: Purpose) -> Result<PooledConnection, SqlError> {
        let settings = &self.0.settings;
        let slot = tokio::time::timeout(settings.pool_wait, self.0.slots.clone().acquire_owned())
            .await
            .map_err(|_| SqlError::PoolExhausted {
                connections: settings.max_connections,
                waited: settings.pool_wait,
            })?
            .map_err(|_| SqlError::Closed)?;
        let connection = match self.0.rested(purpose).await {
            Some(connection) => connection,
            None => establish(settings).await?,
        };
        Ok(PooledConnection {
            connection: Some(connection),
            purpose,
            pool: self.0.clone(),
            _slot: slot,
        })
    }

    /// Makes a call that only reads, again after an error that may pass.
    pub(crate) async fn read(&self, text: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Vec<Row>>, SqlError> {
        let mut backoff = Backoff::default();
        loop {
            match self.acquire().await?.query(text, parameters).await {
                Err(error) if error.is_worth_repeating() && backoff.wait(RETRIES).await => {
                    tracing::debug!(%error, "a reading call is made again");
                }
                answer => return answer,
            }
        }
    }

    /// The same, row by row, until `take` says `false`; it begins anew with each repetition.
    pub(crate) async fn read_while<T: Default + Send>(
        &self,
        text: &str,
        parameters: &[Parameter<'_>],
        take: impl Fn(&mut T, Row) -> Result<bool, SqlError> + Send + Sync,
    ) -> Result<T, SqlError> {
        let mut backoff = Backoff::default();
        loop {
            let mut taken = T::default();
            let mut connection = self.acquire().await?;
            match connection
                .query_while(text, parameters, |row| take(&mut taken, row))
                .await
            {
                Err(error) if error.is_worth_repeating() && backoff.wait(RETRIES).await => {
                    tracing::debug!(%error, "a reading call is made again");
                }
                answer => return answer.map(|()| taken),
            }
        }
    }

    /// Makes a call that changes something once; again only when the server says that nothing of it took effect.
    pub(crate) async fn change(&self, text: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Vec<Row>>, SqlError> {
        let mut backoff = Backoff::default();
        loop {
            match self.acquire().await?.query(text, parameters).await {
                // Whoever inserts the same row at the same time is refused, and finds it then.
                Err(error)
                    if (error.is_duplicate() || error.is_transient())
                        && !error.leaves_outcome_unknown()
                        && backoff.wait(RETRIES).await =>
                {
                    tracing::debug!(%error, "a changing call is made again");
                }
                answer => return answer,
            }
        }
    }

    /// Makes a call that changes the same whether it is made once or twice; returns how many rows it touched.
    pub(crate) async fn change_again(&self, text: &str, parameters: &[Parameter<'_>]) -> Result<u64, SqlError> {
        let mut backoff = Backoff::default();
        loop {
            match self.acquire().await?.execute(text, parameters).await {
                Err(error) if (error.is_duplicate() || error.is_worth_repeating()) && backoff.wait(RETRIES).await => {
                    tracing::debug!(%error, "a changing call is made again");
                }
                answer => return answer,
            }
        }
    }

    /// Executes a text of several statements without parameters, as an operator would.
    ///
    /// # Errors
    /// The first one that the server answers; what stood before it in the text took effect.
    pub async fn execute_batch(&self, text: &str) -> Result<(), SqlError> {
        self.acquire().await?.execute_batch(text).await
    }

    /// Rows of a statement whose columns are all of type NVARCHAR or VARCHAR.
    ///
    /// # Errors
    /// What the server answers; [`SqlError::Answer`] when a column has another type.
    pub async fn texts(&self, text: &str) -> Result<Vec<Vec<Option<String>>>, SqlError> {
        let rows = self.read(text, &[]).await?;
        let row = |row: &Row| {
            (0..row.len())
                .map(|column| Ok(reading::optional_text(row, column)?.map(|text| text.to_string())))
                .collect()
        };
        rows.first().into_iter().flatten().map(row).collect()
    }

    /// Opens the least number of connections, so that the first callers need not wait for them.
    ///
    /// # Errors
    /// When one cannot be made.
    pub async fn warm_up(&self) -> Result<(), SqlError> {
        let mut held = Vec::new();
        for _ in 0..self.0.settings.min_connections {
            held.push(self.acquire().await?);
        }
        Ok(())
    }

    /// Closes the connections that rest, and each other one as it comes back; hands out none any more.
    pub fn close(&self) {
        self.0.closed.store(true, Ordering::SeqCst);
        self.0.slots.close();
        self.0.idle.lock().clear();
    }
}

/// Connects, again after errors that may pass.
async fn establish(settings: &Settings) -> Result<Connection, SqlError> {
    let mut backoff = Backoff {
        greatest: settings.connect_retry_interval,
        ..Backoff::default()
    };
    loop {
        match Connection::establish(settings).await {
            Err(error) if error.is_transient() && backoff.wait(settings.connect_retries).await => {
                tracing::warn!(%error, "connecting again");
            }
            established => return established,
        }
    }
}

/// Growing waits between repetitions.
#[derive(Debug)]
pub(crate) struct Backoff {
    repetitions: u32,
    greatest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            repetitions: 0,
            greatest: Duration::from_secs(5),
        }
    }
}

impl Backoff {
    /// Waits before the next repetition; `false`, at once, when there were `most` already.
    pub(crate) async fn wait(&mut self, most: u32) -> bool {
        if self.repetitions >= most {
            return false;
        }
        let wait = FIRST_BACKOFF.saturating_mul(1 << self.repetitions.min(16));
        self.repetitions += 1;
        tokio::time::sleep(wait.min(self.greatest)).await;
        true
    }
}

impl Shared {
    /// A connection that rested and is fit; those that are not are dropped on the way.
    async fn rested(&self, purpose: Purpose) -> Option<Connection> {
        self.prune();
        loop {
            let Idle {
                mut connection, since, ..
            } = self.take(purpose)?;
            let sure = !connection.needs_check() && since.elapsed() < TRUSTED_FOR;
            if sure || connection.is_fit(CHECK_TIMEOUT).await {
                return Some(connection);
            }
            tracing::debug!("a connection that rested is not fit any more");
        }
    }

    /// The connection of this use that rested last; one of another use only when no further one may be made.
    fn take(&self, purpose: Purpose) -> Option<Idle> {
        let mut idle = self.idle.lock();
        if let Some(place) = idle.iter().rposition(|idle| idle.purpose == purpose) {
            return Some(idle.remove(place));
        }
        // The caller has a slot, so that what rests fills the others at most.
        let in_use = self.settings.max_connections - self.slots.available_permits();
        if in_use + idle.len() > self.settings.max_connections {
            return Some(idle.remove(0));
        }
        None
    }

    fn prune(&self) {
        let mut idle = self.idle.lock();
        if let Some(lifetime) = self.settings.max_lifetime {
            idle.retain(|idle| idle.connection.established_at.elapsed() < lifetime);
        }
        // The longest at rest stand first.
        while idle.len() > self.settings.min_connections
            && idle.first().is_some_and(|idle| idle.since.elapsed() > IDLE_FOR_AT_MOST)
        {
            idle.remove(0);
        }
    }
}

impl Deref for PooledConnection {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("it is there until the drop")
    }
}

impl DerefMut for PooledConnection {
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("it is there until the drop")
    }
}

impl Drop for PooledConnection {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        if !connection.is_clean() {
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                runtime.spawn(connection.abandon());
            }
            return;
        }
        if !self.pool.closed.load(Ordering::SeqCst) {
            self.pool.idle.lock().push(Idle {
                connection,
                purpose: self.purpose,
                since: Instant::now(),
            });
        }
    }
}
