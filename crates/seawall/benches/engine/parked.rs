//! Sleeping runs: what a restarted server holds in memory for each.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::Client;
use crate::flows::apply;
use crate::history::create;
use crate::server::Server;
use crate::stats::round;

pub(crate) async fn measure(folder: &Path, runs: usize) -> anyhow::Result<Value> {
    let data = folder.join("parked");
    let server = Server::start(&data).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let idle = server.rss_mib()?;
    let mut admin = Client::connect(&server.host).await?;
    apply(
        &mut admin,
        &json!({ "name": "sleeper", "steps": [{ "id": "nap", "kind": "sleep", "with": { "for": "1d" } }] }),
    )
    .await?;
    let started = Instant::now();
    create(&server, "sleeper", runs, "{}").await?;
    let created = runs as f64 / started.elapsed().as_secs_f64();
    let data = server.data().to_owned();
    server.stop()?;
    let server = Server::start(&data).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let rss = server.rss_mib()?;
    let ready_ms = server.ready_after.as_secs_f64() * 1e3;
    server.stop()?;
    Ok(json!({
        "runs": runs, "created_per_second": created.round(), "idle_rss_mib": round(idle), "rss_after_restart_mib": round(rss),
        "above_idle_mib": round(rss - idle), "ready_after_restart_ms": round(ready_ms), "reached": rss - idle < 50.0,
    }))
}
