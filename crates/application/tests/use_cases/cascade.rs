//! What is deleted with a workspace or a project.

use std::sync::atomic::Ordering;

use serde_json::json;
use wfm_application::{error::ApplicationError, executions::starting::StartInput};
use wfm_domain::{
    api_endpoint::ApiEndpoint,
    ids::{ApiEndpointId, ProjectId, WorkflowId, WorkspaceId},
};
use wfm_storage::work::WorkFilter;

use crate::{
    testing::{TestApp, code, from, is_not_found},
    workflows::{prepared, workflow},
};

fn start() -> StartInput {
    StartInput {
        input: json!({"id": 1}),
        execution_context: None,
        key: None,
    }
}

async fn open_runs(app: &TestApp) -> usize {
    app.store.log.work(&WorkFilter::default(), 100).await.unwrap().len()
}

#[tokio::test]
async fn a_workspace_takes_everything_along_in_one_append() {
    let (app, developer) = prepared().await;
    let root = app.root();
    app.create_workflow(&root, &from(workflow())).await.unwrap();
    app.publish_workflow(&root, WorkflowId(1)).await.unwrap();
    let run = app.runs.start(&root, WorkflowId(1), &start()).await.unwrap();
    let own = app.of(developer);
    let recorded = app.delete_workspace(&root, WorkspaceId(1)).await.unwrap();
    assert_eq!(recorded.version, 4);
    for (stream, last) in [
        ("workspace-1", "WorkspaceDeleted"),
        ("project-1", "ProjectDeleted"),
        ("environment-1", "EnvironmentDeleted"),
        ("api-endpoint-1", "ApiEndpointDeleted"),
        ("workflow-1", "WorkflowDeleted"),
        (run.id.stream().as_str(), "ExecutionCancelled"),
    ] {
        assert_eq!(app.types(stream).await.last().unwrap(), last);
    }
    assert_eq!(open_runs(&app).await, 0);
    assert!(is_not_found(&app.runs.start(&root, WorkflowId(1), &start()).await));
    // A request that was let in before: nothing new begins below.
    assert!(app.create_workflow(&own, &from(workflow())).await.is_err());
    assert!(
        app.access
            .session(own.user_id().unwrap())
            .unwrap()
            .role_in(WorkspaceId(1))
            .is_none()
    );
    app.create_workspace(&root, &from(json!({"name": "W"}))).await.unwrap();
    assert_eq!(app.resume_cascades().await.unwrap(), 0);
    assert_eq!(
        code(app.delete_workspace(&root, WorkspaceId(1)).await),
        "workspace-not-found"
    );
}

#[tokio::test]
async fn a_project_with_published_workflows_stays() {
    let (app, _) = prepared().await;
    let root = app.root();
    app.create_workflow(&root, &from(workflow())).await.unwrap();
    app.publish_workflow(&root, WorkflowId(1)).await.unwrap();
    app.runs.start(&root, WorkflowId(1), &start()).await.unwrap();
    assert_eq!(
        code(app.delete_project(&root, ProjectId(1)).await),
        "project-has-active-workflows"
    );
    assert_eq!(
        code(app.delete_environment(&root, wfm_domain::ids::EnvironmentId(1)).await),
        "environment-in-use"
    );
    app.deactivate_workflow(&root, WorkflowId(1)).await.unwrap();
    app.delete_project(&root, ProjectId(1)).await.unwrap();
    assert_eq!(app.types("workflow-1").await.last().unwrap(), "WorkflowDeleted");
    assert_eq!(app.types("environment-1").await.last().unwrap(), "EnvironmentDeleted");
    assert_eq!(
        app.types("api-endpoint-1").await.len(),
        1,
        "endpoints belong to the workspace"
    );
    assert_eq!(open_runs(&app).await, 0);
    app.create_project(&root, &from(json!({"workspaceId": 1, "name": "P"})))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_large_cascade_is_resumed() {
    let (app, _) = prepared().await;
    let root = app.root();
    let more = (0..1100).map(|number| {
        let (app, root) = (&app, &root);
        async move {
            let url = format!("https://api.example.com/{number}");
            let body = json!({"workspaceId": 1, "name": format!("E{number}"), "url": url, "method": "GET"});
            app.define_endpoint(root, &from(body)).await.unwrap();
        }
    });
    futures::future::join_all(more).await;
    // The deletion itself and one page succeed, then the store is gone.
    app.faulty.appends_left.store(2, Ordering::SeqCst);
    let outcome = app.delete_workspace(&root, WorkspaceId(1)).await;
    assert!(matches!(outcome, Err(ApplicationError::Storage(_))), "{outcome:?}");
    let left = app
        .store
        .log
        .claims("workspace/1/api-endpoints", None, 2000)
        .await
        .unwrap();
    assert_eq!(left.len(), 1101 + 2 - 500);
    app.faulty.appends_left.store(-1, Ordering::SeqCst);
    let late = json!({"workspaceId": 1, "name": "late", "url": "https://api.example.com/late", "method": "GET"});
    assert!(
        app.define_endpoint(&root, &from(late)).await.is_err(),
        "nothing is added below what is deleted"
    );

    let app = app.reopen().await;
    assert_eq!(app.resume_cascades().await.unwrap(), 1);
    assert_eq!(app.resume_cascades().await.unwrap(), 0);
    for scope in [
        "workspace/1/api-endpoints",
        "workspace/1/projects",
        "project/1/environments",
    ] {
        assert!(app.store.log.claims(scope, None, 1).await.unwrap().is_empty());
    }
    let endpoint = app
        .store
        .load::<ApiEndpoint>(ApiEndpointId(1000).stream())
        .await
        .unwrap();
    assert!(endpoint.aggregate.is_deleted);
}

#[tokio::test]
async fn runs_that_outlived_their_workspace_are_stopped_at_the_next_start() {
    let (app, _) = prepared().await;
    let root = app.root();
    app.create_workflow(&root, &from(workflow())).await.unwrap();
    app.publish_workflow(&root, WorkflowId(1)).await.unwrap();
    app.runs.start(&root, WorkflowId(1), &start()).await.unwrap();
    app.faulty.appends_left.store(1, Ordering::SeqCst);
    assert!(app.delete_workspace(&root, WorkspaceId(1)).await.is_err());
    assert_eq!(open_runs(&app).await, 1);
    let app = app.reopen().await;
    app.resume_cascades().await.unwrap();
    assert_eq!(open_runs(&app).await, 0);
}
