//! The read models' store as projectors and queries see it: typed row changes in, rows out.
//!
//! Invariant: the checkpoint lives beside the rows and moves in the same transaction, so that whatever crashes, every
//! event takes effect exactly once.

use std::{any::Any, sync::Arc, time::Duration};

use async_trait::async_trait;
use thiserror::Error;

use crate::{append::StorageError, event::Position, event::StreamId};

/// A value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// NULL.
    Null,
    /// INT, BIGINT or BIT.
    Integer(i64),
    /// FLOAT.
    Real(f64),
    /// NVARCHAR, or an instant in its fixed-width text.
    Text(Arc<str>),
}

impl From<i64> for Cell {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<bool> for Cell {
    fn from(value: bool) -> Self {
        Self::Integer(i64::from(value))
    }
}

impl From<f64> for Cell {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl From<&str> for Cell {
    fn from(value: &str) -> Self {
        Self::Text(value.into())
    }
}

impl From<String> for Cell {
    fn from(value: String) -> Self {
        Self::Text(value.into())
    }
}

impl From<Arc<str>> for Cell {
    fn from(value: Arc<str>) -> Self {
        Self::Text(value)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Type of a column, from which each adapter derives its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// INT or BIGINT.
    Integer,
    /// BIT.
    Bit,
    /// FLOAT.
    Real,
    /// NVARCHAR.
    Text,
    /// DATETIME2(7).
    Instant,
}

/// A column of a read-model table.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Documented name.
    pub name: &'static str,
    /// Its type.
    pub kind: ColumnKind,
    /// Table whose key the column may hold. A value without such a row is stored as NULL by [`Change::Insert`] and
    /// [`Change::Put`]: a run pinned to an old version logs about steps that the table no longer shows. A
    /// [`Change::Update`] by key never sets such a column.
    pub loose_parent: Option<&'static Table>,
}

/// A read-model table. Its first column is its primary key.
#[derive(Debug)]
pub struct Table {
    /// Documented name.
    pub name: &'static str,
    /// Columns in the order of the DDL, the primary key first.
    pub columns: &'static [Column],
    /// Place in the order of foreign keys: parents have lower ranks.
    pub rank: u8,
}

impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Table {}

/// A column by its place in [`Table::columns`].
pub type ColumnIndex = usize;

/// One row change.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A new row, all columns; the key must be new.
    Insert {
        /// The table.
        table: &'static Table,
        /// Every column, in order.
        row: Vec<Cell>,
    },
    /// A row, all columns, whether or not the key exists.
    Put {
        /// The table.
        table: &'static Table,
        /// Every column, in order.
        row: Vec<Cell>,
    },
    /// Some columns of the row with this key; without effect when there is no such row.
    Update {
        /// The table.
        table: &'static Table,
        /// Primary key.
        key: Cell,
        /// Columns and their new values.
        set: Vec<(ColumnIndex, Cell)>,
    },
    /// The row with this key, if there is one.
    Delete {
        /// The table.
        table: &'static Table,
        /// Primary key.
        key: Cell,
    },
    /// Some columns of every row whose `column` has this value.
    UpdateWhere {
        /// The table.
        table: &'static Table,
        /// Column compared.
        column: ColumnIndex,
        /// Value it must have.
        value: Cell,
        /// Columns and their new values.
        set: Vec<(ColumnIndex, Cell)>,
    },
    /// NULL in `column` of every row that refers to a row of `parent` whose `parent_column` has this value.
    ClearReferences {
        /// The table.
        table: &'static Table,
        /// Column that holds keys of `parent`.
        column: ColumnIndex,
        /// The table referred to.
        parent: &'static Table,
        /// Column of `parent` compared.
        parent_column: ColumnIndex,
        /// Value it must have.
        value: Cell,
    },
    /// Every row whose `column` has this value.
    DeleteWhere {
        /// The table.
        table: &'static Table,
        /// Column compared.
        column: ColumnIndex,
        /// Value it must have.
        value: Cell,
    },
    /// Every row whose key, a text, lies from `from` to before `until` in the order of its bytes: the rows of one owner
    /// whose id begins their keys.
    DeleteRange {
        /// The table.
        table: &'static Table,
        /// First key that goes.
        from: Cell,
        /// First key after it that stays.
        until: Cell,
    },
}

impl Change {
    /// The table it changes.
    #[must_use]
    pub fn table(&self) -> &'static Table {
        match self {
            Self::Insert { table, .. }
            | Self::Put { table, .. }
            | Self::Update { table, .. }
            | Self::Delete { table, .. }
            | Self::UpdateWhere { table, .. }
            | Self::ClearReferences { table, .. }
            | Self::DeleteWhere { table, .. }
            | Self::DeleteRange { table, .. } => table,
        }
    }
}

/// How far the read models are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Log they were built from.
    pub log_id: Arc<str>,
    /// Position of the last event that took effect.
    pub position: Position,
    /// Leaf hash of that event (hex); empty at position 0. A mismatch with the log forces a rebuild.
    pub leaf_hash: Arc<str>,
    /// Grows with every rebuild and take-over: a writer of an older epoch is refused.
    pub epoch: i64,
}

/// An event that could not be projected; later events of its stream wait behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedEvent {
    /// Position of the event.
    pub position: Position,
    /// Its stream.
    pub stream: StreamId,
    /// Its type.
    pub event_type: Arc<str>,
    /// Why it was parked.
    pub reason: String,
    /// When: fixed-width instant.
    pub parked_at: Arc<str>,
}

