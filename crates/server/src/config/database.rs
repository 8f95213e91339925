//! Where everything is kept, and where queries may go.

use std::{fmt, path::PathBuf};

use anyhow::{Context, Result, bail};
use wfm_storage_sqlserver::Settings;

use super::{Source, Values};

/// Where everything is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// The embedded database in a folder.
    Sqlite(PathBuf),
    /// A database of SQL Server.
    SqlServer(Box<Settings>),
}

impl Database {
    /// Understands `sqlite:DIR` or a connection string.
    ///
    /// # Errors
    /// When it is neither; the message repeats no password.
    pub fn parse(text: &str) -> Result<Self> {
        if let Some(("sqlite", folder)) = text.split_once(':')
            && !folder.is_empty()
        {
            return Ok(Self::Sqlite(folder.into()));
        }
        if text.contains('=') {
            return Ok(Self::SqlServer(Box::new(Settings::parse(text)?)));
        }
        bail!("{text:?}: expected sqlite:DIR, for example sqlite:./data, or a connection string of SQL Server")
    }
}

/// The database in words, without a secret.
impl fmt::Display for Database {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(folder) => write!(formatter, "sqlite:{}", folder.display()),
            Self::SqlServer(settings) => {
                write!(formatter, "database {} of {}", settings.database(), settings.server())
            }
        }
    }
}

/// Where everything is kept: told by `database`, or by the file that `database_file` names.
pub(super) fn told(values: &Values) -> Result<Database> {
    let (text, source) = values.get("database");
    let Some(file) = values.optional("database_file") else {
        return Database::parse(text).context("database");
    };
    if source != Source::Default {
        bail!("both database and database_file are given; one of them says where everything is kept");
    }
    let settings = Settings::from_file(file).context("database_file")?;
    Ok(Database::SqlServer(Box::new(settings)))
}

/// Where queries may go: to the server that `database_read` names; without it, to what the database's own server makes of
/// `ApplicationIntent=ReadOnly`, if its connection string says that.
pub(super) fn readable_secondary(values: &Values, database: &Database) -> Result<Option<Box<Settings>>> {
    let Database::SqlServer(settings) = database else {
        return match values.optional("database_read") {
            Some(_) => bail!("database_read: the embedded database has no readable secondary"),
            None => Ok(None),
        };
    };
    Ok(match values.optional("database_read") {
        Some(text) => Some(Settings::parse(&text).context("database_read")?.with_read_only(true)),
        None => settings.is_read_only().then(|| (**settings).clone()),
    }
    .map(Box::new))
}

/// How large the files of the embedded database may grow, in pages of 4 KiB; as far as the disk goes when `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FileLimits {
    /// The event log's.
    pub log_pages: Option<u32>,
    /// The read models'.
    pub read_models_pages: Option<u32>,
}

/// Pages of a MiB.
const PAGES_A_MEGABYTE: u32 = 256;

/// The largest limit in MiB: a file has less than 2^32 pages.
const LARGEST_MEGABYTES: u32 = u32::MAX / PAGES_A_MEGABYTE - 1;

/// The limits; SQL Server has its own.
pub(super) fn file_limits(values: &Values, database: &Database) -> Result<FileLimits> {
    let pages = |key: &str| -> Result<Option<u32>> {
        if values.optional(key).is_none() {
            return Ok(None);
        }
        let megabytes: u32 = values.parse(key)?;
        if !(1..=LARGEST_MEGABYTES).contains(&megabytes) {
            bail!("{key} = {megabytes}: expected 1 to {LARGEST_MEGABYTES}");
        }
        if matches!(database, Database::SqlServer(_)) {
            bail!("{key}: only the embedded database is bounded here; SQL Server's files have limits of their own");
        }
        Ok(Some(megabytes * PAGES_A_MEGABYTE))
    };
    Ok(FileLimits {
        log_pages: pages("max_log_megabytes")?,
        read_models_pages: pages("max_read_models_megabytes")?,
    })
}
