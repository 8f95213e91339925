//! A worker of the runtime that rests while few clients are there.
//!
//! With a worker for each processor, every event wakes one more worker than there is work for, and the threads of the
//! databases find no processor: a single client waits a sixth longer. With one worker fewer, hundreds of clients get a
//! fourth less done. So the last worker is kept in a task that does nothing, and let go while many clients are connected.
//!
//! Invariants: the task is let go before the runtime ends, which waits for it. Whenever it begins to block, another worker
//! is woken: the one that blocks may be the one that waited for the network and the clock on behalf of all.

use std::sync::Arc;

use parking_lot::{Condvar, Mutex};
use tokio::runtime::Handle;

/// Clients for whom the worker is needed.
const MANY: usize = 96;

/// Clients for whom it is not needed any more; fewer, so that it does not come and go with one of them.
const FEW: usize = 64;

#[derive(Debug, Default)]
struct State {
    clients: usize,
    rests: bool,
    ended: bool,
}

/// See the module.
#[derive(Debug)]
pub struct Reserve {
    runtime: Handle,
    state: Mutex<State>,
    changed: Condvar,
}

impl Reserve {
    /// Lets one worker of `runtime`, which must have another one, rest.
    #[must_use]
    pub fn of(runtime: Handle) -> Arc<Self> {
        let reserve = Arc::new(Self {
            runtime,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        reserve.rest_if_calm(&mut reserve.state.lock());
        reserve
    }

    /// Counts a client until the guard is dropped.
    #[must_use]
    pub fn client(self: &Arc<Self>) -> Client {
        let mut state = self.state.lock();
        state.clients += 1;
        if state.clients == MANY {
            self.changed.notify_all();
        }
        Client(Arc::clone(self))
    }

    fn rest_if_calm(self: &Arc<Self>, state: &mut State) {
        if state.rests || state.ended || state.clients > FEW {
            return;
        }
        state.rests = true;
        let reserve = Arc::clone(self);
        self.runtime.spawn(async move { reserve.rest() });
    }

    /// Blocks the worker on purpose. What else it had to do the others take over.
    fn rest(&self) {
        let is_watched = self.wake_another();
        let mut state = self.state.lock();
        if !is_watched {
            state.rests = false;
            return;
        }
        while state.clients < MANY && !state.ended {
            self.changed.wait(&mut state);
        }
        state.rests = false;
    }

    /// Gives another worker something to do, after which it waits for the network and the clock. From a thread that is no
    /// worker: what a worker spawns it keeps for itself.
    fn wake_another(&self) -> bool {
        let runtime = self.runtime.clone();
        let outsider = std::thread::Builder::new().spawn(move || drop(runtime.spawn(async {})));
        outsider.is_ok_and(|outsider| outsider.join().is_ok())
    }
}

/// Lets the worker go for good when it is dropped.
#[derive(Debug)]
pub struct Ended(pub Arc<Reserve>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.state.lock().ended = true;
        self.0.changed.notify_all();
    }
}

/// A client that is connected.
#[derive(Debug)]
pub struct Client(Arc<Reserve>);

impl Drop for Client {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.clients -= 1;
        self.0.rest_if_calm(&mut state);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::mpsc::{Receiver, TryRecvError, channel},
        time::Duration,
    };

    use super::*;

    /// Two tasks that wait for each other, blocking: they end only with two workers.
    fn two_at_once(runtime: &tokio::runtime::Runtime) -> Receiver<()> {
        let barrier = Arc::new(std::sync::Barrier::new(2));
        let (sender, done) = channel();
        for _ in 0..2 {
            let (barrier, sender) = (Arc::clone(&barrier), sender.clone());
            runtime.spawn(async move {
                barrier.wait();
                let _ = sender.send(());
            });
        }
        done
    }

    #[test]
    fn the_worker_is_there_while_many_clients_are() {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .build()
            .unwrap();
        let reserve = Reserve::of(runtime.handle().clone());
        while !reserve.state.lock().rests {
            std::thread::yield_now();
        }
        let mut clients: Vec<Client> = (1..MANY).map(|_| reserve.client()).collect();
        let done = two_at_once(&runtime);
        assert_eq!(done.try_recv(), Err(TryRecvError::Empty), "the last worker rests");
        clients.push(reserve.client());
        let patience = Duration::from_secs(30);
        assert_eq!(done.recv_timeout(patience), Ok(()), "the last worker came");
        assert_eq!(done.recv_timeout(patience), Ok(()));
        clients.truncate(FEW + 1);
        assert!(!reserve.state.lock().rests);
        clients.pop();
        assert!(reserve.state.lock().rests, "it rests again");
        drop(clients);
        drop(Ended(reserve));
        // Would wait for ever for a worker that rests.
        drop(runtime);
    }

    /// A task that answers each byte with the same byte.
    async fn echo(listener: tokio::net::TcpListener) {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        while let Ok((mut stream, _)) = listener.accept().await {
            let byte = stream.read_u8().await.unwrap();
            stream.write_u8(byte).await.unwrap();
        }
    }

    #[test]
    fn somebody_waits_for_the_network_while_the_worker_rests() {
        use std::{
            io::{Read, Write},
            net::TcpStream,
        };
        for _ in 0..40 {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            let reserve = Reserve::of(runtime.handle().clone());
            let _ended = Ended(Arc::clone(&reserve));
            let clients: Vec<Client> = (0..MANY).map(|_| reserve.client()).collect();
            while reserve.state.lock().rests {
                std::thread::yield_now();
            }
            let [first, second] = [(); 2].map(|()| {
                let bound = tokio::net::TcpListener::bind(("127.0.0.1", 0));
                runtime.block_on(bound).unwrap()
            });
            let (leave, answer) = (first.local_addr().unwrap(), second.local_addr().unwrap());
            runtime.spawn(echo(second));
            // The clients go when the network says so.
            runtime.spawn(async move {
                let _ = first.accept().await.unwrap();
                drop(clients);
            });
            let _leaving = TcpStream::connect(leave).unwrap();
            while !reserve.state.lock().rests {
                std::thread::yield_now();
            }
            let mut stream = TcpStream::connect(answer).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            stream.write_all(&[7]).unwrap();
            let mut answered = [0];
            stream.read_exact(&mut answered).expect("somebody answers");
        }
    }
}
