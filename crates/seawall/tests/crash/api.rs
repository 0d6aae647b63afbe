//! The server's API, as a client that may lose its answer at any moment.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// With what every server of the test begins.
pub(crate) const ADMIN_KEY: &str = "the-admin-key-of-the-crash-test";

fn client() -> reqwest::Client {
    let mut headers = reqwest::header::HeaderMap::new();
    headers.insert("x-api-key", reqwest::header::HeaderValue::from_static(ADMIN_KEY));
    let builder = reqwest::Client::builder().no_proxy().default_headers(headers);
    builder.build().unwrap()
}

#[derive(Clone)]
pub(crate) struct Api {
    url: String,
    client: reqwest::Client,
}

impl Api {
    pub(crate) fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            client: client(),
        }
    }

    /// The status and the body; None: no (whole) answer came.
    pub(crate) async fn post(&self, path: &str, key: Option<&str>, body: &Value) -> Option<(u16, Value)> {
        let mut request = self.client.post(format!("{}{path}", self.url)).json(body);
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        let text = answer.text().await.ok()?;
        Some((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) {
        let request = self.client.put(format!("{}{path}", self.url)).json(body);
        assert_eq!(request.send().await.unwrap().status(), 200, "PUT {path}");
    }

    /// None: no (whole) answer came.
    pub(crate) async fn try_get(&self, path: &str) -> Option<Value> {
        let answer = self.client.get(format!("{}{path}", self.url)).send().await.ok()?;
        if answer.status() == 503 {
            return None;
        }
        assert_eq!(answer.status(), 200, "GET {path}");
        answer.json().await.ok()
    }

    pub(crate) async fn try_run(&self, run: &str) -> Option<Value> {
        self.try_get(&format!("/api/v1/runs/{run}")).await
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.client.get(format!("{}{path}", self.url)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "GET {path}");
        answer.json().await.unwrap()
    }

    pub(crate) async fn run(&self, run: &str) -> Value {
        self.get(&format!("/api/v1/runs/{run}")).await
    }

    /// All events of a run.
    pub(crate) async fn journal(&self, run: &str) -> Vec<Value> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let mut page = self.get(&format!("/api/v1/runs/{run}/journal?limit=200{cursor}")).await;
            items.append(page["items"].as_array_mut().unwrap());
            let Some(next) = page["next_cursor"].as_str() else {
                return items;
            };
            cursor = format!("&cursor={next}");
        }
    }

    pub(crate) async fn last_seq(&self, run: &str) -> u64 {
        self.journal(run)
            .await
            .last()
            .map_or(0, |item| item["seq"].as_u64().unwrap())
    }

    pub(crate) async fn delete(&self, path: &str) -> u16 {
        let answer = self.client.delete(format!("{}{path}", self.url)).send().await.unwrap();
        answer.status().as_u16()
    }

    /// All runs there are, by id.
    pub(crate) async fn all_runs(&self) -> Vec<String> {
        let (mut runs, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("/api/v1/runs?limit=200{cursor}")).await;
            let items = page["items"].as_array().unwrap().iter();
            runs.extend(items.map(|item| item["id"].as_str().unwrap().to_owned()));
            let Some(next) = page["next_cursor"].as_str() else {
                return runs;
            };
            cursor = format!("&cursor={next}");
        }
    }

    /// How long it takes until the last run that was in flight has gone on. Runs whose holders have died three times in a
    /// row are tried later, one at a time, and random programs wait for workers: neither is looked at.
    pub(crate) async fn goes_on(&self, within: Duration) -> Duration {
        let started = Instant::now();
        let mut waiting = self.in_flight().await;
        while !waiting.is_empty() {
            assert!(started.elapsed() < within, "these have not gone on: {waiting:?}");
            let mut still = Vec::new();
            for (run, seq) in waiting {
                let now = self.run(&run).await;
                if now["status"] == "running" && self.last_seq(&run).await == seq && !self.is_suspect(&run).await {
                    still.push((run, seq));
                }
            }
            waiting = still;
        }
        started.elapsed()
    }

    async fn is_suspect(&self, run: &str) -> bool {
        let why = self.get(&format!("/api/v1/runs/{run}/why")).await;
        why["reasons"]
            .as_array()
            .unwrap()
            .iter()
            .any(|reason| reason["kind"] == "unclaimed")
    }

    /// The runs that are running now, with their last event.
    async fn in_flight(&self) -> Vec<(String, u64)> {
        let list = self.get("/api/v1/runs?status=running&limit=100").await;
        let mut runs = Vec::new();
        for item in list["items"].as_array().unwrap() {
            if item["workflow"]["name"] == "random" {
                continue;
            }
            let run = item["id"].as_str().unwrap().to_owned();
            let seq = self.last_seq(&run).await;
            runs.push((run, seq));
        }
        runs
    }

    /// Settles an unknown outcome. Another look at `why` may have come too late.
    pub(crate) async fn resolve(&self, run: &str, activity: &str, outcome: &str) {
        let path = format!("/api/v1/runs/{run}/steps/{activity}/resolve");
        let mut body = json!({ "outcome": outcome });
        if outcome == "failed" {
            body["message"] = json!("the crash test decides");
        }
        let answer = self.post(&path, None, &body).await;
        assert!(matches!(answer, Some((202 | 409, _))), "{path}: {answer:?}");
    }
}
