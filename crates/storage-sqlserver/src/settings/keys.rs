//! The keys of a connection string, with their synonyms, and the values they take.
//!
//! Names, synonyms and defaults are those of Microsoft.Data.SqlClient; `CA Certificate File`, `Password File` and
//! `Pool Wait Timeout` are ours. Case, spaces and underscores in a key do not count.

use std::time::Duration;

use zeroize::Zeroizing;

use crate::settings::{
    Encryption, InvalidConnectionString, Password, PasswordSource, Server, Settings, Trust, parser::Pair,
};

/// A key by its usual name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Server,
    Database,
    User,
    Password,
    PasswordFile,
    Encrypt,
    TrustServerCertificate,
    CaCertificateFile,
    HostNameInCertificate,
    ApplicationIntent,
    MultiSubnetFailover,
    ApplicationName,
    WorkstationId,
    PacketSize,
    ConnectTimeout,
    ConnectRetryCount,
    ConnectRetryInterval,
    CommandTimeout,
    PoolWaitTimeout,
    MaxPoolSize,
    MinPoolSize,
    ConnectionLifetime,
    PersistSecurityInfo,
    IntegratedSecurity,
    Authentication,
    Pooling,
    MultipleActiveResultSets,
    NetworkLibrary,
    FailoverPartner,
    AttachDatabaseFile,
}

impl Key {
    fn parse(written: &str) -> Option<Self> {
        let plain: String = written
            .chars()
            .filter(|letter| !letter.is_whitespace() && *letter != '_')
            .flat_map(char::to_lowercase)
            .collect();
        Some(match plain.as_str() {
            "server" | "datasource" | "address" | "addr" | "networkaddress" => Self::Server,
            "database" | "initialcatalog" => Self::Database,
            "userid" | "uid" | "user" => Self::User,
            "password" | "pwd" => Self::Password,
            "passwordfile" => Self::PasswordFile,
            "encrypt" => Self::Encrypt,
            "trustservercertificate" => Self::TrustServerCertificate,
            "cacertificatefile" | "trustservercertificateca" => Self::CaCertificateFile,
            "hostnameincertificate" => Self::HostNameInCertificate,
            "applicationintent" => Self::ApplicationIntent,
            "multisubnetfailover" => Self::MultiSubnetFailover,
            "applicationname" | "app" => Self::ApplicationName,
            "workstationid" | "wsid" => Self::WorkstationId,
            "packetsize" => Self::PacketSize,
            "connecttimeout" | "connectiontimeout" | "timeout" => Self::ConnectTimeout,
            "connectretrycount" => Self::ConnectRetryCount,
            "connectretryinterval" => Self::ConnectRetryInterval,
            "commandtimeout" => Self::CommandTimeout,
            "poolwaittimeout" => Self::PoolWaitTimeout,
            "maxpoolsize" => Self::MaxPoolSize,
            "minpoolsize" => Self::MinPoolSize,
            "connectionlifetime" | "loadbalancetimeout" => Self::ConnectionLifetime,
            "persistsecurityinfo" => Self::PersistSecurityInfo,
            "integratedsecurity" | "trustedconnection" => Self::IntegratedSecurity,
            "authentication" => Self::Authentication,
            "pooling" => Self::Pooling,
            "multipleactiveresultsets" => Self::MultipleActiveResultSets,
            "networklibrary" | "network" | "net" => Self::NetworkLibrary,
            "failoverpartner" => Self::FailoverPartner,
            "attachdbfilename" | "extendedproperties" | "initialfilename" => Self::AttachDatabaseFile,
            _ => return None,
        })
    }
}

/// Whether a key tells the server.
pub(super) fn is_server(written: &str) -> bool {
    Key::parse(written) == Some(Key::Server)
}

/// Values by their keys, the last one of each.
struct Given(Vec<(Key, String)>);

