//! The texts that make the read models' tables, and their fingerprint.
//!
//! Invariant: a schema's tables are of this program exactly when its checkpoint says so: the row goes first when tables are
//! dropped and comes last when they are made. Tables are disposable, so that nothing is ever migrated.

use std::sync::LazyLock;

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

/// What stands on the tables; the shadow has none of it.
const PROGRAMS: [&str; 3] = [
    TRIGGER,
    include_str!("../../../../projections/sqlserver/0006_views.sql"),
    include_str!("../../../../projections/sqlserver/0007_procedures.sql"),
];

/// SHA-256 (hex) over everything that makes the tables; the checkpoint carries it.
pub static FINGERPRINT: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for text in TABLES.into_iter().chain([INDEXES, BOOK_KEEPING]).chain(PROGRAMS) {
        hash.update(text);
    }
    hex::encode(hash.finalize())
});

/// The batches that drop the tables of a schema, of whatever shape they are.
pub fn dropping(schema: &str) -> Vec<String> {
    batches(DROP, schema)
}

/// The batches that make the tables of a schema, which has none.
pub fn making(schema: &str) -> Vec<String> {
    let texts = TABLES.into_iter().chain([INDEXES, BOOK_KEEPING]);
    let programs = PROGRAMS.into_iter().filter(|_| schema == SERVING);
    let mut batches: Vec<String> = texts.chain(programs).flat_map(|text| batches(text, schema)).collect();
    batches.push(format!(
        "INSERT INTO {schema}.[Checkpoint] (Id, Shape, LogId, Position, LeafHash, Epoch) VALUES (1, '{}', NULL, 0, '', 0);",
        *FINGERPRINT
    ));
    batches
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
