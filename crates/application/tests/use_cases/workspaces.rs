//! Workspaces, projects and environments: names, parents, visibility.

use serde_json::json;
use wfm_application::error::ApplicationError;
use wfm_domain::ids::{EnvironmentId, ProjectId, UserId, WorkspaceId};

use crate::testing::{TestApp, code, from, id, is_forbidden, is_not_found, pointers};

#[tokio::test]
async fn names_are_unique_even_at_once() {
    let app = TestApp::new().await;
    let root = app.root();
    let (straight, folded) = (from(json!({"name": "Straße"})), from(json!({"name": " STRASSE "})));
    let (one, two) = tokio::join!(
        app.create_workspace(&root, &straight),
        app.create_workspace(&root, &folded)
    );
    let outcomes = [one, two];
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(
        code(outcomes.into_iter().find(Result::is_err).unwrap()),
        "workspace-name-taken"
    );

    let workspace = id(&app.create_workspace(&root, &from(json!({"name": "W"}))).await.unwrap());
    let project = from(json!({"workspaceId": workspace, "name": "Orders"}));
    let (one, two) = tokio::join!(app.create_project(&root, &project), app.create_project(&root, &project));
    assert_eq!([one.is_ok(), two.is_ok()].iter().filter(|ok| **ok).count(), 1);
}

#[tokio::test]
async fn what_a_stranger_may_not_see_does_not_exist() {
    let app = TestApp::new().await;
    let stranger = app.user("strange", "ProjectManager").await;
    let viewer = app.user("vera", "Viewer").await;
    let workspace = WorkspaceId(id(&app
        .create_workspace(&app.root(), &from(json!({"name": "W"})))
        .await
        .unwrap()));
    app.set_member(&app.root(), workspace, UserId(viewer), &from(json!({})))
        .await
        .unwrap();
    let project = json!({"workspaceId": workspace.0, "name": "P"});
    let project_id = ProjectId(id(&app
        .create_project(&app.root(), &from(project.clone()))
        .await
        .unwrap()));
    let environment = json!({"projectId": project_id.0, "name": "E"});
    let environment_id = EnvironmentId(id(&app
        .create_environment(&app.root(), &from(environment.clone()))
        .await
        .unwrap()));
    let (strange, view) = (app.of(stranger), app.of(viewer));
    assert!(is_not_found(
        &app.create_project(&strange, &from(project.clone())).await
    ));
    assert!(is_forbidden(&app.create_project(&view, &from(project)).await));
    assert!(is_not_found(
        &app.change_project(&strange, project_id, &from(json!({"name": "X"})))
            .await
    ));
    assert!(is_forbidden(
        &app.change_project(&view, project_id, &from(json!({"name": "X"}))).await
    ));
    assert!(is_not_found(
        &app.create_environment(&strange, &from(environment.clone())).await
    ));
    assert!(is_forbidden(&app.create_environment(&view, &from(environment)).await));
    assert!(is_not_found(
        &app.set_variable(&strange, environment_id, "A", &json!("x")).await
    ));
    assert!(is_forbidden(&app.remove_variable(&view, environment_id, "A").await));
    assert!(is_not_found(&app.delete_workspace(&strange, workspace).await));
    assert!(is_not_found(
        &app.change_project(&app.root(), ProjectId(99), &from(json!({"name": "X"})))
            .await
    ));
    assert!(is_not_found(&app.history(&strange, &project_id.stream(), 0, 10).await));
    assert!(app.history(&view, &project_id.stream(), 0, 10).await.is_ok());
}

#[tokio::test]
async fn nothing_is_made_below_what_is_not_in_use() {
    let app = TestApp::new().await;
    let root = app.root();
    let workspace = WorkspaceId(id(&app
        .create_workspace(&root, &from(json!({"name": "W"})))
        .await
        .unwrap()));
    let project = ProjectId(id(&app
        .create_project(&root, &from(json!({"workspaceId": 1, "name": "P"})))
        .await
        .unwrap()));
    app.deactivate_workspace(&root, workspace).await.unwrap();
    assert_eq!(
        code(
            app.create_project(&root, &from(json!({"workspaceId": 1, "name": "Q"})))
                .await
        ),
        "workspace-inactive"
    );
    app.activate_workspace(&root, workspace).await.unwrap();
    app.deactivate_project(&root, project).await.unwrap();
    assert_eq!(
        code(
            app.create_environment(&root, &from(json!({"projectId": 1, "name": "E"})))
                .await
        ),
        "project-inactive"
    );
    app.activate_project(&root, project).await.unwrap();
    assert_eq!(
        pointers(
            app.create_project(&root, &from(json!({"workspaceId": 9, "name": "Q"})))
                .await
        ),
        ["/workspaceId"]
    );
    let creator = app.user("pm", "ProjectManager").await;
    let context = app.of(creator);
    app.deactivate_user(&root, UserId(creator)).await.unwrap();
    // The request was let in before the user was deactivated.
    assert_eq!(
        code(app.create_workspace(&context, &from(json!({"name": "late"}))).await),
        "user-inactive"
    );
}

#[tokio::test]
async fn variables_are_sealed_and_keep_their_values() {
    let app = TestApp::new().await;
    let root = app.root();
    app.create_workspace(&root, &from(json!({"name": "W"}))).await.unwrap();
    app.create_project(&root, &from(json!({"workspaceId": 1, "name": "P"})))
        .await
        .unwrap();
    let body = json!({"projectId": 1, "name": "E", "variables": {
        "API_URL": {"value": "https://readable.example", "secret": false}, "API_KEY": "hunter2-secret"
    }});
    let environment = EnvironmentId(id(&app.create_environment(&root, &from(body)).await.unwrap()));
    app.set_variable(&root, environment, "TOKEN", &json!("swordfish-secret"))
        .await
        .unwrap();
    app.set_variable(&root, environment, "DEBUG", &json!({"value": true, "secret": false}))
        .await
        .unwrap();
    app.remove_variable(&root, environment, "DEBUG").await.unwrap();
    assert_eq!(
        code(app.remove_variable(&root, environment, "DEBUG").await),
        "variable-not-found"
    );
    assert_eq!(
        pointers(app.set_variable(&root, environment, "X", &json!(5)).await),
        [""]
    );
    let keep = json!({"variables": {"API_KEY": {"secret": true}}, "configuration": {"retries": 7}});
    app.change_environment(&root, environment, &from(keep)).await.unwrap();

    for event in app.log().await {
        for plain in ["hunter2", "swordfish", "readable.example"] {
            assert!(!event.payload.contains(plain), "{plain} in {}", event.event_type);
        }
    }
    let app = app.reopen().await;
    let values = app.definitions.environment(environment).await.unwrap();
    assert_eq!(values.configuration.retries, 7);
    let page = app.history(&app.root(), &environment.stream(), 0, 100).await.unwrap();
    let text = serde_json::to_string(&page.items).unwrap();
    assert!(text.contains("https://readable.example") && text.contains("***"));
    assert!(!text.contains("hunter2") && !text.contains("swordfish") && !text.contains("sealed"));
    let outcome = app.delete_environment(&app.root(), environment).await;
    assert!(outcome.is_ok(), "{outcome:?}");
    assert!(matches!(
        app.set_variable(&app.root(), environment, "X", &json!("y")).await,
        Err(ApplicationError::Refused(_))
    ));
}
