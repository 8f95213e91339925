//! Reading in pages and lists.

use crate::{
    append::Append,
    conformance::{
        Adapter, TestClock,
        samples::{append, claim, part, work},
        store,
    },
    event::{Position, StreamId, StreamVersion},
    log::StreamInfo,
    work::{WorkChange, WorkFilter, WorkItem, WorkState},
};

/// A stream's events come in the order of versions, after a version, up to a limit; others' do not.
pub async fn streams_are_read_in_pages(adapter: &dyn Adapter) {
    let store = store(adapter).await;
    let log = store.log();
    for turn in 0..4 {
        log.append(append("paged-1", turn * 5, 5)).await.unwrap();
        log.append(append("paged-10", turn * 5, 5)).await.unwrap();
    }
    let stream = StreamId::new("paged-1");
    let versions = |after, limit| {
        let (log, stream) = (log.clone(), stream.clone());
        async move {
            let events = log.read_stream(&stream, StreamVersion(after), limit).await.unwrap();
            assert!(events.iter().all(|event| event.stream == stream));
            events.iter().map(|event| event.version.0).collect::<Vec<_>>()
        }
    };
    assert_eq!(versions(0, 100).await, (1..=20).collect::<Vec<_>>());
    assert_eq!(versions(7, 3).await, [8, 9, 10]);
    assert_eq!(versions(20, 3).await, [0_u64; 0]);
    assert!(
        log.read_stream(&StreamId::new("absent-1"), StreamVersion(0), 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(log.stream(&StreamId::new("absent-1")).await.unwrap().is_none());
}

/// The whole log comes in the order of positions; after its end nothing comes.
pub async fn the_log_is_read_in_pages(adapter: &dyn Adapter) {
    let store = store(adapter).await;
    let log = store.log();
    assert!(log.read_log(Position(0), 10).await.unwrap().is_empty());
    assert_eq!(log.head().await.unwrap().position, Position(0));
    assert_eq!(&*log.head().await.unwrap().recorded_at, "");
    log.append(append("log-1", 0, 700)).await.unwrap();
    log.append(append("log-2", 0, 1)).await.unwrap();
    let positions = |after, limit| {
        let log = log.clone();
        async move {
            let events = log.read_log(Position(after), limit).await.unwrap();
            events.iter().map(|event| event.position.0).collect::<Vec<_>>()
        }
    };
    assert_eq!(positions(0, 3).await, [1, 2, 3]);
    assert_eq!(positions(698, 10).await, [699, 700, 701]);
    assert_eq!(positions(0, 5000).await.len(), 701);
    assert_eq!(positions(701, 10).await, [0_u64; 0]);
    assert_eq!(positions(900, 10).await, [0_u64; 0]);
}

/// An event belongs to the workspace of its stream's first append, whatever later appends say.
pub async fn workspaces_are_read_apart(adapter: &dyn Adapter) {
    let mut store = store(adapter).await;
    let log = store.log();
    let to = |stream: &str, expected, workspace| {
        let mut part = part(stream, expected, 2);
        part.workspace = workspace;
        Append {
            streams: vec![part],
            ..Append::default()
        }
    };
    log.append(to("one-1", 0, Some(1))).await.unwrap();
    log.append(to("two-1", 0, Some(2))).await.unwrap();
    log.append(to("none-1", 0, None)).await.unwrap();
    log.append(to("one-1", 2, Some(2))).await.unwrap();
    drop(log);
    store.reopen().await;
    let log = store.log();
    log.append(to("one-1", 4, None)).await.unwrap();
    let positions = |workspace, after, limit| {
        let log = log.clone();
        async move {
            let events = log.read_workspace(workspace, Position(after), limit).await.unwrap();
            assert!(events.iter().all(|event| event.workspace == Some(workspace)));
            events.iter().map(|event| event.position.0).collect::<Vec<_>>()
        }
    };
    assert_eq!(positions(1, 0, 10).await, [1, 2, 7, 8, 9, 10]);
    assert_eq!(positions(1, 2, 2).await, [7, 8]);
    assert_eq!(positions(2, 0, 10).await, [3, 4]);
    assert_eq!(positions(3, 0, 10).await, [0_u64; 0]);
}

/// Streams by name, claims by key, both after a place and up to a limit.
pub async fn streams_and_claims_are_listed_in_order(adapter: &dyn Adapter) {
    let store = store(adapter).await;
    let log = store.log();
    for (stream, workspace) in [("b-2", Some(1)), ("a-10", None), ("a-9", Some(1)), ("c-1", Some(2))] {
        let mut part = part(stream, 0, 3);
        part.workspace = workspace;
        let take = vec![claim("names", stream, stream), claim("names/b", "other", stream)];
        let take = if stream == "b-2" { take } else { take[..1].to_vec() };
        log.append(Append {
            streams: vec![part],
            take,
            ..Append::default()
        })
        .await
        .unwrap();
    }
    let names = |workspace, after: Option<&'static str>, limit| {
        let log = log.clone();
        async move {
            let streams: Vec<StreamInfo> = log.streams(workspace, after, limit).await.unwrap();
            assert!(
                streams
                    .iter()
                    .all(|info| info.version == StreamVersion(3) && &*info.aggregate == "sample")
            );
            streams
                .iter()
                .map(|info| info.stream.as_str().to_owned())
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(names(None, None, 10).await, ["a-10", "a-9", "b-2", "c-1"]);
    assert_eq!(names(None, Some("a-10"), 2).await, ["a-9", "b-2"]);
    assert_eq!(names(Some(1), None, 10).await, ["a-9", "b-2"]);
    assert_eq!(names(Some(1), Some("a-9"), 10).await, ["b-2"]);
    let keys = |after: Option<&'static str>, limit| {
        let log = log.clone();
        async move {
            let claims = log.claims("names", after, limit).await.unwrap();
            claims.iter().map(|claim| claim.key.key.to_string()).collect::<Vec<_>>()
        }
    };
    assert_eq!(keys(None, 10).await, ["a-10", "a-9", "b-2", "c-1"]);
    assert_eq!(keys(Some("a-9"), 1).await, ["b-2"]);
    assert!(log.claims("name", None, 10).await.unwrap().is_empty());
}

/// Each condition of a filter narrows; the order is the executions'.
pub async fn work_is_filtered(adapter: &dyn Adapter) {
    let store = store(adapter).await;
    let log = store.log();
    let item = |execution: &str, environment, workspace, state, due_at| WorkItem {
        environment,
        workspace,
        ..work(execution, state, due_at)
    };
    let items = [
        item("e", 1, 1, WorkState::Queued, None),
        item("b", 1, 1, WorkState::Queued, None),
        item("d", 2, 1, WorkState::Queued, None),
        item("a", 1, 2, WorkState::Timer, Some(100)),
        item("c", 2, 2, WorkState::Timer, Some(50)),
        item("f", 2, 2, WorkState::Approval, Some(60)),
        item("g", 2, 2, WorkState::Running, None),
    ];
    log.append(Append {
        work: items.map(WorkChange::Put).to_vec(),
        ..append("work-1", 0, 1)
    })
    .await
    .unwrap();
    let found = |filter: WorkFilter, limit| {
        let log = log.clone();
        async move {
            let items = log.work(&filter, limit).await.unwrap();
            items.iter().map(|item| item.execution.to_string()).collect::<String>()
        }
    };
    let all = WorkFilter::default;
    assert_eq!(found(all(), 10).await, "abcdefg");
    assert_eq!(found(all(), 3).await, "abc");
    assert_eq!(
        found(
            WorkFilter {
                after: Some("c".into()),
                ..all()
            },
            3
        )
        .await,
        "def"
    );
    assert_eq!(
        found(
            WorkFilter {
                state: Some(WorkState::Queued),
                ..all()
            },
            10
        )
        .await,
        "bde"
    );
    assert_eq!(
        found(
            WorkFilter {
                state: Some(WorkState::Queued),
                environment: Some(1),
                ..all()
            },
            1
        )
        .await,
        "b"
    );
    assert_eq!(
        found(
            WorkFilter {
                workspace: Some(2),
                ..all()
            },
            10
        )
        .await,
        "acfg"
    );
    let due = |second| WorkFilter {
        due_until: Some(TestClock::instant(second).into()),
        ..all()
    };
    assert_eq!(found(due(49), 10).await, "");
    assert_eq!(found(due(50), 10).await, "c");
    assert_eq!(found(due(99), 10).await, "cf");
    assert_eq!(
        found(
            WorkFilter {
                state: Some(WorkState::Timer),
                ..due(100)
            },
            10
        )
        .await,
        "ac"
    );
    assert_eq!(
        log.next_timer().await.unwrap().as_deref(),
        Some(TestClock::instant(50).as_str())
    );
}
