//! Projects for tests.

use super::*;
use crate::{
    facts::Standing,
    given::{user, workspace},
    ids::ProjectId,
};

pub fn create() -> CreateProject {
    CreateProject {
        id: ProjectId(5),
        workspace: workspace(Standing::Active),
        name: "Orders".into(),
        description: Some("All of them".into()),
        created_by: user(1),
    }
}

/// The history of project 5 in workspace 3, created by user 1.
pub fn created() -> Vec<ProjectEvent> {
    create().decide(&Project::default()).unwrap()
}
