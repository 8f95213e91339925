//! A workspace with a project, an environment and endpoints, made through the API with the documented bodies.

use http::Method;
use serde_json::{Value, json};

use crate::{Answer, Client, Target};

/// Ids of what was made, and who made it.
#[derive(Clone)]
pub struct World {
    /// Who works in it.
    pub client: Client,
    /// `Workspaces.Id`.
    pub workspace: i64,
    /// `Projects.Id`.
    pub project: i64,
    /// `Environments.Id`.
    pub environment: i64,
}

impl World {
    /// A world whose environment knows the target as `TARGET`, with the documented configuration but no retries.
    pub async fn build(client: &Client, name: &str, target: &Target) -> Self {
        Self::build_with(client, name, target, &json!({}), &json!({})).await
    }

    /// The same with other members of the configuration and more variables.
    pub async fn build_with(
        client: &Client,
        name: &str,
        target: &Target,
        configuration: &Value,
        variables: &Value,
    ) -> Self {
        let workspace = client
            .create("/api/v1/workspaces", &json!({"name": name, "description": "A story"}))
            .await;
        let project = json!({"workspaceId": workspace, "name": "Orders", "description": "Fulfilment"});
        let project = client.create("/api/v1/projects", &project).await;
        let documented = json!({
            "timeout": 120, "retries": 0, "enableLogging": true, "enableMetrics": true, "maxConcurrentExecutions": 50,
        });
        let environment = json!({
            "projectId": project,
            "name": "Production",
            "configuration": merged(documented, configuration),
            "variables": merged(json!({"TARGET": {"value": target.url(), "secret": false}}), variables),
        });
        let environment = client.create("/api/v1/environments", &environment).await;
        Self {
            client: client.clone(),
            workspace,
            project,
            environment,
        }
    }

    /// An endpoint that posts to a path of the target.
    pub async fn endpoint(&self, path: &str) -> i64 {
        self.endpoint_with(path, &json!({})).await
    }

    /// The same with other members.
    pub async fn endpoint_with(&self, path: &str, members: &Value) -> i64 {
        let endpoint = json!({
            "name": format!("Call {path}"), "url": format!("{{env.TARGET}}{path}"), "method": "POST", "type": "REST",
            "workspaceId": self.workspace, "headers": {"Content-Type": "application/json", "Accept": "application/json"},
            "authenticationMethod": "None",
        });
        self.client
            .create("/api/v1/api-endpoints", &merged(endpoint, members))
            .await
    }

    /// The body of a workflow.
    #[must_use]
    pub fn workflow_body(&self, name: &str, steps: &Value) -> Value {
        json!({"projectId": self.project, "environmentId": self.environment, "name": name, "steps": steps})
    }

    /// A draft.
    pub async fn draft(&self, name: &str, steps: &Value) -> i64 {
        self.client
            .create("/api/v1/workflows", &self.workflow_body(name, steps))
            .await
    }

    /// A published workflow.
    pub async fn workflow(&self, name: &str, steps: &Value) -> i64 {
        self.workflow_with(name, steps, &json!({})).await
    }

    /// The same with other members.
    pub async fn workflow_with(&self, name: &str, steps: &Value, members: &Value) -> i64 {
        let body = merged(self.workflow_body(name, steps), members);
        let id = self.client.create("/api/v1/workflows", &body).await;
        let _ = self.publish(id).await.expect(200);
        id
    }

    /// A published workflow of one step `call` that posts to a path of the target; the step has these members more.
    pub async fn one_step(&self, path: &str, members: &Value) -> i64 {
        let endpoint = self.endpoint(path).await;
        let step = json!({"name": "call", "order": 1, "apiEndpointId": endpoint});
        self.workflow(&format!("Flow {path}"), &json!([merged(step, members)]))
            .await
    }

    /// Publishes.
    pub async fn publish(&self, workflow: i64) -> Answer {
        self.client.act(&format!("/api/v1/workflows/{workflow}/publish")).await
    }

    /// Runs a workflow to its end; the answer to the start.
    pub async fn run(&self, workflow: i64, input: &Value) -> Value {
        let path = format!("/api/v1/workflows/{workflow}/executions");
        let start = self.client.request(Method::POST, &path).waiting();
        start
            .json(&json!({"inputParameters": input}))
            .send()
            .await
            .expect(200)
            .json()
    }

    /// Starts a run without waiting for its end; its id.
    pub async fn start(&self, workflow: i64, input: &Value) -> String {
        let path = format!("/api/v1/workflows/{workflow}/executions");
        let answer = self
            .client
            .post(&path, &json!({"inputParameters": input}))
            .await
            .expect(202)
            .json();
        answer["executionId"].as_str().unwrap().to_owned()
    }

    /// A run once it has ended.
    pub async fn ended(&self, execution: &str) -> Value {
        let run = self
            .client
            .get(&format!("/api/v1/executions/{execution}?wait=60"))
            .await
            .expect(200)
            .json();
        assert_ne!(run["status"], "Running", "{run}");
        run
    }

    /// A run as it is.
    pub async fn execution(&self, execution: &str) -> Value {
        self.client
            .get(&format!("/api/v1/executions/{execution}"))
            .await
            .expect(200)
            .json()
    }
}

/// The members of `base` with those of `other` in their place.
#[must_use]
pub fn merged(mut base: Value, other: &Value) -> Value {
    let members = base.as_object_mut().unwrap();
    members.extend(other.as_object().unwrap().clone());
    base
}
