//! From settings to a login: names, addresses, routes, certificates.
//!
//! With `MultiSubnetFailover` every address of the host is tried at once and the first that answers is taken; otherwise one
//! after the other. A server may send the login on to another one, as read-only routing does.

use std::net::SocketAddr;

use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tiberius::{AuthMethod, Client, Config, EncryptionLevel, SqlBrowser, error::Error};
use tokio::net::{TcpStream, lookup_host};
use tokio_util::compat::TokioAsyncWriteCompatExt;
use zeroize::Zeroizing;

use super::TdsClient;
use crate::{
    error::SqlError,
    settings::{DEFAULT_PORT, Encryption, PasswordSource, Settings, Trust},
};

/// Servers that a login may be sent on to, one by the other.
const MAX_ROUTES: usize = 4;

/// Login failed; the account is locked, disabled or must change its password.
const LOGIN_ERRORS: [u32; 8] = [18_451, 18_452, 18_456, 18_470, 18_486, 18_487, 18_488, 18_461];

/// A server that a login was sent on to: host and port.
type Route = (String, u16);

/// Connects and logs in.
pub(super) async fn login(settings: &Settings) -> Result<TdsClient, SqlError> {
    // Only the first of the process wins; it is the same everywhere in the program.
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
    following_routes(settings, |route| attempt(settings, route).boxed()).await
}

async fn attempt(settings: &Settings, route: Option<Route>) -> Result<TdsClient, Failure> {
    let config = config(settings, route.as_ref())?;
    let stream = connect(settings, route.as_ref(), &config).await?;
    Ok(Client::connect(config, stream.compat_write()).await?)
}

/// Why a server could not be used.
enum Failure {
    Settings(SqlError),
    Server(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Server(error)
    }
}

impl From<SqlError> for Failure {
    fn from(error: SqlError) -> Self {
        Self::Settings(error)
    }
}

/// Tries the settings' server, then each that it sends the login on to.
async fn following_routes<'settings, T>(
    settings: &'settings Settings,
    attempt: impl Fn(Option<Route>) -> BoxFuture<'settings, Result<T, Failure>> + Send,
) -> Result<T, SqlError> {
    let mut route: Option<Route> = None;
    for _ in 0..=MAX_ROUTES {
        let server = match &route {
            Some((host, port)) => format!("{host},{port}"),
            None => settings.server(),
        };
        match attempt(route.clone()).await {
            Ok(client) => return Ok(client),
            Err(Failure::Settings(error)) => return Err(error),
            Err(Failure::Server(Error::Routing { host, port })) => route = Some((host, port)),
            Err(Failure::Server(Error::Server(token))) if LOGIN_ERRORS.contains(&token.code()) => {
                return Err(SqlError::LoginRefused {
                    server,
                    text: token.message().to_owned(),
                });
            }
            Err(Failure::Server(error @ Error::Server(_))) => return Err(error.into()),
            Err(Failure::Server(error)) => {
                return Err(SqlError::Unreachable {
                    server,
                    text: error.to_string(),
                });
            }
        }
    }
    Err(SqlError::Unreachable {
        server: settings.server(),
        text: format!("the login was sent on more than {MAX_ROUTES} times"),
    })
}

fn config(settings: &Settings, route: Option<&Route>) -> Result<Config, SqlError> {
    let mut config = Config::new();
    match route {
        Some((host, port)) => {
            config.host(host);
            config.port(*port);
        }
        None => {
            config.host(&settings.server.host);
            match (&settings.server.instance, settings.server.port) {
                (_, Some(port)) => config.port(port),
                (Some(instance), None) => config.instance_name(instance),
                (None, None) => config.port(DEFAULT_PORT),
            }
        }
    }
    config.database(&settings.database);
    config.authentication(AuthMethod::sql_server(&settings.user, password(settings)?.as_str()));
    config.encryption(match settings.encryption {
        Encryption::Optional => EncryptionLevel::Off,
        Encryption::Mandatory => EncryptionLevel::Required,
        Encryption::Strict => EncryptionLevel::Strict,
    });
    match &settings.trust {
        Trust::System => {}
        Trust::File(path) => {
            // Read here, so that a missing or empty file is told as what it is.
            let bytes = std::fs::read(path).map_err(|error| unusable(settings, &path.display().to_string(), &error))?;
            config.trust_cert_ca_bundle(bytes);
        }
        Trust::Any => config.trust_cert(),
    }
    if let Some(name) = &settings.host_name_in_certificate {
        config.hostname_in_certificate(name);
    }
    config.application_name(&settings.application_name);
    if let Some(name) = &settings.workstation {
        config.client_name(name);
    }
    config.readonly(settings.read_only);
    config.packet_size(settings.packet_size_bytes);
    // The whole of connecting, and each call as a whole, are bounded by the connection itself.
    config.handshake_timeout(None);
    config.command_timeout(None);
    Ok(config)
}

