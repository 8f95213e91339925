//! The one text that writes a batch, with its arguments.
//!
//! Invariant: a batch is one execution, thus one hop to the connection's thread, whatever it changes. Texts are few,
//! because each is prepared once and kept: events travel as bound rows in numbers that are padded to the next size, all
//! else as JSON arrays of short texts. Payloads are bound, never part of JSON, so that they come back byte for byte; that
//! is cheaper, too: events in JSON cost a third more processor time.

use std::{collections::HashMap, fmt::Write, sync::Arc};

use serde::Serialize;
use sqlx::{Arguments, AssertSqlSafe, SqlSafeStr, SqlStr, sqlite::SqliteArguments};
use wfm_storage::{append::Claim, batch::Changes, event::StoredEvent};

/// Sizes to which the number of bound event rows is padded.
const SIZES: [usize; 13] = [1, 2, 3, 4, 6, 8, 12, 16, 32, 64, 128, 256, 512];

/// Batches from this size on have every part, though it be empty: so there are fewer texts.
const WHOLE_FROM: usize = 16;

/// Columns of an event that are bound for each row; the instant of recording is bound once.
const COLUMNS: &str =
    "Position, Stream, Version, EventId, Type, SchemaVersion, WorkspaceId, OccurredAt, LeafHash, Metadata, Payload";
const COLUMN_COUNT: usize = 11;

/// Bytes for each row, beyond which a batch's text is not kept: a prepared statement holds on to what was last bound to it.
const KEPT_BYTES_PER_ROW: usize = 4 * 1024;

/// The same, for the batch as a whole.
const KEPT_BYTES: usize = 64 * 1024;

/// Which parts a text has; events, streams and head are always in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Shape {
    /// Rows of the last event statement; the ones before it have as many as fit.
    last_rows: usize,
    /// Event statements with the greatest number of rows.
    full: usize,
    claims_and_work: bool,
    commands: bool,
}

/// A text with its arguments, ready to be executed.
pub(crate) struct PreparedWrite {
    pub(crate) text: SqlStr,
    pub(crate) arguments: SqliteArguments,
    /// Whether the prepared text is worth keeping.
    pub(crate) keep: bool,
}

/// The texts made so far.
#[derive(Default)]
pub(crate) struct WriteTexts(HashMap<Shape, Arc<str>>);

impl WriteTexts {
    /// The text and arguments that write `changes` in one transaction.
    pub(crate) fn write(&mut self, changes: &Changes) -> PreparedWrite {
        let greatest = SIZES[SIZES.len() - 1];
        let full = (changes.events.len() - 1) / greatest;
        let rest = changes.events.len() - full * greatest;
        let last_rows = SIZES.into_iter().find(|size| *size >= rest).unwrap_or(greatest);
        let whole = full > 0 || last_rows >= WHOLE_FROM;
        let claims_and_work = !(changes.claims_removed.is_empty()
            && changes.claims_inserted.is_empty()
            && changes.work_put.is_empty()
            && changes.work_removed.is_empty());
        let shape = Shape {
            last_rows,
            full,
            claims_and_work: whole || claims_and_work,
            commands: whole || !changes.commands.is_empty(),
        };
        let bytes: usize = changes
            .events
            .iter()
            .map(|event| event.payload.len() + event.metadata.len())
            .sum();
        let keep = full == 0 && bytes <= KEPT_BYTES + last_rows * KEPT_BYTES_PER_ROW;
        let text = if full > 0 {
            text(shape).into()
        } else {
            self.0.entry(shape).or_insert_with(|| text(shape).into()).clone()
        };
        PreparedWrite {
            text: AssertSqlSafe(text).into_sql_str(),
            arguments: arguments(changes, shape),
            keep,
        }
    }
}

