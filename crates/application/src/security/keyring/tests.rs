//! Who asks the vault for a key, and how often.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use tokio::sync::Semaphore;
use wfm_domain::ids::UserId;
use wfm_storage::vault::Session;

use super::*;
use crate::clock::SystemEntropy;

/// A vault of one key, which answers only as often as it is let.
struct SlowVault {
    wrapped: Mutex<Option<Vec<u8>>>,
    answers: Semaphore,
    asked: AtomicUsize,
}

#[async_trait]
impl Vault for SlowVault {
    async fn data_key(&self, _name: &str) -> Result<Option<Vec<u8>>, StorageError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.answers.acquire().await.unwrap().forget();
        Ok(self.wrapped.lock().clone())
    }

    async fn create_data_key(&self, _name: &str, wrapped: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(Some(
            self.wrapped.lock().get_or_insert_with(|| wrapped.to_vec()).clone(),
        ))
    }

    async fn destroy_data_key(&self, _name: &str) -> Result<(), StorageError> {
        *self.wrapped.lock() = None;
        Ok(())
    }

    async fn put_session(&self, _session: &Session) -> Result<(), StorageError> {
        unreachable!("a keyring knows no sessions")
    }

    async fn session(&self, _token_hash: &str) -> Result<Option<Session>, StorageError> {
        unreachable!("a keyring knows no sessions")
    }

    async fn spend_session(&self, _token_hash: &str) -> Result<bool, StorageError> {
        unreachable!("a keyring knows no sessions")
    }

    async fn end_family(&self, _family: &str) -> Result<(), StorageError> {
        unreachable!("a keyring knows no sessions")
    }

    async fn end_sessions(&self, _user: i64) -> Result<(), StorageError> {
        unreachable!("a keyring knows no sessions")
    }

    async fn forget_sessions(&self, _instant: &str) -> Result<u64, StorageError> {
        unreachable!("a keyring knows no sessions")
    }
}

fn keyring(vault: &Arc<SlowVault>) -> Arc<Keyring> {
    let vault = Arc::clone(vault) as Arc<dyn Vault>;
    Arc::new(Keyring::new(&MasterKey::new([7; 32]), vault, Arc::new(SystemEntropy)))
}

#[tokio::test]
async fn many_who_want_a_key_at_once_ask_the_vault_once() {
    let vault = Arc::new(SlowVault {
        wrapped: Mutex::default(),
        answers: Semaphore::new(0),
        asked: AtomicUsize::new(0),
    });
    let (keyring, key) = (keyring(&vault), DataKey::Person(UserId(1)));
    let wants = || {
        let (keyring, key) = (Arc::clone(&keyring), key.clone());
        tokio::spawn(async move { keyring.prepare(&key).await })
    };
    let first: Vec<_> = (0..20).map(|_| wants()).collect();
    while vault.asked.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    vault.answers.add_permits(1);
    for one in first {
        one.await.unwrap().unwrap();
    }
    assert_eq!(vault.asked.load(Ordering::SeqCst), 1);

    // Read anew by one; what is known serves the others meanwhile.
    keyring.look_again();
    let reader = wants();
    while vault.asked.load(Ordering::SeqCst) == 1 {
        tokio::task::yield_now().await;
    }
    keyring.prepare(&key).await.unwrap();
    assert!(!reader.is_finished());
    vault.answers.add_permits(1);
    reader.await.unwrap().unwrap();
    assert_eq!(vault.asked.load(Ordering::SeqCst), 2);
    assert!(keyring.usable(&key).is_ok());
}
