//! Flows over HTTP: created with `Prefer: wait`, answered when they have ended durably.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use serde_json::{Value, json};

use crate::client::Client;
use crate::raw::Raw;
use crate::server::Server;
use crate::stats::{Sample, round};

const STEPS: usize = 10;

/// Ten transforms in a row with the effect overridden.
pub(crate) fn chain(name: &str, effect: &str) -> Value {
    let steps: Vec<Value> = (0..STEPS)
        .map(|step| {
            let needs: Vec<String> = step
                .checked_sub(1)
                .map(|before| format!("s{before}"))
                .into_iter()
                .collect();
            json!({ "id": format!("s{step}"), "kind": "transform", "needs": needs, "effect": effect,
                "with": { "value": { "step": step, "seed": "{{ input.seed }}" } } })
        })
        .collect();
    json!({ "name": name, "steps": steps, "output": "{{ steps.s9.output.step }}" })
}

pub(crate) async fn measure(folder: &Path, seconds: f64, raw: &Raw) -> anyhow::Result<Value> {
    let server = Server::start(&folder.join("flows")).await?;
    let mut admin = Client::connect(&server.host).await?;
    for effect in ["idempotent", "read", "pure"] {
        apply(&mut admin, &chain(effect, effect)).await?;
    }
    let one = load(&server, "idempotent", 1, seconds).await?;
    let at_64 = load(&server, "idempotent", 64, seconds).await?;
    let at_256 = load(&server, "idempotent", 256, seconds).await?;
    let read = load(&server, "read", 64, seconds).await?;
    let pure = load(&server, "pure", 64, seconds).await?;
    // The server has closed the first connection: it was idle for longer than it allows.
    let appends = appends_per_flow(&mut Client::connect(&server.host).await?).await?;
    server.stop()?;
    let budget_ms = 12.0 * raw.single.quantile_ms(0.5) + 3.0;
    let needed = |raw: f64, share: f64, cap: f64| (raw * share).min(cap);
    let durable = |sample: &Sample, raw: f64, share: f64, cap: f64| {
        let appends = sample.rate() * appends as f64;
        json!({ "flows": sample.to_json(), "appends_per_second": appends.round(),
            "of_raw": round(appends / raw), "needed": needed(raw, share, cap).round(),
            "reached": appends >= needed(raw, share, cap) })
    };
    let light =
        |sample: &Sample| json!({ "flows": sample.to_json(), "needed": 2500, "reached": sample.rate() >= 2500.0 });
    Ok(json!({
        "appends_per_idempotent_flow": appends,
        "idempotent_1": { "flows": one.to_json(), "budget_p50_ms": round(budget_ms), "reached": one.quantile_ms(0.5) <= budget_ms },
        "idempotent_64": durable(&at_64, raw.at_64.rate(), 0.6, 15_000.0),
        "idempotent_256": durable(&at_256, raw.at_256.rate(), 0.45, 20_000.0),
        "read_64": light(&read),
        "pure_64": light(&pure),
    }))
}

/// One kind of flow under load, and nothing measured: something to look at with a profiler.
pub(crate) async fn profile(folder: &Path, effect: &str, seconds: f64) -> anyhow::Result<()> {
    let server = Server::start(&folder.join("profile")).await?;
    let mut admin = Client::connect(&server.host).await?;
    apply(&mut admin, &chain(effect, effect)).await?;
    load(&server, effect, 64, seconds).await?;
    server.stop()
}

/// One flow that fans out over forty light steps, again and again, one at a time.
pub(crate) async fn fan_out(folder: &Path) -> anyhow::Result<Value> {
    let server = Server::start(&folder.join("fan-out")).await?;
    let mut admin = Client::connect(&server.host).await?;
    let mut steps: Vec<Value> = vec![json!({ "id": "first", "kind": "transform", "with": { "value": 1 } })];
    steps.extend((0..40).map(|step| {
        json!({ "id": format!("s{step}"), "kind": "transform", "needs": ["first"], "effect": "idempotent", "with": { "value": step } })
    }));
    apply(&mut admin, &json!({ "name": "fan-out", "steps": steps })).await?;
    let map = json!({ "id": "all", "kind": "map", "with": { "over": "{{ input.items }}", "as": "item", "max_parallel": 40,
        "step": { "kind": "command", "effect": "read", "with": { "argv": ["true"] } } } });
    apply(&mut admin, &json!({ "name": "commands", "steps": [map] })).await?;
    let steps = repeat(&mut admin, "fan-out", &json!({ "input": {} }), 50).await?;
    let items: Vec<usize> = (0..40).collect();
    let commands = repeat(&mut admin, "commands", &json!({ "input": { "items": items } }), 20).await?;
    server.stop()?;
    Ok(json!({
        "idempotent_steps": { "flows": steps.to_json(), "needed_p50_ms": 60, "reached": steps.quantile_ms(0.5) < 60.0 },
        "commands": { "flows": commands.to_json() },
    }))
}

