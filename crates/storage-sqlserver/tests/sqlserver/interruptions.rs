//! Connections that are cut or freeze at every point of a commit: nothing is written twice, nothing is lost, nobody waits.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures::future::join_all;
use wfm_storage::{
    append::{Append, AppendError, AppendRefusal, Claim, ClaimKey, CommandId},
    event::{Position, StreamId, StreamVersion},
    log::EventLog,
    verify::verify,
};
use wfm_storage_sqlserver::{Pool, SqlServerLog};

use crate::{
    proxy::{Fate, From, Proxy},
    samples::{append, append_with, open, options},
    server::TestDatabase,
};

/// A node whose connections go through a proxy, and one beside it whose do not.
struct Nodes {
    database: TestDatabase,
    proxy: Proxy,
    through: Arc<SqlServerLog>,
    beside: Arc<SqlServerLog>,
}

impl Nodes {
    async fn start(command_timeout: Duration) -> Option<Self> {
        let database = TestDatabase::create().await?;
        let proxy = Proxy::start(database.settings.address()).await;
        let settings = database
            .settings
            .with_address("127.0.0.1", proxy.port)
            .with_command_timeout(command_timeout);
        let beside = open(database.pool()).await;
        let through = SqlServerLog::open(Pool::new(settings), options()).await.unwrap();
        Some(Self {
            database,
            proxy,
            through,
            beside,
        })
    }

    async fn end(self) {
        self.proxy.disarm();
        for log in [&self.through, &self.beside] {
            log.close().await;
            log.pool().close();
        }
        drop((self.through, self.beside));
        self.database.remove().await;
    }
}

/// An append that changes one of everything.
fn whole(stream: &str, expected: u64) -> Append {
    Append {
        command: Some(CommandId {
            actor: "user/3".into(),
            key: format!("{stream} {expected}").into(),
            request_hash: "hash".into(),
            answer: "{}".into(),
        }),
        take: vec![Claim {
            key: ClaimKey::new("interrupted", format!("{stream} {expected}")),
            owner: StreamId::new(stream),
        }],
        ..append_with(stream, expected, &format!("\"{}\"", "x".repeat(600)))
    }
}

/// Cut after each so many bytes of the request, and of the answer: the append is told as written, and was, once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_cut_at_any_byte_of_a_commit_is_settled() {
    let Some(nodes) = Nodes::start(Duration::from_secs(10)).await else {
        return;
    };
    let Nodes { proxy, through, .. } = &nodes;
    let mut version = 0;
    let mut next = || {
        version += 1;
        (whole("cut-1", version - 1), version)
    };
    // How much passes for one append, when nothing is in the way.
    through.append(next().0).await.unwrap();
    let before = [proxy.passed(From::Node), proxy.passed(From::Server)];
    through.append(next().0).await.unwrap();
    let passed = [
        proxy.passed(From::Node) - before[0],
        proxy.passed(From::Server) - before[1],
    ];
    for (from, total) in [(From::Node, passed[0]), (From::Server, passed[1])] {
        let step = (total / 12).max(1);
        let points = (0..=total)
            .step_by(step as usize)
            .chain([1, total - 1, total, total + 1]);
        for point in points {
            proxy.arm(from, point, Fate::Cut);
            let (append, version) = next();
            let written = through.append(append).await.unwrap_or_else(|error| {
                panic!("cut after byte {point} of {total} from {from:?}: {error}");
            });
            proxy.disarm();
            assert_eq!(
                (written.first.0, written.last.0),
                (version, version),
                "byte {point} from {from:?}"
            );
        }
    }
    assert!(proxy.snapped() > 20, "the trap snapped {} times", proxy.snapped());
    let report = verify(&*nodes.beside, Position(0), |_| ()).await.unwrap();
    assert!(report.is_sound() && report.events == version, "{report:?}");
    let claims = nodes.beside.claims("interrupted", None, 1000).await.unwrap();
    assert_eq!(claims.len() as u64, version);
    nodes.end().await;
}

