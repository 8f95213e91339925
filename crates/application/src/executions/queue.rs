//! Who is next when an environment has a free place: runs that were queued, oldest first.
//!
//! Invariants: of the environments that may have a free place each workspace's take turns, whatever another one queues; what
//! may wait in one workspace is bounded.

use std::collections::VecDeque;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use tokio::sync::Notify;
use wfm_domain::ids::{EnvironmentId, WorkspaceId};

use crate::error::ApplicationError;

/// Runs that may be queued in one workspace, unless a node's configuration says otherwise.
pub const MOST_QUEUED: usize = 10_000;

/// When a caller whose run found no room may try again.
const RETRY_AFTER_SECONDS: u64 = 5;

/// Environments that are looked at in one round.
const ROUND: usize = 16;

/// Counts queued runs and remembers which environments may have a free place.
pub struct Queue {
    most: usize,
    waiting: Mutex<Waiting>,
    ready: Mutex<Ready>,
    changed: Notify,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Count {
    workspace: WorkspaceId,
    runs: usize,
}

#[derive(Default)]
struct Waiting {
    counts: FxHashMap<EnvironmentId, Count>,
    /// Who joined while the log's open work is counted, of whom the count may not know.
    joined_meanwhile: FxHashMap<EnvironmentId, Count>,
    /// Starts that are about to be recorded as queued.
    reserved: FxHashMap<WorkspaceId, usize>,
}

/// How many runs are queued, by environment.
#[derive(Default)]
pub struct Census(FxHashMap<EnvironmentId, Count>);

impl Census {
    /// Counts one more run.
    pub fn add(&mut self, environment: EnvironmentId, workspace: WorkspaceId) {
        add(&mut self.0, environment, workspace, 1);
    }
}

fn add(counts: &mut FxHashMap<EnvironmentId, Count>, environment: EnvironmentId, workspace: WorkspaceId, more: usize) {
    counts.entry(environment).or_insert(Count { workspace, runs: 0 }).runs += more;
}

/// An environment that may have free places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freed {
    /// The environment.
    pub environment: EnvironmentId,
    /// How many places are known to have become free; there may be more, or none.
    pub places: usize,
}

/// The environments to look at, those of each workspace in a line of their own.
#[derive(Default)]
struct Ready {
    places: FxHashMap<EnvironmentId, usize>,
    lines: FxHashMap<WorkspaceId, VecDeque<EnvironmentId>>,
    /// The workspaces that have a line, in the order of their turns.
    turns: VecDeque<WorkspaceId>,
}

impl Ready {
    fn add(&mut self, environment: EnvironmentId, workspace: WorkspaceId, places: usize) {
        if let Some(known) = self.places.get_mut(&environment) {
            *known += places;
            return;
        }
        self.places.insert(environment, places);
        let line = self.lines.entry(workspace).or_default();
        if line.is_empty() {
            self.turns.push_back(workspace);
        }
        line.push_back(environment);
    }

    /// The next environment: of the workspace whose turn it is.
    fn next(&mut self) -> Option<Freed> {
        let workspace = self.turns.pop_front()?;
        let line = self.lines.get_mut(&workspace)?;
        let environment = line.pop_front()?;
        if line.is_empty() {
            self.lines.remove(&workspace);
        } else {
            self.turns.push_back(workspace);
        }
        let places = self.places.remove(&environment).unwrap_or_default();
        Some(Freed { environment, places })
    }
}

/// Room for a run that is about to be queued; given back when it is dropped.
pub struct Room<'a> {
    queue: &'a Queue,
    workspace: WorkspaceId,
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        let mut waiting = self.queue.waiting.lock();
        if let Some(reserved) = waiting.reserved.get_mut(&self.workspace) {
            *reserved -= 1;
            if *reserved == 0 {
                waiting.reserved.remove(&self.workspace);
            }
        }
    }
}

