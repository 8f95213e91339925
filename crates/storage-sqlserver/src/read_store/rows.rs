//! Rows as a JSON array of arrays: how they travel to the server, whatever their number, in one parameter.
//!
//! Invariant: what the text says is what the columns hold. A text that is too long for its column is refused here, because
//! OPENJSON would cut it.

use std::fmt::Write as _;

use wfm_storage::read_store::{Cell, ColumnKind};

use super::shape::ColumnShape;

/// A column as rows are written for it.
#[derive(Clone, Copy)]
pub struct Field {
    /// As the DDL has it.
    pub shape: &'static ColumnShape,
    /// As the port has it.
    pub kind: ColumnKind,
}

/// A text is longer than its column takes.
#[derive(Debug, PartialEq, Eq)]
pub struct TooLong {
    pub column: &'static str,
    pub units: usize,
}

/// `[[1,"a",null],[2,"b",null]]`
pub fn json<'a>(fields: &[Field], rows: impl ExactSizeIterator<Item = &'a [Cell]>) -> Result<String, TooLong> {
    let mut text = String::with_capacity(2 + rows.len() * fields.len() * 16);
    text.push('[');
    for (place, row) in rows.enumerate() {
        text.push_str(if place == 0 { "[" } else { ",[" });
        for (place, (field, cell)) in fields.iter().zip(row).enumerate() {
            if place > 0 {
                text.push(',');
            }
            write_cell(&mut text, *field, cell)?;
        }
        text.push(']');
    }
    text.push(']');
    Ok(text)
}

fn write_cell(text: &mut String, field: Field, cell: &Cell) -> Result<(), TooLong> {
    match cell {
        Cell::Null => text.push_str("null"),
        // Writing to a string cannot fail.
        Cell::Integer(value) => {
            let _ = write!(text, "{value}");
        }
        Cell::Real(value) => {
            let _ = write!(text, "{value:?}");
        }
        Cell::Text(value) => {
            if let Some(most) = field.shape.units
                && value.len() > most
            {
                let units = value.encode_utf16().count();
                if units > most {
                    return Err(TooLong {
                        column: field.shape.name,
                        units,
                    });
                }
            }
            // DATETIME2 has no zone; all instants are UTC.
            let value = match field.kind {
                ColumnKind::Instant => value.strip_suffix('Z').unwrap_or(value),
                ColumnKind::Integer | ColumnKind::Bit | ColumnKind::Real | ColumnKind::Text => value,
            };
            write_text(text, value);
        }
    }
    Ok(())
}

/// A JSON string. Runs of plain characters are copied whole.
fn write_text(text: &mut String, value: &str) {
    text.push('"');
    let mut copied = 0;
    for (place, byte) in value.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..=0x1f => "",
            _ => continue,
        };
        text.push_str(&value[copied..place]);
        if escape.is_empty() {
            let _ = write!(text, "\\u{byte:04x}");
        } else {
            text.push_str(escape);
        }
        copied = place + 1;
    }
    text.push_str(&value[copied..]);
    text.push('"');
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
    fn rows_are_arrays_and_texts_are_escaped() {
        let fields = [
            field("Users", 0, ColumnKind::Integer),
            field("Users", 1, ColumnKind::Text),
            field("Users", 13, ColumnKind::Instant),
        ];
        let rows = [
            vec![
                Cell::Integer(-7),
                "quote \" backslash \\ bell \u{7} line\né\u{1f600}".into(),
                "2026-11-22T16:29:03.123456Z".into(),
            ],
            vec![Cell::Integer(8), Cell::Text("".into()), Cell::Null],
        ];
        let text = json(&fields, rows.iter().map(Vec::as_slice)).unwrap();
        assert_eq!(
            text,
            "[[-7,\"quote \\\" backslash \\\\ bell \\u0007 line\\né\u{1f600}\",\"2026-11-22T16:29:03.123456\"],[8,\"\",null]]"
        );
        let parsed: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(parsed[0][1], "quote \" backslash \\ bell \u{7} line\né\u{1f600}");
    }

    #[test]
    fn numbers_keep_their_digits() {
        let fields = [field("WorkflowMetrics", 3, ColumnKind::Real)];
        for value in [0.1, -0.0, 1e300, 5e-324, 1.0, 123_456_789.123_456_78] {
            let text = json(&fields, [[Cell::Real(value)].as_slice()].into_iter()).unwrap();
            let parsed: f64 = text.trim_matches(['[', ']']).parse().unwrap();
            assert_eq!(parsed.to_bits(), value.to_bits());
        }
    }

    #[test]
    fn lengths_count_utf_16_units_and_longer_texts_are_refused() {
        let fields = [field("Users", 5, ColumnKind::Text)];
        let write = |value: String| json(&fields, [[Cell::from(value)].as_slice()].into_iter());
        assert!(write("é".repeat(20)).is_ok());
        assert!(write("\u{1f600}".repeat(10)).is_ok());
        assert_eq!(
            write("\u{1f600}".repeat(11)),
            Err(TooLong {
                column: "PhoneNumber",
                units: 22
            })
        );
    }
}
