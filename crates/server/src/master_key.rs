//! The master key's file: read, or made at the first start of an embedded database.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use anyhow::{Context, Result, bail};
use wfm_application::{clock::Entropy, security::keyring::MasterKey};

use crate::{config::Database, database};

/// Where the folder of an embedded database has its key.
pub const FILE: &str = "master.key";

/// The master key of a node: from the file that is `named`, or from the `folder` of its embedded database. A database that
/// nodes share has no folder, so its key must be named.
///
/// # Errors
/// When the file is missing, readable by others, or holds no key.
pub async fn load(named: Option<&Path>, folder: Option<&Path>, entropy: &dyn Entropy) -> Result<MasterKey> {
    let path = match (named, folder) {
        (Some(named), _) => named.to_owned(),
        (None, Some(folder)) => {
            let path = folder.join(FILE);
            if !path.exists() {
                let made = make(&path, folder, entropy).await;
                made.with_context(|| format!("making the master key {}", path.display()))?;
            }
            path
        }
        (None, None) => bail!(
            "SQL Server needs a master key that every node has: make one with `openssl rand -hex 32 > master.key; chmod 600 \
             master.key` and name it with WFM_MASTER_KEY_FILE"
        ),
    };
    read(&path)
}

/// Reads a master key.
///
/// # Errors
/// When the file is missing, readable by others, or holds no key.
pub fn read(path: &Path) -> Result<MasterKey> {
    let text = fs::read_to_string(path).with_context(|| format!("reading the master key {}", path.display()))?;
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & 0o077 != 0 {
        bail!(
            "the master key {} may be read by others; run: chmod 600 {}",
            path.display(),
            path.display()
        );
    }
    MasterKey::parse(&text).with_context(|| {
        format!(
            "{} holds no master key: 64 hexadecimal digits are expected",
            path.display()
        )
    })
}

async fn make(path: &Path, folder: &Path, entropy: &dyn Entropy) -> Result<()> {
    if folder.join("es.db").exists() && !is_empty(folder).await {
        bail!(
            "the folder holds a log but not the key that seals it; restore the file, or name it with WFM_MASTER_KEY_FILE"
        );
    }
    fs::create_dir_all(folder)?;
    write_new(path, entropy)?;
    fs::File::open(folder)?.sync_all()?;
    Ok(())
}

/// Writes a new key to a file of its own that nobody else may read.
///
/// # Errors
/// When there is a file already, or it cannot be written.
pub fn write_new(path: &Path, entropy: &dyn Entropy) -> Result<()> {
    let mut key = [0; 32];
    entropy.fill(&mut key);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "{}", hex::encode(key))?;
    file.sync_all()?;
    Ok(())
}

/// Whether a folder's log has its schema and nothing else, as `wfm migrate up` leaves it. One that cannot be read is not.
async fn is_empty(folder: &Path) -> bool {
    match database::open_log_for_reading(&Database::Sqlite(folder.to_owned())).await {
        Ok(log) => log.streams(None, None, 1).await.is_ok_and(|streams| streams.is_empty()),
        Err(_) => false,
    }
}
