//! What lies in the file already: a million finished runs against none, and a start with many unfinished ones.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use crate::client::Client;
use crate::flows::{apply, chain, load};
use crate::server::Server;
use crate::stats::round;

const CALLERS: usize = 64;
/// Each server is under load so often, in turns: a noisy moment of the machine meets both.
const ROUNDS: usize = 3;
/// After a start, until it is ready and all runs have gone on: here even to their ends.
const NEEDED: Duration = Duration::from_secs(5);

/// The rate with `finished` runs in the file, as a share of the rate with none.
pub(crate) async fn measure(folder: &Path, finished: usize, seconds: f64) -> anyhow::Result<Value> {
    let empty = Server::start(&folder.join("history-none")).await?;
    let full = Server::start(&folder.join("history")).await?;
    for server in [&empty, &full] {
        let mut admin = Client::connect(&server.host).await?;
        apply(&mut admin, &chain("idempotent", "idempotent")).await?;
        apply(&mut admin, &one_step()).await?;
    }
    let filling = Instant::now();
    create(&full, "one", finished, "{}").await?;
    let filled = filling.elapsed();
    // The first loads meet what the filling left behind: a long WAL, pages that the system still writes.
    for server in [&empty, &full] {
        load(server, "idempotent", CALLERS, seconds).await?;
    }
    let (mut none, mut many) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        none.push(load(&empty, "idempotent", CALLERS, seconds).await?.rate());
        many.push(load(&full, "idempotent", CALLERS, seconds).await?.rate());
    }
    let ratio = many.iter().sum::<f64>() / none.iter().sum::<f64>();
    let rounded = |rates: &[f64]| rates.iter().map(|rate| rate.round()).collect::<Vec<_>>();
    empty.stop()?;
    full.stop()?;
    Ok(json!({
        "finished_runs": finished, "created_per_second": (finished as f64 / filled.as_secs_f64()).round(),
        "flows_per_second_with_none": rounded(&none), "flows_per_second_with_all": rounded(&many),
        "ratio": round(ratio), "needed": 0.9, "reached": ratio >= 0.9,
    }))
}

/// A server that died with `runs` unfinished runs, all of them due when it comes back.
pub(crate) async fn restart(folder: &Path, runs: usize) -> anyhow::Result<Value> {
    let data = folder.join("restart");
    let server = Server::start(&data).await?;
    let mut admin = Client::connect(&server.host).await?;
    apply(&mut admin, &nap()).await?;
    // Far enough away that all of them sleep when the server dies.
    let wake = now_ms()? + 20_000 + runs as u64 / 4;
    let until = jiff::Timestamp::from_millisecond(i64::try_from(wake)?)?;
    create(&server, "nap", runs, &json!({ "until": until.to_string() }).to_string()).await?;
    ensure!(now_ms()? < wake, "the runs woke up before all of them were made");
    server.kill()?;
    while now_ms()? <= wake {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let started = Instant::now();
    let server = Server::start(&data).await?;
    let ready = server.ready_after;
    let mut client = Client::connect(&server.host).await?;
    while count(&mut client, "waiting").await? + count(&mut client, "running").await? > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let gone_on = started.elapsed();
    server.stop()?;
    Ok(json!({
        "unfinished_runs": runs, "ready_ms": round(ready.as_secs_f64() * 1e3),
        "all_ended_ms": round(gone_on.as_secs_f64() * 1e3), "needed_ms": NEEDED.as_millis(), "reached": gone_on < NEEDED,
    }))
}

fn one_step() -> Value {
    json!({ "name": "one", "steps": [{ "id": "only", "kind": "transform", "with": { "value": 1 } }] })
}

fn nap() -> Value {
    json!({ "name": "nap", "steps": [
        { "id": "nap", "kind": "sleep", "with": { "until": "{{ input.until }}" } },
        { "id": "after", "kind": "transform", "needs": ["nap"], "with": { "value": 1 } }
    ] })
}

fn now_ms() -> anyhow::Result<u64> {
    Ok(u64::try_from(
        SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis(),
    )?)
}

/// One, if there is a run of that status.
async fn count(client: &mut Client, status: &str) -> anyhow::Result<usize> {
    let answer = client.get(&format!("/api/v1/runs?status={status}&limit=1")).await?;
    let list: Value = serde_json::from_slice(&answer.body)?;
    Ok(list["items"].as_array().context("a list")?.len())
}

/// Makes so many runs, as fast as the server takes them.
pub(crate) async fn create(server: &Server, workflow: &str, runs: usize, input: &str) -> anyhow::Result<()> {
    let tasks: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let (host, path) = (server.host.clone(), format!("/api/v1/workflows/{workflow}/runs"));
            let share = runs / CALLERS + usize::from(caller < runs % CALLERS);
            let body = format!(r#"{{"input":{input}}}"#);
            tokio::spawn(async move {
                let mut client = Client::connect(&host).await?;
                for _ in 0..share {
                    let answer = client.post(&path, "", &body).await?;
                    ensure!(
                        answer.status == 202,
                        "{}: {}",
                        answer.status,
                        String::from_utf8_lossy(&answer.body)
                    );
                }
                Ok(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(())
}
