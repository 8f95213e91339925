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
