//! What is known to fail before anything runs, and is refused at publish.

use serde_json::{Value, json};
use wfm_expressions::{Allowed, CompiledRequest, EndpointDefinition, ParameterType, Template};

use crate::fixture::{STEPS, request};
use crate::requests::{endpoint, parameter};

#[test]
fn what_a_parameter_can_never_have_is_refused() {
    use ParameterType::{Array, Boolean, DateTime, Decimal, Integer, Object, String as Text};
    let refusal = |parameter_type: ParameterType, is_required: bool, mapped: &Value| {
        let mut definition = endpoint("POST", "https://a.example/");
        definition.parameters = vec![parameter("p", parameter_type, json!({}))];
        definition.parameters[0].is_required = is_required;
        let compiled = CompiledRequest::compile(&definition, Some(&json!({"p": mapped})), &request());
        compiled.err().map(|problems| {
            assert_eq!((problems.len(), problems[0].pointer.as_str()), (1, "/inputMapping/p"));
            problems[0].detail.clone()
        })
    };
    for (parameter_type, mapped) in [
        (Integer, json!("a{input.n}")),
        (Integer, json!("{input.n ?? \"abc\"}")),
        (Integer, json!("{input.n ?? 1.5}")),
        (Integer, json!("{= 'abc'}")),
        (Integer, json!("{= 1 / 2.0}")),
        (Integer, json!("{= input.n > 1}")),
        (Integer, json!("{= input.list.map(x, x)}")),
        (Integer, json!("{system.executionId}")),
        (Integer, json!("{system.utcNow}")),
        (Integer, json!("{steps.check.status}")),
        (Integer, json!({"n": "{input.n}"})),
        (Decimal, json!(["{input.n}"])),
        (Boolean, json!("is {input.yes}")),
        (Boolean, json!("{system.workflowId}")),
        (DateTime, json!("on {input.day}")),
        (DateTime, json!("{system.workflowVersion}")),
        (Object, json!("{input.a}{input.b}")),
        (Object, json!("{env.TEXT}")),
        (Object, json!("{= [input.a]}")),
        (Array, json!("{= {'a': input.a}}")),
        (Array, json!({"a": "{input.a}"})),
        (Text, json!({"a": "{input.a}"})),
        (Text, json!("{= [input.a]}")),
        (Text, json!("{input}")),
        (Integer, json!("{= input}")),
        (Array, json!("{input}")),
    ] {
        let refused = refusal(parameter_type, false, &mapped).unwrap_or_else(|| panic!("{parameter_type:?} {mapped}"));
        assert!(refused.starts_with("parameter 'p': "), "{refused}");
    }
    for (parameter_type, mapped) in [
        (Integer, json!("{input.n}")),
        (Integer, json!("1{input.n}")),
        (Integer, json!("{input.n ?? 5}")),
        (Integer, json!("{input.n ?? omit}")),
        (Integer, json!("{= '5'}")),
        (Integer, json!("{= input.n > 1 ? 1 : 'none'}")),
        (Integer, json!("{system.workflowVersion}")),
        (Integer, json!("{env.NUMBER}")),
        (Decimal, json!("{input.whole}.{input.fraction}")),
        (Boolean, json!("{= input.n > 1}")),
        (DateTime, json!("{system.utcNow}")),
        (DateTime, json!("{input.day}T00:00:00Z")),
        (Object, json!("{steps.check.output}")),
        (Object, json!({"a": "{input.a}"})),
        (Array, json!(["{input.a}"])),
        (Text, json!("{system.workflowId} of {input.a}")),
    ] {
        assert_eq!(
            refusal(parameter_type, true, &mapped),
            None,
            "{parameter_type:?} {mapped}"
        );
        assert_eq!(
            refusal(parameter_type, false, &mapped),
            None,
            "{parameter_type:?} {mapped}"
        );
    }
    for null in [json!(null), json!("{input.a ?? null}"), json!("{= null}")] {
        assert_eq!(refusal(Text, false, &null), None, "{null}");
        assert!(refusal(Text, true, &null).unwrap().contains("required"), "{null}");
    }
}

#[test]
fn nothing_is_read_where_nothing_is_ever() {
    for (path, refusal) in [
        ("system.executionId.x", "without members"),
        ("system.utcNow[0]", "without members"),
        ("steps.check.status.x", "without members"),
        ("input[0]", "its members have names"),
    ] {
        let definition = endpoint("POST", "https://a.example/");
        let problems = CompiledRequest::compile(&definition, Some(&json!({"a": format!("{{{path}}}")})), &request());
        assert!(problems.unwrap_err()[0].detail.contains(refusal), "{path}");
    }
    for path in [
        "response.headers[0]",
        "response.headers.etag.x",
        "response.headers['e'][0]",
    ] {
        let output = json!({"a": format!("{{{path}}}")});
        assert!(
            Template::compile(&output, &Allowed::output_mapping(STEPS)).is_err(),
            "{path}"
        );
    }
}

/// The refusal of the mapping of parameter `q`, or of the endpoint's URL or header.
fn refusal_of_place(url: &str, change: &dyn Fn(&mut EndpointDefinition), mapping: &Value) -> Option<(String, String)> {
    let mut definition = endpoint("GET", url);
    definition.parameters = vec![parameter("q", ParameterType::String, json!({}))];
    change(&mut definition);
    let problems = CompiledRequest::compile(&definition, Some(mapping), &request()).err()?;
    assert_eq!(problems.len(), 1, "{problems:?}");
    Some((problems[0].pointer.clone(), problems[0].detail.clone()))
}

