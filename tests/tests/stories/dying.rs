//! A node that dies at each append of a run, right before it is durable and right after: the next node ends the run as
//! though nothing had happened.

use http::Method;
use serde_json::{Value, json};
use wfm_tests::{
    Call, Client, Moment, Mortal, Place, Reply, Target, TestServer, World,
    saga::{check_ended, counted},
    until,
};

/// Steps of the run by path, with their orders: the first needs its retry, `/note` is optional and fails, `/charge` and
/// `/pack` run at once, `/ask` waits for a signal, `/ship` decides how the run ends.
const STEPS: [(&str, i64); 6] = [
    ("/reserve", 1),
    ("/note", 2),
    ("/charge", 3),
    ("/pack", 3),
    ("/ask", 4),
    ("/ship", 5),
];

/// Runs of one workflow in an environment with one place, and nodes that die over them.
struct Saga {
    place: Place,
    target: Target,
    node: Option<Mortal>,
    admin: Client,
    workflow: i64,
    is_undone: bool,
    deaths: usize,
}

impl Saga {
    /// A world in which runs complete, or fail in their last step and are undone.
    async fn prepare(is_undone: bool) -> Self {
        let (place, target) = (Place::embedded(), Target::start().await);
        let named = |call: &Call| Reply::ok(&json!({"id": call.path}));
        target.on("/reserve", move |call| match call.attempt {
            1 => Reply::status(503),
            _ => named(call),
        });
        target.on("/note", |_| Reply::status(400));
        for path in ["/charge", "/pack", "/ask"] {
            target.on(path, named);
        }
        target.on("/ship", move |call| match is_undone {
            true => Reply::status(400),
            false => named(call),
        });
        target.on("/undo", |_| Reply::status(204));
        let node = Mortal::start(&place).await;
        let admin = Client::login(&node.url, wfm_tests::ADMIN).await;
        let one_place = json!({"maxConcurrentExecutions": 1});
        let world = World::build_with(&admin, "Dying", &target, &one_place, &json!({})).await;
        let undo = world.endpoint("/undo").await;
        let mut steps = Vec::new();
        for (path, order) in STEPS {
            let input = json!({"n": "{input.n}", "at": "{system.utcNow}"});
            let mut handling = json!({});
            if path != "/note" {
                handling["compensation"] = json!({"apiEndpointId": undo, "inputMapping": input});
            }
            if path == "/ask" {
                handling["waitForSignal"] = json!({"name": "go", "timeoutSeconds": 3600});
            }
            steps.push(json!({
                "name": &path[1..], "order": order, "apiEndpointId": world.endpoint(path).await, "inputMapping": input,
                "retryCount": 20, "retryDelaySeconds": 0, "isOptional": path == "/note", "errorHandling": handling,
            }));
        }
        let configuration = json!({"configuration": {"output": {
            "n": "{input.n}", "charged": "{steps.charge.output.id}", "told": "{steps.ask.output.signal.by}",
        }}});
        let workflow = world.workflow_with("Dying", &json!(steps), &configuration).await;
        Self {
            place,
            target,
            node: Some(node),
            admin,
            workflow,
            is_undone,
            deaths: 0,
        }
    }

    fn node(&self) -> &Mortal {
        self.node
            .as_ref()
            .expect("there is a node between two calls of a story")
    }

    /// What `ask` answers, asked of each node until one outlives the question.
    async fn outlive<T>(&mut self, ask: impl AsyncFn(&Client) -> Option<T>) -> T {
        loop {
            let asking = until("a living node to answer", || ask(&self.admin));
            tokio::select! {
                biased;
                () = self.node().died() => {}
                answer = asking => return answer,
            }
            self.succeed().await;
        }
    }

    /// The next node takes the place of a dead one.
    async fn succeed(&mut self) {
        self.node.take().expect("a node died").bury().await;
        self.deaths += 1;
        let node = Mortal::start(&self.place).await;
        self.admin = self.admin.at(&node.url);
        self.node = Some(node);
    }

