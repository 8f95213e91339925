//! Rule 6.

use serde_json::{Value, json};
use wfm_expressions::{
    Allowed, ApiKeyLocation, Authentication, CompiledRequest, EndpointDefinition, OutgoingRequest, ParameterDefinition,
    ParameterType, RenderErrorKind, RenderedRequest,
};

use crate::fixture::{Fixture, SECRET, request};

pub fn endpoint(method: &str, url: &str) -> EndpointDefinition {
    EndpointDefinition {
        method: method.to_owned(),
        url: url.to_owned(),
        headers: Vec::new(),
        authentication: Authentication::None,
        parameters: Vec::new(),
        soap: None,
    }
}

pub fn parameter(name: &str, parameter_type: ParameterType, rules: Value) -> ParameterDefinition {
    ParameterDefinition {
        name: name.to_owned(),
        parameter_type,
        is_required: false,
        default_value: None,
        validation_rules: Some(rules),
    }
}

/// Renders, stores, reads back, and fills in.
fn send(endpoint: &EndpointDefinition, mapping: Value) -> Result<OutgoingRequest, wfm_expressions::RenderError> {
    let fixture = Fixture::new();
    let compiled = CompiledRequest::compile(endpoint, Some(&mapping), &request()).unwrap();
    let rendered = compiled.render(&fixture.scope())?;
    let stored = serde_json::to_string(&rendered).unwrap();
    assert!(!stored.contains("s3cr3t") && !stored.contains("4711"), "{stored}");
    let read: RenderedRequest = serde_json::from_str(&stored).unwrap();
    assert_eq!(
        read,
        serde_json::from_str(&serde_json::to_string(&read).unwrap()).unwrap()
    );
    let outgoing = read.resolve(&fixture.sending())?;
    assert_eq!(rendered.resolve(&fixture.sending())?, outgoing);
    Ok(outgoing)
}

fn body(outgoing: &OutgoingRequest) -> String {
    String::from_utf8(outgoing.body.clone().unwrap_or_default()).unwrap()
}

fn header<'o>(outgoing: &'o OutgoingRequest, name: &str) -> Option<&'o str> {
    outgoing
        .headers
        .iter()
        .find(|(header, _)| header.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}

