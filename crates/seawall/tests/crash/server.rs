//! The server process that is killed.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
}

impl Server {
    /// Starts it and waits until it is ready.
    pub(crate) async fn start(folder: &Path) -> Self {
        let data = folder.join("data");
        std::fs::create_dir_all(&data).unwrap();
        let told = data.join("server.json");
        let _ = std::fs::remove_file(&told);
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(folder.join("server.log"))
            .unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_seawall"))
            .arg("serve")
            .env("DATA_DIR", &data)
            .env("PORT", "0")
            .env("LOG_LEVEL", "warn")
            .env("HTTP_STEP_ALLOW_PRIVATE", "true")
            .env("COMMAND_STEPS", "true")
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut server = Self {
            child,
            url: String::new(),
        };
        let started = Instant::now();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        loop {
            assert!(
                started.elapsed() < Duration::from_secs(30),
                "the server is not ready after 30 s"
            );
            assert!(
                server.child.try_wait().unwrap().is_none(),
                "the server ended by itself; see server.log"
            );
            if let Some(url) = read_url(&told)
                && client
                    .get(format!("{url}/ready"))
                    .send()
                    .await
                    .is_ok_and(|answer| answer.status() == 200)
            {
                server.url = url;
                return server;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// SIGKILL: nothing is flushed, nobody is told.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
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

fn read_url(told: &Path) -> Option<String> {
    let value: Value = serde_json::from_str(&std::fs::read_to_string(told).ok()?).ok()?;
    Some(value["url"].as_str()?.trim_end_matches('/').to_owned())
}
