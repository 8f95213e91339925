//! `ApiKeys`.

use wfm_domain::api_key::ApiKeyEvent;
use wfm_storage::read_store::{Cell, Change};

use super::rows::{insert, update};
use crate::{
    envelope::Envelope,
    tables::{API_KEYS, ApiKeys},
};

/// The changes of one event.
pub fn project(envelope: &Envelope, event: &ApiKeyEvent, changes: &mut Vec<Change>) {
    let change = match event {
        ApiKeyEvent::ApiKeyIssued(event) => {
            let row = vec![
                event.id.0.into(),
                event.user_id.0.into(),
                event.name.as_str().into(),
                event.token_hash.as_str().into(),
                event.maximum_role.map(|role| role.number()).into(),
                event.workspace_id.map(|workspace| workspace.0).into(),
                event.expires_at.map(|at| at.to_string()).into(),
                envelope.at(),
                Cell::Null,
            ];
            insert(&API_KEYS, row)
        }
        ApiKeyEvent::ApiKeyRevoked(event) => update(&API_KEYS, event.id.0, [(ApiKeys::RevokedAt, envelope.at())]),
    };
    changes.push(change);
}
