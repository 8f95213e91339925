//! A writer that has just been opened remembers nothing: what the store holds decides all the same.

use crate::{
    append::{Append, AppendRefusal, ClaimKey},
    conformance::{
        Adapter,
        samples::{append, claim, refusal, together},
        store,
    },
    event::{StreamId, StreamVersion},
};

/// What a fresh writer has never seen decides as what it wrote itself.
pub async fn what_it_presumes_is_found_out(adapter: &dyn Adapter) {
    let mut store = store(adapter).await;
    let first = Append {
        take: vec![claim("name", "a", "old-1"), claim("name", "b", "old-1")],
        ..append("old-1", 0, 1)
    };
    store.log().append(first).await.unwrap();
    store.reopen().await;
    let log = store.log();
    let outcomes = together(
        &log,
        [
            // Taken, though the writer has to find out.
            Append {
                take: vec![claim("name", "a", "new-1")],
                ..append("new-1", 0, 1)
            },
            Append {
                take: vec![claim("name", "c", "new-2")],
                ..append("new-2", 0, 1)
            },
            // The stream exists, though it is created here.
            append("old-1", 0, 1),
            Append {
                require_fewer: vec![("name".into(), 3)],
                ..append("new-3", 0, 1)
            },
            Append {
                release: vec![claim("name", "b", "old-1")],
                ..append("new-4", 0, 1)
            },
            Append {
                require_fewer: vec![("name".into(), 3)],
                ..append("new-5", 0, 1)
            },
            append("old-1", 1, 1),
        ],
    )
    .await;
    let accepted: Vec<_> = outcomes.iter().map(Result::is_ok).collect();
    assert_eq!(accepted, [false, true, false, false, true, true, true]);
    let taken = AppendRefusal::ClaimTaken {
        key: ClaimKey::new("name", "a"),
        owner: StreamId::new("old-1"),
    };
    assert_eq!(refusal(outcomes[0].clone()), taken);
    assert_eq!(
        refusal(outcomes[3].clone()),
        AppendRefusal::ScopeFull {
            scope: "name".into(),
            count: 3,
            limit: 3
        }
    );
}

/// A fresh writer finds out whom a claim belongs to and where a guarded stream stands before it accepts anything.
pub async fn guards_and_releases_are_read_first(adapter: &dyn Adapter) {
    let mut store = store(adapter).await;
    let first = Append {
        take: vec![claim("name", "a", "old-1"), claim("name", "b", "old-1")],
        ..append("old-1", 0, 2)
    };
    store.log().append(first).await.unwrap();
    let guarded = |stream: &str, version| Append {
        guards: vec![(StreamId::new("old-1"), StreamVersion(version))],
        ..append(stream, 0, 1)
    };
    for (stream, version) in [("absent-1", 0), ("early-1", 1), ("late-1", 3)] {
        store.reopen().await;
        let failed = AppendRefusal::GuardFailed {
            stream: StreamId::new("old-1"),
            expected: StreamVersion(version),
            actual: StreamVersion(2),
        };
        assert_eq!(refusal(store.log().append(guarded(stream, version)).await), failed);
    }
    store.reopen().await;
    store.log().append(guarded("right-1", 2)).await.unwrap();
    store.reopen().await;
    let release = vec![claim("name", "a", "old-1"), claim("name", "b", "stranger-1")];
    store
        .log()
        .append(Append {
            release,
            ..append("new-1", 0, 1)
        })
        .await
        .unwrap();
    assert_eq!(
        store.log().claims("name", None, 10).await.unwrap(),
        [claim("name", "b", "old-1")]
    );
    store.reopen().await;
    let moved = Append {
        release: vec![claim("name", "b", "old-1")],
        take: vec![claim("name", "b", "new-2")],
        ..append("new-2", 0, 1)
    };
    store.log().append(moved).await.unwrap();
    assert_eq!(
        store.log().claims("name", None, 10).await.unwrap(),
        [claim("name", "b", "new-2")]
    );
}
