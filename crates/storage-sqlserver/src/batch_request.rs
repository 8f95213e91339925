//! A batch as the parameters of `es.AppendEvents`.
//!
//! Invariant: the rows are what migrations/sqlserver/0003_append_events.up.sql says; places of streams, claims and scopes
//! are those within their append, so that an answer leads back to them.

use rustc_hash::FxHashMap;
use wfm_storage::{
    append::{Append, Claim},
    batch::Prepared,
    event::StreamId,
    work::WorkChange,
};

use crate::{
    error::SqlError,
    exact::stored,
    json_rows::{RowSets, RowWriter},
    parameter::Parameter,
};

/// Places of the sets of rows.
mod set {
    pub(super) const PARTS: usize = 0;
    pub(super) const COMMANDS: usize = 1;
    pub(super) const CLAIMS: usize = 2;
    pub(super) const NEEDS: usize = 3;
    pub(super) const WORK: usize = 4;
    pub(super) const EVENTS: usize = 5;
    pub(super) const METADATA: usize = 6;
    pub(super) const PAYLOADS: usize = 7;
    pub(super) const ANSWERS: usize = 8;
    pub(super) const COUNT: usize = 9;
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
    rows: RowSets<{ set::COUNT }>,
    leaf_hashes: Vec<u8>,
}

impl BatchRequest {
    /// The call that appends `appends` in their order.
    ///
    /// # Errors
    /// [`SqlError::Texts`] when the texts contain nearly every character there is.
    pub(crate) fn new(appends: &[Prepared], recorded_at: String) -> Result<Self, SqlError> {
        let rows = RowSets::write(|rows| {
            let mut writing = Writing {
                rows,
                part_count: 0,
                first_part: 0,
                claim_count: 0,
                event_count: 0,
                answer_count: 0,
            };
            for (ordinal, prepared) in appends.iter().enumerate() {
                writing.append(ordinal, prepared.append());
            }
        });
        let leaf_hashes = appends
            .iter()
            .flat_map(|prepared| prepared.leaf_hashes().iter().flatten());
        Ok(Self {
            recorded_at,
            rows: rows.ok_or(SqlError::Texts)?,
            leaf_hashes: leaf_hashes.copied().collect(),
        })
    }

    pub(crate) fn parameters(&self) -> [(&'static str, Parameter<'_>); 13] {
        let rows = |set: usize| self.rows.sets[set].as_str().into();
        [
            ("@RecordedAt", self.recorded_at.as_str().into()),
            ("@Images", self.rows.images.as_str().into()),
            ("@Characters", self.rows.characters.as_str().into()),
            ("@Parts", rows(set::PARTS)),
            ("@Commands", rows(set::COMMANDS)),
            ("@Claims", rows(set::CLAIMS)),
            ("@Needs", rows(set::NEEDS)),
            ("@Work", rows(set::WORK)),
            ("@Events", rows(set::EVENTS)),
            ("@Metadata", rows(set::METADATA)),
            ("@Payloads", rows(set::PAYLOADS)),
            ("@Answers", rows(set::ANSWERS)),
            ("@LeafHashes", self.leaf_hashes.as_slice().into()),
        ]
    }
}

struct Writing<'rows> {
    rows: &'rows mut RowWriter<{ set::COUNT }>,
    part_count: usize,
    /// The first part of the append that is being written.
    first_part: usize,
    claim_count: usize,
    event_count: usize,
    answer_count: usize,
}

impl Writing<'_> {
    fn append(&mut self, ordinal: usize, append: &Append) {
        self.first_part = self.part_count;
        if let Some(command) = &append.command {
            let events: usize = append.streams.iter().map(|part| part.events.len()).sum();
            self.rows.push(
                set::COMMANDS,
                &(
                    ordinal,
                    self.part_count,
                    self.event_count,
                    events,
                    stored(&command.actor),
                    stored(&command.key),
                    &command.request_hash,
                    self.answer_count,
                ),
            );
            self.rows.push(set::ANSWERS, &command.answer);
            self.answer_count += 1;
        }
        self.streams(ordinal, append);
        for (place, (stream, expected)) in append.guards.iter().enumerate() {
            let none: Option<i64> = None;
            self.rows.push(
                set::PARTS,
                &(self.part_count, ordinal, 1, place, stream, expected, 0, none, none),
            );
            self.part_count += 1;
        }
        self.claims(ordinal, append);
        self.needs(ordinal, append);
        self.work(append);
    }

    fn streams(&mut self, ordinal: usize, append: &Append) {
        for (place, part) in append.streams.iter().enumerate() {
            self.rows.push(
                set::PARTS,
                &(
                    self.part_count,
                    ordinal,
                    0,
                    place,
                    &part.stream,
                    part.expected,
                    part.events.len(),
                    part.workspace,
                    &part.aggregate,
                ),
            );
            for (version, event) in (part.expected.0 + 1..).zip(&part.events) {
                self.rows.push(
                    set::EVENTS,
                    &(
                        self.event_count,
                        self.part_count,
                        version,
                        event.id,
                        &event.event_type,
                        event.schema_version,
                        &event.occurred_at,
                    ),
                );
                self.rows.push(set::METADATA, &event.metadata);
                self.rows.push(set::PAYLOADS, &event.payload);
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
        self.rows.push(
            set::CLAIMS,
            &(
                self.claim_count,
                ordinal,
                self.first_part,
                takes,
                place,
                stored(&claim.key.scope),
                stored(&claim.key.key),
                &claim.owner,
                earlier_owner,
            ),
        );
        self.claim_count += 1;
    }

    fn needs(&mut self, ordinal: usize, append: &Append) {
        for (place, scope) in append.require_empty.iter().enumerate() {
            self.rows
                .push(set::NEEDS, &(ordinal, kind::NOT_EMPTY, place, stored(scope), 0));
        }
        for (place, (scope, limit)) in append.require_fewer.iter().enumerate() {
            self.rows.push(
                set::NEEDS,
                &(ordinal, kind::FULL, place, stored(scope), bounded(*limit)),
            );
        }
        for (place, (scope, minimum)) in append.require_at_least.iter().enumerate() {
            self.rows.push(
                set::NEEDS,
                &(ordinal, kind::TOO_SMALL, place, stored(scope), bounded(*minimum)),
            );
        }
    }

    /// The last change of each run; earlier ones would leave no trace.
    fn work(&mut self, append: &Append) {
        let mut last: FxHashMap<&str, &WorkChange> = FxHashMap::default();
        for change in &append.work {
            let execution = match change {
                WorkChange::Put(item) => &item.execution,
                WorkChange::Remove(execution) => execution,
            };
            last.insert(execution, change);
        }
        for (execution, change) in last {
            let item = match change {
                WorkChange::Put(item) => Some(item),
                WorkChange::Remove(_) => None,
            };
            // Missing values are told as null: not every engine takes rows of different lengths.
            self.rows.push(
                set::WORK,
                &(
                    self.first_part,
                    stored(execution),
                    item.map(|item| item.environment),
                    item.map(|item| item.workspace),
                    item.map(|item| item.state.name()),
                    item.and_then(|item| item.due_at.as_deref()),
                    item.and_then(|item| item.owner.as_deref()),
                    item.map(|item| item.epoch),
                ),
            );
        }
    }
}

/// No scope holds more claims than this, so that a greater number means the same.
fn bounded(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
