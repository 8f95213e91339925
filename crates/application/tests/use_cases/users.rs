//! Accounts: uniqueness, rights, restricted deletion, the last Admin, erasure.

use std::sync::atomic::Ordering;

use serde_json::json;
use wfm_application::{
    context::Context,
    error::ApplicationError,
    users::{NewUser, PasswordInput},
};
use wfm_domain::{ids::UserId, user::User};

use crate::testing::{
    PASSWORD, TestApp, code, from, id, is_forbidden, is_not_found, is_unauthenticated, login, once, pointers,
};

fn ada(first_name: &str) -> NewUser {
    from(json!({
        "firstName": first_name, "lastName": "Lovelace", "email": "Ada@Example.com", "password": "analytical engine",
        "phoneNumber": "+44 20 7946 0000", "department": "Numbers", "timeZone": "Europe/London"
    }))
}

#[tokio::test]
async fn one_address_belongs_to_one_user_even_at_once() {
    let app = TestApp::new().await;
    let root = app.root();
    let (first, second) = (ada("Ada"), ada("Augusta"));
    let (first, second) = tokio::join!(app.create_user(&root, &first), app.create_user(&root, &second));
    let (winners, losers): (Vec<_>, Vec<_>) = [first, second].into_iter().partition(Result::is_ok);
    assert_eq!((winners.len(), losers.len()), (1, 1));
    let loser = losers.into_iter().next().unwrap();
    let Err(ApplicationError::Refused(refusal)) = loser else {
        panic!("{loser:?}")
    };
    assert_eq!(
        (refusal.code, refusal.errors[0].pointer.as_str()),
        ("email-taken", "/email")
    );
}

#[tokio::test]
async fn every_wrong_field_is_named_with_the_password() {
    let app = TestApp::new().await;
    let input =
        from::<NewUser>(json!({"firstName": "", "lastName": "L", "email": "x", "password": "short", "role": "Boss"}));
    let refused = app.create_user(&app.root(), &input).await;
    assert_eq!(pointers(refused), ["/firstName", "/email", "/role", "/password"]);
}

#[tokio::test]
async fn the_first_admin_is_made_once() {
    let app = TestApp::empty().await;
    let (first, second) = tokio::join!(
        app.create_first_admin("a@example.com", PASSWORD),
        app.create_first_admin("b@example.com", PASSWORD)
    );
    assert_eq!([first.unwrap(), second.unwrap()].iter().flatten().count(), 1);
    assert_eq!(app.create_first_admin("c@example.com", PASSWORD).await.unwrap(), None);
}

#[tokio::test]
async fn users_manage_themselves_and_admins_everybody() {
    let app = TestApp::new().await;
    let viewer = app.user("vera", "Viewer").await;
    let other = app.user("otto", "Viewer").await;
    let own = app.of(viewer);
    let patch = from(json!({"department": "Research", "phoneNumber": null}));
    assert!(app.change_user(&own, UserId(viewer), &patch).await.is_ok());
    assert!(is_forbidden(&app.change_user(&own, UserId(other), &patch).await));
    assert!(is_forbidden(&app.create_user(&own, &ada("Ada")).await));
    assert!(is_forbidden(&app.deactivate_user(&own, UserId(other)).await));
    assert!(is_forbidden(&app.erase_user(&own, UserId(viewer)).await));
    let promote = from(json!({"role": "Admin"}));
    assert_eq!(code(app.change_user(&own, UserId(viewer), &promote).await), "own-role");
    assert_eq!(
        code(app.change_user(&app.root(), UserId(1), &from(json!({"role": 3}))).await),
        "own-role"
    );
    // Both parts of a patch are one append.
    let both = from(json!({"role": "Developer", "lastName": "Changed"}));
    let recorded = app.change_user(&app.root(), UserId(viewer), &both).await.unwrap();
    assert_eq!(recorded.version, 4);
    assert_eq!(
        app.types(&format!("user-{viewer}")).await,
        [
            "UserRegistered",
            "UserProfileChanged",
            "UserProfileChanged",
            "UserRoleChanged"
        ]
    );
    assert_eq!(
        app.access.user(UserId(viewer)).unwrap().role,
        wfm_domain::role::Role::Developer
    );
}

