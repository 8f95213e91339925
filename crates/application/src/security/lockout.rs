//! Slows down whoever guesses passwords: after five failures an account is locked, longer with each further one.
//!
//! Invariants: attempts on one account are judged one after another, so that many at once gain nothing; memory is bounded;
//! accounts that do not exist are counted like those that do.

use std::sync::Arc;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};
use wfm_domain::instant::Instant;

use crate::clock::Clock;

/// Failures without consequence.
const FREE_FAILURES: u32 = 5;

/// First lock; it doubles with each further failure.
const FIRST_LOCK_SECONDS: i64 = 30;

/// Longest lock.
const LONGEST_LOCK_SECONDS: i64 = 15 * 60;

/// Failures are forgotten so long after the last one.
const MEMORY_SECONDS: i64 = 60 * 60;

/// Accounts remembered at most.
const CAPACITY: usize = 10_000;

#[derive(Debug, Default)]
struct Account {
    failures: u32,
    last_failure: Option<Instant>,
    locked_until: Option<Instant>,
    /// Whether the present lock was told of once.
    told: bool,
}

impl Account {
    /// Seconds that a lock still lasts.
    fn locked_seconds(&self, now: Instant) -> Option<u64> {
        let left = self.locked_until?.microseconds_since(now);
        (left > 0).then(|| u64::try_from(left).unwrap_or_default().div_ceil(1_000_000))
    }

    fn is_forgotten(&self, now: Instant) -> bool {
        self.last_failure
            .is_none_or(|last| now.microseconds_since(last) > MEMORY_SECONDS * 1_000_000)
    }
}

/// An account is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Locked {
    /// How long still.
    pub retry_after_seconds: u64,
    /// Whether this is the first attempt that this lock refuses.
    pub is_first: bool,
}

/// The failures of all accounts.
#[derive(Debug, Default)]
pub struct LockOut {
    accounts: Mutex<FxHashMap<String, Arc<AsyncMutex<Account>>>>,
}

/// An attempt that may be made; the next one on the same account waits for its outcome. Dropped without an outcome, it
/// counts for nothing.
#[derive(Debug)]
pub struct Attempt<'a> {
    lock_out: &'a LockOut,
    key: String,
    account: OwnedMutexGuard<Account>,
}

impl LockOut {
    /// Begins an attempt on the account that `key` stands for.
    ///
    /// # Errors
    /// [`Locked`].
    pub async fn begin(&self, key: &str, clock: &dyn Clock) -> Result<Attempt<'_>, Locked> {
        let account = self.account(key, clock.now());
        let mut account = account.lock_owned().await;
        let now = clock.now();
        if account.is_forgotten(now) {
            *account = Account::default();
        }
        if let Some(retry_after_seconds) = account.locked_seconds(now) {
            let is_first = !std::mem::replace(&mut account.told, true);
            return Err(Locked {
                retry_after_seconds,
                is_first,
            });
        }
        Ok(Attempt {
            lock_out: self,
            key: key.to_owned(),
            account,
        })
    }

    fn account(&self, key: &str, now: Instant) -> Arc<AsyncMutex<Account>> {
        let mut accounts = self.accounts.lock();
        if accounts.len() >= CAPACITY && !accounts.contains_key(key) {
            make_room(&mut accounts, now);
        }
        Arc::clone(accounts.entry(key.to_owned()).or_default())
    }
}

/// Forgets accounts that are neither locked nor being tried; when that is not enough, the half whose lock ends first.
fn make_room(accounts: &mut FxHashMap<String, Arc<AsyncMutex<Account>>>, now: Instant) {
    accounts.retain(|_, account| {
        account
            .try_lock()
            .is_ok_and(|account| account.locked_seconds(now).is_some())
    });
    if accounts.len() < CAPACITY {
        return;
    }
    let end = |account: &Arc<AsyncMutex<Account>>| account.try_lock().ok().and_then(|account| account.locked_until);
    let mut ends: Vec<_> = accounts.values().map(end).collect();
    ends.sort_unstable();
    let middle = ends[ends.len() / 2];
    accounts.retain(|_, account| end(account) > middle);
}

