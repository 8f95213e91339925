//! Collects the events of a decision while checking each against the table of legal transitions.

use super::{
    CompensationStarted, Ending, Execution, ExecutionCompleted, ExecutionEvent, ExecutionFailed, ExecutionParked,
    LeftStep, Move, OpenStep, ParkReason, Phase, Run, Stage, StepCompensationFailed, StepCompensationStarted,
    StepFailed, StepSkipped, StepStarted, standing::Standing,
};
use crate::{instant::Instant, refusal::Refusal};

pub(super) struct Recorder<'a> {
    before: &'a Execution,
    pub(super) standing: Standing,
    pub(super) started_at: Option<Instant>,
    pub(super) run: Run,
    now: Instant,
    pub(super) events: Vec<ExecutionEvent>,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(before: &'a Execution, now: Instant) -> Self {
        Self {
            before,
            standing: before.standing.clone(),
            started_at: before.started_at,
            run: before.run.clone(),
            now,
            events: Vec::with_capacity(3),
        }
    }

    pub(super) fn record(&mut self, event: impl Into<ExecutionEvent>) -> Result<(), Refusal> {
        let event = event.into();
        if self.standing.apply(&event).is_err() {
            return Err(self.refuse(event.name()));
        }
        self.events.push(event);
        Ok(())
    }

    /// The refusal of an event that may not happen here.
    pub(super) fn refuse(&self, event: &str) -> Refusal {
        illegal(&self.standing, event)
    }

    /// How the run went, if it ends now.
    pub(super) fn ending(&self) -> Ending {
        Ending {
            duration_ms: self.started_at.map_or(0.0, |start| self.now.milliseconds_since(start)),
            retry_count: self.before.retry_count,
        }
    }

    /// The steps that are left unfinished, if the run turns away from them now.
    pub(super) fn left(&self) -> Vec<LeftStep> {
        let undoing = self.standing.phase == Phase::Compensating;
        let left = |open: &OpenStep| {
            let mut step = open.step.clone();
            // The attempt to come was none.
            if let Stage::Waiting(_) = open.stage {
                step.attempt -= 1;
            }
            LeftStep {
                step,
                under_way: matches!(open.stage, Stage::Calling | Stage::Signal(..)),
                undoing,
                total_duration_ms: self.now.milliseconds_since(open.started_at),
            }
        };
        self.standing.open.iter().map(left).collect()
    }

    /// Milliseconds since the first attempt of the open step began.
    pub(super) fn step_duration(&self, index: u32) -> f64 {
        let open = self.before.standing.open_step(index);
        open.map_or(0.0, |open| self.now.milliseconds_since(open.started_at))
    }

    pub(super) fn run_moves(&mut self, moves: Vec<Move>) -> Result<(), Refusal> {
        moves.into_iter().try_for_each(|next| self.run_move(next))
    }

    /// The run gives its place back.
    pub(super) fn park(&mut self) -> Result<(), Refusal> {
        let reason = if self.standing.paused {
            ParkReason::Paused
        } else {
            ParkReason::Signal
        };
        self.record(ExecutionParked {
            run: self.run.clone(),
            reason,
            parked_at: self.now,
        })
    }

    fn run_move(&mut self, next: Move) -> Result<(), Refusal> {
        let run = self.run.clone();
        match next {
            Move::Skip {
                step_id,
                name,
                index,
                reason,
            } => self.record(StepSkipped {
                run,
                step_id,
                name,
                index,
                reason: reason.to_owned(),
            }),
            Move::FailToPrepare {
                step,
                kind,
                message,
                consequence,
            } => self.record(StepFailed {
                run,
                step,
                error_kind: kind.to_owned(),
                message,
                status_code: None,
                duration_ms: 0.0,
                total_duration_ms: 0.0,
                consequence,
            }),
            Move::Call { step, request } => self.record(StepStarted {
                run,
                step,
                started_at: self.now,
                request: Some(request),
            }),
            Move::Park => self.park(),
            Move::Compensate { message, step_id } => {
                let left = self.left();
                self.record(CompensationStarted {
                    run,
                    message,
                    step_id,
                    left,
                })
            }
            Move::Undo { step, request } => self.record(StepCompensationStarted {
                run,
                step,
                started_at: self.now,
                request: Some(request),
            }),
            Move::FailToUndo { step, kind, message } => self.record(StepCompensationFailed {
                run,
                step,
                error_kind: kind.to_owned(),
                message,
                status_code: None,
                duration_ms: 0.0,
                due_at: None,
            }),
            Move::Complete { output } => {
                let ending = self.ending();
                self.record(ExecutionCompleted { run, output, ending })
            }
            Move::Fail { message, step_id } => {
                let (ending, left) = (self.ending(), self.left());
                self.record(ExecutionFailed {
                    run,
                    message,
                    step_id,
                    ending,
                    left,
                })
            }
        }
    }
}

fn illegal(standing: &Standing, event: &str) -> Refusal {
    let state = match standing.phase {
        Phase::Ended(outcome) => {
            return Refusal::conflict(
                "execution-ended",
                format!("the execution has ended already: {}", outcome.name()),
            );
        }
        Phase::New => return Refusal::not_found("execution-not-found", "the execution does not exist"),
        Phase::Held => "waits for an approval",
        Phase::Queued | Phase::Running | Phase::Parked if standing.paused => "is paused",
        Phase::Queued => "waits for a place",
        Phase::Running => "is running",
        Phase::Parked => "waits for a signal",
        Phase::Compensating => "is undoing its finished steps",
    };
    Refusal::conflict(
        "execution-state",
        format!("{event} may not happen while the execution {state}"),
    )
}
