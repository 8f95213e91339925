//! One gate: how its circuit breaker, its rate and its bound on concurrency decide.
//!
//! Invariant: `under_way` counts the passes that exist, and `probing` is set exactly while one of them is the probe.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};
use wfm_application::executions::{
    gates::Circuit,
    outcome::CallFailure,
    target::{CallLimits, CircuitBreaker},
};

/// Why a call is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The circuit is open.
    CircuitOpen,
    /// No turn comes in time.
    NoTurn,
}

impl Verdict {
    pub(super) fn failure(self, timeout: Duration) -> CallFailure {
        match self {
            Self::CircuitOpen => CallFailure {
                kind: "circuit-open",
                message: "not sent: calls of the endpoint failed one after another".to_owned(),
            },
            Self::NoTurn => CallFailure {
                // As good as not reached, and tried again like that.
                kind: "connect",
                message: format!(
                    "not sent: the endpoint's limits gave no turn within {} s",
                    timeout.as_secs_f64()
                ),
            },
        }
    }
}

/// A gate, as it stands.
struct State {
    failures: u32,
    open_until: Option<Instant>,
    probing: bool,
    /// When the next call would begin if calls came evenly (the theoretical arrival time of the generic cell rate algorithm).
    due_at: Instant,
    under_way: u32,
    waiting: u32,
    used_at: Instant,
}

/// The gate of one target of one endpoint.
pub(super) struct Gate {
    state: Mutex<State>,
    left: Notify,
}

/// What a gate looks like from outside.
pub(super) struct Look {
    pub(super) circuit: Circuit,
    pub(super) failures: u32,
    pub(super) waiting: u32,
    pub(super) under_way: u32,
    pub(super) used_at: Instant,
}

impl Default for Gate {
    fn default() -> Self {
        let now = Instant::now();
        Self {
            state: Mutex::new(State {
                failures: 0,
                open_until: None,
                probing: false,
                due_at: now,
                under_way: 0,
                waiting: 0,
                used_at: now,
            }),
            left: Notify::new(),
        }
    }
}

impl Gate {
    pub(super) fn look(&self) -> Look {
        let state = self.state.lock();
        Look {
            circuit: state.circuit(Instant::now()),
            failures: state.failures,
            waiting: state.waiting,
            under_way: state.under_way,
            used_at: state.used_at,
        }
    }

    /// Waits for a place, then for a turn, then asks the circuit; all by the deadline.
    pub(super) async fn enter(self: &Arc<Self>, limits: &CallLimits, deadline: Instant) -> Result<Pass, Verdict> {
        if limits.circuit_breaker.is_some() && !self.state.lock().admits(Instant::now()) {
            return Err(Verdict::CircuitOpen);
        }
        let mut pass = self.place(limits.maximum_concurrent, deadline).await?;
        if let Some(rate) = limits.requests_per_second {
            self.turn(rate, limits.burst, deadline).await?;
        }
        if let Some(breaker) = limits.circuit_breaker {
            let now = Instant::now();
            let mut state = self.state.lock();
            if !state.admits(now) {
                drop(state);
                return Err(Verdict::CircuitOpen);
            }
            pass.breaker = Some(breaker);
            pass.is_probe = state.open_until.is_some();
            state.probing |= pass.is_probe;
        }
        Ok(pass)
    }

    async fn place(self: &Arc<Self>, maximum: Option<u32>, deadline: Instant) -> Result<Pass, Verdict> {
        let mut waits = None;
        loop {
            let left = self.left.notified();
            {
                let mut state = self.state.lock();
                if maximum.is_none_or(|maximum| state.under_way < maximum) {
                    state.under_way += 1;
                    state.used_at = Instant::now();
                    return Ok(Pass {
                        gate: Arc::clone(self),
                        breaker: None,
                        is_probe: false,
                    });
                }
            }
            waits.get_or_insert_with(|| Waiting::at(self));
            if timeout_at(deadline, left).await.is_err() {
                return Err(Verdict::NoTurn);
            }
        }
    }

