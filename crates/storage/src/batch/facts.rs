//! What a batch must know before it can be judged, and what was read of it.
//!
//! Invariant: what is not stated as a fact is absent; so an adapter states only the rows that it found.

use std::{hash::Hash, sync::Arc};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    append::{ClaimKey, StoredCommand},
    batch::Prepared,
    event::{StreamId, StreamVersion},
};

/// Actor and key of a command.
pub type CommandKey = (Arc<str>, Arc<str>);

/// How surely a fact must be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// The batch expects absence and inserts a row that a uniqueness constraint checks: an adapter may judge without
    /// reading, as though it were absent. It reads and judges again when an append is refused or the constraint objects;
    /// refusals always come from facts that were read.
    Presumed,
    /// It must be read.
    Read,
}

/// What a batch touches.
#[derive(Debug, Default)]
pub struct Needs {
    /// Streams whose version decides.
    pub streams: FxHashMap<StreamId, Need>,
    /// Claims whose holder decides.
    pub claims: FxHashMap<ClaimKey, Need>,
    /// Scopes whose number of claims decides.
    pub scopes: FxHashSet<Arc<str>>,
    /// Commands that may have been carried out before; always [`Need::Presumed`].
    pub commands: FxHashSet<CommandKey>,
}

impl Needs {
    /// The needs of a batch.
    #[must_use]
    pub fn of(appends: &[Prepared]) -> Self {
        let mut needs = Self::default();
        for append in appends.iter().map(Prepared::append) {
            for part in &append.streams {
                // Appended to by an earlier append of the batch, its version follows from that one; if that one is
                // refused, all is read.
                let need = if part.expected.0 == 0 || needs.streams.contains_key(&part.stream) {
                    Need::Presumed
                } else {
                    Need::Read
                };
                require(&mut needs.streams, &part.stream, need);
            }
            for (stream, _) in &append.guards {
                require(&mut needs.streams, stream, Need::Read);
            }
            for claim in &append.release {
                require(&mut needs.claims, &claim.key, Need::Read);
            }
            for claim in &append.take {
                require(&mut needs.claims, &claim.key, Need::Presumed);
            }
            let limited = append
                .require_fewer
                .iter()
                .chain(&append.require_at_least)
                .map(|(scope, _)| scope);
            needs.scopes.extend(append.require_empty.iter().chain(limited).cloned());
            if let Some(command) = &append.command {
                needs.commands.insert((command.actor.clone(), command.key.clone()));
            }
        }
        needs
    }
}

fn require<K: Hash + Eq + Clone>(needs: &mut FxHashMap<K, Need>, key: &K, need: Need) {
    if let Some(known) = needs.get_mut(key) {
        *known = need.max(*known);
    } else {
        needs.insert(key.clone(), need);
    }
}

/// A stream as far as judging goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StreamFact {
    /// Number of its events; 0 when it does not exist.
    pub version: StreamVersion,
    /// Workspace it belongs to.
    pub workspace: Option<i64>,
}

/// A fact as read, and as the batch has it by now.
#[derive(Debug, Clone, Default)]
pub(super) struct Tracked<T> {
    pub(super) before: T,
    pub(super) now: T,
}

/// What was read, advanced by each accepted append.
#[derive(Debug, Default)]
pub struct Facts {
    pub(super) streams: FxHashMap<StreamId, Tracked<StreamFact>>,
    pub(super) claims: FxHashMap<ClaimKey, Tracked<Option<StreamId>>>,
    pub(super) scopes: FxHashMap<Arc<str>, u64>,
    pub(super) commands: FxHashMap<CommandKey, StoredCommand>,
}

impl Facts {
    /// Facts for these needs: all absent, until stated otherwise.
    #[must_use]
    pub fn absent(needs: &Needs) -> Self {
        Self {
            scopes: needs.scopes.iter().map(|scope| (scope.clone(), 0)).collect(),
            ..Self::default()
        }
    }

    /// States a stream.
    pub fn state_stream(&mut self, stream: StreamId, fact: StreamFact) {
        self.streams.insert(
            stream,
            Tracked {
                before: fact,
                now: fact,
            },
        );
    }

    /// States who holds a claim.
    pub fn state_claim(&mut self, key: ClaimKey, owner: StreamId) {
        self.claims.insert(
            key,
            Tracked {
                before: Some(owner.clone()),
                now: Some(owner),
            },
        );
    }

    /// States how many claims a scope holds.
    pub fn state_scope(&mut self, scope: Arc<str>, count: u64) {
        self.scopes.insert(scope, count);
    }

    /// States a command that was carried out.
    pub fn state_command(&mut self, key: CommandKey, command: StoredCommand) {
        self.commands.insert(key, command);
    }

    /// Who holds a claim by now.
    pub(super) fn owner(&self, key: &ClaimKey) -> Option<&StreamId> {
        self.claims.get(key).and_then(|claim| claim.now.as_ref())
    }

    /// The stream by now.
    pub(super) fn stream(&self, stream: &StreamId) -> StreamFact {
        self.streams.get(stream).map(|stream| stream.now).unwrap_or_default()
    }

    /// How many claims a scope holds by now.
    pub(super) fn count(&self, scope: &str) -> u64 {
        self.scopes.get(scope).copied().unwrap_or_default()
    }

    /// Gives a claim another holder; returns the former one.
    pub(super) fn set_owner(&mut self, key: &ClaimKey, owner: Option<StreamId>) -> Option<StreamId> {
        if !self.claims.contains_key(key) {
            self.claims.insert(key.clone(), Tracked::default());
        }
        let claim = self.claims.get_mut(key).expect("it was inserted just before");
        let held = owner.is_some();
        let former = std::mem::replace(&mut claim.now, owner);
        if let Some(count) = self.scopes.get_mut(&key.scope) {
            match (former.is_some(), held) {
                (false, true) => *count += 1,
                (true, false) => *count -= 1,
                (true, true) | (false, false) => {}
            }
        }
        former
    }
}
