//! A worker for `examples/workers.yaml` in Rust: counts files and writes lines, many tasks at once.
//!
//!     cargo run -p seawall --example worker -- [--server http://127.0.0.1:8000] [--name NAME] [--parallel 8]
//!
//! One claim asks for as many tasks as there is room for. Each task has a task of its own that keeps its lease; a worker that
//! was told to stop (SIGTERM, Ctrl-C) claims nothing more and finishes what it has.

#![expect(clippy::print_stderr, reason = "a program that tells what it does")]

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::io::{BufRead as _, BufReader, Write as _};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use clap::Parser;
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const LEASE: Duration = Duration::from_secs(30);
/// A claim waits so long on the server, and a stop for that long on a claim: one that is cut off may have taken tasks.
const WAIT_SECONDS: u64 = 5;
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
const QUEUES: [&str; 2] = ["files.words", "ledger"];

#[derive(Parser)]
struct Args {
    #[arg(long, env = "SEAWALL_SERVER", default_value = "http://127.0.0.1:8000")]
    server: String,
    /// An API key with the scope tasks:work. From the environment: a command line can be read by everybody.
    #[arg(long, env = "SEAWALL_API_KEY", hide = true)]
    key: Option<String>,
    #[arg(long, default_value_t = format!("rust-{}", std::process::id()))]
    name: String,
    /// Tasks of one queue at once.
    #[arg(long, default_value_t = 8)]
    parallel: u32,
}

#[derive(Deserialize)]
struct Claimed {
    items: Vec<Task>,
}

#[derive(Deserialize)]
struct Task {
    id: String,
    queue: String,
    lease: String,
    attempt: u32,
    payload: Value,
}

struct Server {
    http: reqwest::Client,
    url: String,
    key: Option<String>,
    name: String,
}

impl Server {
    async fn post(&self, path: &str, body: &Value, wait: u64) -> anyhow::Result<(StatusCode, Value)> {
        let request = self.http.post(format!("{}/api/v1/tasks/{path}", self.url)).json(body);
        let mut request = request.timeout(Duration::from_secs(wait + 30));
        if let Some(key) = &self.key {
            request = request.bearer_auth(key);
        }
        let answer = request.header("prefer", format!("wait={wait}")).send().await;
        let answer = answer.map_err(|error| {
            let reason = anyhow::Error::from(error);
            let (url, reason) = (&self.url, reason.root_cause());
            anyhow!("no answer from {url} ({reason}); is `seawall serve` running there?")
        })?;
        let status = answer.status();
        Ok((status, answer.json().await?))
    }

    async fn claim(&self, queue: &str, max: usize) -> anyhow::Result<Vec<Task>> {
        let wanted = json!({"max": max.min(100), "worker": self.name, "lease_for": "30s"});
        let (status, answer) = self.post(&format!("{queue}/claim"), &wanted, WAIT_SECONDS).await?;
        if !status.is_success() {
            bail!("{status}: {}", answer["detail"]);
        }
        Ok(serde_json::from_value::<Claimed>(answer)?.items)
    }

    /// Says it until it is answered: a repetition that comes too late is a 409.
    async fn say(&self, task: &Task, verb: &str, mut body: Value) {
        body["lease"] = json!(task.lease);
        let mut pauses = Pauses::default();
        loop {
            let why = match self.post(&format!("{}/{verb}", task.id), &body, 0).await {
                Ok((status, answer)) if !status.is_server_error() => {
                    let detail = answer["detail"].as_str().unwrap_or_default();
                    return eprintln!("{}: {verb}: {status} {detail}", task.id);
                }
                Ok((status, _)) => status.to_string(),
                Err(error) => format!("{error:#}"),
            };
            eprintln!("{}: {verb}: {why}; trying again", task.id);
            tokio::time::sleep(pauses.next()).await;
        }
    }

    /// Resolves when the task is not this worker's any more, or not needed.
    async fn keep(&self, task: &Task) {
        let beat = json!({"lease": task.lease});
        loop {
            tokio::time::sleep(LEASE / 3).await;
            match self.post(&format!("{}/heartbeat", task.id), &beat, 0).await {
                Ok((StatusCode::CONFLICT, _)) => return,
                Ok((_, answer)) if answer["cancelled"] == true => return,
                // The next one may get through; if none does, the lease ends.
                Ok(_) | Err(_) => {}
            }
        }
    }
}

/// Longer and longer, and never in step with other workers.
#[derive(Default)]
struct Pauses(u32);

impl Pauses {
    fn next(&mut self) -> Duration {
        let longest = Duration::from_millis(200)
            .saturating_mul(1 << self.0.min(10))
            .min(LONGEST_PAUSE);
        self.0 += 1;
        let random = RandomState::new().build_hasher().finish();
        longest.mul_f64((random >> 11) as f64 / (1u64 << 53) as f64)
    }
}

