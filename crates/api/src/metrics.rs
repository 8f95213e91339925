//! Measurements in Prometheus' text form.
//!
//! Invariant: labels come from closed sets (routes, methods, statuses, outcomes), so that no caller can make series; endpoints
//! are named only while their circuit is not closed, and only so many.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64},
    },
    time::Duration,
};

use http::{Method, StatusCode};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};
use wfm_application::{
    app::App,
    executions::gates::{Circuit, Gate, Gates},
};
use wfm_storage::{event::Position, event::StoredEvent, log::EventLog};

/// Upper bounds of the latency histogram, in seconds.
const BUCKETS: [f64; 14] = [
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0,
];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    method: &'static str,
    route: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CircuitLabels {
    endpoint: i64,
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

/// Endpoints that are named at once.
const NAMED_CIRCUITS: usize = 100;

type Latencies = Family<RouteLabels, Histogram, fn() -> Histogram>;

/// All measurements of a node.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    latencies: Latencies,
    started: Counter,
    ended: Family<OutcomeLabels, Counter>,
    callbacks: Family<OutcomeLabels, Counter>,
    running: Gauge<i64, AtomicI64>,
    queued: Gauge<i64, AtomicI64>,
    log_position: Gauge<i64, AtomicI64>,
    projection_position: Gauge<i64, AtomicI64>,
    projection_lag: Gauge<i64, AtomicI64>,
    parked: Gauge<i64, AtomicI64>,
    circuits: Family<CircuitLabels, Gauge>,
    circuits_open: Gauge<i64, AtomicI64>,
    calls_waiting: Gauge<i64, AtomicI64>,
    calls_under_way: Gauge<i64, AtomicI64>,
    turned_away: Family<ReasonLabels, Counter>,
}

/// The measurements of one route.
pub struct RouteMetrics {
    method: &'static str,
    route: &'static str,
    requests: Family<RequestLabels, Counter>,
    latency: Histogram,
}

impl RouteMetrics {
    /// Counts an answer.
    pub fn observe(&self, status: StatusCode, took: Duration) {
        self.latency.observe(took.as_secs_f64());
        let labels = RequestLabels {
            method: self.method,
            route: self.route,
            status: status.as_u16(),
        };
        self.requests.get_or_create(&labels).inc();
    }
}