#[tokio::test]
async fn if_match_guards_against_lost_updates() {
    let app = TestApp::new().await;
    let user = app.user("vera", "Viewer").await;
    let patch = from(json!({"lastName": "New"}));
    let at = |version| Context {
        expected_versions: Some(vec![version, 7]),
        ..app.root()
    };
    let outcome = app.change_user(&at(2), UserId(user), &patch).await;
    assert!(matches!(
        outcome,
        Err(ApplicationError::PreconditionFailed { current: 1 })
    ));
    assert_eq!(app.change_user(&at(1), UserId(user), &patch).await.unwrap().version, 2);
}

#[tokio::test]
async fn a_repeated_command_is_carried_out_once() {
    let app = TestApp::new().await;
    let context = once(app.root(), "key-1", "hash-1");
    let first = app.create_user(&context, &ada("Ada")).await.unwrap();
    let again = app.create_user(&context, &ada("Ada")).await.unwrap();
    assert!(!first.repeated && again.repeated);
    assert_eq!(
        (again.id, again.version, again.position),
        (first.id, first.version, first.position)
    );
    let other = once(app.root(), "key-1", "hash-2");
    let outcome = app.create_user(&other, &ada("Ada")).await;
    assert!(matches!(outcome, Err(ApplicationError::IdempotencyMismatch)));
    // At once: one of the two finds the other's answer.
    let context = once(app.root(), "key-2", "hash");
    let input = NewUser {
        email: "twin@example.com".into(),
        ..ada("Twin")
    };
    let (one, two) = tokio::join!(app.create_user(&context, &input), app.create_user(&context, &input));
    assert_eq!(one.unwrap().id, two.unwrap().id);
}

#[tokio::test]
async fn who_created_anything_is_not_deleted() {
    let app = TestApp::new().await;
    let creator = app.user("carl", "ProjectManager").await;
    let idle = app.user("ida", "Viewer").await;
    app.create_workspace(&app.of(creator), &from(json!({"name": "Carl's"})))
        .await
        .unwrap();
    assert_eq!(
        code(app.delete_user(&app.root(), UserId(creator)).await),
        "user-has-created-entities"
    );
    app.delete_user(&app.root(), UserId(idle)).await.unwrap();
    assert!(app.access.session(UserId(idle)).is_none());
    assert_eq!(code(app.delete_user(&app.root(), UserId(idle)).await), "user-not-found");
    let again = from(json!({"firstName": "I", "lastName": "D", "email": "ida@example.com", "password": PASSWORD}));
    assert_eq!(
        code(app.create_user(&app.root(), &again).await),
        "email-taken",
        "a deleted user keeps the address"
    );
    app.erase_user(&app.root(), UserId(idle)).await.unwrap();
    app.create_user(&app.root(), &again).await.unwrap();
}

#[tokio::test]
async fn one_active_admin_remains() {
    let app = TestApp::new().await;
    assert_eq!(code(app.deactivate_user(&app.root(), UserId(1)).await), "last-admin");
    assert_eq!(code(app.delete_user(&app.root(), UserId(1)).await), "last-admin");
    assert_eq!(code(app.erase_user(&app.root(), UserId(1)).await), "last-admin");
    let second = app.user("second", "Admin").await;
    // Each takes the other's role away at the same moment.
    let (root, other) = (app.root(), app.of(second));
    let demote = from(json!({"role": "Viewer"}));
    let outcomes = tokio::join!(
        app.change_user(&root, UserId(second), &demote),
        app.change_user(&other, UserId(1), &demote)
    );
    let outcomes = [outcomes.0, outcomes.1];
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let loser = outcomes.into_iter().find(Result::is_err).unwrap();
    assert_eq!(code(loser), "last-admin");
}

#[tokio::test]
async fn a_password_changes_with_proof_or_by_an_admin() {
    let app = TestApp::new().await;
    let user = UserId(app.user("vera", "Viewer").await);
    let own = app.of(user.0);
    let change = |current: Option<&str>, new: &str| PasswordInput {
        current_password: current.map(str::to_owned),
        new_password: new.to_owned(),
    };
    assert_eq!(
        pointers(app.change_password(&own, user, &change(None, "long enough")).await),
        ["/currentPassword"]
    );
    assert_eq!(
        pointers(
            app.change_password(&own, user, &change(Some("wrong"), "long enough"))
                .await
        ),
        ["/currentPassword"]
    );
    assert_eq!(
        pointers(app.change_password(&own, user, &change(Some(PASSWORD), "short")).await),
        ["/newPassword"]
    );
    assert!(is_forbidden(
        &app.change_password(&own, UserId(1), &change(Some(PASSWORD), "long enough"))
            .await
    ));
    app.change_password(&own, user, &change(Some(PASSWORD), "long enough"))
        .await
        .unwrap();
    app.login(&app.anonymous(), &login("vera@example.com", "long enough"))
        .await
        .unwrap();
    app.change_password(&app.root(), user, &change(None, "by the admin"))
        .await
        .unwrap();
    assert!(is_unauthenticated(
        &app.login(&app.anonymous(), &login("vera@example.com", "long enough"))
            .await
    ));
    app.login(&app.anonymous(), &login("vera@example.com", "by the admin"))
        .await
        .unwrap();
    // Guessing the present password of a stolen session locks, too.
    for _ in 0..5 {
        let _ = app
            .change_password(&own, user, &change(Some("guess"), "long enough"))
            .await;
    }
    let outcome = app
        .change_password(&own, user, &change(Some("by the admin"), "long enough"))
        .await;
    assert!(matches!(outcome, Err(ApplicationError::TooMany { .. })));
}