/// A failure with the code that workflows can retry on.
struct Failure {
    code: &'static str,
    message: String,
    retryable: bool,
}

fn do_it(queue: &str, payload: &Value) -> Result<Value, Failure> {
    let text = |field: &str| {
        payload[field].as_str().ok_or_else(|| Failure {
            code: "bad-payload",
            message: format!("the payload has no text {field:?}"),
            retryable: false,
        })
    };
    let path = text("path")?;
    let done = match queue {
        "files.words" => count_words(path),
        _ => append_line(path, text("line")?),
    };
    done.map_err(|error| Failure {
        code: match error.kind() {
            std::io::ErrorKind::NotFound => "file-not-found",
            _ => "file-error",
        },
        message: format!("{path}: {error}"),
        retryable: error.kind() != std::io::ErrorKind::NotFound,
    })
}

fn count_words(path: &str) -> std::io::Result<Value> {
    let mut file = BufReader::new(std::fs::File::open(path)?);
    let (mut lines, mut words, mut bytes) = (0u64, 0u64, 0u64);
    let mut line = Vec::new();
    while file.read_until(b'\n', &mut line)? > 0 {
        lines += u64::from(line.ends_with(b"\n"));
        bytes += line.len() as u64;
        let word = |part: &&[u8]| !part.is_empty();
        words += line.split(u8::is_ascii_whitespace).filter(word).count() as u64;
        line.clear();
    }
    Ok(json!({"path": path, "lines": lines, "words": words, "bytes": bytes}))
}

fn append_line(path: &str, line: &str) -> std::io::Result<Value> {
    let line = line.replace('\n', " ");
    let mut file = std::fs::File::options().append(true).create(true).open(path)?;
    writeln!(file, "{line}")?;
    file.sync_all()?;
    Ok(json!({"line": line}))
}

async fn work_on(server: Arc<Server>, task: Task) {
    eprintln!("{}: {}, attempt {}", task.id, task.queue, task.attempt);
    let (queue, payload) = (task.queue.clone(), task.payload.clone());
    let work = tokio::task::spawn_blocking(move || do_it(&queue, &payload));
    let done = tokio::select! {
        done = work => done,
        // What reads or writes files cannot be stopped half-way; its result is for nobody.
        () = server.keep(&task) => return eprintln!("{}: given up", task.id),
    };
    match done {
        Ok(Ok(output)) => server.say(&task, "complete", json!({"output": output})).await,
        Ok(Err(failure)) => {
            let Failure {
                code,
                message,
                retryable,
            } = failure;
            let body = json!({"code": code, "message": message, "retryable": retryable});
            server.say(&task, "fail", body).await;
        }
        Err(panic) => {
            let body = json!({"code": "worker-error", "message": panic.to_string(), "retryable": false});
            server.say(&task, "fail", body).await;
        }
    }
}

/// Claims as many as there is room for, until it is told to stop.
async fn work_for(server: Arc<Server>, queue: &'static str, parallel: u32, stop: CancellationToken) {
    let room = Arc::new(Semaphore::new(parallel as usize));
    let mut tasks = JoinSet::new();
    let mut pauses = Pauses::default();
    loop {
        let first = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            first = Arc::clone(&room).acquire_owned() => first,
        };
        let Ok(mut first) = first else { break };
        while let Ok(more) = Arc::clone(&room).try_acquire_owned() {
            first.merge(more);
        }
        match server.claim(queue, first.num_permits()).await {
            Ok(claimed) => {
                pauses = Pauses::default();
                for task in claimed {
                    let (server, place) = (Arc::clone(&server), first.split(1));
                    tasks.spawn(async move {
                        work_on(server, task).await;
                        drop(place);
                    });
                }
            }
            Err(error) => {
                let pause = pauses.next();
                eprintln!("{queue}: {error:#}; again in {pause:?}");
                tokio::time::sleep(pause).await;
            }
        }
        while tasks.try_join_next().is_some() {}
    }
    while tasks.join_next().await.is_some() {}
}

/// Resolves when the process is told to stop, also if that was before it is waited for.
fn stopped() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    // Before there is anything to finish.
    let stopped = stopped().context("no signals")?;
    let server = Arc::new(Server {
        http: reqwest::Client::builder().build().context("no HTTP client")?,
        url: args.server,
        key: args.key,
        name: args.name,
    });
    eprintln!("{} works for {}", server.name, server.url);
    let stop = CancellationToken::new();
    let mut queues = JoinSet::new();
    for queue in QUEUES {
        queues.spawn(work_for(Arc::clone(&server), queue, args.parallel, stop.clone()));
    }
    stopped.await;
    stop.cancel();
    while queues.join_next().await.is_some() {}
    Ok(())
}
