//! Many schedules that are due in the same second: how long until all of them have fired.

use std::time::Duration;

use anyhow::{Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use wfm_application::app::App;
use wfm_domain::{
    ids::{ScheduleId, WorkflowId},
    instant::Instant,
};
use wfm_storage::event::{Position, StoredEvent};

use super::{
    open_runs::scripted,
    place::{self, Place},
    setting::{Setting, input},
};
use crate::core::Core;

/// Schedules that are made at once.
const AT_ONCE: usize = 64;

/// Schedules that are made in a second, at the least.
const MADE_PER_SECOND: usize = 500;

/// How long it is waited for all of them.
const PATIENCE: Duration = Duration::from_secs(120);

/// Events that are read at once.
const PAGE: u32 = 1000;

/// Lets so many schedules, each of a workflow of its own, become due in one second.
pub async fn due_at_once(place: &Place, schedules: usize) -> Result<Value> {
    let config = place.make("schedules").await?;
    let core = Core::start(&config, scripted(false)).await?;
    let app = &core.app;
    let setting = &Setting::make(app, schedules).await?;
    eprintln!("making {schedules} schedules");
    let numbers = stream::iter(0..schedules);
    let made = numbers.map(|number| async move { setting.one_step(app, &format!("Flow {number}")).await });
    let workflows: Vec<WorkflowId> = made.buffer_unordered(AT_ONCE).try_collect().await?;
    let seconds = 10 + schedules / MADE_PER_SECOND;
    let due = app.store.now().plus_milliseconds(i64::try_from(seconds)? * 1000);
    let due = Instant::parse(&format!("{}Z", &due.to_string()[..19])).unwrap_or(due);
    let cron = cron_at(due);
    stream::iter(&workflows)
        .map(|workflow| {
            let cron = &cron;
            async move {
                let body = input(json!({ "cronExpression": cron }))?;
                app.set_schedule(&setting.context, *workflow, &body).await?;
                anyhow::Ok(())
            }
        })
        .buffer_unordered(AT_ONCE)
        .try_for_each(|()| async { Ok(()) })
        .await?;
    ensure!(
        app.store.now() < due,
        "the schedules were not made in time; ask for fewer"
    );
    let before = app.store.log.head().await?.position;

    eprintln!("waiting for {due}");
    let wait = due.microseconds_since(app.store.now()).max(0).unsigned_abs();
    tokio::time::sleep(Duration::from_micros(wait)).await;
    let delays = tokio::time::timeout(PATIENCE, delays(app, before, due, schedules)).await??;
    core.stop(Duration::ZERO).await;
    place::remove(&config.database).await;
    Ok(json!({
        "schedules": schedules,
        "medianSeconds": delays[schedules / 2],
        "lastSeconds": delays.last(),
    }))
}

/// The cron expression of this second of the hour.
fn cron_at(instant: Instant) -> String {
    let text = instant.to_string();
    let part = |range: std::ops::Range<usize>| text[range].trim_start_matches('0').to_owned();
    let or_zero = |text: String| if text.is_empty() { "0".to_owned() } else { text };
    format!("{} {} * * * *", or_zero(part(17..19)), or_zero(part(14..16)))
}

/// Seconds from `due` to the record of each tick, in order.
async fn delays(app: &App, mut after: Position, due: Instant, schedules: usize) -> Result<Vec<f64>> {
    let mut delays = Vec::with_capacity(schedules);
    while delays.len() < schedules {
        let page = app.store.log.read_log(after, PAGE).await?;
        let Some(last) = page.last() else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        after = last.position;
        delays.extend(page.iter().filter(|event| is_tick(event)).filter_map(|event| {
            let recorded = Instant::parse(&event.recorded_at)?;
            #[allow(clippy::cast_precision_loss, reason = "microseconds of a minute")]
            Some(recorded.microseconds_since(due) as f64 / 1e6)
        }));
    }
    Ok(delays)
}

fn is_tick(event: &StoredEvent) -> bool {
    event.stream.as_str().starts_with(ScheduleId::KIND) && &*event.event_type == "ScheduleFired"
}