/// The same with batches of many, refusals among them, while another node writes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_cut_anywhere_are_told_as_the_log_has_them() {
    let Some(nodes) = Nodes::start(Duration::from_secs(10)).await else {
        return;
    };
    let Nodes {
        proxy, through, beside, ..
    } = &nodes;
    let mut feed = through.subscribe(Position(0));
    let mut told: BTreeMap<String, u64> = BTreeMap::new();
    for round in 0..24_u64 {
        let from = if round % 2 == 0 { From::Server } else { From::Node };
        proxy.arm(from, round * round * 37 % 9_000, Fate::Cut);
        let stranger = beside.append(append(&format!("stranger-{round}"), 0));
        let many = (0..16_u64).map(|number| {
            let stream = format!("many-{round}-{number}");
            async move {
                // Every fourth expects a version that is not there.
                let expected = if number % 4 == 3 { 5 } else { 0 };
                (stream.clone(), through.append(whole(&stream, expected)).await)
            }
        });
        let (stranger, many) = tokio::join!(stranger, join_all(many));
        stranger.unwrap();
        proxy.disarm();
        for (number, (stream, outcome)) in many.into_iter().enumerate() {
            match outcome {
                Ok(committed) => {
                    assert_ne!(number % 4, 3);
                    told.insert(stream, committed.first.0);
                }
                Err(AppendError::Refused(AppendRefusal::VersionConflict { .. })) => assert_eq!(number % 4, 3),
                Err(error) => panic!("round {round}, {stream}: {error}"),
            }
        }
    }
    assert_eq!(told.len(), 24 * 12);
    for (stream, position) in &told {
        let events = beside
            .read_stream(&StreamId::new(stream.as_str()), StreamVersion(0), 10)
            .await
            .unwrap();
        let positions: Vec<_> = events.iter().map(|event| event.position.0).collect();
        assert_eq!(positions, [*position], "{stream}");
    }
    let report = verify(&**beside, Position(0), |_| ()).await.unwrap();
    assert!(report.is_sound() && report.events == 24 * 13, "{report:?}");
    // The feed had every event once, in order, the other node's as well.
    let mut seen = 0;
    while seen < report.events {
        for batch in feed.next().await.unwrap().unwrap() {
            for event in batch.iter() {
                seen += 1;
                assert_eq!(event.position.0, seen);
            }
        }
    }
    nodes.end().await;
}

/// A node that freezes in the middle of a commit keeps nobody from writing; its own append is settled once it moves again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_node_blocks_nobody() {
    let Some(nodes) = Nodes::start(Duration::from_secs(120)).await else {
        return;
    };
    let Nodes {
        proxy, through, beside, ..
    } = &nodes;
    through.append(whole("frozen-1", 0)).await.unwrap();
    let before = proxy.passed(From::Node);
    through.append(whole("frozen-1", 1)).await.unwrap();
    let request = proxy.passed(From::Node) - before;
    let mut written = 2;
    for (turn, (from, bytes)) in [(From::Node, request / 2), (From::Server, 0), (From::Server, 20)]
        .into_iter()
        .enumerate()
    {
        proxy.arm(from, bytes, Fate::Freeze);
        let frozen = {
            let (through, append) = (through.clone(), whole("frozen-1", 2 + turn as u64));
            tokio::spawn(async move { through.append(append).await })
        };
        proxy.snaps(turn as u64 + 1).await;
        // While it is frozen, others are not held up by it.
        for number in 0..5 {
            let stream = format!("moving-{turn}-{number}");
            tokio::time::timeout(Duration::from_secs(40), beside.append(append(&stream, 0)))
                .await
                .expect("nobody waits for the frozen node")
                .unwrap();
            written += 1;
        }
        assert!(!frozen.is_finished());
        proxy.disarm();
        frozen.await.unwrap().unwrap();
        written += 1;
    }
    let report = verify(&**beside, Position(0), |_| ()).await.unwrap();
    assert!(report.is_sound() && report.events == written, "{report:?}");
    nodes.end().await;
}
