//! A deserialiser that takes an object only where an object is written, and no member of it twice.
//!
//! Invariant: no struct is ever read from a JSON array. Serde's derived structs accept a sequence, whose elements they take
//! for their fields in the order of declaration; for a caller that order is an accident. The rule holds at every depth,
//! because whatever is read through an [`Objects`] reads its own parts through one. Everything else passes unchanged.

use std::{
    collections::HashSet,
    fmt::{Formatter, Result as FormatResult},
};

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};

/// What a refusal says is expected where a struct is to be read.
const EXPECTED: &str = "a JSON object";

/// Reads a value in which every struct is written as an object.
///
/// # Errors
/// Those of `deserializer`, and a type error where an array stands for a struct.
pub fn deserialize<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::deserialize(Objects::within(deserializer))
}

/// Wraps whatever takes part in reading: a deserialiser, a visitor, a seed or an access.
pub struct Objects<X> {
    inner: X,
    /// Whether a struct is asked for: then a visitor refuses a sequence.
    is_struct: bool,
}

impl<X> Objects<X> {
    /// `inner`, with the rule for everything that is read through it.
    pub const fn within(inner: X) -> Self {
        Self {
            inner,
            is_struct: false,
        }
    }

    const fn of_struct(inner: X) -> Self {
        Self { inner, is_struct: true }
    }
}

