//! Where each resource stands in a folder: a tree by workspace, project and kind, one file a resource.
//!
//! Invariant: the paths depend on the names alone. Two names never share a path, on file systems that ignore case neither.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use crate::{kinds::Kind, resource::Identity};

/// Characters of a name that its file shows.
const LONGEST_SLUG: usize = 60;

/// The paths of these resources, relative, with `/`.
#[must_use]
pub fn paths<'a>(identities: impl IntoIterator<Item = &'a Identity>) -> BTreeMap<&'a Identity, String> {
    let identities: Vec<&Identity> = identities.into_iter().collect();
    let mut names: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
    for identity in &identities {
        for (folder, name) in levels(identity) {
            let same = names.entry((folder, slug(name))).or_default();
            if !same.contains(&name) {
                same.push(name);
            }
        }
    }
    let segment = |folder: &str, name: &str| {
        let slug = slug(name);
        let shared = names
            .get(&(folder.to_owned(), slug.clone()))
            .is_some_and(|same| same.len() > 1);
        if shared || slug.is_empty() || slug.chars().count() >= LONGEST_SLUG || is_reserved(&slug) {
            let digest = hex::encode(&Sha256::digest(name)[..4]);
            return format!("{slug}{}{digest}", if slug.is_empty() { "" } else { "-" });
        }
        slug
    };
    let path = |identity: &Identity| {
        let levels = levels(identity);
        let mut path = String::new();
        for (place, (folder, name)) in levels.iter().enumerate() {
            let between = ["workspaces/", "/projects/"].get(place).copied().unwrap_or("/");
            let is_own = place + 1 == levels.len();
            path.push_str(match (is_own, identity.kind, place) {
                (true, Kind::ApiEndpoint, 0) => "shared-endpoints/",
                (true, Kind::ApiEndpoint, _) => "/endpoints/",
                (true, Kind::Environment, _) => "/environments/",
                (true, Kind::Workflow, _) => "/workflows/",
                (true, Kind::Schedule, _) => "/schedules/",
                _ => between,
            });
            path.push_str(&segment(folder, name));
        }
        path.push_str(match identity.kind {
            Kind::Workspace => "/workspace.yaml",
            Kind::Project => "/project.yaml",
            Kind::ApiEndpoint | Kind::Environment | Kind::Workflow | Kind::Schedule => ".yaml",
        });
        path
    };
    identities.iter().map(|identity| (*identity, path(identity))).collect()
}

/// The names from the outermost in, each with what makes it unique beside its name.
fn levels(identity: &Identity) -> Vec<(String, &str)> {
    let names = [identity.workspace.as_deref(), identity.project.as_deref()];
    let mut levels: Vec<(String, &str)> = Vec::new();
    let mut above = String::new();
    for (place, name) in names.into_iter().flatten().enumerate() {
        let kind = if place == 0 { Kind::Workspace } else { Kind::Project };
        levels.push((format!("{above}\u{0}{}", kind.name()), name));
        above = format!("{above}\u{0}{name}");
    }
    levels.push((format!("{above}\u{0}{}", identity.kind.name()), &identity.name));
    levels
}

/// Letters and digits in lower case, everything else as single dashes.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for character in name.chars().flat_map(char::to_lowercase) {
        if character.is_alphanumeric() {
            slug.push(character);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug: String = slug.trim_end_matches('-').chars().take(LONGEST_SLUG).collect();
    slug.trim_end_matches('-').to_owned()
}

/// Whether Windows keeps the name for itself.
fn is_reserved(slug: &str) -> bool {
    let numbered = |start: &str| slug.strip_prefix(start).is_some_and(|rest| rest.len() == 1);
    matches!(slug, "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: Kind, names: &[&str]) -> Identity {
        match *names {
            [name] => Identity::new(kind, None, None, name),
            [workspace, name] => Identity::new(kind, Some(workspace), None, name),
            [workspace, project, name] => Identity::new(kind, Some(workspace), Some(project), name),
            _ => panic!(),
        }
    }

    #[test]
    fn a_folder_looks_as_a_person_would_make_it() {
        for (identity, expected) in [
            (
                of(Kind::Workspace, &["Acme & Söhne"]),
                "workspaces/acme-söhne/workspace.yaml",
            ),
            (
                of(Kind::Project, &["Acme", "Orders"]),
                "workspaces/acme/projects/orders/project.yaml",
            ),
            (of(Kind::ApiEndpoint, &["Ping"]), "shared-endpoints/ping.yaml"),
            (
                of(Kind::ApiEndpoint, &["Acme", "Call /pay"]),
                "workspaces/acme/endpoints/call-pay.yaml",
            ),
            (
                of(Kind::Environment, &["Acme", "Orders", "EU 1"]),
                "workspaces/acme/projects/orders/environments/eu-1.yaml",
            ),
            (
                of(Kind::Workflow, &["Acme", "Orders", "Fulfil"]),
                "workspaces/acme/projects/orders/workflows/fulfil.yaml",
            ),
            (
                of(Kind::Schedule, &["Acme", "Orders", "Fulfil"]),
                "workspaces/acme/projects/orders/schedules/fulfil.yaml",
            ),
        ] {
            assert_eq!(paths([&identity])[&identity], expected);
        }
    }

    #[test]
    fn no_two_names_share_a_path() {
        let long = "x".repeat(200);
        let names = ["Pay", "pay", "p-a-y", "p a y", "../../etc", "..", "con", "", &long, "…"];
        let identities: Vec<Identity> = names.iter().map(|name| of(Kind::Workflow, &["A", "P", name])).collect();
        let paths = paths(&identities);
        let different: std::collections::BTreeSet<String> = paths.values().map(|path| path.to_lowercase()).collect();
        assert_eq!(different.len(), names.len(), "{paths:?}");
        assert!(
            paths.values().all(|path| !path.contains("..") && path.len() < 200),
            "{paths:?}"
        );
    }
}
