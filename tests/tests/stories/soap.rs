//! Runs that call a SOAP service: both versions, the convention both ways, faults, and what is refused at publish.

use serde_json::{Value, json};
use wfm_tests::{SoapService, Target, TestServer, World, soap_service::WAREHOUSE};

/// A world whose environment knows the service as `SOAP`, with a secret `PASSWORD` full of markup.
async fn world(server: &TestServer, name: &str, service: &SoapService) -> World {
    let target = Target::start().await;
    let variables = json!({
        "SOAP": {"value": service.url(), "secret": false},
        "PASSWORD": "<p&ss>]]>\"w'rd",
    });
    World::build_with(&server.admin, name, &target, &json!({}), &variables).await
}

/// An endpoint of the service for one operation, with other members of `soap`.
async fn endpoint(world: &World, operation: &str, soap: Value, members: Value) -> i64 {
    let mut settings = json!({"operation": format!("w:{operation}"), "namespaces": {"w": WAREHOUSE}});
    for (key, value) in soap.as_object().unwrap() {
        settings[key] = value.clone();
    }
    let mut body = json!({
        "name": operation, "url": "{env.SOAP}/warehouse", "method": "POST", "type": "SOAP", "workspaceId": world.workspace,
        "soap": settings,
    });
    for (key, value) in members.as_object().unwrap() {
        body[key] = value.clone();
    }
    world.client.create("/api/v1/api-endpoints", &body).await
}

async fn workflow(world: &World, endpoint: i64, step: Value) -> i64 {
    let mut body = json!({"name": "call", "order": 1, "apiEndpointId": endpoint, "retryCount": 0});
    for (key, value) in step.as_object().unwrap() {
        body[key] = value.clone();
    }
    world.workflow(&format!("Flow {endpoint}"), &json!([body])).await
}

/// The kind and the message of the last attempt.
async fn failure(world: &World, run: &Value) -> (String, String) {
    let id = run["executionId"].as_str().unwrap();
    let rows = world.client.all(&format!("/api/v1/executions/{id}/steps")).await;
    let last = rows.last().unwrap();
    let text = |name: &str| last[name].as_str().unwrap_or_default().to_owned();
    (text("errorKind"), text("errorMessage"))
}

#[tokio::test]
async fn both_versions_carry_the_same_order() {
    let (server, service) = (TestServer::spawn().await, SoapService::start().await);
    let world = world(&server, "Both", &service).await;
    for (version, action) in [("1.1", "urn:reserve"), ("1.2", "urn:reserve")] {
        let soap = json!({
            "version": version, "action": action,
            "header": {"w:Security": {"@role": "{input.role}", "w:password": "{env.PASSWORD}"}},
        });
        let endpoint = endpoint(&world, "Reserve", soap, json!({})).await;
        let mapping = json!({
            "w:line": [
                {"@sku": "{input.first}", "w:quantity": 2},
                {"@sku": "B<2>", "w:quantity": "{input.second}"},
            ],
            "w:note": {"#cdata": "{input.note}"},
            "w:none": null,
            "w:nothing": "{input.missing ?? omit}",
        });
        let flow = workflow(&world, endpoint, json!({"inputMapping": mapping})).await;
        let input = json!({"first": "A&1", "second": 3, "note": "5 < 6 & so on", "role": "\"admin\""});
        let run = world.run(flow, &input).await;
        assert_eq!(run["status"], "Completed", "{run}");
        let response = json!({"ReserveResponse": {
            "reservation": "R-1",
            "line": [{"@sku": "A&1", "quantity": "2"}, {"@sku": "B<2>", "quantity": "3"}],
            "note": "5 < 6 & so on",
            "escaped": "5 < 6 & so on",
            "backorder": null,
            "remark": "",
        }});
        assert_eq!(run["outputParameters"], response);
        let call = service.calls().pop().unwrap();
        assert_eq!((call.is_12, call.action.as_str()), (version == "1.2", action));
        assert_eq!(call.operation, "Reserve");
        assert_eq!(
            call.texts("password"),
            ["<p&ss>]]>\"w'rd"],
            "a secret is escaped when it is filled in"
        );
        assert_eq!(call.texts("none"), [""]);
        assert!(
            call.document.contains("<w:none xsi:nil=\"true\"/>"),
            "{}",
            call.document
        );
        assert!(!call.document.contains("nothing"), "{}", call.document);
        assert!(call.attributes.contains(&("role".to_owned(), "\"admin\"".to_owned())));
        assert!(call.headers.contains_key("idempotency-key"));
        // What is stored of the request names the variable, never its value.
        let id = run["executionId"].as_str().unwrap();
        let history = world.client.all(&format!("/api/v1/executions/{id}/history")).await;
        assert!(!Value::Array(history).to_string().contains("w'rd"));
    }
    assert_eq!(service.calls().len(), 2);
    server.finish().await;
}

