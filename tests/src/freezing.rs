//! A connector that freezes its whole process right before it sends a call: between what is recorded of a step and what is done.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use rustix::process::{Signal, getpid, kill_process};
use wfm_application::executions::outcome::{Answer, CallFailure};
use wfm_engine::connector::{Connector, OutgoingCall};

/// Variable that names the path of the call before which a server under test freezes, once.
pub const FREEZES_BEFORE: &str = "WFM_TEST_FREEZES_BEFORE";

/// How long a process takes at most to stop all of its threads.
const STOPPED_WITHIN: Duration = Duration::from_secs(1);

/// See the module.
pub struct Freezing {
    path: String,
    inner: Arc<dyn Connector>,
    frozen: AtomicBool,
}

impl Freezing {
    /// Freezes before the first call of a URL that ends so.
    #[must_use]
    pub fn before(path: String, inner: Arc<dyn Connector>) -> Self {
        Self {
            path,
            inner,
            frozen: AtomicBool::new(false),
        }
    }
}

#[async_trait]
impl Connector for Freezing {
    async fn call(&self, call: OutgoingCall<'_>) -> Result<Answer, CallFailure> {
        if call.request.url.ends_with(&self.path) && !self.frozen.swap(true, Ordering::SeqCst) {
            kill_process(getpid(), Signal::STOP).expect("a process may stop itself");
            // Another thread may take the signal: this one must not run ahead of it.
            std::thread::sleep(STOPPED_WITHIN);
        }
        self.inner.call(call).await
    }
}
