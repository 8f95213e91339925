//! Brings a database's schema up and down, step by step: the rules, whatever the database.
//!
//! Invariants: a step that was applied is never changed (its checksum is kept and compared), and a schema with steps that
//! this program does not know is left alone. A step and the note that it was applied are one transaction. Whoever changes
//! the schema holds the database's lock for as long. Nothing that would be lost is lost unasked.
//!
//! An adapter lists its [`Migration`]s from `migrations/{database}/NNNN_name.{up,down}.sql` and implements [`Migrations`];
//! [`status`], [`up`] and [`down`] do the rest.

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::append::StorageError;

/// One step of a schema.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its number and name, as its files are called: `0001_event_log`.
    pub name: &'static str,
    /// Text that applies it.
    pub up: &'static str,
    /// Text that takes it back.
    pub down: &'static str,
    /// Tables whose rows are lost when it is taken back.
    pub loses: &'static [&'static str],
}

impl Migration {
    /// The number that its name begins with; 0 when it begins with none.
    #[must_use]
    pub fn number(&self) -> u32 {
        let digits = self.name.split('_').next().unwrap_or_default();
        digits.parse().unwrap_or_default()
    }

    /// SHA-256 of the text that applies it (hex).
    #[must_use]
    pub fn checksum(&self) -> String {
        hex::encode(Sha256::digest(self.up.as_bytes()))
    }
}

/// The note that a step was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedMigration {
    /// Its name.
    pub name: String,
    /// SHA-256 of the text that was applied (hex).
    pub checksum: String,
    /// When: fixed-width instant.
    pub applied_at: String,
}

/// How a step of the program or of the database stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MigrationStanding {
    /// The database lacks it.
    Pending,
    /// The database has it as this program knows it.
    Applied,
    /// The database has it, but it was applied with another text.
    Changed,
    /// The database has it, but this program does not know it.
    Unknown,
}

impl MigrationStanding {
    /// Its name: `pending`, `applied`, `changed` or `unknown`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Applied => "applied",
            Self::Changed => "changed",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the schema may be worked with, or further steps applied.
    #[must_use]
    pub fn is_sound(self) -> bool {
        match self {
            Self::Pending | Self::Applied => true,
            Self::Changed | Self::Unknown => false,
        }
    }
}

/// A step and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationState {
    /// Its name.
    pub name: String,
    /// How it stands.
    pub standing: MigrationStanding,
    /// When it was applied; `None` when it was not.
    pub applied_at: Option<String>,
    /// SHA-256 of the text that was applied or would be (hex).
    pub checksum: String,
}

/// How far to go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Back {
    /// The last step.
    One,
    /// Every step after the one of this number; 0 for all.
    To(u32),
}

/// Why a schema was not changed, or not any further.
#[derive(Debug, Clone, Error)]
pub enum MigrationError {
    /// An applied step has another text now.
    #[error(
        "the migration {name} was applied with another text (checksum {applied}, not {known}): restore its file, or use the \
         version of this program that applied it"
    )]
    Changed {
        /// The step.
        name: String,
        /// Checksum of what was applied.
        applied: String,
        /// Checksum of what this program has.
        known: String,
    },
    /// The database has a step that this program does not know.
    #[error("the database has the migration {0}, which this version does not know; use a newer one")]
    Unknown(String),
    /// There is no such step to go back to.
    #[error("there is no migration with the number {0}")]
    NoSuchStep(u32),
    /// Going back would lose what is stored.
    #[error("taking back {steps} would lose {losses}, for good")]
    WouldLose {
        /// The steps, by name.
        steps: String,
        /// Tables and how many rows they hold.
        losses: String,
    },
    /// The store failed; [`StorageError::Held`] when another process has its lock.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<MigrationError> for StorageError {
    fn from(error: MigrationError) -> Self {
        match error {
            MigrationError::Storage(error) => error,
            MigrationError::Changed { .. } => Self::Corrupt(error.to_string()),
            MigrationError::Unknown(_) | MigrationError::NoSuchStep(_) | MigrationError::WouldLose { .. } => {
                Self::Other(error.to_string())
            }
        }
    }
}

/// The migrations of one database.
#[async_trait]
pub trait Migrations: Send + Sync {
    /// Every step of this program, in order.
    fn steps(&self) -> &'static [Migration];

    /// What the database has, in order; nothing when there is no database yet. Readable beside a running server.
    async fn applied(&self) -> Result<Vec<AppliedMigration>, StorageError>;

    /// Takes the database's lock, making the database if need be. [`StorageError::Held`] when another process has it and
    /// does not let go.
    async fn begin(&self) -> Result<Box<dyn MigrationSession>, StorageError>;
}

/// The exclusive right to change a database's schema, until it is closed or dropped.
#[async_trait]
pub trait MigrationSession: Send {
    /// Every step of this program, in order.
    fn steps(&self) -> &'static [Migration];

    /// What the database has, in order.
    async fn applied(&mut self) -> Result<Vec<AppliedMigration>, StorageError>;

    /// Runs the step's text and notes it as applied, all or nothing.
    async fn apply(&mut self, step: &Migration) -> Result<(), StorageError>;

