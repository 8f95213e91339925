//! Leases that run out, and whose lease is given up.

use std::collections::HashMap;

use async_trait::async_trait;
use wfm_storage::lease::Hold;

use super::*;

/// Leases by the clock of the test.
#[derive(Default)]
struct ClockedLeases(Mutex<HashMap<String, (String, Instant)>>);

#[async_trait]
impl Leases for ClockedLeases {
    fn shared(&self) -> bool {
        true
    }

    async fn hold(&self, name: &str, holder: &str, duration: Duration) -> Result<Option<Hold>, StorageError> {
        let mut leases = self.0.lock();
        let now = Instant::now();
        let held = leases.get(name).filter(|(_, until)| *until > now);
        let hold = match held {
            Some((other, _)) if other != holder => return Ok(None),
            Some(_) => Hold::Kept,
            None => Hold::Taken,
        };
        leases.insert(name.to_owned(), (holder.to_owned(), now + duration));
        Ok(Some(hold))
    }

    async fn release(&self, name: &str, holder: &str) -> Result<(), StorageError> {
        self.0
            .lock()
            .retain(|known, (other, _)| known != name || other != holder);
        Ok(())
    }

    async fn held(&self, prefix: &str) -> Result<Vec<String>, StorageError> {
        let (leases, now) = (self.0.lock(), Instant::now());
        let held = leases
            .iter()
            .filter(|(name, (_, until))| name.starts_with(prefix) && *until > now);
        Ok(held.map(|(name, _)| name.clone()).collect())
    }
}

async fn join(leases: &Arc<ClockedLeases>, node: &str, process: u128) -> Membership {
    let leases = Arc::clone(leases) as Arc<dyn Leases>;
    Membership::join(leases, node, Uuid::from_u128(process)).await.unwrap()
}

/// Runs that it drove before it lapsed may be another's by now: whoever looks for lapses learns of each, also of one that was
/// over before anybody looked.
#[tokio::test(start_paused = true)]
async fn a_node_that_ran_out_must_not_act_and_counts_it() {
    let leases = Arc::default();
    let node = join(&leases, "one", 1).await;
    assert!(node.is_valid());
    let joined = node.lapses();
    for _ in 0..10 {
        tokio::time::advance(RENEWAL).await;
        node.renew().await.unwrap();
    }
    assert_eq!(node.lapses(), joined);
    tokio::time::advance(LEASE + Duration::from_millis(1)).await;
    assert!(!node.is_valid());
    node.renew().await.unwrap();
    assert!(node.is_valid());
    assert_eq!(node.lapses(), joined + 1);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_gives_up_its_own_lease_and_no_other() {
    let leases = Arc::default();
    // The same name: a node that was started again before its predecessor was gone.
    let (before, after, other) = (
        join(&leases, "one", 1).await,
        join(&leases, "one", 2).await,
        join(&leases, "two", 3).await,
    );
    before.leave().await;
    assert!(!before.is_valid());
    let alive = other.alive().await.unwrap();
    let expected: HashSet<String> = [&after, &other].map(|node| node.holder().to_string()).into();
    assert_eq!(alive, expected);
    tokio::time::advance(LEASE + Duration::from_millis(1)).await;
    // By its own clock a node counts itself until it finds out.
    assert_eq!(
        other.alive().await.unwrap(),
        HashSet::from([other.holder().to_string()])
    );
}