#[test]
fn what_a_url_can_never_hold_is_refused() {
    let path = "https://a.example/{q}/x";
    let query = "https://a.example/x?q={q}";
    let unchanged = |_: &mut EndpointDefinition| ();
    let default = |text: &'static str| {
        move |changed: &mut EndpointDefinition| changed.parameters[0].default_value = Some(text.into())
    };
    let at = |url: &str, mapping: Value| refusal_of_place(url, &unchanged, &mapping);
    for (url, mapping, detail) in [
        (
            path,
            json!({}),
            "the URL needs the parameter 'q', which has neither a mapping nor a default value",
        ),
        (
            query,
            json!({}),
            "the URL needs the parameter 'q', which has neither a mapping nor a default value",
        ),
        (
            path,
            json!({"q": ""}),
            "parameter 'q' in the URL: an empty text cannot stand in the path of a URL",
        ),
        (
            path,
            json!({"q": ".."}),
            "parameter 'q' in the URL: '.' and '..' are refused in the path of a URL",
        ),
        (
            path,
            json!({"q": "{= '.'}"}),
            "parameter 'q' in the URL: '.' and '..' are refused in the path of a URL",
        ),
        (
            path,
            json!({"q": null}),
            "parameter 'q' in the URL: null cannot stand in a text",
        ),
        (
            query,
            json!({"q": null}),
            "parameter 'q' in the URL: null cannot stand in a text",
        ),
        (
            path,
            json!({"q": "{input.a ?? \"\"}"}),
            "parameter 'q' in the URL: an empty text cannot stand in the path of a URL",
        ),
    ] {
        let expected = Some(("/inputMapping/q".to_owned(), detail.to_owned()));
        assert_eq!(at(url, mapping.clone()), expected, "{url} {mapping}");
    }
    for (url, mapping) in [
        (path, json!({"q": "{input.a}"})),
        (path, json!({"q": "{input.a ?? omit}"})),
        (path, json!({"q": ".{input.a}"})),
        (path, json!({"q": "a/b"})),
        (query, json!({"q": ""})),
        (query, json!({"q": ".."})),
        ("https://a.example/x{q}", json!({"q": ".."})),
        ("https://a.example/{q ?? \"none\"}", json!({})),
        ("{env.API_URL}/{q}", json!({"q": 5})),
    ] {
        assert_eq!(at(url, mapping.clone()), None, "{url} {mapping}");
    }
    assert_eq!(refusal_of_place(path, &default("5"), &json!({})), None);
    let refused = refusal_of_place(path, &default(".."), &json!({})).unwrap();
    assert_eq!(refused.0, "/inputMapping/q");
    assert_eq!(refusal_of_place(path, &default(".."), &json!({"q": "5"})), None);
    for url in ["https://a.example/{q ?? \"..\"}", "https://a.example/{input.a ?? \"\"}"] {
        assert_eq!(at(url, json!({"q": "5"})).unwrap().0, "/url", "{url}");
    }
}

#[test]
fn what_a_header_can_never_hold_is_refused() {
    let header = |text: &'static str| {
        move |changed: &mut EndpointDefinition| changed.headers = vec![("X-A".into(), text.into())]
    };
    let own = |changed: &mut EndpointDefinition| {
        changed.parameters[0].validation_rules = Some(json!({"in": "header", "name": "X-B"}));
    };
    let url = "https://a.example/";
    let refused = "a header cannot hold line breaks or control characters";
    for (change, mapping, pointer, detail) in [
        (
            &header("v {q}") as &dyn Fn(&mut EndpointDefinition),
            json!({}),
            "/inputMapping/q",
            "the header X-A needs the parameter 'q', which has neither a mapping nor a default value".to_owned(),
        ),
        (
            &header("{q}"),
            json!({"q": "a\r\nb"}),
            "/inputMapping/q",
            format!("parameter 'q' in the header X-A: {refused}"),
        ),
        (
            &own,
            json!({"q": "a\nb"}),
            "/inputMapping/q",
            format!("parameter 'q' in the header X-B: {refused}"),
        ),
        (
            &header("{q ?? \"a\\nb\"}"),
            json!({"q": "x"}),
            "/headers/X-A",
            refused.to_owned(),
        ),
    ] {
        assert_eq!(
            refusal_of_place(url, change, &mapping),
            Some((pointer.to_owned(), detail)),
            "{mapping}"
        );
    }
    for (change, mapping) in [
        (&own as &dyn Fn(&mut EndpointDefinition), json!({})),
        (&own, json!({"q": null})),
        (&own, json!({"q": "a\tb"})),
        (&header("{q ?? omit}"), json!({})),
        (&header("{q ?? \"none\"}"), json!({"q": null})),
        (&header("{q}"), json!({"q": ""})),
    ] {
        assert_eq!(refusal_of_place(url, change, &mapping), None, "{mapping}");
    }
}

#[test]
fn a_form_is_never_made_of_anything_but_an_object() {
    let refused = |mapping: Value| {
        let mut definition = endpoint("POST", "https://a.example/");
        definition.headers = vec![("content-type".into(), "application/x-www-form-urlencoded".into())];
        let compiled = CompiledRequest::compile(&definition, Some(&mapping), &request());
        compiled.err().map(|problems| problems[0].pointer.clone())
    };
    for body in [
        json!([1]),
        json!(null),
        json!("a={input.a}"),
        json!("{= [input.a]}"),
        json!("{system.utcNow}"),
    ] {
        assert_eq!(
            refused(json!({"$body": body})).as_deref(),
            Some("/inputMapping/$body"),
            "{body}"
        );
    }
    assert_eq!(refused(json!(["a"])).as_deref(), Some("/inputMapping"));
    for body in [
        json!({"a": 1}),
        json!("{input}"),
        json!("{input.a}"),
        json!("{input.a ?? omit}"),
        json!("{= {'a': input.a}}"),
    ] {
        assert_eq!(refused(json!({"$body": body})), None, "{body}");
    }
}