#[test]
fn without_parameters_the_mapping_is_the_body_or_the_query() {
    let mapping = json!({"id": "{input.customerId}", "total": "{input.total}", "list": [1, "{input.name}"]});
    let post = send(&endpoint("post", "{env.API_URL}/orders"), mapping.clone()).unwrap();
    assert_eq!(
        (post.method.as_str(), post.url.as_str()),
        ("POST", "https://api.example.com/orders")
    );
    assert_eq!(body(&post), r#"{"id":42,"total":100.10,"list":[1,"Ann"]}"#);
    assert_eq!(header(&post, "content-type"), Some("application/json"));
    let get = send(&endpoint("GET", "{env.API_URL}/orders?v=1"), mapping.clone()).unwrap();
    assert_eq!(
        get.url,
        "https://api.example.com/orders?v=1&id=42&total=100.10&list=1&list=Ann"
    );
    assert_eq!((get.body, get.headers), (None, vec![]));
    let whole = send(&endpoint("PUT", "https://a.example/"), json!("{input.items}")).unwrap();
    assert_eq!(
        body(&whole),
        r#"[{"sku":"a","price":1.5,"n":2},{"sku":"b","price":2,"n":1}]"#
    );
    let whole = send(
        &endpoint("DELETE", "https://a.example/"),
        json!({"$body": ["{input.yes}"], "q": 1}),
    )
    .unwrap();
    assert_eq!(
        (whole.url.as_str(), body(&whole).as_str()),
        ("https://a.example/?q=1", "[true]")
    );
    assert_eq!(
        send(&endpoint("POST", "https://a.example/"), Value::Null).unwrap().body,
        None
    );
    assert_eq!(
        body(&send(&endpoint("POST", "https://a.example/"), json!({})).unwrap()),
        "{}"
    );
}

#[test]
fn parameters_go_to_their_place() {
    use ParameterType::{Array, Integer, String as Text};
    let mut endpoint = endpoint("POST", "{env.API_URL}/users/{id}/x?f={filter}");
    endpoint.headers = vec![
        ("X-Trace".into(), "t-{trace}".into()),
        ("X-Opt".into(), "{missing ?? omit}".into()),
    ];
    endpoint.parameters = vec![
        parameter("id", Text, json!({})),
        parameter("filter", Text, json!({})),
        parameter("trace", Text, json!({})),
        parameter("missing", Text, json!({})),
        parameter("page", Integer, json!({"in": "query", "name": "pageNumber"})),
        parameter("tags", Array, json!({"in": "query"})),
        parameter("tenant", Text, json!({"in": "header", "name": "X-Tenant"})),
        parameter("amount", ParameterType::Decimal, Value::Null),
        parameter("kind", Text, Value::Null),
    ];
    endpoint.parameters[8].default_value = Some("standard".into());
    let outgoing = send(
        &endpoint,
        json!({"id": "a/b {input.name}", "filter": "x&y", "trace": "{input.customerId}", "page": "{env.TIMEOUT_MS}",
               "tags": ["r", "s"], "tenant": "{input.name}", "amount": "{input.total}", "more": {"x": "{input.yes}"}}),
    )
    .unwrap();
    assert_eq!(
        outgoing.url,
        "https://api.example.com/users/a%2Fb%20Ann/x?f=x%26y&pageNumber=30000&tags=r&tags=s"
    );
    assert_eq!(header(&outgoing, "x-trace"), Some("t-42"));
    assert_eq!(header(&outgoing, "x-tenant"), Some("Ann"));
    assert_eq!(header(&outgoing, "x-opt"), None);
    assert_eq!(
        body(&outgoing),
        r#"{"amount":100.10,"kind":"standard","more":{"x":true}}"#
    );
}

#[test]
fn required_default_optional() {
    let mut endpoint = endpoint("POST", "https://a.example/");
    endpoint.parameters = vec![parameter("a", ParameterType::Integer, json!({"minimum": 1}))];
    endpoint.parameters[0].is_required = true;
    let problems = CompiledRequest::compile(&endpoint, None, &request()).unwrap_err();
    assert_eq!(problems[0].pointer, "/inputMapping/a");
    let error = send(&endpoint, json!({"a": "{input.missing ?? omit}"})).unwrap_err();
    assert_eq!(
        (error.kind, error.place.as_str()),
        (RenderErrorKind::Missing, "/inputMapping/a")
    );
    assert_eq!(
        send(&endpoint, json!({"a": "{input.nothing}"})).unwrap_err().kind,
        RenderErrorKind::Missing
    );
    assert_eq!(
        send(&endpoint, json!({"a": "{input.name}"})).unwrap_err().kind,
        RenderErrorKind::Invalid
    );
    endpoint.parameters[0].default_value = Some("7".into());
    assert_eq!(
        body(&send(&endpoint, json!({"a": "{input.missing ?? omit}"})).unwrap()),
        r#"{"a":7}"#
    );
    endpoint.parameters[0].default_value = Some("0".into());
    let problems = CompiledRequest::compile(&endpoint, None, &request()).unwrap_err();
    assert_eq!(problems[0].pointer, "/parameters/0/defaultValue");
    endpoint.parameters[0].default_value = None;
    endpoint.parameters[0].is_required = false;
    assert_eq!(body(&send(&endpoint, json!({})).unwrap()), "{}");
}

#[test]
fn values_cannot_leave_their_place() {
    let mut path = endpoint("GET", "https://a.example/x/{p}/y");
    path.parameters = vec![parameter("p", ParameterType::String, json!({}))];
    let outgoing = send(&path, json!({"p": "{input.evil}"})).unwrap();
    assert_eq!(outgoing.url, "https://a.example/x/..%2Fx%3Fy%3D1%23z%0D%0AA%3A%20b/y");
    assert_eq!(
        send(&path, json!({"p": "{input.dots}"})).unwrap_err().kind,
        RenderErrorKind::Refused
    );
    assert_eq!(
        send(&path, json!({"p": "{input.empty}"})).unwrap_err().kind,
        RenderErrorKind::Invalid
    );
    let mut headers = endpoint("GET", "https://a.example/");
    headers.headers = vec![("X-A".into(), "{input.evil}".into())];
    let error = send(&headers, json!({})).unwrap_err();
    assert_eq!(
        (error.kind, error.place.as_str()),
        (RenderErrorKind::Refused, "/headers/X-A")
    );
    headers.headers.clear();
    headers.parameters = vec![parameter("X-B", ParameterType::String, json!({"in": "header"}))];
    assert_eq!(
        send(&headers, json!({"X-B": "{input.evil}"})).unwrap_err().kind,
        RenderErrorKind::Refused
    );
}

#[test]
fn authentication_is_filled_in_at_the_end() {
    let mut endpoint = endpoint("GET", "https://a.example/x?y=1");
    endpoint.authentication = Authentication::Basic {
        username: "{input.name}".into(),
        password: "{env.API_KEY}".into(),
    };
    let outgoing = send(&endpoint, json!({})).unwrap();
    assert_eq!(
        header(&outgoing, "Authorization"),
        Some("Basic QW5uOnMzY3IzdCAmICJrZXki")
    );
    assert!(outgoing.secrets.contains(&SECRET.to_owned()));
    assert!(outgoing.secrets.contains(&"QW5uOnMzY3IzdCAmICJrZXki".to_owned()));
    endpoint.authentication = Authentication::Bearer {
        token: "{env.NUMBER}".into(),
    };
    assert_eq!(
        header(&send(&endpoint, json!({})).unwrap(), "Authorization"),
        Some("Bearer 4711")
    );
    let key = |location| Authentication::ApiKey {
        location,
        name: "X-Key".into(),
        value: "{env.API_KEY}".into(),
    };
    endpoint.authentication = key(ApiKeyLocation::Header);
    assert_eq!(header(&send(&endpoint, json!({})).unwrap(), "x-key"), Some(SECRET));
    endpoint.authentication = key(ApiKeyLocation::Query);
    let outgoing = send(&endpoint, json!({"a": 1})).unwrap();
    assert_eq!(
        outgoing.url,
        "https://a.example/x?y=1&a=1&X-Key=s3cr3t%20%26%20%22key%22"
    );
    let shown = format!("{outgoing:?}");
    assert!(!shown.contains("s3cr3t"), "{shown}");
    endpoint.authentication = Authentication::Bearer {
        token: "literal".into(),
    };
    let problems = CompiledRequest::compile(&endpoint, None, &request()).unwrap_err();
    assert_eq!(problems[0].pointer, "/authentication/token");
}

#[test]
fn secrets_reach_every_place() {
    let mut endpoint = endpoint("POST", "https://a.example/{p}");
    endpoint.headers = vec![
        ("X-A".into(), "a {env.API_KEY}".into()),
        ("X-B".into(), "{= env.NUMBER + '!' }".into()),
    ];
    endpoint.parameters = vec![
        parameter("p", ParameterType::String, json!({})),
        parameter("q", ParameterType::Integer, json!({"in": "query"})),
        parameter("h", ParameterType::String, json!({"in": "header"})),
        parameter("b", ParameterType::Object, json!({})),
        parameter("n", ParameterType::Integer, json!({})),
    ];
    let outgoing = send(
        &endpoint,
        json!({"p": "x-{env.NUMBER}", "q": "{env.NUMBER}", "h": "{env.NUMBER}", "b": {"k": ["{env.API_KEY}"]}, "n": "{env.NUMBER}"}),
    )
    .unwrap();
    assert_eq!(outgoing.url, "https://a.example/x-4711?q=4711");
    assert_eq!(header(&outgoing, "h"), Some("4711"));
    assert_eq!(header(&outgoing, "x-a"), Some(format!("a {SECRET}").as_str()));
    assert_eq!(header(&outgoing, "x-b"), Some("4711!"));
    assert_eq!(
        serde_json::from_str::<Value>(&body(&outgoing)).unwrap(),
        json!({"b": {"k": [SECRET]}, "n": 4711})
    );
    let mut bounded = endpoint.clone();
    bounded.parameters[1].validation_rules = Some(json!({"in": "query", "maximum": 10}));
    let error = send(&bounded, json!({"p": "x", "q": "{env.NUMBER}"})).unwrap_err();
    assert_eq!(error.kind, RenderErrorKind::Invalid);
    assert!(
        error.to_string().contains("10") && !error.to_string().contains("4711"),
        "{error}"
    );
    endpoint.parameters[1].parameter_type = ParameterType::Boolean;
    let error = send(&endpoint, json!({"p": "x", "q": "{env.API_KEY}"})).unwrap_err();
    assert_eq!(error.kind, RenderErrorKind::Invalid);
    assert!(!error.to_string().contains("s3cr3t"));
}

#[test]
fn forms_and_texts_are_written_by_content_type() {
    let typed = |content_type: &str| {
        let mut endpoint = endpoint("POST", "https://a.example/");
        endpoint.headers = vec![("Content-Type".into(), content_type.into())];
        endpoint
    };
    let form = send(
        &typed("application/x-www-form-urlencoded"),
        json!({"a": "x y+z", "b": [1, 2], "c": null}),
    )
    .unwrap();
    assert_eq!(body(&form), "a=x+y%2Bz&b=1&b=2");
    assert_eq!(header(&form, "content-type"), Some("application/x-www-form-urlencoded"));
    let xml = send(
        &typed("text/xml; charset=utf-8"),
        json!({"$body": "<a k=\"{input.look}\">{env.API_KEY}</a>"}),
    )
    .unwrap();
    assert_eq!(body(&xml), "<a k=\"{env.API_KEY}\">s3cr3t &amp; &quot;key&quot;</a>");
    assert_eq!(
        body(&send(&typed("text/plain"), json!("Hi {input.name}")).unwrap()),
        "Hi Ann"
    );
    assert_eq!(
        body(&send(&typed("application/vnd.x+json"), json!({"a": 1})).unwrap()),
        "{\"a\":1}"
    );
}

#[test]
fn names_are_found_however_they_are_written() {
    let (composed, decomposed) = ("Pr\u{fc}fung", "Pru\u{308}fung");
    let mut definition = endpoint("GET", &format!("https://a.example/{{{decomposed}}}"));
    definition.parameters = vec![parameter(composed, ParameterType::String, json!({}))];
    let allowed = Allowed::request([composed]);
    for mapped in [
        format!("{{steps.{decomposed}.output}}"),
        format!("{{steps[\"{decomposed}\"].output}}"),
        format!("{{= steps.{decomposed}.output}}"),
        format!("{{= steps[' {decomposed}'].output}}"),
    ] {
        let mapping = json!({ decomposed: mapped });
        let compiled = CompiledRequest::compile(&definition, Some(&mapping), &allowed).unwrap();
        let mut fixture = Fixture::new();
        let outcome = ("Succeeded".to_owned(), json!("ok"), json!(null));
        fixture.steps.0.insert(composed.to_owned(), outcome);
        let rendered = compiled.render(&fixture.scope()).unwrap();
        assert_eq!(
            rendered.resolve(&fixture.sending()).unwrap().url,
            "https://a.example/ok",
            "{mapped}"
        );
    }
    let twice = json!({ decomposed: "a", composed: "b" });
    let refused = CompiledRequest::compile(&definition, Some(&twice), &allowed).unwrap_err();
    assert_eq!(refused[0].detail, format!("the parameter '{composed}' is mapped twice"));
}

#[test]
fn publish_reports_what_cannot_work() {
    use ParameterType::{Integer, String as Text};
    let check = |change: &dyn Fn(&mut EndpointDefinition), mapping: Value| {
        let mut endpoint = endpoint("POST", "https://a.example/{id}");
        endpoint.parameters = vec![parameter("id", Text, json!({}))];
        change(&mut endpoint);
        CompiledRequest::compile(&endpoint, Some(&mapping), &request()).unwrap_err()[0]
            .pointer
            .clone()
    };
    assert_eq!(
        check(&|endpoint| endpoint.method = "TRACE".into(), json!({})),
        "/method"
    );
    assert_eq!(
        check(&|endpoint| endpoint.url = "https://a.example/{other}".into(), json!({})),
        "/url"
    );
    assert_eq!(
        check(
            &|endpoint| endpoint.headers = vec![("Bad Name".into(), "x".into())],
            json!({})
        ),
        "/headers/Bad Name"
    );
    assert_eq!(
        check(
            &|endpoint| endpoint.headers = vec![("Content-Length".into(), "1".into())],
            json!({})
        ),
        "/headers/Content-Length"
    );
    assert_eq!(
        check(
            &|endpoint| endpoint.headers = vec![("idempotency-Key".into(), "{id}".into())],
            json!({})
        ),
        "/headers/idempotency-Key"
    );
    assert_eq!(
        check(
            &|endpoint| endpoint
                .parameters
                .push(parameter("Traceparent", Text, json!({"in": "header"}))),
            json!({})
        ),
        "/parameters/1/validationRules"
    );
    assert_eq!(
        check(
            &|endpoint| endpoint.headers = vec![("A".into(), "{nope}".into())],
            json!({})
        ),
        "/headers/A"
    );
    assert_eq!(
        check(
            &|endpoint| endpoint.headers = vec![("A".into(), "a\nb".into())],
            json!({})
        ),
        "/headers/A"
    );
    assert_eq!(
        check(
            &|endpoint| endpoint.parameters[0].validation_rules = Some(json!({"minimum": 1})),
            json!({})
        ),
        "/parameters/0/validationRules/minimum"
    );
    assert_eq!(
        check(
            &|endpoint| endpoint.parameters.push(parameter("x", Text, json!({"in": "path"}))),
            json!({})
        ),
        "/parameters/1/validationRules"
    );
    assert_eq!(
        check(
            &|endpoint| endpoint.parameters.push(parameter("id", Text, json!({}))),
            json!({})
        ),
        "/parameters/1/name"
    );
    assert_eq!(
        check(
            &|endpoint| endpoint.parameters[0].parameter_type = Integer,
            json!({"id": "abc"})
        ),
        "/inputMapping/id"
    );
    assert_eq!(
        check(&|_| (), json!({"id": "{steps.later.output}"})),
        "/inputMapping/id"
    );
    assert_eq!(check(&|_| (), json!({"x": {"y": "{nope}"}})), "/inputMapping/x/y");
    assert_eq!(check(&|_| (), json!([1])), "/inputMapping");
    assert_eq!(check(&|_| (), json!({"$body": 1, "x": 2})), "/inputMapping/x");
    assert_eq!(
        check(
            &|endpoint| {
                endpoint.headers = vec![("authorization".into(), "x".into())];
                endpoint.authentication = Authentication::Bearer {
                    token: "{env.T}".into(),
                };
            },
            json!({})
        ),
        "/headers/authorization"
    );
    let mut definition = endpoint("GET", "https://a.example/{id}");
    definition.parameters = vec![parameter("id", Text, json!({}))];
    definition.parameters[0].is_required = true;
    assert_eq!(definition.check(), vec![]);
    definition.parameters[0].validation_rules = Some(json!({"in": "body"}));
    assert_eq!(definition.check()[0].pointer, "/method");
}

#[test]
fn nothing_takes_the_place_of_the_credential() {
    use ParameterType::String as Text;
    let key = |location| Authentication::ApiKey {
        location,
        name: "x-k".to_owned(),
        value: "{env.K}".to_owned(),
    };
    let bearer = Authentication::Bearer {
        token: "{env.K}".to_owned(),
    };
    for (method, authentication, name, place) in [
        ("POST", bearer, "Authorization", "header"),
        ("POST", key(ApiKeyLocation::Header), "X-K", "header"),
        ("GET", key(ApiKeyLocation::Query), "x-k", "query"),
    ] {
        let mut definition = endpoint(method, "https://a.example/");
        definition.authentication = authentication;
        assert_eq!(definition.check(), vec![]);
        definition.parameters = vec![parameter(name, Text, json!({"in": place}))];
        let problems = definition.check();
        assert_eq!(problems[0].pointer, "/parameters/0/name", "{problems:?}");
        definition.parameters[0].validation_rules = Some(json!({"in": "query", "name": "other"}));
        assert_eq!(definition.check(), vec![]);
    }
    let mut definition = endpoint("GET", "https://a.example/");
    definition.authentication = key(ApiKeyLocation::Query);
    let refused = CompiledRequest::compile(&definition, Some(&json!({"x-k": "mine"})), &request()).unwrap_err();
    assert_eq!(refused[0].pointer, "/inputMapping/x-k");
}
