//! Compares the serving tables with the shadow's, and makes them equal to it.
//!
//! Rows are joined by primary key and compared column by column, NULLs as equal and texts by their characters' codes; that finds
//! what EXCEPT both ways would find without a collation's opinion, in one merge of two clustered indexes a table.
//!
//! Invariant: foreign keys and unique columns hold after every statement. Tables that nothing refers to lose their differing
//! rows first and get the right ones last. The others are changed in place, parents first, and lose their surplus rows at the
//! end, children first. So nothing has to be disabled, and no cascade finds a row that is to stay.

use std::fmt::Write as _;

use super::{
    checkpoint,
    ddl::{SERVING, SHADOW},
    shape::{ColumnShape, SHAPES, Shape},
};

/// The one unique text of a table that others refer to: a row that comes may bear the address of a row that goes later.
const UNIQUE_TEXT: (&str, &str) = ("Users", "Email");

/// That the rows `a` (serving) and `b` (shadow) differ in a column.
fn differs(column: &ColumnShape) -> String {
    let ColumnShape { name, nullable, .. } = column;
    if column.is_text() {
        // Comparisons take no notice of blanks at the end; lengths do, and of NULL.
        format!(
            "ISNULL(DATALENGTH(a.[{name}]), -1) <> ISNULL(DATALENGTH(b.[{name}]), -1) \
             OR a.[{name}] <> b.[{name}] COLLATE Latin1_General_100_BIN2"
        )
    } else if *nullable {
        format!("ISNULL(NULLIF(a.[{name}], b.[{name}]), NULLIF(b.[{name}], a.[{name}])) IS NOT NULL")
    } else {
        format!("a.[{name}] <> b.[{name}]")
    }
}

impl Shape {
    /// That the rows `a` and `b`, which have the same key, differ.
    fn rows_differ(&self) -> String {
        let columns: Vec<String> = self.columns.iter().skip(1).map(differs).collect();
        columns.join(" OR ")
    }

    /// `T a <join> S b ON …`
    fn joined(&self, join: &str) -> String {
        let (name, key) = (self.name, self.key().name);
        format!("{SERVING}.[{name}] AS a {join} JOIN {SHADOW}.[{name}] AS b ON b.[{key}] = a.[{key}]")
    }

    /// How many rows differ: of the shadow's, then of the serving ones.
    fn count(&self) -> String {
        let key = self.key().name;
        format!(
            "SELECT COUNT_BIG(b.[{key}]), COUNT_BIG(a.[{key}]) FROM {} WHERE a.[{key}] IS NULL OR b.[{key}] IS NULL OR {};",
            self.joined("FULL OUTER"),
            self.rows_differ()
        )
    }

    fn delete_surplus(&self, or_changed: bool) -> String {
        let key = self.key().name;
        let changed = if or_changed {
            format!(" OR {}", self.rows_differ())
        } else {
            String::new()
        };
        format!(
            "DELETE a FROM {} WHERE b.[{key}] IS NULL{changed};",
            self.joined("LEFT OUTER")
        )
    }

    fn update_changed(&self) -> String {
        let columns = self
            .columns
            .iter()
            .skip(1)
            .map(|column| format!("a.[{0}] = b.[{0}]", column.name));
        let assignments = columns.collect::<Vec<_>>().join(", ");
        format!(
            "UPDATE a SET {assignments} FROM {} WHERE {};",
            self.joined("INNER"),
            self.rows_differ()
        )
    }

    fn insert_missing(&self) -> String {
        let (name, key) = (self.name, self.key().name);
        let columns: Vec<String> = self.columns.iter().map(|column| format!("[{}]", column.name)).collect();
        let columns = columns.join(", ");
        format!(
            "INSERT INTO {SERVING}.[{name}] ({columns}) SELECT {columns} FROM {SHADOW}.[{name}] AS b \
             WHERE NOT EXISTS (SELECT 1 FROM {SERVING}.[{name}] AS a WHERE a.[{key}] = b.[{key}]);"
        )
    }
}

/// One call that answers, table by table in the order of [`SHAPES`], how many rows differ. Nobody moves the rows meanwhile:
/// it holds the projection's lock.
pub fn comparing() -> String {
    let mut text = format!(
        "SET NOCOUNT ON; SET XACT_ABORT ON; BEGIN TRANSACTION; \
         UPDATE {SERVING}.[Checkpoint] SET Epoch = Epoch WHERE Id = 1;\n"
    );
    for shape in SHAPES.iter() {
        text.push_str(&shape.count());
        text.push('\n');
    }
    text.push_str("ROLLBACK TRANSACTION;\n");
    text
}

