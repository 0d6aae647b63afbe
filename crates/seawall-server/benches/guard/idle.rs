//! What connections cost that nobody uses: the memory of this process, whose whole server is real, before and while another
//! process holds them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::Stdio;

use anyhow::{Context as _, ensure};
use clap::ValueEnum;
use seawall_server::{AppState, Config, Server};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

use crate::caller::Caller;
use crate::service;

/// What is asked for once on each connection that is not silent.
const REQUEST: &str = "GET /health HTTP/1.1\r\nhost: localhost\r\nuser-agent: bench\r\n\r\n";

/// How connections are idle.
#[derive(Clone, Copy, ValueEnum, Debug)]
pub(crate) enum Kind {
    /// Nothing was sent yet.
    Silent,
    /// One request was answered.
    Kept,
}

/// How much memory so many connections take, of each kind.
pub(crate) async fn measure(connections: usize) -> anyhow::Result<Value> {
    let variables = BTreeMap::from([("PORT".to_owned(), "0".to_owned())]);
    let config = Config::from_map(&variables)?;
    let server = Server::bind(&config).await?;
    let (address, stop) = (server.address(), CancellationToken::new());
    let state: AppState = service::state(config);
    let running = tokio::spawn(server.run(state, stop.clone()));
    // What the first request of all sets up is no cost of connections.
    Caller::connect(address, REQUEST).await?.call().await?;
    let mut report = serde_json::Map::new();
    // Once: what the first kind leaves to the allocator would hide what the second takes.
    let before = resident_bytes()?;
    for (name, kind) in [("silent", Kind::Silent), ("kept", Kind::Kept)] {
        let mut holder = Holder::start(address, kind, connections).await?;
        let more = resident_bytes()?.saturating_sub(before);
        holder.release(connections).await?;
        let each = more / u64::try_from(connections.max(1))?;
        report.insert(name.to_owned(), json!({ "bytes": more, "bytes_each": each }));
    }
    report.insert("connections".to_owned(), json!(connections));
    stop.cancel();
    running.await?;
    Ok(Value::Object(report))
}

/// The process that holds the other ends: its memory is none of the server's, and its files count against a limit of its own.
struct Holder {
    child: Child,
    lines: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
}

impl Holder {
    /// Returns when all connections are there.
    async fn start(address: SocketAddr, kind: Kind, connections: usize) -> anyhow::Result<Self> {
        let kind = kind.to_possible_value().context("each kind has a name")?;
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--hold", &address.to_string(), "--kind", kind.get_name()])
            .args(["--idle", &connections.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = child.stdout.take().context("it is piped")?;
        let mut lines = BufReader::new(output).lines();
        ensure!(
            lines.next_line().await?.as_deref() == Some("held"),
            "the connections could not be made"
        );
        Ok(Self { child, lines })
    }

    /// Lets go of them, after a look whether the server had not done so before.
    async fn release(&mut self, connections: usize) -> anyhow::Result<()> {
        self.child.stdin.take().context("it is piped")?.shutdown().await?;
        let open = self.lines.next_line().await?.context("the holder is gone")?;
        ensure!(
            open == connections.to_string(),
            "only {open} of {connections} connections were still open"
        );
        self.child.wait().await?;
        Ok(())
    }
}

/// The other process: makes connections, says `held`, waits for the end of its input, says how many are still open.
pub(crate) async fn hold(address: SocketAddr, kind: Kind, connections: usize) -> anyhow::Result<()> {
    raise_open_files()?;
    let mut callers = Vec::with_capacity(connections);
    for _ in 0..connections {
        let mut caller = Caller::connect(address, REQUEST).await?;
        if matches!(kind, Kind::Kept) {
            caller.call().await?;
        }
        callers.push(caller);
    }
    println!("held");
    let mut rest = String::new();
    BufReader::new(tokio::io::stdin()).read_line(&mut rest).await?;
    println!("{}", callers.iter().filter(|caller| caller.is_open()).count());
    Ok(())
}

fn raise_open_files() -> anyhow::Result<()> {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).context("raise the limit of open files")
}

fn resident_bytes() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kib: u64 = kib.context("Linux says how much memory is resident")?.trim().parse()?;
    Ok(kib * 1024)
}
