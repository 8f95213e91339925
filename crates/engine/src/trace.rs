//! The W3C trace context of a call: the trace of the request that started the run, a span of the call's own.
//!
//! Invariant: every call carries a valid context, and the calls of one run share a trace whatever restarts in between.

use wfm_application::executions::live::Call;

/// The `traceparent` of one call, and the `tracestate` that goes with the trace.
pub(crate) struct Trace<'r> {
    /// `00-TRACE-SPAN-FLAGS`.
    pub(crate) parent: String,
    /// What the caller's tracing system passes on; only along with its trace.
    pub(crate) state: Option<&'r str>,
}

impl<'r> Trace<'r> {
    /// A context for a call. Its idempotency key begins with the run's id.
    pub(crate) fn of(call: &'r Call) -> Self {
        Self::under(
            call.traceparent.as_deref(),
            call.tracestate.as_deref(),
            &call.idempotency_key,
        )
    }

    /// A context for what is sent on behalf of a run, by a name that begins with the run's id.
    pub(crate) fn under(parent: Option<&str>, state: Option<&'r str>, name: &str) -> Self {
        Self::new(parent, state, name, span())
    }

    fn new(parent: Option<&str>, state: Option<&'r str>, run: &str, span: u64) -> Self {
        match parent.and_then(trace_and_flags) {
            Some((trace, flags)) => Self {
                parent: format!("00-{trace}-{span:016x}-{flags}"),
                state,
            },
            None => {
                // The id of a run is a UUID: as many digits as a trace has, and the same after a restart.
                let trace: String = run.chars().filter(char::is_ascii_hexdigit).take(32).collect();
                let trace = format!("{:0>32}", trace.to_ascii_lowercase());
                Self {
                    parent: format!("00-{trace}-{span:016x}-01"),
                    state: None,
                }
            }
        }
    }
}

/// A new span id; zeros would not be one.
fn span() -> u64 {
    rand::random::<u64>().max(1)
}

/// The parts of a context that go on.
fn trace_and_flags(parent: &str) -> Option<(&str, &str)> {
    let mut parts = parent.split('-').skip(1);
    let (trace, _, flags) = (parts.next()?, parts.next()?, parts.next()?);
    let is_valid = trace.len() == 32 && flags.len() == 2 && trace.bytes().any(|byte| byte != b'0');
    is_valid.then_some((trace, flags))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = "0193552c-1c2f-7000-8000-000000000001";

    #[test]
    fn the_trace_goes_on_under_a_new_span() {
        let given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
        let trace = Trace::new(Some(given), Some("a=b"), RUN, 255);
        assert_eq!(trace.parent, "00-4bf92f3577b34da6a3ce929d0e0e4736-00000000000000ff-00");
        assert_eq!(trace.state, Some("a=b"));
    }

    #[test]
    fn without_one_the_run_is_the_trace() {
        let zeros = format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32));
        for parent in [None, Some("nonsense"), Some(zeros.as_str())] {
            let trace = Trace::new(parent, Some("a=b"), &format!("{RUN}-30"), 1);
            assert_eq!(trace.parent, "00-0193552c1c2f70008000000000000001-0000000000000001-01");
            assert_eq!(trace.state, None, "the state belongs to another trace");
        }
    }
}
