//! Logging in, refreshing, lock-out.

use serde_json::json;
use wfm_application::{
    error::ApplicationError,
    sessions::{RefreshInput, Tokens},
    users::PasswordInput,
};
use wfm_domain::ids::UserId;
use wfm_storage::event::Position;

use crate::testing::{PASSWORD, TestApp, from, id, is_unauthenticated, login};

fn refresh_of(tokens: &Tokens) -> RefreshInput {
    RefreshInput {
        refresh_token: tokens.refresh_token.clone(),
    }
}

/// Waits for events of this type, which are recorded in the background.
async fn wait_for(app: &TestApp, event_type: &str, count: usize) {
    let mut feed = app.store.log.subscribe(Position(0));
    let mut seen = 0;
    while seen < count {
        for batch in feed.next().await.unwrap().unwrap() {
            seen += batch.iter().filter(|event| *event.event_type == *event_type).count();
        }
    }
}

#[tokio::test]
async fn a_session_begins_with_a_password() {
    let app = TestApp::new().await;
    let user = app.user("vera", "Viewer").await;
    let tokens = app
        .login(&app.anonymous(), &login(" Vera@EXAMPLE.com ", PASSWORD))
        .await
        .unwrap();
    assert_eq!(tokens.expires_in, 900);
    let caller = app.authenticate(&tokens.access_token).unwrap();
    assert_eq!(caller.user, UserId(user));
    let me = app.me(&app.of(user)).await.unwrap();
    assert_eq!(
        (me.email.as_str(), me.first_name.as_str(), me.role),
        ("vera@example.com", "vera", "Viewer")
    );
    assert_eq!(app.types(&format!("access-{user}")).await, ["UserLoggedIn"]);
    app.clock.advance(901);
    assert!(is_unauthenticated(&app.authenticate(&tokens.access_token)));
    assert!(is_unauthenticated(&app.authenticate("nonsense")));
}

#[tokio::test]
async fn nobody_learns_who_exists() {
    let app = TestApp::new().await;
    let inactive = app.user("ina", "Viewer").await;
    app.deactivate_user(&app.root(), UserId(inactive)).await.unwrap();
    let mut answers = Vec::new();
    for (email, password) in [
        ("root@example.com", "wrong"),
        ("nobody@example.com", "wrong"),
        ("no address", "wrong"),
        ("ina@example.com", PASSWORD),
    ] {
        let Err(ApplicationError::Unauthenticated(answer)) = app.login(&app.anonymous(), &login(email, password)).await
        else {
            panic!("{email} got in")
        };
        answers.push(answer);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
    wait_for(&app, "UserLoginFailed", 2).await;
    assert_eq!(app.types("access-1").await, ["UserLoginFailed"]);
    let page = app
        .history(&app.root(), &format!("access-{inactive}"), 0, 10)
        .await
        .unwrap();
    assert_eq!(page.items[0].data["reason"], "inactive");
    assert_eq!(page.items[0].metadata["clientAddress"], "203.0.113.77");
}

#[tokio::test]
async fn failures_lock_an_account_that_exists_or_not() {
    let app = TestApp::new().await;
    for email in ["root@example.com", "nobody@example.com"] {
        for _ in 0..5 {
            assert!(is_unauthenticated(
                &app.login(&app.anonymous(), &login(email, "wrong")).await
            ));
        }
        for _ in 0..2 {
            let locked = app.login(&app.anonymous(), &login(email, PASSWORD)).await;
            assert!(matches!(
                locked,
                Err(ApplicationError::TooMany {
                    retry_after_seconds: 30,
                    ..
                })
            ));
        }
    }
    // Five failures and one mention of the lock, however often it is run into.
    wait_for(&app, "UserLoginFailed", 6).await;
    assert_eq!(app.types("access-1").await.len(), 6);
    app.clock.advance(31);
    app.login(&app.anonymous(), &login("root@example.com", PASSWORD))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_refresh_token_serves_once() {
    let app = TestApp::new().await;
    let first = app
        .login(&app.anonymous(), &login("root@example.com", PASSWORD))
        .await
        .unwrap();
    let other = app
        .login(&app.anonymous(), &login("root@example.com", PASSWORD))
        .await
        .unwrap();
    let second = app.refresh(&refresh_of(&first)).await.unwrap();
    assert_ne!(first.refresh_token, second.refresh_token);
    let third = app.refresh(&refresh_of(&second)).await.unwrap();
    assert!(is_unauthenticated(&app.refresh(&refresh_of(&second)).await), "spent");
    assert!(
        is_unauthenticated(&app.refresh(&refresh_of(&third)).await),
        "reuse ends the family"
    );
    let other = app.refresh(&refresh_of(&other)).await.unwrap();
    app.logout(&refresh_of(&other)).await.unwrap();
    assert!(is_unauthenticated(&app.refresh(&refresh_of(&other)).await));
    app.logout(&refresh_of(&other)).await.unwrap();
}

#[tokio::test]
async fn two_exchanges_at_once_are_reuse() {
    let app = TestApp::new().await;
    let tokens = app
        .login(&app.anonymous(), &login("root@example.com", PASSWORD))
        .await
        .unwrap();
    let input = refresh_of(&tokens);
    let (one, two) = tokio::join!(app.refresh(&input), app.refresh(&input));
    let answers = [one, two];
    assert!(answers.iter().filter(|answer| answer.is_ok()).count() <= 1);
    for answer in answers.into_iter().flatten() {
        assert!(is_unauthenticated(&app.refresh(&refresh_of(&answer)).await));
    }
}

#[tokio::test]
async fn sessions_end_with_the_password_the_account_and_time() {
    let app = TestApp::new().await;
    let user = UserId(app.user("vera", "Viewer").await);
    let begin = async |password: &str| {
        app.login(&app.anonymous(), &login("vera@example.com", password))
            .await
            .unwrap()
    };
    let tokens = begin(PASSWORD).await;
    let input = PasswordInput {
        current_password: None,
        new_password: "another one".into(),
    };
    app.change_password(&app.root(), user, &input).await.unwrap();
    assert!(is_unauthenticated(&app.refresh(&refresh_of(&tokens)).await));

    let tokens = begin("another one").await;
    app.deactivate_user(&app.root(), user).await.unwrap();
    assert!(
        is_unauthenticated(&app.authenticate(&tokens.access_token)),
        "bites on the next request"
    );
    app.activate_user(&app.root(), user).await.unwrap();
    assert!(is_unauthenticated(&app.refresh(&refresh_of(&tokens)).await));

    let tokens = begin("another one").await;
    app.clock.advance(30 * 24 * 60 * 60 + 1);
    assert!(is_unauthenticated(&app.refresh(&refresh_of(&tokens)).await));
}

#[tokio::test]
async fn roles_in_workspaces_are_told() {
    let app = TestApp::new().await;
    let user = app.user("vera", "Viewer").await;
    let workspace = id(&app
        .create_workspace(&app.root(), &from(json!({"name": "W"})))
        .await
        .unwrap());
    let member = from(json!({"role": "Developer"}));
    app.set_member(
        &app.root(),
        wfm_domain::ids::WorkspaceId(workspace),
        UserId(user),
        &member,
    )
    .await
    .unwrap();
    let me = app.me(&app.of(user)).await.unwrap();
    assert_eq!(
        (me.workspaces[0].workspace_id, me.workspaces[0].role),
        (workspace, "Developer")
    );
}
