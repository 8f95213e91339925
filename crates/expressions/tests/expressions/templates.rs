//! Rules 1 to 4, and 8.

use serde_json::{Value, json};
use wfm_expressions::{Allowed, RenderErrorKind, Rendered, Template};

use crate::fixture::{Fixture, SECRET, STEPS, request};

fn render(template: Value) -> Result<Value, String> {
    let fixture = Fixture::new();
    let template = Template::compile(&template, &request()).map_err(|problems| format!("{problems:?}"))?;
    let rendered = template.render(&fixture.scope()).map_err(|error| error.to_string())?;
    assert_eq!(rendered.late, vec![]);
    Ok(rendered.value)
}

#[test]
fn placeholders_keep_types_and_fill_texts() {
    for (template, expected) in [
        (
            r#"{"userId": "{input.customerId}", "amount": "{input.total}", "timestamp": "{system.utcNow}"}"#,
            r#"{"userId":42,"amount":100.10,"timestamp":"2026-11-22T16:29:03.123456Z"}"#,
        ),
        (r#""{input.big}""#, "123456789012345678901234567890"),
        (r#""{input.object[\"a b\"].c[1]}""#, "20"),
        (r#""{input.nothing}""#, "null"),
        (r#""{input.look}""#, r#""{env.API_KEY}""#),
        (
            r#""n={input.customerId} t={input.total} {input.yes} {input.name}{input.empty} {input.object}""#,
            r#""n=42 t=100.10 true Ann {\"a b\":{\"c\":[10,20]}}""#,
        ),
        (r#""{{literal}} { x } {}""#, r#""{literal}} { x } {}""#),
        (r#""{input.missing ?? 1.50}""#, "1.50"),
        (r#""{input.nothing ?? \"x\"}""#, r#""x""#),
        (r#""<{input.missing ?? 'none'}>""#, r#""<none>""#),
        (
            r#"{"a": "{input.missing ?? omit}", "b": ["{input.x ?? omit}", 1], "c": "x {input.x ?? omit}"}"#,
            r#"{"b":[1]}"#,
        ),
        (
            r#"{"a": {"$literal": {"x": "{input.name}", "$literal": 1}}}"#,
            r#"{"a":{"x":"{input.name}","$literal":1}}"#,
        ),
        (r#""{= input.total * 2 }""#, "200.20"),
        (r#""{= {'sum': input.items.map(i, i.n).sum()} }""#, r#"{"sum":3}"#),
        (
            r#"["{steps.check.output.left[2]}", "{steps[\"Check stock\"].error.kind}", "{steps.skipped.status}"]"#,
            r#"[3,"Http","Skipped"]"#,
        ),
        (
            r#"["{env.DEBUG}", "{env.API_URL}/x", "{env.NOPE ?? \"d\"}"]"#,
            r#"["false","https://api.example.com/x","d"]"#,
        ),
        (r#"[1.10, true, null, {"k": []}]"#, r#"[1.10,true,null,{"k":[]}]"#),
    ] {
        let value =
            render(serde_json::from_str(template).unwrap()).unwrap_or_else(|error| panic!("{template}: {error}"));
        assert_eq!(value.to_string(), expected, "{template}");
    }
}

#[test]
fn missing_values_and_nulls_in_text_are_errors_with_key_and_path() {
    let fixture = Fixture::new();
    for (template, place, path, kind) in [
        (
            json!({"a": [{"b/c": "{input.missing.x}"}]}),
            "/a/0/b~1c",
            "input.missing.x",
            RenderErrorKind::Missing,
        ),
        (
            json!({"a": "x{input.nothing}"}),
            "/a",
            "input.nothing",
            RenderErrorKind::Invalid,
        ),
        (
            json!({"a": "{steps.unreached.output}"}),
            "/a",
            "steps.unreached.output",
            RenderErrorKind::Missing,
        ),
        (json!({"a": "{env.NOPE}"}), "/a", "env.NOPE", RenderErrorKind::Missing),
        (
            json!({"a": "{= input.nope }"}),
            "/a",
            "input.nope",
            RenderErrorKind::Missing,
        ),
    ] {
        let error = Template::compile(&template, &request())
            .unwrap()
            .render(&fixture.scope())
            .unwrap_err();
        assert_eq!(
            (error.place.as_str(), error.path.as_str(), error.kind),
            (place, path, kind)
        );
    }
    let error = render(json!({"a": "{input.gone}"})).unwrap_err();
    assert_eq!(error, "at /a {input.gone}: the value is missing");
}

#[test]
fn publish_reports_every_problem_with_its_place() {
    for (template, pointer, detail) in [
        (
            json!({"a": "{steps.nope.output}"}),
            "/a",
            "{steps.nope.output}: there is no step named 'nope'",
        ),
        (json!(["{steps.later.output}"]), "/0", "does not run before"),
        (json!("{inptu.x}"), "", "unknown root 'inptu'"),
        (json!("{token}"), "", "unknown root 'token'"),
        (json!("{response.body}"), "", "'response' can be used only"),
        (json!("{steps.check.result}"), "", "no 'result'"),
        (json!("{steps.check}"), "", ".status, .output or .error"),
        (json!("{system.now}"), "", "'system' must be followed by one of"),
        (json!("{env}"), "", "'env' must be followed"),
        (json!("{env.A.B}"), "", "'env' must be followed"),
        (json!("x {= 1 }"), "", "must be the whole value"),
        (json!("{= 1 + }"), "", "CEL expression"),
        (json!("{input.x"), "", "'}' is missing"),
        (json!("{input.x ?? omit}"), "", "cannot stand for the whole template"),
        (json!({"$literal": 1, "b": 2}), "", "stands alone"),
    ] {
        let problems = Template::compile(&template, &request()).unwrap_err();
        assert_eq!(problems.len(), 1, "{template}");
        assert_eq!(problems[0].pointer, pointer, "{template}");
        assert!(
            problems[0].detail.contains(detail),
            "{template}: {}",
            problems[0].detail
        );
    }
    let problems = Template::compile(&json!({"a": "{x}", "b": ["{y} {z}"]}), &request()).unwrap_err();
    let pointers: Vec<&str> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
    assert_eq!(pointers, ["/a", "/b/0", "/b/0"]);
    let mut deep = json!(1);
    for _ in 0..100 {
        deep = json!([deep]);
    }
    assert!(Template::compile(&deep, &request()).is_err());
}

#[test]
fn outputs_read_the_response_but_never_the_environment() {
    let mut fixture = Fixture::new();
    fixture.response = Some(json!({"status": 200, "headers": {"location": "/x/1"}, "body": {"id": 1}}));
    let template =
        json!({"id": "{response.body.id}", "at": "{response.headers.Location}", "status": "{response.status}"});
    let template = Template::compile(&template, &Allowed::output_mapping(STEPS)).unwrap();
    assert_eq!(
        template.render(&fixture.scope()).unwrap().value,
        json!({"id": 1, "at": "/x/1", "status": 200})
    );
    for template in ["{env.DEBUG}", "{= env.DEBUG }"] {
        for allowed in [Allowed::output_mapping(STEPS), Allowed::workflow_output(STEPS)] {
            let problems = Template::compile(&json!(template), &allowed).unwrap_err();
            assert!(problems[0].detail.contains("env"), "{problems:?}");
        }
    }
    assert!(Template::compile(&json!("{response.body}"), &Allowed::workflow_output(STEPS)).is_err());
}

#[test]
fn secrets_are_kept_aside_until_sending() {
    let fixture = Fixture::new();
    let template = json!({
        "look": "{input.look}",
        "a/b": [null, "{input.x ?? omit}", "{env.API_KEY}"],
        "text": "Key {env.API_KEY} for {input.name}!",
        "signature": "{= hmacSha256(env.API_KEY, input.name) }",
        "plain": "{env.DEBUG}",
    });
    let template = Template::compile(&template, &request()).unwrap();
    let rendered = template.render(&fixture.scope()).unwrap();
    assert_eq!(
        rendered.value,
        json!({"look": "{env.API_KEY}", "a/b": [null, null], "text": null, "signature": null, "plain": "false"})
    );
    let pointers: Vec<&str> = rendered.late.iter().map(|late| late.pointer.as_str()).collect();
    assert_eq!(pointers, ["/a~1b/1", "/text", "/signature"]);
    let stored = serde_json::to_string(&rendered).unwrap();
    assert!(!stored.contains("s3cr3t"), "{stored}");

    let read: Rendered = serde_json::from_str(&stored).unwrap();
    assert_eq!(
        read.resolve(&fixture.sending()).unwrap(),
        rendered.resolve(&fixture.sending()).unwrap()
    );
    let resolved = read.resolve(&fixture.sending()).unwrap();
    assert_eq!(resolved["look"], json!("{env.API_KEY}"));
    assert_eq!(resolved["a/b"], json!([null, SECRET]));
    assert_eq!(resolved["text"], json!(format!("Key {SECRET} for Ann!")));
    assert_eq!(resolved["signature"].as_str().unwrap().len(), 64);
    // Rendering must not put secrets in even if they are readable already.
    let early = template.render(&fixture.sending()).unwrap();
    assert_eq!(early, rendered);
    // Without the secret it fails, and says which.
    let error = read.resolve(&fixture.scope()).unwrap_err();
    assert_eq!((error.place.as_str(), error.path.as_str()), ("/a~1b/1", "env.API_KEY"));
}

#[test]
fn nothing_is_rendered_that_could_not_be_read_back() {
    let mut deep = json!(1);
    for _ in 0..63 {
        deep = json!([deep]);
    }
    let fixture = Fixture::with(json!({ "deep": deep }));
    let whole = Template::compile(&json!("{input.deep}"), &request()).unwrap();
    assert!(whole.render(&fixture.scope()).is_ok());
    let nested = Template::compile(&json!([["{input.deep}"]]), &request()).unwrap();
    assert_eq!(
        nested.render(&fixture.scope()).unwrap_err().kind,
        RenderErrorKind::Limit
    );
    let cel = Template::compile(&json!("{= [[input.deep]] }"), &request()).unwrap();
    assert_eq!(cel.render(&fixture.scope()).unwrap_err().kind, RenderErrorKind::Limit);
}
