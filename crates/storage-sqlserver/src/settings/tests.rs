//! Connection strings as people write them.

use super::*;

const BASE: &str = "Server=db.example.org;Database=wfm;User Id=app;Password=secret";

fn parse(text: &str) -> Settings {
    Settings::parse(text).unwrap()
}

fn refused(rest: &str) -> InvalidConnectionString {
    Settings::parse(&format!("{BASE};{rest}")).unwrap_err()
}

fn given(settings: &Settings) -> &str {
    match &settings.password {
        PasswordSource::Given(password) => &password.0,
        PasswordSource::File(path) => panic!("it comes from {path:?}"),
    }
}

#[test]
fn a_short_string_has_the_usual_defaults() {
    let settings = parse(BASE);
    assert_eq!(
        (settings.server.host.as_str(), settings.server.port),
        ("db.example.org", None)
    );
    assert_eq!(
        (settings.database(), settings.user.as_str(), given(&settings)),
        ("wfm", "app", "secret")
    );
    assert_eq!(
        (settings.encryption, &settings.trust),
        (Encryption::Mandatory, &Trust::System)
    );
    assert_eq!(
        (settings.connect_timeout.as_secs(), settings.command_timeout.as_secs()),
        (15, 30)
    );
    assert!(!settings.read_only && !settings.multi_subnet_failover);
}

#[test]
fn synonyms_mean_the_same_whatever_their_case_and_spaces() {
    let same = [
        "Data Source=db.example.org;Initial Catalog=wfm;UID=app;PWD=secret",
        "address = db.example.org ; INITIAL CATALOG = wfm ; user=app ; pwd = secret ;;",
        "Addr=tcp:db.example.org;InitialCatalog=wfm;UserID=app;Password=\"secret\"",
        "Network Address=db.example.org\\MSSQLSERVER;Database='wfm';User ID=app;Password='secret';",
        "Server=other;Server=db.example.org;Database=wfm;User Id=app;Password=wrong;Password=secret",
    ];
    for text in same {
        assert_eq!(parse(text), parse(BASE), "{text}");
    }
}

#[test]
fn quoted_values_hold_anything() {
    let password = |written: &str| {
        let settings = parse(&format!(
            "Server=a;Database=b;User Id=c;Password={written};Application Name=d"
        ));
        assert_eq!(settings.application_name, "d");
        given(&settings).to_owned()
    };
    assert_eq!(password("\"a;b=c 'd'\""), "a;b=c 'd'");
    assert_eq!(password("'it''s \"one\"'"), "it's \"one\"");
    assert_eq!(password("\"two \"\"quotes\"\"\""), "two \"quotes\"");
    assert_eq!(password(" ' spaces ' "), " spaces ");
    assert_eq!(password("a=b==c'd\"e"), "a=b==c'd\"e");
    assert_eq!(password("{braces}"), "{braces}");
}

#[test]
fn servers_are_hosts_with_ports_or_instances() {
    let server = |text: &str| {
        let server = parse(&format!("Server={text};Database=b;User Id=c;Password=d")).server;
        (server.host, server.instance, server.port)
    };
    let instance = |name: &str| Some(name.to_owned());
    assert_eq!(server("tcp:db,1434"), ("db".into(), None, Some(1434)));
    assert_eq!(server("TCP: db , 1434"), ("db".into(), None, Some(1434)));
    assert_eq!(server("db\\SECOND"), ("db".into(), instance("SECOND"), None));
    assert_eq!(server("db\\SECOND,1500"), ("db".into(), instance("SECOND"), Some(1500)));
    assert_eq!(server("(local)"), ("localhost".into(), None, None));
    assert_eq!(server("."), ("localhost".into(), None, None));
    assert_eq!(
        server(".\\SQLEXPRESS"),
        ("localhost".into(), instance("SQLEXPRESS"), None)
    );
    assert_eq!(server("[::1],1500"), ("::1".into(), None, Some(1500)));
    assert_eq!(server("fe80::1"), ("fe80::1".into(), None, None));
    for wrong in [
        "np:\\\\db\\pipe",
        "db,port",
        "db,0",
        "db,70000",
        "a b",
        "db\\",
        "lpc:db",
        "(localdb)\\v11",
    ] {
        assert!(
            matches!(
                refused(&format!("Server='{wrong}'")),
                InvalidConnectionString::Value { key: "Server", .. }
            ),
            "{wrong}"
        );
    }
}

#[test]
fn every_key_has_its_effect() {
    let settings = parse(&format!(
        "{BASE};Encrypt=Strict;CA Certificate File=/etc/ca.pem;HostNameInCertificate=listener;ApplicationIntent=ReadOnly;\
         MultiSubnetFailover=Yes;App=batch;Workstation ID=node-1;Packet Size=8000;Connection Timeout=5;Command Timeout=60;\
         ConnectRetryCount=7;ConnectRetryInterval=2;Pool Wait Timeout=3;Max Pool Size=9;Min Pool Size=2;Connection Lifetime=600;\
         Persist Security Info=False;Integrated Security=false;Authentication=Sql Password;Pooling=true;\
         MultipleActiveResultSets=false;Network Library=dbmssocn"
    ));
    assert_eq!(settings.encryption, Encryption::Strict);
    assert_eq!(settings.trust, Trust::File("/etc/ca.pem".into()));
    assert_eq!(settings.host_name_in_certificate.as_deref(), Some("listener"));
    assert!(settings.read_only && settings.multi_subnet_failover);
    assert_eq!(
        (settings.application_name.as_str(), settings.workstation.as_deref()),
        ("batch", Some("node-1"))
    );
    assert_eq!(settings.packet_size_bytes, 8000);
    let seconds = [
        settings.connect_timeout,
        settings.command_timeout,
        settings.connect_retry_interval,
        settings.pool_wait,
        settings.max_lifetime.unwrap(),
    ];
    assert_eq!(seconds.map(|time| time.as_secs()), [5, 60, 2, 3, 600]);
    assert_eq!(
        (
            settings.connect_retries,
            settings.max_connections,
            settings.min_connections
        ),
        (7, 9, 2)
    );
    for (written, encryption) in [
        ("true", Encryption::Mandatory),
        ("Mandatory", Encryption::Mandatory),
        ("no", Encryption::Optional),
        ("optional", Encryption::Optional),
    ] {
        assert_eq!(parse(&format!("{BASE};Encrypt={written}")).encryption, encryption);
    }
    assert_eq!(parse(&format!("{BASE};Trust Server Certificate=yes")).trust, Trust::Any);
}

