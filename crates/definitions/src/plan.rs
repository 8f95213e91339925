//! What leads from what a server has to what files describe.
//!
//! Invariant: the same files over the server that they were applied to give an empty plan. Nothing is deleted unless asked
//! for; values of variables are neither set nor removed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{
    difference::{Difference, differences},
    inventory::{Inventory, Present, Standing},
    kinds::Kind,
    naming::references,
    prune::deletions,
    resource::{Declared, Identity, Resource, printable},
    secrets,
};

/// What an apply may do besides creating and changing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Publish workflows whose draft is not in force.
    pub publish: bool,
    /// Delete what the files do not describe.
    pub prune: bool,
    /// Create workspaces that are missing.
    pub create_workspaces: bool,
}

/// What is done to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// It is made.
    Create,
    /// Members of it change.
    Change,
    /// Its draft is put in force.
    Publish,
    /// It is deleted.
    Delete,
    /// It is taken out of use.
    Deactivate,
}

impl Action {
    /// Its word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Change => "change",
            Self::Publish => "publish",
            Self::Delete => "delete",
            Self::Deactivate => "deactivate",
        }
    }
}

/// One thing that is done.
#[derive(Debug, Clone)]
pub struct Step {
    /// What.
    pub action: Action,
    /// To what; for a deletion as the server has it.
    pub resource: Resource,
    /// What changes.
    pub differences: Vec<Difference>,
    /// Place of its document in [`Plan::declared`]; `None` for a deletion.
    pub declared: Option<usize>,
}

/// Something that a person should know, and that no apply settles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// A stable word for scripts.
    pub code: &'static str,
    /// What it is about.
    pub identity: Identity,
    /// The file.
    pub file: Option<String>,
    /// The line in it.
    pub line: Option<usize>,
    /// What it is.
    pub detail: String,
}

/// What is wrong with files, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {detail}")]
pub struct FileFault {
    /// The file.
    pub file: String,
    /// The line, the first being 1.
    pub line: usize,
    /// What is wrong.
    pub detail: String,
}

/// Everything that is done, in its order.
#[derive(Debug, Default)]
pub struct Plan {
    /// What the files describe.
    pub declared: Vec<Declared>,
    /// What is done.
    pub steps: Vec<Step>,
    /// How many resources are as described already.
    pub unchanged: usize,
    /// What a person should know.
    pub warnings: Vec<Warning>,
}

