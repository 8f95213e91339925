//! How the callbacks of a run stand, for people: read from the run's stream and the callbacks' own.

use serde::Serialize;
use utoipa::ToSchema;
use wfm_domain::{
    callback::{CallbackEvent, CallbackStatus, GivenUpReason, Notice},
    event::Event,
    ids::ExecutionId,
    instant::Instant,
};
use wfm_storage::event::{StreamId, StreamVersion};

use super::letter::EndedRun;
use crate::{app::App, error::ApplicationError, store::typed};

/// Callbacks of a run that are shown at most.
const MOST_SHOWN: usize = 100;

/// More events than a callback ever has.
const PAGE: u32 = 100;

impl App {
    /// The callbacks of a run, the newest end first.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn callbacks_of(&self, id: &ExecutionId) -> Result<Vec<CallbackView>, ApplicationError> {
        let mut ends = self.store.ends_of(&StreamId::new(id.stream())).await?;
        ends.reverse();
        let mut views = Vec::new();
        for end in &ends {
            let Some(request) = &end.execution.request else {
                continue;
            };
            let run = &end.execution.run;
            let workflow = self
                .definitions
                .pinned(run.workflow_id, request.workflow_version)
                .await?;
            let told = (0_u32..).zip(&request.callbacks);
            for (index, _) in told.filter(|(_, on)| on.contains(&end.outcome)) {
                if views.len() == MOST_SHOWN {
                    return Ok(views);
                }
                let notice = Notice {
                    execution_id: id.clone(),
                    workflow_id: run.workflow_id,
                    ending: end.execution.endings,
                    index,
                };
                let url = workflow
                    .callbacks
                    .get(index as usize)
                    .map(|callback| callback.url.clone());
                views.push(self.view(&notice, end, url.unwrap_or_default()).await?);
            }
        }
        Ok(views)
    }

    async fn view(&self, notice: &Notice, end: &EndedRun, url: String) -> Result<CallbackView, ApplicationError> {
        let mut view = CallbackView::new(notice, end, url);
        let stream = StreamId::new(notice.stream());
        for stored in self.store.log.read_stream(&stream, StreamVersion(0), PAGE).await? {
            if let Some(Event::Callback(event)) = typed(&stored).as_deref() {
                view.fold(event, &stored.occurred_at);
            }
        }
        Ok(view)
    }
}

/// A callback of a run.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallbackView {
    /// Name of the delivery (`X-WFM-Delivery`).
    delivery_id: String,
    /// The URL as the definition has it, variables not filled in.
    url: String,
    /// Completed, Failed or Cancelled: the end that it tells of.
    execution_status: &'static str,
    /// When that was.
    #[schema(value_type = String)]
    ended_at: Instant,
    /// Pending, Delivered or GivenUp.
    status: &'static str,
    /// Attempts that were made.
    attempts: u32,
    /// When the last one ended.
    last_attempt_at: Option<String>,
    /// HTTP status of the last answer.
    status_code: Option<u16>,
    /// What was wrong with the last attempt.
    error_kind: Option<String>,
    /// When the next attempt is due.
    #[schema(value_type = Option<String>)]
    next_attempt_at: Option<Instant>,
    /// Gone, TimeOver or Erased, once it was given up.
    #[schema(value_type = Option<String>)]
    given_up_reason: Option<GivenUpReason>,
}

impl CallbackView {
    fn new(notice: &Notice, end: &EndedRun, url: String) -> Self {
        Self {
            delivery_id: notice.delivery(),
            url,
            execution_status: end.outcome.name(),
            ended_at: end.ended_at,
            status: CallbackStatus::Pending.name(),
            attempts: 0,
            last_attempt_at: None,
            status_code: None,
            error_kind: None,
            next_attempt_at: Some(end.ended_at),
            given_up_reason: None,
        }
    }

    fn fold(&mut self, event: &CallbackEvent, at: &str) {
        match event {
            CallbackEvent::CallbackAttemptFailed(failed) => {
                self.attempts = failed.attempt;
                self.last_attempt_at = Some(at.to_owned());
                self.status_code = failed.status_code;
                self.error_kind = Some(failed.error_kind.clone());
                self.next_attempt_at = Some(failed.next_attempt_at);
            }
            CallbackEvent::CallbackDelivered(delivered) => {
                self.status = CallbackStatus::Delivered.name();
                self.attempts = delivered.attempt;
                self.last_attempt_at = Some(at.to_owned());
                self.status_code = Some(delivered.status_code);
                self.error_kind = None;
                self.next_attempt_at = None;
            }
            CallbackEvent::CallbackGivenUp(given_up) => {
                self.status = CallbackStatus::GivenUp.name();
                self.given_up_reason = Some(given_up.reason);
                self.next_attempt_at = None;
                // Without a kind no attempt was made.
                if let Some(kind) = &given_up.error_kind {
                    self.attempts = given_up.attempts;
                    self.last_attempt_at = Some(at.to_owned());
                    self.status_code = given_up.status_code;
                    self.error_kind = Some(kind.clone());
                }
            }
        }
    }
}
