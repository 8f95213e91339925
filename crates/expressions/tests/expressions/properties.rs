//! What holds for every input.

use proptest::prelude::*;
use serde_json::{Value, json};
use wfm_expressions::{
    Allowed, Authentication, CelExpression, CompiledRequest, ParameterType, Rendered, Template, parse_body, redact,
};

use crate::fixture::{Fixture, STEPS, request};
use crate::requests::{endpoint, parameter};

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?"
            .prop_map(|text| serde_json::from_str(&text).unwrap()),
        any::<String>().prop_map(Value::from),
        "\\{(env\\.API_KEY|input\\.x|= 1 \\}|\\{)?\\}?".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..5)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

fn cel_source() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "input",
        ".a",
        ".items",
        "env.API_KEY",
        "env.DEBUG",
        "steps.check.output",
        "[",
        "]",
        "(",
        ")",
        "{",
        "}",
        ",",
        ":",
        "?",
        "&&",
        "||",
        "!",
        "-",
        "+",
        "*",
        "/",
        "%",
        "==",
        "!=",
        "<",
        ">=",
        " in ",
        "1",
        "0",
        "-1",
        "1.5",
        "1e300",
        "1e-300",
        "9223372036854775807",
        "79228162514264337593543950335",
        "'a'",
        "'é'",
        "\"x\"",
        "b'\\xff'",
        "null",
        "true",
        "false",
        ".map(x, ",
        ".filter(x, ",
        ".all(x, ",
        "x",
        "has(",
        "default(",
        "size(",
        ".size()",
        ".split('')",
        ".join(",
        ".substring(",
        ".replace(",
        "timestamp(",
        "duration(",
        "'2026-01-01'",
        "'1h'",
        "'-99999999999999d'",
        "parseJson(",
        "toJson(",
        "int(",
        "double(",
        "string(",
        "round(",
        ".getHours(",
        "formatDate(",
        "'%'",
        "'%Q'",
        "base64Decode(",
        "sha256(",
        "hmacSha256(",
        "min(",
        "sum(",
        ".sort()",
        ".matches(",
        "'a{1000}{1000}'",
        "\\",
        "'",
        "`",
    ]);
    prop_oneof![
        prop::collection::vec(token, 0..25).prop_map(|tokens| tokens.concat()),
        any::<String>()
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn expressions_never_panic(source in cel_source(), a in json_value()) {
        let fixture = Fixture::with(json!({"a": a, "items": [1, 2.5, "x"]}));
        if let Ok(expression) = CelExpression::compile(&source, &request()) {
            let _ = expression.evaluate(&fixture.sending());
        }
    }

    #[test]
    fn functions_never_panic(
        name in prop::sample::select(vec![
            "size", "contains", "startsWith", "matches", "lower", "trim", "replace", "split", "join", "substring", "indexOf",
            "string", "int", "double", "bool", "bytes", "abs", "floor", "ceil", "round", "min", "max", "sum", "first", "last",
            "reverse", "distinct", "sort", "keys", "values", "timestamp", "duration", "formatDate", "getMonth", "getHours",
            "parseJson", "toJson", "base64Encode", "base64Decode", "urlEncode", "sha256", "hmacSha256",
        ]),
        a in json_value(), b in json_value(), c in json_value(),
    ) {
        let fixture = Fixture::with(json!([a, b, c]));
        for arguments in ["input[0]", "input[0], input[1]", "input[0], input[1], input[2]", "input"] {
            for wrap in ["{}", "timestamp({})", "duration({})", "-({})", "({}) + ({})", "({}) / ({})"] {
                let source = wrap.replace("{}", &format!("{name}({arguments})"));
                if let Ok(expression) = CelExpression::compile(&source, &request()) {
                    let _ = expression.evaluate(&fixture.scope());
                }
            }
        }
    }

    #[test]
    fn numbers_compute_consistently(a in any::<i64>(), b in any::<i64>()) {
        let fixture = Fixture::with(json!({"a": a, "b": b}));
        let evaluate = |source: &str| CelExpression::compile(source, &request()).unwrap().evaluate(&fixture.scope());
        prop_assert_eq!(evaluate("input.a + input.b - input.b == input.a").unwrap(), json!(true));
        prop_assert_eq!(evaluate("input.a < input.b").unwrap(), json!(a < b));
        prop_assert_eq!(evaluate("double(input.a) == input.a").unwrap(), json!(true));
        if b != 0 {
            prop_assert_eq!(evaluate("(input.a / input.b) * input.b + input.a % input.b == input.a").unwrap(), json!(true));
        }
    }

    #[test]
    fn templates_never_panic(template in json_value(), text in any::<String>()) {
        let fixture = Fixture::new();
        for template in [template, Value::String(text)] {
            for allowed in [request(), Allowed::output_mapping(STEPS)] {
                if let Ok(template) = Template::compile(&template, &allowed) {
                    let _ = template.render(&fixture.scope());
                }
            }
        }
    }

    #[test]
    fn a_whole_value_placeholder_is_the_value(value in json_value()) {
        let fixture = Fixture::with(json!({"value": value.clone()}));
        for template in ["{input.value}", "{= input.value }"] {
            let template = Template::compile(&json!({"k": template}), &request()).unwrap();
            let rendered = template.render(&fixture.scope()).unwrap();
            prop_assert_eq!(rendered.value["k"].to_string(), value.to_string());
            prop_assert!(rendered.late.is_empty());
            // What looks like a placeholder in data is not filled in.
            prop_assert_eq!(rendered.resolve(&fixture.sending()).unwrap()["k"].to_string(), value.to_string());
        }
    }

    #[test]
    fn a_literal_is_untouched(value in json_value()) {
        let template = Template::compile(&json!({"$literal": value.clone()}), &request()).unwrap();
        prop_assert_eq!(template.render(&Fixture::new().scope()).unwrap(), Rendered::plain(value));
    }

    #[test]
    fn secrets_stay_out_of_the_durable_form_and_arrive_in_the_request(
        secret in "[a-zA-Z0-9 &/\"<%é]{12,20}",
        data in json_value(),
        form in any::<bool>(),
        location in 0..4_usize,
    ) {
        prop_assume!(!data.to_string().contains(&secret));
        let mut definition = endpoint("POST", "{env.API_URL}/x/{p}");
        if form {
            definition.headers.push(("content-type".into(), "application/x-www-form-urlencoded".into()));
        }
        definition.headers.push(("x-key".into(), "key {env.API_KEY}".into()));
        definition.authentication = match location {
            0 => Authentication::None,
            1 => Authentication::Basic { username: "{env.API_KEY}".into(), password: "{env.API_KEY}".into() },
            2 => Authentication::Bearer { token: "{env.API_KEY}".into() },
            _ => Authentication::ApiKey {
                location: wfm_expressions::ApiKeyLocation::Query, name: "k".into(), value: "{env.API_KEY}".into(),
            },
        };
        definition.parameters = vec![
            parameter("p", ParameterType::String, json!({})),
            parameter("q", ParameterType::String, json!({"in": "query"})),
            parameter("h", ParameterType::String, json!({"in": "header"})),
        ];
        let mapping = json!({
            "p": "a{env.API_KEY}", "q": "{= env.API_KEY + '!' }", "h": "{env.API_KEY}",
            "data": "{input.data}", "list": ["{env.API_KEY}", {"deep": "x{env.API_KEY}"}], "cel": "{= [env.API_KEY, 1] }",
        });
        let compiled = CompiledRequest::compile(&definition, Some(&mapping), &request()).unwrap();
        let with_secret = |mut fixture: Fixture| {
            for variables in [&mut fixture.rendering, &mut fixture.sending] {
                variables.values.get_mut("API_KEY").unwrap().0.clone_from(&secret);
            }
            fixture
        };
        let fixture = with_secret(Fixture::with(json!({"data": data})));
        let rendered = compiled.render(&fixture.scope()).unwrap();
        let stored = serde_json::to_string(&rendered).unwrap();
        prop_assert!(!stored.contains(secret.trim()) && !stored.contains(&serde_json::to_string(&secret).unwrap()));
        let read: wfm_expressions::RenderedRequest = serde_json::from_str(&stored).unwrap();
        let resolved = read.resolve(&fixture.sending());

        let plain = with_secret(Fixture::with(fixture.input.clone())).all_plain();
        let plain = compiled.render(&plain.scope()).and_then(|rendered| rendered.resolve(&plain.sending()));
        match (resolved, plain) {
            (Ok(mut secret_way), Ok(plain_way)) => {
                prop_assert!(secret_way.secrets.contains(&secret));
                let shown = format!("{secret_way:?}");
                prop_assert!(!shown.contains(&secret));
                secret_way.secrets.clear();
                prop_assert_eq!(&secret_way.url, &plain_way.url);
                prop_assert_eq!(&secret_way.headers, &plain_way.headers);
                prop_assert_eq!(&secret_way.body, &plain_way.body);
            }
            (secret_way, plain_way) => prop_assert!(secret_way.is_err() && plain_way.is_err()),
        }
    }

    #[test]
    fn bodies_and_redaction_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), mut value in json_value(), secret in any::<String>()) {
        for content_type in [None, Some("application/json"), Some("text/plain"), Some(";;")] {
            let _ = parse_body(content_type, &bytes);
        }
        redact(&mut value, std::slice::from_ref(&secret));
        if secret.len() >= 4 && !"***".contains(&secret) && !secret.contains('*') {
            let mut strings = Vec::new();
            collect(&value, &mut strings);
            prop_assert!(strings.iter().all(|text| !text.contains(&secret)));
        }
    }
}

fn collect(value: &Value, strings: &mut Vec<String>) {
    match value {
        Value::String(text) => strings.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, strings)),
        Value::Object(object) => object.iter().for_each(|(key, item)| {
            strings.push(key.clone());
            collect(item, strings);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
