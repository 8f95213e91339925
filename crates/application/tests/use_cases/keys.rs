//! API keys: shown once, narrowed, revoked.

use serde_json::json;
use wfm_application::context::{Actor, Context};
use wfm_domain::ids::{ApiKeyId, UserId, WorkspaceId};

use crate::testing::{TestApp, from, id, is_forbidden, is_not_found, is_unauthenticated, once, pointers};

#[tokio::test]
async fn a_key_is_shown_once_and_works_until_revoked() {
    let app = TestApp::new().await;
    let user = app.user("vera", "Developer").await;
    let own = app.of(user);
    let context = once(own.clone(), "key", "hash");
    let issued = app.issue_api_key(&context, &from(json!({"name": "CI"}))).await.unwrap();
    let token = issued.token.unwrap();
    let again = app.issue_api_key(&context, &from(json!({"name": "CI"}))).await.unwrap();
    assert_eq!((again.recorded.id, again.token), (issued.recorded.id.clone(), None));
    let caller = app.authenticate(&token).unwrap();
    assert_eq!(
        (caller.user, caller.key),
        (UserId(user), Some(ApiKeyId(id(&issued.recorded))))
    );
    assert!(is_unauthenticated(&app.authenticate(&format!("{token}x"))));
    for event in app.log().await {
        assert!(!event.payload.contains(token.rsplit('_').next().unwrap()));
    }
    let key = ApiKeyId(id(&issued.recorded));
    let stranger = app.user("otto", "Developer").await;
    assert!(is_forbidden(&app.revoke_api_key(&app.of(stranger), key).await));
    app.revoke_api_key(&own, key).await.unwrap();
    assert!(is_unauthenticated(&app.authenticate(&token)));
    assert!(is_unauthenticated(&app.authenticate("wfm_99_x")));
}

#[tokio::test]
async fn a_narrowed_key_does_not_widen_itself() {
    let app = TestApp::new().await;
    let workspace = WorkspaceId(id(&app
        .create_workspace(&app.root(), &from(json!({"name": "W"})))
        .await
        .unwrap()));
    let narrowed =
        json!({"name": "n", "maxRole": "Viewer", "workspaceId": workspace.0, "expiresAt": "2026-03-01T13:00:00Z"});
    let token = app
        .issue_api_key(&app.root(), &from(narrowed))
        .await
        .unwrap()
        .token
        .unwrap();
    let caller = app.authenticate(&token).unwrap();
    assert_eq!(caller.role_in(workspace), Some(wfm_domain::role::Role::Viewer));
    let context = Context::user(caller, "request");
    assert!(is_forbidden(
        &app.issue_api_key(&context, &from(json!({"name": "wide"}))).await
    ));
    assert!(is_forbidden(
        &app.change_workspace(&context, workspace, &from(json!({"name": "X"})))
            .await
    ));
    let root = app.root().user_id().unwrap();
    assert!(is_forbidden(
        &app.change_user(&context, root, &from(json!({"email": "mine@example.com"})))
            .await
    ));
    let other = app
        .issue_api_key(&app.root(), &from(json!({"name": "other"})))
        .await
        .unwrap();
    assert!(is_forbidden(
        &app.revoke_api_key(&context, ApiKeyId(id(&other.recorded))).await
    ));
    let other = WorkspaceId(id(&app
        .create_workspace(&app.root(), &from(json!({"name": "O"})))
        .await
        .unwrap()));
    assert!(is_not_found(
        &app.change_workspace(&context, other, &from(json!({"name": "X"}))).await
    ));
    let own = context.clone();
    app.clock.advance(3601);
    assert!(is_unauthenticated(&app.authenticate(&token)));
    let Actor::User(caller) = &own.actor else { panic!() };
    app.revoke_api_key(&own, caller.key.unwrap()).await.unwrap();
}

#[tokio::test]
async fn keys_for_others_and_for_unseen_workspaces() {
    let app = TestApp::new().await;
    let user = app.user("vera", "Developer").await;
    let workspace = id(&app
        .create_workspace(&app.root(), &from(json!({"name": "W"})))
        .await
        .unwrap());
    let for_root = from(json!({"name": "x", "userId": 1}));
    assert!(is_forbidden(&app.issue_api_key(&app.of(user), &for_root).await));
    let unseen = from(json!({"name": "x", "workspaceId": workspace}));
    assert_eq!(
        pointers(app.issue_api_key(&app.of(user), &unseen).await),
        ["/workspaceId"]
    );
    let past = from(json!({"name": "x", "expiresAt": "2026-03-01T11:00:00Z"}));
    assert_eq!(pointers(app.issue_api_key(&app.of(user), &past).await), ["/expiresAt"]);
    let for_vera = from(json!({"name": "x", "userId": user}));
    let token = app.issue_api_key(&app.root(), &for_vera).await.unwrap().token.unwrap();
    assert_eq!(app.authenticate(&token).unwrap().user, UserId(user));
}
