//! The texts that make the read models' tables, and their fingerprint.
//!
//! Invariant: a schema's tables are of this program exactly when its checkpoint says so: the row goes first when tables are
//! dropped and comes last when they are made. Tables are disposable, so that nothing is ever migrated. Each shape that the texts
//! ever had is a generation, so that of two versions of the program on one database only the later makes tables anew.

use std::{fmt::Write as _, sync::LazyLock};

use sha2::{Digest, Sha256};

use crate::migrations;

/// The schema that analysts query. The texts name it.
pub const SERVING: &str = "dbo";

/// The schema that a rebuild fills.
pub const SHADOW: &str = "shadow";

const DROP: &str = include_str!("../../../../projections/sqlserver/0000_drop.sql");

/// The documented tables, then the product's own. [`super::shape`] reads them too.
pub const TABLES: [&str; 2] = [
    include_str!("../../../../projections/sqlserver/0001_documented_tables.sql"),
    include_str!("../../../../projections/sqlserver/0002_own_tables.sql"),
];

const INDEXES: &str = include_str!("../../../../projections/sqlserver/0003_indexes.sql");

/// How far the rows are.
pub const BOOK_KEEPING: &str = include_str!("../../../../projections/sqlserver/0004_book_keeping.sql");

/// The audit trigger.
pub const TRIGGER: &str = include_str!("../../../../projections/sqlserver/0005_trigger.sql");

/// What stands on the tables for those who read them; the shadow has none of it.
const FOR_READING: [&str; 4] = [
    include_str!("../../../../projections/sqlserver/0008_indexes_for_reading.sql"),
    TRIGGER,
    include_str!("../../../../projections/sqlserver/0006_views.sql"),
    include_str!("../../../../projections/sqlserver/0007_procedures.sql"),
];

/// What analysts may read; tables that are made anew lose it.
pub const ANALYSTS_RIGHTS: &str = include_str!("../../../../scripts/sqlserver/analyst_rights.sql");

/// SHA-256 (hex) over everything that makes the tables; the checkpoint carries it.
pub static FINGERPRINT: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for text in TABLES.into_iter().chain([INDEXES, BOOK_KEEPING]).chain(FOR_READING) {
        hash.update(text);
    }
    hex::encode(hash.finalize())
});

/// Fingerprints of the tables, the oldest first; the last one is that of the texts as they are.
const GENERATIONS: &str = include_str!("../../../../projections/sqlserver/generations.txt");

/// The number of this program's shape among all that there ever were, from 1.
pub fn generation() -> i32 {
    i32::try_from(GENERATIONS.lines().count()).expect("a handful of lines")
}

/// The batches that drop the tables of a schema, of whatever shape they are.
pub fn dropping(schema: &str) -> Vec<String> {
    batches(DROP, schema)
}

/// The batches that make the tables of a schema, which has none.
pub fn making(schema: &str) -> Vec<String> {
    let texts = TABLES.into_iter().chain([INDEXES, BOOK_KEEPING]);
    let for_reading = FOR_READING.into_iter().filter(|_| schema == SERVING);
    let mut batches: Vec<String> = texts
        .chain(for_reading)
        .flat_map(|text| batches(text, schema))
        .collect();
    batches.push(format!(
        "INSERT INTO {schema}.[Checkpoint] (Id, Shape, Generation, LogId, Position, LeafHash, Epoch) VALUES (1, '{}', {}, NULL, 0, '', 0);",
        *FINGERPRINT,
        generation()
    ));
    batches
}

/// The batches that make the tables of a shadow that is being loaded: as [`making`] makes them, without foreign keys, which
/// cost as much as the rows and bind tables to an order, and without IDENTITY: the log numbers the rows.
pub fn making_to_load() -> Vec<String> {
    let batches = making(SHADOW);
    let batches = batches.iter().map(|batch| without_foreign_keys(batch));
    batches.map(|batch| batch.replace(" IDENTITY(1, 1)", "")).collect()
}

/// The batch that gives a loaded shadow its foreign keys; it fails when its rows break one.
pub fn ending_the_load() -> String {
    let mut text = String::new();
    for batch in making(SHADOW) {
        let Some(table) = created_table(&batch) else { continue };
        for key in foreign_keys(&batch) {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "ALTER TABLE {table} ADD {};", key.trim().trim_end_matches(','));
        }
    }
    text
}

/// `shadow.Users` of the batch that makes it.
fn created_table(batch: &str) -> Option<&str> {
    let (_, rest) = batch.split_once("CREATE TABLE ")?;
    rest.split_whitespace().next()
}

/// The lines of a table that are foreign keys; the formatter leaves each on a line of its own.
fn foreign_keys(batch: &str) -> impl Iterator<Item = &str> {
    batch.lines().filter(|line| is_foreign_key(line))
}

