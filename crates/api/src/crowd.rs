//! How many requests are under way: so many in all, and of one caller half of them, so that nobody keeps the others out.

use std::sync::Arc;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use wfm_application::error::ApplicationError;
use wfm_domain::ids::UserId;

/// When a caller who found the server full may try again.
const RETRY_AFTER_SECONDS: u64 = 1;

/// The requests under way.
#[derive(Debug)]
pub struct Crowd {
    most: usize,
    inside: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    all: usize,
    by_caller: FxHashMap<UserId, usize>,
}

/// One request under way; it has gone when this is dropped.
#[derive(Debug)]
pub struct Presence {
    crowd: Arc<Crowd>,
    caller: UserId,
}

impl Drop for Presence {
    fn drop(&mut self) {
        let mut inside = self.crowd.inside.lock();
        inside.all -= 1;
        if let Some(own) = inside.by_caller.get_mut(&self.caller) {
            *own -= 1;
            if *own == 0 {
                inside.by_caller.remove(&self.caller);
            }
        }
    }
}

impl Crowd {
    /// A crowd of so many at most.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            most: most.max(1),
            inside: Mutex::default(),
        }
    }

    /// Lets a request of this caller in.
    ///
    /// # Errors
    /// [`ApplicationError::TooMany`] when there is no room for it.
    pub fn enter(self: &Arc<Self>, caller: UserId) -> Result<Presence, ApplicationError> {
        let too_many = |whose: &str, most: usize| ApplicationError::TooMany {
            detail: format!("{most} requests{whose} are under way already (max_requests); try again in a moment"),
            retry_after_seconds: RETRY_AFTER_SECONDS,
        };
        let mut inside = self.inside.lock();
        if inside.all >= self.most {
            return Err(too_many("", self.most));
        }
        let most_of_one = self.most.div_ceil(2);
        let own = inside.by_caller.entry(caller).or_default();
        if *own >= most_of_one {
            return Err(too_many(" of yours", most_of_one));
        }
        *own += 1;
        inside.all += 1;
        drop(inside);
        Ok(Presence {
            crowd: Arc::clone(self),
            caller,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_caller_gets_half_and_all_together_get_everything() {
        let crowd = Arc::new(Crowd::new(4));
        let enter = |caller| crowd.enter(UserId(caller));
        let first = [enter(1), enter(1)];
        assert!(first.iter().all(Result::is_ok));
        assert!(matches!(
            enter(1),
            Err(ApplicationError::TooMany {
                retry_after_seconds: 1,
                ..
            })
        ));
        let others = [enter(2), enter(3)];
        assert!(others.iter().all(Result::is_ok));
        assert!(enter(4).is_err(), "the server is full");
        drop(first);
        assert!(enter(1).is_ok() && enter(4).is_ok());
        drop(others);
        assert_eq!(crowd.inside.lock().all, 0);
        assert!(crowd.inside.lock().by_caller.is_empty());
    }
}
