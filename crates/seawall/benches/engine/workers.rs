//! Flows of ten task steps, each claimed and completed over HTTP by one worker: this process.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail, ensure};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::client::Client;
use crate::flows::apply;
use crate::server::Server;
use crate::stats::Sample;

const STEPS: usize = 10;
/// Flows at once, so that tasks are always there.
const FLOWS_SINGLE: usize = 64;
const FLOWS_BATCHED: usize = 400;
/// The worker's connections.
const SINGLE: usize = 24;
const BATCHED: usize = 4;
/// Flows each second at half load: half of what is needed one by one.
const HALF_LOAD: u32 = 100;
/// Runs whose journals are read to see when their tasks were offered.
const SAMPLED: usize = 200;

/// What both sides of the measurement share.
#[derive(Default)]
struct Load {
    stopped: AtomicBool,
    completed: AtomicUsize,
    /// When the answer with a task had come, in milliseconds since 1970.
    claimed: Mutex<HashMap<String, f64>>,
    runs: Mutex<Vec<String>>,
}

#[derive(Deserialize)]
struct Claimed {
    items: Vec<Task>,
}

#[derive(Deserialize)]
struct Task {
    id: String,
    lease: String,
}

#[derive(Serialize)]
struct Done {
    id: String,
    lease: String,
    output: u32,
}

pub(crate) async fn measure(folder: &Path, seconds: f64) -> anyhow::Result<Value> {
    let server = Server::start(&folder.join("workers")).await?;
    apply(&mut Client::connect(&server.host).await?, &flow()).await?;
    let single = steps_per_second(&server, seconds, false).await?;
    let batched = steps_per_second(&server, seconds, true).await?;
    let waits = ready_to_claimed(&server, seconds).await?;
    server.stop()?;
    let (p50, p99) = (waits.quantile_ms(0.5), waits.quantile_ms(0.99));
    Ok(json!({
        "one_by_one": { "steps_per_second": single.round(), "needed": 2000, "reached": single >= 2000.0 },
        "batched": { "steps_per_second": batched.round(), "needed": 4500, "reached": batched >= 4500.0 },
        "ready_to_claimed_at_half_load": { "waits": waits.to_json(), "needed_p50_ms": 3, "needed_p99_ms": 15,
            "reached": p50 < 3.0 && p99 < 15.0 },
    }))
}

/// One figure's load, for a profiler.
pub(crate) async fn profile(folder: &Path, seconds: f64, batched: bool) -> anyhow::Result<()> {
    let server = Server::start(&folder.join("profile")).await?;
    apply(&mut Client::connect(&server.host).await?, &flow()).await?;
    steps_per_second(&server, seconds, batched).await?;
    server.stop()
}

fn flow() -> Value {
    let steps: Vec<Value> = (0..STEPS)
        .map(|step| {
            let before = step.checked_sub(1).map(|before| format!("s{before}"));
            json!({ "id": format!("s{step}"), "kind": "task", "needs": before.into_iter().collect::<Vec<_>>(),
                "with": { "queue": "bench", "payload": { "step": step, "seed": "{{ input.seed }}" } } })
        })
        .collect();
    json!({ "name": "tasks", "steps": steps, "output": "{{ steps.s9.output }}" })
}

async fn steps_per_second(server: &Server, seconds: f64, batched: bool) -> anyhow::Result<f64> {
    let load = Arc::new(Load::default());
    let flows = if batched { FLOWS_BATCHED } else { FLOWS_SINGLE };
    let mut all = workers(server, &load, batched);
    all.extend((0..flows).map(|_| tokio::spawn(create(server.host.clone(), Arc::clone(&load), None))));
    // The first second fills the queue.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (started, before, cpu) = (Instant::now(), load.completed.load(Ordering::Relaxed), server.cpu()?);
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    let (done, elapsed) = (load.completed.load(Ordering::Relaxed) - before, started.elapsed());
    let cpu = (server.cpu()? - cpu).as_secs_f64() / elapsed.as_secs_f64();
    let rate = done as f64 / elapsed.as_secs_f64();
    let how = if batched { "batched" } else { "one by one" };
    eprintln!("tasks {how}: {rate:.0} steps/s, the server used {cpu:.2} cores");
    finish(&load, all).await?;
    Ok(rate)
}

