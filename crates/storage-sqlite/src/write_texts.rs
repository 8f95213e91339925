//! The one statement that writes a batch, with its arguments.
//!
//! Invariant: a batch is one statement, which is its own transaction: one hop to the connection's thread and one answer
//! back, whatever the batch changes. A view takes the rows, its triggers know the tables. Texts are few, because each is
//! prepared once and kept: rows come in numbers that are padded to the next size. Payloads are bound, never part of JSON,
//! so that they come back byte for byte; that is cheaper, too: events in JSON cost a third more processor time.

use std::{collections::HashMap, fmt::Write, sync::Arc};

use rustc_hash::FxHashMap;
use serde::Serialize;
use sqlx::{Arguments, AssertSqlSafe, SqlSafeStr, SqlStr, sqlite::SqliteArguments};
use wfm_storage::{append::Claim, batch::Changes, event::StoredEvent};

/// Sizes to which the number of event rows is padded.
const SIZES: [usize; 19] = [
    1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 1024,
];

/// Most event rows of one statement: more make a transaction of several.
const GREATEST: usize = SIZES[SIZES.len() - 1];

/// Bytes for each row, beyond which a batch's text is not kept: a prepared statement holds on to what was last bound to it.
const KEPT_BYTES_PER_ROW: usize = 4 * 1024;

/// The same, for the batch as a whole.
const KEPT_BYTES: usize = 64 * 1024;

/// Columns of an event row, and of the batch's last row, which has a position and no stream.
const EVENT_COLUMNS: usize = 12;
const LAST_COLUMNS: usize = 5;

/// The view that takes a batch, and the triggers that write it; they belong to the connection, not to the file. A row with
/// a stream is an event; `Aggregate` is set on the batch's last event of each stream. The row without one ends the batch.
pub(crate) const APPENDING: &str = "
CREATE TEMP VIEW Appending AS
SELECT NULL AS RecordedAt, NULL AS Position, NULL AS Stream, NULL AS Version, NULL AS EventId, NULL AS Type,
    NULL AS SchemaVersion, NULL AS WorkspaceId, NULL AS OccurredAt, NULL AS LeafHash, NULL AS Metadata, NULL AS Payload,
    NULL AS Aggregate, NULL AS ClaimsRemoved, NULL AS ClaimsInserted, NULL AS WorkRemoved, NULL AS WorkPut, NULL AS Commands;

CREATE TEMP TRIGGER tr_Appending_Event INSTEAD OF INSERT ON Appending WHEN NEW.Stream IS NOT NULL
BEGIN
    INSERT INTO Events (Position, Stream, Version, EventId, Type, SchemaVersion, WorkspaceId, OccurredAt, RecordedAt,
        LeafHash, Metadata, Payload)
    VALUES (NEW.Position, NEW.Stream, NEW.Version, NEW.EventId, NEW.Type, NEW.SchemaVersion, NEW.WorkspaceId,
        NEW.OccurredAt, NEW.RecordedAt, NEW.LeafHash, NEW.Metadata, NEW.Payload);
END;

CREATE TEMP TRIGGER tr_Appending_Stream INSTEAD OF INSERT ON Appending WHEN NEW.Aggregate IS NOT NULL
BEGIN
    INSERT INTO Streams (Stream, Aggregate, WorkspaceId, Version)
    VALUES (NEW.Stream, NEW.Aggregate, NEW.WorkspaceId, NEW.Version)
    ON CONFLICT (Stream) DO UPDATE SET Version = excluded.Version;
END;

CREATE TEMP TRIGGER tr_Appending_Head INSTEAD OF INSERT ON Appending WHEN NEW.Stream IS NULL
BEGIN
    UPDATE Head SET Position = NEW.Position, RecordedAt = NEW.RecordedAt;
END;

CREATE TEMP TRIGGER tr_Appending_Claims INSTEAD OF INSERT ON Appending
WHEN NEW.ClaimsRemoved IS NOT NULL OR NEW.ClaimsInserted IS NOT NULL
BEGIN
    DELETE FROM Claims WHERE (Scope, Key) IN (SELECT value ->> 0, value ->> 1 FROM json_each(NEW.ClaimsRemoved));
    INSERT INTO Claims (Scope, Key, Owner)
    SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(NEW.ClaimsInserted);
END;

CREATE TEMP TRIGGER tr_Appending_Work INSTEAD OF INSERT ON Appending
WHEN NEW.WorkRemoved IS NOT NULL OR NEW.WorkPut IS NOT NULL
BEGIN
    DELETE FROM Work WHERE Execution IN (SELECT value FROM json_each(NEW.WorkRemoved));
    INSERT INTO Work (Execution, EnvironmentId, WorkspaceId, State, DueAt, Owner, Epoch)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
    FROM json_each(NEW.WorkPut) WHERE true
    ON CONFLICT (Execution) DO UPDATE SET EnvironmentId = excluded.EnvironmentId, WorkspaceId = excluded.WorkspaceId,
        State = excluded.State, DueAt = excluded.DueAt, Owner = excluded.Owner, Epoch = excluded.Epoch;
END;

CREATE TEMP TRIGGER tr_Appending_Commands INSTEAD OF INSERT ON Appending WHEN NEW.Commands IS NOT NULL
BEGIN
    INSERT INTO Commands (RecordedAt, Actor, Key, RequestHash, FirstPosition, LastPosition, Answer)
    SELECT NEW.RecordedAt, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5
    FROM json_each(NEW.Commands);
END;
";

