//! The server as a process of its own, which can be killed, and the command line.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use rustix::process::{Pid, WaitOptions, waitpid};

use crate::{ADMIN, Client, PASSWORD, Place, freezing::FREEZES_BEFORE, until::DEADLINE};

/// What a process is started with.
#[derive(Clone)]
pub struct Settings {
    /// The binary.
    pub binary: PathBuf,
    /// Folder of the embedded database, or of the master key.
    pub folder: PathBuf,
    /// The setting `database`.
    pub database: String,
    /// The setting `master_key_file`.
    pub master_key_file: Option<String>,
    /// What is logged.
    pub log: &'static str,
    /// Path of the call before which a server freezes.
    pub freezes_before: Option<&'static str>,
}

impl Settings {
    /// The binary over a folder.
    #[must_use]
    pub fn new(binary: impl Into<PathBuf>, folder: &Path) -> Self {
        Self {
            binary: binary.into(),
            folder: folder.to_owned(),
            database: format!("sqlite:{}", folder.display()),
            master_key_file: None,
            log: "info",
            freezes_before: None,
        }
    }

    /// The binary over a place.
    #[must_use]
    pub fn at(binary: impl Into<PathBuf>, place: &Place) -> Self {
        Self {
            database: place.database(),
            master_key_file: place.master_key_file(),
            ..Self::new(binary, place.path())
        }
    }

    /// A command with these arguments and none of the caller's `WFM_*` variables.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("WFM_")) {
            command.env_remove(name);
        }
        if let Some(path) = self.freezes_before {
            command.env(FREEZES_BEFORE, path);
        }
        command
            .env("WFM_DATABASE", &self.database)
            .envs(self.master_key_file.as_ref().map(|file| ("WFM_MASTER_KEY_FILE", file)))
            .env("WFM_ADMIN_EMAIL", ADMIN)
            .env("WFM_ADMIN_PASSWORD", PASSWORD)
            .env("WFM_BCRYPT_COST", "4")
            .env("WFM_DRAIN_SECONDS", "1")
            .env("WFM_LISTEN", "127.0.0.1:0")
            .env("WFM_LOG", self.log)
            .args(arguments)
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    #[must_use]
    pub fn run(&self, arguments: &[&str]) -> Output {
        ended(self.command(arguments))
    }

    /// Runs a command that must succeed; its standard output.
    pub fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that must fail; what it says on standard error.
    #[must_use]
    pub fn fail(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(!output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stderr).unwrap()
    }
}

/// Runs a command that should end by itself; one that does not is killed and fails the test.
///
/// # Panics
/// When it does not end in time.
#[must_use]
pub fn ended(mut command: Command) -> Output {
    let (output, errors) = (
        tempfile::NamedTempFile::new().unwrap(),
        tempfile::NamedTempFile::new().unwrap(),
    );
    command
        .stdout(output.reopen().unwrap())
        .stderr(errors.reopen().unwrap());
    let mut child = command.spawn().unwrap();
    let read = |file: &tempfile::NamedTempFile| std::fs::read(file.path()).unwrap();
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return Output {
                status,
                stdout: read(&output),
                stderr: read(&errors),
            };
        }
        if begun.elapsed() > DEADLINE {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{command:?} does not end: {}", String::from_utf8_lossy(&read(&errors)));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A running `wfm serve`.
pub struct Process {
    /// Its base URL.
    pub url: String,
    child: Child,
    log: tempfile::NamedTempFile,
}

impl Drop for Process {
    fn drop(&mut self) {
        // A test that failed leaves no server behind; one that has ended is no concern.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Process {
    /// Starts it and waits until it listens.
    #[must_use]
    pub fn spawn(settings: &Settings) -> Self {
        let log = tempfile::NamedTempFile::new().unwrap();
        let errors = File::options().append(true).open(log.path()).unwrap();
        let mut child = settings
            .command(&["serve"])
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .unwrap();
        let output = child.stdout.take().unwrap();
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            BufReader::new(output).read_line(&mut line).unwrap();
            // Nobody listens any more when it came too late.
            let _ = sender.send(line);
        });
        let line = lines.recv_timeout(DEADLINE).unwrap_or_default();
        if line.is_empty() {
            // One that is stuck is not left behind; one that has ended is no concern.
            let _ = child.kill();
        }
        let url = line.trim().strip_prefix("listening on ").map(str::to_owned);
        let url = url.unwrap_or_else(|| {
            panic!(
                "the server does not listen: {line:?} {:?}",
                std::fs::read_to_string(log.path())
            )
        });
        Self { url, child, log }
    }

    /// Its administrator.
    pub async fn admin(&self) -> Client {
        Client::login(self.url.clone(), ADMIN).await
    }

    /// What it logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log.path()).unwrap()
    }

    /// Freezes it (SIGSTOP) and waits until each of its threads stands still: it holds all it holds, and does nothing. On a
    /// busy machine threads run on for a while after the signal was sent.
    pub fn freeze(&self) {
        self.signal("-STOP");
        let stopped = waitpid(Pid::from_child(&self.child).into(), WaitOptions::UNTRACED).unwrap();
        assert!(stopped.is_some_and(|(_, status)| status.stopped()), "it ended instead");
    }

    /// Lets it go on where it was frozen (SIGCONT).
    pub fn go_on(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, name: &str) {
        let told = Command::new("kill")
            .args([name, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(told.success());
    }

    /// Kills it at once (SIGKILL).
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop (SIGTERM).
    pub fn ask_to_stop(&self) {
        self.signal("-TERM");
    }

    /// Asks it to stop and waits until it has; its exit status and log.
    #[must_use]
    pub fn stop(self) -> (ExitStatus, String) {
        self.ask_to_stop();
        self.ended()
    }

    /// Waits until it has ended; its exit status and log.
    #[must_use]
    pub fn ended(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().unwrap();
        (status, self.log())
    }
}