fn text(shape: Shape) -> String {
    let mut text = String::from("BEGIN IMMEDIATE;\n");
    for _ in 0..shape.full {
        events_text(&mut text, SIZES[SIZES.len() - 1]);
    }
    events_text(&mut text, shape.last_rows);
    text.push_str(
        "INSERT INTO Streams (Stream, Aggregate, WorkspaceId, Version)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?) WHERE true
         ON CONFLICT (Stream) DO UPDATE SET Version = excluded.Version;\n",
    );
    if shape.claims_and_work {
        text.push_str(
            "DELETE FROM Claims WHERE (Scope, Key) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?));
             INSERT INTO Claims (Scope, Key, Owner) SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?);
             DELETE FROM Work WHERE Execution IN (SELECT value FROM json_each(?));
             INSERT INTO Work (Execution, EnvironmentId, WorkspaceId, State, DueAt, Owner, Epoch)
             SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6 FROM json_each(?) WHERE true
             ON CONFLICT (Execution) DO UPDATE SET EnvironmentId = excluded.EnvironmentId, WorkspaceId = excluded.WorkspaceId,
                 State = excluded.State, DueAt = excluded.DueAt, Owner = excluded.Owner, Epoch = excluded.Epoch;\n",
        );
    }
    if shape.commands {
        text.push_str(
            "INSERT INTO Commands (RecordedAt, Actor, Key, RequestHash, FirstPosition, LastPosition, Answer)
             SELECT ?, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(?);\n",
        );
    }
    text.push_str("UPDATE Head SET Position = ?, RecordedAt = ?;\nCOMMIT");
    text
}

fn events_text(text: &mut String, rows: usize) {
    let row = format!("({})", ["?"; COLUMN_COUNT].join(", "));
    // Writing to a String cannot fail.
    let _infallible = if rows == 1 {
        writeln!(
            text,
            "INSERT INTO Events (RecordedAt, {COLUMNS}) VALUES (?, {};",
            &row[1..]
        )
    } else {
        let columns = (1..=COLUMN_COUNT)
            .map(|column| format!("column{column}"))
            .collect::<Vec<_>>()
            .join(", ");
        writeln!(
            text,
            "INSERT INTO Events (RecordedAt, {COLUMNS}) SELECT ?, {columns} FROM (VALUES {}) WHERE column1 IS NOT NULL;",
            vec![row.as_str(); rows].join(", ")
        )
    };
}

fn arguments(changes: &Changes, shape: Shape) -> SqliteArguments {
    let mut binding = Binding(SqliteArguments::default());
    let last = changes.events.last().expect("a batch that is written has events");
    let greatest = SIZES[SIZES.len() - 1];
    for (index, chunk) in changes.events.chunks(greatest).enumerate() {
        binding.add(last.recorded_at.clone());
        chunk.iter().for_each(|event| binding.event(event));
        let rows = if index < shape.full { greatest } else { shape.last_rows };
        for _ in 0..(rows - chunk.len()) * COLUMN_COUNT {
            binding.add(None::<i64>);
        }
    }
    binding.rows(changes.streams.iter().map(|change| {
        (
            change.stream.as_str(),
            &change.aggregate,
            change.fact.workspace,
            change.fact.version.0,
        )
    }));
    if shape.claims_and_work {
        let claim = |claim: &Claim| (claim.key.scope.clone(), claim.key.key.clone(), claim.owner.clone());
        binding.rows(changes.claims_removed.iter().map(claim));
        binding.rows(changes.claims_inserted.iter().map(claim));
        binding.rows(changes.work_removed.iter());
        binding.rows(changes.work_put.iter().map(|item| {
            (
                &item.execution,
                item.environment,
                item.workspace,
                item.state.name(),
                &item.due_at,
                &item.owner,
                item.epoch,
            )
        }));
    }
    if shape.commands {
        binding.add(last.recorded_at.clone());
        binding.rows(changes.commands.iter().map(|command| {
            let id = &command.id;
            (
                &id.actor,
                &id.key,
                &id.request_hash,
                command.first,
                command.last,
                &id.answer,
            )
        }));
    }
    binding.add(last.position.0.cast_signed());
    binding.add(last.recorded_at.clone());
    binding.0
}

struct Binding(SqliteArguments);

impl Binding {
    fn add<'value, T: sqlx::Encode<'value, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>>(&mut self, value: T) {
        self.0.add(value).expect("texts, integers and bytes are always encoded");
    }

    fn event(&mut self, event: &StoredEvent) {
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
    }

    fn rows<T: Serialize>(&mut self, rows: impl Iterator<Item = T>) {
        self.add(serde_json::to_string(&rows.collect::<Vec<_>>()).expect("texts and integers are always JSON"));
    }
}