impl Queue {
    /// A queue in which so many runs of one workspace may wait.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            most,
            waiting: Mutex::default(),
            ready: Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// Room for one more run of a workspace, until it has joined.
    ///
    /// # Errors
    /// [`ApplicationError::TooMany`] when too many of its runs wait already.
    pub fn room(&self, workspace: WorkspaceId) -> Result<Room<'_>, ApplicationError> {
        let mut waiting = self.waiting.lock();
        let of_workspace = waiting.counts.values().filter(|count| count.workspace == workspace);
        let queued: usize = of_workspace.map(|count| count.runs).sum();
        let reserved = waiting.reserved.entry(workspace).or_default();
        if queued + *reserved >= self.most {
            let most = self.most;
            return Err(ApplicationError::TooMany {
                detail: format!(
                    "{most} executions of the workspace wait for a place already (max_queued_executions); \
                     try again when some of them have ended"
                ),
                retry_after_seconds: RETRY_AFTER_SECONDS,
            });
        }
        *reserved += 1;
        drop(waiting);
        Ok(Room { queue: self, workspace })
    }

    /// A run was queued.
    pub fn joined(&self, environment: EnvironmentId, workspace: WorkspaceId) {
        {
            let mut waiting = self.waiting.lock();
            add(&mut waiting.counts, environment, workspace, 1);
            add(&mut waiting.joined_meanwhile, environment, workspace, 1);
        }
        // A place may have become free since there was none for it.
        self.wake(environment, workspace, 0);
    }

    /// A queued run was started or ended.
    pub fn left(&self, environment: EnvironmentId) {
        let mut waiting = self.waiting.lock();
        if let Some(count) = waiting.counts.get_mut(&environment) {
            count.runs = count.runs.saturating_sub(1);
            if count.runs == 0 {
                waiting.counts.remove(&environment);
            }
        }
    }

    /// No run is queued in this environment.
    pub fn emptied(&self, environment: EnvironmentId) {
        self.waiting.lock().counts.remove(&environment);
    }

    /// The queued runs are about to be counted anew; [`Self::counted`] tells the result.
    pub fn recount(&self) {
        self.waiting.lock().joined_meanwhile.clear();
    }

    /// So many runs are queued, in the place of what was counted before; who joined since [`Self::recount`] is added. Who was
    /// counted and joined stands for two until the environment's queue is empty or counted again, nobody for none.
    pub fn counted(&self, Census(mut found): Census) {
        {
            let mut waiting = self.waiting.lock();
            for (environment, joined) in waiting.joined_meanwhile.drain() {
                add(&mut found, environment, joined.workspace, joined.runs);
            }
            waiting.counts = found;
        }
        self.look_again();
    }

    /// Looks at every environment with queued runs again: another node may have freed a place.
    pub fn look_again(&self) {
        let waiting: Vec<(EnvironmentId, WorkspaceId)> = {
            let waiting = self.waiting.lock();
            let counts = waiting.counts.iter();
            counts
                .map(|(environment, count)| (*environment, count.workspace))
                .collect()
        };
        for (environment, workspace) in waiting {
            self.wake(environment, workspace, 0);
        }
    }

    /// Whether runs are queued: a new one then joins them instead of overtaking.
    #[must_use]
    pub fn is_waiting(&self, environment: EnvironmentId) -> bool {
        self.waiting.lock().counts.contains_key(&environment)
    }

    /// How many runs are queued in all.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.lock().counts.values().map(|count| count.runs).sum()
    }

    /// Whether no run is queued.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.lock().counts.is_empty()
    }

    /// A place may be free: of a run that ended, or by a higher limit.
    pub fn freed(&self, environment: EnvironmentId) {
        let count = self.waiting.lock().counts.get(&environment).copied();
        if let Some(count) = count {
            self.wake(environment, count.workspace, 1);
        }
    }

    fn wake(&self, environment: EnvironmentId, workspace: WorkspaceId, places: usize) {
        self.ready.lock().add(environment, workspace, places);
        self.changed.notify_one();
    }

    /// Some environments that may have a free place for a queued run, the workspaces in turn; waits for one.
    pub async fn next(&self) -> Vec<Freed> {
        loop {
            let round: Vec<Freed> = {
                let mut ready = self.ready.lock();
                std::iter::from_fn(|| ready.next()).take(ROUND).collect()
            };
            if !round.is_empty() {
                return round;
            }
            self.changed.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: WorkspaceId = WorkspaceId(1);
    const THERE: WorkspaceId = WorkspaceId(2);

    fn census(runs: &[EnvironmentId]) -> Census {
        let mut census = Census::default();
        runs.iter().for_each(|environment| census.add(*environment, HERE));
        census
    }

    #[test]
    fn counting_anew_replaces_what_was_counted_and_forgets_nobody_who_joins_meanwhile() {
        let queue = Queue::new(100);
        let (left, right, gone) = (EnvironmentId(1), EnvironmentId(2), EnvironmentId(3));
        for environment in [left, left, right, gone] {
            queue.joined(environment, HERE);
        }
        // As after the end of another node: again and again, and no count grows by it.
        for _ in 0..3 {
            queue.recount();
            queue.counted(census(&[left, left, right]));
            assert_eq!(queue.len(), 3);
        }
        assert!(!queue.is_waiting(gone));
        queue.recount();
        queue.joined(gone, HERE);
        queue.counted(census(&[left, left]));
        assert!(queue.is_waiting(gone) && !queue.is_waiting(right));
        assert_eq!(queue.len(), 3);
    }

    #[test]
    fn a_workspace_has_room_for_so_many_and_for_no_more_while_others_have_theirs() {
        let queue = Queue::new(2);
        let first = queue.room(HERE);
        let second = queue.room(HERE);
        assert!(first.is_ok() && second.is_ok());
        assert!(matches!(queue.room(HERE), Err(ApplicationError::TooMany { .. })));
        assert!(queue.room(THERE).is_ok());
        // One joins, one is not recorded.
        queue.joined(EnvironmentId(1), HERE);
        drop((first, second));
        let third = queue.room(HERE);
        assert!(third.is_ok() && queue.room(HERE).is_err());
        drop(third);
        queue.left(EnvironmentId(1));
        assert!(queue.room(HERE).is_ok());
    }

    #[tokio::test]
    async fn workspaces_take_turns_however_many_environments_one_has() {
        let queue = Queue::new(100);
        for number in 1..=40 {
            queue.joined(EnvironmentId(number), HERE);
        }
        queue.joined(EnvironmentId(41), THERE);
        queue.freed(EnvironmentId(41));
        queue.freed(EnvironmentId(41));
        let round = queue.next().await;
        assert_eq!(round.len(), ROUND);
        let other = Freed {
            environment: EnvironmentId(41),
            places: 2,
        };
        assert_eq!(round[1], other, "the second turn is the other workspace's");
        let mut seen: Vec<i64> = round.iter().map(|freed| freed.environment.0).collect();
        while seen.len() < 41 {
            seen.extend(queue.next().await.iter().map(|freed| freed.environment.0));
        }
        seen.sort_unstable();
        assert_eq!(seen, (1..=41).collect::<Vec<_>>(), "each once");
    }
}
