//! The model: plain maps, one append after the other.

use std::collections::BTreeMap;

use super::drafts::{Draft, Expected, Stranger};
use crate::{
    append::{Append, AppendRefusal, ClaimKey, Committed, StoredCommand},
    conformance::{
        Store,
        samples::{append, claim, command, part, work},
    },
    event::{Position, StreamId, StreamVersion},
    verify::verify,
    work::{WorkChange, WorkFilter, WorkItem, WorkState},
};

fn stream_name(number: u8) -> String {
    format!("stream-{number}")
}

fn scope_name(number: u8) -> String {
    format!("scope/{number}")
}

/// What a log holds, without batches.
#[derive(Debug, Default)]
pub(super) struct Model {
    head: u64,
    streams: BTreeMap<String, u64>,
    claims: BTreeMap<(String, String), String>,
    commands: BTreeMap<String, StoredCommand>,
    work: BTreeMap<String, WorkItem>,
}

impl Model {
    pub(super) fn version(&self, stream: &str) -> u64 {
        self.streams.get(stream).copied().unwrap_or_default()
    }

    fn count(&self, scope: &str) -> u64 {
        self.claims.keys().filter(|(held, _)| held == scope).count() as u64
    }

    /// The append that a draft stands for when it comes next.
    pub(super) fn complete(&self, draft: &Draft) -> Append {
        let at = |stream: u8, expected: Expected| match expected {
            Expected::Right => self.version(&stream_name(stream)),
            Expected::Fixed(version) => version,
        };
        let claims = |claims: &[(u8, u8, u8)]| {
            claims
                .iter()
                .map(|(scope, key, owner)| claim(&scope_name(*scope), &format!("key {key}"), &stream_name(*owner)))
                .collect()
        };
        let mut append = Append::default();
        for (stream, expected, count) in &draft.streams {
            let name = stream_name(*stream);
            if append.streams.iter().all(|part| part.stream.as_str() != name) {
                append.streams.push(part(&name, at(*stream, *expected), *count));
            }
        }
        append.guards.extend(
            draft
                .guard
                .map(|(stream, expected)| (StreamId::new(stream_name(stream)), StreamVersion(at(stream, expected)))),
        );
        append.command = draft
            .command
            .map(|(key, hash)| command(&format!("command {key}"), &format!("hash {hash}")));
        append.release = claims(&draft.release);
        append.take = claims(&draft.take);
        append
            .require_empty
            .extend(draft.empty.map(|scope| scope_name(scope).into()));
        append
            .require_fewer
            .extend(draft.fewer.map(|(scope, limit)| (scope_name(scope).into(), limit)));
        append.require_at_least.extend(
            draft
                .at_least
                .map(|(scope, minimum)| (scope_name(scope).into(), minimum)),
        );
        append.work = draft
            .work
            .iter()
            .map(|(run, put)| {
                let run = format!("run {run}");
                match put {
                    Some(number) => WorkChange::Put(WorkItem {
                        epoch: i64::from(*number),
                        ..work(&run, WorkState::Queued, None)
                    }),
                    None => WorkChange::Remove(run.into()),
                }
            })
            .collect();
        append
    }

    /// The appends that strangers stand for, when they come next; none releases what another one touches.
    pub(super) fn introduce(&self, strangers: &[Stranger], number: &mut u64) -> Vec<Append> {
        let mut left: Vec<_> = self.claims.iter().collect();
        strangers
            .iter()
            .map(|stranger| {
                *number += 1;
                let name = format!("stranger-{number}");
                let mut append = append(&name, u64::from(stranger.stale), 1);
                for (index, scope) in stranger.take.iter().enumerate() {
                    let key = format!("{name} {index}");
                    append.take.push(claim(&scope_name(*scope), &key, &name));
                }
                for scope in &stranger.release {
                    let scope = scope_name(*scope);
                    if let Some(index) = left.iter().position(|((held, _), _)| *held == scope) {
                        let ((scope, key), owner) = left.swap_remove(index);
                        append.release.push(claim(scope, key, owner));
                    }
                }
                append
                    .require_empty
                    .extend(stranger.empty.map(|scope| scope_name(scope).into()));
                let limited = stranger.fewer.iter();
                append
                    .require_fewer
                    .extend(limited.map(|(scope, limit)| (scope_name(*scope).into(), *limit)));
                append.require_at_least.extend(
                    stranger
                        .at_least
                        .map(|(scope, minimum)| (scope_name(scope).into(), minimum)),
                );
                append
            })
            .collect()
    }

