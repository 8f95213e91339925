//! `Workspaces` and `UserWorkspaces`.

use wfm_domain::workspace::WorkspaceEvent;
use wfm_storage::read_store::{Cell, Change};

use super::rows::{insert, text, update};
use crate::{
    envelope::Envelope,
    tables::{USER_WORKSPACES, UserWorkspaces, WORKSPACES, Workspaces},
};

/// Ends the memberships whose `column` has this value.
pub(super) fn memberships_end(column: UserWorkspaces, id: i64) -> Change {
    Change::UpdateWhere {
        table: &USER_WORKSPACES,
        column: column.into(),
        value: id.into(),
        set: vec![(UserWorkspaces::IsActive.into(), false.into())],
    }
}

/// The changes of one event.
pub fn project(envelope: &Envelope, event: &WorkspaceEvent, changes: &mut Vec<Change>) {
    let at = || envelope.at();
    let change = match event {
        WorkspaceEvent::WorkspaceCreated(event) => {
            let row = vec![
                event.id.0.into(),
                event.name.as_str().into(),
                text(&event.description),
                true.into(),
                event.created_by.0.into(),
                at(),
                Cell::Null,
                Cell::Null,
                false.into(),
            ];
            insert(&WORKSPACES, row)
        }
        WorkspaceEvent::WorkspaceChanged(event) => {
            let set = [
                (Workspaces::Name, event.name.as_str().into()),
                (Workspaces::Description, text(&event.description)),
                (Workspaces::UpdatedAt, at()),
            ];
            update(&WORKSPACES, event.id.0, set)
        }
        WorkspaceEvent::WorkspaceDeactivated(event) => update(
            &WORKSPACES,
            event.id.0,
            [(Workspaces::IsActive, false.into()), (Workspaces::UpdatedAt, at())],
        ),
        WorkspaceEvent::WorkspaceActivated(event) => update(
            &WORKSPACES,
            event.id.0,
            [(Workspaces::IsActive, true.into()), (Workspaces::UpdatedAt, at())],
        ),
        WorkspaceEvent::WorkspaceDeleted(event) => {
            changes.push(memberships_end(UserWorkspaces::WorkspaceId, event.id.0));
            let set = [
                (Workspaces::IsDeleted, true.into()),
                (Workspaces::DeletedAt, at()),
                (Workspaces::UpdatedAt, at()),
            ];
            update(&WORKSPACES, event.id.0, set)
        }
        WorkspaceEvent::MemberAdded(event) => {
            let row = vec![
                event.membership_id.0.into(),
                event.user_id.0.into(),
                event.id.0.into(),
                event.role.number().into(),
                at(),
                true.into(),
            ];
            if event.returning {
                Change::Put {
                    table: &USER_WORKSPACES,
                    row,
                }
            } else {
                insert(&USER_WORKSPACES, row)
            }
        }
        WorkspaceEvent::MemberRoleChanged(event) => {
            let set = [(UserWorkspaces::Role, event.role.number().into())];
            update(&USER_WORKSPACES, event.membership_id.0, set)
        }
        WorkspaceEvent::MemberRemoved(event) => update(
            &USER_WORKSPACES,
            event.membership_id.0,
            [(UserWorkspaces::IsActive, false.into())],
        ),
    };
    changes.push(change);
}