fn is_foreign_key(line: &str) -> bool {
    line.trim_start().starts_with("CONSTRAINT FK_")
}

fn without_foreign_keys(batch: &str) -> String {
    let mut lines: Vec<&str> = batch
        .lines()
        .filter(|line| !is_foreign_key(line) && !line.trim_start().starts_with("--"))
        .collect();
    // What is the last line of the table now stood before a comma.
    if let Some(end) = lines.iter().position(|line| *line == ");")
        && let Some(last) = end.checked_sub(1).and_then(|last| lines.get_mut(last))
    {
        *last = last.trim_end_matches(',');
    }
    lines.join("\n")
}

/// The batches that let analysts read the serving tables.
pub fn granting() -> Vec<String> {
    migrations::batches(ANALYSTS_RIGHTS)
}

/// The batches of a text in another schema than the one it names.
fn batches(text: &str, schema: &str) -> Vec<String> {
    migrations::batches(&text.replace("dbo.", &format!("{schema}.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shadow_has_the_tables_and_nothing_that_names_the_serving_schema() {
        let serving = making(SERVING);
        let shadow = making(SHADOW);
        assert!(
            serving
                .iter()
                .any(|batch| batch.contains("CREATE VIEW dbo.vw_ActiveWorkflows"))
        );
        assert!(shadow.iter().any(|batch| batch.contains("CREATE TABLE shadow.Users (")));
        assert!(shadow.iter().any(|batch| batch.contains("REFERENCES shadow.Users(Id)")));
        for batch in shadow.iter().chain(&dropping(SHADOW)) {
            assert!(!batch.contains("dbo"), "{batch}");
            assert!(
                !batch.contains("CREATE PROCEDURE") && !batch.contains("CREATE VIEW"),
                "{batch}"
            );
        }
    }

    #[test]
    fn a_shadow_gets_its_foreign_keys_when_it_is_loaded() {
        let complete = making(SHADOW).concat();
        let loading = making_to_load();
        assert!(!loading.concat().contains("FOREIGN KEY") && !loading.concat().contains("IDENTITY"));
        for batch in &loading {
            assert!(!batch.contains(",\n);"), "{batch}");
        }
        let keys = ending_the_load();
        assert_eq!(
            keys.matches("FOREIGN KEY").count(),
            complete.matches("FOREIGN KEY").count()
        );
        assert!(keys.contains(
            "ALTER TABLE shadow.ExecutionLogs ADD CONSTRAINT FK_ExecutionLogs_ExecutionId FOREIGN KEY (ExecutionId) \
             REFERENCES shadow.WorkflowExecutions(Id) ON DELETE CASCADE;\n"
        ));
        let columns = |text: &str| text.matches(" NULL").count() + text.matches("CONSTRAINT CK_").count();
        assert_eq!(
            columns(&loading.concat()),
            columns(&complete),
            "nothing else is missing"
        );
    }

    /// Whoever changes the texts begins a generation: `WFM_WRITE_TEXTS=1` adds its line.
    #[test]
    fn the_texts_are_those_of_the_last_generation() {
        let file = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../projections/sqlserver/generations.txt"
        );
        let recorded = std::fs::read_to_string(file).unwrap();
        if std::env::var_os("WFM_WRITE_TEXTS").is_some() && recorded.lines().last() != Some(&FINGERPRINT) {
            return std::fs::write(file, format!("{recorded}{}\n", *FINGERPRINT)).unwrap();
        }
        assert_eq!(
            recorded.lines().last(),
            Some(FINGERPRINT.as_str()),
            "the tables have another shape: add its fingerprint as a line to {file}; WFM_WRITE_TEXTS=1 does it"
        );
        let mut distinct: Vec<&str> = recorded.lines().collect();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(
            distinct.len(),
            recorded.lines().count(),
            "no shape comes back under another number"
        );
    }

    #[test]
    fn whatever_is_made_is_dropped_and_the_checkpoint_first() {
        let dropping = dropping(SERVING).concat();
        for batch in making(SERVING) {
            for created in batch.split("\nCREATE ").skip(1).chain(batch.strip_prefix("CREATE ")) {
                let mut words = created.split_whitespace();
                let (Some(kind @ ("TABLE" | "VIEW" | "PROCEDURE")), Some(name)) = (words.next(), words.next()) else {
                    continue;
                };
                assert!(dropping.contains(name), "{kind} {name} is dropped");
            }
        }
        let tables: Vec<&str> = dropping.split("DROP TABLE IF EXISTS ").skip(1).collect();
        assert!(tables[0].starts_with("dbo.[Checkpoint]"));
    }
}