#[tokio::test]
async fn named_parameters_the_whole_body_and_defaults_make_the_element() {
    let (server, service) = (TestServer::spawn().await, SoapService::start().await);
    let world = world(&server, "Shapes", &service).await;
    // Named parameters, one with a name of its own on the wire.
    let members = json!({"parameters": [
        {"name": "w:note", "type": "String", "isRequired": true},
        {"name": "@urgent", "type": "Boolean", "defaultValue": "true"},
    ], "headers": {"SOAPAction": "urn:named"}});
    let named = endpoint(&world, "Reserve", json!({}), members).await;
    let flow = workflow(&world, named, json!({"inputMapping": {"w:note": "{input.note}"}})).await;
    assert_eq!(world.run(flow, &json!({"note": "n"})).await["status"], "Completed");
    let call = service.calls().pop().unwrap();
    assert_eq!((call.texts("note"), call.action.as_str()), (vec!["n"], "urn:named"));
    assert!(call.attributes.contains(&("urgent".to_owned(), "true".to_owned())));
    // Without an operation the mapping is the element itself, with a namespace of its own.
    let bare = json!({
        "name": "Bare", "url": "{env.SOAP}/warehouse", "method": "POST", "type": "SOAP", "workspaceId": world.workspace,
        "headers": {"Content-Type": "application/soap+xml"},
    });
    let bare = world.client.create("/api/v1/api-endpoints", &bare).await;
    let body = json!({"$body": {"Echo": {"@xmlns": WAREHOUSE, "key": "{input.key}"}}});
    let step = json!({"inputMapping": body, "outputMapping": {"got": "{response.body.EchoResponse.key}"}});
    let flow = workflow(&world, bare, step).await;
    let run = world.run(flow, &json!({"key": "k"})).await;
    assert_eq!(run["outputParameters"], json!({"got": "k"}));
    assert!(
        service.calls().pop().unwrap().is_12,
        "the media type settles the version"
    );
    // No input at all, and an answer without a body.
    let notify = endpoint(&world, "Notify", json!({}), json!({})).await;
    let flow = workflow(&world, notify, json!({})).await;
    let run = world.run(flow, &json!({})).await;
    assert_eq!(
        (&run["status"], &run["outputParameters"]),
        (&json!("Completed"), &Value::Null)
    );
    server.finish().await;
}

#[tokio::test]
async fn faults_fail_the_step_with_code_and_reason() {
    let (server, service) = (TestServer::spawn().await, SoapService::start().await);
    let world = world(&server, "Faults", &service).await;
    for version in ["1.1", "1.2"] {
        let before = service.calls().len();
        let refuse = endpoint(&world, "Refuse", json!({"version": version}), json!({})).await;
        let step = json!({"inputMapping": {"w:sku": "{input.sku}"}, "retryCount": 3, "retryDelaySeconds": 0});
        let flow = workflow(&world, refuse, step).await;
        let run = world.run(flow, &json!({"sku": "X"})).await;
        assert_eq!(run["status"], "Failed");
        let code = if version == "1.1" { "Client" } else { "Sender" };
        let message = format!("SOAP fault {code}: no such article: X");
        assert_eq!(failure(&world, &run).await, ("fault".to_owned(), message));
        assert_eq!(
            service.calls().len(),
            before + 1,
            "the sender's fault is not tried again"
        );
        // The receiver's is.
        let recover = endpoint(&world, "Recover", json!({"version": version}), json!({})).await;
        let flow = workflow(&world, recover, json!({"retryCount": 3, "retryDelaySeconds": 0})).await;
        let run = world.run(flow, &json!({})).await;
        assert_eq!(run["status"], "Completed", "{run}");
        assert_eq!(service.calls().len(), before + 4);
    }
    // Whatever the status says, and whatever successWhen would say.
    let hide = endpoint(&world, "Hide", json!({}), json!({})).await;
    let flow = workflow(&world, hide, json!({"errorHandling": {"successWhen": "true"}})).await;
    let run = world.run(flow, &json!({})).await;
    assert_eq!(failure(&world, &run).await.0, "fault");
    server.finish().await;
}

