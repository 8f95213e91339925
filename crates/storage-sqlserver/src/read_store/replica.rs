//! Queries of a readable secondary, for callers to whom rows may be old.
//!
//! Invariant: what is answered is at least as new as the caller asks for: the secondary's checkpoint is read before the rows, in
//! the same call, and rows behind an older one are not used. Where the secondary is too far behind, or does not answer, the
//! caller is sent back to the primary.

use std::time::Duration;

use parking_lot::Mutex;
use tiberius::Row;
use tokio::time::Instant;
use wfm_storage::event::Position;

use super::ddl::SERVING;
use crate::{
    connection::Connection,
    error::SqlError,
    log::first,
    parameter::Parameter,
    pool::{Pool, Purpose},
    reading::integer,
};

/// How long a query waits for a secondary that is behind.
const PATIENCE: Duration = Duration::from_millis(200);

/// Between two looks at it.
const PAUSE: Duration = Duration::from_millis(20);

/// For so long a secondary that failed is not asked.
const REST_AFTER_FAILURE: Duration = Duration::from_secs(5);

/// A readable secondary.
#[derive(Debug)]
pub struct Replica {
    pool: Pool,
    rests_until: Mutex<Option<Instant>>,
}

impl Replica {
    pub fn new(pool: Pool) -> Self {
        Self {
            pool,
            rests_until: Mutex::default(),
        }
    }

    /// Rows of a query as of `position` or later; `None` when they are to be asked of the primary.
    pub async fn query(&self, text: &str, parameters: &[Parameter<'_>], position: Position) -> Option<Vec<Row>> {
        if self.rests_until.lock().is_some_and(|until| Instant::now() < until) {
            return None;
        }
        match self.try_query(text, parameters, position).await {
            Ok(rows) => rows,
            Err(error) => {
                tracing::warn!(%error, "a readable secondary does not answer; queries go to the primary for a while");
                *self.rests_until.lock() = Some(Instant::now() + REST_AFTER_FAILURE);
                None
            }
        }
    }

    async fn try_query(
        &self,
        text: &str,
        parameters: &[Parameter<'_>],
        position: Position,
    ) -> Result<Option<Vec<Row>>, SqlError> {
        let begun = Instant::now();
        let text = format!("SELECT Position FROM {SERVING}.[Checkpoint] WHERE Id = 1; {text}");
        let mut connection = self.pool.acquire_for(Purpose::Any).await?;
        loop {
            let rows = fresh(&mut connection, &text, parameters, position).await?;
            if rows.is_some() || begun.elapsed() + PAUSE > PATIENCE {
                return Ok(rows);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// The rows, unless the checkpoint before them is older than wanted.
async fn fresh(
    connection: &mut Connection,
    text: &str,
    parameters: &[Parameter<'_>],
    position: Position,
) -> Result<Option<Vec<Row>>, SqlError> {
    let mut answer = connection.query(text, parameters).await?.into_iter();
    let checkpoint = answer.next().map(|rows| vec![rows]).unwrap_or_default();
    let reached = first(&checkpoint).map(|row| integer(row, 0)).transpose()?;
    let is_fresh = reached.is_some_and(|reached| reached.cast_unsigned() >= position.0);
    Ok(is_fresh.then(|| answer.next().unwrap_or_default()))
}