/// What one transaction does to the read models.
#[derive(Debug, Clone)]
pub struct ProjectedBatch {
    /// Where the checkpoint must be; `None` when nothing was ever projected.
    pub expected: Option<Checkpoint>,
    /// Where it is afterwards.
    pub next: Checkpoint,
    /// Row changes; they take effect in this order.
    pub changes: Vec<Change>,
    /// Events that could not be projected.
    pub park: Vec<ParkedEvent>,
    /// Parked events that take effect with these changes.
    pub unpark: Vec<Position>,
}

/// Why changes were not applied; nothing of them was.
#[derive(Debug, Clone, Error)]
pub enum ApplyError {
    /// Another writer moved the checkpoint or began a newer epoch.
    #[error("the checkpoint is at {0:?}")]
    Moved(Option<Checkpoint>),
    /// The rows do not take the changes: a constraint. Fewer changes at once may go through.
    #[error("the read models refuse the changes: {0}")]
    Rejected(String),
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// How one table of two read stores differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDifference {
    /// The table.
    pub table: String,
    /// Rows that only the rebuilt side has, or has otherwise.
    pub missing: u64,
    /// Rows that only the serving side has, or has otherwise.
    pub surplus: u64,
}

/// A query over the read models. `@P1`, `@P2`, … stand for the parameters. Where the databases need different texts, both
/// stand here side by side.
#[derive(Debug, Clone)]
pub struct Query {
    /// Text for SQLite.
    pub sqlite: std::borrow::Cow<'static, str>,
    /// Text for SQL Server, where it differs.
    pub sqlserver: Option<std::borrow::Cow<'static, str>>,
    /// Values of the parameters.
    pub parameters: Vec<Cell>,
}

impl Query {
    /// A query whose text every database takes.
    pub fn new(text: impl Into<std::borrow::Cow<'static, str>>, parameters: Vec<Cell>) -> Self {
        Self {
            sqlite: text.into(),
            sqlserver: None,
            parameters,
        }
    }
}

/// The tables with their checkpoint.
#[async_trait]
pub trait ReadStore: Any + Send + Sync {
    /// How far the rows are; `None` when nothing was ever projected.
    async fn checkpoint(&self) -> Result<Option<Checkpoint>, StorageError>;

    /// Applies the changes and moves the checkpoint, all or nothing.
    async fn apply(&self, batch: ProjectedBatch) -> Result<(), ApplyError>;

    /// Parked events in order.
    async fn parked(&self) -> Result<Vec<ParkedEvent>, StorageError>;

    /// Both at once: how far the rows are, and the parked events in order.
    async fn standing(&self) -> Result<(Option<Checkpoint>, Vec<ParkedEvent>), StorageError> {
        Ok((self.checkpoint().await?, self.parked().await?))
    }

    /// An empty store with the same tables, in which a rebuild takes place while this one serves. Until [`Self::loaded`] it may
    /// leave foreign keys unchecked, and is of no further use after it refused changes.
    async fn shadow(&self) -> Result<Arc<dyn ReadStore>, StorageError>;

    /// Ends the loading of a shadow: from now on its rows are checked as those that serve are. Refused when what was loaded
    /// breaks a foreign key; then the rows must be made anew, in a shadow whose loading was ended before the first of them.
    async fn loaded(&self) -> Result<(), ApplyError> {
        Ok(())
    }

    /// How the tables differ from those of `shadow`; only tables that do.
    async fn compare(&self, shadow: &Arc<dyn ReadStore>) -> Result<Vec<TableDifference>, StorageError>;

    /// Applies the difference to `shadow` in one transaction and takes over its checkpoint and parked events under a new
    /// epoch; refused when the checkpoint is no longer `expected`. Returns what differed.
    async fn adopt(
        &self,
        shadow: &Arc<dyn ReadStore>,
        expected: Option<&Checkpoint>,
    ) -> Result<Vec<TableDifference>, ApplyError>;

    /// Rows of a query, each with the cells of the select list.
    async fn query(&self, query: Query) -> Result<Vec<Vec<Cell>>, StorageError>;

    /// The same for a caller to whom rows may be old, though not older than `position`: a store that has copies elsewhere may
    /// read one of these.
    async fn query_as_of(&self, query: Query, position: Position) -> Result<Vec<Vec<Cell>>, StorageError> {
        let _always_met = position;
        self.query(query).await
    }

    /// How long events gather before they are applied together.
    fn gathering(&self) -> Gathering {
        Gathering::default()
    }

    /// How many events the store likes to be filled with at once: by default few enough to stay in the processor's cache on
    /// their way.
    fn page_events(&self) -> u32 {
        1024
    }

    /// Leaves nothing of deleted rows in the store's files, where the store itself decides that; to be called after a purge.
    async fn scrub(&self) -> Result<(), StorageError> {
        Ok(())
    }

    /// Leaves nothing beside the rows that a copy of them would lack. Reads may go on.
    async fn close(&self) {}
}

/// How long events gather before they are applied together. A batch has a fixed price; gathering keeps it from being paid
/// hundreds of times a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gathering {
    /// A batch of this many events says that many more are coming: it may gather a moment longer though somebody waits.
    pub busy_events: usize,
    /// For so long such a batch gathers while somebody waits.
    pub awaited: Duration,
    /// For so long any batch gathers while nobody does. Whoever begins to wait ends it.
    pub unseen: Duration,
}

impl Default for Gathering {
    /// Of a store in the same process.
    fn default() -> Self {
        Self {
            busy_events: 192,
            awaited: Duration::from_millis(2),
            unseen: Duration::from_millis(10),
        }
    }
}
