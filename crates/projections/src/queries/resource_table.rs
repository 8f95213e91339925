//! The notation of [`super::resources`]: a struct of a resource's rows and its [`super::Resource`] from one entry.
//!
//! Invariant: columns, cells and fields stand in the same order, because they are one list. Names resolve where the notation
//! is used.

macro_rules! filterable {
    ($($option:ident)*) => {
        false $(|| filterable!(@ $option))*
    };
    (@ filter) => { true };
    (@ $other:ident) => { false };
}

macro_rules! binary {
    ($($option:ident)*) => {
        false $(|| binary!(@ $option))*
    };
    (@ binary) => { true };
    (@ $other:ident) => { false };
}

macro_rules! sorting {
    () => { Sorting::None };
    (sort $($rest:ident)*) => { Sorting::Value };
    (sort_null $($rest:ident)*) => { Sorting::NullFirst };
    ($other:ident $($rest:ident)*) => { sorting!($($rest)*) };
}

macro_rules! names {
    () => {
        PLAIN
    };
    ($names:ident) => {
        $names
    };
}

macro_rules! resources {
    ($(
        $(#[$doc:meta])*
        struct $struct:ident = $name:literal from $from:literal where $condition:literal scope $scope:expr, sorted $sort:literal {
            $($(#[$field_doc:meta])* $field:ident: $type:ty = $api:literal $kind:ident $sql:literal [$($option:ident)*] $(as $names:ident)?,)*
        }
        $(ranges { $($range:literal $range_kind:ident $range_sql:literal),* $(,)? })?
    )*) => {
        /// Every resource.
        pub const ALL: &[&Resource] = &[$($struct::RESOURCE),*];

        $(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $struct {
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl Listed for $struct {
            const RESOURCE: &'static Resource = &Resource {
                name: $name,
                from: $from,
                condition: $condition,
                scope: $scope,
                columns: &[$(ResourceColumn {
                    name: $api,
                    sql: $sql,
                    kind: ColumnKind::$kind,
                    filter: filterable!($($option)*),
                    sorting: sorting!($($option)*),
                    binary: binary!($($option)*),
                    names: names!($($names)?),
                }),*],
                ranges: &[$($(Range { name: $range, sql: $range_sql, kind: ColumnKind::$range_kind }),*)?],
                default_sort: $sort,
            };

            fn decode(cells: &mut dyn Iterator<Item = Cell>) -> Result<Self, DecodeError> {
                Ok(Self {
                    $($field: FromCell::from_cell(
                        cells.next().ok_or_else(|| DecodeError(concat!($name, " without ", $api).to_owned()))?,
                    )?,)*
                })
            }
        }
        )*
    };
}
