//! What the demonstration prints: the saga's events, the views, a history.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::{sync::watch, task::JoinHandle};
use wfm_domain::{event::Event, execution::ExecutionEvent};
use wfm_storage::event::{Position, StoredEvent};

use super::client::Client;
use crate::{cli::output, node::Node};

/// Prints execution events until told where the log ends.
pub struct Watching {
    until: watch::Sender<Option<Position>>,
    task: JoinHandle<Result<usize>>,
}

/// Begins to print every saga event from now on.
pub async fn events_as_they_happen(node: &Node) -> Result<Watching> {
    let head = node.app.store.log.head().await?.position;
    let mut feed = node.app.store.log.subscribe(head);
    let (until, mut end) = watch::channel(None::<Position>);
    let task = tokio::spawn(async move {
        let mut printed = 0;
        loop {
            if end.borrow().is_some_and(|end| feed.position() >= end) {
                return Ok(printed);
            }
            let batches = tokio::select! {
                batches = feed.next() => batches?,
                _ = end.changed() => continue,
            };
            let Some(batches) = batches else {
                bail!("the log closed")
            };
            for event in batches.iter().flat_map(|batch| batch.iter()) {
                printed += usize::from(print(event));
            }
        }
    });
    Ok(Watching { until, task })
}

impl Watching {
    /// Waits until everything up to now is printed; answers how many saga events that were.
    pub async fn finish(self, node: &Node) -> Result<usize> {
        self.until.send_replace(Some(node.app.store.log.head().await?.position));
        self.task.await.context("printing events")?
    }
}

/// Prints one saga event; `false` for events of other aggregates.
fn print(stored: &StoredEvent) -> bool {
    let Some(Event::Execution(event)) = stored.typed.as_ref().and_then(|typed| typed.downcast_ref::<Event>()) else {
        return false;
    };
    let run = stored.stream.as_str().rsplit('-').next().unwrap_or_default();
    println!(
        "{:>6}  …{:<12}  {:<20} {}",
        stored.position.0,
        run,
        event.name(),
        about(event)
    );
    true
}

fn about(event: &ExecutionEvent) -> String {
    match event {
        ExecutionEvent::ExecutionQueued(queued) => queued.request.execution_context.clone().unwrap_or_default(),
        ExecutionEvent::ExecutionStarted(started) => started
            .request
            .as_ref()
            .and_then(|request| request.execution_context.clone())
            .unwrap_or_default(),
        ExecutionEvent::ExecutionAdopted(adopted) => adopted.node.clone(),
        ExecutionEvent::StepStarted(started) => format!("{} (attempt {})", started.step.name, started.step.attempt),
        ExecutionEvent::StepSucceeded(succeeded) => {
            format!("{} in {:.1} ms", succeeded.step.name, succeeded.duration_ms)
        }
        ExecutionEvent::StepFailed(failed) => {
            format!(
                "{}: {} -> {:?}",
                failed.step.name,
                failed.message.text().unwrap_or("sealed"),
                failed.consequence
            )
        }
        ExecutionEvent::StepRetryScheduled(retry) => format!(
            "{} (attempt {} at {})",
            retry.step.name, retry.step.attempt, retry.due_at
        ),
        ExecutionEvent::StepSkipped(skipped) => format!("{} ({})", skipped.name, skipped.reason),
        ExecutionEvent::StepInDoubt(doubt) => doubt.step.name.clone(),
        ExecutionEvent::ExecutionCompleted(completed) => {
            format!(
                "{:.1} ms, {} retries",
                completed.ending.duration_ms, completed.ending.retry_count
            )
        }
        ExecutionEvent::ExecutionFailed(failed) => failed.message.text().unwrap_or("sealed").to_owned(),
        ExecutionEvent::SignalAwaited(awaited) => format!("{} waits for {}", awaited.step.name, awaited.signal),
        ExecutionEvent::SignalReceived(received) => received.signal.clone(),
        ExecutionEvent::CompensationStarted(started) => started.message.text().unwrap_or("sealed").to_owned(),
        ExecutionEvent::StepCompensationStarted(started) => {
            format!("{} (attempt {})", started.step.name, started.step.attempt)
        }
        ExecutionEvent::StepCompensated(undone) => {
            format!("{} in {:.1} ms", undone.step.name, undone.duration_ms)
        }
        ExecutionEvent::StepCompensationFailed(failed) => {
            format!("{}: {}", failed.step.name, failed.message.text().unwrap_or("sealed"))
        }
        ExecutionEvent::ExecutionHeld(_)
        | ExecutionEvent::ExecutionPaused(_)
        | ExecutionEvent::ExecutionResumed(_)
        | ExecutionEvent::ExecutionParked(_)
        | ExecutionEvent::ExecutionRequeued(_)
        | ExecutionEvent::ExecutionContinued(_)
        | ExecutionEvent::ExecutionRedriven(_)
        | ExecutionEvent::ExecutionCancelled(_) => String::new(),
    }
}

/// Prints one of the documented views.
pub async fn view(client: &Client, name: &str, path: &str) -> Result<()> {
    let page = client.get(path).await?;
    let rows = page["items"]
        .as_array()
        .with_context(|| format!("{path} gives no items: {page}"))?;
    let first = rows
        .first()
        .and_then(Value::as_object)
        .with_context(|| format!("{name} is empty"))?;
    let columns: Vec<&str> = first.keys().map(String::as_str).collect();
    let mut table = output::table(&columns);
    for row in rows {
        table.add_row(columns.iter().map(|column| cell(&row[*column])));
    }
    println!("\n{name}\n{table}");
    Ok(())
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// Prints the history of one execution.
pub async fn history(client: &Client, execution: &str) -> Result<()> {
    let page = client.get(&format!("/api/v1/executions/{execution}/history")).await?;
    let events = page["items"].as_array().context("a history has items")?;
    let mut table = output::table(&["version", "occurred at", "event", "data"]);
    for event in events {
        let data: String = event["data"].to_string().chars().take(100).collect();
        table.add_row([
            cell(&event["version"]),
            cell(&event["occurredAt"]),
            cell(&event["type"]),
            data,
        ]);
    }
    println!("\nHistory of execution {execution}, the order that failed\n{table}");
    Ok(())
}