pub(crate) async fn apply(client: &mut Client, definition: &Value) -> anyhow::Result<()> {
    let answer = client.post("/api/v1/workflows", "", &definition.to_string()).await?;
    ensure!(
        answer.status == 201,
        "{}: {}",
        answer.status,
        String::from_utf8_lossy(&answer.body)
    );
    Ok(())
}

async fn repeat(client: &mut Client, workflow: &str, body: &Value, times: usize) -> anyhow::Result<Sample> {
    let (body, started) = (body.to_string(), Instant::now());
    let mut latencies = Vec::with_capacity(times);
    for _ in 0..times {
        latencies.push(flow(client, workflow, &body).await?);
    }
    Ok(Sample::new(latencies, started.elapsed()))
}

async fn flow(client: &mut Client, workflow: &str, body: &str) -> anyhow::Result<Duration> {
    let started = Instant::now();
    let path = format!("/api/v1/workflows/{workflow}/runs");
    let answer = client.post(&path, "prefer: wait=30\r\n", body).await?;
    if answer.status != 200 || !contains(&answer.body, br#""status":"succeeded""#) {
        bail!("{}: {}", answer.status, String::from_utf8_lossy(&answer.body));
    }
    Ok(started.elapsed())
}

fn contains(body: &[u8], what: &[u8]) -> bool {
    body.windows(what.len()).any(|window| window == what)
}

pub(crate) async fn load(server: &Server, workflow: &str, callers: usize, seconds: f64) -> anyhow::Result<Sample> {
    let mut warm = Client::connect(&server.host).await?;
    flow(&mut warm, workflow, r#"{"input":{"seed":0}}"#).await?;
    let (host, started) = (Arc::new(server.host.clone()), Instant::now());
    let cpu = server.cpu()?;
    let until = started + Duration::from_secs_f64(seconds);
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let (host, workflow) = (Arc::clone(&host), workflow.to_owned());
            tokio::spawn(async move {
                let mut client = Client::connect(&host).await?;
                let body = format!(r#"{{"input":{{"seed":{caller}}}}}"#);
                let mut latencies = Vec::new();
                while Instant::now() < until {
                    latencies.push(flow(&mut client, &workflow, &body).await?);
                }
                anyhow::Ok(latencies)
            })
        })
        .collect();
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await??);
    }
    let sample = Sample::new(latencies, started.elapsed());
    let cpu = (server.cpu()? - cpu).as_secs_f64() / sample.elapsed.as_secs_f64();
    eprintln!(
        "{workflow} x{callers}: {:.0} flows/s, the server used {cpu:.2} cores",
        sample.rate()
    );
    Ok(sample)
}

/// Durable appends of one idempotent flow, counted from its journal: each group of events with one predecessor commit.
/// A step's success and its successor's start are one append; so are the creation and the first start, and the last
/// success and the run's end.
async fn appends_per_flow(client: &mut Client) -> anyhow::Result<usize> {
    let answer = client
        .post(
            "/api/v1/workflows/idempotent/runs",
            "prefer: wait=30\r\n",
            r#"{"input":{"seed":0}}"#,
        )
        .await?;
    let run: Value = serde_json::from_slice(&answer.body)?;
    let journal = client
        .get(&format!(
            "/api/v1/runs/{}/journal?limit=200",
            run["id"].as_str().unwrap_or_default()
        ))
        .await?;
    let journal: Value = serde_json::from_slice(&journal.body)?;
    let starts = journal["items"].as_array().map_or(0, |items| {
        items.iter().filter(|item| item["type"] == "step.started").count()
    });
    ensure!(starts == STEPS, "a flow of {STEPS} steps started {starts}");
    Ok(starts + 1)
}
