//! The machine: room on the disk, open files, and the address to listen at.

use std::{
    io::ErrorKind,
    net::TcpListener,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{Access, access, statvfs},
    process::{Resource, getrlimit},
};

use super::Finding;
use crate::{config::Config, database};

const MEBIBYTE: u64 = 1024 * 1024;

/// Room on the disk below which there is soon none, and below which nothing can be relied on.
const LITTLE_ROOM: u64 = 1024 * MEBIBYTE;
const NO_ROOM: u64 = 64 * MEBIBYTE;

/// Open files with which some hundred calls at once get along.
const ENOUGH_FILES: u64 = 4_096;

pub(super) fn findings(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut is_served = false;
    if let Some(folder) = database::folder(&config.database) {
        findings.push(room(folder));
        let (finding, served) = folder_of(folder);
        findings.push(finding);
        is_served = served;
    }
    findings.extend([open_files(), address(config, is_served)]);
    findings
}

/// The folder, or the nearest one above it that exists.
fn existing(folder: &Path) -> PathBuf {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let nearest = absolute.ancestors().find(|path| path.exists());
    nearest.unwrap_or(Path::new("/")).to_owned()
}

fn room(folder: &Path) -> Finding {
    const CHECK: &str = "disk";
    let place = existing(folder);
    let advice = "make room; how a full disk is lived with is described in docs/operating.md";
    match statvfs(&place) {
        Err(error) => Finding::warning(
            CHECK,
            format!("{}: {error}", place.display()),
            "see that it can be read",
        ),
        Ok(found) => {
            let free = found.f_bavail.saturating_mul(found.f_frsize);
            let detail = format!("{} MiB are free at {}", free / MEBIBYTE, place.display());
            match free {
                free if free < NO_ROOM => Finding::fault(CHECK, detail, advice),
                free if free < LITTLE_ROOM => Finding::warning(CHECK, detail, advice),
                _ => Finding::ok(CHECK, detail),
            }
        }
    }
}

/// Whether the folder can be written, and whether a server has it.
fn folder_of(folder: &Path) -> (Finding, bool) {
    const CHECK: &str = "folder";
    let place = existing(folder);
    if let Err(error) = access(&place, Access::WRITE_OK | Access::READ_OK | Access::EXEC_OK) {
        let detail = format!("{} cannot be written: {error}", place.display());
        return (
            Finding::fault(CHECK, detail, "give it to the user that runs wfm"),
            false,
        );
    }
    match wfm_storage_sqlite::holder(folder) {
        Ok(None) => (Finding::ok(CHECK, "no server has it at the moment"), false),
        Ok(Some(holder)) => (Finding::ok(CHECK, holder), true),
        Err(error) => {
            let advice = "give its files to the user that runs wfm";
            (Finding::fault(CHECK, error.to_string(), advice), false)
        }
    }
}

fn open_files() -> Finding {
    const CHECK: &str = "open files";
    // `wfm serve` raises its bound to what is allowed at most.
    match getrlimit(Resource::Nofile).maximum {
        Some(most) if most < ENOUGH_FILES => Finding::warning(
            CHECK,
            format!("the process may open {most}"),
            format!("allow {ENOUGH_FILES} or more (LimitNOFILE of systemd, `ulimit -Hn`): each call under way is one"),
        ),
        Some(most) => Finding::ok(CHECK, format!("the process may open {most}")),
        None => Finding::ok(CHECK, "the process may open any number"),
    }
}

fn address(config: &Config, is_served: bool) -> Finding {
    const CHECK: &str = "address";
    let listen = config.listen;
    let taken = match TcpListener::bind(listen) {
        Ok(_) => return Finding::ok(CHECK, format!("{listen} is free")),
        Err(error) => error,
    };
    let is_in_use = taken.kind() == ErrorKind::AddrInUse;
    // Nodes that share a database leave no mark on the machine.
    let may_be_ours = database::folder(&config.database).is_none();
    if is_in_use && is_served {
        Finding::ok(CHECK, format!("{listen} is in use, and a server has the folder"))
    } else if is_in_use && may_be_ours {
        let advice = "nothing, if a node runs here; otherwise choose another with WFM_LISTEN or --listen";
        Finding::warning(CHECK, format!("{listen} is in use"), advice)
    } else {
        let advice = "choose another with WFM_LISTEN or --listen, or see who has it";
        Finding::fault(CHECK, format!("{listen} cannot be listened at: {taken}"), advice)
    }
}
