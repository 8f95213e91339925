//! Runs that were under way when a node stopped: read from the log, adopted, and driven on.

use std::{collections::HashSet, sync::Arc, time::Duration};

use rustc_hash::FxHashMap;
use wfm_domain::{
    execution::{AdoptExecution, Ask, Execution, Phase, ReportInDoubt, StepAttempt},
    ids::{EnvironmentId, ExecutionId},
};
use wfm_expressions::RenderedRequest;
use wfm_storage::{
    event::StreamVersion,
    work::{WorkFilter, WorkState},
};

use super::{
    live::LiveRun,
    plan::{Plan, Planner, RunScope, open_json},
    registry::StopSignal,
    runs::Runs,
};
use crate::{context::Context, error::ApplicationError};

const PAGE: u32 = 500;

/// How long it may take from a run's record to its driver.
const SETTLING: Duration = Duration::from_millis(200);

/// What recovery found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Runs taken over.
    pub adopted: usize,
    /// Runs that wait for a place.
    pub queued: usize,
}

impl Runs {
    /// A run as the log tells it; `None` when it does not exist.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(super) async fn restore(&self, id: &ExecutionId) -> Result<Option<LiveRun>, ApplicationError> {
        let loaded = self.store.load::<Execution>(id.stream()).await?;
        if loaded.version == StreamVersion(0) {
            return Ok(None);
        }
        let Some(request) = &loaded.aggregate.request else {
            return Ok(None);
        };
        let workflow = self
            .definitions
            .pinned(loaded.aggregate.run.workflow_id, request.workflow_version)
            .await?;
        let input = open_json(&request.input);
        let mut scope = RunScope::new(&workflow, &id.0, request.execution_context.as_deref(), input);
        scope.restore(&loaded.aggregate);
        if let Some(begun) = loaded.aggregate.step_started_at {
            scope.set_now(begun);
        }
        let key = request.input.key().clone();
        let mut live = LiveRun {
            loaded,
            workflow,
            scope,
            key,
            call: None,
            context: Context::system("engine", id.0.as_str()),
            stop: StopSignal::default(),
        };
        live.reopen();
        Ok(Some(live))
    }

    /// Takes over every run under way that no living node drives, and counts those that are queued. A run that another
    /// node took over meanwhile is left to it.
    ///
    /// # Errors
    /// When the log fails.
    pub async fn recover(&self) -> Result<Recovered, ApplicationError> {
        let alive = self.membership.alive().await?;
        let mut recovered = Recovered::default();
        let mut filter = WorkFilter::default();
        let mut queued = FxHashMap::default();
        self.queue.recount();
        loop {
            let page = self.store.log.work(&filter, PAGE).await?;
            let Some(last) = page.last() else {
                self.queue.counted(queued);
                return Ok(recovered);
            };
            filter.after = Some(Arc::clone(&last.execution));
            let mut left = Vec::new();
            for item in &page {
                match item.state {
                    WorkState::Queued => {
                        recovered.queued += 1;
                        *queued.entry(EnvironmentId(item.environment)).or_default() += 1;
                    }
                    WorkState::Running | WorkState::Timer | WorkState::Signal | WorkState::Approval => {
                        let id = ExecutionId(item.execution.to_string());
                        if !self.is_driven(&id, item.owner.as_deref(), &alive) {
                            left.push((id, item));
                        }
                    }
                }
            }
            if !left.is_empty() && !self.registry.is_empty() {
                // A run of this node may have been recorded a moment ago and not be driven yet.
                tokio::time::sleep(SETTLING).await;
                left.retain(|(id, item)| !self.is_driven(id, item.owner.as_deref(), &alive));
            }
            for (id, _) in left {
                match self.adopt(&id).await {
                    Ok(()) => recovered.adopted += 1,
                    Err(ApplicationError::Contended | ApplicationError::Refused(_)) => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }

    fn is_driven(&self, id: &ExecutionId, owner: Option<&str>, alive: &HashSet<String>) -> bool {
        match owner {
            Some(owner) if owner == &**self.membership.holder() => self.registry.drives(id),
            Some(owner) => alive.contains(owner),
            None => false,
        }
    }

    async fn adopt(&self, id: &ExecutionId) -> Result<(), ApplicationError> {
        let Some(mut live) = self.restore(id).await? else {
            return Ok(());
        };
        if live.loaded.aggregate.outcome().is_some() {
            return Ok(());
        }
        live.stop = self.registry.drive(id);
        let now = self.store.now();
        let environment = self.definitions.environment(live.workflow.environment).await?;
        let plan = if live.loaded.aggregate.phase == Phase::Between {
            let next = live.scope.next_index();
            let planner = &mut Planner {
                workflow: &live.workflow,
                environment: &environment,
                scope: &mut live.scope,
                key: &live.key,
            };
            planner.from(next, now)
        } else {
            Plan {
                moves: Vec::new(),
                call: live.open_call(),
            }
        };
        let adopt = Ask::Adopt(AdoptExecution {
            node: self.membership.node().to_string(),
            moves: plan.moves,
        });
        self.advance(&mut live, adopt, plan.call, now).await?;
        if let Some(step) = live.in_doubt() {
            let index = step.index as usize;
            let message = "the node stopped while the call was under way, and the step must not be repeated";
            let fail = {
                let planner = Planner {
                    workflow: &live.workflow,
                    environment: &environment,
                    scope: &mut live.scope,
                    key: &live.key,
                };
                planner.fail(&live.workflow.steps[index], message)
            };
            let ask = Ask::ReportInDoubt(ReportInDoubt {
                step,
                moves: vec![fail],
            });
            self.advance(&mut live, ask, None, now).await?;
        }
        if live.loaded.aggregate.outcome().is_none() {
            self.hand_over(live).await?;
        }
        Ok(())
    }
}

impl LiveRun {
    /// Restores the open call from the rendered request in the log.
    fn reopen(&mut self) {
        let index = match &self.loaded.aggregate.phase {
            Phase::Calling(step) | Phase::Waiting(step, _) => step.index as usize,
            Phase::New | Phase::Queued | Phase::Between | Phase::Failed(_) | Phase::Ended(_) => return,
        };
        let text = self
            .loaded
            .aggregate
            .step_request
            .as_ref()
            .and_then(|request| request.text());
        let request = text.and_then(|text| serde_json::from_str::<RenderedRequest>(text).ok());
        self.open(request.map(|request| (index, request)));
    }

    /// The attempt whose outcome nobody knows and that must not be sent again.
    fn in_doubt(&self) -> Option<StepAttempt> {
        let Phase::Calling(step) = &self.loaded.aggregate.phase else {
            return None;
        };
        let compiled = self.workflow.steps.get(step.index as usize)?;
        (!compiled.handling.repeatable).then(|| step.clone())
    }
}
