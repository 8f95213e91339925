//! Measurements in Prometheus' text form.
//!
//! Invariant: labels come from closed sets (routes, methods, statuses, outcomes), so that no caller can make series.

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
use wfm_application::app::App;
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

type Latencies = Family<RouteLabels, Histogram, fn() -> Histogram>;

/// All measurements of a node.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    latencies: Latencies,
    started: Counter,
    ended: Family<OutcomeLabels, Counter>,
    running: Gauge<i64, AtomicI64>,
    queued: Gauge<i64, AtomicI64>,
    log_position: Gauge<i64, AtomicI64>,
    projection_position: Gauge<i64, AtomicI64>,
    projection_lag: Gauge<i64, AtomicI64>,
    parked: Gauge<i64, AtomicI64>,
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
            running: Gauge::default(),
            queued: Gauge::default(),
            log_position: Gauge::default(),
            projection_position: Gauge::default(),
            projection_lag: Gauge::default(),
            parked: Gauge::default(),
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
        let outcome = match &*event.event_type {
            "ExecutionStarted" => {
                self.started.inc();
                return;
            }
            "ExecutionCompleted" => "Completed",
            "ExecutionFailed" => "Failed",
            "ExecutionCancelled" => "Cancelled",
            _ => return,
        };
        self.ended.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// The text that Prometheus reads.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn render(&self, app: &App) -> Result<String, crate::error::Problem> {
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
