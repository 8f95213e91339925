//! Plays a run through with given answers, in simulated time: the events that the log would hold.
//!
//! Invariant: the aggregate, the planner and the judge of driven runs decide everything. There is no store and no connector
//! here, so that nothing can be recorded and nobody called.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde_json::Value;
use wfm_domain::{
    aggregate::Decide,
    execution::{
        Ask, ContinueExecution, Execution, ExecutionCommand, ExecutionEvent, Outcome, Phase, Request, Run, SendSignal,
        SignalAwaited, Stage, StartExecution, StepAttempt, StepCompensationStarted, StepStarted, StepSucceeded,
    },
    ids::ExecutionId,
    instant::Instant,
    protected::{DataKey, Protected},
    refusal::Refusal,
};
use wfm_storage::event::{StreamId, StreamVersion};

use super::{
    definition::CompiledWorkflow,
    environment::EnvironmentValues,
    live::{CallId, FollowUp, LiveRun},
    outcome::{Answer, CallFailure},
    promotion::next_deadline,
    registry::DriverSignal,
    reports::Report,
    scope::RunScope,
};
use crate::{context::Context, store::Loaded};

/// Events after which a rehearsal is given up.
const MOST_EVENTS: usize = 10_000;

/// Bytes of requests, answers and outputs after which a rehearsal is given up.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// `system.executionId` of a rehearsal: the nil UUID, which no run has.
const NO_EXECUTION: &str = "00000000-0000-0000-0000-000000000000";

/// Name of the node in the events, which nobody records.
const NO_NODE: &str = "rehearsal";

/// What a call is answered with.
pub type Mock = Result<Answer, CallFailure>;

/// Answers by step, one an attempt; the last one stands for all further attempts.
pub type Mocks = BTreeMap<String, Vec<Mock>>;

/// What a rehearsal is given.
pub struct Script {
    /// The definition.
    pub workflow: Arc<CompiledWorkflow>,
    /// The environment, without secrets.
    pub environment: EnvironmentValues,
    /// Input parameters: an object.
    pub input: Value,
    /// The caller's business key.
    pub execution_context: Option<String>,
    /// Answers to the steps' calls.
    pub mocks: Mocks,
    /// Answers to the calls that undo steps.
    pub undo_mocks: Mocks,
    /// Signals that are there from the beginning, with what they bring.
    pub signals: Vec<(String, Value)>,
    /// When it begins.
    pub now: Instant,
}

/// Why a rehearsal stopped before the run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stopped {
    /// It made more events or data than a rehearsal may.
    TooLong,
    /// It waits for signals that the script does not have.
    Waits(Vec<String>),
}

/// How a rehearsal went.
pub struct Rehearsed {
    /// What the log would hold, each event with its instant.
    pub events: Vec<(Instant, ExecutionEvent)>,
    /// How it ended; `None` when it was stopped.
    pub outcome: Option<Outcome>,
    /// Output (JSON) or message of its end.
    pub result: Option<Arc<str>>,
    /// Why it was stopped.
    pub stopped: Option<Stopped>,
}

/// A call under way.
struct Flight {
    id: CallId,
    ends_at: Instant,
    answer: Mock,
}

struct Rehearsal {
    live: LiveRun,
    environment: EnvironmentValues,
    mocks: Mocks,
    undo_mocks: Mocks,
    now: Instant,
    flights: Vec<Flight>,
    events: Vec<(Instant, ExecutionEvent)>,
    bytes: usize,
}

