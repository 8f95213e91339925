//! What the server can do at best: the procedure called in a loop, to compare appends with.

use std::time::{Duration, Instant};

use wfm_storage::{
    append::{Append, AppendError},
    batch::Prepared,
};

use crate::{batch_request::BatchRequest, error::SqlError, pool::Pool};

/// Calls `es.AppendEvents` with each batch, one after the other over one connection; returns how long the calls took, without
/// making ready what they send and without looking at what they answer. No append of a batch may need another one of it.
///
/// # Errors
/// When an append is malformed, or the server answers with an error.
pub async fn bare_appends(pool: &Pool, batches: Vec<Vec<Append>>, recorded_at: &str) -> Result<Duration, AppendError> {
    let mut requests = Vec::with_capacity(batches.len());
    for batch in batches {
        let batch: Vec<_> = batch.into_iter().map(Prepared::new).collect::<Result<_, _>>()?;
        requests.push(BatchRequest::new(&batch, recorded_at.to_owned()).map_err(storage)?);
    }
    let mut connection = pool.acquire().await.map_err(storage)?;
    let begun = Instant::now();
    for request in &requests {
        connection
            .call("es.AppendEvents", &request.parameters())
            .await
            .map_err(storage)?;
    }
    Ok(begun.elapsed())
}

fn storage(error: SqlError) -> AppendError {
    AppendError::Storage(error.into())
}
