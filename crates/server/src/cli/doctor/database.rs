//! The database: its schema, its key, the log and the read models.

use std::sync::Arc;

use wfm_application::{
    clock::{Clock, SystemClock, SystemEntropy},
    projection::USUAL_LAG,
    security::keyring::Keyring,
};
use wfm_domain::instant::Instant;
use wfm_storage::{log::Head, migration, vault::Vault};

use super::Finding;
use crate::{config::Config, database, master_key};

/// How far the clock may be behind the last event: nodes' clocks differ a little.
const CLOCK_TOLERANCE_MS: f64 = 5_000.0;

pub(super) async fn findings(config: &Config) -> Vec<Finding> {
    if database::demand_log(&config.database).is_err() {
        let detail = format!("{} holds nothing yet", config.database);
        let advice = "`wfm serve` makes everything it needs there; if something should be there, correct WFM_DATABASE";
        return vec![Finding::warning("database", detail, advice)];
    }
    let mut findings = vec![schema(config).await];
    match database::open_for_reading(&config.database).await {
        Err(error) => findings.push(Finding::fault(
            "event log",
            format!("{error:#}"),
            "see that the server or folder of WFM_DATABASE can be reached and read by this user",
        )),
        Ok((log, vault)) => {
            match log.head().await {
                Err(error) => findings.push(Finding::fault("event log", error.to_string(), VERIFY)),
                Ok(head) => findings.extend([event_log(&head), clock(&head)]),
            }
            findings.push(key(config, vault).await);
            log.close().await;
        }
    }
    findings.push(read_models(config).await);
    findings
}

const VERIFY: &str = "`wfm events verify` tells where; restore a backup of what is damaged";

async fn schema(config: &Config) -> Finding {
    let migrations = database::migrations(&config.database, Arc::new(SystemClock));
    let states = match migration::status(migrations.as_ref()).await {
        Ok(states) => states,
        Err(error) => return Finding::fault("schema", error.to_string(), "see that the database can be reached"),
    };
    if let Some(state) = states.iter().find(|state| !state.standing.is_sound()) {
        let detail = format!("step {} is {}", state.name, state.standing.name());
        let advice = "run the version of wfm that made this schema, or a newer one";
        return Finding::fault("schema", detail, advice);
    }
    let pending = states.iter().filter(|state| state.applied_at.is_none()).count();
    if pending > 0 {
        let detail = format!("{pending} of {} steps are not applied", states.len());
        return Finding::warning(
            "schema",
            detail,
            "the next `wfm serve` applies them, or `wfm migrate up`",
        );
    }
    Finding::ok("schema", format!("all {} steps are applied", states.len()))
}

fn event_log(head: &Head) -> Finding {
    if head.position.0 == 0 {
        let advice = "the first `wfm serve` makes an administrator from WFM_ADMIN_EMAIL and WFM_ADMIN_PASSWORD";
        return Finding::warning("event log", "it has no event, so there is no user yet", advice);
    }
    Finding::ok("event log", format!("{} events", head.position.0))
}

fn clock(head: &Head) -> Finding {
    let now = SystemClock.now();
    match Instant::parse(&head.recorded_at) {
        Some(last) if last.milliseconds_since(now) > CLOCK_TOLERANCE_MS => Finding::warning(
            "clock",
            format!("it is {now} here, and the last event was recorded at {last}"),
            "set the machine's clock; until then timers and tokens are late",
        ),
        Some(_) | None => Finding::ok("clock", format!("it is {now}")),
    }
}

async fn key(config: &Config, vault: Arc<dyn Vault>) -> Finding {
    const CHECK: &str = "master key";
    let in_folder = database::folder(&config.database).map(|folder| folder.join(master_key::FILE));
    let Some(path) = config.master_key_file.clone().or(in_folder) else {
        return Finding::fault(
            CHECK,
            "none is named",
            "name the file that every node has with WFM_MASTER_KEY_FILE",
        );
    };
    let master = match master_key::read(&path) {
        Ok(master) => master,
        Err(error) => {
            let advice = "restore the file, or name it with WFM_MASTER_KEY_FILE: without it nothing sealed can be read";
            return Finding::fault(CHECK, format!("{error:#}"), advice);
        }
    };
    match Keyring::new(&master, vault, Arc::new(SystemEntropy)).fits().await {
        Err(error) => Finding::fault(CHECK, error.to_string(), VERIFY),
        Ok(Some(false)) => Finding::fault(
            CHECK,
            format!(
                "{} is not the key that {} was made with",
                path.display(),
                config.database
            ),
            "restore that file, or name it with WFM_MASTER_KEY_FILE",
        ),
        Ok(Some(true) | None) => Finding::ok(CHECK, format!("{} fits, and nobody else may read it", path.display())),
    }
}

async fn read_models(config: &Config) -> Finding {
    const CHECK: &str = "read models";
    let standing = match database::standing(&config.database).await {
        Ok(standing) => standing,
        Err(error) => {
            let advice = "remove their file, or tables: the next `wfm serve` builds them from the log";
            return Finding::fault(CHECK, format!("{error:#}"), advice);
        }
    };
    let lag = standing.head.saturating_sub(standing.position);
    if !standing.parked.is_empty() {
        let detail = format!("{} events could not be projected", standing.parked.len());
        return Finding::warning(CHECK, detail, "`wfm projections parked` shows them with the reason");
    }
    if lag > USUAL_LAG {
        let detail = format!("they are {lag} events behind");
        return Finding::warning(
            CHECK,
            detail,
            "a running server catches up; without one they stay behind",
        );
    }
    Finding::ok(CHECK, format!("at position {} of {}", standing.position, standing.head))
}
