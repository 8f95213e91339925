//! JSON arrays of rows in which no text needs an escape.
//!
//! Not every server that understands OPENJSON undoes escapes in texts, and undoing many costs those that do. So a character
//! that JSON would escape is replaced by an image, a character that no text of the batch contains, and the statement maps
//! images back: `TRANSLATE(text COLLATE Latin1_General_100_BIN2, @Images, @Characters)`.
//!
//! Invariant: whatever the texts are, mapping back yields them exactly.

use std::{
    collections::BTreeSet,
    io::{self, Write},
};

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter, Serializer};

/// What JSON escapes: quote, reverse solidus, then each control character at its code plus one. U+0000 stands in no text.
const ESCAPED: [char; 33] = {
    let mut escaped = ['"'; 33];
    let mut code = 1_u8;
    while code < 0x20 {
        escaped[code as usize + 1] = code as char;
        code += 1;
    }
    escaped[1] = '\\';
    escaped
};

/// The images for each of [`ESCAPED`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Images([char; 33]);

impl Images {
    /// Private characters, which texts seldom contain: U+E000 and those behind it.
    fn usual() -> Self {
        Self::avoiding(&BTreeSet::new()).expect("nothing is to be avoided")
    }

    /// Characters that are not among `used`; `None` when there are not enough.
    fn avoiding(used: &BTreeSet<char>) -> Option<Self> {
        let mut free = ('\u{e000}'..='\u{f8ff}')
            .chain('\u{a1}'..='\u{d7ff}')
            .filter(|candidate| !used.contains(candidate));
        let mut images = ESCAPED;
        for image in &mut images {
            *image = free.next()?;
        }
        Some(Self(images))
    }
}

/// Arrays of rows that are mapped back alike.
#[derive(Debug)]
pub(crate) struct RowSets<const SETS: usize> {
    /// JSON arrays of rows; empty text where a set has no row.
    pub(crate) sets: [String; SETS],
    /// Images, at least two.
    pub(crate) images: String,
    /// What they stand for, one by one.
    pub(crate) characters: String,
}

impl<const SETS: usize> RowSets<SETS> {
    /// The rows that `write` pushes; it is called again when the texts contain usual images.
    ///
    /// `None` when the texts contain so many different characters that none is left for an image.
    pub(crate) fn write(write: impl Fn(&mut RowWriter<SETS>)) -> Option<Self> {
        let mut writer = RowWriter::new(Images::usual());
        write(&mut writer);
        if writer.suspects_images {
            writer = RowWriter {
                used: Some(BTreeSet::new()),
                ..RowWriter::new(Images::usual())
            };
            write(&mut writer);
            let images = Images::avoiding(&writer.used.unwrap_or_default())?;
            writer = RowWriter::new(images);
            write(&mut writer);
        }
        Some(writer.finish())
    }
}

/// Takes rows, set by set.
pub(crate) struct RowWriter<const SETS: usize> {
    sets: [Vec<u8>; SETS],
    images: Images,
    /// Which of [`ESCAPED`] were replaced.
    replaced: [bool; 33],
    /// A text may contain an image.
    suspects_images: bool,
    /// Characters of all texts, if they are to be collected.
    used: Option<BTreeSet<char>>,
}

impl<const SETS: usize> RowWriter<SETS> {
    fn new(images: Images) -> Self {
        let mut replaced = [false; 33];
        // Always these two, so that there is always something to map.
        replaced[..2].fill(true);
        Self {
            sets: std::array::from_fn(|_| Vec::new()),
            images,
            replaced,
            suspects_images: false,
            used: None,
        }
    }

    /// Adds a row to a set.
    pub(crate) fn push(&mut self, set: usize, row: &impl Serialize) {
        let bytes = &mut self.sets[set];
        bytes.push(if bytes.is_empty() { b'[' } else { b',' });
        let formatter = Imaging {
            images: &self.images,
            replaced: &mut self.replaced,
            suspects_images: &mut self.suspects_images,
            used: self.used.as_mut(),
        };
        row.serialize(&mut Serializer::with_formatter(bytes, formatter))
            .expect("numbers, texts and nulls are always JSON");
    }

