//! `wfm export`: what a server has, as definitions in YAML.
//!
//! Invariant: the same definitions give the same bytes, and none of them is a credential or the value of a variable.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Result, bail};
use clap::Args;
use serde_json::Value;
use wfm_definitions::{
    inventory::{Inventory, Present},
    json_schema::json_schema,
    kinds::Kind,
    layout::paths,
    naming::references,
    resource::{Identity, printable},
    secrets, yaml,
};

use super::definitions::{Connection, folder, inventory};

/// Options of `wfm export`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    connection: Connection,
    /// Only this workspace, with the shared endpoints that it uses
    #[arg(long, value_name = "NAME")]
    workspace: Option<String>,
    /// Only this project of the workspace, with the endpoints that it uses
    #[arg(long, value_name = "NAME", requires = "workspace")]
    project: Option<String>,
    /// Write one file per resource into this folder, instead of one stream to standard output
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Print the JSON Schema of the files instead; asks no server
    #[arg(long, conflicts_with_all = ["workspace", "project", "output"])]
    schema: bool,
}

/// Exports.
pub async fn run(options: &Options) -> Result<ExitCode> {
    if options.schema {
        println!("{}", serde_json::to_string_pretty(&json_schema())?);
        return Ok(ExitCode::SUCCESS);
    }
    let client = options.connection.client()?;
    let wanted = inventory::Wanted {
        workspaces: options
            .workspace
            .as_ref()
            .map(|name| BTreeSet::from([name.trim().to_owned()])),
        endpoints: None,
        standing: false,
    };
    let found = inventory::read(&client, &wanted).await?;
    let chosen = chosen(&found.inventory, options)?;
    for present in &chosen {
        let identity = &present.resource.identity;
        if found.inventory.is_ambiguous(identity) {
            bail!("there are several of {identity}; rename one, for names identify in files");
        }
        if let Some(broken) = found.broken.get(identity) {
            bail!("{identity}: {broken}");
        }
        let body = Value::Object(present.resource.body.clone());
        for pointer in secrets::in_the_open(&body) {
            let pointer = printable(&pointer);
            eprintln!(
                "warning: {identity}: {pointer} seems to be a credential in the open and is withheld; let {{env.NAME}} stand for it"
            );
        }
    }
    match &options.output {
        Some(folder) => write(folder, &chosen)?,
        None => {
            for present in chosen {
                print!("---\n{}", yaml::write(&present.resource.document()));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What is exported, by kind and names.
fn chosen<'a>(inventory: &'a Inventory, options: &Options) -> Result<Vec<&'a Present>> {
    let workspace = options.workspace.as_deref().map(Identity::workspace);
    let project = match (&workspace, options.project.as_deref()) {
        (Some(workspace), Some(name)) => Some(Identity::project(&workspace.name, name)),
        _ => None,
    };
    for named in [&workspace, &project].into_iter().flatten() {
        if inventory.get(named).is_none() {
            bail!("there is no {named}, or you may not see it");
        }
    }
    let in_project = |identity: &Identity| {
        project.as_ref().is_none_or(|project| match identity.kind {
            Kind::Workspace => true,
            Kind::Project => identity == project,
            Kind::ApiEndpoint => false,
            Kind::Environment | Kind::Workflow | Kind::Schedule => identity.its_project().as_ref() == Some(project),
        })
    };
    let mut used: BTreeSet<Identity> = BTreeSet::new();
    for present in inventory
        .iter()
        .filter(|present| in_project(&present.resource.identity))
    {
        used.extend(references(&present.resource).into_iter().map(|(_, named)| named));
    }
    let is_chosen = |identity: &Identity| {
        let is_endpoint = identity.kind == Kind::ApiEndpoint;
        let by_use = is_endpoint && (project.is_some() || (workspace.is_some() && identity.workspace.is_none()));
        if by_use {
            used.contains(identity)
        } else {
            in_project(identity)
        }
    };
    Ok(inventory
        .iter()
        .filter(|present| is_chosen(&present.resource.identity))
        .collect())
}

/// Writes one file per resource, and says what else stands in the folder.
fn write(folder: &Path, chosen: &[&Present]) -> Result<()> {
    let paths: BTreeMap<&Identity, String> = paths(chosen.iter().map(|present| &present.resource.identity));
    let mut written = 0;
    for present in chosen {
        let path = &paths[&present.resource.identity];
        written += usize::from(folder::write(folder, path, &yaml::write(&present.resource.document()))?);
    }
    let mine: BTreeSet<PathBuf> = paths.values().map(|path| folder.join(path)).collect();
    std::fs::create_dir_all(folder)?;
    for other in folder::files(folder)?.into_iter().filter(|file| !mine.contains(file)) {
        eprintln!("note: {} is no part of this export", other.display());
    }
    eprintln!(
        "{} definitions in {}, {written} files written",
        chosen.len(),
        folder.display()
    );
    Ok(())
}