/// One call that makes the serving tables equal to the shadow's, if the checkpoint is where `@P1` to `@P5` say. Answers, for
/// each table that differed, its place in [`SHAPES`], rows that came and rows that went.
pub fn adopting() -> String {
    let mut script = Script::default();
    script.line("SET NOCOUNT ON; SET XACT_ABORT ON; BEGIN TRANSACTION;");
    script.line(&format!(
        "UPDATE {SERVING}.[Checkpoint] SET Epoch = Epoch + 1 WHERE {};",
        checkpoint::AS_EXPECTED
    ));
    script.line(&checkpoint::unless_moved(SERVING, "ROLLBACK TRANSACTION; "));
    script.line("DECLARE @Rows BIGINT;");
    script.line("DECLARE @Differences TABLE (Place INT NOT NULL, Missing BIGINT NOT NULL, Surplus BIGINT NOT NULL);");
    let (referenced, leaves): (Vec<_>, Vec<_>) = SHAPES.iter().enumerate().partition(|(_, shape)| shape.referenced);
    for (place, leaf) in &leaves {
        script.counted(*place, &leaf.delete_surplus(true), false, true);
    }
    script.line(&free_unique_texts());
    for (place, shape) in &referenced {
        script.counted(*place, &shape.update_changed(), true, true);
        script.insert(*place, shape);
    }
    for (place, leaf) in &leaves {
        script.insert(*place, leaf);
    }
    for (place, shape) in referenced.iter().rev() {
        script.counted(*place, &shape.delete_surplus(false), false, true);
    }
    script.line(&format!(
        "UPDATE a SET a.LogId = b.LogId, a.Position = b.Position, a.LeafHash = b.LeafHash \
         FROM {SERVING}.[Checkpoint] AS a INNER JOIN {SHADOW}.[Checkpoint] AS b ON b.Id = a.Id;"
    ));
    script.line(&format!("DELETE FROM {SERVING}.ParkedEvents;"));
    script.line(&format!(
        "INSERT INTO {SERVING}.ParkedEvents (Position, Stream, EventType, Reason, ParkedAt) \
         SELECT Position, Stream, EventType, Reason, ParkedAt FROM {SHADOW}.ParkedEvents;"
    ));
    script.line("COMMIT TRANSACTION;");
    script.line(
        "SELECT Place, SUM(Missing), SUM(Surplus) FROM @Differences WHERE Missing + Surplus > 0 GROUP BY Place ORDER BY Place;",
    );
    script.0
}

/// Gives the rows that will go or get another unique text one that nobody has.
fn free_unique_texts() -> String {
    let (table, column) = UNIQUE_TEXT;
    let shape = SHAPES.iter().find(|shape| shape.name == table);
    shape.map_or_else(String::new, |shape| {
        let key = shape.key().name;
        format!(
            "UPDATE a SET a.[{column}] = CONCAT(N'replaced-', a.[{key}], N'@replaced.invalid'), a.UpdatedAt = a.UpdatedAt \
             FROM {} WHERE b.[{key}] IS NULL OR a.[{column}] <> b.[{column}];",
            shape.joined("LEFT OUTER")
        )
    })
}

/// A text of many statements.
#[derive(Default)]
struct Script(String);

impl Script {
    fn line(&mut self, line: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{line}");
    }

    /// A statement whose rows count as missing before, as surplus before, or as both.
    fn counted(&mut self, place: usize, statement: &str, missing: bool, surplus: bool) {
        let count = |counts: bool| if counts { "@Rows" } else { "0" };
        self.line(&format!(
            "{statement} SET @Rows = @@ROWCOUNT; INSERT INTO @Differences (Place, Missing, Surplus) VALUES ({place}, {}, {});",
            count(missing),
            count(surplus)
        ));
    }

    fn insert(&mut self, place: usize, shape: &Shape) {
        let name = shape.name;
        if shape.key().identity {
            self.line(&format!("SET IDENTITY_INSERT {SERVING}.[{name}] ON;"));
        }
        self.counted(place, &shape.insert_missing(), true, false);
        if shape.key().identity {
            self.line(&format!("SET IDENTITY_INSERT {SERVING}.[{name}] OFF;"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_store::ddl;

    #[test]
    fn no_other_referenced_table_has_a_unique_column_besides_its_key() {
        for text in ddl::TABLES {
            for table in text.split("CREATE TABLE dbo.").skip(1) {
                let (name, rest) = table.split_once(" (").unwrap();
                let shape = SHAPES.iter().find(|shape| shape.name == name).unwrap();
                if shape.referenced && name != UNIQUE_TEXT.0 {
                    assert!(!rest.contains("UNIQUE"), "{name}");
                }
            }
        }
        let users = ddl::TABLES[0].split("CREATE TABLE dbo.").nth(1).unwrap();
        assert_eq!(users.matches("UNIQUE (").count(), 1);
        assert!(users.contains("UNIQUE (Email)"));
    }

    #[test]
    fn every_column_is_compared() {
        let text = comparing();
        for shape in SHAPES.iter() {
            for column in shape.columns.iter().skip(1) {
                assert!(shape.rows_differ().contains(&format!("a.[{}]", column.name)));
            }
            assert!(text.contains(&format!("dbo.[{}]", shape.name)));
        }
    }
}
