//! Where a page of a list ended, as an opaque text.

use wfm_storage::read_store::Cell;

/// The last row's place in the order of the list.
#[derive(Debug, Clone, PartialEq)]
pub struct Cursor {
    /// The sort it belongs to, for example `-executedAt`.
    pub sort: String,
    /// The row's sort value.
    pub value: Cell,
    /// The row's key.
    pub key: Cell,
}

impl Cursor {
    /// The opaque text: hexadecimal digits, fit for a URL.
    pub fn encode(&self) -> String {
        let text = serde_json::json!([self.sort, to_json(&self.value), to_json(&self.key)]);
        hex::encode(text.to_string())
    }

    /// The cursor of this text; `None` when it is none.
    pub fn decode(text: &str) -> Option<Self> {
        let json: serde_json::Value = serde_json::from_slice(&hex::decode(text).ok()?).ok()?;
        let [sort, value, key] = json.as_array()?.as_slice() else {
            return None;
        };
        Some(Self {
            sort: sort.as_str()?.to_owned(),
            value: to_cell(value)?,
            key: to_cell(key)?,
        })
    }
}

fn to_json(cell: &Cell) -> serde_json::Value {
    match cell {
        Cell::Null => serde_json::Value::Null,
        Cell::Integer(value) => (*value).into(),
        Cell::Real(value) => (*value).into(),
        Cell::Text(value) => value.as_ref().into(),
    }
}

fn to_cell(value: &serde_json::Value) -> Option<Cell> {
    match value {
        serde_json::Value::Null => Some(Cell::Null),
        serde_json::Value::Bool(_) | serde_json::Value::Array(_) | serde_json::Value::Object(_) => None,
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(integer) => Some(integer.into()),
            None => number.as_f64().map(Into::into),
        },
        serde_json::Value::String(text) => Some(text.as_str().into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_its_text_form() {
        for value in [
            Cell::Integer(-3),
            Cell::Real(1.5),
            Cell::from("2026-11-22T16:29:03.123456Z"),
            Cell::Null,
        ] {
            let cursor = Cursor {
                sort: "-executedAt".to_owned(),
                value,
                key: Cell::from("0193"),
            };
            assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
        }
        assert_eq!(Cursor::decode("zz"), None);
        assert_eq!(Cursor::decode(&hex::encode("[1,2]")), None);
    }
}
