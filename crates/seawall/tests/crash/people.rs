//! What people send to runs, and what they were told: signals, decisions, cancels, pauses, retries.

use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::api::Api;
use crate::random::Random;

/// A signal for a run: the same payload however often it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Signal {
    pub(crate) run: String,
    pub(crate) name: String,
    pub(crate) payload: u64,
    /// When it was sent for the first time: repeated, it is acknowledged as what was taken then.
    pub(crate) first: Option<i64>,
}

/// What a message to a run says.
#[derive(Clone, Debug)]
pub(crate) enum Said {
    Signal { id: String, payload: u64 },
    Decision { approval: String, decision: &'static str },
    Cancel,
    Pause,
    Retry,
}

/// A message that was acknowledged: it is durable, and its run will take it unless it ends before.
#[derive(Clone, Debug)]
pub(crate) struct Promise {
    pub(crate) run: String,
    pub(crate) said: Said,
    /// In milliseconds of the clock that the server has too.
    pub(crate) sent: i64,
    pub(crate) answered: i64,
}

#[derive(Default)]
pub(crate) struct People {
    unsent: Mutex<Vec<Signal>>,
    pub(crate) promises: Mutex<Vec<Promise>>,
    /// Runs of which somebody asked a retry and got no answer.
    pub(crate) perhaps_retried: Mutex<Vec<String>>,
}

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

impl People {
    pub(crate) fn owe(&self, signals: impl Iterator<Item = Signal>) {
        self.unsent.lock().extend(signals);
    }

    pub(crate) fn owes(&self) -> bool {
        !self.unsent.lock().is_empty()
    }

    fn promised(&self, run: &str, said: Said, sent: i64) {
        self.promises.lock().push(Promise {
            run: run.to_owned(),
            said,
            sent,
            answered: now(),
        });
    }

    /// Sends one of the signals that are owed, with an id of its own: repeated, it is taken once.
    pub(crate) async fn send_one(&self, api: &Api) -> bool {
        let signal = self.unsent.lock().pop();
        let Some(mut signal) = signal else { return true };
        let sent = *signal.first.get_or_insert_with(now);
        let Signal { run, name, payload, .. } = &signal;
        let id = format!("{name}-{payload}");
        let path = format!("/api/v1/runs/{run}/signals/{name}");
        match api.post(&path, None, &json!({ "id": id, "payload": payload })).await {
            Some((202, _)) => {
                let payload = *payload;
                self.promised(run, Said::Signal { id, payload }, sent);
                true
            }
            // The run has ended already; an earlier one, whose answer was lost, may have done that.
            Some((409, _)) => true,
            Some((503, _)) | None => {
                self.unsent.lock().push(signal);
                false
            }
            Some(other) => panic!("signal {run}: {other:?}"),
        }
    }

    /// Decides one of the newest approvals.
    pub(crate) async fn decide(&self, api: &Api, random: &mut Random) -> bool {
        let Some(list) = api.try_get("/api/v1/approvals?status=pending&limit=20").await else {
            return false;
        };
        let pending = list["items"].as_array().unwrap();
        if pending.is_empty() {
            return true;
        }
        let approval: &Value = random.pick(pending);
        let text = |name: &str| approval[name].as_str().unwrap().to_owned();
        let (decision, decided) = *random.pick(&[("approve", "approved"), ("reject", "rejected")]);
        let (path, sent) = (format!("/api/v1/approvals/{}", text("id")), now());
        match api.post(&path, None, &json!({ "decision": decision })).await {
            Some((200 | 202, _)) => {
                let said = Said::Decision {
                    approval: text("id"),
                    decision: decided,
                };
                self.promised(&text("run_id"), said, sent);
                true
            }
            Some((404 | 409 | 503, _)) => true,
            Some(other) => panic!("{path}: {other:?}"),
            None => false,
        }
    }

    /// Cancels, pauses, goes on with or retries a run that seems to be as that needs.
    pub(crate) async fn control(&self, api: &Api, random: &mut Random) -> bool {
        let (verb, status) = *random.pick(&[
            ("cancel", "waiting"),
            ("cancel", "queued"),
            ("pause", "waiting"),
            ("pause", "running"),
            ("resume", "paused"),
            ("retry", "failed"),
            ("retry", "cancelled"),
        ]);
        let path = format!("/api/v1/runs?status={status}&limit=50");
        let Some(list) = api.try_get(&path).await else {
            return false;
        };
        let found = list["items"].as_array().unwrap();
        if found.is_empty() {
            return true;
        }
        let found: &Value = random.pick(found);
        let (run, sent) = (found["id"].as_str().unwrap(), now());
        match api.post(&format!("/api/v1/runs/{run}/{verb}"), None, &json!({})).await {
            Some((202, _)) => {
                let said = match verb {
                    "cancel" => Said::Cancel,
                    "pause" => Said::Pause,
                    "retry" => Said::Retry,
                    // Whoever brings the runs to their end resumes them all: nobody could tell.
                    _ => return true,
                };
                self.promised(run, said, sent);
                true
            }
            Some((409 | 503, _)) => true,
            Some(other) => panic!("{verb} {run}: {other:?}"),
            None => {
                if verb == "retry" {
                    self.perhaps_retried.lock().push(run.to_owned());
                }
                false
            }
        }
    }

    /// When the last retry of a run was asked for that was promised.
    pub(crate) fn last_retry(&self, run: &str) -> Option<i64> {
        let promises = self.promises.lock();
        let retries = promises
            .iter()
            .filter(|promise| promise.run == run && matches!(promise.said, Said::Retry));
        retries.map(|promise| promise.sent).max()
    }
}