impl Attempt<'_> {
    /// The password was wrong.
    pub fn failed(mut self, now: Instant) {
        let account = &mut self.account;
        account.failures = account.failures.saturating_add(1);
        account.last_failure = Some(now);
        if account.failures >= FREE_FAILURES {
            let doublings = (account.failures - FREE_FAILURES).min(10);
            let seconds = (FIRST_LOCK_SECONDS << doublings).min(LONGEST_LOCK_SECONDS);
            account.locked_until = Some(now.plus_milliseconds(seconds * 1000));
            account.told = false;
        }
    }

    /// The password was right: earlier failures are forgotten.
    pub fn succeeded(mut self) {
        *self.account = Account::default();
        let mut accounts = self.lock_out.accounts.lock();
        // This attempt and the map hold the account; whoever else does waits for its turn.
        if accounts
            .get(&self.key)
            .is_some_and(|account| Arc::strong_count(account) <= 2)
        {
            accounts.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    #[derive(Default)]
    struct Seconds(AtomicI64);

    impl Clock for Seconds {
        fn now(&self) -> Instant {
            let begin = Instant::parse("2026-01-01T00:00:00Z").expect("an instant");
            begin.plus_milliseconds(self.0.load(Ordering::Relaxed) * 1000)
        }
    }

    async fn fail(lock_out: &LockOut, clock: &Seconds, key: &str) {
        lock_out
            .begin(key, clock)
            .await
            .expect("not locked")
            .failed(clock.now());
    }

    async fn locked(lock_out: &LockOut, clock: &Seconds, key: &str) -> Option<Locked> {
        lock_out.begin(key, clock).await.err()
    }

    #[tokio::test]
    async fn locks_grow_and_end() {
        let (lock_out, clock) = (LockOut::default(), Seconds::default());
        for _ in 0..4 {
            fail(&lock_out, &clock, "a").await;
            assert_eq!(locked(&lock_out, &clock, "a").await, None);
        }
        for expected in [30, 60, 120, 240, 480, 900, 900] {
            fail(&lock_out, &clock, "a").await;
            let first = Locked {
                retry_after_seconds: expected,
                is_first: true,
            };
            assert_eq!(locked(&lock_out, &clock, "a").await, Some(first));
            assert_eq!(
                locked(&lock_out, &clock, "a").await,
                Some(Locked {
                    is_first: false,
                    ..first
                })
            );
            assert_eq!(locked(&lock_out, &clock, "b").await, None);
            clock.0.fetch_add(i64::try_from(expected).unwrap(), Ordering::Relaxed);
        }
    }

    #[tokio::test]
    async fn success_and_time_forget_failures() {
        let (lock_out, clock) = (LockOut::default(), Seconds::default());
        for _ in 0..4 {
            fail(&lock_out, &clock, "a").await;
        }
        lock_out.begin("a", &clock).await.unwrap().succeeded();
        assert!(lock_out.accounts.lock().is_empty());
        for _ in 0..4 {
            fail(&lock_out, &clock, "a").await;
        }
        clock.0.fetch_add(MEMORY_SECONDS + 1, Ordering::Relaxed);
        fail(&lock_out, &clock, "a").await;
        assert_eq!(locked(&lock_out, &clock, "a").await, None);
    }

    #[tokio::test]
    async fn memory_is_bounded_and_locked_accounts_stay() {
        let (lock_out, clock) = (LockOut::default(), Seconds::default());
        for _ in 0..5 {
            fail(&lock_out, &clock, "victim").await;
        }
        for number in 0..2 * CAPACITY {
            fail(&lock_out, &clock, &number.to_string()).await;
        }
        assert!(lock_out.accounts.lock().len() <= CAPACITY);
        assert!(locked(&lock_out, &clock, "victim").await.is_some());
    }

    #[tokio::test]
    async fn attempts_on_one_account_take_turns() {
        let (lock_out, clock) = (LockOut::default(), Seconds::default());
        for _ in 0..4 {
            fail(&lock_out, &clock, "a").await;
        }
        let first = lock_out.begin("a", &clock).await.unwrap();
        let mut second = Box::pin(lock_out.begin("a", &clock));
        assert!(futures::poll!(&mut second).is_pending());
        first.failed(clock.now());
        assert_eq!(second.await.err().map(|locked| locked.retry_after_seconds), Some(30));
    }
}
