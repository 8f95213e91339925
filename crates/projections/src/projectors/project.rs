//! `Projects`.

use wfm_domain::project::ProjectEvent;
use wfm_storage::read_store::{Cell, Change};

use super::rows::{insert, text, update};
use crate::{
    envelope::Envelope,
    tables::{PROJECTS, Projects},
};

/// The changes of one event.
pub fn project(envelope: &Envelope, event: &ProjectEvent, changes: &mut Vec<Change>) {
    let at = || envelope.at();
    let change = match event {
        ProjectEvent::ProjectCreated(event) => {
            let row = vec![
                event.id.0.into(),
                event.name.as_str().into(),
                text(&event.description),
                event.workspace_id.0.into(),
                true.into(),
                event.created_by.0.into(),
                at(),
                Cell::Null,
                Cell::Null,
                false.into(),
            ];
            insert(&PROJECTS, row)
        }
        ProjectEvent::ProjectChanged(event) => {
            let set = [
                (Projects::Name, event.name.as_str().into()),
                (Projects::Description, text(&event.description)),
                (Projects::UpdatedAt, at()),
            ];
            update(&PROJECTS, event.id.0, set)
        }
        ProjectEvent::ProjectDeactivated(event) => update(
            &PROJECTS,
            event.id.0,
            [(Projects::IsActive, false.into()), (Projects::UpdatedAt, at())],
        ),
        ProjectEvent::ProjectActivated(event) => update(
            &PROJECTS,
            event.id.0,
            [(Projects::IsActive, true.into()), (Projects::UpdatedAt, at())],
        ),
        ProjectEvent::ProjectDeleted(event) => {
            let set = [
                (Projects::IsDeleted, true.into()),
                (Projects::DeletedAt, at()),
                (Projects::UpdatedAt, at()),
            ];
            update(&PROJECTS, event.id.0, set)
        }
    };
    changes.push(change);
}
