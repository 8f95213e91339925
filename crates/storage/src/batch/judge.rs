//! The judgement itself: one append after the other, against facts that advance.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::{
    append::{Append, AppendRefusal, Claim, ClaimKey, Committed, StoredCommand},
    batch::{Changes, Facts, NewCommand, Prepared, StreamChange, StreamFact},
    event::{Position, StoredEvent, StreamId, StreamVersion},
    work::{WorkChange, WorkItem},
};

/// A batch being judged.
pub struct Batch {
    facts: Facts,
    head: Position,
    recorded_at: Arc<str>,
    events: Vec<StoredEvent>,
    aggregates: FxHashMap<StreamId, Arc<str>>,
    commands: Vec<NewCommand>,
    work: FxHashMap<Arc<str>, Option<WorkItem>>,
}

impl Batch {
    /// A batch after `head` whose events are recorded at `recorded_at`, which must not lie before the head's instant.
    #[must_use]
    pub fn new(facts: Facts, head: Position, recorded_at: Arc<str>) -> Self {
        Self {
            facts,
            head,
            recorded_at,
            events: Vec::new(),
            aggregates: FxHashMap::default(),
            commands: Vec::new(),
            work: FxHashMap::default(),
        }
    }

    /// Judges the next append and, if it is accepted, advances the facts as though it were written.
    ///
    /// # Errors
    /// The first refusal in the order documented on [`Append`]; the batch is then as it was before.
    pub fn judge(&mut self, prepared: &Prepared) -> Result<Committed, AppendRefusal> {
        let append = prepared.append();
        self.judge_command(append)?;
        self.judge_versions(append)?;
        let mut undo = Vec::new();
        if let Err(refusal) = self.move_claims(append, &mut undo) {
            for (key, owner) in undo.into_iter().rev() {
                self.facts.set_owner(&key, owner);
            }
            return Err(refusal);
        }
        Ok(self.accept(prepared))
    }

    /// What the accepted appends change.
    #[must_use]
    pub fn finish(self) -> Changes {
        let mut changes = Changes {
            events: self.events,
            scopes: self.facts.scopes.into_iter().collect(),
            commands: self.commands,
            ..Changes::default()
        };
        for (stream, aggregate) in self.aggregates {
            let Some(tracked) = self.facts.streams.get(&stream) else {
                continue;
            };
            let created = tracked.before.version.0 == 0;
            changes.streams.push(StreamChange {
                stream,
                aggregate,
                fact: tracked.now,
                created,
            });
        }
        for (key, claim) in self.facts.claims {
            if claim.before == claim.now {
                continue;
            }
            if let Some(owner) = claim.before {
                changes.claims_removed.push(Claim {
                    key: key.clone(),
                    owner,
                });
            }
            if let Some(owner) = claim.now {
                changes.claims_inserted.push(Claim { key, owner });
            }
        }
        for (execution, item) in self.work {
            match item {
                Some(item) => changes.work_put.push(item),
                None => changes.work_removed.push(execution),
            }
        }
        changes
    }

    fn judge_command(&self, append: &Append) -> Result<(), AppendRefusal> {
        let Some(command) = &append.command else { return Ok(()) };
        match self.facts.commands.get(&(command.actor.clone(), command.key.clone())) {
            Some(stored) if stored.request_hash == command.request_hash => {
                Err(AppendRefusal::Duplicate(stored.clone()))
            }
            Some(_) => Err(AppendRefusal::CommandMismatch),
            None => Ok(()),
        }
    }

    fn judge_versions(&self, append: &Append) -> Result<(), AppendRefusal> {
        for part in &append.streams {
            let actual = self.facts.stream(&part.stream).version;
            if actual != part.expected {
                return Err(AppendRefusal::VersionConflict {
                    stream: part.stream.clone(),
                    expected: part.expected,
                    actual,
                });
            }
        }
        for (stream, expected) in &append.guards {
            let actual = self.facts.stream(stream).version;
            if actual != *expected {
                return Err(AppendRefusal::GuardFailed {
                    stream: stream.clone(),
                    expected: *expected,
                    actual,
                });
            }
        }
        Ok(())
    }