/// A text with its arguments, ready to be executed.
pub(crate) struct PreparedWrite {
    pub(crate) text: SqlStr,
    pub(crate) arguments: SqliteArguments,
    /// Whether the prepared text is worth keeping.
    pub(crate) keep: bool,
    /// Whether the text is one statement.
    pub(crate) alone: bool,
}

/// The texts made so far, by their number of event rows.
#[derive(Default)]
pub(crate) struct WriteTexts(HashMap<usize, Arc<str>>);

impl WriteTexts {
    /// The text and arguments that write `changes` in one transaction.
    pub(crate) fn write(&mut self, changes: &Changes) -> PreparedWrite {
        let full = (changes.events.len() - 1) / GREATEST;
        let rest = changes.events.len() - full * GREATEST;
        let rows = SIZES.into_iter().find(|size| *size >= rest).unwrap_or(GREATEST);
        let bytes: usize = changes
            .events
            .iter()
            .map(|event| event.payload.len() + event.metadata.len())
            .sum();
        let text = if full > 0 {
            format!(
                "BEGIN IMMEDIATE;\n{}{};\nCOMMIT",
                format!("{};\n", text(GREATEST, false)).repeat(full),
                text(rows, true)
            )
            .into()
        } else {
            self.0.entry(rows).or_insert_with(|| text(rows, true).into()).clone()
        };
        PreparedWrite {
            text: AssertSqlSafe(text).into_sql_str(),
            arguments: arguments(changes, full * GREATEST + rows),
            alone: full == 0,
            keep: full == 0 && bytes <= KEPT_BYTES + rows * KEPT_BYTES_PER_ROW,
        }
    }
}

/// An insert of so many event rows, and of the batch's last row if it `ends` the batch. Rows whose position is NULL are
/// padding.
fn text(rows: usize, ends: bool) -> String {
    let columns = (1..=EVENT_COLUMNS + LAST_COLUMNS).fold(String::new(), |mut columns, column| {
        // Writing to a String cannot fail.
        let _infallible = write!(columns, ", column{column}");
        columns
    });
    let list = |value: &str, times: usize| vec![value; times].join(",");
    let event = format!("({},{})", list("?", EVENT_COLUMNS), list("NULL", LAST_COLUMNS));
    let mut text = format!(
        "INSERT INTO Appending SELECT ?{columns} FROM (VALUES {}",
        list(&event, rows)
    );
    if ends {
        let _infallible = write!(
            text,
            ",(?,{},{})",
            list("NULL", EVENT_COLUMNS - 1),
            list("?", LAST_COLUMNS)
        );
    }
    text.push_str(") WHERE column1 IS NOT NULL");
    text
}

fn arguments(changes: &Changes, rows: usize) -> SqliteArguments {
    let mut binding = Binding(SqliteArguments::default());
    let last = changes.events.last().expect("a batch that is written has events");
    let aggregates = aggregates(changes);
    for (index, (event, aggregate)) in changes.events.iter().zip(aggregates).enumerate() {
        if index % GREATEST == 0 {
            binding.add(last.recorded_at.clone());
        }
        binding.event(event, aggregate);
    }
    for _ in 0..(rows - changes.events.len()) * EVENT_COLUMNS {
        binding.add(None::<i64>);
    }
    binding.add(last.position.0.cast_signed());
    let claim = |claim: &Claim| (claim.key.scope.clone(), claim.key.key.clone(), claim.owner.clone());
    binding.rows(&changes.claims_removed, claim);
    binding.rows(&changes.claims_inserted, claim);
    binding.rows(&changes.work_removed, Arc::clone);
    binding.rows(&changes.work_put, |item| {
        (
            item.execution.clone(),
            item.environment,
            item.workspace,
            item.state.name(),
            item.due_at.clone(),
            item.owner.clone(),
            item.epoch,
        )
    });
    binding.rows(&changes.commands, |command| {
        let id = command.id.clone();
        (
            id.actor,
            id.key,
            id.request_hash,
            command.first,
            command.last,
            id.answer,
        )
    });
    binding.0
}

/// For each event, the aggregate of its stream if it is the stream's last event in the batch.
fn aggregates(changes: &Changes) -> Vec<Option<Arc<str>>> {
    let mut streams: FxHashMap<_, _> = changes
        .streams
        .iter()
        .map(|change| (&change.stream, &change.aggregate))
        .collect();
    let mut aggregates: Vec<_> = changes
        .events
        .iter()
        .rev()
        .map(|event| streams.remove(&event.stream).cloned())
        .collect();
    aggregates.reverse();
    aggregates
}

struct Binding(SqliteArguments);

impl Binding {
    fn add<'value, T: sqlx::Encode<'value, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>>(&mut self, value: T) {
        self.0.add(value).expect("texts, integers and bytes are always encoded");
    }

    fn event(&mut self, event: &StoredEvent, aggregate: Option<Arc<str>>) {
        self.add(event.position.0.cast_signed());
        self.add(event.stream.shared());
        self.add(event.version.0.cast_signed());
        self.add(event.id.hyphenated().to_string());
        self.add(event.event_type.clone());
        self.add(i64::from(event.schema_version));
        self.add(event.workspace);
        self.add(event.occurred_at.clone());
        self.add(event.leaf_hash.to_vec());
        self.add(event.metadata.clone());
        self.add(event.payload.clone());
        self.add(aggregate);
    }

    /// Rows as a JSON array of arrays; NULL when there is none.
    fn rows<T, R: Serialize>(&mut self, rows: &[T], row: impl Fn(&T) -> R) {
        let json = (!rows.is_empty()).then(|| {
            serde_json::to_string(&rows.iter().map(row).collect::<Vec<_>>())
                .expect("texts and integers are always JSON")
        });
        self.add(json);
    }
}
