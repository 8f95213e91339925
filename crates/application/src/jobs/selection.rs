//! Which executions a filter matches, by the read models as of now.

use std::time::Duration;

use wfm_domain::{
    ids::{ExecutionId, WorkspaceId},
    job::MOST_EXECUTIONS,
    refusal::Refusal,
};
use wfm_projections::queries::{ListRequest, Visibility, list, page, resources::ExecutionRow};

use super::BulkFilter;
use crate::{app::App, error::ApplicationError};

/// Rows that are read at once: each carries its run's input and output.
const PAGE: u32 = 200;

/// How long it is waited until the read models show what was recorded before.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

impl App {
    /// The executions of a workspace that match, oldest first.
    pub(super) async fn matching(
        &self,
        workspace: WorkspaceId,
        filter: &BulkFilter,
        limit: Option<u32>,
    ) -> Result<Vec<ExecutionId>, ApplicationError> {
        let most = match limit {
            None => MOST_EXECUTIONS,
            Some(limit) if (1..=MOST_EXECUTIONS).contains(&(limit as usize)) => limit as usize,
            Some(_) => {
                return Err(Refusal::field("/limit", format!("a whole number from 1 to {MOST_EXECUTIONS}")).into());
            }
        };
        let head = self.store.log.head().await?.position;
        self.projection.wait_for(head, LONGEST_WAIT).await;
        let mut request = request(workspace, filter)?;
        let mut executions = Vec::new();
        loop {
            let query = list::<ExecutionRow>(&request).map_err(ApplicationError::internal)?;
            let rows = self.reads.query(query).await?;
            let found = page::<ExecutionRow>(&request, rows).map_err(ApplicationError::internal)?;
            executions.extend(found.items.into_iter().map(|row| ExecutionId(row.id)));
            let more = found.next_cursor.is_some();
            if executions.len() > most || (executions.len() == most && more) {
                if limit.is_none() {
                    let detail = format!(
                        "more than {MOST_EXECUTIONS} executions match; narrow it, or give limit for the oldest ones"
                    );
                    return Err(Refusal::field("/filter", detail).into());
                }
                executions.truncate(most);
                return Ok(executions);
            }
            if !more {
                return Ok(executions);
            }
            request.cursor = found.next_cursor;
        }
    }
}

fn request(workspace: WorkspaceId, filter: &BulkFilter) -> Result<ListRequest, ApplicationError> {
    let mut request = ListRequest::new(Visibility::Workspaces(vec![workspace.0]), PAGE);
    request.sort = Some("id".to_owned());
    let number = |id: Option<i64>| id.map(|id| id.to_string());
    let conditions = [
        ("workflowId", number(filter.workflow_id)),
        ("environmentId", number(filter.environment_id)),
        ("status", filter.status.clone()),
        ("state", filter.state.clone()),
        ("executionContext", filter.execution_context.clone()),
        ("executedFrom", filter.executed_from.clone()),
        ("executedTo", filter.executed_to.clone()),
    ];
    for (name, value) in conditions {
        if let Some(value) = value {
            request = request
                .filter_text::<ExecutionRow>(name, &value)
                .map_err(|error| Refusal::field(format!("/filter/{name}"), error.to_string()))?;
        }
    }
    Ok(request)
}