#[tokio::test]
async fn secrets_and_entities_do_not_come_back() {
    let (server, service) = (TestServer::spawn().await, SoapService::start().await);
    let world = world(&server, "Hostile", &service).await;
    let echo = endpoint(&world, "Echo", json!({}), json!({})).await;
    let flow = workflow(&world, echo, json!({"inputMapping": {"w:key": "{env.PASSWORD}"}})).await;
    let run = world.run(flow, &json!({})).await;
    assert_eq!(run["outputParameters"], json!({"EchoResponse": {"key": "***"}}));
    let attack = endpoint(&world, "Attack", json!({}), json!({})).await;
    let flow = workflow(&world, attack, json!({})).await;
    let run = world.run(flow, &json!({})).await;
    let (kind, message) = failure(&world, &run).await;
    assert_eq!(kind, "response");
    assert!(message.contains("document type"), "{message}");
    // What XML cannot hold fails before it is sent.
    let before = service.calls().len();
    let flow = workflow(&world, echo, json!({"inputMapping": {"w:key": "{input.key}"}})).await;
    let run = world.run(flow, &json!({"key": "\u{1}"})).await;
    assert_eq!(failure(&world, &run).await.0, "mapping");
    assert_eq!(service.calls().len(), before);
    server.finish().await;
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_early() {
    let (server, service) = (TestServer::spawn().await, SoapService::start().await);
    let world = world(&server, "Early", &service).await;
    let post = async |members: Value| {
        let mut body = json!({
            "name": "S", "url": "{env.SOAP}/x", "method": "POST", "type": "SOAP", "workspaceId": world.workspace,
        });
        for (key, value) in members.as_object().unwrap() {
            body[key] = value.clone();
        }
        let answer = world.client.post("/api/v1/api-endpoints", &body).await;
        assert_eq!(answer.status, 422, "{members}: {}", answer.text);
        answer.any_problem()
    };
    for (members, pointer) in [
        (json!({"method": "GET"}), "/method"),
        (json!({"soap": []}), "/soap"),
        (json!({"soap": {"version": "2"}}), "/soap/version"),
        (json!({"soap": {"style": "rpc"}}), "/soap/style"),
        (json!({"soap": {"operation": "x:Add"}}), "/soap/operation"),
        (json!({"soap": {"header": {"x:a": 1}}}), "/soap/header/x:a"),
        (
            json!({"soap": {"header": {"a": "{steps.none.output}"}}, "type": "REST"}),
            "/soap",
        ),
        (
            json!({"headers": {"Content-Type": "application/json"}}),
            "/headers/Content-Type",
        ),
    ] {
        assert!(post(members.clone()).await.contains(&pointer.to_owned()), "{members}");
    }
    let plain = endpoint(&world, "Echo", json!({}), json!({})).await;
    for (mapping, pointer) in [
        (json!({"x:key": 1}), "/steps/0/inputMapping/x:key"),
        (json!({"w:key": {"a b": 1}}), "/steps/0/inputMapping/w:key/a b"),
        (json!({"w:key": [[1]]}), "/steps/0/inputMapping/w:key/0"),
    ] {
        let steps = json!([{"name": "call", "order": 1, "apiEndpointId": plain, "inputMapping": mapping}]);
        let draft = world.draft(pointer, &steps).await;
        let answer = world.publish(draft).await;
        assert_eq!(answer.status, 422, "{}", answer.text);
        assert_eq!(answer.any_problem(), [pointer], "{}", answer.text);
    }
    server.finish().await;
}
