//! A server within the test's process: a whole node over a place of its own, with a clock that can be moved.
//!
//! Invariant: a story ends with [`TestServer::finish`], which checks that the log is sound and that the read models are
//! exactly what the log says. A story that forgets it fails.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use serde_json::Value;
use wfm_application::clock::{Clock, SystemClock, SystemEntropy};
use wfm_domain::instant::Instant;
use wfm_server::{
    config::{Config, Values},
    core::Surroundings,
    node::Node,
};
use wfm_storage::{event::Position, verify::verify};

use crate::{ADMIN, Client, PASSWORD, Place};

/// The machine's clock, which a test can put forward.
#[derive(Default)]
pub struct MovableClock(AtomicI64);

impl MovableClock {
    /// Puts the clock forward, or back.
    pub fn forward_seconds(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

impl Clock for MovableClock {
    fn now(&self) -> Instant {
        SystemClock.now().plus_milliseconds(self.0.load(Ordering::SeqCst))
    }
}

/// A running node.
pub struct TestServer {
    /// The node.
    pub node: Node,
    /// Its administrator.
    pub admin: Client,
    /// Its clock.
    pub clock: Arc<MovableClock>,
    place: Place,
    unfinished: Unfinished,
}

/// Fails a test that succeeded without finishing.
struct Unfinished(bool);

impl Drop for Unfinished {
    fn drop(&mut self) {
        assert!(
            !self.0 || std::thread::panicking(),
            "the story ends without TestServer::finish"
        );
    }
}

/// The configuration of a node over a place.
pub(crate) fn config(place: &Place, settings: &[(&'static str, &str)]) -> Config {
    let mut flags = vec![
        ("database", Some(place.database())),
        ("master_key_file", place.master_key_file()),
        ("listen", Some("127.0.0.1:0".to_owned())),
        ("bcrypt_cost", Some("4".to_owned())),
        ("drain_seconds", Some("1".to_owned())),
        ("node", Some("story".to_owned())),
    ];
    flags.extend(settings.iter().map(|(key, value)| (*key, Some((*value).to_owned()))));
    Config::new(&Values::read(None, [], &flags).unwrap()).unwrap()
}

impl TestServer {
    /// Starts one with an administrator.
    pub async fn spawn() -> Self {
        Self::spawn_with(&[]).await
    }

    /// The same with settings of its own.
    pub async fn spawn_with(settings: &[(&'static str, &str)]) -> Self {
        Self::over(Place::fresh().await, settings).await
    }

    /// Starts one over a place, with settings of its own.
    pub async fn over(place: Place, settings: &[(&'static str, &str)]) -> Self {
        let mut server = Self::over_as(place, settings, &Client::stranger("")).await;
        server.sign_in().await;
        server
    }

    /// The same for an administrator who has signed in before.
    pub async fn over_as(place: Place, settings: &[(&'static str, &str)], admin: &Client) -> Self {
        let config = config(&place, settings);
        let clock = Arc::new(MovableClock::default());
        let surroundings = Surroundings {
            clock: Arc::clone(&clock) as _,
            entropy: Arc::new(SystemEntropy),
            ..Surroundings::default()
        };
        let node = Node::start(&config, surroundings).await.unwrap();
        node.app.create_first_admin(ADMIN, PASSWORD).await.unwrap();
        let admin = admin.at(&format!("http://{}", node.address));
        Self {
            node,
            admin,
            clock,
            place,
            unfinished: Unfinished(true),
        }
    }

    /// A client without a token.
    #[must_use]
    pub fn stranger(&self) -> Client {
        Client::stranger(self.admin.base())
    }

    /// Where it keeps everything.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Waits until the read models show everything that was recorded up to now.
    pub async fn settled(&self) {
        let head = self.node.app.store.log.head().await.unwrap().position;
        assert!(
            self.node.app.projection.wait_for(head, crate::until::DEADLINE).await,
            "the projection does not follow"
        );
    }

    /// Rows of the documented tables, settled.
    pub async fn rows(&self, sql: &str) -> Vec<Value> {
        self.settled().await;
        if self.place.is_on_server() {
            crate::database::rows_of_server(self.node.app.reads.as_ref(), sql).await
        } else {
            crate::database::rows(self.place.path(), sql).await
        }
    }

    /// Checks that the log is sound and that the read models are exactly what it says; then stops.
    pub async fn finish(self) {
        self.end().await.remove().await;
    }

    /// The administrator, signed in anew: tokens do not outlive a clock that was put forward.
    pub async fn sign_in(&mut self) {
        self.admin = Client::login(self.admin.base().to_owned(), ADMIN).await;
    }

    /// The same, and starts again over the same place.
    pub async fn restart(self) -> Self {
        Self::over(self.end().await, &[]).await
    }

    /// Stops where the read models cannot be what the log says yet, and hands over its place; the next server checks them.
    pub async fn abandon(mut self) -> Place {
        self.unfinished.0 = false;
        let Self { node, place, .. } = self;
        node.stop().await;
        place
    }

    /// Checks that the log is sound and that the read models are exactly what it says; then stops, and hands over its place.
    pub async fn end(mut self) -> Place {
        self.settled().await;
        let app = &self.node.app;
        let status = app.projection.status().await.unwrap();
        // The engine may have gone on since: only what is parked is a fault.
        assert_eq!(status.parked, 0, "{:?}", app.projection.parked().await);
        let differences = app.projection.verify(|_| {}).await.unwrap();
        assert!(
            differences.is_empty(),
            "the read models differ from their replay: {differences:?}"
        );
        let report = verify(app.store.log.as_ref(), Position(0), |_| {}).await.unwrap();
        assert!(report.is_sound(), "{:?}", report.problems);
        self.unfinished.0 = false;
        let Self { node, place, .. } = self;
        node.stop().await;
        place
    }
}
