//! A batch as the parameters of `es.AppendEvents`.
//!
//! Invariant: the rows are what migrations/sqlserver/0002_append_events.up.sql says; places of streams, claims and scopes
//! are those within their append, so that an answer leads back to them. Texts travel inside JSON, byte for byte; missing ones
//! as null.

use rustc_hash::FxHashMap;
use serde::Serialize;
use wfm_storage::{
    append::{Append, Claim},
    batch::Prepared,
    event::StreamId,
    work::WorkChange,
};

use crate::{exact::stored, parameter::Parameter};

/// A JSON array that grows by rows; empty text as long as it has none.
#[derive(Default)]
pub(crate) struct Rows(Vec<u8>);

impl Rows {
    pub(crate) fn push(&mut self, row: &impl Serialize) {
        self.0.push(if self.0.is_empty() { b'[' } else { b',' });
        serde_json::to_writer(&mut self.0, row).expect("numbers, texts and nulls are always JSON");
    }

    pub(crate) fn finish(mut self) -> String {
        if !self.0.is_empty() {
            self.0.push(b']');
        }
        String::from_utf8(self.0).expect("JSON is written as UTF-8")
    }
}

/// The kinds of what a scope may be needed for, as the procedure numbers them.
pub(crate) mod kind {
    pub(crate) const HEAD: i32 = 0;
    pub(crate) const COMMAND: i32 = 1;
    pub(crate) const VERSION: i32 = 3;
    pub(crate) const GUARD: i32 = 4;
    pub(crate) const NOT_EMPTY: i32 = 5;
    pub(crate) const FULL: i32 = 6;
    pub(crate) const TOO_SMALL: i32 = 7;
    pub(crate) const TAKEN: i32 = 8;
    pub(crate) const WORKSPACE: i32 = 9;
}

/// Parameters of a call.
pub(crate) struct BatchRequest {
    recorded_at: String,
    parts: String,
    commands: String,
    claims: String,
    needs: String,
    work: String,
    events: String,
    leaf_hashes: Vec<u8>,
}

impl BatchRequest {
    /// The call that appends `appends` in their order.
    pub(crate) fn new(appends: &[Prepared], recorded_at: String) -> Self {
        let mut writing = Writing::default();
        for (ordinal, prepared) in appends.iter().enumerate() {
            writing.append(ordinal, prepared);
        }
        Self {
            recorded_at,
            parts: writing.parts.finish(),
            commands: writing.commands.finish(),
            claims: writing.claims.finish(),
            needs: writing.needs.finish(),
            work: writing.work.finish(),
            events: writing.events.finish(),
            leaf_hashes: writing.leaf_hashes,
        }
    }

    pub(crate) fn parameters(&self) -> [(&'static str, Parameter<'_>); 8] {
        [
            ("@RecordedAt", self.recorded_at.as_str().into()),
            ("@Parts", self.parts.as_str().into()),
            ("@Commands", self.commands.as_str().into()),
            ("@Claims", self.claims.as_str().into()),
            ("@Needs", self.needs.as_str().into()),
            ("@Work", self.work.as_str().into()),
            ("@Events", self.events.as_str().into()),
            ("@LeafHashes", self.leaf_hashes.as_slice().into()),
        ]
    }
}

#[derive(Default)]
struct Writing {
    parts: Rows,
    part_count: usize,
    commands: Rows,
    claims: Rows,
    claim_count: usize,
    needs: Rows,
    work: Rows,
    events: Rows,
    event_count: usize,
    leaf_hashes: Vec<u8>,
}

impl Writing {
    fn append(&mut self, ordinal: usize, prepared: &Prepared) {
        let append = prepared.append();
        if let Some(command) = &append.command {
            let events: usize = append.streams.iter().map(|part| part.events.len()).sum();
            self.commands.push(&(
                ordinal,
                self.part_count,
                self.event_count,
                events,
                stored(&command.actor),
                stored(&command.key),
                &command.request_hash,
                &command.answer,
            ));
        }
        self.streams(ordinal, append);
        for (place, (stream, expected)) in append.guards.iter().enumerate() {
            let none: Option<i64> = None;
            self.parts
                .push(&(self.part_count, ordinal, 1, place, stream, expected, 0, none, none));
            self.part_count += 1;
        }
        self.leaf_hashes.extend(prepared.leaf_hashes().iter().flatten());
        self.claims(ordinal, append);
        self.needs(ordinal, append);
        self.work(ordinal, append);
    }

    fn streams(&mut self, ordinal: usize, append: &Append) {
        for (place, part) in append.streams.iter().enumerate() {
            self.parts.push(&(
                self.part_count,
                ordinal,
                0,
                place,
                &part.stream,
                part.expected,
                part.events.len(),
                part.workspace,
                &part.aggregate,
            ));
            for (version, event) in (part.expected.0 + 1..).zip(&part.events) {
                self.events.push(&(
                    self.event_count,
                    self.part_count,
                    version,
                    event.id,
                    &event.event_type,
                    event.schema_version,
                    &event.occurred_at,
                    &event.metadata,
                    &event.payload,
                ));
                self.event_count += 1;
            }
            self.part_count += 1;
        }
    }

    fn claims(&mut self, ordinal: usize, append: &Append) {
        for (place, claim) in append.release.iter().enumerate() {
            // A claim is given up once, however often the append says so.
            if !append.release[..place].contains(claim) {
                self.claim(ordinal, 0, place, claim, None);
            }
        }
        let mut takers: FxHashMap<_, &StreamId> = FxHashMap::default();
        for (place, claim) in append.take.iter().enumerate() {
            self.claim(ordinal, 1, place, claim, takers.get(&claim.key).copied());
            takers.entry(&claim.key).or_insert(&claim.owner);
        }
    }

    fn claim(&mut self, ordinal: usize, takes: u8, place: usize, claim: &Claim, earlier_owner: Option<&StreamId>) {
        self.claims.push(&(
            self.claim_count,
            ordinal,
            takes,
            place,
            stored(&claim.key.scope),
            stored(&claim.key.key),
            &claim.owner,
            earlier_owner,
        ));
        self.claim_count += 1;
    }

    fn needs(&mut self, ordinal: usize, append: &Append) {
        for (place, scope) in append.require_empty.iter().enumerate() {
            self.needs.push(&(ordinal, kind::NOT_EMPTY, place, stored(scope), 0));
        }
        for (place, (scope, limit)) in append.require_fewer.iter().enumerate() {
            self.needs
                .push(&(ordinal, kind::FULL, place, stored(scope), bounded(*limit)));
        }
        for (place, (scope, minimum)) in append.require_at_least.iter().enumerate() {
            self.needs
                .push(&(ordinal, kind::TOO_SMALL, place, stored(scope), bounded(*minimum)));
        }
    }

    /// The last change of each run; earlier ones would leave no trace.
    fn work(&mut self, ordinal: usize, append: &Append) {
        let mut last: FxHashMap<&str, &WorkChange> = FxHashMap::default();
        for change in &append.work {
            let execution = match change {
                WorkChange::Put(item) => &item.execution,
                WorkChange::Remove(execution) => execution,
            };
            last.insert(execution, change);
        }
        for (execution, change) in last {
            match change {
                WorkChange::Put(item) => self.work.push(&(
                    ordinal,
                    stored(execution),
                    item.environment,
                    item.workspace,
                    item.state.name(),
                    &item.due_at,
                    &item.owner,
                    item.epoch,
                )),
                WorkChange::Remove(_) => self.work.push(&(ordinal, stored(execution))),
            }
        }
    }
}

/// No scope holds more claims than this, so that a greater number means the same.
fn bounded(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