    /// Takes the next turn of the rate and waits for it. Turns are given in the order in which they are asked for.
    async fn turn(&self, rate: f64, burst: u32, deadline: Instant) -> Result<(), Verdict> {
        let interval = Duration::from_secs_f64(1.0 / rate);
        let ahead = interval * burst.saturating_sub(1);
        let mut turn = {
            let mut state = self.state.lock();
            let now = Instant::now();
            let due_at = state.due_at.max(now);
            let begins_at = due_at.checked_sub(ahead).unwrap_or(now);
            if begins_at > deadline {
                return Err(Verdict::NoTurn);
            }
            state.due_at = due_at + interval;
            if begins_at <= now {
                return Ok(());
            }
            Turn {
                gate: self,
                interval,
                begins_at,
                is_over: false,
            }
        };
        let waiting = Waiting::at(self);
        tokio::time::sleep_until(turn.begins_at).await;
        drop(waiting);
        turn.is_over = true;
        Ok(())
    }
}

/// A turn that is waited for; it is given back when the waiting is given up.
struct Turn<'g> {
    gate: &'g Gate,
    interval: Duration,
    begins_at: Instant,
    is_over: bool,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            let mut state = self.gate.state.lock();
            state.due_at = state.due_at.checked_sub(self.interval).unwrap_or(state.due_at);
        }
    }
}

/// Counts somebody who waits.
struct Waiting<'g>(&'g Gate);

impl<'g> Waiting<'g> {
    fn at(gate: &'g Gate) -> Self {
        gate.state.lock().waiting += 1;
        Self(gate)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.state.lock().waiting -= 1;
    }
}

impl State {
    fn circuit(&self, now: Instant) -> Circuit {
        match self.open_until {
            None => Circuit::Closed,
            Some(until) if now < until => Circuit::Open,
            Some(_) => Circuit::HalfOpen,
        }
    }

    /// Whether a call may pass; when half open, only one at a time.
    fn admits(&self, now: Instant) -> bool {
        match self.circuit(now) {
            Circuit::Closed => true,
            Circuit::HalfOpen => !self.probing,
            Circuit::Open => false,
        }
    }
}

/// A call that was let through. Dropped without a word, it says nothing about the endpoint.
pub(super) struct Pass {
    gate: Arc<Gate>,
    breaker: Option<CircuitBreaker>,
    is_probe: bool,
}

