//! How commands print: tables for people, JSON for scripts.

use anyhow::Result;
use comfy_table::{Table, presets};
use serde::Serialize;

/// Prints a value as JSON on one line.
pub fn json(value: &impl Serialize) -> Result<()> {
    println!("{}", serde_json::to_string(value)?);
    Ok(())
}

/// A table with these columns.
#[must_use]
pub fn table(columns: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_FULL_CONDENSED)
        .set_header(columns.to_vec());
    table
}