/// Plays the script through.
///
/// # Errors
/// When the aggregate refuses, for example too many signals.
pub fn rehearse(script: Script) -> Result<Rehearsed, Refusal> {
    let Script {
        workflow,
        environment,
        input,
        execution_context,
        mocks,
        undo_mocks,
        signals,
        now,
    } = script;
    let id = ExecutionId(NO_EXECUTION.to_owned());
    let key = DataKey::Runs(workflow.workspace, now.month());
    let run = Run {
        id: id.clone(),
        workflow_id: workflow.id,
        logging: false,
        metrics: false,
    };
    let request = Request {
        workspace_id: workflow.workspace,
        environment_id: environment.id,
        workflow_version: workflow.version,
        input: Protected::new(key.clone(), input.to_string()),
        execution_context: execution_context.clone(),
        rerun_of: None,
        callbacks: Vec::new(),
    };
    let scope = RunScope::new(&workflow, &id.0, execution_context.as_deref(), input);
    let live = LiveRun {
        loaded: Loaded {
            stream: StreamId::new(id.stream()),
            workspace: Some(workflow.workspace.0),
            version: StreamVersion(0),
            aggregate: Execution::default(),
            origin: None,
            last_event: None,
        },
        workflow,
        scope,
        key,
        calls: Vec::new(),
        context: Context::system(NO_NODE, NO_EXECUTION),
        tenure: 0,
        draining: false,
        signal: DriverSignal::default(),
    };
    let mut rehearsal = Rehearsal {
        live,
        environment,
        mocks,
        undo_mocks,
        now,
        flights: Vec::new(),
        events: Vec::new(),
        bytes: 0,
    };
    rehearsal.begin(run, request)?;
    for (name, payload) in signals {
        rehearsal.send_signal(name, &payload)?;
    }
    let stopped = rehearsal.play()?;
    let execution = &rehearsal.live.loaded.aggregate;
    Ok(Rehearsed {
        outcome: execution.outcome(),
        result: execution.result.clone(),
        events: rehearsal.events,
        stopped,
    })
}

impl Rehearsal {
    fn begin(&mut self, run: Run, request: Request) -> Result<(), Refusal> {
        let plan = self.live.planner(&self.environment).proceed(0, self.now);
        let timeout = i64::from(self.environment.configuration.timeout) * 1000;
        let ask = Ask::Start(StartExecution {
            run,
            request: Some(request),
            node: NO_NODE.to_owned(),
            deadline: self.now.plus_milliseconds(timeout),
            moves: plan.moves,
        });
        self.advance(FollowUp { ask, calls: plan.calls })
    }

    fn send_signal(&mut self, signal: String, payload: &Value) -> Result<(), Refusal> {
        if self.live.loaded.aggregate.outcome().is_some() {
            return Ok(());
        }
        let payload = Protected::new(self.live.key.clone(), payload.to_string());
        let ask = Ask::Signal(SendSignal {
            signal,
            payload,
            sent_by: None,
        });
        let calls = Vec::new();
        self.advance(FollowUp { ask, calls })
    }

    /// Takes the run on until it ends or nothing more can happen.
    fn play(&mut self) -> Result<Option<Stopped>, Refusal> {
        while self.live.loaded.aggregate.outcome().is_none() {
            if self.events.len() > MOST_EVENTS || self.bytes > MOST_BYTES {
                return Ok(Some(Stopped::TooLong));
            }
            if !self.live.loaded.aggregate.standing.holds_place() {
                if let Some(waits) = self.go_on()? {
                    return Ok(Some(waits));
                }
                continue;
            }
            if let Some(follow_up) = self.live.due(&self.environment, self.now) {
                self.advance(follow_up)?;
                continue;
            }
            self.send();
            let next = self.flights.iter().enumerate().min_by_key(|(_, flight)| flight.ends_at);
            let next = next.map(|(place, flight)| (place, flight.ends_at));
            let standing = &self.live.loaded.aggregate.standing;
            let deadline = self.live.deadline().filter(|_| standing.phase == Phase::Running);
            let wakes = [standing.due_at(), deadline].into_iter().flatten();
            let wakes = wakes.filter(|instant| *instant > self.now).min();
            match (next, wakes) {
                (Some((place, ends_at)), wakes) if wakes.is_none_or(|wakes| ends_at <= wakes) => self.land(place)?,
                (_, Some(wakes)) => self.now = wakes,
                (_, None) => return Ok(Some(Stopped::TooLong)),
            }
        }
        Ok(None)
    }

