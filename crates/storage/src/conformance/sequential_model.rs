//! The model test: random batches through the real store against a model that knows no batches.
//!
//! The model is written apart from [`crate::batch`]: plain maps, one append after the other.

use std::{collections::BTreeMap, sync::Arc};

use proptest::{
    collection::vec,
    option,
    prelude::{Just, Strategy, any, prop_oneof},
    test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner},
};
use tokio::runtime::Handle;

use crate::{
    append::{Append, AppendError, AppendRefusal, ClaimKey, Committed, StoredCommand},
    conformance::{
        Adapter, Store,
        samples::{append, claim, command, part, together, work},
        store,
    },
    event::{Position, StreamId, StreamVersion},
    verify::verify,
    work::{WorkChange, WorkFilter, WorkItem, WorkState},
};

/// Where an append expects a stream.
#[derive(Debug, Clone, Copy)]
enum Expected {
    /// Where the model has it when the append's turn comes.
    Right,
    /// Somewhere.
    Fixed(u64),
}

/// An append without its events' ids, so that a failing case can be made smaller.
#[derive(Debug, Clone)]
struct Draft {
    streams: Vec<(u8, Expected, usize)>,
    guard: Option<(u8, Expected)>,
    command: Option<(u8, u8)>,
    release: Vec<(u8, u8, u8)>,
    take: Vec<(u8, u8, u8)>,
    empty: Option<u8>,
    fewer: Option<(u8, u64)>,
    at_least: Option<(u8, u64)>,
    work: Vec<(u8, Option<u8>)>,
}

/// A step of a case.
#[derive(Debug, Clone)]
enum Step {
    /// Appends handed in at once.
    Together(Vec<Draft>),
    /// The store is closed and opened again.
    Reopen,
}

fn expected() -> impl Strategy<Value = Expected> {
    prop_oneof![6 => Just(Expected::Right), 1 => (0_u64..4).prop_map(Expected::Fixed)]
}

fn draft() -> impl Strategy<Value = Draft> {
    let claims = || vec((0_u8..2, 0_u8..4, 0_u8..3), 0..3);
    (
        vec((0_u8..5, expected(), 1_usize..4), 1..3),
        option::weighted(0.2, (0_u8..5, expected())),
        option::weighted(0.3, (0_u8..6, 0_u8..2)),
        claims(),
        claims(),
        option::weighted(0.1, 0_u8..2),
        option::weighted(0.2, (0_u8..2, 1_u64..5)),
        option::weighted(0.1, (0_u8..2, 0_u64..3)),
        vec((0_u8..4, option::of(any::<u8>())), 0..3),
    )
        .prop_map(
            |(streams, guard, command, release, take, empty, fewer, at_least, work)| Draft {
                streams,
                guard,
                command,
                release,
                take,
                empty,
                fewer,
                at_least,
                work,
            },
        )
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    vec(
        prop_oneof![
            2 => vec(draft(), 1..24).prop_map(Step::Together),
            1 => vec(draft(), 1..3).prop_map(Step::Together),
            2 => Just(Step::Reopen),
        ],
        1..10,
    )
}

fn stream_name(number: u8) -> String {
    format!("stream-{number}")
}

fn scope_name(number: u8) -> String {
    format!("scope/{number}")
}

/// What a log holds, without batches.
#[derive(Debug, Default)]
struct Model {
    head: u64,
    streams: BTreeMap<String, u64>,
    claims: BTreeMap<(String, String), String>,
    commands: BTreeMap<String, StoredCommand>,
    work: BTreeMap<String, WorkItem>,
}

impl Model {
    fn version(&self, stream: &str) -> u64 {
        self.streams.get(stream).copied().unwrap_or_default()
    }

    fn count(&self, scope: &str) -> u64 {
        self.claims.keys().filter(|(held, _)| held == scope).count() as u64
    }

    /// The append that a draft stands for when it comes next.
    fn complete(&self, draft: &Draft) -> Append {
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

    fn append(&mut self, append: &Append) -> Result<Committed, AppendRefusal> {
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
    async fn assert_equal(&self, store: &dyn Store) {
        let log = store.log();
        assert_eq!(log.head().await.unwrap().position.0, self.head);
        let streams = log.streams(None, None, 100).await.unwrap();
        let streams: BTreeMap<_, _> = streams
            .iter()
            .map(|info| (info.stream.as_str().to_owned(), info.version.0))
            .collect();
        assert_eq!(streams, self.streams);
        let mut claims = BTreeMap::new();
        for scope in 0..2 {
            for claim in log.claims(&scope_name(scope), None, 100).await.unwrap() {
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

async fn run(adapter: &dyn Adapter, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let mut store = store(adapter).await;
    let mut model = Model::default();
    for step in steps {
        let drafts = match step {
            Step::Together(drafts) => drafts,
            Step::Reopen => {
                store.reopen().await;
                continue;
            }
        };
        // The first is committed alone; the others wait meanwhile, and share the next batch.
        let plug = append("plug", model.version("plug"), 1);
        let mut appends = vec![plug.clone()];
        let mut expected = vec![model.append(&plug)];
        for draft in &drafts {
            let append = model.complete(draft);
            expected.push(model.append(&append));
            appends.push(append);
        }
        for (index, (outcome, expected)) in together(&store.log(), appends.clone())
            .await
            .into_iter()
            .zip(expected)
            .enumerate()
        {
            let outcome = outcome.map_err(|error| match error {
                AppendError::Refused(refusal) => Ok(refusal),
                other => Err(other.to_string()),
            });
            if outcome != expected.clone().map_err(Ok) {
                let text = format!("append {index}: {outcome:?}, not {expected:?}: {:?}", appends[index]);
                return Err(TestCaseError::fail(text));
            }
        }
    }
    model.assert_equal(&*store).await;
    Ok(())
}

/// Outcomes and final state of `cases` random histories equal running their appends one after another.
///
/// # Panics
/// With the smallest history found for which they do not.
pub async fn batches_equal_sequential_execution(adapter: Arc<dyn Adapter>, cases: u32) {
    let handle = Handle::current();
    let tested = tokio::task::spawn_blocking(move || {
        // The same histories each time; PROPTEST_CASES asks for more of them.
        let cases = std::env::var("PROPTEST_CASES")
            .ok()
            .and_then(|cases| cases.parse().ok())
            .unwrap_or(cases);
        let config = Config {
            cases,
            failure_persistence: None,
            max_shrink_iters: 200,
            ..Config::default()
        };
        let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        TestRunner::new_with_rng(config, random)
            .run(&steps(), |steps| handle.block_on(run(&*adapter, steps)))
            .map_err(|failure| failure.to_string())
    });
    if let Err(failure) = tested.await.expect("the test runner ends") {
        panic!("{failure}");
    }
}