    fn finish(self) -> RowSets<SETS> {
        let pairs = || {
            let replaced = self.replaced.iter().zip(ESCAPED.iter().zip(&self.images.0));
            replaced.filter(|(replaced, _)| **replaced).map(|(_, pair)| pair)
        };
        RowSets {
            images: pairs().map(|(_, image)| *image).collect(),
            characters: pairs().map(|(character, _)| *character).collect(),
            sets: self.sets.map(|mut bytes| {
                if !bytes.is_empty() {
                    bytes.push(b']');
                }
                String::from_utf8(bytes).expect("JSON is written as UTF-8")
            }),
        }
    }
}

/// Writes images where JSON would have escapes.
struct Imaging<'writer> {
    images: &'writer Images,
    replaced: &'writer mut [bool; 33],
    suspects_images: &'writer mut bool,
    used: Option<&'writer mut BTreeSet<char>>,
}

impl Formatter for Imaging<'_> {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        // The first byte of U+E000 to U+EFFF, where the usual images are.
        *self.suspects_images |= fragment.as_bytes().contains(&0xee);
        if let Some(used) = &mut self.used {
            used.extend(fragment.chars());
        }
        writer.write_all(fragment.as_bytes())
    }

    fn write_char_escape<W: ?Sized + Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        let index = match escape {
            CharEscape::Quote => 0,
            CharEscape::ReverseSolidus => 1,
            CharEscape::Solidus => return writer.write_all(b"/"),
            CharEscape::Backspace => 1 + 0x08,
            CharEscape::Tab => 1 + 0x09,
            CharEscape::LineFeed => 1 + 0x0a,
            CharEscape::FormFeed => 1 + 0x0c,
            CharEscape::CarriageReturn => 1 + 0x0d,
            CharEscape::AsciiControl(0) => return Err(io::Error::other("U+0000 stands in no text")),
            CharEscape::AsciiControl(code) => 1 + usize::from(code),
        };
        self.replaced[index] = true;
        let mut bytes = [0; 4];
        writer.write_all(self.images.0[index].encode_utf8(&mut bytes).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a server makes of a text.
    fn mapped_back<const SETS: usize>(rows: &RowSets<SETS>, text: &str) -> String {
        let images: Vec<_> = rows.images.chars().zip(rows.characters.chars()).collect();
        text.chars()
            .map(|letter| {
                let found = images.iter().find(|(image, _)| *image == letter);
                found.map_or(letter, |(_, character)| *character)
            })
            .collect()
    }

    fn round_trip(texts: &[&str]) {
        let rows = RowSets::<2>::write(|writer| {
            for (number, text) in texts.iter().enumerate() {
                writer.push(1, &(number, text, None::<&str>));
            }
        })
        .unwrap();
        assert_eq!(rows.sets[0], "");
        assert!(!rows.sets[1].contains('\\'), "{}", rows.sets[1]);
        let read: Vec<(usize, String, Option<String>)> = serde_json::from_str(&rows.sets[1]).unwrap();
        let read: Vec<_> = read.iter().map(|(_, text, _)| mapped_back(&rows, text)).collect();
        assert_eq!(read, texts);
    }

    #[test]
    fn texts_come_back_whatever_they_contain() {
        let controls: String = (1..0x20_u8).map(char::from).collect();
        round_trip(&[
            "",
            "plain / solidus",
            "{\"a\":\"\\u0000 \\\\ \\\"\"}",
            &controls,
            "\u{7f}\u{85}\u{2028}\u{feff}\u{ffff}\u{10ffff}",
        ]);
        round_trip(&["\u{e000}\u{e001}\u{e022}\"", "\\\u{e002}\n"]);
        let private: String = ('\u{e000}'..='\u{f8ff}').collect();
        round_trip(&[&private, "\"\\\r"]);
    }

    #[test]
    fn few_images_serve_usual_texts() {
        let rows = RowSets::<1>::write(|writer| writer.push(0, &("{\"a\":1}", 7))).unwrap();
        assert_eq!(
            (rows.images.as_str(), rows.characters.as_str()),
            ("\u{e000}\u{e001}", "\"\\")
        );
        assert_eq!(rows.sets[0], "[[\"{\u{e000}a\u{e000}:1}\",7]]");
        let rows = RowSets::<1>::write(|writer| writer.push(0, &"a\nb")).unwrap();
        assert_eq!(rows.characters, "\"\\\n");
        assert_eq!(rows.images.chars().count(), 3);
    }

    #[test]
    fn without_a_free_character_there_is_no_image() {
        let all: String = ('\u{e000}'..='\u{f8ff}').chain('\u{a1}'..='\u{d7ff}').collect();
        assert!(RowSets::<1>::write(|writer| writer.push(0, &all)).is_none());
    }
}
