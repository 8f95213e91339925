//! What the bench's runs belong to: a workspace, a project, an environment, endpoints that nobody listens at, workflows.

use anyhow::{Context as _, Result};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use wfm_application::{app::App, context::Context, security::access::Caller, store::Recorded};
use wfm_domain::ids::{EnvironmentId, UserId, WorkflowId, WorkspaceId};

/// See the module.
pub struct Setting {
    /// The administrator, who may everything.
    pub context: Context,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The environment.
    pub environment: EnvironmentId,
    project: i64,
    endpoint: i64,
    later: i64,
}

/// An input as the API would read it.
pub fn input<T: DeserializeOwned>(body: Value) -> Result<T> {
    Ok(serde_json::from_value(body)?)
}

fn id(recorded: &Recorded) -> Result<i64> {
    recorded.id.as_i64().context("an id is a number")
}

impl Setting {
    /// Makes everything in a log that is new; so many runs have a place.
    pub async fn make(app: &App, places: usize) -> Result<Self> {
        let admin = app
            .create_first_admin("bench@example.com", "a bench password")
            .await?
            .context("the log is new")?;
        let context = Context::user(Caller::administrator(UserId(id(&admin)?)), "bench");
        let workspace = id(&app
            .create_workspace(&context, &input(json!({ "name": "Bench" }))?)
            .await?)?;
        let project = json!({ "workspaceId": workspace, "name": "Bench" });
        let project = id(&app.create_project(&context, &input(project)?).await?)?;
        let configuration = json!({ "maxConcurrentExecutions": places, "timeout": 3600 });
        let environment = json!({ "projectId": project, "name": "Bench", "configuration": configuration });
        let environment = id(&app.create_environment(&context, &input(environment)?).await?)?;
        let endpoint = async |path: &str| {
            let endpoint = json!({
                "name": path, "url": format!("http://127.0.0.1:9/{path}"), "method": "POST", "workspaceId": workspace,
                "limits": { "circuitBreaker": { "failures": 0 } },
            });
            id(&app.define_endpoint(&context, &input(endpoint)?).await?)
        };
        Ok(Self {
            endpoint: endpoint("now").await?,
            later: endpoint("later").await?,
            workspace: WorkspaceId(workspace),
            environment: EnvironmentId(environment),
            project,
            context,
        })
    }

    async fn published(&self, app: &App, name: &str, steps: Value, configuration: Value) -> Result<WorkflowId> {
        let workflow = json!({
            "projectId": self.project, "environmentId": self.environment.0, "name": name, "steps": steps,
            "configuration": configuration,
        });
        let workflow = WorkflowId(id(&app.create_workflow(&self.context, &input(workflow)?).await?)?);
        app.publish_workflow(&self.context, workflow).await?;
        Ok(workflow)
    }

    /// Three steps, one after the other.
    pub async fn three_steps(&self, app: &App) -> Result<WorkflowId> {
        let step =
            |order: u32| json!({ "name": format!("step {order}"), "order": order, "apiEndpointId": self.endpoint });
        let steps: Vec<Value> = (1..=3).map(step).collect();
        self.published(app, "Three steps", json!(steps), json!({})).await
    }

    /// One step.
    pub async fn one_step(&self, app: &App, name: &str) -> Result<WorkflowId> {
        let step = json!({ "name": "work", "apiEndpointId": self.endpoint });
        self.published(app, name, json!([step]), json!({})).await
    }

    /// A step that waits for its second attempt.
    pub async fn timer(&self, app: &App) -> Result<WorkflowId> {
        let step = json!({ "name": "later", "apiEndpointId": self.later, "retryCount": 1, "retryDelaySeconds": 1800 });
        self.published(app, "Timer", json!([step]), json!({})).await
    }

    /// A step that waits for a signal.
    pub async fn signal(&self, app: &App) -> Result<WorkflowId> {
        let handling = json!({ "waitForSignal": { "name": "go" } });
        let step = json!({ "name": "wait", "apiEndpointId": self.endpoint, "errorHandling": handling });
        self.published(app, "Signal", json!([step]), json!({})).await
    }

    /// A run that waits for its approval.
    pub async fn approved(&self, app: &App) -> Result<WorkflowId> {
        let step = json!({ "name": "work", "apiEndpointId": self.endpoint });
        let approvals = json!({ "approvals": { "execute": true } });
        self.published(app, "Approved", json!([step]), approvals).await
    }
}