impl Given {
    fn text(&self, wanted: Key) -> Option<&str> {
        let found = self.0.iter().rev().find(|(key, _)| *key == wanted);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    fn flag(&self, wanted: Key, name: &'static str) -> Result<Option<bool>, InvalidConnectionString> {
        let Some(value) = self.text(wanted) else {
            return Ok(None);
        };
        match value.to_ascii_lowercase().as_str() {
            "true" | "yes" | "1" => Ok(Some(true)),
            "false" | "no" | "0" => Ok(Some(false)),
            _ => Err(InvalidConnectionString::Value {
                key: name,
                expected: "true or false",
            }),
        }
    }

    fn number(&self, wanted: Key, name: &'static str, otherwise: u32) -> Result<u32, InvalidConnectionString> {
        let Some(value) = self.text(wanted) else {
            return Ok(otherwise);
        };
        value.trim().parse().map_err(|_| InvalidConnectionString::Value {
            key: name,
            expected: "a whole number, not negative",
        })
    }

    fn seconds(&self, wanted: Key, name: &'static str, otherwise: u32) -> Result<Duration, InvalidConnectionString> {
        match self.number(wanted, name, otherwise)? {
            // A call that may last for ever would hold a connection for ever.
            0 => Err(InvalidConnectionString::Value {
                key: name,
                expected: "seconds, at least 1: nothing here waits without a bound",
            }),
            seconds => Ok(Duration::from_secs(seconds.into())),
        }
    }
}

/// The settings that the parts of a connection string stand for.
pub(super) fn interpret(pairs: &[Pair]) -> Result<Settings, InvalidConnectionString> {
    let mut given = Given(Vec::new());
    for pair in pairs {
        let Some(key) = Key::parse(&pair.key) else {
            return Err(match given.0.last() {
                Some((Key::Password, _)) => InvalidConnectionString::UnknownKeyAfterPassword,
                _ => InvalidConnectionString::UnknownKey(pair.key.clone()),
            });
        };
        given.0.push((key, pair.value.clone()));
    }
    refuse_what_has_no_effect(&given)?;
    let max_connections = given.number(Key::MaxPoolSize, "Max Pool Size", 32)?;
    let min_connections = given.number(Key::MinPoolSize, "Min Pool Size", 0)?;
    if max_connections == 0 || min_connections > max_connections {
        return Err(InvalidConnectionString::Value {
            key: "Max Pool Size",
            expected: "at least 1, and not less than Min Pool Size",
        });
    }
    let packet_size_bytes = given.number(Key::PacketSize, "Packet Size", 16_384)?;
    if !(512..=32_767).contains(&packet_size_bytes) {
        return Err(InvalidConnectionString::Value {
            key: "Packet Size",
            expected: "512 to 32767 bytes",
        });
    }
    let connect_timeout = given.seconds(Key::ConnectTimeout, "Connect Timeout", 15)?;
    let pool_wait_seconds = u32::try_from(connect_timeout.as_secs()).unwrap_or(u32::MAX);
    let lifetime_seconds = given.number(Key::ConnectionLifetime, "Connection Lifetime", 0)?;
    Ok(Settings {
        file: None,
        server: Server::parse(
            given
                .text(Key::Server)
                .ok_or(InvalidConnectionString::Missing("Server"))?,
        )?,
        database: given
            .text(Key::Database)
            .ok_or(InvalidConnectionString::Missing("Database"))?
            .to_owned(),
        user: given
            .text(Key::User)
            .ok_or(InvalidConnectionString::Missing("User Id"))?
            .to_owned(),
        password: password(&given)?,
        encryption: encryption(&given)?,
        trust: trust(&given)?,
        host_name_in_certificate: given.text(Key::HostNameInCertificate).map(str::to_owned),
        read_only: read_only(&given)?,
        multi_subnet_failover: given
            .flag(Key::MultiSubnetFailover, "MultiSubnetFailover")?
            .unwrap_or(false),
        application_name: given.text(Key::ApplicationName).unwrap_or("wfm").to_owned(),
        workstation: given.text(Key::WorkstationId).map(str::to_owned),
        packet_size_bytes,
        connect_timeout,
        connect_retries: given.number(Key::ConnectRetryCount, "ConnectRetryCount", 3)?,
        connect_retry_interval: given.seconds(Key::ConnectRetryInterval, "ConnectRetryInterval", 5)?,
        command_timeout: given.seconds(Key::CommandTimeout, "Command Timeout", 30)?,
        pool_wait: given.seconds(Key::PoolWaitTimeout, "Pool Wait Timeout", pool_wait_seconds)?,
        max_connections: max_connections as usize,
        min_connections: min_connections as usize,
        max_lifetime: (lifetime_seconds > 0).then(|| Duration::from_secs(lifetime_seconds.into())),
    })
}

/// Keys that are known, but whose effect is not to be had: silence would be a lie.
fn refuse_what_has_no_effect(given: &Given) -> Result<(), InvalidConnectionString> {
    let refuse = |key, reason| Err(InvalidConnectionString::Unsupported { key, reason });
    if given
        .text(Key::IntegratedSecurity)
        .is_some_and(|value| !matches!(value.to_ascii_lowercase().as_str(), "false" | "no"))
    {
        return refuse("Integrated Security", "give User Id and Password");
    }
    if given
        .text(Key::Authentication)
        .is_some_and(|value| !value.replace(' ', "").eq_ignore_ascii_case("SqlPassword"))
    {
        return refuse("Authentication", "only SqlPassword is offered");
    }
    if given.flag(Key::Pooling, "Pooling")? == Some(false) {
        return refuse("Pooling", "connections are always pooled");
    }
    if given.flag(Key::MultipleActiveResultSets, "MultipleActiveResultSets")? == Some(true) {
        return refuse("MultipleActiveResultSets", "a connection carries one call at a time");
    }
    if given
        .text(Key::NetworkLibrary)
        .is_some_and(|value| !value.eq_ignore_ascii_case("dbmssocn"))
    {
        return refuse("Network Library", "the server is reached over TCP");
    }
    if given.text(Key::FailoverPartner).is_some() {
        return refuse("Failover Partner", "use an availability group's listener");
    }
    if given.text(Key::AttachDatabaseFile).is_some() {
        return refuse("AttachDBFilename", "attach the file on the server");
    }
    given
        .flag(Key::PersistSecurityInfo, "Persist Security Info")
        .map(|_always_hidden| ())
}

fn password(given: &Given) -> Result<PasswordSource, InvalidConnectionString> {
    match (given.text(Key::Password), given.text(Key::PasswordFile)) {
        (Some(_), Some(_)) => Err(InvalidConnectionString::Contradiction("Password", "Password File")),
        (_, Some(file)) => Ok(PasswordSource::File(file.into())),
        (Some(password), None) => Ok(PasswordSource::Given(Password(Zeroizing::new(password.to_owned())))),
        (None, None) => Err(InvalidConnectionString::Missing("Password or Password File")),
    }
}

fn encryption(given: &Given) -> Result<Encryption, InvalidConnectionString> {
    match given
        .text(Key::Encrypt)
        .unwrap_or("mandatory")
        .to_ascii_lowercase()
        .as_str()
    {
        "true" | "yes" | "mandatory" => Ok(Encryption::Mandatory),
        "false" | "no" | "optional" => Ok(Encryption::Optional),
        "strict" => Ok(Encryption::Strict),
        _ => Err(InvalidConnectionString::Value {
            key: "Encrypt",
            expected: "Mandatory (true), Optional (false) or Strict",
        }),
    }
}

fn trust(given: &Given) -> Result<Trust, InvalidConnectionString> {
    let any = given
        .flag(Key::TrustServerCertificate, "TrustServerCertificate")?
        .unwrap_or(false);
    match given.text(Key::CaCertificateFile) {
        Some(_) if any => Err(InvalidConnectionString::Contradiction(
            "TrustServerCertificate",
            "CA Certificate File",
        )),
        Some(file) => Ok(Trust::File(file.into())),
        None if any => Ok(Trust::Any),
        None => Ok(Trust::System),
    }
}

fn read_only(given: &Given) -> Result<bool, InvalidConnectionString> {
    match given
        .text(Key::ApplicationIntent)
        .unwrap_or("readwrite")
        .to_ascii_lowercase()
        .as_str()
    {
        "readonly" => Ok(true),
        "readwrite" => Ok(false),
        _ => Err(InvalidConnectionString::Value {
            key: "ApplicationIntent",
            expected: "ReadOnly or ReadWrite",
        }),
    }
}
