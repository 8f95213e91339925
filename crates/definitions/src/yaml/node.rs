//! A value as it stands in a file: JSON with the line of every value and key.

use serde_json::{Map, Number, Value};

/// A value and where it begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Line, the first being 1.
    pub line: usize,
    /// The value.
    pub tree: Tree,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as JSON writes them.
    Number(Number),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping in the order of the file; no key stands twice.
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Line, the first being 1.
    pub line: usize,
    /// The key.
    pub text: String,
}

impl Node {
    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Tree::Map(members) = &self.tree else { return None };
        members
            .iter()
            .find(|(known, _)| known.text == key)
            .map(|(_, node)| node)
    }

    /// The text, if it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.tree {
            Tree::Text(text) => Some(text),
            Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::List(_) | Tree::Map(_) => None,
        }
    }

    /// What it is, for messages.
    #[must_use]
    pub fn what(&self) -> &'static str {
        match self.tree {
            Tree::Null => "nothing",
            Tree::Bool(_) => "true or false",
            Tree::Number(_) => "a number",
            Tree::Text(_) => "a text",
            Tree::List(_) => "a list",
            Tree::Map(_) => "a mapping",
        }
    }

    /// The line of what a JSON pointer names, or of the deepest part of it that is there.
    #[must_use]
    pub fn line_of(&self, pointer: &str) -> usize {
        let (mut node, mut line) = (self, self.line);
        for segment in pointer.split('/').skip(1) {
            let segment = segment.replace("~1", "/").replace("~0", "~");
            match &node.tree {
                Tree::Map(members) => {
                    let Some((key, member)) = members.iter().find(|(key, _)| key.text == segment) else {
                        break;
                    };
                    (node, line) = (member, key.line);
                }
                Tree::List(items) => {
                    let Some(item) = segment.parse().ok().and_then(|index: usize| items.get(index)) else {
                        break;
                    };
                    (node, line) = (item, item.line);
                }
                Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::Text(_) => break,
            }
        }
        line
    }

    /// The value without its places.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match &self.tree {
            Tree::Null => Value::Null,
            Tree::Bool(flag) => Value::Bool(*flag),
            Tree::Number(number) => Value::Number(number.clone()),
            Tree::Text(text) => Value::String(text.clone()),
            Tree::List(items) => items.iter().map(Self::to_json).collect(),
            Tree::Map(members) => {
                let members = members.iter().map(|(key, node)| (key.text.clone(), node.to_json()));
                Value::Object(members.collect::<Map<_, _>>())
            }
        }
    }
}
