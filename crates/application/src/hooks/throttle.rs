//! Slows down whoever asks without a login: so many requests a second for each workflow and for each client, and some at once.
//!
//! Invariant: memory is bounded, whatever is asked for from wherever; workflows that do not exist are counted like those that
//! do.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
};

use parking_lot::Mutex;
use wfm_domain::{ids::WorkflowId, instant::Instant};

/// Requests a second when nothing else is said.
pub const USUAL_REQUESTS_PER_SECOND: u32 = 100;

/// Seconds' worth of requests that may come at once after a pause.
const BURST_SECONDS: i64 = 2;

/// Workflows and clients that are remembered at most.
const CAPACITY: usize = 16_384;

/// Bits of an IPv6 address that tell clients apart: who has one address has the network.
const CLIENT_PREFIX_BITS: u32 = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Asked {
    Workflow(WorkflowId),
    Client(IpAddr),
}

/// Counts requests.
#[derive(Debug)]
pub struct Throttle {
    /// Microseconds from one request to the next.
    interval: i64,
    /// The instant at which each one's requests would all have been spread evenly; what is not here has none.
    even_at: Mutex<HashMap<Asked, Instant>>,
}

impl Default for Throttle {
    fn default() -> Self {
        Self::new(USUAL_REQUESTS_PER_SECOND)
    }
}

impl Throttle {
    /// Lets so many requests a second through, at least one.
    #[must_use]
    pub fn new(requests_per_second: u32) -> Self {
        Self {
            interval: 1_000_000 / i64::from(requests_per_second.clamp(1, 1_000_000)),
            even_at: Mutex::default(),
        }
    }

    /// Counts a request that a client (its network address, if known) makes about a workflow. The client comes first, so that
    /// what one of them is refused does not count against the workflow.
    ///
    /// # Errors
    /// Seconds after which it may try again.
    pub fn admit(&self, workflow: WorkflowId, client: Option<&str>, now: Instant) -> Result<(), u64> {
        let client = client.and_then(|address| address.parse().ok()).map(network);
        let mut even_at = self.even_at.lock();
        for asked in [client.map(Asked::Client), Some(Asked::Workflow(workflow))]
            .into_iter()
            .flatten()
        {
            if even_at.len() >= CAPACITY && !even_at.contains_key(&asked) {
                make_room(&mut even_at, now);
            }
            let from = even_at.get(&asked).copied().unwrap_or(now).max(now);
            let ahead = from.microseconds_since(now) + self.interval;
            let too_far = ahead - BURST_SECONDS * 1_000_000;
            if too_far > 0 {
                return Err(too_far.unsigned_abs().div_ceil(1_000_000));
            }
            even_at.insert(asked, plus_microseconds(now, ahead));
        }
        Ok(())
    }
}

fn plus_microseconds(instant: Instant, microseconds: i64) -> Instant {
    Instant::new(instant.utc() + chrono::TimeDelta::microseconds(microseconds))
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let mask = u128::MAX << (128 - CLIENT_PREFIX_BITS);
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
        }
    }
}

/// Forgets who has paused long enough; when that is not enough, the half that asked least.
fn make_room(even_at: &mut HashMap<Asked, Instant>, now: Instant) {
    even_at.retain(|_, at| *at > now);
    if even_at.len() < CAPACITY {
        return;
    }
    let mut instants: Vec<Instant> = even_at.values().copied().collect();
    instants.sort_unstable();
    let middle = instants[instants.len() / 2];
    even_at.retain(|_, at| *at > middle);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: i64) -> Instant {
        Instant::parse("2026-01-01T00:00:00Z")
            .unwrap()
            .plus_milliseconds(milliseconds)
    }

    fn admitted(throttle: &Throttle, workflow: i64, client: &str, now: Instant) -> usize {
        (0..1000)
            .take_while(|_| throttle.admit(WorkflowId(workflow), Some(client), now).is_ok())
            .count()
    }

    #[test]
    fn a_client_and_a_workflow_have_so_many_each() {
        let throttle = Throttle::new(10);
        assert_eq!(admitted(&throttle, 1, "192.0.2.1", at(0)), 20);
        assert_eq!(throttle.admit(WorkflowId(1), Some("192.0.2.1"), at(0)), Err(1));
        assert_eq!(
            admitted(&throttle, 1, "192.0.2.2", at(0)),
            0,
            "the workflow has had its share"
        );
        assert_eq!(admitted(&throttle, 2, "192.0.2.3", at(0)), 20);
        assert_eq!(
            admitted(&throttle, 3, "192.0.2.3", at(0)),
            0,
            "the client has had its share"
        );
        assert_eq!(admitted(&throttle, 1, "192.0.2.1", at(500)), 5);
        assert_eq!(admitted(&throttle, 1, "192.0.2.1", at(60_000)), 20);
    }

    #[test]
    fn what_a_client_is_refused_does_not_count_against_the_workflow() {
        let throttle = Throttle::new(10);
        assert_eq!(admitted(&throttle, 1, "192.0.2.1", at(0)), 20);
        for _ in 0..100 {
            throttle.admit(WorkflowId(2), Some("192.0.2.1"), at(0)).unwrap_err();
        }
        assert_eq!(admitted(&throttle, 2, "192.0.2.2", at(0)), 20);
    }

    #[test]
    fn clients_of_one_network_are_one() {
        let throttle = Throttle::new(1);
        assert_eq!(admitted(&throttle, 1, "2001:db8::1", at(0)), 2);
        assert_eq!(admitted(&throttle, 2, "2001:db8::2:3", at(0)), 0);
        assert_eq!(admitted(&throttle, 3, "2001:db8:0:1::1", at(0)), 2);
        assert_eq!(admitted(&throttle, 4, "::ffff:192.0.2.1", at(0)), 2);
        assert_eq!(admitted(&throttle, 5, "192.0.2.1", at(0)), 0);
    }

    #[test]
    fn memory_is_bounded() {
        let throttle = Throttle::new(10);
        for number in 0..50_000 {
            let client = Ipv6Addr::from_bits(0x2001_0db8 << 96 | number << 64).to_string();
            let _ = throttle.admit(WorkflowId(1), Some(&client), at(0));
            let _ = throttle.admit(WorkflowId(i64::try_from(number).unwrap()), None, at(0));
        }
        assert!(throttle.even_at.lock().len() <= CAPACITY);
        assert_eq!(
            admitted(&throttle, 1, "192.0.2.9", at(0)),
            0,
            "who asked most is remembered"
        );
    }
}
