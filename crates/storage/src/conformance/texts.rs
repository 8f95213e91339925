//! Texts that trip parsers, and the leaf hashes that any store must compute alike.

use uuid::Uuid;

use crate::{
    append::{Append, ClaimKey},
    conformance::{
        Adapter,
        samples::{append, claim, command, event, together, work},
        store,
    },
    event::{NewEvent, Position, StreamId, StreamVersion},
    leaf_hash,
    work::{WorkChange, WorkFilter, WorkState},
};

const HOSTILE: &[&str] = &[
    r#""\u0000""#,
    r#""\ud800""#,
    r#"{"\u0000":"\udfff\ud800","a":"\\u0000"}"#,
    r#""'; DROP TABLE Events; --""#,
    r#"{"number":1234567890.123456789012345678901234567890e-400,"big":123456789012345678901234567890}"#,
    r#"{"twice":1,"twice":2, "space" : [ ] }"#,
    "\"\u{1}\u{7f}\u{85}\u{2028}\u{feff}\u{fffd}\u{ffff}\u{10ffff}\"",
    "\"line\r\nbreak\ttab \u{1f600} e\u{301} \u{202e}\"",
    "not JSON at all { [ \" \\",
    "?1 $1 :name @name %s %00",
    "",
    " ",
];

/// Whatever JSON text an event has comes back byte for byte, from the store and from the feed, and no neighbour notices.
pub async fn hostile_texts_come_back_byte_for_byte(adapter: &dyn Adapter) {
    let mut store = store(adapter).await;
    let log = store.log();
    let mut subscription = log.subscribe(Position(0));
    let appends = HOSTILE.iter().enumerate().map(|(index, text)| {
        let mut hostile = append(&format!("hostile-{index}"), 0, 2);
        hostile.streams[0].events[0].payload = (*text).into();
        hostile.streams[0].events[1].metadata = (*text).into();
        // Short texts may travel another way.
        let name = format!("{}{text}", index % 2);
        hostile.take = vec![claim(&name, &name, "hostile-1")];
        hostile.command = Some(crate::append::CommandId {
            answer: (*text).into(),
            ..command(&name, text)
        });
        let mut item = work(&name, WorkState::Running, None);
        item.owner = Some((*text).into());
        hostile.work = vec![WorkChange::Put(item)];
        hostile
    });
    let appends: Vec<Append> = appends
        .flat_map(|hostile| {
            let neighbour = append(
                &hostile.streams[0].stream.as_str().replace("hostile", "neighbour"),
                0,
                1,
            );
            [hostile, neighbour]
        })
        .collect();
    for outcome in together(&log, appends.clone()).await {
        outcome.unwrap();
    }
    let end = log.head().await.unwrap().position;
    let mut fed = Vec::new();
    while subscription.position() < end {
        for batch in subscription.next().await.unwrap().unwrap() {
            fed.extend(batch.iter().cloned());
        }
    }
    drop((log, subscription));
    store.reopen().await;
    let log = store.log();
    assert_eq!(log.read_log(Position(0), 1000).await.unwrap(), fed);
    for part in appends.iter().flat_map(|append| &append.streams) {
        let stored = log.read_stream(&part.stream, StreamVersion(0), 10).await.unwrap();
        assert_eq!(stored.len(), part.events.len());
        for (stored, sent) in stored.iter().zip(&part.events) {
            assert_eq!(
                (&stored.payload, &stored.metadata, stored.id),
                (&sent.payload, &sent.metadata, sent.id)
            );
            assert_eq!(stored.leaf_hash, leaf_hash::expected(stored));
        }
    }
    let work = log.work(&WorkFilter::default(), 100).await.unwrap();
    assert_eq!(work.len(), HOSTILE.len());
    for append in appends.iter().filter(|append| append.command.is_some()) {
        let sent = append.command.as_ref().unwrap();
        let stored = log.command(&sent.actor, &sent.key).await.unwrap().unwrap();
        assert_eq!(
            (stored.answer, stored.request_hash),
            (sent.answer.clone(), sent.request_hash.clone())
        );
        let key = ClaimKey::new(sent.key.clone(), sent.key.clone());
        assert_eq!(log.claim(&key).await.unwrap().unwrap().key, key);
        let item = work.iter().find(|item| item.execution == sent.key).unwrap();
        assert!(
            append
                .work
                .iter()
                .any(|change| *change == WorkChange::Put(item.clone()))
        );
    }
}