    /// Releases, judges scopes, takes; `undo` tells what was changed, in order, with the former holders.
    fn move_claims(
        &mut self,
        append: &Append,
        undo: &mut Vec<(ClaimKey, Option<StreamId>)>,
    ) -> Result<(), AppendRefusal> {
        for claim in &append.release {
            if self.facts.owner(&claim.key) == Some(&claim.owner) {
                undo.push((claim.key.clone(), self.facts.set_owner(&claim.key, None)));
            }
        }
        for scope in &append.require_empty {
            let count = self.facts.count(scope);
            if count > 0 {
                return Err(AppendRefusal::ScopeNotEmpty {
                    scope: scope.clone(),
                    count,
                });
            }
        }
        for (scope, limit) in &append.require_fewer {
            let count = self.facts.count(scope);
            if count >= *limit {
                return Err(AppendRefusal::ScopeFull {
                    scope: scope.clone(),
                    count,
                    limit: *limit,
                });
            }
        }
        for (scope, minimum) in &append.require_at_least {
            let count = self.facts.count(scope);
            if count < *minimum {
                return Err(AppendRefusal::ScopeTooSmall {
                    scope: scope.clone(),
                    count,
                    minimum: *minimum,
                });
            }
        }
        for claim in &append.take {
            if let Some(owner) = self.facts.owner(&claim.key) {
                return Err(AppendRefusal::ClaimTaken {
                    key: claim.key.clone(),
                    owner: owner.clone(),
                });
            }
            undo.push((
                claim.key.clone(),
                self.facts.set_owner(&claim.key, Some(claim.owner.clone())),
            ));
        }
        Ok(())
    }

    fn accept(&mut self, prepared: &Prepared) -> Committed {
        let append = prepared.append();
        let first = Position(self.head.0 + 1);
        let mut leaf_hashes = prepared.leaf_hashes().iter();
        for part in &append.streams {
            let tracked = self.facts.streams.entry(part.stream.clone()).or_default();
            let workspace = if tracked.now.version.0 == 0 {
                part.workspace
            } else {
                tracked.now.workspace
            };
            tracked.now = StreamFact {
                version: StreamVersion(part.expected.0 + part.events.len() as u64),
                workspace,
            };
            self.aggregates
                .entry(part.stream.clone())
                .or_insert_with(|| part.aggregate.clone());
            for (version, event) in (part.expected.0 + 1..).zip(&part.events) {
                self.head.0 += 1;
                self.events.push(StoredEvent {
                    position: self.head,
                    stream: part.stream.clone(),
                    version: StreamVersion(version),
                    id: event.id,
                    event_type: event.event_type.clone(),
                    schema_version: event.schema_version,
                    workspace,
                    occurred_at: event.occurred_at.clone(),
                    recorded_at: self.recorded_at.clone(),
                    payload: event.payload.clone(),
                    metadata: event.metadata.clone(),
                    leaf_hash: *leaf_hashes
                        .next()
                        .expect("a prepared append has one hash for each event"),
                    typed: event.typed.clone(),
                });
            }
        }
        let committed = Committed { first, last: self.head };
        if let Some(id) = &append.command {
            let stored = StoredCommand {
                request_hash: id.request_hash.clone(),
                first: committed.first,
                last: committed.last,
                answer: id.answer.clone(),
            };
            self.facts.commands.insert((id.actor.clone(), id.key.clone()), stored);
            self.commands.push(NewCommand {
                id: id.clone(),
                first: committed.first,
                last: committed.last,
            });
        }
        for change in &append.work {
            let _former = match change {
                WorkChange::Put(item) => self.work.insert(item.execution.clone(), Some(item.clone())),
                WorkChange::Remove(execution) => self.work.insert(execution.clone(), None),
            };
        }
        committed
    }
}