    /// A command that is sent until it is answered, always with the same key.
    async fn command(&mut self, path: &str, key: &str, body: Value, status: u16) -> Value {
        let answer = self.outlive(async |client| {
            let command = client.request(Method::POST, path).header("idempotency-key", key);
            command.json(&body).try_send().await.ok()
        });
        answer.await.expect(status).json()
    }

    /// One run from its start to its end, judged.
    async fn run(&mut self, key: &str) {
        let path = format!("/api/v1/workflows/{}/executions", self.workflow);
        let start = json!({"inputParameters": {"n": key}, "executionContext": key});
        let begun = self.command(&path, &format!("start {key}"), start, 202).await;
        let id = begun["executionId"].as_str().unwrap();
        let path = format!("/api/v1/executions/{id}");
        self.outlive(async |client| {
            let run = client.request(Method::GET, &path).try_send().await.ok()?;
            (run.expect(200).json()["state"] == "WaitingSignal").then_some(())
        })
        .await;
        let signal = format!("{path}/signals/go");
        self.command(&signal, &format!("signal {key}"), json!({"by": "Ada"}), 200)
            .await;
        let ended = self
            .outlive(async |client| {
                let end = client.request(Method::GET, &format!("{path}?wait=60")).try_send();
                let run = end.await.ok()?.expect(200).json();
                (run["status"] != "Running").then_some(run)
            })
            .await;
        let history = format!("{path}/history");
        let events = self
            .outlive(async |client| Some(client.request(Method::GET, &history).try_send().await.ok()?.items()))
            .await;

        let judged = check_ended(id, &events, &counted(&self.target.all_calls()));
        let last_first: Vec<i64> = judged.succeeded.iter().rev().copied().collect();
        if self.is_undone {
            assert_eq!(ended["status"], "Failed", "{key}: {ended}");
            assert_eq!(
                (judged.succeeded.len(), &judged.undone),
                (4, &last_first),
                "{key}: {events:#?}"
            );
        } else {
            let output = json!({"n": key, "charged": "/charge", "told": "Ada"});
            assert_eq!(
                (&ended["status"], &ended["outputParameters"]),
                (&json!("Completed"), &output),
                "{key}"
            );
            assert_eq!(
                (judged.succeeded.len(), judged.undone.len()),
                (5, 0),
                "{key}: {events:#?}"
            );
        }
    }

    /// A death before and after each append of a run.
    async fn die_everywhere(mut self, least: usize) {
        self.node().count();
        self.run("undisturbed").await;
        let appends = self.node().counted();
        assert!(
            appends >= least,
            "a run of {appends} appends has lost some of its parts"
        );
        for number in 1..=appends {
            for moment in [Moment::Before, Moment::After] {
                self.node().die_at(number, moment);
                self.run(&format!("{moment:?} {number}")).await;
            }
        }
        // The last append's end may be seen before the death that follows it.
        assert!(
            self.deaths + 1 >= 2 * appends,
            "{} deaths at {appends} appends",
            self.deaths
        );
        let undo = self.is_undone.then_some("/undo");
        for path in STEPS.iter().map(|(path, _)| *path).chain(undo) {
            let repeated = |call: &Call| call.attempt > 1;
            assert!(
                self.target.calls(path).iter().any(repeated),
                "{path} was never repeated"
            );
        }
        let Self { place, node, .. } = self;
        node.expect("the last one").bury().await;
        let server = TestServer::over(place, &[]).await;
        let runs = server.admin.all("/api/v1/executions?limit=200").await;
        assert_eq!(runs.len(), 2 * appends + 1, "a key started two runs, or none");
        server.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_completes_whatever_append_its_node_dies_at() {
    Saga::prepare(false).await.die_everywhere(10).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_undone_whatever_append_its_node_dies_at() {
    Saga::prepare(true).await.die_everywhere(14).await;
}
