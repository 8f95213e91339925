//! What the demonstration builds and runs, and what must come out of it.

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};

use super::{client::Client, order_service::OrderService};

/// The payment key: a secret of the environment.
pub const SECRET: &str = "pk_demo_4f9a1c77e2";

const ORDERS: usize = 25;

/// The order that is sold out.
const SOLD_OUT: usize = 13;

/// Orders above this total are checked for fraud.
const CHECKED_ABOVE: usize = 500;

/// What was built.
pub struct Scenario {
    workflow: i64,
}

/// How the orders went.
pub struct Runs {
    /// Orders that completed.
    pub completed: usize,
    /// The execution that failed.
    pub failed_id: String,
    answers: Vec<(usize, Value)>,
}

fn total(order: usize) -> usize {
    order * 40
}

impl Scenario {
    /// Builds workspace, people, environment, endpoints and workflow through the API, and publishes.
    pub async fn build(client: &Client, service: &OrderService) -> Result<Self> {
        let workspace = client
            .create(
                "/api/v1/workspaces",
                &json!({ "name": "Order desk", "description": "The demonstration" }),
            )
            .await?;
        for (first, last, email, role) in [
            ("Grace", "Hopper", "grace@orders.example", "Developer"),
            ("Edgar", "Codd", "edgar@orders.example", "Viewer"),
        ] {
            let user = json!({ "firstName": first, "lastName": last, "email": email, "password": "demo-password-2", "role": "Viewer" });
            let id = client.create("/api/v1/users", &user).await?;
            client
                .put(
                    &format!("/api/v1/workspaces/{workspace}/members/{id}"),
                    &json!({ "role": role }),
                )
                .await?;
        }
        let project = client
            .create(
                "/api/v1/projects",
                &json!({ "workspaceId": workspace, "name": "Fulfilment" }),
            )
            .await?;
        let environment = json!({
            "projectId": project,
            "name": "Production",
            "configuration": { "timeout": 60, "retries": 3, "enableLogging": true, "enableMetrics": true, "maxConcurrentExecutions": 5 },
            "variables": { "ORDERS_URL": { "value": service.url(), "secret": false }, "PAYMENT_KEY": SECRET },
        });
        let environment = client.create("/api/v1/environments", &environment).await?;
        let mut endpoints = Vec::new();
        for (name, path) in [
            ("Reserve stock", "reservations"),
            ("Check for fraud", "fraud-checks"),
            ("Charge customer", "payments"),
            ("Ship order", "shipments"),
            ("Subscribe to newsletter", "newsletter"),
        ] {
            let mut endpoint = json!({
                "name": name, "url": format!("{{env.ORDERS_URL}}/{path}"), "method": "POST", "type": "REST", "workspaceId": workspace,
                "headers": { "Content-Type": "application/json" }, "authenticationMethod": "None",
            });
            if path == "payments" {
                endpoint["authenticationMethod"] = "Bearer".into();
                endpoint["authentication"] = json!({ "token": "{env.PAYMENT_KEY}" });
                endpoint["parameters"] = json!([
                    { "name": "orderId", "type": "String", "isRequired": true },
                    { "name": "amount", "type": "Decimal", "isRequired": true, "validationRules": { "minimum": 0 } },
                    { "name": "currency", "type": "String", "isRequired": false, "defaultValue": "EUR" },
                ]);
            }
            endpoints.push(client.create("/api/v1/api-endpoints", &endpoint).await?);
        }
        let workflow = client
            .create("/api/v1/workflows", &workflow(project, environment, &endpoints))
            .await?;
        let published = client
            .post(&format!("/api/v1/workflows/{workflow}/publish"), &json!({}))
            .await?;
        println!("published workflow {workflow}, version {}\n", published["version"]);
        Ok(Self { workflow })
    }