fn password(settings: &Settings) -> Result<Zeroizing<String>, SqlError> {
    match &settings.password {
        PasswordSource::Given(password) => Ok(password.0.clone()),
        PasswordSource::File(path) => {
            let mut text = std::fs::read_to_string(path)
                .map(Zeroizing::new)
                .map_err(|error| unusable(settings, "the password file", &error))?;
            // Editors end a file with a line break; no password ends with one.
            let length = text.trim_end_matches(['\r', '\n']).len();
            text.truncate(length);
            Ok(text)
        }
    }
}

fn unusable(settings: &Settings, what: &str, error: &std::io::Error) -> SqlError {
    SqlError::Unreachable {
        server: settings.server(),
        text: format!("{what} cannot be read: {error}"),
    }
}

async fn connect(
    settings: &Settings,
    route: Option<&Route>,
    config: &Config,
) -> Result<TcpStream, tiberius::error::Error> {
    let (host, port) = match route {
        Some((host, port)) => (host.as_str(), *port),
        None => match (&settings.server.instance, settings.server.port) {
            (Some(_), None) => return TcpStream::connect_named(config).await,
            (_, port) => (settings.server.host.as_str(), port.unwrap_or(DEFAULT_PORT)),
        },
    };
    let addresses: Vec<SocketAddr> = lookup_host((host, port)).await?.collect();
    let stream = if settings.multi_subnet_failover {
        first_of_all(addresses).await?
    } else {
        one_by_one(addresses).await?
    };
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn no_address() -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::NotFound, "the name has no address")
}

async fn one_by_one(addresses: Vec<SocketAddr>) -> std::io::Result<TcpStream> {
    let mut failure = no_address();
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

async fn first_of_all(addresses: Vec<SocketAddr>) -> std::io::Result<TcpStream> {
    let mut attempts: FuturesUnordered<_> = addresses.into_iter().map(TcpStream::connect).collect();
    let mut failure = no_address();
    while let Some(attempt) = attempts.next().await {
        match attempt {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;

    use super::*;

    #[tokio::test]
    async fn every_address_is_tried_and_the_one_that_answers_is_taken() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let lives = listener.local_addr().unwrap();
        // Nothing answers from a network that is reserved for documentation (RFC 5737); a closed port refuses.
        let closed = {
            let unused = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            unused.local_addr().unwrap()
        };
        let silent: SocketAddr = "192.0.2.1:1433".parse().unwrap();
        let stream = first_of_all(vec![silent, closed, lives]).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), lives);
        let stream = one_by_one(vec![closed, lives]).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), lives);
        assert!(first_of_all(vec![closed]).await.is_err());
        assert!(one_by_one(Vec::new()).await.is_err());
    }

    #[tokio::test]
    async fn a_login_is_sent_on_to_where_the_server_says_but_not_for_ever() {
        let settings = Settings::parse("Server=first;Database=a;User Id=b;Password=hunter2").unwrap();
        let asked = Mutex::new(Vec::new());
        let sent_on = |most: usize| {
            let asked = &asked;
            move |route: Option<Route>| {
                asked.lock().push(route);
                let count = asked.lock().len();
                let answer = if count > most {
                    Ok(count)
                } else {
                    Err(Failure::Server(Error::Routing {
                        host: format!("server-{count}"),
                        port: 1433,
                    }))
                };
                std::future::ready(answer).boxed()
            }
        };
        let server = |number: usize| Some((format!("server-{number}"), 1433));
        assert_eq!(following_routes(&settings, sent_on(2)).await.unwrap(), 3);
        assert_eq!(std::mem::take(&mut *asked.lock()), [None, server(1), server(2)]);
        let error = following_routes(&settings, sent_on(99)).await.unwrap_err();
        assert!(error.to_string().contains("sent on more than 4 times"), "{error}");
        assert_eq!(asked.lock().len(), MAX_ROUTES + 1);
    }

    #[test]
    fn a_route_is_reached_by_its_own_name_and_port() {
        let settings = Settings::parse("Server=first\\SECOND;Database=a;User Id=b;Password=c").unwrap();
        let routed = config(&settings, Some(&("routed".into(), 1500))).unwrap();
        assert_eq!(routed.get_addr(), "routed:1500");
    }
}