#[tokio::test]
async fn erasure_is_for_good() {
    let app = TestApp::new().await;
    let user = UserId(id(&app.create_user(&app.root(), &ada("Ada")).await.unwrap()));
    let token = app
        .issue_api_key(&app.of(user.0), &from(json!({"name": "mine"})))
        .await
        .unwrap()
        .token
        .unwrap();
    let session = app
        .login(&app.anonymous(), &login("ada@example.com", "analytical engine"))
        .await
        .unwrap();
    app.erase_user(&app.root(), user).await.unwrap();
    assert!(is_unauthenticated(&app.authenticate(&token)));
    assert!(is_unauthenticated(&app.authenticate(&session.access_token)));
    assert!(is_unauthenticated(
        &app.login(&app.anonymous(), &login("ada@example.com", "analytical engine"))
            .await
    ));
    assert_eq!(app.types("api-key-1").await, ["ApiKeyIssued", "ApiKeyRevoked"]);
    // Again is no error and no event.
    app.erase_user(&app.root(), user).await.unwrap();
    assert_eq!(
        app.types(&user.stream()).await,
        ["UserRegistered", "UserDeactivated", "UserErased"]
    );
    assert_eq!(code(app.activate_user(&app.root(), user).await), "user-erased");

    let app = app.reopen().await;
    assert_eq!(app.finish_erasures().await.unwrap(), 0);
    let loaded = app.store.load::<User>(user.stream()).await.unwrap();
    assert!(loaded.aggregate.is_erased && loaded.aggregate.profile.is_none());
    let page = app.history(&app.root(), &user.stream(), 0, 10).await.unwrap();
    assert_eq!(page.items[0].data["profile"]["firstName"], "erased");
    // The address is free again.
    app.create_user(&app.root(), &ada("Another")).await.unwrap();
}

#[tokio::test]
async fn an_erasure_cut_short_is_finished_at_the_next_start() {
    let app = TestApp::new().await;
    let user = UserId(id(&app.create_user(&app.root(), &ada("Ada")).await.unwrap()));
    app.faulty.keeps_keys.store(true, Ordering::SeqCst);
    assert!(matches!(
        app.erase_user(&app.root(), user).await,
        Err(ApplicationError::Storage(_))
    ));
    let key = format!("person/{user}");
    assert!(app.vault.data_key(&key).await.unwrap().is_some());
    let app = app.reopen().await;
    assert_eq!(app.finish_erasures().await.unwrap(), 1);
    assert!(app.vault.data_key(&key).await.unwrap().is_none());
    assert_eq!(app.finish_erasures().await.unwrap(), 0);
}

#[tokio::test]
async fn personal_data_never_reaches_the_log_in_the_open() {
    let app = TestApp::new().await;
    let user = UserId(id(&app.create_user(&app.root(), &ada("Ada")).await.unwrap()));
    app.change_user(&app.of(user.0), user, &from(json!({"manager": "Charles Babbage"})))
        .await
        .unwrap();
    app.login(&app.anonymous(), &login("ada@example.com", "analytical engine"))
        .await
        .unwrap();
    let plain = [
        "Ada",
        "Lovelace",
        "ada@example.com",
        "7946",
        "Numbers",
        "Babbage",
        "analytical",
        "$2b$",
        "203.0.113.77",
        "root@",
    ];
    for event in app.log().await {
        for text in plain {
            let found = event.payload.contains(text) || event.metadata.contains(text);
            assert!(
                !found,
                "{text} stands in event {} {}: {}",
                event.position, event.event_type, event.payload
            );
        }
    }
    assert!(is_not_found(&app.history(&app.root(), "user-99", 0, 10).await));
}