/// From the offer in the journal to the task in the hands of a worker that waited for it.
async fn ready_to_claimed(server: &Server, seconds: f64) -> anyhow::Result<Sample> {
    let load = Arc::new(Load::default());
    let mut all = workers(server, &load, false);
    let pace = Duration::from_secs(FLOWS_SINGLE as u64) / HALF_LOAD;
    all.extend((0..FLOWS_SINGLE).map(|_| tokio::spawn(create(server.host.clone(), Arc::clone(&load), Some(pace)))));
    let started = Instant::now();
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    finish(&load, all).await?;
    let elapsed = started.elapsed();
    let mut client = Client::connect(&server.host).await?;
    let (runs, claimed) = (load.runs.lock().clone(), std::mem::take(&mut *load.claimed.lock()));
    let mut waits = Vec::new();
    for run in runs.iter().rev().take(SAMPLED) {
        let journal = client.get(&format!("/api/v1/runs/{run}/journal?limit=200")).await?;
        let journal: Value = serde_json::from_slice(&journal.body)?;
        for item in journal["items"].as_array().context("no journal")? {
            let task = item["data"]["task_id"].as_str().unwrap_or_default();
            if item["type"] == "task.offered"
                && let Some(claimed) = claimed.get(task)
            {
                let offered: jiff::Timestamp = item["at"].as_str().unwrap_or_default().parse()?;
                // The journal counts whole milliseconds, rounded down.
                let wait = claimed - offered.as_millisecond() as f64;
                waits.push(Duration::from_secs_f64(wait.max(0.0) / 1e3));
            }
        }
    }
    ensure!(!waits.is_empty(), "no task was seen");
    Ok(Sample::new(waits, elapsed))
}

async fn finish(load: &Load, all: Vec<JoinHandle<anyhow::Result<()>>>) -> anyhow::Result<()> {
    load.stopped.store(true, Ordering::Relaxed);
    for task in all {
        task.await??;
    }
    Ok(())
}

/// Creates one flow after another, each after the end of the one before; with `pace`, no sooner than that after its beginning.
async fn create(host: String, load: Arc<Load>, pace: Option<Duration>) -> anyhow::Result<()> {
    let mut client = Client::connect(&host).await?;
    let mut next = tokio::time::Instant::now() + pace.unwrap_or_default().mul_f64(rand_share());
    while !load.stopped.load(Ordering::Relaxed) {
        if let Some(pace) = pace {
            tokio::time::sleep_until(next).await;
            next += pace;
        }
        let answer = client
            .post(
                "/api/v1/workflows/tasks/runs",
                "prefer: wait=60\r\n",
                r#"{"input":{"seed":1}}"#,
            )
            .await?;
        if answer.status != 200 {
            bail!("{}: {}", answer.status, String::from_utf8_lossy(&answer.body));
        }
        if pace.is_some() {
            let run: Value = serde_json::from_slice(&answer.body)?;
            load.runs.lock().push(run["id"].as_str().unwrap_or_default().to_owned());
        }
    }
    Ok(())
}

/// Spreads the callers over their pace.
fn rand_share() -> f64 {
    use std::hash::{BuildHasher as _, Hasher as _};
    let random = std::collections::hash_map::RandomState::new().build_hasher().finish();
    (random >> 11) as f64 / (1u64 << 53) as f64
}

fn workers(server: &Server, load: &Arc<Load>, batched: bool) -> Vec<JoinHandle<anyhow::Result<()>>> {
    let connections = if batched { BATCHED } else { SINGLE };
    (0..connections)
        .map(|_| {
            let (host, load) = (server.host.clone(), Arc::clone(load));
            if batched {
                tokio::spawn(work_batched(host, load))
            } else {
                tokio::spawn(work(host, load))
            }
        })
        .collect()
}

async fn claim(client: &mut Client, body: &str) -> anyhow::Result<Vec<Task>> {
    // Short, so that the end is not long in coming.
    let answer = client
        .post("/api/v1/tasks/bench/claim", "prefer: wait=1\r\n", body)
        .await?;
    if answer.status != 200 {
        bail!("{}: {}", answer.status, String::from_utf8_lossy(&answer.body));
    }
    Ok(serde_json::from_slice::<Claimed>(&answer.body)?.items)
}

/// One task at a time: claimed, completed.
async fn work(host: String, load: Arc<Load>) -> anyhow::Result<()> {
    let mut client = Client::connect(&host).await?;
    loop {
        let tasks = claim(&mut client, r#"{"worker":"bench"}"#).await?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64() * 1e3;
        // Callers end when their flows have: nothing may be left behind.
        if tasks.is_empty() && load.stopped.load(Ordering::Relaxed) {
            return Ok(());
        }
        for task in tasks {
            let body = format!(r#"{{"lease":"{}","output":1}}"#, task.lease);
            let path = format!("/api/v1/tasks/{}/complete", task.id);
            let answer = client.post(&path, "", &body).await?;
            ensure!(answer.status == 202, "{}", String::from_utf8_lossy(&answer.body));
            load.completed.fetch_add(1, Ordering::Relaxed);
            load.claimed.lock().insert(task.id, now);
        }
    }
}

/// Each request hands back what the one before gave, and takes what is next.
async fn work_batched(host: String, load: Arc<Load>) -> anyhow::Result<()> {
    let mut client = Client::connect(&host).await?;
    let mut done: Vec<Done> = Vec::new();
    loop {
        let body = json!({ "worker": "bench", "max": 100, "complete": &done }).to_string();
        let count = done.len();
        let tasks = claim(&mut client, &body).await?;
        load.completed.fetch_add(count, Ordering::Relaxed);
        if tasks.is_empty() && load.stopped.load(Ordering::Relaxed) {
            return Ok(());
        }
        done = tasks
            .into_iter()
            .map(|Task { id, lease }| Done { id, lease, output: 1 })
            .collect();
    }
}
