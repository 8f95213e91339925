//! A TCP proxy between a node and the server that can cut a connection at any byte, or freeze it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use parking_lot::Mutex;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{Notify, watch},
};

/// Whose bytes are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    Node,
    Server,
}

/// What happens when the trap snaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Both sides see the connection end.
    Cut,
    /// Neither side hears anything any more, and neither sees an end.
    Freeze,
}

/// Snaps once: after so many more bytes from this side, whatever connection they come over.
#[derive(Debug, Clone, Copy)]
struct Trap {
    from: From,
    bytes: u64,
    fate: Fate,
}

#[derive(Default)]
struct Shared {
    trap: Mutex<Option<Trap>>,
    passed: [AtomicU64; 2],
    snapped: watch::Sender<u64>,
    /// Ends frozen connections.
    thaw: Notify,
}

/// See the module. Lives as long as the runtime.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    shared: Arc<Shared>,
}

impl Proxy {
    /// A proxy to a server's host and port.
    pub(crate) async fn start(server: (String, u16)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::<Shared>::default();
        let serving = shared.clone();
        tokio::spawn(async move {
            while let Ok((node, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(&server).await else {
                    continue;
                };
                node.set_nodelay(true).unwrap();
                server.set_nodelay(true).unwrap();
                let shared = serving.clone();
                tokio::spawn(async move {
                    let (from_node, to_node) = node.into_split();
                    let (from_server, to_server) = server.into_split();
                    // Whichever ends first takes the other with it: both streams are dropped.
                    tokio::select! {
                        () = shared.carry(From::Node, from_node, to_server) => {}
                        () = shared.carry(From::Server, from_server, to_node) => {}
                    }
                });
            }
        });
        Self { port, shared }
    }

    /// Bytes that passed so far.
    pub(crate) fn passed(&self, from: From) -> u64 {
        self.shared.passed[from as usize].load(Ordering::SeqCst)
    }

    /// Sets the trap.
    pub(crate) fn arm(&self, from: From, bytes: u64, fate: Fate) {
        *self.shared.trap.lock() = Some(Trap { from, bytes, fate });
    }

    /// Takes the trap away; frozen connections end.
    pub(crate) fn disarm(&self) {
        *self.shared.trap.lock() = None;
        self.shared.thaw.notify_waiters();
    }

    /// How often the trap snapped.
    pub(crate) fn snapped(&self) -> u64 {
        *self.shared.snapped.borrow()
    }

    /// Waits until the trap has snapped so often.
    pub(crate) async fn snaps(&self, times: u64) {
        let mut snapped = self.shared.snapped.subscribe();
        snapped.wait_for(|snapped| *snapped >= times).await.unwrap();
    }
}

impl Shared {
    async fn carry(&self, side: From, mut source: OwnedReadHalf, mut target: OwnedWriteHalf) {
        let mut buffer = [0; 16 * 1024];
        while let Ok(count @ 1..) = source.read(&mut buffer).await {
            let (pass, fate) = self.judge(side, count);
            self.passed[side as usize].fetch_add(pass as u64, Ordering::SeqCst);
            if target.write_all(&buffer[..pass]).await.is_err() {
                return;
            }
            match fate {
                None => {}
                Some(Fate::Cut) => return,
                Some(Fate::Freeze) => {
                    // The other direction stops as well: what it reads is held back by the trap of its side.
                    self.thaw.notified().await;
                    return;
                }
            }
        }
    }

    /// How many of the bytes pass, and what happens then.
    fn judge(&self, side: From, count: usize) -> (usize, Option<Fate>) {
        let mut trap = self.trap.lock();
        match trap.as_mut() {
            Some(set) if set.from == side => {
                if (count as u64) < set.bytes
                    || (count as u64 == set.bytes && set.bytes > 0 && set.fate == Fate::Freeze)
                {
                    set.bytes -= count as u64;
                    return (count, None);
                }
                let pass = set.bytes as usize;
                let fate = set.fate;
                *trap = None;
                self.snapped.send_modify(|snapped| *snapped += 1);
                (pass, Some(fate))
            }
            _ => (count, None),
        }
    }
}
