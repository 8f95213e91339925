//! The model test: random batches through the real store against a model that knows no batches.
//!
//! The model is written apart from [`crate::batch`]: plain maps, one append after the other.

mod drafts;
mod model;

use std::sync::Arc;

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use tokio::runtime::Handle;

use self::{
    drafts::{Step, steps},
    model::Model,
};
use crate::{
    append::AppendError,
    conformance::{
        Adapter,
        samples::{append, together},
        store,
    },
};

async fn run(adapter: &dyn Adapter, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let mut store = store(adapter).await;
    let mut model = Model::default();
    let mut strangers_met = 0;
    for step in steps {
        // The first is committed alone; the others wait meanwhile, and share the next batch.
        let plug = append("plug", model.version("plug"), 1);
        let mut expected = vec![model.append(&plug)];
        let mut appends = vec![plug];
        match step {
            Step::Together(drafts) => {
                for draft in &drafts {
                    let append = model.complete(draft);
                    expected.push(model.append(&append));
                    appends.push(append);
                }
            }
            Step::Strangers(strangers) => {
                appends.extend(model.introduce(&strangers, &mut strangers_met));
                expected.extend(appends[1..].iter().map(|append| model.append(append)));
            }
            Step::Reopen => store.reopen().await,
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
