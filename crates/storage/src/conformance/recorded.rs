//! Texts that are recorded in files, for people and other programs to read.

use std::{collections::BTreeMap, path::Path};

/// Set to write the files anew, for review with the change that made them differ.
const WRITE: &str = "WFM_WRITE_TEXTS";

/// Compares the files of a folder, by name, with what they should hold; none may be missing or left over.
///
/// # Panics
/// When a file differs.
pub fn compare(folder: &Path, texts: &BTreeMap<String, String>) {
    if std::env::var_os(WRITE).is_some() {
        if folder.exists() {
            std::fs::remove_dir_all(folder).unwrap();
        }
        std::fs::create_dir_all(folder).unwrap();
        for (name, text) in texts {
            std::fs::write(folder.join(name), text).unwrap();
        }
    }
    let recorded: BTreeMap<String, String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| {
            let file = file.unwrap();
            let name = file.file_name().into_string().unwrap();
            (name, std::fs::read_to_string(file.path()).unwrap())
        })
        .collect();
    let names = |texts: &BTreeMap<String, String>| texts.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&recorded), names(texts), "files in {}", folder.display());
    for (name, text) in texts {
        assert!(
            recorded[name] == *text,
            "{} does not hold the text as it is now; {WRITE}=1 writes it anew",
            folder.join(name).display()
        );
    }
}
