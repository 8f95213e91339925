//! smoke
use std::sync::Arc;
use wfm_storage::{append::*, event::*, log::EventLog};
use wfm_storage_sqlite::{LogOptions, SqliteLog};

#[tokio::test]
async fn smoke() {
    let folder = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(folder.path(), LogOptions::new(Arc::new(|| "2026-11-22T16:29:03.123456Z".to_owned()))).await.unwrap();
    let mut all = vec![];
    for i in 0..100 {
        let log = log.clone();
        all.push(tokio::spawn(async move {
            let event = NewEvent { id: uuid::Uuid::now_v7(), event_type: "A".into(), schema_version: 1, occurred_at: "2026-11-22T16:29:03.123456Z".into(), payload: "{}".into(), metadata: "{}".into(), typed: None };
            log.append(Append { streams: vec![StreamAppend { stream: StreamId::new(format!("a-{i}")), aggregate: "a".into(), workspace: Some(1), expected: StreamVersion(0), events: vec![event.clone(), event] }], take: vec![Claim { key: ClaimKey::new("s", format!("{}", i % 50)), owner: StreamId::new("a-1") }], ..Append::default() }).await
        }));
    }
    let mut ok = 0;
    for a in all { match a.await.unwrap() { Ok(_) => ok += 1, Err(AppendError::Refused(AppendRefusal::ClaimTaken { .. })) => {}, Err(e) => panic!("{e}") } }
    assert_eq!(ok, 50);
    assert_eq!(log.read_log(Position(0), 1000).await.unwrap().len(), 100);
    log.close().await;
}
