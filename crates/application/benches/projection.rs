//! How fast three-step runs become rows: `cargo bench -p wfm-application --bench projection`.
//!
//! Prints events a second for the transactions of the live projection at several batch sizes, and for a rebuild.

#![allow(clippy::unwrap_used, reason = "a bench says what is wrong by panicking")]

use std::{path::Path, sync::Arc, time::Instant as Stopwatch};

use async_trait::async_trait;
use uuid::Uuid;
use wfm_application::projection::{OpenError, Opener, Projection};
use wfm_domain::{
    api_endpoint::{ApiEndpointDefined, ApiEndpointEvent, EndpointSettings, EndpointType},
    environment::{EnvironmentConfiguration, EnvironmentCreated, EnvironmentEvent, Variables},
    event::Event,
    execution::{
        Ending, ExecutionCompleted, ExecutionEvent, ExecutionStarted, Request, Run, StepAttempt, StepStarted,
        StepSucceeded,
    },
    ids::{ApiEndpointId, EnvironmentId, ExecutionId, ProjectId, StepId, UserId, WorkflowId, WorkspaceId},
    instant::Instant,
    project::{ProjectCreated, ProjectEvent},
    protected::{DataKey, Protected, ProtectedFields},
    role::Role,
    user::{Profile, UserEvent, UserRegistered},
    workflow::{Step, StepAdded, WorkflowCreated, WorkflowEvent, WorkflowSettings},
    workspace::{WorkspaceCreated, WorkspaceEvent},
};
use wfm_projections::{Envelope, project};
use wfm_storage::{
    append::{Append, StreamAppend},
    event::{NewEvent, Position, StreamId, StreamVersion},
    log::EventLog,
    read_store::{Checkpoint, ProjectedBatch},
};
use wfm_storage_sqlite::{LogOptions, SqliteLog, read_store::SqliteReadStore};

/// As in the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const RUNS: usize = 20_000;
const NOW: &str = "2026-11-22T16:29:03.123456Z";

struct Plain;

#[async_trait]
impl Opener for Plain {
    async fn open(&self, _stream: &str, _event_id: Uuid, event: &mut Event) -> Result<(), OpenError> {
        event.visit_protected(&mut |_, value| {
            let text = value.sealed().unwrap_or_default().to_owned();
            value.set_open(text);
        });
        Ok(())
    }
}

fn now() -> Instant {
    Instant::parse(NOW).unwrap()
}

fn personal(text: &str) -> Protected {
    Protected::new(DataKey::Person(UserId(1)), text)
}

/// What a run needs to exist.
fn beginning() -> Vec<(String, Vec<Event>)> {
    let profile = Profile {
        first_name: personal("Ada"),
        last_name: personal("Lovelace"),
        email: personal("ada@example.com"),
        phone_number: None,
        department: None,
        job_title: None,
        manager: None,
        time_zone: "UTC".into(),
        profile_picture: None,
    };
    let user = UserRegistered {
        id: UserId(1),
        profile,
        email_claim: String::new(),
        password_hash: personal("!"),
        role: Role::Admin,
    };
    let created_by = UserId(1);
    let workspace = WorkspaceCreated {
        id: WorkspaceId(1),
        name: "w".into(),
        description: None,
        created_by,
    };
    let (id, workspace_id) = (ProjectId(1), WorkspaceId(1));
    let project = ProjectCreated {
        id,
        workspace_id,
        name: "p".into(),
        description: None,
        created_by,
    };
    let environment = EnvironmentCreated {
        id: EnvironmentId(1),
        workspace_id: WorkspaceId(1),
        project_id: ProjectId(1),
        name: "e".into(),
        description: None,
        configuration: EnvironmentConfiguration::default(),
        variables: Variables::default(),
        created_by,
    };
    let settings = EndpointSettings {
        name: "endpoint".into(),
        description: None,
        url: "https://example.com".into(),
        method: "POST".into(),
        endpoint_type: EndpointType::Rest,
        headers: None,
        authentication_method: None,
        authentication: None,
        soap: None,
        limits: None,
        follow_redirects: None,
        documentation: None,
        is_active: true,
    };
    let id = ApiEndpointId(1);
    let endpoint = ApiEndpointDefined {
        id,
        workspace_id: None,
        settings,
        parameters: Vec::new(),
        created_by,
    };
    let settings = WorkflowSettings {
        name: "workflow".into(),
        description: None,
        environment_id: EnvironmentId(1),
        requires_approval: false,
        tags: None,
        configuration: None,
    };
    let (id, project_id) = (WorkflowId(1), ProjectId(1));
    let workflow = WorkflowCreated {
        id,
        workspace_id: WorkspaceId(1),
        project_id,
        settings,
        created_by,
    };
    let mut events: Vec<Event> = vec![WorkflowEvent::from(workflow).into()];
    for order in 0..3 {
        let step = Step {
            id: StepId(i64::from(order) + 1),
            name: format!("step {order}"),
            description: None,
            order,
            api_endpoint_id: ApiEndpointId(1),
            input_mapping: None,
            output_mapping: None,
            error_handling: None,
            is_optional: false,
            timeout_seconds: 30,
            retry_count: Some(0),
            retry_delay_seconds: 1,
            condition: None,
            created_at: now(),
            updated_at: None,
        };
        events.push(
            WorkflowEvent::from(StepAdded {
                id: WorkflowId(1),
                step,
                in_force: true,
                initial: true,
            })
            .into(),
        );
    }
    vec![
        ("user-1".into(), vec![UserEvent::from(user).into()]),
        ("workspace-1".into(), vec![WorkspaceEvent::from(workspace).into()]),
        ("project-1".into(), vec![ProjectEvent::from(project).into()]),
        ("environment-1".into(), vec![EnvironmentEvent::from(environment).into()]),
        ("api-endpoint-1".into(), vec![ApiEndpointEvent::from(endpoint).into()]),
        ("workflow-1".into(), events),
    ]
}

