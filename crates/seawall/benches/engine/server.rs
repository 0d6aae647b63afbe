//! The server under measurement: the release binary, with a data folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::client::{ADMIN_KEY, Client};

pub(crate) struct Server {
    child: Child,
    data: PathBuf,
    /// `127.0.0.1:PORT`.
    pub(crate) host: String,
    /// From the start of the process to the first 200 of `/ready`.
    pub(crate) ready_after: Duration,
}

impl Server {
    pub(crate) async fn start(data: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(data)?;
        let told = data.join("server.json");
        let _ = std::fs::remove_file(&told);
        let started = Instant::now();
        let child = Command::new(env!("CARGO_BIN_EXE_seawall"))
            .arg("serve")
            .env("DATA_DIR", data)
            .env("PORT", "0")
            .env("ADMIN_API_KEY", ADMIN_KEY)
            .env("LOG_LEVEL", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()?;
        let mut server = Self {
            child,
            data: data.to_owned(),
            host: String::new(),
            ready_after: Duration::ZERO,
        };
        loop {
            if started.elapsed() > Duration::from_secs(60) {
                bail!("the server is not ready after a minute");
            }
            if let Some(host) = read_host(&told)
                && let Ok(mut client) = Client::connect(&host).await
                && client.get("/ready").await?.status == 200
            {
                server.host = host;
                server.ready_after = started.elapsed();
                return Ok(server);
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Resident memory in MiB.
    pub(crate) fn rss_mib(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .context("no VmRSS")?;
        let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kib / 1024.0)
    }

    /// Bytes that the process has given to the disk so far.
    pub(crate) fn written(&self) -> anyhow::Result<u64> {
        let io = std::fs::read_to_string(format!("/proc/{}/io", self.child.id()))?;
        let line = io
            .lines()
            .find_map(|line| line.strip_prefix("write_bytes:"))
            .context("no write_bytes")?;
        Ok(line.trim().parse()?)
    }

    /// Processor time used so far, user and system.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let after_name = stat.rsplit_once(')').context("no name")?.1;
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        let ticks: u64 = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
        // USER_HZ is 100 on every Linux this runs on.
        Ok(Duration::from_millis(ticks * 10))
    }

    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.child.id())?).context("no pid")?;
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        let status = self.child.wait()?;
        if !status.success() {
            bail!("the server ended with {status}");
        }
        Ok(())
    }

    /// SIGKILL: nothing is flushed, nobody is told.
    pub(crate) fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    pub(crate) fn data(&self) -> &Path {
        &self.data
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_host(told: &Path) -> Option<String> {
    let text = std::fs::read_to_string(told).ok()?;
    let value: Value = serde_json::from_str(&text).ok()?;
    Some(
        value["url"]
            .as_str()?
            .trim_start_matches("http://")
            .trim_end_matches('/')
            .to_owned(),
    )
}