/// Names that differ in case, in trailing spaces or in how an accent is written are different names.
pub async fn names_are_compared_exactly(adapter: &dyn Adapter) {
    let store = store(adapter).await;
    let log = store.log();
    let names = [
        "name",
        "Name",
        "name ",
        "name  ",
        "n\u{e4}me",
        "na\u{308}me",
        "name\u{1}",
        "name \u{1}",
        "na\u{200b}me",
        " ",
    ];
    for (number, name) in names.into_iter().enumerate() {
        let stream = format!("exact-{number}");
        let exact = Append {
            command: Some(command(name, "hash")),
            take: vec![claim(name, "key", &stream), claim("scope", name, &stream)],
            require_empty: vec![name.into()],
            work: vec![WorkChange::Put(work(name, WorkState::Running, None))],
            ..append(&stream, 0, 1)
        };
        log.append(exact).await.unwrap();
        assert_eq!(log.allot(name, 1).await.unwrap(), 1);
    }
    for (number, name) in names.into_iter().enumerate() {
        let owner = StreamId::new(format!("exact-{number}"));
        for key in [ClaimKey::new(name, "key"), ClaimKey::new("scope", name)] {
            let held = log.claim(&key).await.unwrap().unwrap();
            assert_eq!((held.key, &held.owner), (key, &owner));
        }
        assert_eq!(log.claims(name, None, 10).await.unwrap().len(), 1);
        let stored = log.command("user/3", name).await.unwrap().unwrap();
        assert_eq!(stored.first, Position(number as u64 + 1));
    }
    assert_eq!(log.claims("scope", None, 100).await.unwrap().len(), names.len());
    let mut executions: Vec<_> = log.work(&WorkFilter::default(), 100).await.unwrap();
    executions.retain(|item| names.contains(&&*item.execution));
    assert_eq!(executions.len(), names.len());
}

/// Ten megabytes pass beside small events, and make pages of the log shorter, not longer.
pub async fn large_events_harm_no_neighbour(adapter: &dyn Adapter) {
    let store = store(adapter).await;
    let log = store.log();
    let large = |stream: &str, letter: &str| {
        let mut append = append(stream, 0, 1);
        append.streams[0].events[0].payload = format!("\"{}\"", letter.repeat(10 * 1024 * 1024 / letter.len())).into();
        append
    };
    let appends = [
        append("small-1", 0, 1),
        large("large-1", "x"),
        append("small-2", 0, 1),
        large("large-2", "\\\""),
        append("small-3", 0, 1),
    ];
    for outcome in together(&log, appends.clone()).await {
        outcome.unwrap();
    }
    let mut after = Position(0);
    let mut pages = 0;
    while let Some(last) = log.read_log(after, 100).await.unwrap().last() {
        after = last.position;
        pages += 1;
    }
    assert_eq!(after, Position(5));
    assert!(pages >= 2, "two events of 10 MiB came in one page");
    for append in appends {
        let sent = &append.streams[0];
        let stored = log.read_stream(&sent.stream, StreamVersion(0), 10).await.unwrap();
        assert!(
            stored[0].payload == sent.events[0].payload,
            "{} came back otherwise",
            sent.stream
        );
    }
}

/// A fixed event and its hash, computed apart from this code.
struct Golden {
    stream: &'static str,
    version: u64,
    id: &'static str,
    event_type: &'static str,
    schema_version: u16,
    occurred_at: &'static str,
    payload: &'static str,
    metadata: &'static str,
    leaf_hash: &'static str,
}

const GOLDEN: &[Golden] = &[
    Golden {
        stream: "workflow-17",
        version: 1,
        id: "01935aa0-0000-7000-8000-000000000001",
        event_type: "WorkflowCreated",
        schema_version: 1,
        occurred_at: "2026-11-22T16:29:03.123456Z",
        payload: r#"{"name":"Import"}"#,
        metadata: r#"{"actor":"user/3"}"#,
        leaf_hash: "d1d870940cc55d5c5f248ec1ad54875e7cb598da3e79d9e600aec41d6afc5dc8",
    },
    Golden {
        stream: "execution-01935aa0-0000-7000-8000-00000000000a",
        version: 1,
        id: "01935aa0-0000-7000-8000-0000000000ff",
        event_type: "StepSucceeded",
        schema_version: 12,
        occurred_at: "2026-11-22T16:29:03.999999Z",
        payload: "{\"output\":\"\u{1f600} \\u0000 \\ud800 e\u{301}\"}",
        metadata: "",
        leaf_hash: "b8527fc8cb7271b431198d86773225b9143cc53fe6a0f647086aca7098a1d996",
    },
];

/// Leaf hashes are the same on every store.
pub async fn leaf_hashes_are_the_golden_ones(adapter: &dyn Adapter) {
    let store = store(adapter).await;
    let log = store.log();
    for golden in GOLDEN {
        let mut append = append(golden.stream, golden.version - 1, 1);
        append.streams[0].events[0] = NewEvent {
            id: Uuid::parse_str(golden.id).unwrap(),
            event_type: golden.event_type.into(),
            schema_version: golden.schema_version,
            occurred_at: golden.occurred_at.into(),
            payload: golden.payload.into(),
            metadata: golden.metadata.into(),
            ..event("")
        };
        log.append(append).await.unwrap();
        let stored = log
            .read_stream(&StreamId::new(golden.stream), StreamVersion(golden.version - 1), 1)
            .await
            .unwrap();
        assert_eq!(hex::encode(stored[0].leaf_hash), golden.leaf_hash);
    }
}
