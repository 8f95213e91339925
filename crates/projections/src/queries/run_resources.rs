//! What can be read of runs: executions, their steps' attempts, logs and metrics, and schedules. See [`super::resources`].

use wfm_storage::read_store::{Cell, ColumnKind};

use super::{
    cells::{DecodeError, FromCell},
    list::{Listed, Range, Resource, ResourceColumn, Sorting},
    scope::Scope,
};
use crate::tables::step_run_keys;

/// `ExecutionStatus`.
pub const EXECUTION_STATUSES: &[&str] = &["Running", "Completed", "Failed", "Cancelled"];

/// `ApprovalStatus`.
pub const APPROVAL_STATUSES: &[&str] = &["Pending", "Approved", "Rejected", "Cancelled"];

/// `ExecutionStates.State`.
pub const EXECUTION_STATES: &[&str] = &[
    "Queued",
    "Running",
    "Retrying",
    "Paused",
    "WaitingSignal",
    "WaitingApproval",
    "Compensating",
    "Completed",
    "Failed",
    "Cancelled",
];

/// `StepRuns.Status`, and what it counts as once the run has ended.
pub const STEP_RUN_STATUSES: &[&str] = &[
    "Running",
    "Waiting",
    "Succeeded",
    "Failed",
    "Skipped",
    "InDoubt",
    "Compensating",
    "Compensated",
    "CompensationFailed",
    "Cancelled",
];

/// `ExecutionLogs.LogLevel`.
pub const LOG_LEVELS: &[&str] = &["Info", "Warning", "Error", "Debug"];

/// `WorkflowApprovals.ApprovalType`.
pub const APPROVAL_TYPES: &[&str] = &["Publish", "Execute"];

/// `WorkflowMetrics.MetricName`.
pub const METRICS: &[&str] = &["DurationMs", "RetryCount", "StepDurationMs"];

/// No enum.
const PLAIN: &[&str] = &[];

