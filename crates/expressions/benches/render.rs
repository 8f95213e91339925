//! What rendering a typical step costs: mapping, request, secrets, condition.

use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};
use wfm_expressions::{
    Allowed, Authentication, CompiledRequest, Condition, EndpointDefinition, EnvValue, Environment, Scope, StepOutcome,
    Steps, Template,
};

struct Variables(bool);

impl Environment for Variables {
    fn variable(&self, name: &str) -> EnvValue<'_> {
        match name {
            "API_URL" => EnvValue::Plain("https://api.example.com"),
            "API_KEY" => EnvValue::Secret(self.0.then_some("a-rather-long-secret")),
            _ => EnvValue::Missing,
        }
    }
}

struct Reserved(Value);

impl Steps for Reserved {
    fn step(&self, _name: &str) -> Option<StepOutcome<'_>> {
        Some(StepOutcome {
            status: "Succeeded",
            output: &self.0,
            error: &Value::Null,
        })
    }
}

fn step(criterion: &mut Criterion) {
    let endpoint = EndpointDefinition {
        method: "POST".into(),
        url: "{env.API_URL}/orders".into(),
        headers: vec![("Accept".into(), "application/json".into())],
        authentication: Authentication::Bearer {
            token: "{env.API_KEY}".into(),
        },
        parameters: Vec::new(),
        soap: None,
    };
    let without = EndpointDefinition {
        authentication: Authentication::None,
        ..endpoint.clone()
    };
    let mapping = json!({
        "userId": "{input.customerId}", "amount": "{input.orderTotal}", "timestamp": "{system.utcNow}",
        "reservation": "{steps.reserve.output.id}", "note": "Order {input.customerId} for {input.name}",
    });
    let allowed = Allowed::request(["reserve"]);
    let request = CompiledRequest::compile(&endpoint, Some(&mapping), &allowed).expect("the request compiles");
    let plain = CompiledRequest::compile(&without, Some(&mapping), &allowed).expect("the request compiles");
    let condition = Condition::compile("input.orderTotal > 100 && has(steps.reserve.output.id)", &allowed)
        .expect("the condition compiles");
    let output = Template::compile(
        &json!({"id": "{response.body.id}"}),
        &Allowed::output_mapping(["reserve"]),
    )
    .expect("the template compiles");
    let input = json!({"customerId": 42, "orderTotal": 129.95, "name": "Ann"});
    let system =
        json!({"utcNow": "2026-11-22T16:29:03.123456Z", "executionId": "e", "workflowId": 1, "workflowVersion": 1});
    let response = json!({"status": 200, "headers": {}, "body": {"id": 7, "state": "open"}});
    let steps = Reserved(json!({"id": "r-1"}));
    let (rendering, sending) = (Variables(false), Variables(true));
    let scope = Scope {
        input: &input,
        env: &rendering,
        system: &system,
        steps: &steps,
        response: Some(&response),
    };
    let send = Scope { env: &sending, ..scope };

    criterion.bench_function("render and resolve, without secrets", |bencher| {
        bencher.iter(|| plain.render(&scope).and_then(|rendered| rendered.resolve(&send)));
    });
    criterion.bench_function("render and resolve, bearer token", |bencher| {
        bencher.iter(|| request.render(&scope).and_then(|rendered| rendered.resolve(&send)));
    });
    criterion.bench_function("condition", |bencher| bencher.iter(|| condition.evaluate(&scope)));
    criterion.bench_function("output mapping", |bencher| bencher.iter(|| output.render(&scope)));
}

criterion_group!(benches, step);
criterion_main!(benches);
