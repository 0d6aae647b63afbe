//! The server process that is killed.

use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::api::ADMIN_KEY;
use crate::firings::Up;
use crate::random::Random;

/// How long a server may take to be ready, or to reach the place where it is to die.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a server will die.
#[derive(Clone, Debug)]
pub(crate) enum Death {
    /// SIGKILL, so long after it was ready.
    Signal(Duration),
    /// By itself, when its writer reaches that place: `POINT@N`. SIGKILL if that takes too long.
    Failpoint(String),
}

impl Death {
    /// Any moment, or any side of any commit.
    pub(crate) fn draw(random: &mut Random) -> Self {
        // Without the feature the server would not know the variable.
        if cfg!(feature = "failpoints") && random.one_in(2) {
            let point = *random.pick(&["append.before", "commit.before", "commit.after"]);
            // A commit takes several operations, so appends are reached more often.
            let hit = 1 + random.below(if point == "append.before" { 300 } else { 100 });
            return Self::Failpoint(format!("{point}@{hit}"));
        }
        Self::Signal(Duration::from_millis(30 + random.below(350)))
    }
}

/// How a server has died.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ended {
    /// By itself, at its failpoint.
    AtCommit,
    Killed,
}

impl Ended {
    fn of(status: ExitStatus) -> Self {
        let aborted = Some(rustix::process::Signal::ABORT.as_raw());
        if status.signal() == aborted {
            Self::AtCommit
        } else {
            Self::Killed
        }
    }
}

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

pub(crate) struct Server {
    child: Child,
    ready_at: i64,
    pub(crate) url: String,
}

impl Server {
    /// Starts it and waits until it is ready. Err: it died before, at its failpoint.
    pub(crate) async fn start(folder: &Path, death: Option<&Death>) -> Result<Self, Ended> {
        let (data, told) = (folder.join("data"), told_in(folder));
        std::fs::create_dir_all(&data).unwrap();
        let _ = std::fs::remove_file(&told);
        let mut server = Self {
            child: spawn(folder, &data, death),
            ready_at: 0,
            url: String::new(),
        };
        let started = Instant::now();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        loop {
            assert!(started.elapsed() < PATIENCE, "the server is not ready after 30 s");
            if let Some(status) = server.child.try_wait().unwrap() {
                let ended = Ended::of(status);
                let meant = matches!(death, Some(Death::Failpoint(_))) && ended == Ended::AtCommit;
                assert!(meant, "the server ended by itself ({status}); see server.log");
                return Err(ended);
            }
            if let Some(url) = read_url(&told)
                && client
                    .get(format!("{url}/ready"))
                    .send()
                    .await
                    .is_ok_and(|answer| answer.status() == 200)
            {
                server.url = url;
                server.ready_at = now();
                return Ok(server);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Brings it to its end: nothing is flushed, nobody is told.
    pub(crate) async fn die(mut self, death: &Death) -> (Ended, Up) {
        match death {
            Death::Signal(after) => tokio::time::sleep(*after).await,
            Death::Failpoint(_) => {
                let started = Instant::now();
                while started.elapsed() < Duration::from_secs(2) && self.child.try_wait().unwrap().is_none() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        }
        let _ = self.child.kill();
        let up = self.up();
        let status = self.child.wait().unwrap();
        assert!(
            status.code().is_none(),
            "the server ended by itself: {status}; see server.log"
        );
        (Ended::of(status), up)
    }

    /// From when it was ready until now.
    pub(crate) fn up(&self) -> Up {
        Up {
            from: self.ready_at,
            to: now(),
        }
    }

    /// SIGTERM, and a clean end is expected.
    pub(crate) fn stop(mut self) {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(folder: &Path, data: &Path, death: Option<&Death>) -> Child {
    let log = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join("server.log"))
        .unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_seawall"));
    command
        .arg("serve")
        .env("DATA_DIR", data)
        .env("PORT", "0")
        .env("ADMIN_API_KEY", ADMIN_KEY)
        .env("LOG_LEVEL", "warn")
        .env("HTTP_STEP_ALLOW_PRIVATE", "true")
        .env("COMMAND_STEPS", "true")
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log);
    if let Some(Death::Failpoint(place)) = death {
        command.env("SEAWALL_FAILPOINT", place);
    }
    command.spawn().unwrap()
}

/// `seawall verify` on the folder of a server that has stopped: it finds nothing.
pub(crate) fn verify(folder: &Path) {
    let done = Command::new(env!("CARGO_BIN_EXE_seawall"))
        .args(["verify", "--json"])
        .env("DATA_DIR", folder.join("data"))
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "`seawall verify` found something: {text}");
    let found: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&found["clean"], &found["findings"]),
        (&Value::Bool(true), &Value::Array(Vec::new()))
    );
}

/// Where the server says how it is reached.
pub(crate) fn told_in(folder: &Path) -> PathBuf {
    folder.join("data").join("server.json")
}

fn read_url(told: &Path) -> Option<String> {
    let value: Value = serde_json::from_str(&std::fs::read_to_string(told).ok()?).ok()?;
    Some(value["url"].as_str()?.trim_end_matches('/').to_owned())
}
