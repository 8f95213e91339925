//! Environments for tests.

use serde_json::json;

use super::*;
use crate::{
    facts::Standing,
    given::{now, project, user},
    ids::EnvironmentId,
};

pub fn create() -> CreateEnvironment {
    CreateEnvironment {
        id: EnvironmentId(7),
        project: project(Standing::Active),
        name: "Production".into(),
        description: None,
        configuration: Some(json!({"timeout": 60})),
        variables: Some(json!({"API_KEY": "s3cret", "API_URL": {"value": "https://x.example", "secret": false}})),
        created_by: user(1),
        now: now(),
    }
}

/// The history of environment 7 of project 5, created by user 1.
pub fn created() -> Vec<EnvironmentEvent> {
    create().decide(&Environment::default()).unwrap()
}