    /// Runs the orders, a few at a time, each until it has ended.
    pub async fn run_orders(&self, client: &Client) -> Result<Runs> {
        let path = format!("/api/v1/workflows/{}/executions", self.workflow);
        let path = &path;
        let answers: Vec<(usize, Value)> = stream::iter(1..=ORDERS)
            .map(|order| async move {
                let sku = if order == SOLD_OUT { "SOLD-OUT" } else { "LAMP-7" };
                let input = json!({
                    "orderId": format!("O-{order:03}"), "customer": format!("customer-{order}@example.com"),
                    "sku": sku, "quantity": 1 + order % 3, "total": total(order),
                });
                let body = json!({ "inputParameters": input, "executionContext": format!("order O-{order:03}") });
                Ok::<_, anyhow::Error>((order, client.post(path, &body).await?))
            })
            .buffer_unordered(8)
            .try_collect()
            .await?;
        let failed: Vec<&(usize, Value)> = answers
            .iter()
            .filter(|(_, answer)| answer["status"] == "Failed")
            .collect();
        ensure!(
            failed.len() == 1 && failed[0].0 == SOLD_OUT,
            "exactly order {SOLD_OUT} should fail, but: {failed:?}"
        );
        let failed_id = failed[0].1["executionId"]
            .as_str()
            .context("no executionId")?
            .to_owned();
        let completed = answers
            .iter()
            .filter(|(_, answer)| answer["status"] == "Completed")
            .count();
        Ok(Runs {
            completed,
            failed_id,
            answers,
        })
    }

    /// Compares what happened with what was promised.
    pub fn check(&self, runs: &Runs, service: &OrderService) -> Result<()> {
        ensure!(
            runs.completed == ORDERS - 1,
            "{} orders completed, not {}",
            runs.completed,
            ORDERS - 1
        );
        for (order, answer) in runs.answers.iter().filter(|(order, _)| *order != SOLD_OUT) {
            let expected = json!({
                "orderId": format!("O-{order:03}"), "paymentId": format!("P-O-{order:03}"), "paidWith": "Bearer ***",
                "trackingNumber": format!("T-O-{order:03}"), "fraudChecked": total(*order) > CHECKED_ABOVE,
            });
            ensure!(
                answer["outputParameters"] == expected,
                "order {order} gave {}, not {expected}",
                answer["outputParameters"]
            );
        }
        let good = u32::try_from(ORDERS - 1)?;
        let checked = u32::try_from(
            (1..=ORDERS)
                .filter(|order| *order != SOLD_OUT && total(*order) > CHECKED_ABOVE)
                .count(),
        )?;
        service.seen(|seen| {
            let calls = |path| seen.calls.get(path).copied().unwrap_or_default();
            ensure!(calls("/reservations") == good + 1, "every order reserves once");
            ensure!(
                calls("/fraud-checks") == checked,
                "the condition chooses {checked} orders"
            );
            ensure!(calls("/payments") == good, "every good order is charged once");
            ensure!(calls("/shipments") == good * 3, "every shipment needs three attempts");
            ensure!(calls("/newsletter") == good, "the optional step is tried once");
            ensure!(seen.contradictions == 0, "an idempotency key came with two bodies");
            Ok(())
        })
    }
}

fn workflow(project: i64, environment: i64, endpoints: &[i64]) -> Value {
    json!({
        "projectId": project,
        "environmentId": environment,
        "name": "Fulfil order",
        "tags": "orders,demo",
        "requiresApproval": false,
        "configuration": { "output": {
            "orderId": "{input.orderId}",
            "paymentId": "{steps.charge.output.paymentId}",
            "paidWith": "{steps.charge.output.paidWith}",
            "trackingNumber": "{steps.ship.output.trackingNumber}",
            "fraudChecked": "{= steps[\"fraud check\"].status == \"Succeeded\"}",
        } },
        "steps": [
            { "name": "reserve", "order": 1, "apiEndpointId": endpoints[0], "retryCount": 0,
              "inputMapping": { "orderId": "{input.orderId}", "sku": "{input.sku}", "quantity": "{input.quantity}" } },
            { "name": "fraud check", "order": 2, "apiEndpointId": endpoints[1],
              "condition": format!("input.total > {CHECKED_ABOVE}"),
              "inputMapping": { "customer": "{input.customer}", "total": "{input.total}" } },
            { "name": "charge", "order": 3, "apiEndpointId": endpoints[2],
              "inputMapping": { "orderId": "{input.orderId}", "amount": "{input.total}" } },
            { "name": "ship", "order": 4, "apiEndpointId": endpoints[3], "retryCount": 3, "retryDelaySeconds": 0,
              "inputMapping": { "orderId": "{input.orderId}", "reservation": "{steps.reserve.output.reservationId}", "requestedAt": "{system.utcNow}" } },
            { "name": "newsletter", "order": 5, "apiEndpointId": endpoints[4], "isOptional": true, "retryCount": 0,
              "inputMapping": { "customer": "{input.customer}" } },
        ],
    })
}
