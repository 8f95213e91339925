//! Finding out what became of a batch whose answer was lost.
//!
//! Invariant: whoever holds the head's row sees every append that came before and none that is still on its way; so a part
//! whose first event is not found then was not written, and may be sent again. Should the lost call arrive after all, it finds
//! the streams advanced and is refused.

use std::sync::Arc;

use wfm_storage::{
    batch::Prepared,
    event::Position,
    sequencer::{BatchOutcome, Outcome},
};

use crate::{
    batch_answer::Written,
    error::SqlError,
    json_rows::RowSets,
    pool::PooledConnection,
    reading::{integer, optional_integer, small_integer, text},
};

/// An append that was found in the log.
struct FoundAppend {
    ordinal: usize,
    first: Position,
    recorded_at: Arc<str>,
    workspaces: Vec<Option<i64>>,
}

/// What of `appends` the log has: those are committed, with their events; all others are deferred. `None` when it has none.
pub(crate) async fn settle(
    connection: &mut PooledConnection,
    appends: &[Prepared],
) -> Result<Option<BatchOutcome>, SqlError> {
    let parts = RowSets::<1>::write(|rows| {
        for (ordinal, append) in appends.iter().map(Prepared::append).enumerate() {
            for (place, part) in append.streams.iter().enumerate() {
                rows.push(
                    0,
                    &(ordinal, place, &part.stream, part.expected.0 + 1, part.events[0].id),
                );
            }
        }
    });
    let [parts] = parts.ok_or(SqlError::Texts)?.sets;
    let rows = connection
        .call("es.FindAppended", &[("@Parts", parts.as_str().into())])
        .await?;
    let mut found: Vec<FoundAppend> = Vec::new();
    for row in &rows {
        let ordinal = place(small_integer(row, 0)?)?;
        let workspace = optional_integer(row, 4)?;
        match found.last_mut() {
            Some(append) if append.ordinal == ordinal => append.workspaces.push(workspace),
            _ => found.push(FoundAppend {
                ordinal,
                first: Position(integer(row, 2)?.cast_unsigned()),
                recorded_at: text(row, 3)?,
                workspaces: vec![workspace],
            }),
        }
    }
    if found.is_empty() {
        return Ok(None);
    }
    let mut outcome = BatchOutcome {
        outcomes: vec![Outcome::Deferred; appends.len()],
        events: Vec::new(),
    };
    for append in found {
        let prepared = appends
            .get(append.ordinal)
            .filter(|prepared| prepared.append().streams.len() == append.workspaces.len())
            .ok_or_else(|| SqlError::Answer("an append was found in part".into()))?;
        let mut written = Written {
            position: Position(append.first.0 - 1),
            recorded_at: append.recorded_at,
            events: std::mem::take(&mut outcome.events),
        };
        let committed = written.accept(prepared, |place| append.workspaces[place]);
        outcome.events = written.events;
        outcome.outcomes[append.ordinal] = Outcome::Committed(committed);
    }
    Ok(Some(outcome))
}

fn place(number: i32) -> Result<usize, SqlError> {
    usize::try_from(number).map_err(|_| SqlError::Answer("a negative place".into()))
}