/// The eight events of a three-step run.
fn run() -> (String, Vec<Event>) {
    let id = ExecutionId(Uuid::now_v7().to_string());
    let run = Run {
        id: id.clone(),
        workflow_id: WorkflowId(1),
        logging: true,
        metrics: true,
    };
    let sealed = |text: &str| Protected::new(DataKey::Runs(WorkspaceId(1), "2026-11".into()), text);
    let request = Some(Request {
        workspace_id: WorkspaceId(1),
        environment_id: EnvironmentId(1),
        workflow_version: 1,
        input: sealed(r#"{"customerId":42,"orderTotal":12.50}"#),
        execution_context: None,
        rerun_of: None,
        callbacks: Vec::new(),
    });
    let (started_at, deadline, node) = (now(), now(), "node-1".to_owned());
    let mut events: Vec<ExecutionEvent> = vec![
        ExecutionStarted {
            run: run.clone(),
            request,
            node,
            started_at,
            deadline,
        }
        .into(),
    ];
    for index in 0..3 {
        let step = StepAttempt {
            step_id: StepId(i64::from(index) + 1),
            name: format!("step {index}"),
            index,
            attempt: 1,
        };
        let request = Some(sealed(r#"{"method":"POST","url":"https://example.com"}"#));
        events.push(
            StepStarted {
                run: run.clone(),
                step: step.clone(),
                started_at,
                request,
            }
            .into(),
        );
        let (output, status_code) = (sealed(r#"{"reserved":true,"id":"r-123456"}"#), Some(200));
        let (duration_ms, total_duration_ms) = (1.234, 1.5);
        let run = run.clone();
        events.push(
            StepSucceeded {
                run,
                step,
                output,
                status_code,
                duration_ms,
                total_duration_ms,
            }
            .into(),
        );
    }
    let (output, ending) = (
        sealed(r#"{"done":true}"#),
        Ending {
            duration_ms: 5.678,
            retry_count: 0,
        },
    );
    events.push(ExecutionCompleted { run, output, ending }.into());
    (id.stream(), events.into_iter().map(Event::from).collect())
}

fn append((stream, events): (String, Vec<Event>)) -> Append {
    let events = events.into_iter().map(|mut event| {
        event.visit_protected(&mut |_, value| {
            let text = value.text().unwrap_or_default().to_owned();
            value.set_sealed(text);
        });
        NewEvent {
            id: Uuid::now_v7(),
            event_type: event.name().into(),
            schema_version: event.schema_version(),
            occurred_at: NOW.into(),
            payload: event.payload().unwrap().into(),
            metadata: "{}".into(),
            typed: Some(Arc::new(event)),
        }
    });
    let streams = vec![StreamAppend {
        stream: StreamId::new(stream),
        aggregate: "aggregate".into(),
        workspace: None,
        expected: StreamVersion(0),
        events: events.collect(),
    }];
    Append {
        streams,
        ..Append::default()
    }
}

async fn open_log(folder: &Path) -> Arc<SqliteLog> {
    SqliteLog::open(folder, LogOptions::new(Arc::new(|| NOW.to_owned())))
        .await
        .unwrap()
}

/// Wall clock and processor time since a moment.
struct Watch(Stopwatch, f64);

/// Seconds of processor time that this process has used, as Linux counts it.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |place: usize| {
        fields
            .get(place)
            .and_then(|field| field.parse::<f64>().ok())
            .unwrap_or_default()
    };
    (ticks(11) + ticks(12)) / 100.0
}

impl Watch {
    fn start() -> Self {
        Self(Stopwatch::now(), processor_seconds())
    }

    fn report(&self, what: &str, events: usize) {
        #[allow(clippy::cast_precision_loss, reason = "a rate for people")]
        let events = events as f64;
        let (seconds, processor) = (self.0.elapsed().as_secs_f64(), processor_seconds() - self.1);
        let cost = processor * 1e6 / events;
        println!(
            "{what:<34} {:>9.0} events/s   {cost:>6.2} µs of processor time/event",
            events / seconds
        );
    }
}

#[tokio::main]
async fn main() {
    // Without arguments of the bench runner's, for example when tests are listed.
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    let chosen =
        |what: &str| !std::env::args().any(|argument| argument == if what == "live" { "replay" } else { "live" });
    if chosen("live") {
        live().await;
    }
    if chosen("replay") {
        replay().await;
    }
}

/// Projects, folds and applies typed events, as the feed hands them out; every second batch boundary cuts runs in two.
async fn live() {
    let sizes: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    for size in if sizes.is_empty() { vec![64, 512, 4096] } else { sizes } {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteReadStore::open(folder.path()).await.unwrap();
        let runs: Vec<_> = (0..RUNS).map(|_| run()).collect();
        // Runs in groups of 32 go through their eight events together, as concurrent runs do.
        let mut events: Vec<(String, u64, Event)> = beginning()
            .into_iter()
            .flat_map(|(stream, events)| {
                events
                    .into_iter()
                    .zip(1..)
                    .map(move |(event, version)| (stream.clone(), version, event))
            })
            .collect();
        for group in runs.chunks(32) {
            for place in 0..8 {
                let at = group
                    .iter()
                    .map(|(stream, events)| (stream.clone(), place as u64 + 1, events[place].clone()));
                events.extend(at);
            }
        }
        let mut expected: Option<Checkpoint> = None;
        let mut position = 0;
        let watch = Watch::start();
        for batch in events.chunks(size) {
            let mut changes = Vec::new();
            for (stream, version, event) in batch {
                position += 1;
                let (stream, version) = (StreamId::new(stream.as_str()), *version);
                let envelope = Envelope {
                    position,
                    stream,
                    version,
                    occurred_at: NOW.into(),
                    part: 0,
                };
                project(&envelope, event, &mut changes);
            }
            let (log_id, leaf_hash) = ("log".into(), "hash".into());
            let next = Checkpoint {
                log_id,
                position: Position(position),
                leaf_hash,
                epoch: 0,
            };
            let expected = expected.replace(next.clone());
            let (park, unpark) = (Vec::new(), Vec::new());
            store
                .apply(ProjectedBatch {
                    expected,
                    next,
                    changes,
                    park,
                    unpark,
                })
                .await
                .unwrap();
        }
        watch.report(&format!("live, {size} events a transaction"), events.len());
    }
}

/// Catches up from an empty file, verifies, and rebuilds.
async fn replay() {
    let folder = tempfile::tempdir().unwrap();
    let log = open_log(folder.path()).await;
    for batch in beginning() {
        log.append(append(batch)).await.unwrap();
    }
    let watch = Watch::start();
    for _ in 0..RUNS / 500 {
        let appends = (0..500).map(|_| {
            let log = Arc::clone(&log);
            tokio::spawn(async move { log.append(append(run())).await.unwrap() })
        });
        for append in appends.collect::<Vec<_>>() {
            append.await.unwrap();
        }
    }
    let events = usize::try_from(log.head().await.unwrap().position.0).unwrap();
    watch.report("(appending them to the log)", events);
    let store = SqliteReadStore::open(folder.path()).await.unwrap();
    let projection = Projection::open(log, store, Arc::new(Plain), Arc::new(|| NOW.into()))
        .await
        .unwrap();
    let watch = Watch::start();
    projection.catch_up().await.unwrap();
    watch.report("catching up from nothing", events);
    let watch = Watch::start();
    let differences = projection.rebuild(|_| {}).await.unwrap();
    assert!(differences.is_empty(), "{differences:?}");
    watch.report("rebuilding beside the serving file", events);
}