impl Pass {
    /// The call is over; whether it failed, or `None` when it says nothing about the endpoint.
    pub(super) fn leave(self, failed: Option<bool>) {
        let (Some(breaker), Some(failed)) = (self.breaker, failed) else {
            return;
        };
        let mut state = self.gate.state.lock();
        if !failed {
            // A call from before the circuit opened does not close it: the probe decides.
            if self.is_probe || state.open_until.is_none() {
                state.failures = 0;
                state.open_until = None;
            }
            return;
        }
        state.failures = state.failures.saturating_add(1);
        if self.is_probe || (state.open_until.is_none() && state.failures >= breaker.failures) {
            let pause = Duration::from_secs(u64::from(breaker.open_seconds));
            state.open_until = Some(Instant::now() + pause);
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut state = self.gate.state.lock();
        state.under_way -= 1;
        if self.is_probe {
            state.probing = false;
        }
        drop(state);
        self.gate.left.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(rate: Option<f64>, burst: u32, concurrent: Option<u32>, breaker: Option<(u32, u32)>) -> CallLimits {
        CallLimits {
            requests_per_second: rate,
            burst,
            maximum_concurrent: concurrent,
            circuit_breaker: breaker.map(|(failures, open_seconds)| CircuitBreaker { failures, open_seconds }),
        }
    }

    fn within(seconds: u64) -> Instant {
        Instant::now() + Duration::from_secs(seconds)
    }

    async fn settle() {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_circuit_opens_tries_once_and_closes() {
        let gate = Arc::new(Gate::default());
        let limits = limits(None, 1, None, Some((3, 30)));
        let enter = || gate.enter(&limits, within(10));
        let denied = async || matches!(enter().await, Err(Verdict::CircuitOpen));
        for failed in [true, true, false, true, true] {
            enter().await.ok().unwrap().leave(Some(failed));
        }
        assert_eq!(gate.look().circuit, Circuit::Closed, "a success begins the count anew");
        let earlier = enter().await.ok().unwrap();
        enter().await.ok().unwrap().leave(Some(true));
        assert_eq!((gate.look().circuit, gate.look().failures), (Circuit::Open, 3));
        assert!(denied().await);
        earlier.leave(Some(false));
        assert!(denied().await, "a call from before does not close it");
        tokio::time::advance(Duration::from_secs(30)).await;
        assert_eq!(gate.look().circuit, Circuit::HalfOpen);
        let probe = enter().await.ok().unwrap();
        assert!(denied().await, "one at a time");
        probe.leave(Some(true));
        assert!(denied().await, "open again");
        tokio::time::advance(Duration::from_secs(30)).await;
        drop(enter().await.ok().unwrap());
        let probe = enter().await.ok().unwrap();
        probe.leave(None);
        let probe = enter().await.ok().unwrap();
        probe.leave(Some(false));
        assert_eq!((gate.look().circuit, gate.look().failures), (Circuit::Closed, 0));
        assert_eq!(gate.look().under_way, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn the_rate_lets_a_burst_through_and_then_one_by_one() {
        let gate = Arc::new(Gate::default());
        let limits = limits(Some(2.0), 3, None, None);
        let begun = Instant::now();
        let mut times = Vec::new();
        for _ in 0..6 {
            gate.enter(&limits, within(10)).await.ok().unwrap();
            times.push((Instant::now() - begun).as_millis());
        }
        assert_eq!(times[..3], [0, 0, 0]);
        for (time, expected) in times[3..].iter().zip([500, 1000, 1500]) {
            assert!(time.abs_diff(expected) <= 2, "{times:?}");
        }
        tokio::time::advance(Duration::from_secs(60)).await;
        let begun = Instant::now();
        for _ in 0..3 {
            gate.enter(&limits, within(10)).await.ok().unwrap();
        }
        assert_eq!(Instant::now(), begun, "no more than a burst is saved up");
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_gives_the_turn_back() {
        let gate = Arc::new(Gate::default());
        let limits = limits(Some(0.1), 1, None, None);
        gate.enter(&limits, within(1)).await.ok().unwrap();
        // No turn in time is known at once.
        let begun = Instant::now();
        assert!(matches!(gate.enter(&limits, within(5)).await, Err(Verdict::NoTurn)));
        assert_eq!(Instant::now(), begun);
        let waiting = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { gate.enter(&limits, within(60)).await.map(drop) }
        });
        settle().await;
        assert_eq!(gate.look().waiting, 1);
        waiting.abort();
        let _ = waiting.await;
        assert_eq!((gate.look().waiting, gate.look().under_way), (0, 0));
        let begun = Instant::now();
        gate.enter(&limits, within(60)).await.ok().unwrap();
        assert!((Instant::now() - begun).as_secs() <= 10, "the turn was free again");
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_are_under_way_than_may_be() {
        let gate = Arc::new(Gate::default());
        let limits = limits(None, 1, Some(2), None);
        let first = gate.enter(&limits, within(10)).await.ok().unwrap();
        let second = gate.enter(&limits, within(10)).await.ok().unwrap();
        assert!(matches!(gate.enter(&limits, within(10)).await, Err(Verdict::NoTurn)));
        let waiting = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { gate.enter(&limits, within(10)).await }
        });
        settle().await;
        assert_eq!((gate.look().waiting, gate.look().under_way), (1, 2));
        drop(first);
        let third = waiting.await.unwrap().ok().unwrap();
        assert_eq!((gate.look().waiting, gate.look().under_way), (0, 2));
        drop((second, third));
        assert_eq!(gate.look().under_way, 0);
    }
}
