//! A server with nothing to do: how soon it is ready, what it holds, what it writes.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::server::Server;
use crate::stats::round;

pub(crate) async fn measure(folder: &Path) -> anyhow::Result<Value> {
    let data = folder.join("idle");
    // The first start makes the file; the second one is what a restart is like.
    Server::start(&data).await?.stop()?;
    let server = Server::start(&data).await?;
    let ready_ms = server.ready_after.as_secs_f64() * 1e3;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (written, cpu) = (server.written()?, server.cpu()?);
    tokio::time::sleep(Duration::from_secs(15)).await;
    let written = server.written()? - written;
    let cpu_ms = (server.cpu()? - cpu).as_millis();
    let rss = server.rss_mib()?;
    server.stop()?;
    Ok(json!({
        "ready_ms": round(ready_ms), "rss_mib": round(rss), "written_bytes_in_15_s": written, "cpu_ms_in_15_s": cpu_ms,
        "reached": ready_ms < 150.0 && rss < 40.0 && written == 0,
    }))
}