#[test]
fn what_has_no_effect_or_no_sense_is_refused_with_its_key() {
    for rest in [
        "Integrated Security=SSPI",
        "Trusted_Connection=yes",
        "Authentication=Active Directory Default",
        "Pooling=false",
        "MultipleActiveResultSets=True",
        "Network Library=dbnmpntw",
        "Failover Partner=other",
        "AttachDBFilename=x.mdf",
    ] {
        assert!(
            matches!(refused(rest), InvalidConnectionString::Unsupported { .. }),
            "{rest}"
        );
    }
    for (rest, key) in [
        ("Encrypt=maybe", "Encrypt"),
        ("TrustServerCertificate=2", "TrustServerCertificate"),
        ("Connect Timeout=-1", "Connect Timeout"),
        ("Command Timeout=0", "Command Timeout"),
        ("Max Pool Size=0", "Max Pool Size"),
        ("Max Pool Size=2;Min Pool Size=3", "Max Pool Size"),
        ("Packet Size=100", "Packet Size"),
        ("ApplicationIntent=Write", "ApplicationIntent"),
    ] {
        assert!(refused(rest).to_string().contains(key), "{rest}");
    }
    assert_eq!(refused("Colour=red"), InvalidConnectionString::UnknownKeyAfterPassword);
    assert_eq!(
        refused("Encrypt=true;Colour=red"),
        InvalidConnectionString::UnknownKey("Colour".into())
    );
    assert_eq!(
        refused("Password File=/run/secret"),
        InvalidConnectionString::Contradiction("Password", "Password File")
    );
    assert_eq!(
        refused("TrustServerCertificate=true;CA Certificate File=a"),
        InvalidConnectionString::Contradiction("TrustServerCertificate", "CA Certificate File")
    );
    for (text, missing) in [
        ("Database=b;User Id=c;Password=d", "Server"),
        ("Server=a;User Id=c;Password=d", "Database"),
        ("Server=a;Database=b;Password=d", "User Id"),
        ("Server=a;Database=b;User Id=c", "Password or Password File"),
        ("Server=a;Database=b;User Id=c;Password=", "Password or Password File"),
    ] {
        assert_eq!(Settings::parse(text), Err(InvalidConnectionString::Missing(missing)));
    }
}

#[test]
fn no_error_and_no_debug_text_shows_the_password() {
    let texts = [
        "Server=a;Database=b;User Id=c;Password=hunter2;x",
        "Server=a;Database=b;User Id=c;Password=x;hunter2=1",
        "Server=a;Database=b;User Id=c;Password='hunter2",
        "Server=a;Database=b;User Id=c;Password='hunter2' tail",
        "Server=a;Database=b;Password=hunter2",
        "Password=hunter2;Server=a b;Database=b;User Id=c",
        "Password=x;hunter2",
    ];
    for text in texts {
        let error = Settings::parse(text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
    let settings = parse("Server=a;Database=b;User Id=c;Password=hunter2");
    assert!(!format!("{settings:?} {settings:#?} {}", settings.server()).contains("hunter2"));
}

#[test]
fn parts_that_are_no_pairs_are_told_by_place() {
    let part = |text: &str| Settings::parse(text).unwrap_err();
    assert_eq!(
        part("Server=a;nonsense;Database=b"),
        InvalidConnectionString::NotKeyAndValue { part: 2 }
    );
    assert_eq!(part("=a"), InvalidConnectionString::NotKeyAndValue { part: 1 });
    assert_eq!(part("Server=a;User Id='b"), InvalidConnectionString::Quotes { part: 2 });
    assert_eq!(part("a==b=c"), InvalidConnectionString::UnknownKey("a=b".into()));
    assert!(Settings::is_connection_string("Data Source=a"));
    assert!(!Settings::is_connection_string("sqlite:./data"));
    assert!(!Settings::is_connection_string("a=b"));
}

#[test]
fn variants_differ_in_what_they_are_asked_for_only() {
    let settings = parse(&format!("{BASE};ApplicationIntent=ReadOnly;Min Pool Size=8"));
    assert_eq!(
        settings.with_read_only(false),
        parse(&format!("{BASE};Min Pool Size=8"))
    );
    assert_eq!(settings.with_database("other").database(), "other");
    let through = settings.with_address("127.0.0.1", 9999);
    assert_eq!(through.server(), "127.0.0.1,9999");
    assert_eq!(through.host_name_in_certificate.as_deref(), Some("db.example.org"));
    let small = settings.with_max_connections(4);
    assert_eq!((small.max_connections, small.min_connections), (4, 4));
}
