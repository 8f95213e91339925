//! How much of a batch can be judged in one statement.
//!
//! Invariant: within the part that is sent, no append needs to know what an earlier one writes to a stream, claim, command
//! or open run, so that each can be judged against what was there before the batch. The part is a prefix: later appends
//! keep their order behind it. Scopes that are only counted do not cut it: the procedure counts through the batch.

use rustc_hash::FxHashSet;
use wfm_storage::{append::Append, batch::Prepared, work::WorkChange};

/// What the appends so far write.
#[derive(Default)]
struct Written<'batch> {
    streams: FxHashSet<&'batch str>,
    claims: FxHashSet<(&'batch str, &'batch str)>,
    commands: FxHashSet<(&'batch str, &'batch str)>,
    executions: FxHashSet<&'batch str>,
}

/// The number of leading appends that can be sent together; at least one.
pub(crate) fn independent(appends: &[Prepared]) -> usize {
    if appends.len() < 2 {
        return appends.len();
    }
    let mut written = Written::default();
    for (index, append) in appends.iter().map(Prepared::append).enumerate() {
        if index > 0 && written.concern(append) {
            return index;
        }
        written.add(append);
    }
    appends.len()
}

fn claims(append: &Append) -> impl Iterator<Item = (&str, &str)> {
    let claims = append.release.iter().chain(&append.take);
    claims.map(|claim| (&*claim.key.scope, &*claim.key.key))
}

fn execution(change: &WorkChange) -> &str {
    match change {
        WorkChange::Put(item) => &item.execution,
        WorkChange::Remove(execution) => execution,
    }
}

impl<'batch> Written<'batch> {
    /// Whether the append touches something of it.
    fn concern(&self, append: &Append) -> bool {
        append
            .streams
            .iter()
            .map(|part| &part.stream)
            .chain(append.guards.iter().map(|(stream, _)| stream))
            .any(|stream| self.streams.contains(stream.as_str()))
            || claims(append).any(|claim| self.claims.contains(&claim))
            || append
                .command
                .as_ref()
                .is_some_and(|command| self.commands.contains(&(&*command.actor, &*command.key)))
            || append
                .work
                .iter()
                .any(|change| self.executions.contains(execution(change)))
    }

    fn add(&mut self, append: &'batch Append) {
        self.streams
            .extend(append.streams.iter().map(|part| part.stream.as_str()));
        self.claims.extend(claims(append));
        self.commands
            .extend(append.command.iter().map(|command| (&*command.actor, &*command.key)));
        self.executions.extend(append.work.iter().map(execution));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use uuid::Uuid;
    use wfm_storage::{
        append::{Claim, ClaimKey, CommandId, StreamAppend},
        event::{NewEvent, StreamId, StreamVersion},
    };

    use super::*;

    fn to(stream: &str) -> Append {
        let event = NewEvent {
            id: Uuid::nil(),
            event_type: "A".into(),
            schema_version: 1,
            occurred_at: "2026-11-22T16:29:03.123456Z".into(),
            payload: "{}".into(),
            metadata: "{}".into(),
            typed: None,
        };
        Append {
            streams: vec![StreamAppend {
                stream: StreamId::new(stream),
                aggregate: "sample".into(),
                workspace: None,
                expected: StreamVersion(0),
                events: vec![event],
            }],
            ..Append::default()
        }
    }

    fn guarded(stream: &str, guard: &str) -> Append {
        Append {
            guards: vec![(StreamId::new(guard), StreamVersion(1))],
            ..to(stream)
        }
    }

    fn claim(key: &str) -> Vec<Claim> {
        vec![Claim {
            key: ClaimKey::new("scope", key),
            owner: StreamId::new("owner-1"),
        }]
    }

    fn leading<const COUNT: usize>(appends: [Append; COUNT]) -> usize {
        independent(&appends.map(|append| Prepared::new(append).unwrap()))
    }

    #[test]
    fn strangers_go_together() {
        let scope: Arc<str> = "scope".into();
        let place = |stream: &str| Append {
            require_fewer: vec![(scope.clone(), 3)],
            take: claim(stream),
            ..guarded(stream, "parent-1")
        };
        assert_eq!(leading([]), 0);
        assert_eq!(leading([place("a-1")]), 1);
        assert_eq!(leading([place("a-1"), place("a-2"), place("a-3")]), 3);
        // Who only reads is not in the way of who writes later.
        assert_eq!(leading([place("a-1"), to("parent-1")]), 2);
    }

    #[test]
    fn whoever_needs_what_an_earlier_one_writes_waits_and_so_do_all_behind() {
        let sent = |stream: &str, key: &str| Append {
            command: Some(CommandId {
                actor: "user/1".into(),
                key: key.into(),
                request_hash: "hash".into(),
                answer: "{}".into(),
            }),
            ..to(stream)
        };
        let taking = |stream: &str| Append {
            take: claim("key"),
            ..to(stream)
        };
        let releasing = |stream: &str| Append {
            release: claim("key"),
            ..to(stream)
        };
        let working = |stream: &str| Append {
            work: vec![WorkChange::Remove("run".into())],
            ..to(stream)
        };
        assert_eq!(leading([to("a-1"), to("a-2"), to("a-1"), to("a-3")]), 2);
        assert_eq!(leading([to("a-1"), guarded("a-2", "a-1")]), 1);
        assert_eq!(leading([sent("a-1", "k"), sent("a-2", "l"), sent("a-3", "k")]), 2);
        assert_eq!(leading([taking("a-1"), releasing("a-2")]), 1);
        assert_eq!(leading([releasing("a-1"), taking("a-2")]), 1);
        assert_eq!(leading([working("a-1"), working("a-2")]), 1);
    }
}
