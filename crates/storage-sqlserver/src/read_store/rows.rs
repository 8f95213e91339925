//! Rows as a JSON array of arrays: how they travel to the server, whatever their number, in one parameter.
//!
//! Invariant: what the text says is what the columns hold. A text that is too long for its column is refused here, because
//! OPENJSON would cut it.

use serde::{Serialize, Serializer, ser::SerializeSeq};
use wfm_storage::read_store::{Cell, ColumnKind};

use super::shape::ColumnShape;
use crate::json_rows::RowSets;

/// A column as rows are written for it.
#[derive(Clone, Copy)]
pub struct Field {
    /// As the DDL has it.
    pub shape: &'static ColumnShape,
    /// As the port has it.
    pub kind: ColumnKind,
}

/// Rows ready to travel.
#[derive(Debug)]
pub struct Rows {
    /// `[[1,"a"],[2,null]]`, images in the place of what JSON escapes; without the cells of absent fields.
    pub json: String,
    /// The images.
    pub images: String,
    /// What they stand for.
    pub characters: String,
    /// For each field, whether its texts contain images.
    pub imaged: Vec<bool>,
    /// For each field, whether it is NULL in every row: then it does not travel.
    pub absent: Vec<bool>,
    /// Whether a text may have more than [`UNITS_OF_ANY_TYPE`].
    pub long: bool,
}

/// UTF-16 units that a text of any type may have; more go into NVARCHAR(MAX) alone.
const UNITS_OF_ANY_TYPE: usize = 4000;

/// Why rows cannot travel.
#[derive(Debug, PartialEq, Eq)]
pub enum Unfit {
    /// A text is longer than its column takes.
    TooLong { column: &'static str, units: usize },
    /// The texts contain so many different characters that none is left for an image.
    NoImages,
}

impl Rows {
    /// Rows with a cell for each field.
    pub fn write<R: AsRef<[Cell]>>(fields: &[Field], rows: &[R]) -> Result<Self, Unfit> {
        let mut imaged = vec![false; fields.len()];
        let mut absent = vec![!rows.is_empty(); fields.len()];
        // Something must travel; the first field is what rows are found by.
        if let Some(first) = absent.first_mut() {
            *first = false;
        }
        let mut long = false;
        for row in rows {
            for (absent, cell) in absent.iter_mut().zip(row.as_ref()) {
                *absent = *absent && *cell == Cell::Null;
            }
            for ((field, imaged), cell) in fields.iter().zip(&mut imaged).zip(row.as_ref()) {
                if let Cell::Text(text) = cell {
                    field.check(text)?;
                    // Units are no more than bytes.
                    long = long || text.len() > UNITS_OF_ANY_TYPE;
                    *imaged = *imaged || text.bytes().any(|byte| matches!(byte, b'"' | b'\\' | ..0x20));
                }
            }
        }
        let written = RowSets::<1>::write(|writer| {
            for row in rows {
                let cells = row.as_ref();
                writer.push(
                    0,
                    &Row {
                        fields,
                        absent: &absent,
                        cells,
                    },
                );
            }
        });
        let RowSets {
            sets: [json],
            images,
            characters,
        } = written.ok_or(Unfit::NoImages)?;
        Ok(Self {
            json,
            images,
            characters,
            imaged,
            absent,
            long,
        })
    }
}

impl Field {
    fn check(&self, text: &str) -> Result<(), Unfit> {
        if self.shape.takes(text) {
            return Ok(());
        }
        Err(Unfit::TooLong {
            column: self.shape.name,
            units: text.encode_utf16().count(),
        })
    }
}

/// A row on its way into JSON.
struct Row<'a> {
    fields: &'a [Field],
    absent: &'a [bool],
    cells: &'a [Cell],
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_seq(None)?;
        for ((field, absent), cell) in self.fields.iter().zip(self.absent).zip(self.cells) {
            if *absent {
                continue;
            }
            match cell {
                Cell::Null => row.serialize_element(&None::<&str>)?,
                Cell::Integer(value) => row.serialize_element(value)?,
                Cell::Real(value) => row.serialize_element(value)?,
                // DATETIME2 has no zone; all instants are UTC.
                Cell::Text(text) if field.kind == ColumnKind::Instant => {
                    row.serialize_element(text.strip_suffix('Z').unwrap_or(text))?;
                }
                Cell::Text(text) => row.serialize_element(&**text)?,
            }
        }
        row.end()
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::shape::{SHAPES, Shape},
        *,
    };

    fn field(table: &str, place: usize, kind: ColumnKind) -> Field {
        let shape: &Shape = SHAPES.iter().find(|shape| shape.name == table).unwrap();
        Field {
            shape: &shape.columns[place],
            kind,
        }
    }

    #[test]
    fn rows_are_arrays_in_which_nothing_is_escaped() {
        let fields = [
            field("Users", 0, ColumnKind::Integer),
            field("Users", 1, ColumnKind::Text),
            field("Users", 2, ColumnKind::Text),
            field("Users", 13, ColumnKind::Instant),
        ];
        let rows = [
            vec![
                Cell::Integer(-7),
                "a\"b".into(),
                "é\u{1f600}".into(),
                "2026-11-22T16:29:03.123456Z".into(),
            ],
            vec![Cell::Integer(8), "".into(), Cell::Null, Cell::Null],
        ];
        let rows = Rows::write(&fields, &rows).unwrap();
        assert_eq!(
            rows.json,
            "[[-7,\"a\u{e000}b\",\"é\u{1f600}\",\"2026-11-22T16:29:03.123456\"],[8,\"\",null,null]]"
        );
        assert!(rows.images.starts_with('\u{e000}') && rows.characters.starts_with('"'));
        assert_eq!(rows.imaged, [false, true, false, false]);
        assert_eq!(rows.absent, [false; 4]);
    }

    #[test]
    fn what_is_null_in_every_row_does_not_travel() {
        let fields = [
            field("Users", 0, ColumnKind::Integer),
            field("Users", 1, ColumnKind::Text),
            field("Users", 2, ColumnKind::Text),
        ];
        let rows = [
            vec![Cell::Integer(1), Cell::Null, Cell::Null],
            vec![Cell::Integer(2), Cell::Null, "b".into()],
        ];
        let rows = Rows::write(&fields, &rows).unwrap();
        assert_eq!(rows.json, "[[1,null],[2,\"b\"]]");
        assert_eq!(rows.absent, [false, true, false]);
    }

    #[test]
    fn numbers_keep_their_digits() {
        let fields = [field("WorkflowMetrics", 3, ColumnKind::Real)];
        for value in [0.1, -0.0, 1e300, 5e-324, 1.0, 123_456_789.123_456_78] {
            let rows = Rows::write(&fields, &[[Cell::Real(value)]]).unwrap();
            let parsed: f64 = rows.json.trim_matches(['[', ']']).parse().unwrap();
            assert_eq!(parsed.to_bits(), value.to_bits());
        }
    }

    #[test]
    fn lengths_count_utf_16_units_and_longer_texts_are_refused() {
        let fields = [field("Users", 5, ColumnKind::Text)];
        let write = |value: String| Rows::write(&fields, &[[Cell::from(value)]]).map(|_| ());
        assert_eq!(write("é".repeat(20)), Ok(()));
        assert_eq!(write("\u{1f600}".repeat(10)), Ok(()));
        let too_long = Unfit::TooLong {
            column: "PhoneNumber",
            units: 22,
        };
        assert_eq!(write("\u{1f600}".repeat(11)), Err(too_long));
    }
}