macro_rules! forwarded {
    ($($method:ident($($argument:ident: $kind:ty),*);)*) => {
        $(fn $method<V: Visitor<'de>>(self, $($argument: $kind,)* visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$method($($argument,)* Objects::within(visitor))
        })*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Objects<D> {
    type Error = D::Error;

    forwarded! {
        deserialize_any();
        deserialize_bool();
        deserialize_i8();
        deserialize_i16();
        deserialize_i32();
        deserialize_i64();
        deserialize_i128();
        deserialize_u8();
        deserialize_u16();
        deserialize_u32();
        deserialize_u64();
        deserialize_u128();
        deserialize_f32();
        deserialize_f64();
        deserialize_char();
        deserialize_str();
        deserialize_string();
        deserialize_bytes();
        deserialize_byte_buf();
        deserialize_option();
        deserialize_unit();
        deserialize_unit_struct(name: &'static str);
        deserialize_newtype_struct(name: &'static str);
        deserialize_seq();
        deserialize_tuple(length: usize);
        deserialize_tuple_struct(name: &'static str, length: usize);
        deserialize_map();
        deserialize_enum(name: &'static str, variants: &'static [&'static str]);
        deserialize_identifier();
        deserialize_ignored_any();
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_struct(name, fields, Objects::of_struct(visitor))
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

macro_rules! visited {
    ($($method:ident($kind:ty);)*) => {
        $(fn $method<E: Error>(self, value: $kind) -> Result<V::Value, E> {
            self.inner.$method(value)
        })*
    };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Objects<V> {
    type Value = V::Value;

    visited! {
        visit_bool(bool);
        visit_i8(i8);
        visit_i16(i16);
        visit_i32(i32);
        visit_i64(i64);
        visit_i128(i128);
        visit_u8(u8);
        visit_u16(u16);
        visit_u32(u32);
        visit_u64(u64);
        visit_u128(u128);
        visit_f32(f32);
        visit_f64(f64);
        visit_char(char);
        visit_str(&str);
        visit_borrowed_str(&'de str);
        visit_string(String);
        visit_bytes(&[u8]);
        visit_borrowed_bytes(&'de [u8]);
        visit_byte_buf(Vec<u8>);
    }

    fn expecting(&self, formatter: &mut Formatter<'_>) -> FormatResult {
        if self.is_struct {
            formatter.write_str(EXPECTED)
        } else {
            self.inner.expecting(formatter)
        }
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.inner.visit_some(Objects::within(deserializer))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.inner.visit_newtype_struct(Objects::within(deserializer))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<V::Value, A::Error> {
        if self.is_struct {
            return Err(A::Error::invalid_type(Unexpected::Seq, &EXPECTED));
        }
        self.inner.visit_seq(Objects::within(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<V::Value, A::Error> {
        self.inner.visit_map(Members {
            inner: members,
            names: HashSet::new(),
        })
    }

    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<V::Value, A::Error> {
        self.inner.visit_enum(Objects::within(variant))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Objects<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Objects::within(deserializer))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Objects<A> {
    type Error = A::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, A::Error> {
        self.inner.next_element_seed(Objects::within(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

/// The members of an object, none of which is named twice.
struct Members<A> {
    inner: A,
    /// Hashed with a key of its own: callers choose the names.
    names: HashSet<String>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Members<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        let Some(name) = self.inner.next_key::<String>()? else {
            return Ok(None);
        };
        if self.names.contains(&name) {
            return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
        }
        let key = seed.deserialize(name.as_str().into_deserializer())?;
        self.names.insert(name);
        Ok(Some(key))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        self.inner.next_value_seed(Objects::within(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Objects<A> {
    type Error = A::Error;
    type Variant = Objects<A::Variant>;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self::Variant), A::Error> {
        let (value, variant) = self.inner.variant_seed(Objects::within(seed))?;
        Ok((value, Objects::within(variant)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Objects<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, A::Error> {
        self.inner.newtype_variant_seed(Objects::within(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.inner.tuple_variant(length, Objects::within(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.inner.struct_variant(fields, Objects::of_struct(visitor))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::{Deserialize, de::DeserializeOwned};
    use serde_json::{Value, json, value::RawValue};

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Point {
        x: i64,
        y: Option<i64>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Named(Point);

    #[derive(Debug, PartialEq, Deserialize)]
    enum Shape {
        Dot,
        Circle(Point),
        Line(i64, i64),
        Square { side: i64 },
    }

    fn read<T: DeserializeOwned>(text: &str) -> Result<T, String> {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        deserialize(&mut deserializer).map_err(|error: serde_json::Error| error.to_string())
    }

    #[test]
    fn arrays_are_no_objects_at_any_depth() {
        fn refused<T: DeserializeOwned + std::fmt::Debug>(text: &str) {
            let error = read::<T>(text).unwrap_err();
            assert!(
                error.starts_with("invalid type: sequence, expected a JSON object at line 1"),
                "{text}: {error}"
            );
        }
        refused::<Point>("[1, 2]");
        refused::<Point>("[]");
        refused::<Named>("[1, 2]");
        refused::<Option<Point>>("[1, 2]");
        refused::<Vec<Point>>(r#"[{"x": 1}, [1, 2]]"#);
        refused::<Vec<Vec<Point>>>("[[[1, 2]]]");
        refused::<(i64, Point)>("[1, [1, 2]]");
        refused::<BTreeMap<String, Option<Named>>>(r#"{"a": null, "b": [1, 2]}"#);
        refused::<Shape>(r#"{"Circle": [1, 2]}"#);
        refused::<Shape>(r#"{"Square": [1]}"#);
    }

    #[test]
    fn no_member_is_named_twice_at_any_depth() {
        for text in [
            r#"{"x": 1, "x": 1}"#,
            r#"{"a": {"b": [{"c": 1, "d": 2, "c": 1}]}}"#,
            r#"{"a": 1, "\u0061": 2}"#,
        ] {
            let error = read::<Value>(text).unwrap_err();
            assert!(error.starts_with("duplicate field `"), "{text}: {error}");
        }
    }

    #[test]
    fn everything_else_passes() {
        let point = Point { x: 1, y: Some(2) };
        assert_eq!(read(r#"{"x": 1, "y": 2}"#).as_ref(), Ok(&point));
        assert_eq!(read(r#"{"x": 1, "y": 2}"#), Ok(Named(point)));
        assert_eq!(read("[[1, 2], [3]]"), Ok(vec![vec![1, 2], vec![3]]));
        assert_eq!(read(r#"[7, "a", [true]]"#), Ok((7, "a".to_owned(), (true,))));
        assert_eq!(read(r#""Dot""#), Ok(Shape::Dot));
        assert_eq!(read(r#"{"Line": [1, 2]}"#), Ok(Shape::Line(1, 2)));
        assert_eq!(read(r#"{"Square": {"side": 3}}"#), Ok(Shape::Square { side: 3 }));
        assert_eq!(read("null"), Ok(None::<Point>));
        let any = json!({"a": [1, [2.50, null]], "b": {"c": "\u{1f600}"}});
        assert_eq!(read(&any.to_string()), Ok(any));
        let long = "123456789012345678901234567890.10";
        assert_eq!(read::<Value>(long).unwrap().to_string(), long);
        let raw = r#"{"a" :  [1,2.500]}"#;
        assert_eq!(read::<Box<RawValue>>(raw).unwrap().get(), raw);
    }

    #[test]
    fn a_wrong_type_is_told_without_the_name_of_a_type() {
        let error = read::<Point>("7").unwrap_err();
        assert!(
            error.starts_with("invalid type: integer `7`, expected a JSON object"),
            "{error}"
        );
    }
}
