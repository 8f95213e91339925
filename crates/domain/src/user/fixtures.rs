//! Users for tests.

use super::*;
use crate::{given::admin, ids::UserId, role::Role};

pub fn register(id: i64, role: Role) -> RegisterUser {
    RegisterUser {
        id: UserId(id),
        first_name: "Ada".into(),
        last_name: "Lovelace".into(),
        email: "Ada@Example.com".into(),
        email_claim: format!("claim-{id}"),
        password_hash: "$2b$hash".into(),
        role: Some(role.into()),
        phone_number: None,
        department: None,
        job_title: None,
        manager: None,
        time_zone: None,
        profile_picture: None,
        granter: admin(99),
    }
}

/// The history of a user with this role.
pub fn registered(id: i64, role: Role) -> Vec<UserEvent> {
    register(id, role).decide(&User::default()).unwrap()
}
