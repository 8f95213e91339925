//! Waiting for something to become true: the one place that polls.

use std::{panic::Location, time::Duration};

/// How long anything is waited for. Only a failing test ever waits so long.
pub const DEADLINE: Duration = Duration::from_secs(120);

/// Asks again and again until the answer is there.
///
/// # Panics
/// When it is not there in time; the message names the caller's place.
#[track_caller]
pub fn until<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> impl Future<Output = T> {
    let place = Location::caller();
    let what = what.to_owned();
    async move {
        let asking = async {
            loop {
                if let Some(answer) = ask().await {
                    return answer;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        match tokio::time::timeout(DEADLINE, asking).await {
            Ok(answer) => answer,
            Err(_) => panic!("{place}: waited in vain for {what}"),
        }
    }
}