    /// Takes a parked run on once its signal is there or its wait is over.
    fn go_on(&mut self) -> Result<Option<Stopped>, Refusal> {
        let standing = &self.live.loaded.aggregate.standing;
        if standing.phase == Phase::Parked {
            let Some(due_at) = standing.due_at() else {
                let named = standing.open.iter().filter_map(|open| match &open.stage {
                    Stage::Signal(name, _) => Some(name.clone()),
                    Stage::Calling | Stage::Failed | Stage::Waiting(_) => None,
                });
                return Ok(Some(Stopped::Waits(named.collect())));
            };
            self.now = self.now.max(due_at);
            let calls = Vec::new();
            self.advance(FollowUp {
                ask: Ask::Requeue,
                calls,
            })?;
        }
        let execution = &self.live.loaded.aggregate;
        let deadline = next_deadline(execution, &self.environment, self.now);
        let plan = if execution.standing.open.is_empty() {
            self.live.planned(&self.environment, self.now)
        } else {
            super::plan::Plan::default()
        };
        let ask = Ask::Continue(ContinueExecution {
            node: NO_NODE.to_owned(),
            deadline,
            moves: plan.moves,
        });
        self.advance(FollowUp { ask, calls: plan.calls })?;
        Ok(None)
    }

    /// Lets the open calls that are not under way begin.
    fn send(&mut self) {
        let undoing = self.live.loaded.aggregate.standing.phase == Phase::Compensating;
        let mocks = if undoing { &self.undo_mocks } else { &self.mocks };
        for open in self.live.open_steps() {
            let id = (open.step.index, open.step.attempt);
            if open.stage != Stage::Calling || self.flights.iter().any(|flight| flight.id == id) {
                continue;
            }
            let made = open.step.attempt.saturating_sub(open.first_attempt) as usize;
            let answer = mocks
                .get(&open.step.name)
                .and_then(|given| given.get(made).or(given.last()));
            let answer = answer.cloned().unwrap_or_else(no_content);
            let left = self.live.deadline().filter(|_| !undoing);
            let timeout = self.live.attempts(open.step.index as usize).timeout;
            let ends_at = match &answer {
                Err(failure) if failure.kind == "timeout" => {
                    let at = self.now.plus_milliseconds(milliseconds(timeout));
                    left.map_or(at, |left| left.min(at))
                }
                Ok(_) | Err(_) => self.now,
            };
            if let Ok(answer) = &answer {
                self.bytes += answer.body.len();
            }
            self.flights.push(Flight { id, ends_at, answer });
        }
    }

    /// The call at this place of the flights ends.
    fn land(&mut self, place: usize) -> Result<(), Refusal> {
        let began_at = self.now;
        let Flight { id, ends_at, answer } = self.flights.remove(place);
        self.now = self.now.max(ends_at);
        let open = self.live.open_steps().iter();
        let step: Option<StepAttempt> = open
            .filter(|open| (open.step.index, open.step.attempt) == id && open.stage == Stage::Calling)
            .map(|open| open.step.clone())
            .next();
        let Some(step) = step else { return Ok(()) };
        let follow_up = self.live.outcome(
            Report {
                step,
                duration_ms: self.now.milliseconds_since(began_at),
                now: self.now,
                environment: &self.environment,
                // The longest wait that jitter allows.
                fraction: &|| 1.0,
            },
            &answer,
            &[],
        );
        self.advance(follow_up)
    }

    fn advance(&mut self, FollowUp { ask, calls }: FollowUp) -> Result<(), Refusal> {
        let now = self.now;
        let events = self.live.loaded.aggregate.decide(ExecutionCommand { now, ask })?;
        self.live.fold(&events);
        self.live.keep_calls(calls);
        for event in events {
            self.bytes += size(&event);
            self.events.push((now, event));
        }
        Ok(())
    }
}

/// The answer to a call that the script does not answer: success without a body.
#[allow(clippy::unnecessary_wraps, reason = "a mock is an answer or a failure")]
fn no_content() -> Mock {
    Ok(Answer {
        status: 200,
        headers: Vec::new(),
        body: Vec::new(),
        secrets: Vec::new(),
    })
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Bytes of what an event carries.
fn size(event: &ExecutionEvent) -> usize {
    let (ExecutionEvent::StepStarted(StepStarted {
        request: Some(text), ..
    })
    | ExecutionEvent::StepCompensationStarted(StepCompensationStarted {
        request: Some(text), ..
    })
    | ExecutionEvent::StepSucceeded(StepSucceeded { output: text, .. })
    | ExecutionEvent::SignalAwaited(SignalAwaited { answer: text, .. })) = event
    else {
        return 0;
    };
    text.text().map_or(0, str::len)
}
