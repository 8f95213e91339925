//! Carries out a plan, request by request, each at the version that the plan was made for.
//!
//! Invariant: after a failure nothing follows that could rest on what failed, so that the next apply finds a server that
//! is consistent and goes on. Only a refused publish lets the others go on: nothing rests on it.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::Value;
use wfm_definitions::{
    inventory::Inventory,
    kinds::Kind,
    plan::{Action, Plan, Step},
    requests::{Request, path_of, requests},
    resource::{Identity, Resource},
};

use super::report::{Failure, Outcome, title};
use crate::cli::definitions::{Client, Problem};

/// How often a schedule is written again whose ticks changed its version meanwhile.
const REPEATS: u32 = 5;

/// Ids and versions of what exists.
pub struct Known {
    ids: BTreeMap<Identity, i64>,
    versions: BTreeMap<Identity, u64>,
    schedules: BTreeMap<Identity, Resource>,
}

impl Known {
    /// What an inventory knows.
    pub fn new(inventory: &Inventory) -> Self {
        let mut known = Self {
            ids: BTreeMap::new(),
            versions: BTreeMap::new(),
            schedules: BTreeMap::new(),
        };
        for present in inventory.iter() {
            let identity = &present.resource.identity;
            known.ids.insert(identity.clone(), present.id);
            known
                .versions
                .extend(present.version.map(|version| (identity.clone(), version)));
            if identity.kind == Kind::Schedule {
                known.schedules.insert(identity.clone(), present.resource.clone());
            }
        }
        known
    }
}

/// Carries out the steps; what became of each. `say` tells of each as it is done.
pub async fn carry_out(client: &Client, plan: &Plan, mut known: Known, say: impl Fn(String)) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for step in &plan.steps {
        match one(client, step, &mut known).await {
            Ok(()) => {
                say(format!("done: {}", title(step)));
                outcomes.push(Outcome::Done);
            }
            Err(problem) => {
                outcomes.push(Outcome::Failed(Failure::new(plan, step, problem)));
                if step.action != Action::Publish {
                    break;
                }
            }
        }
    }
    outcomes.resize_with(plan.steps.len(), || Outcome::Remains);
    outcomes
}

async fn one(client: &Client, step: &Step, known: &mut Known) -> Result<(), Problem> {
    let identity = &step.resource.identity;
    let planned = requests(step, |identity| known.ids.get(identity).copied()).map_err(|detail| Problem {
        status: 0,
        detail,
        errors: Vec::new(),
    })?;
    for request in planned {
        let answer = send(client, &request, identity, known).await?;
        if step.action == Action::Create
            && let Some(id) = answer.0
        {
            known.ids.insert(identity.clone(), id);
        }
        if let Some(version) = answer.1 {
            known.versions.insert(identity.clone(), version);
        }
    }
    Ok(())
}

/// Sends a request at the version that is known; the id and the version that the answer names.
async fn send(
    client: &Client,
    request: &Request,
    identity: &Identity,
    known: &mut Known,
) -> Result<(Option<i64>, Option<u64>), Problem> {
    let method = Method::from_bytes(request.method.as_bytes()).expect("the requests of a plan name methods of HTTP");
    let mut repeats = 0;
    loop {
        let version = known.versions.get(identity).copied();
        match client
            .send(method.clone(), &request.path, request.body.as_ref(), version)
            .await
        {
            Ok(answer) => {
                let id = answer.body.get("id").and_then(Value::as_i64);
                return Ok((id, answer.version));
            }
            Err(problem) if problem.status == 412 && identity.kind == Kind::Schedule && repeats < REPEATS => {
                repeats += 1;
                // Its ticks are events of a schedule, too: only what somebody set makes a conflict.
                let version = ticked(client, identity, known).await?.ok_or(problem)?;
                known.versions.insert(identity.clone(), version);
            }
            Err(problem) => return Err(problem),
        }
    }
}

/// The version of a schedule that is still set as it was.
async fn ticked(client: &Client, identity: &Identity, known: &Known) -> Result<Option<u64>, Problem> {
    let Some((id, before)) = known.ids.get(identity).zip(known.schedules.get(identity)) else {
        return Ok(None);
    };
    let now = client.get(&path_of(Kind::Schedule, *id)).await?;
    let members = now.body.as_object().cloned().unwrap_or_default();
    let same = Resource::new(identity.clone(), &members) == *before;
    Ok(now.version.filter(|_| same))
}
