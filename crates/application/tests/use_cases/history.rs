//! Reading the log: rights, masks, pages.

use serde_json::json;
use wfm_domain::ids::{UserId, WorkspaceId};
use wfm_storage::event::Position;

use crate::{
    testing::{TestApp, from, is_forbidden, is_not_found},
    workflows::prepared,
};

#[tokio::test]
async fn one_reads_ones_own_history_without_hashes() {
    let app = TestApp::new().await;
    let (vera, otto) = (app.user("vera", "Viewer").await, app.user("otto", "Viewer").await);
    let stream = UserId(vera).stream();
    let page = app.history(&app.of(vera), &stream, 0, 10).await.unwrap();
    let event = &page.items[0];
    assert_eq!(
        (event.event_type.as_str(), event.version, page.next),
        ("UserRegistered", 1, None)
    );
    assert_eq!(event.data["profile"]["email"], "vera@example.com");
    assert_eq!(event.data["passwordHash"], "***");
    assert_eq!(event.data["emailClaim"], "***");
    assert_eq!(event.metadata["actor"]["userId"], 1);
    assert_eq!(event.metadata.get("clientAddress"), None);
    assert_eq!(
        app.history(&app.root(), &stream, 0, 10).await.unwrap().items[0].metadata["clientAddress"],
        "203.0.113.77"
    );
    assert!(is_forbidden(&app.history(&app.of(otto), &stream, 0, 10).await));
    let key = app
        .issue_api_key(&app.of(vera), &from(json!({"name": "k"})))
        .await
        .unwrap();
    let stream = format!("api-key-{}", key.recorded.id);
    assert_eq!(
        app.history(&app.of(vera), &stream, 0, 10).await.unwrap().items[0].data["tokenHash"],
        "***"
    );
    assert!(is_forbidden(&app.history(&app.of(otto), &stream, 0, 10).await));
}

#[tokio::test]
async fn logs_are_read_in_pages_by_those_who_may() {
    let (app, developer) = prepared().await;
    let manager = app.user("pm", "Viewer").await;
    let role = from(json!({"role": "ProjectManager"}));
    app.set_member(&app.root(), WorkspaceId(1), UserId(manager), &role)
        .await
        .unwrap();
    let (dev, pm, root) = (app.of(developer), app.of(manager), app.root());
    let workspace = Some(WorkspaceId(1));
    assert!(is_forbidden(&app.events(&dev, Position(0), 10, workspace).await));
    assert!(is_forbidden(&app.events(&pm, Position(0), 10, None).await));
    assert!(is_not_found(
        &app.events(&pm, Position(0), 10, Some(WorkspaceId(2))).await
    ));
    let own = app.events(&pm, Position(0), 200, workspace).await.unwrap();
    assert!(own.items.iter().all(|event| !event.stream.starts_with("user-")));
    assert!(own.items.iter().any(|event| event.event_type == "ProjectCreated"));

    let mut positions = Vec::new();
    let mut after = Position(0);
    loop {
        let page = app.events(&root, after, 3, None).await.unwrap();
        positions.extend(page.items.iter().map(|event| event.position));
        match page.next {
            Some(next) => after = Position(next),
            None => break,
        }
    }
    assert_eq!(
        positions,
        (1..=app.store.log.head().await.unwrap().position.0).collect::<Vec<_>>()
    );

    assert!(is_forbidden(&app.stream_events(&dev, "project-1", 0, 10).await));
    assert_eq!(
        app.stream_events(&pm, "workspace-1", 1, 1).await.unwrap().items[0].version,
        2
    );
    for stream in ["user-1", "user-99", "not a stream", "workspace-77"] {
        assert!(is_not_found(&app.stream_events(&pm, stream, 0, 10).await), "{stream}");
    }
    let event = &app.stream_events(&root, "user-1", 0, 10).await.unwrap().items[0];
    assert_eq!(event.leaf_hash.len(), 64);
}
