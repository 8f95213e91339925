//! Keys, sessions and ids.

use std::collections::BTreeSet;

use futures::future::join_all;

use crate::{
    conformance::{Adapter, TestClock, store},
    vault::Session,
};

/// The first key of a name stays, until it is destroyed for good.
pub async fn destroyed_keys_never_come_back(adapter: &dyn Adapter) {
    let mut store = store(adapter).await;
    let vault = store.vault();
    assert_eq!(vault.data_key("person/1").await.unwrap(), None);
    assert_eq!(
        vault
            .create_data_key("person/1", b"first\0key")
            .await
            .unwrap()
            .as_deref(),
        Some(&b"first\0key"[..])
    );
    assert_eq!(
        vault.create_data_key("person/1", b"second").await.unwrap().as_deref(),
        Some(&b"first\0key"[..])
    );
    let made = join_all(
        (0..8).map(|number| vault.create_data_key("person/2", if number % 2 == 0 { b"even" } else { b"odd" })),
    )
    .await;
    let made: BTreeSet<_> = made.into_iter().map(|key| key.unwrap().unwrap()).collect();
    assert_eq!(made.len(), 1);
    vault.destroy_data_key("person/1").await.unwrap();
    vault.destroy_data_key("person/1").await.unwrap();
    vault.destroy_data_key("person/3").await.unwrap();
    drop(vault);
    store.reopen().await;
    let vault = store.vault();
    for name in ["person/1", "person/3"] {
        assert_eq!(vault.data_key(name).await.unwrap(), None);
        assert_eq!(vault.create_data_key(name, b"third").await.unwrap(), None);
        assert_eq!(vault.data_key(name).await.unwrap(), None);
    }
    assert_eq!(vault.data_key("person/2").await.unwrap(), made.into_iter().next());
}

fn session(token: &str, family: &str, user: i64, expires: u64) -> Session {
    Session {
        token_hash: token.into(),
        family: family.into(),
        user,
        expires_at: TestClock::instant(expires),
        spent: false,
    }
}

/// Of many that spend one token, one succeeds.
pub async fn sessions_are_spent_once(adapter: &dyn Adapter) {
    let store = store(adapter).await;
    let vault = store.vault();
    let first = session("a", "family", 1, 100);
    vault.put_session(&first).await.unwrap();
    assert_eq!(vault.session("a").await.unwrap(), Some(first.clone()));
    let spent = join_all((0..8).map(|_| vault.spend_session("a"))).await;
    assert_eq!(spent.into_iter().filter(|spent| *spent.as_ref().unwrap()).count(), 1);
    assert_eq!(
        vault.session("a").await.unwrap(),
        Some(Session { spent: true, ..first })
    );
    assert!(!vault.spend_session("absent").await.unwrap());
}

/// Sessions go by family, by user and by age, and no others with them.
pub async fn sessions_end_by_family_user_and_age(adapter: &dyn Adapter) {
    let store = store(adapter).await;
    let vault = store.vault();
    for (token, family, user, expires) in [
        ("a", "x", 1, 10),
        ("b", "x", 1, 20),
        ("c", "y", 1, 30),
        ("d", "z", 2, 40),
        ("e", "w", 3, 50),
    ] {
        vault.put_session(&session(token, family, user, expires)).await.unwrap();
    }
    let left = || async {
        let mut left = String::new();
        for token in ["a", "b", "c", "d", "e"] {
            if vault.session(token).await.unwrap().is_some() {
                left.push_str(token);
            }
        }
        left
    };
    assert_eq!(vault.forget_sessions(&TestClock::instant(10)).await.unwrap(), 0);
    assert_eq!(vault.forget_sessions(&TestClock::instant(11)).await.unwrap(), 1);
    assert_eq!(left().await, "bcde");
    vault.end_family("x").await.unwrap();
    assert_eq!(left().await, "cde");
    vault.end_sessions(2).await.unwrap();
    assert_eq!(left().await, "ce");
}

/// Ids of a sequence begin at 1, are given out once, and have no gaps, whoever asks and whenever.
pub async fn sequences_have_no_gaps(adapter: &dyn Adapter) {
    let mut store = store(adapter).await;
    let log = store.log();
    assert_eq!(log.allot("User", 1).await.unwrap(), 1);
    assert_eq!(log.allot("User", 3).await.unwrap(), 2);
    assert_eq!(log.allot("Workspace", 1).await.unwrap(), 1);
    let counts = [1_u32, 2, 5];
    let asked = join_all((0..30).map(|turn| {
        let log = log.clone();
        tokio::spawn(async move { (log.allot("User", counts[turn % 3]).await.unwrap(), counts[turn % 3]) })
    }))
    .await;
    let mut given: Vec<i64> = asked
        .into_iter()
        .map(Result::unwrap)
        .flat_map(|(first, count)| first..first + i64::from(count))
        .collect();
    given.sort_unstable();
    assert_eq!(given, (5..85).collect::<Vec<_>>());
    drop(log);
    store.reopen().await;
    assert_eq!(store.log().allot("User", 1).await.unwrap(), 85);
}
