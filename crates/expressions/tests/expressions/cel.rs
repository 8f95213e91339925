//! Rule 5.

use serde_json::{Value, json};
use wfm_expressions::{Allowed, CelExpression, Condition, RenderErrorKind};

use crate::fixture::{Fixture, STEPS, request};

fn evaluate(source: &str) -> Result<Value, String> {
    let expression = CelExpression::compile(source, &request()).map_err(|problems| problems[0].detail.clone())?;
    let fixture = Fixture::new();
    expression
        .evaluate(&fixture.scope())
        .map_err(|error| format!("{:?}: {}", error.kind, error.detail))
}

#[test]
fn expressions_compute_as_a_person_expects() {
    for (source, expected) in [
        ("1 == 1.0", "true"),
        ("2 * 1.5", "3.0"),
        ("7 / 2", "3"),
        ("7 / 2.0", "3.5"),
        ("double(7) / 2", "3.5"),
        ("7 % 4 - -2", "5"),
        ("0.1 + 0.2 == 0.3", "true"),
        ("input.total * 3", "300.30"),
        ("input.total", "100.10"),
        ("input.big", "123456789012345678901234567890"),
        ("input.big > 1", "true"),
        ("9223372036854775807 + 1", "9223372036854775808"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("1 + 2 * 3 == 7 && !(1 > 2) || false", "true"),
        ("input.total > 100 && has(steps.check.output.ok)", "true"),
        (
            "has(input.object['a b'].c) && !has(input.x.y.z) && !has(input.nothing.x)",
            "true",
        ),
        (
            "has(steps.unreached) || has(steps['Check stock'].error.statusCode)",
            "true",
        ),
        ("steps['Check stock'].error.statusCode in [502, 503]", "true"),
        ("steps.skipped.status", "\"Skipped\""),
        ("default(input.missing, 5) + input.missing.orValue(1)", "6"),
        ("default(input.nothing.deep, 'x')", "\"x\""),
        ("input.items.map(i, i.price * i.n).sum()", "5.0"),
        ("input.items.filter(i, i.price > 1.75)[0].sku", "\"b\""),
        ("input.items.map(i, i.n > 1, i.sku)", "[\"a\"]"),
        (
            "input.items.all(i, i.n > 0) && input.items.exists(i, i.sku == 'b')",
            "true",
        ),
        ("input.items.exists_one(i, i.n == 2)", "true"),
        ("input.items.exists(i, i.items.exists(j, true)) || true", "true"),
        ("[1, 2].map(x, [10, 20].map(y, x * y))", "[[10,20],[20,40]]"),
        (
            "{'a': 1, 'b': {'c': [true, null]}}",
            "{\"a\":1,\"b\":{\"c\":[true,null]}}",
        ),
        ("'a' in {'a': 1} && !(1 in [2]) && 'sku' in input.items[0]", "true"),
        ("'Straße'.size() == 6 && size([1, 2]) == 2 && size({}) == 0", "true"),
        (
            "'Hello'.contains('ell') && 'Hello'.startsWith('He') && 'Hello'.endsWith('lo')",
            "true",
        ),
        ("'a-12'.matches('^[a-z]-[0-9]+$')", "true"),
        ("matches('aaa', 'a' + '+$')", "true"),
        ("' Ab '.trim().lower() + 'x'.upper()", "\"abX\""),
        ("'a,b,c'.split(',').join('-').replace('-', '+')", "\"a+b+c\""),
        ("'ab'.split('')", "[\"a\",\"b\"]"),
        (
            "'äöü'.substring(1, 2) + 'abc'.substring(2) + 'x'.substring(5)",
            "\"öc\"",
        ),
        ("'abc'.indexOf('c')", "2"),
        (
            "[3, 1, 2].sort() + [1, 1].distinct() + [1, 2].reverse()",
            "[1,2,3,1,2,1]",
        ),
        (
            "[min(3, 1.5), max([1, 4]), abs(-2), floor(1.7), ceil(1.2), round(2.345, 2), round(2.5)]",
            "[1.5,4,2,1,2,2.35,3]",
        ),
        ("[first([1, 2]), last([1, 2])] + values({'a': 5})", "[1,2,5]"),
        ("keys({'a': 1, 'b': 2})", "[\"a\",\"b\"]"),
        ("string(1.50) + string(true) + string(2)", "\"1.50true2\""),
        ("[int('12'), int(3.9), int(true)]", "[12,3,1]"),
        ("bool('TRUE') && !bool('0')", "true"),
        ("type(1) + type('') + type([])", "\"numberstringlist\""),
        ("timestamp(input.date) + duration('1h30m')", "\"2026-01-31T11:30:00Z\""),
        (
            "timestamp('2026-02-01') - timestamp(input.date) == duration('14h')",
            "true",
        ),
        (
            "timestamp('2026-02-01T00:00:00+02:00') < timestamp('2026-02-01')",
            "true",
        ),
        ("timestamp(0)", "\"1970-01-01T00:00:00Z\""),
        ("duration('90s')", "\"90s\""),
        ("duration('1.5s') - duration('2s')", "\"-0.5s\""),
        (
            "timestamp(input.date).getFullYear() * 100 + timestamp(input.date).getMonth()",
            "202600",
        ),
        ("timestamp(system.utcNow).getHours('Europe/Paris')", "17"),
        ("getHours(system.utcNow, '-02:00')", "14"),
        ("formatDate(input.date, '%d.%m.%Y')", "\"31.01.2026\""),
        ("parseJson('{\"a\": [1, 2.50]}').a[1]", "2.50"),
        ("toJson({'a': input.items[0].price})", "\"{\\\"a\\\":1.5}\""),
        ("json.parse(json.stringify(input.items)) == input.items", "true"),
        ("base64.encode('hello') + base64Decode('aGVsbG8=')", "\"aGVsbG8=hello\""),
        (
            "sha256('abc')",
            "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"",
        ),
        (
            "hmacSha256('key', 'The quick brown fox jumps over the lazy dog')",
            "\"f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8\"",
        ),
        ("urlEncode('a b&c')", "\"a%20b%26c\""),
        ("null == input.nothing && '1' != 1", "true"),
        ("input.yes ? 'y' : 'n'", "\"y\""),
        ("true || input.missing && input.missing || true", "true"),
        ("env.DEBUG == 'false'", "true"),
        ("r'\\d' + '\\u00e9' + \"\"\"q\"q\"\"\" // comment", "\"\\\\dé"),
        ("0x1F + 5u", "36"),
        ("b'abc'", "\"YWJj\""),
        ("{= not cel", ""),
    ] {
        match evaluate(source) {
            Ok(value) if source.starts_with("r'") => assert_eq!(value, json!("\\déq\"q")),
            Ok(value) => assert_eq!(value.to_string(), expected, "{source}"),
            Err(error) => assert!(expected.is_empty(), "{source}: {error}"),
        }
    }
}

#[test]
fn errors_say_what_is_wrong() {
    for (source, expected) in [
        ("input.missing", "Missing: input.missing is missing"),
        ("input.items[5]", "Missing: input.items[5] is missing"),
        ("1 / 0", "CEL expression: division by zero"),
        ("1 < 'a'", "CEL expression: number cannot be compared with string"),
        ("'a' + 1", "CEL expression: '+' does not work between string and number"),
        ("'a' && true", "CEL expression: true or false is expected, not string"),
        (
            "timestamp('soon')",
            "CEL expression: a timestamp such as 2026-01-31T12:00:00Z is expected",
        ),
        ("input.total / 0", "Evaluation: division by zero"),
        ("input.yes && 'a'", "Evaluation: true or false is expected, not string"),
        ("parseJson('{')", "CEL expression: the text is not valid JSON"),
        (
            "[1].map(x, x.y)",
            "CEL expression: field 'y' is missing: there is a number, not a map",
        ),
        ("1 +", "CEL expression: the expression ends too early"),
        ("(1", "CEL expression: ')' is missing at the end"),
        ("now()", "CEL expression: there is no function 'now' (at character 1)"),
        (
            "foo.bar",
            "CEL expression: unknown root 'foo': the roots are input, env, system, steps and response (at character 1)",
        ),
        (
            "steps.nope.output",
            "CEL expression: there is no step named 'nope' (at character 1)",
        ),
        (
            "steps.later.output",
            "CEL expression: step 'later' does not run before this place, so its result is not known here (at character 1)",
        ),
        (
            "response.status",
            "CEL expression: 'response' can be used only in outputMapping and successWhen (at character 1)",
        ),
        (
            "env[input.name]",
            "CEL expression: 'env' must be followed by the name of one variable, and nothing more (at character 1)",
        ),
        (
            "'a'.matches('(')",
            "CEL expression: a pattern for matches() is not valid, or too large (at character 5)",
        ),
        ("env.API_KEY", "Evaluation: the secret env.API_KEY is not known here"),
    ] {
        assert_eq!(evaluate(source).unwrap_err(), expected, "{source}");
    }
}

#[test]
fn cost_size_and_depth_are_bounded() {
    for source in [
        "[1,2,3,4,5,6,7,8,9,10].map(a, [1,2,3,4,5,6,7,8,9,10].map(b, [1,2,3,4,5,6,7,8,9,10].map(c, \
         [1,2,3,4,5,6,7,8,9,10].map(d, [1,2,3,4,5,6,7,8,9,10].map(e, [1,2,3,4,5,6,7,8,9,10].map(f, 1))))))",
        "['aaaaaaaaaaaaaaaa'].map(a, a+a+a+a+a+a+a+a).map(a, a+a+a+a+a+a+a+a).map(a, a+a+a+a+a+a+a+a)\
         .map(a, a+a+a+a+a+a+a+a).map(a, a+a+a+a+a+a+a+a).map(a, a+a+a+a+a+a+a+a)",
        "[0].map(a, [a,a,a,a,a,a,a,a]).map(a, [a,a,a,a,a,a,a,a]).map(a, [a,a,a,a,a,a,a,a]).map(a, [a,a,a,a,a,a,a,a])\
         .map(a, [a,a,a,a,a,a,a,a]).map(a, [a,a,a,a,a,a,a,a]).map(a, [a,a,a,a,a,a,a,a])",
        "'aaaaaaaaaaaaaaaaaaaa'.replace('', 'bbbbbbbbbbbbbbbbbbbb').replace('', 'bbbbbbbbbbbbbbbbbbbb')\
         .replace('', 'bbbbbbbbbbbbbbbbbbbb').replace('', 'bbbbbbbbbbbbbbbbbbbb').replace('', 'bbbbbbbbbbbbbbbbbbbb')",
    ] {
        assert!(evaluate(source).unwrap_err().starts_with("Limit"), "{source}");
    }
    for count in [40, 1_000, 3_900, 100_000] {
        for source in [
            "(".repeat(count) + "1" + &")".repeat(count),
            "[".repeat(count) + &"]".repeat(count),
            "!".repeat(count) + "true",
            "-".repeat(count) + "1",
            "true ? 1 : ".repeat(count) + "1",
            "size(".repeat(count),
            "[].map(x, ".repeat(count),
            "{'a': ".repeat(count),
            "1".to_owned() + &"+1".repeat(count * 7),
            "1".to_owned() + &"<1".repeat(count * 7),
            "[0]".to_owned() + &"[0]".repeat(count * 7),
            "''".to_owned() + &".trim()".repeat(count * 7),
        ] {
            assert!(evaluate(&source).is_err());
        }
    }
    let long = vec!["input.yes"; 500].join(" && ");
    assert_eq!(evaluate(&long).unwrap(), json!(true));
}

#[test]
fn conditions_are_true_or_false() {
    let mut fixture = Fixture::new();
    fixture.response = Some(json!({"status": 201, "headers": {"x-ok": "1"}, "body": {"ok": true}}));
    let condition = |source: &str| {
        let condition = Condition::compile(source, &Allowed::success_when(STEPS)).unwrap();
        condition.evaluate(&fixture.sending())
    };
    assert_eq!(condition("response.status < 300 && response.body.ok"), Ok(true));
    assert_eq!(condition(" {= response.headers['X-OK'] == '2' } "), Ok(false));
    assert_eq!(condition("env.API_KEY.startsWith('s3')"), Ok(true));
    let error = condition("input.total").unwrap_err();
    assert_eq!(error.kind, RenderErrorKind::Evaluation);
    assert_eq!(error.detail, "a condition must be true or false, not number");
    assert_eq!(
        condition("input.gone > 1").unwrap_err().to_string(),
        "{input.gone > 1}: input.gone is missing"
    );
    for never in [
        "1 + 1",
        "'true'",
        "size(input.items)",
        "[input.yes]",
        "input.yes ? 'a' : null",
        "system.utcNow",
        "input",
        "sha256(input.name)",
    ] {
        let refused = Condition::compile(never, &Allowed::condition(STEPS)).unwrap_err();
        assert_eq!(
            refused[0].detail, "a condition must be true or false, and this is never so",
            "{never}"
        );
    }
    for never in ["response", "response.headers"] {
        assert!(
            Condition::compile(never, &Allowed::success_when(STEPS)).is_err(),
            "{never}"
        );
    }
    let fails = Condition::compile("response.status < '300'", &Allowed::success_when(STEPS)).unwrap_err();
    assert_eq!(fails[0].detail, "CEL expression: number cannot be compared with string");
    let braces = Condition::compile("{input.total} > 1", &Allowed::condition(STEPS)).unwrap_err();
    assert!(braces[0].detail.contains("without braces"), "{braces:?}");
    assert!(Condition::compile("", &Allowed::condition(STEPS)).is_err());
}
