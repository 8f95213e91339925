//! `Users`.
//!
//! Invariant: after erasure the row reads the same whether it was projected before the key was destroyed or after.

use wfm_domain::{
    email::ERASED_DOMAIN,
    ids::UserId,
    protected::Protected,
    user::{Profile, UserEvent},
};
use wfm_storage::read_store::{Cell, Change};

use super::{
    rows::{ERASED, insert, opened_or_erased, update},
    workspace::memberships_end,
};
use crate::{
    envelope::Envelope,
    tables::{USERS, UserWorkspaces, Users, WORKFLOW_APPROVALS, WorkflowApprovals},
};

/// Password hash of an erased user: no password has it.
const NO_PASSWORD: &str = "!";

/// The changes of one event.
pub fn project(envelope: &Envelope, event: &UserEvent, changes: &mut Vec<Change>) {
    let at = || envelope.at();
    let change = match event {
        UserEvent::UserRegistered(event) => {
            let profile = &event.profile;
            let row = vec![
                event.id.0.into(),
                opened_or_erased(&profile.first_name),
                opened_or_erased(&profile.last_name),
                email(event.id, profile),
                password(&event.password_hash),
                personal(&profile.phone_number),
                event.role.number().into(),
                personal(&profile.department),
                personal(&profile.job_title),
                personal(&profile.manager),
                profile.time_zone.as_str().into(),
                personal(&profile.profile_picture),
                true.into(),
                Cell::Null,
                at(),
                Cell::Null,
                Cell::Null,
                false.into(),
            ];
            insert(&USERS, row)
        }
        UserEvent::UserProfileChanged(event) => {
            let profile = &event.profile;
            let set = [
                (Users::FirstName, opened_or_erased(&profile.first_name)),
                (Users::LastName, opened_or_erased(&profile.last_name)),
                (Users::Email, email(event.id, profile)),
                (Users::PhoneNumber, personal(&profile.phone_number)),
                (Users::Department, personal(&profile.department)),
                (Users::JobTitle, personal(&profile.job_title)),
                (Users::Manager, personal(&profile.manager)),
                (Users::TimeZone, profile.time_zone.as_str().into()),
                (Users::ProfilePicture, personal(&profile.profile_picture)),
                (Users::UpdatedAt, at()),
            ];
            update(&USERS, event.id.0, set)
        }
        UserEvent::UserRoleChanged(event) => update(
            &USERS,
            event.id.0,
            [(Users::Role, event.role.number().into()), (Users::UpdatedAt, at())],
        ),
        UserEvent::UserPasswordChanged(event) => {
            let set = [
                (Users::PasswordHash, password(&event.password_hash)),
                (Users::UpdatedAt, at()),
            ];
            update(&USERS, event.id.0, set)
        }
        UserEvent::UserDeactivated(event) => update(
            &USERS,
            event.id.0,
            [(Users::IsActive, false.into()), (Users::UpdatedAt, at())],
        ),
        UserEvent::UserActivated(event) => update(
            &USERS,
            event.id.0,
            [(Users::IsActive, true.into()), (Users::UpdatedAt, at())],
        ),
        UserEvent::UserDeleted(event) => {
            changes.push(memberships_end(UserWorkspaces::UserId, event.id.0));
            let set = [
                (Users::IsDeleted, true.into()),
                (Users::DeletedAt, at()),
                (Users::UpdatedAt, at()),
            ];
            update(&USERS, event.id.0, set)
        }
        UserEvent::UserErased(event) => {
            forget_words(event.id, changes);
            changes.push(memberships_end(UserWorkspaces::UserId, event.id.0));
            let set = [
                (Users::FirstName, ERASED.into()),
                (Users::LastName, ERASED.into()),
                (Users::Email, erased_email(event.id)),
                (Users::PasswordHash, NO_PASSWORD.into()),
                (Users::PhoneNumber, Cell::Null),
                (Users::Department, Cell::Null),
                (Users::JobTitle, Cell::Null),
                (Users::Manager, Cell::Null),
                (Users::ProfilePicture, Cell::Null),
                (Users::UpdatedAt, at()),
            ];
            update(&USERS, event.id.0, set)
        }
    };
    changes.push(change);
}

/// What a person wrote about approvals was sealed with the key that is gone.
fn forget_words(user: UserId, changes: &mut Vec<Change>) {
    let wrote = [
        (WorkflowApprovals::RequestedByUserId, WorkflowApprovals::RequestReason),
        (WorkflowApprovals::ApproverUserId, WorkflowApprovals::ApprovalComments),
    ];
    changes.extend(wrote.map(|(author, words)| Change::UpdateWhere {
        table: &WORKFLOW_APPROVALS,
        column: author.into(),
        value: user.0.into(),
        set: vec![(words.into(), Cell::Null)],
    }));
}

fn personal(value: &Option<Protected>) -> Cell {
    value.as_ref().map_or(Cell::Null, opened_or_erased)
}

/// The address; one that cannot be read is unique all the same.
fn email(user: UserId, profile: &Profile) -> Cell {
    profile
        .email
        .shared()
        .map_or_else(|| erased_email(user), |email| Cell::Text(email.clone()))
}

fn erased_email(user: UserId) -> Cell {
    format!("erased-{user}@{ERASED_DOMAIN}").into()
}

fn password(hash: &Protected) -> Cell {
    hash.shared()
        .map_or_else(|| NO_PASSWORD.into(), |hash| Cell::Text(hash.clone()))
}
