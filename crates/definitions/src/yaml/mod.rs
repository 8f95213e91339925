//! YAML as definitions are written in: a small part of YAML 1.2, read with the place of every value and written one way.
//!
//! Invariant: what [`write()`] gives, [`read`] reads back as the same JSON, numbers digit by digit. Deliberately absent:
//! anchors, aliases, tags and merge keys, which make a text mean more than it shows.

mod node;
mod read;
mod scalar;
mod write;

pub use node::{Key, Node, Tree};
pub use read::{Fault, MAXIMUM_DEPTH, MAXIMUM_NODES, read};
pub use write::write;
