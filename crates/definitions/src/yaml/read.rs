//! Reads YAML documents with the line of everything.
//!
//! Invariant: no text makes it recurse or hold more than its bounds; a document that could mean two things is refused
//! (aliases, anchors, tags, merge keys, a key twice).

use saphyr_parser::{Event, Parser, ScalarStyle};

use super::{
    node::{Key, Node, Tree},
    scalar::plain,
};

/// Lists and mappings within each other, at most.
pub const MAXIMUM_DEPTH: usize = 64;

/// Values and keys of a text, at most.
pub const MAXIMUM_NODES: usize = 200_000;

/// What is wrong with a text, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {detail}")]
pub struct Fault {
    /// Line, the first being 1.
    pub line: usize,
    /// What is wrong.
    pub detail: String,
}

impl Fault {
    /// A fault at a line.
    #[must_use]
    pub fn new(line: usize, detail: impl Into<String>) -> Self {
        Self {
            line,
            detail: detail.into(),
        }
    }
}

/// A list or mapping that has begun.
enum Open {
    List(Vec<Node>),
    Map(Vec<(Key, Node)>, Option<Key>),
}

/// Reads all documents of a text; those without content are left out.
///
/// # Errors
/// The first thing that is no YAML, or more of it than definitions need.
pub fn read(text: &str) -> Result<Vec<Node>, Fault> {
    let mut documents = Vec::new();
    let mut open: Vec<(usize, Open)> = Vec::new();
    let mut nodes = 0_usize;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| Fault::new(error.marker().line().max(1), error.info()))?;
        let line = span.start.line().max(1);
        if matches!(
            event,
            Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..)
        ) {
            nodes += 1;
            if nodes > MAXIMUM_NODES {
                return Err(Fault::new(
                    line,
                    format!("more than {MAXIMUM_NODES} values in one file"),
                ));
            }
        }
        let done = match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {
                None
            }
            Event::Alias(_) => return Err(Fault::new(line, "aliases (*name) are not taken; write the value out")),
            Event::Scalar(text, style, anchor, tag) => {
                unadorned(line, anchor, tag.is_some())?;
                let tree = match style {
                    ScalarStyle::Plain => plain(&text).map_err(|detail| Fault::new(line, detail))?,
                    ScalarStyle::SingleQuoted
                    | ScalarStyle::DoubleQuoted
                    | ScalarStyle::Literal
                    | ScalarStyle::Folded => Tree::Text(text.into_owned()),
                };
                Some((Node { line, tree }, style == ScalarStyle::Plain))
            }
            Event::SequenceStart(anchor, tag) => {
                unadorned(line, anchor, tag.is_some())?;
                begin(&mut open, line, Open::List(Vec::new()))?;
                None
            }
            Event::MappingStart(anchor, tag) => {
                unadorned(line, anchor, tag.is_some())?;
                begin(&mut open, line, Open::Map(Vec::new(), None))?;
                None
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(|(line, ended)| {
                let tree = match ended {
                    Open::List(items) => Tree::List(items),
                    Open::Map(members, _) => Tree::Map(members),
                };
                (Node { line, tree }, false)
            }),
        };
        let Some((node, is_plain)) = done else { continue };
        match open.last_mut() {
            None if node.tree == Tree::Null => {}
            None => documents.push(node),
            Some((_, Open::List(items))) => items.push(node),
            Some((_, Open::Map(members, waiting))) => match waiting.take() {
                Some(key) => members.push((key, node)),
                None => *waiting = Some(key(node, is_plain, members)?),
            },
        }
    }
    Ok(documents)
}

fn unadorned(line: usize, anchor: usize, tagged: bool) -> Result<(), Fault> {
    if anchor > 0 {
        return Err(Fault::new(line, "anchors (&name) are not taken; write the value out"));
    }
    if tagged {
        return Err(Fault::new(line, "tags (!name) are not taken"));
    }
    Ok(())
}

fn begin(open: &mut Vec<(usize, Open)>, line: usize, what: Open) -> Result<(), Fault> {
    if open.len() >= MAXIMUM_DEPTH {
        return Err(Fault::new(line, format!("nested more than {MAXIMUM_DEPTH} deep")));
    }
    open.push((line, what));
    Ok(())
}

/// A scalar in a key's place.
fn key(node: Node, is_plain: bool, before: &[(Key, Node)]) -> Result<Key, Fault> {
    let line = node.line;
    let text = match node.tree {
        Tree::Text(text) => text,
        Tree::Number(number) => number.as_str().to_owned(),
        Tree::Bool(flag) => flag.to_string(),
        Tree::Null => return Err(Fault::new(line, "a key is missing; write the text null in quotes")),
        Tree::List(_) | Tree::Map(_) => return Err(Fault::new(line, "a key must be a text")),
    };
    if is_plain && text == "<<" {
        return Err(Fault::new(line, "merge keys (<<) are not taken; write the members out"));
    }
    if let Some((first, _)) = before.iter().find(|(key, _)| key.text == text) {
        return Err(Fault::new(
            line,
            format!("the key {text:?} stands on line {} already", first.line),
        ));
    }
    Ok(Key { line, text })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn one(text: &str) -> Node {
        let mut documents = read(text).unwrap();
        assert_eq!(documents.len(), 1);
        documents.remove(0)
    }

    #[test]
    fn everything_has_its_line() {
        let node = one("# a comment\nname: Orders\nsteps:\n  - name: a\n    body: {x: [1, 2.50]}\n");
        assert_eq!(node.line_of("/name"), 2);
        assert_eq!(node.line_of("/steps/0/body/x/1"), 5);
        assert_eq!(node.line_of("/steps/0/missing"), 4);
        assert_eq!(
            node.to_json().to_string(),
            json!({"name": "Orders", "steps": [{"name": "a", "body": {"x": [1, 2.50]}}]})
                .to_string()
                .replace("2.5]", "2.50]")
        );
    }

    #[test]
    fn documents_are_separate_and_empty_ones_are_left_out() {
        assert_eq!(read("---\na: 1\n---\n---\nb: 2\n").unwrap().len(), 2);
        assert_eq!(read("# nothing\n").unwrap(), []);
    }

    #[test]
    fn what_could_mean_more_than_it_shows_is_refused() {
        for (text, line, word) in [
            ("a: &x 1\n", 1, "anchors"),
            ("a: 1\nb: *x\n", 2, ""),
            ("a: !!int \"1\"\n", 1, "tags"),
            ("a: {}\n<<: {b: 1}\n", 2, "merge"),
            ("a: 1\nb: 2\na: 3\n", 3, "line 1"),
            ("a: 0x1F\n", 1, "0x1F"),
            ("a: [1\n", 0, ""),
            ("? [1]\n: 2\n", 1, "key"),
        ] {
            let fault = read(text).unwrap_err();
            assert!(line == 0 || fault.line == line, "{text:?}: {fault}");
            assert!(fault.detail.contains(word), "{text:?}: {fault}");
        }
    }

    #[test]
    fn depth_and_number_are_bounded() {
        let deep = "[".repeat(500_000);
        assert!(read(&deep).is_err());
        let nested = format!("{}1{}", "[".repeat(MAXIMUM_DEPTH), "]".repeat(MAXIMUM_DEPTH));
        assert!(read(&nested).is_ok());
        let nested = format!("[{nested}]");
        assert!(read(&nested).unwrap_err().detail.contains("deep"));
        let wide = format!("[{}]", "1,".repeat(MAXIMUM_NODES));
        assert!(read(&wide).unwrap_err().detail.contains("values"));
    }
}
