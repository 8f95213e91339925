//! Password hashes: bcrypt on blocking threads, so that no request waits behind another's hashing.

use std::sync::Arc;

use tokio::sync::Semaphore;
use wfm_domain::password::Password;

use crate::{error::ApplicationError, security::lockout::LockOut};

/// Cost used in production; tests use less.
pub const DEFAULT_COST: u32 = 12;

/// Hashes and verifies passwords, a bounded number at once.
#[derive(Clone)]
pub struct PasswordHasher {
    /// Who guesses too often.
    pub lock_out: Arc<LockOut>,
    cost: u32,
    running: Arc<Semaphore>,
    decoy: Arc<str>,
}

impl PasswordHasher {
    /// A hasher of this bcrypt cost (4 to 31) that works on at most `at_once` passwords at a time.
    ///
    /// # Errors
    /// When the cost is out of range.
    pub fn new(cost: u32, at_once: usize) -> Result<Self, ApplicationError> {
        let decoy = bcrypt::hash("no user has this password", cost).map_err(ApplicationError::internal)?;
        Ok(Self {
            lock_out: Arc::default(),
            cost,
            running: Arc::new(Semaphore::new(at_once)),
            decoy: decoy.into(),
        })
    }

    /// The hash of `password`; the caller has checked that it has at most 72 bytes.
    ///
    /// # Errors
    /// When hashing fails.
    pub async fn hash(&self, password: String) -> Result<String, ApplicationError> {
        let cost = self.cost;
        // The checking hash of the crate counts the closing NUL, too, and refuses 72 bytes.
        self.blocking(move || bcrypt::hash(password, cost)).await
    }

    /// Whether `password` fits `hash`. Without a hash (unknown user) the answer is no and takes as long.
    ///
    /// # Errors
    /// When verifying fails.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, ApplicationError> {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.decoy.to_string());
        let fits = self
            .blocking(move || {
                let fits = bcrypt::verify(&password, &hash).unwrap_or(false);
                // bcrypt ignores what lies beyond.
                Ok(fits && password.len() <= Password::MAXIMUM_BYTES)
            })
            .await?;
        Ok(fits && known)
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, bcrypt::BcryptError> + Send + 'static,
    ) -> Result<T, ApplicationError> {
        let permit = Arc::clone(&self.running)
            .acquire_owned()
            .await
            .map_err(ApplicationError::internal)?;
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        })
        .await
        .map_err(ApplicationError::internal)?
        .map_err(ApplicationError::internal)
    }
}
