//! The server's name as ADO.NET writes it: `tcp:host,port`, `host\instance`, `(local)`, `[::1],1433`.

use std::fmt;

use crate::settings::InvalidConnectionString;

/// The port of a default instance.
pub(crate) const DEFAULT_PORT: u16 = 1433;

/// Host with instance or port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Server {
    /// Name or address.
    pub(crate) host: String,
    /// Named instance, to be asked for at the host's SQL Server Browser; without effect beside a port.
    pub(crate) instance: Option<String>,
    /// Port, if it is given.
    pub(crate) port: Option<u16>,
}

const INVALID: InvalidConnectionString = InvalidConnectionString::Value {
    key: "Server",
    expected: "a host over TCP: host, host,port or host\\instance, with or without tcp: before it",
};

impl Server {
    pub(super) fn parse(text: &str) -> Result<Self, InvalidConnectionString> {
        let text = text.trim();
        let text = match text.split_at_checked(4) {
            Some((prefix, rest)) if prefix.eq_ignore_ascii_case("tcp:") => rest.trim_start(),
            _ => text,
        };
        let (name, port) = match text.rsplit_once(',') {
            Some((name, port)) => {
                let port = port.trim().parse().ok().filter(|port| *port != 0).ok_or(INVALID)?;
                (name.trim(), Some(port))
            }
            None => (text, None),
        };
        let (host, instance) = match name.split_once('\\') {
            Some((host, instance)) => (host.trim(), Some(instance.trim())),
            None => (name, None),
        };
        let bare = host
            .strip_prefix('[')
            .map_or(Some(host), |host| host.strip_suffix(']'))
            .ok_or(INVALID)?;
        let host = match bare {
            "." => "localhost",
            local if local.eq_ignore_ascii_case("(local)") => "localhost",
            host => host,
        };
        let is_address = host.parse::<std::net::IpAddr>().is_ok();
        let is_name = !host.is_empty()
            && host
                .chars()
                .all(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '.' | '_'));
        if !(is_address || is_name) || instance.is_some_and(str::is_empty) {
            return Err(INVALID);
        }
        let instance = instance
            .filter(|instance| !instance.eq_ignore_ascii_case("MSSQLSERVER"))
            .map(str::to_owned);
        Ok(Self {
            host: host.to_owned(),
            instance,
            port,
        })
    }
}

impl fmt::Display for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.host)?;
        if let Some(instance) = &self.instance {
            write!(formatter, "\\{instance}")?;
        }
        if let Some(port) = self.port {
            write!(formatter, ",{port}")?;
        }
        Ok(())
    }
}
