//! What is inferred of an expression holds in whatever scope it is evaluated.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::super::ast::Expression;
use super::super::evaluate::Evaluator;
use super::super::functions::{Function, NAMES};
use super::super::parser;
use super::super::value::Meter;
use super::Kinds;
use crate::allowed::Allowed;
use crate::scope::Scope;

fn parsed(source: &str) -> Expression {
    let allowed = Allowed::success_when(Vec::<String>::new());
    parser::parse(source, &allowed).unwrap_or_else(|detail| panic!("{source}: {detail}"))
}

/// Sources of every form, most of them of no sense.
fn source() -> impl Strategy<Value = String> {
    let leaf = select(vec![
        "input",
        "input.a",
        "input.b",
        "input.gone",
        "system.utcNow",
        "response.status",
        "response.body",
        "null",
        "true",
        "0",
        "1",
        "2.5",
        "-3",
        "''",
        "'x'",
        "'12'",
        "','",
        "'2026-01-31'",
        "'%Y'",
        "'Europe/Paris'",
        "'1h'",
        "b'ab'",
        "[]",
        "[1, 2]",
        "['a']",
        "{'a': 1}",
        "timestamp('2026-01-31T10:00:00Z')",
        "duration('90s')",
    ])
    .prop_map(str::to_owned);
    let functions: Vec<&str> = NAMES.iter().copied().filter(|name| !name.contains('.')).collect();
    leaf.prop_recursive(3, 24, 4, move |inner| {
        let operators = select(vec![
            "+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", " in ", "&&", "||",
        ]);
        let loops = select(vec!["all", "exists", "exists_one", "map", "filter"]);
        let arguments = prop::collection::vec(inner.clone(), 4);
        let call = (select(functions.clone()), arguments, any::<prop::sample::Index>());
        prop_oneof![
            4 => call.prop_map(|(name, arguments, extra)| {
                let (_, minimum, maximum) = Function::named(name).unwrap();
                let count = (minimum + extra.index(maximum - minimum + 1)).min(4);
                format!("{name}({})", arguments[..count].join(", "))
            }),
            4 => (inner.clone(), operators, inner.clone()).prop_map(|(a, operator, b)| format!("({a} {operator} {b})")),
            1 => (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("default({a}, {b})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a})[{b}]")),
            1 => (inner.clone(), loops, inner.clone()).prop_map(|(a, kind, b)| format!("({a}).{kind}(v, v == {b})")),
            1 => inner.clone().prop_map(|a| format!("(!{a})")),
            1 => inner.clone().prop_map(|a| format!("(-{a})")),
            1 => inner.clone().prop_map(|a| format!("({a}).a")),
            1 => inner.clone().prop_map(|a| format!("has(({a}).a)")),
            1 => (inner.clone(), inner).prop_map(|(a, b)| format!("{{'k': {a}, 'l': [{b}]}}")),
        ]
    })
}

fn value() -> impl Strategy<Value = Value> {
    select(vec![
        json!(null),
        json!(true),
        json!(0),
        json!(7),
        json!(2.5),
        json!(""),
        json!("x"),
        json!("12"),
        json!("true"),
        json!("2026-01-31T10:00:00Z"),
        json!("1h"),
        json!("[1]"),
        json!("eA=="),
        json!([]),
        json!([1, 2]),
        json!(["a", "b"]),
        json!({}),
        json!({"a": 1}),
        json!({"a": "x", "b": [true]}),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]
    #[test]
    fn what_is_inferred_holds_in_every_scope(source in source(), a in value(), b in value(), body in value()) {
        let expression = parsed(&source);
        let kinds = expression.kinds();
        let input = json!({"a": a, "b": b});
        let system = json!({"utcNow": "2026-11-22T16:29:03.123456Z"});
        let response = json!({"status": 200, "headers": {}, "body": body});
        let scope = Scope { input: &input, system: &system, response: Some(&response), ..Scope::EMPTY };
        if let Ok(value) = Evaluator::new(&scope, Meter::new()).evaluate(&expression) {
            let found = Kinds::of_cel(&value);
            let inferred = kinds.map_err(|detail| TestCaseError::fail(format!("{source} has a value, but: {detail}")))?;
            prop_assert!(inferred.meets(found), "{} is {}, not {}", source, found, inferred);
        }
    }
}

#[test]
fn what_fails_in_every_run_has_no_kinds() {
    for (source, detail) in [
        (
            "timestamp('bad') > timestamp(input.a)",
            "a timestamp such as 2026-01-31T12:00:00Z is expected",
        ),
        (
            "system.utcNow.getHours('Bogus')",
            "a time zone such as Europe/Paris or +01:00 is expected",
        ),
        ("input.a.substring(3, 1)", "substring() ends before it starts"),
        ("input.a.substring(-1)", "a whole number, zero or more, is expected"),
        (
            "formatDate(input.a, '%Q')",
            "a date pattern such as %Y-%m-%d is expected",
        ),
        ("system.utcNow + 1", "'+' does not work between string and number"),
        (
            "timestamp(input.a) + timestamp(input.b)",
            "'+' does not work between timestamp and timestamp",
        ),
        ("response.status < '300'", "number cannot be compared with string"),
        ("response.status in 200", "list or map is expected, not number"),
        ("upper(response.status)", "string is expected, not number"),
        (
            "size(response.status)",
            "string or list or map or bytes is expected, not number",
        ),
        ("!system.utcNow", "bool is expected, not string"),
        ("system.utcNow ? 1 : 2", "bool is expected, not string"),
        ("response.status && system.utcNow", "bool is expected, not number"),
        ("input.a > 1 ? 1 / 0 : upper(1)", "division by zero"),
        ("default(1 / 0, 1 / 0)", "division by zero"),
        ("[input.a, 1 / 0]", "division by zero"),
        ("{'k': input.a, 'l': 1 / 0}", "division by zero"),
        ("{[1]: input.a}", "bool or number or string is expected, not list"),
        ("system.utcNow.map(x, x)", "list or map is expected, not string"),
        ("response.status.matches('a')", "string is expected, not number"),
        ("input.gone.a[1 / 0]", "division by zero"),
        ("-system.utcNow", "number or duration is expected, not string"),
    ] {
        assert_eq!(parsed(source).kinds(), Err(detail.to_owned()), "{source}");
    }
}

#[test]
fn what_may_have_a_value_has_kinds() {
    for (source, kinds) in [
        ("input.a || 1 / 0 > 1", Kinds::BOOLEAN),
        ("input.a > 1 ? 1 / 0 : 'x'", Kinds::TEXT),
        ("default(input.a, 1 / 0)", Kinds::JSON.without(Kinds::NULL)),
        ("default([][0], input.a)", Kinds::JSON),
        ("input.a.map(x, 1 / 0)", Kinds::LIST),
        ("duration(input.a).getHours('Bogus')", Kinds::NUMBER),
        ("timestamp(input.a) - timestamp(input.b)", Kinds::DURATION),
        ("timestamp(input.a) + duration('1h')", Kinds::TIMESTAMP),
        ("input.a + 1", Kinds::NUMBER),
        ("input.a + 'x'", Kinds::TEXT),
        ("has(input.a.b)", Kinds::BOOLEAN),
        ("input", Kinds::OBJECT),
        ("response.headers", Kinds::OBJECT),
    ] {
        assert_eq!(parsed(source).kinds(), Ok(kinds), "{source}");
    }
    assert_eq!(Kinds::TIMESTAMP.or(Kinds::NULL).in_json(), Kinds::TEXT.or(Kinds::NULL));
    assert_eq!(Kinds::ANY.in_json(), Kinds::JSON);
}