impl Plan {
    /// Makes the plan.
    ///
    /// # Errors
    /// When names are described twice, lead nowhere or to several resources, or a workspace is missing.
    pub fn new(declared: Vec<Declared>, inventory: &Inventory, options: Options) -> Result<Self, Vec<FileFault>> {
        let mut plan = Self {
            declared,
            ..Self::default()
        };
        plan.check_names(inventory, options)?;
        let mut order: Vec<usize> = (0..plan.declared.len()).collect();
        order.sort_by(|one, other| plan.identity(*one).cmp(plan.identity(*other)));
        let (mut steps, mut schedules, mut out_of_use, mut faults) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for index in &order {
            let made = plan.step(*index, inventory, &mut out_of_use, &mut faults);
            let list = if plan.identity(*index).kind == Kind::Schedule {
                &mut schedules
            } else {
                &mut steps
            };
            list.extend(made);
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let publishes = plan.publishes(&order, &steps, inventory, options);
        plan.steps = steps;
        plan.steps.extend(publishes);
        plan.steps.extend(schedules);
        if options.prune {
            let (deleted, kept) = deletions(&plan.declared, inventory);
            plan.steps.extend(deleted);
            plan.warnings.extend(kept);
        }
        // The inner ones first: what is out of use takes no changes.
        out_of_use.reverse();
        plan.steps.extend(out_of_use);
        plan.warn_of_variables(inventory);
        let touched: BTreeSet<usize> = plan.steps.iter().filter_map(|step| step.declared).collect();
        plan.unchanged = plan.declared.len() - touched.len();
        Ok(plan)
    }

    fn identity(&self, index: usize) -> &Identity {
        &self.declared[index].resource.identity
    }

    fn fault(&self, index: usize, pointer: &str, detail: String) -> FileFault {
        let declared = &self.declared[index];
        FileFault {
            file: declared.file.clone(),
            line: declared.line_of(pointer),
            detail,
        }
    }

    /// How many steps there are of an action.
    #[must_use]
    pub fn count(&self, action: Action) -> usize {
        self.steps.iter().filter(|step| step.action == action).count()
    }

    fn check_names(&self, inventory: &Inventory, options: Options) -> Result<(), Vec<FileFault>> {
        let mut faults = Vec::new();
        let mut seen: BTreeMap<&Identity, usize> = BTreeMap::new();
        for (index, declared) in self.declared.iter().enumerate() {
            let identity = &declared.resource.identity;
            if let Some(first) = seen.insert(identity, index) {
                let first = &self.declared[first];
                let detail = format!("{identity} is described in {}:{} already", first.file, first.node.line);
                faults.push(self.fault(index, "", detail));
            }
        }
        for (index, declared) in self.declared.iter().enumerate() {
            let identity = &declared.resource.identity;
            if inventory.is_ambiguous(identity) {
                let detail = format!("the server has several of {identity}; rename one, for names identify here");
                faults.push(self.fault(index, "", detail));
            }
            let missing = inventory.get(identity).is_none() && identity.kind == Kind::Workspace;
            if missing && !options.create_workspaces {
                let detail = format!(
                    "{identity} does not exist, or you may not see it; --create-workspaces creates workspaces that are missing"
                );
                faults.push(self.fault(index, "/name", detail));
            }
            for (pointer, named) in references(&declared.resource) {
                if inventory.is_ambiguous(&named) {
                    let detail = format!("the server has several of {named}; rename one, for names identify here");
                    faults.push(self.fault(index, &pointer, detail));
                } else if inventory.get(&named).is_none() && !seen.contains_key(&named) {
                    let detail = format!("{named} is neither in the files nor on the server");
                    faults.push(self.fault(index, &pointer, detail));
                }
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    /// What a document asks for; `None` when the server has that. What goes out of use is put on a list of its own.
    fn step(
        &mut self,
        index: usize,
        inventory: &Inventory,
        out_of_use: &mut Vec<Step>,
        faults: &mut Vec<FileFault>,
    ) -> Option<Step> {
        let declared = &self.declared[index];
        let identity = declared.resource.identity.clone();
        let present = inventory.get(&identity);
        let body = Value::Object(declared.resource.body.clone());
        for pointer in secrets::in_the_open(&body) {
            let detail = format!("{pointer} seems to be a credential in the open; let {{env.NAME}} stand for it");
            let warning = self.warning("credential-in-the-open", index, &pointer, detail);
            self.warnings.push(warning);
        }
        let before = present.map(|present| Value::Object(present.resource.body.clone()));
        let mut missing = Vec::new();
        let restored = secrets::restored(&body, before.as_ref(), "", &mut missing);
        for pointer in missing {
            let detail =
                format!("{pointer}: the server has no value that it could keep here; give one, as {{env.NAME}}");
            faults.push(self.fault(index, &pointer, detail));
        }
        let Value::Object(members) = restored else { return None };
        let resource = Resource::new(identity.clone(), &members);
        let step = |action, differences| Step {
            action,
            resource: resource.clone(),
            differences,
            declared: Some(index),
        };
        // A schedule that is not active is set so; everything else is taken out of use once its contents are in place.
        let is_active = resource.body.get("isActive") != Some(&Value::Bool(false)) || identity.kind == Kind::Schedule;
        let Some(Present { resource: present, .. }) = present else {
            if !is_active {
                out_of_use.push(step(Action::Deactivate, Vec::new()));
            }
            return Some(step(Action::Create, Vec::new()));
        };
        let mut found = differences(&present.body, &resource.body);
        if !is_active {
            let (active, rest): (Vec<_>, Vec<_>) = found.into_iter().partition(|one| one.path == "/isActive");
            found = rest;
            if !active.is_empty() {
                out_of_use.push(step(Action::Deactivate, active));
            }
        }
        (!found.is_empty()).then(|| step(Action::Change, found))
    }

    /// Workflows whose draft will not be in force: published, if asked for.
    fn publishes(&mut self, order: &[usize], steps: &[Step], inventory: &Inventory, options: Options) -> Vec<Step> {
        let touched: BTreeMap<&Identity, &Step> = steps.iter().map(|step| (&step.resource.identity, step)).collect();
        let mut publishes = Vec::new();
        for index in order {
            let resource = self.declared[*index].resource.clone();
            if resource.identity.kind != Kind::Workflow {
                continue;
            }
            let standing = inventory.get(&resource.identity).and_then(|present| present.standing);
            // What a published version embeds: endpoints, and the retries of the environment.
            let embedded = references(&resource).into_iter().any(|(_, named)| match named.kind {
                Kind::ApiEndpoint => touched.contains_key(&named),
                Kind::Environment => touched.get(&named).is_some_and(|step| {
                    step.differences
                        .iter()
                        .any(|difference| difference.path.starts_with("/configuration/retries"))
                }),
                Kind::Workspace | Kind::Project | Kind::Workflow | Kind::Schedule => false,
            });
            let changes = embedded || touched.contains_key(&resource.identity);
            match standing {
                Some(Standing::InForce) if !changes => {}
                Some(Standing::Deactivated) => {
                    let detail = "was taken out of force; it is not published here, which would put it back".to_owned();
                    let warning = self.warning("deactivated", *index, "", detail);
                    self.warnings.extend((options.publish && changes).then_some(warning));
                }
                Some(Standing::InForce | Standing::Behind) | None if options.publish => publishes.push(Step {
                    action: Action::Publish,
                    resource,
                    differences: Vec::new(),
                    declared: Some(*index),
                }),
                Some(Standing::InForce | Standing::Behind) | None => {
                    let detail = "the draft will not be in force; --publish publishes it".to_owned();
                    let warning = self.warning("draft-not-in-force", *index, "", detail);
                    self.warnings.push(warning);
                }
            }
        }
        publishes
    }

    fn warning(&self, code: &'static str, index: usize, pointer: &str, detail: String) -> Warning {
        let declared = &self.declared[index];
        Warning {
            code,
            identity: declared.resource.identity.clone(),
            file: Some(declared.file.clone()),
            line: Some(declared.line_of(pointer)),
            detail,
        }
    }

    fn warn_of_variables(&mut self, inventory: &Inventory) {
        let mut warnings = Vec::new();
        for (index, declared) in self.declared.iter().enumerate() {
            let resource = &declared.resource;
            if resource.identity.kind != Kind::Environment {
                continue;
            }
            let present = inventory.get(&resource.identity);
            let id = present.map_or_else(|| "{id}".to_owned(), |present| present.id.to_string());
            let variables = |resource: &Resource| {
                let variables = resource.body.get("variables").and_then(Value::as_object).cloned();
                variables.unwrap_or_default()
            };
            let known = present.map(|present| variables(&present.resource)).unwrap_or_default();
            let described = variables(resource);
            for (name, written) in &described {
                let shown = printable(name);
                let (code, detail) = match known.get(name) {
                    Some(known) if known == written => continue,
                    Some(_) => {
                        let detail =
                            format!("the variable {shown} is not as secret as described; set it anew to change that");
                        ("variable-differs", detail)
                    }
                    None => {
                        let path = format!("/api/v1/environments/{id}/variables/{shown}");
                        let detail = format!("the variable {shown} has no value yet; set it with PUT {path}");
                        ("variable-without-value", detail)
                    }
                };
                warnings.push(self.warning(code, index, &format!("/variables/{name}"), detail));
            }
            let others: BTreeSet<String> = known
                .keys()
                .filter(|name| !described.contains_key(*name))
                .map(|name| printable(name))
                .collect();
            for name in others {
                let detail = format!("the variable {name} is on the server and not described; it stays");
                warnings.push(self.warning("variable-not-described", index, "/variables", detail));
            }
        }
        self.warnings.extend(warnings);
    }
}
