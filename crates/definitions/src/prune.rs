//! What `--prune` deletes: resources beside the described ones.
//!
//! Invariant: only where the surroundings are described. Schedules, workflows and environments go from projects that have a
//! document; endpoints from workspaces that have one, and all of whose projects have one. Workspaces, projects, shared
//! endpoints and what a described resource names stay.

use std::collections::BTreeSet;

use crate::{
    inventory::Inventory,
    kinds::Kind,
    naming::references,
    plan::{Action, Step, Warning},
    resource::{Declared, Identity},
};

/// The deletions, what depends on others first, and why endpoints of a workspace are kept.
pub(crate) fn deletions(declared: &[Declared], inventory: &Inventory) -> (Vec<Step>, Vec<Warning>) {
    let mut described: BTreeSet<Identity> = BTreeSet::new();
    let mut named: BTreeSet<Identity> = BTreeSet::new();
    for one in declared {
        described.insert(one.resource.identity.clone());
        named.extend(references(&one.resource).into_iter().map(|(_, identity)| identity));
    }
    let mut warnings = Vec::new();
    let mut whole: BTreeSet<&str> = BTreeSet::new();
    for workspace in described.iter().filter(|identity| identity.kind == Kind::Workspace) {
        let missing = inventory.iter().find(|present| {
            let identity = &present.resource.identity;
            identity.kind == Kind::Project
                && identity.workspace.as_ref() == Some(&workspace.name)
                && !described.contains(identity)
        });
        match missing {
            None => {
                whole.insert(&workspace.name);
            }
            Some(project) => warnings.push(Warning {
                code: "endpoints-not-pruned",
                identity: workspace.clone(),
                file: None,
                line: None,
                detail: format!(
                    "{} is not described and may use the workspace's endpoints; none of them is deleted",
                    project.resource.identity
                ),
            }),
        }
    }
    let goes = |identity: &Identity| {
        let surroundings = match identity.kind {
            Kind::Workspace | Kind::Project => false,
            Kind::ApiEndpoint => identity.workspace.as_deref().is_some_and(|name| whole.contains(name)),
            Kind::Environment | Kind::Workflow | Kind::Schedule => identity
                .its_project()
                .is_some_and(|project| described.contains(&project)),
        };
        surroundings && !described.contains(identity) && !named.contains(identity)
    };
    let mut steps: Vec<Step> = inventory
        .iter()
        .filter(|present| goes(&present.resource.identity))
        .map(|present| Step {
            action: Action::Delete,
            resource: present.resource.clone(),
            differences: Vec::new(),
            declared: None,
        })
        .collect();
    steps.reverse();
    // With its workflow a schedule goes by itself.
    let workflows: BTreeSet<Identity> = steps
        .iter()
        .filter(|step| step.resource.identity.kind == Kind::Workflow)
        .map(|step| step.resource.identity.clone())
        .collect();
    steps.retain(|step| {
        let identity = &step.resource.identity;
        identity.kind != Kind::Schedule || !workflows.contains(&identity.beside(Kind::Workflow, &identity.name))
    });
    (steps, warnings)
}
