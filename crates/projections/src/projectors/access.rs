//! `AccessLog` and `Users.LastLoginAt`.

use wfm_domain::{ids::UserId, user::AccessEvent};
use wfm_storage::read_store::{Cell, Change};

use super::rows::{insert, update};
use crate::{
    envelope::Envelope,
    tables::{ACCESS_LOG, USERS, Users},
};

/// The changes of one event. A login is no change of the account: `UpdatedAt` stays.
pub fn project(envelope: &Envelope, event: &AccessEvent, changes: &mut Vec<Change>) {
    let mut log = |user: UserId, outcome: &str, reason: Option<&str>| {
        let row = vec![
            envelope.derived_id(0),
            user.0.into(),
            outcome.into(),
            reason.into(),
            envelope.at(),
        ];
        changes.push(insert(&ACCESS_LOG, row));
    };
    match event {
        AccessEvent::UserLoggedIn(event) => {
            log(event.id, "LoggedIn", None);
            changes.push(update::<_, 1>(
                &USERS,
                Cell::from(event.id.0),
                [(Users::LastLoginAt, envelope.at())],
            ));
        }
        AccessEvent::UserLoginFailed(event) => log(event.id, "LoginFailed", Some(&event.reason)),
    }
}