resources! {
    /// A run.
    struct ExecutionRow = "executions" from "WorkflowExecutions r CROSS JOIN ExecutionStates s"
        where "s.ExecutionId = r.Id" scope Scope::Workspace("s.WorkspaceId"), sorted "-executedAt" {
        /// Key: UUIDv7.
        id: String = "id" Text "r.Id" [filter sort binary],
        /// Its workflow.
        workflow_id: i64 = "workflowId" Integer "r.WorkflowId" [filter sort],
        /// Running, Completed, Failed or Cancelled.
        status: i64 = "status" Integer "r.Status" [filter sort] as EXECUTION_STATUSES,
        /// Queued, Running, Retrying, Paused, WaitingSignal, WaitingApproval, Compensating, or the status it ended in.
        state: String = "state" Text "s.State" [filter sort] as EXECUTION_STATES,
        /// When it began or was queued.
        executed_at: String = "executedAt" Instant "r.ExecutedAt" [filter sort],
        /// When it ended.
        completed_at: Option<String> = "completedAt" Instant "r.CompletedAt" [sort_null],
        /// JSON input.
        input_parameters: Option<String> = "inputParameters" Text "r.InputParameters" [],
        /// JSON output.
        output_parameters: Option<String> = "outputParameters" Text "r.OutputParameters" [],
        /// What went wrong.
        error_message: Option<String> = "errorMessage" Text "r.ErrorMessage" [],
        /// The caller's business key.
        execution_context: Option<String> = "executionContext" Text "r.ExecutionContext" [filter sort_null],
        /// Its workflow's workspace.
        workspace_id: i64 = "workspaceId" Integer "s.WorkspaceId" [filter sort],
        /// Its environment.
        environment_id: i64 = "environmentId" Integer "s.EnvironmentId" [filter sort],
        /// The version it is pinned to.
        workflow_version: i64 = "workflowVersion" Integer "s.WorkflowVersion" [filter sort],
        /// Attempts after the first, over all steps; known when it ended.
        retry_count: i64 = "retryCount" Integer "s.RetryCount" [filter sort],
        /// Milliseconds from start to end.
        duration_ms: Option<f64> = "durationMs" Real "s.DurationMs" [],
        /// When the next attempt is due.
        due_at: Option<String> = "dueAt" Instant "s.DueAt" [sort_null],
        /// Version of its stream.
        version: i64 = "version" Integer "s.StreamVersion" [],
    }
    ranges {
        "executedFrom" Instant "r.ExecutedAt >=",
        "executedTo" Instant "r.ExecutedAt <",
    }

    /// An attempt of a step, or a skipped step. List those of one run with [`of_execution`].
    struct StepRunRow = "step runs" from "StepRuns r CROSS JOIN ExecutionStates s"
        where "s.ExecutionId = r.ExecutionId" scope Scope::Workspace("s.WorkspaceId"), sorted "id" {
        /// Key: sorts as the run went.
        id: String = "id" Text "r.Id" [filter sort binary],
        /// The run.
        execution_id: String = "executionId" Text "r.ExecutionId" [binary],
        /// The step.
        step_id: i64 = "stepId" Integer "r.StepId" [filter],
        /// Name of the step in the pinned version.
        step_name: String = "stepName" Text "r.StepName" [filter],
        /// Place in the pinned version, from 0.
        step_index: i64 = "stepIndex" Integer "r.StepIndex" [],
        /// 1 for the first attempt; 0 when skipped.
        attempt: i64 = "attempt" Integer "r.Attempt" [],
        /// Running, Waiting (for a signal), Succeeded, Failed, Skipped, InDoubt; Compensating, Compensated, CompensationFailed
        /// for attempts to undo the step; Cancelled when the run ended before the attempt did.
        status: String = "status" Text
            "CASE WHEN r.Status = 'Running' AND s.State IN ('Completed', 'Failed', 'Cancelled') THEN 'Cancelled' ELSE r.Status END"
            [filter] as STEP_RUN_STATUSES,
        /// When the attempt began.
        started_at: Option<String> = "startedAt" Instant "r.StartedAt" [],
        /// When it ended.
        completed_at: Option<String> = "completedAt" Instant "r.CompletedAt" [],
        /// Milliseconds it took.
        duration_ms: Option<f64> = "durationMs" Real "r.DurationMs" [],
        /// HTTP status of the answer.
        status_code: Option<i64> = "statusCode" Integer "r.StatusCode" [],
        /// Kind of the failure.
        error_kind: Option<String> = "errorKind" Text "r.ErrorKind" [],
        /// What went wrong.
        error_message: Option<String> = "errorMessage" Text "r.ErrorMessage" [],
        /// JSON output.
        output: Option<String> = "output" Text "r.Output" [],
    }
    ranges {
        "idFrom" Text "r.Id >=",
        "idTo" Text "r.Id <",
    }

    /// A log row.
    struct ExecutionLogRow = "execution logs" from "ExecutionLogs r CROSS JOIN ExecutionStates s"
        where "s.ExecutionId = r.ExecutionId" scope Scope::Workspace("s.WorkspaceId"), sorted "id" {
        /// Key: sorts by time.
        id: i64 = "id" Integer "r.Id" [filter sort],
        /// The run.
        execution_id: String = "executionId" Text "r.ExecutionId" [filter binary],
        /// The step, while the table of steps has it.
        step_id: Option<i64> = "stepId" Integer "r.StepId" [filter],
        /// Info, Warning, Error or Debug.
        log_level: String = "logLevel" Text "r.LogLevel" [filter] as LOG_LEVELS,
        /// For people.
        message: String = "message" Text "r.Message" [],
        /// JSON facts.
        details: Option<String> = "details" Text "r.Details" [],
        /// When it happened.
        created_at: String = "createdAt" Instant "r.CreatedAt" [sort],
    }

    /// An approval of a draft or of a run.
    struct ApprovalRow = "approvals" from "WorkflowApprovals r INNER JOIN Workflows w ON w.Id = r.WorkflowId \
        INNER JOIN Projects p ON p.Id = w.ProjectId LEFT JOIN RowVersions v ON v.Stream = CONCAT('approval-', r.Id)"
        where "" scope Scope::Workspace("p.WorkspaceId"), sorted "-id" {
        /// Key.
        id: i64 = "id" Integer "r.Id" [filter sort],
        /// The workflow.
        workflow_id: i64 = "workflowId" Integer "r.WorkflowId" [filter sort],
        /// Who asked.
        requested_by_user_id: i64 = "requestedByUserId" Integer "r.RequestedByUserId" [filter],
        /// Who decided.
        approver_user_id: Option<i64> = "approverUserId" Integer "r.ApproverUserId" [filter],
        /// Pending, Approved, Rejected or Cancelled.
        status: i64 = "status" Integer "r.Status" [filter sort] as APPROVAL_STATUSES,
        /// Publish or Execute.
        approval_type: String = "approvalType" Text "r.ApprovalType" [filter sort] as APPROVAL_TYPES,
        /// Why it was asked for.
        request_reason: Option<String> = "requestReason" Text "r.RequestReason" [],
        /// What was said about the decision.
        approval_comments: Option<String> = "approvalComments" Text "r.ApprovalComments" [],
        /// When it was asked for.
        requested_at: String = "requestedAt" Instant "r.RequestedAt" [filter sort],
        /// When it was approved.
        approved_at: Option<String> = "approvedAt" Instant "r.ApprovedAt" [sort_null],
        /// JSON: contentHash, expiresAt, executionId of a run, and what the caller noted.
        metadata: Option<String> = "metadata" Text "r.Metadata" [],
        /// Version of its stream.
        version: Option<i64> = "version" Integer "v.Version" [],
    }

    /// A measurement.
    struct WorkflowMetricRow = "workflow metrics" from "WorkflowMetrics r INNER JOIN Workflows w ON w.Id = r.WorkflowId \
        INNER JOIN Projects p ON p.Id = w.ProjectId"
        where "" scope Scope::Workspace("p.WorkspaceId"), sorted "-recordedAt" {
        /// Key: sorts by time.
        id: i64 = "id" Integer "r.Id" [filter sort],
        /// The workflow.
        workflow_id: i64 = "workflowId" Integer "r.WorkflowId" [filter],
        /// DurationMs, RetryCount or StepDurationMs.
        metric_name: String = "metricName" Text "r.MetricName" [filter] as METRICS,
        /// The value.
        metric_value: f64 = "metricValue" Real "r.MetricValue" [],
        /// JSON facts.
        metadata: Option<String> = "metadata" Text "r.Metadata" [],
        /// When it was measured.
        recorded_at: String = "recordedAt" Instant "r.RecordedAt" [sort],
    }
    ranges {
        "recordedFrom" Instant "r.RecordedAt >=",
        "recordedTo" Instant "r.RecordedAt <",
    }

    /// A workflow's schedule.
    struct ScheduleRow = "schedules" from "WorkflowSchedules r INNER JOIN ScheduleStates s ON s.WorkflowId = r.WorkflowId \
        INNER JOIN Workflows w ON w.Id = r.WorkflowId INNER JOIN Projects p ON p.Id = w.ProjectId \
        LEFT JOIN RowVersions v ON v.Stream = CONCAT('schedule-', r.WorkflowId)"
        where "w.IsDeleted = 0" scope Scope::Workspace("p.WorkspaceId"), sorted "id" {
        /// Key: that of its workflow.
        id: i64 = "id" Integer "r.Id" [filter sort],
        /// Its workflow.
        workflow_id: i64 = "workflowId" Integer "r.WorkflowId" [filter sort],
        /// The workflow's workspace.
        workspace_id: i64 = "workspaceId" Integer "p.WorkspaceId" [filter sort],
        /// When it fires.
        cron_expression: String = "cronExpression" Text "r.CronExpression" [filter],
        /// IANA zone in which the expression is read.
        time_zone: String = "timeZone" Text "r.TimeZone" [filter],
        /// No tick before.
        start_date: Option<String> = "startDate" Instant "r.StartDate" [sort_null],
        /// No tick after.
        end_date: Option<String> = "endDate" Instant "r.EndDate" [sort_null],
        /// For people.
        description: Option<String> = "description" Text "r.Description" [],
        /// Whether its ticks start runs.
        is_active: bool = "isActive" Bit "r.IsActive" [filter sort],
        /// When the next run starts.
        next_run_time: Option<String> = "nextRunTime" Instant "r.NextRunTime" [sort_null],
        /// When a run last started.
        last_run_time: Option<String> = "lastRunTime" Instant "r.LastRunTime" [sort_null],
        /// JSON: policy and window.
        catch_up: String = "catchUp" Text "s.CatchUp" [],
        /// Skip, BufferOne, AllowAll or CancelOther.
        overlap: String = "overlap" Text "s.Overlap" [filter],
        /// Longest delay of a run after its tick.
        jitter_seconds: i64 = "jitterSeconds" Integer "s.JitterSeconds" [filter],
        /// JSON input of its runs.
        input_parameters: String = "inputParameters" Text "s.InputParameters" [],
        /// A tick that waits for the run before it.
        buffered_tick: Option<String> = "bufferedTick" Instant "s.BufferedTick" [],
        /// The last tick that was dealt with.
        last_tick: Option<String> = "lastTick" Instant "s.LastTick" [],
        /// What became of it: Tick, CatchUp, Buffered or Trigger when it fired, else why it did not.
        last_outcome: Option<String> = "lastOutcome" Text "s.LastOutcome" [filter],
        /// The run that it last started.
        last_execution_id: Option<String> = "lastExecutionId" Text "s.LastExecutionId" [filter binary],
        /// Creation.
        created_at: String = "createdAt" Instant "r.CreatedAt" [sort],
        /// Last change.
        updated_at: Option<String> = "updatedAt" Instant "r.UpdatedAt" [sort_null],
        /// Version of its stream.
        version: Option<i64> = "version" Integer "v.Version" [],
    }
}

/// The filters that leave one run's rows of [`StepRunRow`], which its key serves without an index of its own.
#[must_use]
pub fn of_execution(execution: &str) -> [(String, Cell); 2] {
    let [from, to] = step_run_keys(execution);
    [("idFrom".to_owned(), from), ("idTo".to_owned(), to)]
}