    pub(super) fn append(&mut self, append: &Append) -> Result<Committed, AppendRefusal> {
        if let Some(command) = &append.command
            && let Some(stored) = self.commands.get(&*command.key)
        {
            return Err(if stored.request_hash == command.request_hash {
                AppendRefusal::Duplicate(stored.clone())
            } else {
                AppendRefusal::CommandMismatch
            });
        }
        for part in &append.streams {
            let actual = StreamVersion(self.version(part.stream.as_str()));
            if actual != part.expected {
                return Err(AppendRefusal::VersionConflict {
                    stream: part.stream.clone(),
                    expected: part.expected,
                    actual,
                });
            }
        }
        for (stream, expected) in &append.guards {
            let actual = StreamVersion(self.version(stream.as_str()));
            if actual != *expected {
                return Err(AppendRefusal::GuardFailed {
                    stream: stream.clone(),
                    expected: *expected,
                    actual,
                });
            }
        }
        let before = self.claims.clone();
        if let Err(refusal) = self.move_claims(append) {
            self.claims = before;
            return Err(refusal);
        }
        let first = Position(self.head + 1);
        for part in &append.streams {
            self.head += part.events.len() as u64;
            *self.streams.entry(part.stream.as_str().to_owned()).or_default() += part.events.len() as u64;
        }
        let committed = Committed {
            first,
            last: Position(self.head),
        };
        if let Some(id) = &append.command {
            let stored = StoredCommand {
                request_hash: id.request_hash.clone(),
                first,
                last: committed.last,
                answer: id.answer.clone(),
            };
            self.commands.insert(id.key.to_string(), stored);
        }
        for change in &append.work {
            match change {
                WorkChange::Put(item) => self.work.insert(item.execution.to_string(), item.clone()),
                WorkChange::Remove(execution) => self.work.remove(&**execution),
            };
        }
        Ok(committed)
    }

    fn move_claims(&mut self, append: &Append) -> Result<(), AppendRefusal> {
        let name = |key: &ClaimKey| (key.scope.to_string(), key.key.to_string());
        for claim in &append.release {
            if self
                .claims
                .get(&name(&claim.key))
                .is_some_and(|owner| owner == claim.owner.as_str())
            {
                self.claims.remove(&name(&claim.key));
            }
        }
        for scope in &append.require_empty {
            if self.count(scope) > 0 {
                return Err(AppendRefusal::ScopeNotEmpty {
                    scope: scope.clone(),
                    count: self.count(scope),
                });
            }
        }
        for (scope, limit) in &append.require_fewer {
            if self.count(scope) >= *limit {
                return Err(AppendRefusal::ScopeFull {
                    scope: scope.clone(),
                    count: self.count(scope),
                    limit: *limit,
                });
            }
        }
        for (scope, minimum) in &append.require_at_least {
            if self.count(scope) < *minimum {
                return Err(AppendRefusal::ScopeTooSmall {
                    scope: scope.clone(),
                    count: self.count(scope),
                    minimum: *minimum,
                });
            }
        }
        for claim in &append.take {
            if let Some(owner) = self.claims.get(&name(&claim.key)) {
                return Err(AppendRefusal::ClaimTaken {
                    key: claim.key.clone(),
                    owner: StreamId::new(owner.as_str()),
                });
            }
            self.claims.insert(name(&claim.key), claim.owner.as_str().to_owned());
        }
        Ok(())
    }

    /// Compares everything that the store holds.
    pub(super) async fn assert_equal(&self, store: &dyn Store) {
        let log = store.log();
        assert_eq!(log.head().await.unwrap().position.0, self.head);
        let streams = log.streams(None, None, 1000).await.unwrap();
        let streams: BTreeMap<_, _> = streams
            .iter()
            .map(|info| (info.stream.as_str().to_owned(), info.version.0))
            .collect();
        assert_eq!(streams, self.streams);
        let mut claims = BTreeMap::new();
        for scope in 0..2 {
            for claim in log.claims(&scope_name(scope), None, 1000).await.unwrap() {
                claims.insert(
                    (claim.key.scope.to_string(), claim.key.key.to_string()),
                    claim.owner.as_str().to_owned(),
                );
            }
        }
        assert_eq!(claims, self.claims);
        for key in 0..6 {
            let key = format!("command {key}");
            assert_eq!(
                log.command("user/3", &key).await.unwrap().as_ref(),
                self.commands.get(&key)
            );
        }
        let work = log.work(&WorkFilter::default(), 100).await.unwrap();
        assert_eq!(work, self.work.values().cloned().collect::<Vec<_>>());
        let report = verify(&*log, Position(0), |_| ()).await.unwrap();
        assert!(report.is_sound() && report.events == self.head, "{report:?}");
    }
}
