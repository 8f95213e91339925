//! From an opened event to row changes: one file per aggregate.
//!
//! Invariant: no arm is a wildcard and nothing panics, so that a new event is a compile error here and a strange one is
//! parked by the runner. A value whose key was destroyed reads `erased` (personal data, messages) or NULL (run data).

mod access;
mod api_endpoint;
mod api_key;
mod approval;
mod environment;
mod execution;
mod execution_compensation;
mod execution_control;
mod execution_log;
mod execution_rows;
mod project;
mod rows;
mod run_month;
mod schedule;
mod user;
mod workflow;
mod workspace;

use wfm_domain::event::Event;
use wfm_storage::read_store::{Cell, Change};

use crate::{envelope::Envelope, tables::ROW_VERSIONS};

/// Appends the row changes that `event` leads to.
pub fn project(envelope: &Envelope, event: &Event, changes: &mut Vec<Change>) {
    match event {
        Event::Execution(event) => execution::project(envelope, event, changes),
        Event::Access(event) => access::project(envelope, event, changes),
        Event::Workflow(event) => versioned(envelope, changes, |changes| workflow::project(envelope, event, changes)),
        Event::User(event) => versioned(envelope, changes, |changes| user::project(envelope, event, changes)),
        Event::Workspace(event) => versioned(envelope, changes, |changes| {
            workspace::project(envelope, event, changes)
        }),
        Event::Project(event) => versioned(envelope, changes, |changes| project::project(envelope, event, changes)),
        Event::Environment(event) => {
            versioned(envelope, changes, |changes| {
                environment::project(envelope, event, changes)
            });
        }
        Event::ApiEndpoint(event) => {
            versioned(envelope, changes, |changes| {
                api_endpoint::project(envelope, event, changes)
            });
        }
        Event::ApiKey(event) => versioned(envelope, changes, |changes| api_key::project(envelope, event, changes)),
        Event::RunMonth(event) => run_month::project(event, changes),
        Event::Approval(event) => versioned(envelope, changes, |changes| approval::project(envelope, event, changes)),
        // What was told to others stands in the log alone.
        // What is shown of them is read from the log.
        Event::Callback(_) | Event::Job(_) => {}
        Event::Schedule(event) => versioned(envelope, changes, |changes| schedule::project(envelope, event, changes)),
    }
}

/// Projects an entity's event and records its stream's version beside it.
fn versioned(envelope: &Envelope, changes: &mut Vec<Change>, project: impl FnOnce(&mut Vec<Change>)) {
    project(changes);
    let stream = Cell::from(envelope.stream.as_str());
    let row = vec![
        stream,
        envelope.version_number().into(),
        envelope.position_number().into(),
    ];
    changes.push(Change::Put {
        table: &ROW_VERSIONS,
        row,
    });
}
