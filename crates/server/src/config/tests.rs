//! What settings are taken, and what is said of others.

use super::*;

fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn flags_stand_over_variables_over_the_file_over_defaults() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("wfm.toml");
    std::fs::write(&file, "listen = \"127.0.0.1:1\"\nlog = \"warn\"\nbcrypt_cost = 5\n").expect("written");
    let values = Values::read(
        Some(&file),
        environment(&[("WFM_LISTEN", "127.0.0.1:2"), ("WFM_LOG", "debug"), ("HOME", "/")]),
        &[("listen", Some("127.0.0.1:3".to_owned())), ("database", None)],
    )
    .expect("valid");
    assert_eq!(values.get("listen"), ("127.0.0.1:3", Source::Flag));
    assert_eq!(values.get("log"), ("debug", Source::Environment));
    assert_eq!(values.get("bcrypt_cost"), ("5", Source::File));
    assert_eq!(values.get("database"), ("sqlite:./data", Source::Default));
    let config = Config::new(&values).expect("valid");
    assert_eq!(config.bcrypt_cost, 5);
    assert!(config.egress_allow_private, "the server listens on loopback");
}

#[test]
fn unknown_keys_and_bad_values_are_errors_that_name_them() {
    let unknown = Values::read(None, environment(&[("WFM_LISTNE", "x")]), &[]).expect_err("unknown");
    assert!(format!("{unknown:#}").contains("listne"), "{unknown:#}");
    let values = Values::read(None, environment(&[("WFM_LISTEN", "nowhere")]), &[]).expect("read");
    let error = Config::new(&values).map(|_| ()).expect_err("no address");
    assert!(
        error.to_string().contains("listen") && error.to_string().contains("environment"),
        "{error}"
    );
}

#[test]
fn values_with_which_nothing_works_are_refused_by_name() {
    let refused = |key: &str, value: &str| {
        let variable = format!("WFM_{}", key.to_ascii_uppercase());
        let values = Values::read(None, environment(&[(&variable, value)]), &[]).expect("read");
        let error = Config::new(&values).map(|_| ()).expect_err(value).to_string();
        assert!(error.contains(key), "{key} = {value}: {error}");
        assert!(!error.contains("secret"), "{error}");
    };
    for (key, value) in [
        ("access_token_seconds", "0"),
        ("refresh_token_days", "0"),
        ("maximum_body_bytes", "0"),
        ("maximum_answer_bytes", "0"),
        ("max_requests", "0"),
        ("bcrypt_cost", "3"),
        ("webhook_requests_per_second", "0"),
        ("drain_seconds", "-1"),
        ("cors_origins", "foo"),
        ("cors_origins", "https://a.example/b"),
        ("log", "loud"),
        ("log", "info,bogus=verybad"),
        ("egress_proxy", "foo"),
        ("egress_proxy", "http://me:secret@proxy:1"),
    ] {
        refused(key, value);
    }
    for (key, value) in [
        ("cors_origins", "https://app.example, http://localhost:3000"),
        ("cors_origins", "*"),
        ("log", "warn,wfm_engine=debug,sqlx=off"),
        ("max_queued_executions", "0"),
    ] {
        let variable = format!("WFM_{}", key.to_ascii_uppercase());
        let values = Values::read(None, environment(&[(&variable, value)]), &[]).expect("read");
        assert!(Config::new(&values).is_ok(), "{key} = {value}");
    }
}

#[test]
fn a_secondary_is_named_by_itself_or_by_the_intent_of_the_connection_string() {
    let config = |pairs: &[(&str, &str)]| {
        let values = Values::read(None, environment(pairs), &[]).expect("read");
        Config::new(&values).map(|config| config.database_read.map(|read| (read.server(), read.is_read_only())))
    };
    let primary = "Server=one;Database=wfm;User Id=a;Password=b";
    assert_eq!(config(&[("WFM_DATABASE", primary)]).expect("valid"), None);
    let intent = format!("{primary};ApplicationIntent=ReadOnly");
    let told = config(&[("WFM_DATABASE", intent.as_str())]).expect("valid");
    assert_eq!(told, Some(("one".to_owned(), true)));
    let secondary = "Server=two;Database=wfm;User Id=a;Password=b";
    let told = config(&[("WFM_DATABASE", primary), ("WFM_DATABASE_READ", secondary)]).expect("valid");
    assert_eq!(told, Some(("two".to_owned(), true)));
    let error = config(&[("WFM_DATABASE_READ", secondary)]).expect_err("embedded");
    assert!(error.to_string().contains("database_read"), "{error}");
    let error = config(&[("WFM_DATABASE", primary), ("WFM_DATABASE_FILE", "/nowhere")]).expect_err("both");
    assert!(error.to_string().contains("database_file"), "{error}");
    let error = config(&[("WFM_DATABASE_FILE", "/nowhere/at/all")]).expect_err("missing");
    assert!(format!("{error:#}").contains("/nowhere/at/all"), "{error:#}");
}

#[test]
fn a_public_listener_closes_private_targets() {
    let values = Values::read(None, environment(&[("WFM_LISTEN", "0.0.0.0:8080")]), &[]).expect("read");
    assert!(!Config::new(&values).expect("valid").egress_allow_private);
}

#[test]
fn egress_lists_and_the_proxy_are_read_whole() {
    let config = |pairs: &[(&str, &str)]| {
        let values = Values::read(None, environment(pairs), &[]).expect("read");
        Config::new(&values)
    };
    let read = config(&[
        ("WFM_EGRESS_ALLOW", "api.example.com, *.corp.example,10.0.0.0/8"),
        ("WFM_EGRESS_PROXY", "http://proxy.example:3128"),
        ("WFM_EGRESS_PROXY_CREDENTIALS", "me:secret"),
    ])
    .expect("valid");
    assert_eq!((read.egress_allow.len(), read.egress_deny.len()), (3, 0));
    assert!(read.egress_proxy.is_some_and(|proxy| proxy.credentials.is_some()));
    let refused = |pairs: &[(&str, &str)]| config(pairs).map(|_| ()).expect_err("refused").to_string();
    assert!(refused(&[("WFM_EGRESS_DENY", "http://x")]).contains("egress_deny"));
    assert!(refused(&[("WFM_EGRESS_PROXY_BYPASS", "x")]).contains("egress_proxy"));
    let wrong = refused(&[
        ("WFM_EGRESS_PROXY", "http://p"),
        ("WFM_EGRESS_PROXY_CREDENTIALS", "secret"),
    ]);
    assert!(!wrong.contains("secret"), "{wrong}");
}

#[test]
fn retention_is_the_documented_one_unless_told_otherwise() {
    let periods = |pairs: &[(&str, &str)]| {
        let values = Values::read(None, environment(pairs), &[]).expect("read");
        Config::new(&values).map(|config| config.retention_rule.periods)
    };
    assert_eq!(periods(&[]).expect("valid"), RetentionPeriods::default());
    let told = periods(&[("WFM_RETENTION_DAYS", "30"), ("WFM_RETENTION_FAILED_DAYS", "90")]).expect("valid");
    assert_eq!((told.completed_days(), told.failed_days()), (30, 90));
    for wrong in ["0", "36501", "-1", "two years"] {
        let error = periods(&[("WFM_RETENTION_FAILED_DAYS", wrong)])
            .expect_err("refused")
            .to_string();
        assert!(
            error.contains("retention_failed_days") && error.contains(wrong),
            "{error}"
        );
    }
}