/// The usual methods as labels.
fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        _ => "other",
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let latencies: Latencies = Family::new_with_constructor(|| Histogram::new(BUCKETS));
        let mut metrics = Self {
            registry: Registry::with_prefix("wfm"),
            requests: Family::default(),
            latencies,
            started: Counter::<u64, AtomicU64>::default(),
            ended: Family::default(),
            callbacks: Family::default(),
            running: Gauge::default(),
            queued: Gauge::default(),
            log_position: Gauge::default(),
            projection_position: Gauge::default(),
            projection_lag: Gauge::default(),
            parked: Gauge::default(),
            circuits: Family::default(),
            circuits_open: Gauge::default(),
            calls_waiting: Gauge::default(),
            calls_under_way: Gauge::default(),
            turned_away: Family::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("http_requests", "Answers by route and status", self.requests.clone());
        registry.register_with_unit(
            "http_request_duration",
            "Time to the answer",
            Unit::Seconds,
            self.latencies.clone(),
        );
        registry.register(
            "executions_started",
            "Runs started since this node began",
            self.started.clone(),
        );
        registry.register(
            "executions_ended",
            "Runs ended since this node began, by outcome",
            self.ended.clone(),
        );
        registry.register(
            "callbacks",
            "Attempts to tell of the ends of runs since this node began, by outcome",
            self.callbacks.clone(),
        );
        registry.register(
            "executions_running",
            "Runs that this node drives or that somebody waits for",
            self.running.clone(),
        );
        registry.register(
            "executions_queued",
            "Runs that wait for a place in their environment",
            self.queued.clone(),
        );
        registry.register("log_position", "Position of the last event", self.log_position.clone());
        registry.register(
            "projection_position",
            "Position up to which the read models are",
            self.projection_position.clone(),
        );
        registry.register(
            "projection_lag",
            "Events that the read models do not show yet",
            self.projection_lag.clone(),
        );
        registry.register(
            "projection_parked_events",
            "Events that could not be projected",
            self.parked.clone(),
        );
        registry.register(
            "endpoint_circuit",
            "1 for an endpoint whose circuit is not closed, by its state",
            self.circuits.clone(),
        );
        registry.register(
            "endpoint_circuits_open",
            "Endpoints whose circuit is not closed",
            self.circuits_open.clone(),
        );
        registry.register(
            "endpoint_calls_waiting",
            "Calls that wait for their turn under an endpoint's limits",
            self.calls_waiting.clone(),
        );
        registry.register(
            "endpoint_calls_under_way",
            "Calls to endpoints under way",
            self.calls_under_way.clone(),
        );
        registry.register(
            "endpoint_calls_turned_away",
            "Calls that were not sent since this node began, by reason",
            self.turned_away.clone(),
        );
    }

    /// The measurements of a route.
    #[must_use]
    pub fn route(&self, method: &Method, route: &'static str) -> RouteMetrics {
        let method = method_label(method);
        let latency = self.latencies.get_or_create(&RouteLabels { method, route }).clone();
        RouteMetrics {
            method,
            route,
            requests: self.requests.clone(),
            latency,
        }
    }

    /// Counts the starts and ends of runs from `after` on, until the log closes.
    pub async fn follow(self: Arc<Self>, log: Arc<dyn EventLog>, after: Position) {
        let mut feed = log.subscribe(after);
        while let Ok(Some(batches)) = feed.next().await {
            batches
                .iter()
                .flat_map(|batch| batch.iter())
                .for_each(|event| self.count(event));
            // Counters may lag a moment; a wake-up with every commit would cost more than the counting.
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    fn count(&self, event: &StoredEvent) {
        let (counters, outcome) = match &*event.event_type {
            "ExecutionStarted" => {
                self.started.inc();
                return;
            }
            "ExecutionCompleted" => (&self.ended, "Completed"),
            "ExecutionFailed" => (&self.ended, "Failed"),
            "ExecutionCancelled" => (&self.ended, "Cancelled"),
            "CallbackDelivered" => (&self.callbacks, "Delivered"),
            "CallbackAttemptFailed" => (&self.callbacks, "Failed"),
            "CallbackGivenUp" => (&self.callbacks, "GivenUp"),
            _ => return,
        };
        counters.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    fn look_at(&self, gates: &dyn Gates) {
        let seen = gates.gates();
        let sum = |count: fn(&Gate) -> u32| seen.iter().map(|gate| i64::from(count(gate))).sum();
        self.calls_waiting.set(sum(|gate| gate.waiting));
        self.calls_under_way.set(sum(|gate| gate.under_way));
        self.circuits_open
            .set(sum(|gate| u32::from(gate.circuit != Circuit::Closed)));
        self.circuits.clear();
        let open = seen.iter().filter(|gate| gate.circuit != Circuit::Closed);
        for gate in open.take(NAMED_CIRCUITS) {
            let labels = CircuitLabels {
                endpoint: gate.endpoint.0,
                state: gate.circuit.name(),
            };
            self.circuits.get_or_create(&labels).set(1);
        }
        let turned_away = gates.turned_away();
        for (reason, count) in [("circuit", turned_away.by_circuit), ("limit", turned_away.by_limit)] {
            let counter = self.turned_away.get_or_create(&ReasonLabels { reason });
            counter.inc_by(count.saturating_sub(counter.get()));
        }
    }

    /// The text that Prometheus reads.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn render(&self, app: &App, gates: &dyn Gates) -> Result<String, crate::error::Problem> {
        self.look_at(gates);
        let status = app.projection.status().await?;
        let set = |gauge: &Gauge<i64, AtomicI64>, value: u64| {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        };
        set(&self.running, app.runs.registry().len() as u64);
        set(&self.queued, app.runs.queue().len() as u64);
        set(&self.log_position, status.head);
        set(&self.projection_position, status.position);
        set(&self.projection_lag, status.lag);
        set(&self.parked, status.parked);
        let mut text = String::new();
        encode(&mut text, &self.registry).map_err(crate::error::Problem::internal)?;
        Ok(text)
    }
}
