//! Reads definitions from a folder, a file or standard input, and writes them into a folder.
//!
//! Invariant: bounded in number, size and depth, and nothing outside the folder is read: links are not followed.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use wfm_definitions::{plan::FileFault, resource::Declared, yaml};

/// Files at most.
const MAXIMUM_FILES: usize = 10_000;
/// Bytes of a file at most.
const MAXIMUM_FILE_BYTES: u64 = 1024 * 1024;
/// Bytes of all files at most.
const MAXIMUM_BYTES: u64 = 64 * 1024 * 1024;
/// Folders within each other at most.
const MAXIMUM_DEPTH: usize = 16;

/// What was read: documents, and everything that is wrong with them.
pub type Documents = Result<Vec<Declared>, Vec<FileFault>>;

/// Reads every document below a path; `-` is standard input.
///
/// # Errors
/// When something cannot be read, or is too much.
pub fn read(path: &Path) -> Result<Documents> {
    if path == Path::new("-") {
        let mut text = String::new();
        let read = std::io::stdin().take(MAXIMUM_BYTES + 1).read_to_string(&mut text)?;
        if read as u64 > MAXIMUM_BYTES {
            bail!("standard input has more than {MAXIMUM_BYTES} bytes");
        }
        return Ok(documents([("-".to_owned(), text)]));
    }
    let mut texts = Vec::new();
    let mut bytes = 0;
    for file in files(path)? {
        let shown = file.display().to_string();
        let mut text = Vec::new();
        let opened = fs::File::open(&file).with_context(|| shown.clone())?;
        let read = opened
            .take(MAXIMUM_FILE_BYTES + 1)
            .read_to_end(&mut text)
            .with_context(|| shown.clone())?;
        bytes += read as u64;
        if read as u64 > MAXIMUM_FILE_BYTES {
            bail!("{shown}: has more than {MAXIMUM_FILE_BYTES} bytes");
        }
        if bytes > MAXIMUM_BYTES {
            bail!(
                "{}: the files have more than {MAXIMUM_BYTES} bytes together",
                path.display()
            );
        }
        let text = String::from_utf8(text)
            .ok()
            .with_context(|| format!("{shown}: is no UTF-8"))?;
        texts.push((shown, text));
    }
    Ok(documents(texts))
}

fn documents(texts: impl IntoIterator<Item = (String, String)>) -> Documents {
    let (mut declared, mut faults) = (Vec::new(), Vec::new());
    for (file, text) in texts {
        let at = |fault: yaml::Fault| FileFault {
            file: file.clone(),
            line: fault.line,
            detail: fault.detail,
        };
        match yaml::read(&text) {
            Err(fault) => faults.push(at(fault)),
            Ok(nodes) => {
                for node in nodes {
                    match Declared::read(&file, node) {
                        Ok(one) => declared.push(one),
                        Err(wrong) => faults.extend(wrong.into_iter().map(at)),
                    }
                }
            }
        }
    }
    if faults.is_empty() { Ok(declared) } else { Err(faults) }
}

/// The YAML files below a path, sorted; the path itself if it is a file.
///
/// # Errors
/// When a folder cannot be read, or there are too many.
pub fn files(path: &Path) -> Result<Vec<PathBuf>> {
    let about = || format!("-f {}", path.display());
    if fs::metadata(path).with_context(about)?.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    below(path, 0, &mut found)?;
    found.sort();
    Ok(found)
}

fn below(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<()> {
    if depth > MAXIMUM_DEPTH {
        bail!("{}: more than {MAXIMUM_DEPTH} folders deep", folder.display());
    }
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let is_yaml = path
            .extension()
            .is_some_and(|extension| extension == "yaml" || extension == "yml");
        if kind.is_dir() {
            below(&path, depth + 1, found)?;
        } else if is_yaml && kind.is_file() {
            found.push(path);
        } else if is_yaml && kind.is_symlink() {
            bail!("{}: is a link; links are not followed", path.display());
        }
        if found.len() > MAXIMUM_FILES {
            bail!("{}: more than {MAXIMUM_FILES} files", folder.display());
        }
    }
    Ok(())
}

/// Writes a file below a folder, unless it says the same already; whether it was written.
///
/// # Errors
/// When it cannot be written.
pub fn write(folder: &Path, relative: &str, text: &str) -> Result<bool> {
    let path = folder.join(relative);
    let shown = || path.display().to_string();
    if fs::read(&path).is_ok_and(|present| present == text.as_bytes()) {
        return Ok(false);
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).with_context(shown)?;
    }
    fs::write(&path, text).with_context(shown)?;
    Ok(true)
}
