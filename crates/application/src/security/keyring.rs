//! Seals and opens protected values with AES-256-GCM.
//!
//! One master key wraps a random data key per person, environment and workspace-month. A value's key is derived from the
//! data key and the stream, so that no AES key sees more than one stream's values and random nonces stay safe however many
//! runs a month has. Additional data is stream, event id and field: a sealed value cannot be moved to another place.
//! Destroying the data key makes every value under it unreadable for good.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD as BASE64};
use hmac::{Hmac, Mac};
use parking_lot::{Mutex, RwLock};
use sha2::Sha256;
use thiserror::Error;
use tokio::sync::OwnedMutexGuard;
use uuid::Uuid;
use wfm_domain::{
    event::Event,
    protected::{DataKey, Protected, ProtectedFields},
};
use wfm_storage::{append::StorageError, vault::Vault};
use zeroize::Zeroizing;

use crate::clock::Entropy;

const NONCE_BYTES: usize = 12;

/// Name of the data key that says which master key a vault belongs to. It seals nothing.
const MARK: &str = "master-key";

/// How many data keys stay in memory.
const CACHED_KEYS: usize = 10_000;

/// Why a value could not be sealed or opened. Never names the value.
#[derive(Debug, Clone, Error)]
pub enum SealError {
    /// The data key was not loaded before.
    #[error("data key {0} was not prepared")]
    NotPrepared(String),
    /// The data key was destroyed: what it sealed is erased, and nothing more can be sealed under it.
    #[error("data key {0} was destroyed")]
    Destroyed(String),
    /// The value does not authenticate: another master key, or a changed log.
    #[error("a value under {0} does not authenticate: another master key, or the log was changed")]
    Forged(String),
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// 32 bytes that everything else derives from; wiped when dropped.
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl MasterKey {
    /// A master key of these bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads the text form: 64 hexadecimal digits, surrounding white space allowed; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text.trim(), &mut bytes).ok()?;
        Some(Self::new(bytes))
    }

    /// A key for one purpose.
    fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        hkdf::Hkdf::<Sha256>::new(None, &*self.0)
            .expand(purpose.as_bytes(), &mut *key)
            .expect("32 bytes are within what HKDF-SHA256 can expand");
        key
    }
}

#[derive(Clone)]
enum Slot {
    Usable(Arc<Zeroizing<[u8; 32]>>),
    Destroyed,
}

/// The keys in use.
pub struct Keyring {
    vault: Arc<dyn Vault>,
    entropy: Arc<dyn Entropy>,
    wrapping: Aes256Gcm,
    email: Zeroizing<[u8; 32]>,
    token: Zeroizing<[u8; 32]>,
    cache: RwLock<HashMap<DataKey, Slot>>,
    /// Keys that were read too long ago.
    stale: RwLock<HashSet<DataKey>>,
    /// Whoever reads or destroys a key holds its lock, so that many who want it at once ask the vault once.
    reading: Mutex<HashMap<DataKey, Arc<tokio::sync::Mutex<()>>>>,
}

impl Keyring {
    /// A keyring over the wrapped keys of `vault`.
    #[must_use]
    pub fn new(master: &MasterKey, vault: Arc<dyn Vault>, entropy: Arc<dyn Entropy>) -> Self {
        Self {
            vault,
            entropy,
            wrapping: cipher(&master.derive("wfm/data-keys/1")),
            email: master.derive("wfm/email-claims/1"),
            token: master.derive("wfm/access-tokens/1"),
            cache: RwLock::default(),
            stale: RwLock::default(),
            reading: Mutex::default(),
        }
    }

    /// The key that signs access tokens.
    #[must_use]
    pub fn token_key(&self) -> &[u8] {
        &*self.token
    }

    /// The claim of an e-mail address: a keyed hash, so that the log does not hold the address.
    #[must_use]
    pub fn email_claim(&self, material: &str) -> String {
        hex::encode(keyed_hash(&self.email, material.as_bytes()))
    }

