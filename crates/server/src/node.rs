//! A node: the core behind its HTTP server; started, served, stopped.

use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use tokio::{
    net::{TcpListener, TcpSocket},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use wfm_api::{ApiOptions, Readiness, router};
use wfm_application::app::App;

use crate::{
    config::Config,
    core::{Core, Surroundings},
    lingering::Lingering,
    reserve::Reserve,
};

/// How often it is said that connections cannot be accepted.
const COMPLAINT_PAUSE: Duration = Duration::from_secs(10);

/// A running node.
pub struct Node {
    /// The application.
    pub app: Arc<App>,
    /// Where the API listens.
    pub address: SocketAddr,
    core: Core,
    closing: CancellationToken,
    readiness: Readiness,
    serving: JoinHandle<()>,
    drain: Duration,
}

impl Node {
    /// Opens everything, takes over what was under way, and begins to serve.
    ///
    /// # Errors
    /// When the address is taken or the database cannot be opened.
    pub async fn start(config: &Config, surroundings: Surroundings) -> Result<Self> {
        Self::start_prepared(config, surroundings, async |_| Ok(())).await
    }

    /// The same with something to be done before the first request is answered.
    ///
    /// # Errors
    /// Also those of `prepare`.
    pub async fn start_prepared(
        config: &Config,
        surroundings: Surroundings,
        prepare: impl AsyncFnOnce(&App) -> Result<()>,
    ) -> Result<Self> {
        let listener = listen(config.listen).with_context(|| format!("listening on {}", config.listen))?;
        let address = listener.local_addr()?;
        let reserve = surroundings.reserve.clone();
        let core = Core::start(config, surroundings).await?;
        if let Err(error) = prepare(&core.app).await {
            core.stop(config.drain).await;
            return Err(error);
        }
        let app = Arc::clone(&core.app);
        let closing = CancellationToken::new();
        let readiness = Readiness::default();
        let options = ApiOptions {
            maximum_body_bytes: config.maximum_body_bytes,
            maximum_requests: config.max_requests,
            cors_origins: config.cors_origins.clone(),
            readiness: readiness.clone(),
            gates: core.gates(),
        };
        let serving = tokio::spawn(serve(
            listener,
            router(Arc::clone(&app), options),
            closing.clone(),
            // Whoever waits for a run holds its request open; what is left of the limit is for calls under way.
            config.drain / 2,
            reserve,
        ));
        Ok(Self {
            app,
            address,
            core,
            closing,
            readiness,
            serving,
            drain: config.drain,
        })
    }

    /// Stops within the configured limit: no new requests, calls under way end or are left to the next start, everything
    /// accepted is on disk.
    pub async fn stop(self) {
        self.readiness.withdraw("the server is stopping");
        self.closing.cancel();
        let begun = Instant::now();
        if let Err(error) = self.serving.await {
            tracing::error!(%error, "the server ended in disorder");
        }
        self.core.stop(self.drain.saturating_sub(begun.elapsed())).await;
    }
}

/// Serves until `closing`, then lets requests under way finish within `drain`.
async fn serve(
    listener: TcpListener,
    router: axum::Router,
    closing: CancellationToken,
    drain: Duration,
    reserve: Option<Arc<Reserve>>,
) {
    use hyper_util::{
        rt::{TokioIo, TokioTimer},
        server::graceful::GracefulShutdown,
        service::TowerToHyperService,
    };
    let graceful = GracefulShutdown::new();
    let mut complained = None;
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, mostly: others may close some.
                    if complained.is_none_or(|then: Instant| then.elapsed() > COMPLAINT_PAUSE) {
                        tracing::warn!(%error, "connections cannot be accepted");
                        complained = Some(Instant::now());
                    }
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = closing.cancelled() => break,
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps Nagle's algorithm");
        }
        let service = TowerToHyperService::new(router.clone().map_request(
            move |mut request: axum::http::Request<Incoming>| {
                request.extensions_mut().insert(ConnectInfo(peer));
                Lingering::request(request)
            },
        ));
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(Duration::from_secs(30))
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        let client = reserve.as_ref().map(Reserve::client);
        tokio::spawn(async move {
            let _counted = client;
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection broke");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(drain, graceful.shutdown()).await.is_err() {
        tracing::info!("requests were left unfinished");
    }
}

/// Connections that may wait to be accepted. The usual 128 are fewer than may come at once, and who does not fit tries again
/// only after a second.
const BACKLOG: u32 = 4096;

/// Listens, with room for a crowd at the door.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }?;
    // As every server has it on Unix: a restart need not wait until old connections are forgotten.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    /// Nobody accepts yet.
    #[tokio::test]
    async fn a_crowd_fits_at_the_door() {
        let listener = listen(([127, 0, 0, 1], 0).into()).unwrap();
        let address = listener.local_addr().unwrap();
        let connect = |_| TcpStream::connect_timeout(&address, Duration::from_millis(900)).unwrap();
        let crowd: Vec<TcpStream> = (0..400).map(connect).collect();
        assert_eq!(crowd.len(), 400);
    }
}