    /// Runs the text that takes the step back and removes the note, all or nothing.
    async fn take_back(&mut self, step: &Migration) -> Result<(), StorageError>;

    /// Rows of a table.
    async fn rows(&mut self, table: &'static str) -> Result<u64, StorageError>;

    /// Lets go of the lock.
    async fn close(self: Box<Self>) -> Result<(), StorageError>;
}

/// Every step, of the program and of the database, and how it stands.
#[must_use]
pub fn states(steps: &[Migration], applied: &[AppliedMigration]) -> Vec<MigrationState> {
    let known = steps.iter().map(|step| {
        let checksum = step.checksum();
        let found = applied.iter().find(|applied| applied.name == step.name);
        MigrationState {
            name: step.name.to_owned(),
            standing: match found {
                None => MigrationStanding::Pending,
                Some(found) if found.checksum == checksum => MigrationStanding::Applied,
                Some(_) => MigrationStanding::Changed,
            },
            applied_at: found.map(|found| found.applied_at.clone()),
            checksum: found.map_or(checksum, |found| found.checksum.clone()),
        }
    });
    let unknown = applied
        .iter()
        .filter(|applied| steps.iter().all(|step| step.name != applied.name));
    let unknown = unknown.map(|applied| MigrationState {
        name: applied.name.clone(),
        standing: MigrationStanding::Unknown,
        applied_at: Some(applied.applied_at.clone()),
        checksum: applied.checksum.clone(),
    });
    known.chain(unknown).collect()
}

/// A schema that this program may work with: each of its steps is applied, unchanged, or pending.
#[derive(Debug, Clone)]
pub struct Schema {
    /// Steps that the database has, in order.
    pub applied: Vec<&'static Migration>,
    /// Steps that it lacks, in order.
    pub pending: Vec<&'static Migration>,
}

impl Schema {
    /// The schema of a database that has these steps.
    ///
    /// # Errors
    /// [`MigrationError::Unknown`] or [`MigrationError::Changed`].
    pub fn of(steps: &'static [Migration], applied: &[AppliedMigration]) -> Result<Self, MigrationError> {
        // A newer program's step explains why another may look changed: it is named first.
        let mut found = applied.iter();
        if let Some(unknown) = found.find(|applied| steps.iter().all(|step| step.name != applied.name)) {
            return Err(MigrationError::Unknown(unknown.name.clone()));
        }
        let mut schema = Self {
            applied: Vec::new(),
            pending: Vec::new(),
        };
        for step in steps {
            match applied.iter().find(|applied| applied.name == step.name) {
                None => schema.pending.push(step),
                Some(found) if found.checksum == step.checksum() => schema.applied.push(step),
                Some(found) => {
                    return Err(MigrationError::Changed {
                        name: found.name.clone(),
                        applied: found.checksum.clone(),
                        known: step.checksum(),
                    });
                }
            }
        }
        Ok(schema)
    }
}

/// How every step stands.
///
/// # Errors
/// When the database cannot be read.
pub async fn status(migrations: &dyn Migrations) -> Result<Vec<MigrationState>, MigrationError> {
    Ok(states(migrations.steps(), &migrations.applied().await?))
}

/// Applies the steps that the database lacks; returns their names.
///
/// # Errors
/// When the schema is not one that this program may change, or the database fails: the steps before are applied.
pub async fn up(session: &mut dyn MigrationSession) -> Result<Vec<String>, MigrationError> {
    let schema = Schema::of(session.steps(), &session.applied().await?)?;
    let mut names = Vec::new();
    for step in schema.pending {
        session.apply(step).await?;
        names.push(step.name.to_owned());
    }
    Ok(names)
}

/// Takes steps back, the last first; returns their names. What is stored in them goes only when its loss is accepted.
///
/// # Errors
/// [`MigrationError::WouldLose`] before anything is taken back; otherwise see [`up`].
pub async fn down(
    session: &mut dyn MigrationSession,
    back: Back,
    accept_loss: bool,
) -> Result<Vec<String>, MigrationError> {
    let applied = Schema::of(session.steps(), &session.applied().await?)?.applied;
    let after = match back {
        Back::One => applied.len().saturating_sub(1),
        Back::To(0) => 0,
        Back::To(number) if session.steps().iter().any(|step| step.number() == number) => {
            applied.iter().filter(|step| step.number() <= number).count()
        }
        Back::To(number) => return Err(MigrationError::NoSuchStep(number)),
    };
    let taken_back = &applied[after..];
    if !accept_loss {
        let mut losses = Vec::new();
        for table in taken_back.iter().flat_map(|step| step.loses) {
            let rows = session.rows(table).await?;
            if rows > 0 {
                losses.push(format!("{rows} rows of {table}"));
            }
        }
        if !losses.is_empty() {
            let steps: Vec<&str> = taken_back.iter().map(|step| step.name).collect();
            return Err(MigrationError::WouldLose {
                steps: steps.join(", "),
                losses: losses.join(", "),
            });
        }
    }
    let mut names = Vec::new();
    for step in taken_back.iter().rev() {
        session.take_back(step).await?;
        names.push(step.name.to_owned());
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn step(name: &'static str, up: &'static str, loses: &'static [&'static str]) -> Migration {
        Migration {
            name,
            up,
            down: "",
            loses,
        }
    }

    static STEPS: [Migration; 3] = [
        step("0001_log", "create log", &["Log"]),
        step("0002_index", "create index", &[]),
        step("0003_notes", "create notes", &["Notes", "Marks"]),
    ];

    /// A database in memory whose tables all hold as many rows.
    #[derive(Default)]
    struct Memory {
        applied: Vec<AppliedMigration>,
        rows: u64,
    }

    #[async_trait]
    impl MigrationSession for Memory {
        fn steps(&self) -> &'static [Migration] {
            &STEPS
        }

        async fn applied(&mut self) -> Result<Vec<AppliedMigration>, StorageError> {
            Ok(self.applied.clone())
        }

        async fn apply(&mut self, step: &Migration) -> Result<(), StorageError> {
            self.applied.push(AppliedMigration {
                name: step.name.to_owned(),
                checksum: step.checksum(),
                applied_at: "now".to_owned(),
            });
            Ok(())
        }

        async fn take_back(&mut self, step: &Migration) -> Result<(), StorageError> {
            self.applied.retain(|applied| applied.name != step.name);
            Ok(())
        }

        async fn rows(&mut self, _table: &'static str) -> Result<u64, StorageError> {
            Ok(self.rows)
        }

        async fn close(self: Box<Self>) -> Result<(), StorageError> {
            Ok(())
        }
    }