    /// Checks that the vault belongs to this master key; a new vault belongs to it from now on. Without this, a node with
    /// another key would start, let nobody in and seal new values under keys that the right master key cannot unwrap.
    ///
    /// # Errors
    /// [`SealError::Forged`] when the vault belongs to another master key; otherwise when the store fails.
    pub async fn check(&self) -> Result<(), SealError> {
        let wrapped = match self.vault.data_key(MARK).await? {
            Some(wrapped) => Some(wrapped),
            None => {
                let mut fresh = Zeroizing::new([0; 32]);
                self.entropy.fill(&mut *fresh);
                self.vault.create_data_key(MARK, &self.wrap(MARK, &fresh)).await?
            }
        };
        let wrapped = wrapped.ok_or_else(|| SealError::Destroyed(MARK.to_owned()))?;
        self.unwrap(MARK, &wrapped).map(drop)
    }

    /// Whether the vault belongs to this master key; `None` for a new vault, which stays as it is.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn fits(&self) -> Result<Option<bool>, StorageError> {
        let wrapped = self.vault.data_key(MARK).await?;
        Ok(wrapped.map(|wrapped| self.unwrap(MARK, &wrapped).is_ok()))
    }

    /// Makes `key` ready for sealing, creating it when it does not exist.
    ///
    /// # Errors
    /// When the store fails; a destroyed key is no error here but refuses the sealing.
    pub async fn prepare(&self, key: &DataKey) -> Result<(), SealError> {
        let Some(_turn) = self.turn_to_read(key).await else {
            return Ok(());
        };
        let name = key.to_string();
        let mut fresh = Zeroizing::new([0; 32]);
        self.entropy.fill(&mut *fresh);
        let wrapped = match self.vault.data_key(&name).await? {
            Some(wrapped) => Some(wrapped),
            None => self.vault.create_data_key(&name, &self.wrap(&name, &fresh)).await?,
        };
        self.remember(key, wrapped)
    }

    /// Makes `key` ready for opening; one that does not exist counts as destroyed.
    ///
    /// # Errors
    /// When the store fails or the key was wrapped with another master key.
    pub async fn load(&self, key: &DataKey) -> Result<(), SealError> {
        let Some(_turn) = self.turn_to_read(key).await else {
            return Ok(());
        };
        let wrapped = self.vault.data_key(&key.to_string()).await?;
        self.remember(key, wrapped)
    }

    /// Destroys `key` for good.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn destroy(&self, key: &DataKey) -> Result<(), SealError> {
        // Not while somebody reads it, who would put back what is gone.
        let _turn = self.lock_of(key).lock_owned().await;
        let destroyed = self.vault.destroy_data_key(&key.to_string()).await;
        // After a failure nobody knows whether the key is gone: the vault is asked again.
        let mut cache = self.cache.write();
        match destroyed {
            Ok(()) => {
                cache.insert(key.clone(), Slot::Destroyed);
                Ok(())
            }
            Err(error) => {
                cache.remove(key);
                Err(error.into())
            }
        }
    }

    /// Lets each key be read again before its next use, so that one that another node destroyed is not used for long.
    pub fn look_again(&self) {
        let known: HashSet<DataKey> = self.cache.read().keys().cloned().collect();
        *self.stale.write() = known;
    }

    /// Whether the key was read since the last [`Self::look_again`].
    fn is_fresh(&self, key: &DataKey) -> bool {
        self.cache.read().contains_key(key) && !self.stale.read().contains(key)
    }

    /// The turn to read `key`; `None` when there is no need: it is fresh, or somebody is reading it anew this moment and what
    /// is known of it serves until then.
    async fn turn_to_read(&self, key: &DataKey) -> Option<OwnedMutexGuard<()>> {
        if self.is_fresh(key) {
            return None;
        }
        let lock = self.lock_of(key);
        let turn = match Arc::clone(&lock).try_lock_owned() {
            Ok(turn) => turn,
            Err(_) if self.cache.read().contains_key(key) => return None,
            Err(_) => lock.lock_owned().await,
        };
        (!self.is_fresh(key)).then_some(turn)
    }

    fn lock_of(&self, key: &DataKey) -> Arc<tokio::sync::Mutex<()>> {
        Arc::clone(self.reading.lock().entry(key.clone()).or_default())
    }

    fn remember(&self, key: &DataKey, wrapped: Option<Vec<u8>>) -> Result<(), SealError> {
        let slot = match wrapped {
            Some(wrapped) => Slot::Usable(Arc::new(self.unwrap(&key.to_string(), &wrapped)?)),
            None => Slot::Destroyed,
        };
        {
            let mut cache = self.cache.write();
            if cache.len() >= CACHED_KEYS {
                cache.clear();
                // A lock that somebody holds or waits for stays: a second one beside it would protect nothing.
                self.reading.lock().retain(|_, lock| Arc::strong_count(lock) > 1);
            }
            cache.insert(key.clone(), slot);
        }
        self.stale.write().remove(key);
        Ok(())
    }

    fn wrap(&self, name: &str, key: &[u8; 32]) -> Vec<u8> {
        let mut nonce = [0; NONCE_BYTES];
        self.entropy.fill(&mut nonce);
        let sealed = self
            .wrapping
            .encrypt(
                (&nonce).into(),
                Payload {
                    msg: key,
                    aad: name.as_bytes(),
                },
            )
            .expect("AES-GCM takes 32 bytes");
        [nonce.as_slice(), &sealed].concat()
    }

    fn unwrap(&self, name: &str, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, SealError> {
        let forged = || SealError::Forged(name.to_owned());
        let (nonce, sealed) = wrapped.split_first_chunk::<NONCE_BYTES>().ok_or_else(forged)?;
        let open = self
            .wrapping
            .decrypt(
                nonce.into(),
                Payload {
                    msg: sealed,
                    aad: name.as_bytes(),
                },
            )
            .map_err(|_| forged())?;
        let mut key = Zeroizing::new([0; 32]);
        if open.len() != key.len() {
            return Err(forged());
        }
        key.copy_from_slice(&open);
        Ok(key)
    }

    fn usable(&self, key: &DataKey) -> Result<Arc<Zeroizing<[u8; 32]>>, SealError> {
        match self.cache.read().get(key) {
            Some(Slot::Usable(data_key)) => Ok(Arc::clone(data_key)),
            Some(Slot::Destroyed) => Err(SealError::Destroyed(key.to_string())),
            None => Err(SealError::NotPrepared(key.to_string())),
        }
    }

    /// Seals every protected value of `event` that is not sealed yet. Values that were read from the log and carried over
    /// into a new event are sealed anew, because the seal binds them to their event.
    ///
    /// # Errors
    /// When a data key was not prepared or was destroyed.
    pub fn seal_event(&self, stream: &str, id: Uuid, event: &mut Event) -> Result<(), SealError> {
        let mut place = Place::new(stream, id);
        let mut stream_key: Option<(DataKey, Aes256Gcm)> = None;
        let mut result = Ok(());
        event.visit_protected(&mut |field, value| {
            if result.is_err() {
                return;
            }
            result = self.seal_value(stream, place.field(field), &mut stream_key, value);
        });
        result
    }

    /// Seals a client's network address for the envelope of the events that `correlation_id` ties together.
    ///
    /// # Errors
    /// When the person's key was not prepared or was destroyed.
    pub fn seal_address(&self, correlation_id: &str, address: &mut Protected) -> Result<(), SealError> {
        self.seal_value(
            "envelope",
            format!("{correlation_id}|clientAddress").as_bytes(),
            &mut None,
            address,
        )
    }

    /// Opens what [`Self::seal_address`] sealed; it stays closed when the key was destroyed.
    ///
    /// # Errors
    /// When the store fails or the value does not authenticate.
    pub async fn open_address(&self, correlation_id: &str, address: &mut Protected) -> Result<(), SealError> {
        self.load(address.key()).await?;
        self.open_value(
            "envelope",
            format!("{correlation_id}|clientAddress").as_bytes(),
            address,
        )
    }

    fn seal_value(
        &self,
        stream: &str,
        place: &[u8],
        stream_key: &mut Option<(DataKey, Aes256Gcm)>,
        value: &mut Protected,
    ) -> Result<(), SealError> {
        let Some(text) = value.text() else {
            // Carried over from an event whose key is gone: there is nothing left to seal.
            return Ok(());
        };
        if stream_key.as_ref().is_none_or(|(key, _)| key != value.key()) {
            let data_key = self.usable(value.key())?;
            *stream_key = Some((value.key().clone(), stream_cipher(&data_key, stream)));
        }
        let (_, cipher) = stream_key.as_ref().expect("set just above");
        let mut nonce = [0; NONCE_BYTES];
        self.entropy.fill(&mut nonce);
        let sealed = cipher
            .encrypt(
                (&nonce).into(),
                Payload {
                    msg: text.as_bytes(),
                    aad: place,
                },
            )
            .expect("AES-GCM takes any text that fits in memory");
        let mut bytes = Vec::with_capacity(NONCE_BYTES + sealed.len());
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&sealed);
        value.set_sealed(BASE64.encode(bytes));
        Ok(())
    }

    /// Opens every protected value of `event` whose key still exists; the others stay closed.
    ///
    /// # Errors
    /// When the store fails or a value does not authenticate.
    pub async fn open_event(&self, stream: &str, id: Uuid, event: &mut Event) -> Result<(), SealError> {
        let mut keys: Vec<DataKey> = Vec::new();
        event.visit_protected(&mut |_, value| {
            if value.text().is_none() && !keys.contains(value.key()) {
                keys.push(value.key().clone());
            }
        });
        for key in &keys {
            self.load(key).await?;
        }
        let mut place = Place::new(stream, id);
        let mut result = Ok(());
        event.visit_protected(&mut |field, value| {
            if result.is_ok() {
                result = self.open_value(stream, place.field(field), value);
            }
        });
        result
    }

    fn open_value(&self, stream: &str, place: &[u8], value: &mut Protected) -> Result<(), SealError> {
        if value.text().is_some() {
            return Ok(());
        }
        let data_key = match self.usable(value.key()) {
            Ok(data_key) => data_key,
            Err(SealError::Destroyed(_)) => return Ok(()),
            Err(error) => return Err(error),
        };
        let forged = || SealError::Forged(value.key().to_string());
        let Some(sealed) = value.sealed() else { return Ok(()) };
        if sealed.is_empty() {
            return Ok(());
        }
        let bytes = BASE64.decode(sealed).map_err(|_| forged())?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or_else(forged)?;
        let open = stream_cipher(&data_key, stream)
            .decrypt(
                nonce.into(),
                Payload {
                    msg: sealed,
                    aad: place,
                },
            )
            .map_err(|_| forged())?;
        let text = String::from_utf8(open).map_err(|_| forged())?;
        value.set_open(text);
        Ok(())
    }
}

/// Additional data of a seal: stream, event id and field.
struct Place {
    bytes: Vec<u8>,
    prefix: usize,
}

impl Place {
    fn new(stream: &str, id: Uuid) -> Self {
        let mut bytes = Vec::with_capacity(128);
        bytes.extend_from_slice(stream.as_bytes());
        bytes.push(b'|');
        bytes.extend_from_slice(id.as_bytes());
        bytes.push(b'|');
        Self {
            prefix: bytes.len(),
            bytes,
        }
    }

    fn field(&mut self, field: &str) -> &[u8] {
        self.bytes.truncate(self.prefix);
        self.bytes.extend_from_slice(field.as_bytes());
        &self.bytes
    }
}

fn cipher(key: &[u8; 32]) -> Aes256Gcm {
    Aes256Gcm::new(key.into())
}

fn keyed_hash(key: &[u8; 32], text: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

fn stream_cipher(data_key: &[u8; 32], stream: &str) -> Aes256Gcm {
    cipher(&Zeroizing::new(keyed_hash(data_key, stream.as_bytes())))
}

#[cfg(test)]
mod tests;
