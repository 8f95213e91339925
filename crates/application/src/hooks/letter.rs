//! What is told of the end of a run, ready to be sent.
//!
//! Invariant: a letter about one end reads the same at every attempt, whatever became of the run since; only its signature is
//! as old as the attempt.

use serde::Serialize;
use serde_json::{Value, value::RawValue};
use wfm_domain::{
    aggregate::Decide,
    callback::Notice,
    event::Event,
    execution::{Execution, Outcome},
    ids::ApiEndpointId,
    instant::Instant,
};
use wfm_expressions::OutgoingRequest;
use wfm_storage::event::{StreamId, StreamVersion};

use super::{
    callback_settings::CompiledCallback,
    signature::{DELIVERY_HEADER, SIGNATURE_HEADER, signed},
};
use crate::{
    error::ApplicationError,
    executions::{
        environment::{Durable, EnvironmentValues, Sending},
        outcome::CallFailure,
        scope::{RunScope, open_json},
        target::{CallLimits, CallTarget},
    },
    store::Store,
};

const PAGE: u32 = 500;

/// A run as of one of its ends.
pub(super) struct EndedRun {
    pub(super) execution: Execution,
    /// Metadata of its first event (JSON).
    pub(super) origin: std::sync::Arc<str>,
    pub(super) executed_at: Instant,
    pub(super) ended_at: Instant,
    pub(super) outcome: Outcome,
}

/// The body of a callback.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Content<'a> {
    execution_id: &'a str,
    workflow_id: i64,
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_parameters: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<&'a str>,
    executed_at: Instant,
    completed_at: Instant,
    execution_context: Option<&'a str>,
}

impl Store {
    /// The ends of a run, the oldest first.
    pub(super) async fn ends_of(&self, stream: &StreamId) -> Result<Vec<EndedRun>, ApplicationError> {
        let mut ends = Vec::new();
        self.read_ends(stream, |end| {
            ends.push(end);
            true
        })
        .await?;
        Ok(ends)
    }

    /// A run as of the end that a notice tells of; `None` when there is none.
    pub(super) async fn end_of(&self, notice: &Notice) -> Result<Option<EndedRun>, ApplicationError> {
        let stream = StreamId::new(notice.execution_id.stream());
        let mut found = None;
        self.read_ends(&stream, |end| {
            let goes_on = end.execution.endings < notice.ending;
            found = (!goes_on).then_some(end);
            goes_on
        })
        .await?;
        Ok(found)
    }

    async fn read_ends(
        &self,
        stream: &StreamId,
        mut each: impl FnMut(EndedRun) -> bool,
    ) -> Result<(), ApplicationError> {
        let mut execution = Execution::default();
        let mut after = StreamVersion(0);
        let mut begun = None;
        loop {
            let page = self.log.read_stream(stream, after, PAGE).await?;
            for stored in &page {
                after = stored.version;
                let at = Instant::parse(&stored.occurred_at)
                    .ok_or_else(|| ApplicationError::Internal(format!("event {} has no instant", stored.position)))?;
                let (origin, executed_at) = begun.get_or_insert_with(|| (stored.metadata.clone(), at));
                for event in self.open(stored).await? {
                    let Event::Execution(event) = event else { continue };
                    let before = execution.endings;
                    execution.evolve(&event);
                    let Some(outcome) = execution.outcome().filter(|_| execution.endings > before) else {
                        continue;
                    };
                    let end = EndedRun {
                        execution: execution.clone(),
                        origin: origin.clone(),
                        executed_at: *executed_at,
                        ended_at: at,
                        outcome,
                    };
                    if !each(end) {
                        return Ok(());
                    }
                }
            }
            if page.len() < PAGE as usize {
                return Ok(());
            }
        }
    }
}

impl EndedRun {
    /// Whether what is to be told can still be read.
    pub(super) fn is_readable(&self) -> bool {
        let input = self.execution.request.as_ref().and_then(|request| request.input.text());
        input.is_some() && (self.outcome != Outcome::Completed || self.execution.result.is_some())
    }

    /// The body.
    pub(super) fn content(&self) -> Result<Vec<u8>, ApplicationError> {
        let result = self.execution.result.as_deref();
        let completed = self.outcome == Outcome::Completed;
        let output = result.filter(|_| completed).map(serde_json::from_str::<&RawValue>);
        let context = self.execution.request.as_ref();
        let content = Content {
            execution_id: &self.execution.run.id.0,
            workflow_id: self.execution.run.workflow_id.0,
            status: self.outcome.name(),
            output_parameters: output.transpose().map_err(ApplicationError::internal)?,
            error_message: result.filter(|_| !completed),
            executed_at: self.executed_at,
            completed_at: self.ended_at,
            execution_context: context.and_then(|request| request.execution_context.as_deref()),
        };
        serde_json::to_vec(&content).map_err(ApplicationError::internal)
    }

    /// The request, signed now.
    pub(super) fn request(
        &self,
        callback: &CompiledCallback,
        delivery: &str,
        scope: &RunScope,
        environment: &EnvironmentValues,
        now: Instant,
    ) -> Result<OutgoingRequest, Unsendable> {
        let unsendable = |error: &dyn std::fmt::Display| Unsendable(error.to_string());
        let rendered = callback
            .request
            .render(&scope.scope(&Durable(environment), None))
            .map_err(|error| unsendable(&error))?;
        let mut request = rendered
            .resolve(&scope.scope(&Sending(environment), None))
            .map_err(|error| unsendable(&error))?;
        let content = self.content().map_err(|error| unsendable(&error))?;
        request.headers.push((DELIVERY_HEADER.to_owned(), delivery.to_owned()));
        if let Some(name) = &callback.secret {
            let secret = environment
                .secret(name)
                .ok_or_else(|| Unsendable(format!("the secret variable {name} is missing, empty or readable")))?;
            let header = signed(secret, now, &content);
            request.headers.push((SIGNATURE_HEADER.to_owned(), header));
            request.secrets.push(secret.to_string());
        }
        request.body = Some(content);
        Ok(request)
    }
}

/// Why a letter cannot be written; for the server's log.
pub(super) struct Unsendable(String);

impl From<Unsendable> for CallFailure {
    fn from(Unsendable(message): Unsendable) -> Self {
        Self {
            kind: "mapping",
            message,
        }
    }
}

/// What expressions of the URL read.
pub(super) fn scope_of(end: &EndedRun, workflow: &crate::executions::definition::CompiledWorkflow) -> RunScope {
    let request = end.execution.request.as_ref();
    let input = request.map_or(Value::Null, |request| open_json(&request.input));
    let context = request.and_then(|request| request.execution_context.as_deref());
    let mut scope = RunScope::new(workflow, &end.execution.run.id.0, context, input);
    scope.set_now(end.ended_at);
    scope
}

/// Callbacks count for no endpoint, have no limits, and are not redirected.
pub(super) fn target() -> CallTarget {
    CallTarget {
        endpoint: ApiEndpointId::default(),
        follow_redirects: 0,
        limits: CallLimits {
            circuit_breaker: None,
            ..CallLimits::default()
        },
    }
}