    fn standings(memory: &Memory) -> Vec<&'static str> {
        let states = states(&STEPS, &memory.applied);
        states.iter().map(|state| state.standing.name()).collect()
    }

    #[tokio::test]
    async fn steps_go_up_in_order_and_back_one_by_one_or_to_a_number() {
        let mut memory = Memory::default();
        assert_eq!(standings(&memory), ["pending"; 3]);
        assert_eq!(down(&mut memory, Back::One, false).await.unwrap(), [""; 0]);
        let all = ["0001_log", "0002_index", "0003_notes"];
        assert_eq!(up(&mut memory).await.unwrap(), all);
        assert_eq!(up(&mut memory).await.unwrap(), [""; 0]);
        assert_eq!(standings(&memory), ["applied"; 3]);
        assert_eq!(down(&mut memory, Back::One, false).await.unwrap(), ["0003_notes"]);
        assert_eq!(standings(&memory), ["applied", "applied", "pending"]);
        assert_eq!(up(&mut memory).await.unwrap(), ["0003_notes"]);
        assert_eq!(down(&mut memory, Back::To(3), false).await.unwrap(), [""; 0]);
        let back = down(&mut memory, Back::To(1), false).await.unwrap();
        assert_eq!(back, ["0003_notes", "0002_index"]);
        assert_eq!(down(&mut memory, Back::To(2), false).await.unwrap(), [""; 0]);
        let error = down(&mut memory, Back::To(4), false).await.unwrap_err();
        assert_eq!(error.to_string(), "there is no migration with the number 4");
        assert_eq!(down(&mut memory, Back::To(0), false).await.unwrap(), ["0001_log"]);
    }

    #[tokio::test]
    async fn what_is_stored_is_lost_only_when_that_is_accepted() {
        let mut memory = Memory::default();
        up(&mut memory).await.unwrap();
        memory.rows = 7;
        let error = down(&mut memory, Back::To(1), false).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "taking back 0002_index, 0003_notes would lose 7 rows of Notes, 7 rows of Marks, for good"
        );
        assert_eq!(standings(&memory), ["applied"; 3], "nothing was taken back");
        assert_eq!(down(&mut memory, Back::One, true).await.unwrap(), ["0003_notes"]);
        assert_eq!(
            down(&mut memory, Back::One, false).await.unwrap(),
            ["0002_index"],
            "an index loses nothing"
        );
    }

    #[tokio::test]
    async fn a_changed_or_unknown_step_stops_everything() {
        let mut memory = Memory::default();
        up(&mut memory).await.unwrap();
        memory.applied[1].checksum = "other".to_owned();
        assert_eq!(standings(&memory), ["applied", "changed", "applied"]);
        for outcome in [up(&mut memory).await, down(&mut memory, Back::One, true).await] {
            let error = outcome.unwrap_err();
            assert!(
                matches!(&error, MigrationError::Changed { name, applied, .. } if name == "0002_index" && applied == "other"),
                "{error}"
            );
            assert!(matches!(StorageError::from(error), StorageError::Corrupt(_)));
        }
        memory.applied[2].name = "0004_future".to_owned();
        assert_eq!(standings(&memory), ["applied", "changed", "pending", "unknown"]);
        let error = up(&mut memory).await.unwrap_err();
        assert!(matches!(error, MigrationError::Unknown(name) if name == "0004_future"));
    }

    #[test]
    fn a_step_knows_its_number() {
        assert_eq!(STEPS.each_ref().map(Migration::number), [1, 2, 3]);
        assert_eq!(step("readme", "", &[]).number(), 0);
    }
}
