//! One task in one worker's hands.

use std::time::Duration;

use seawall_engine::store::{StoreClock as _, TaskLease, Timestamp};
use seawall_engine::{Engine, EngineError, TaskFailure, TaskOutput, TaskView};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::sim::rng::Rng;
use crate::sim::workers::{AGAIN, Word, Workers};

/// How it goes.
#[derive(Clone, Copy, Debug)]
enum Course {
    /// Done, with heartbeats as long as that takes.
    Honest,
    Fails,
    /// The worker is gone: nothing more is heard of it.
    Dies,
    /// It sends no heartbeat, and says that it is done when it is, in time or not.
    Silent,
    /// It says so again and again, also under leases that are not its own.
    Lies,
}

impl Workers {
    pub(super) async fn carry_out(&self, task: TaskView, mut rng: Rng) {
        let payload: Value = serde_json::from_slice(&task.payload).expect("a payload is JSON");
        let once = payload["effect"] == json!("once");
        if !self.log.lock().given(&task, once) {
            self.trace.violation(format!("the task {} was given twice", task.id));
        }
        let course = match rng.weighted(&[50, 12, 12, 12, 14]) {
            _ if self.is_calm() => Course::Honest,
            0 => Course::Honest,
            1 => Course::Fails,
            2 => Course::Dies,
            3 => Course::Silent,
            _ => Course::Lies,
        };
        self.trace.line(format_args!(
            "- WORKER has {} {} attempt {} {course:?}",
            task.id, task.activity, task.attempt
        ));
        let lasts = match rng.below(6) {
            _ if self.is_calm() => rng.millis(0, 200),
            0 => rng.millis(5000, 40_000),
            1 | 2 => rng.millis(1000, 6000),
            _ => rng.millis(0, 1000),
        };
        let done = Word::Done(output(&payload, &mut rng));
        match course {
            Course::Dies => {}
            Course::Honest => self.at_work(&task, done, lasts, rng).await,
            Course::Fails => self.at_work(&task, Word::Failed, lasts, rng).await,
            Course::Silent => {
                tokio::time::sleep(lasts).await;
                self.say(&task, &done, &mut rng).await;
            }
            Course::Lies => {
                tokio::time::sleep(lasts).await;
                self.lie(&task, &done, rng).await;
            }
        }
    }

    /// Works, beats, and stops when it is told to.
    async fn at_work(&self, task: &TaskView, word: Word, lasts: Duration, mut rng: Rng) {
        let (mut left, mut until) = (lasts, task.lease_expires_at);
        while !left.is_zero() {
            let nap = left
                .min(rest(self.clock.now(), until) / 3)
                .max(Duration::from_millis(50));
            tokio::time::sleep(nap).await;
            left = left.saturating_sub(nap);
            if left.is_zero() {
                break;
            }
            let Some(process) = self.fleet.any_up(&mut rng) else {
                continue;
            };
            let progress = json!({ "left": left.as_millis() as u64 });
            let asked = process.ask(async |engine: Engine| {
                engine
                    .heartbeat_task(&self.me, task.id, task.lease, Some(&progress))
                    .await
            });
            match asked.await {
                Some(Ok(beat)) => {
                    if beat.lease_until > beat.deadline {
                        self.trace
                            .violation(format!("the lease of {} outlasts its attempt", task.id));
                    }
                    until = beat.lease_until;
                    if beat.cancelled {
                        left = Duration::ZERO;
                    }
                }
                // Not its own any more: whoever is honest leaves it.
                Some(Err(EngineError::Conflict { .. } | EngineError::NotFound(_))) => return,
                Some(Err(error)) => self.judge("heartbeat", &error),
                None => {}
            }
        }
        self.say(task, &word, &mut rng).await;
    }

    /// Says it until there is an answer, or patience ends.
    async fn say(&self, task: &TaskView, word: &Word, rng: &mut Rng) {
        let tries = if self.is_calm() { 20 } else { 3 };
        for _ in 0..tries {
            match self.say_once(task, word, rng).await {
                Some(Ok(())) | Some(Err(EngineError::Conflict { .. } | EngineError::NotFound(_))) => return,
                _ => tokio::time::sleep(AGAIN).await,
            }
        }
    }

    async fn say_once(&self, task: &TaskView, word: &Word, rng: &mut Rng) -> Option<Result<(), EngineError>> {
        let process = self.fleet.any_up(rng)?;
        let place = self.log.lock().says(task.id, word);
        let failure = failure(rng);
        let asked = process.ask(async |engine: Engine| match word {
            Word::Done(output) => {
                let output = TaskOutput {
                    id: task.id,
                    lease: task.lease,
                    output: output.clone(),
                };
                let mut answers = engine.complete_tasks(&self.me, vec![output]).await;
                answers.pop().expect("there is one answer for one").1
            }
            Word::Failed => engine.fail_task(&self.me, task.id, task.lease, failure).await,
        });
        let answer = asked.await?;
        match &answer {
            Ok(()) => {
                self.trace.count("a worker's word was taken");
                self.trace.line(format_args!("- WORKER said {} {word:?}", task.id));
                if !self.log.lock().acknowledged(task.id, place) {
                    self.trace.violation(format!("two words about {} were taken", task.id));
                }
            }
            Err(error) => {
                self.trace.count("a worker's word was refused");
                self.judge("the end of a task", error);
            }
        }
        Some(answer)
    }

    /// Says what is not so, in every way that must not count.
    async fn lie(&self, task: &TaskView, done: &Word, mut rng: Rng) {
        let stolen = TaskView {
            lease: TaskLease(Uuid::from_u128(u128::from(rng.bits()))),
            ..task.clone()
        };
        if rng.permille(500)
            && let Some(Ok(())) = self.steal(&stolen, &mut rng).await
        {
            self.trace
                .violation(format!("{} was ended under another lease", task.id));
        }
        self.say_once(task, done, &mut rng).await;
        for _ in 0..rng.below(3) {
            let other = if rng.permille(500) {
                Word::Failed
            } else {
                Word::Done(json!("a lie"))
            };
            tokio::time::sleep(rng.millis(0, 5000)).await;
            self.say_once(task, &other, &mut rng).await;
        }
    }

    async fn steal(&self, stolen: &TaskView, rng: &mut Rng) -> Option<Result<(), EngineError>> {
        let process = self.fleet.any_up(rng)?;
        let output = TaskOutput {
            id: stolen.id,
            lease: stolen.lease,
            output: json!("stolen"),
        };
        process
            .ask(async |engine: Engine| engine.complete_task(&self.me, output).await)
            .await
    }
}

fn rest(now: Timestamp, until: Timestamp) -> Duration {
    until.since(now)
}

fn failure(rng: &mut Rng) -> TaskFailure {
    TaskFailure {
        message: "it went wrong".to_owned(),
        code: rng.permille(500).then(|| "busy".to_owned()),
        retryable: rng.permille(700),
        retry_after: rng.permille(300).then(|| rng.millis(0, 20_000)),
    }
}

/// What the worker gives; one that looks into an outcome says what it has found.
fn output(payload: &Value, rng: &mut Rng) -> Value {
    if payload["looks"] == json!(true) {
        return json!({ "outcome": *rng.pick(&["succeeded", "failed", "retry", "unknown"]) });
    }
    json!({ "of": payload["value"], "by": rng.below(1000) })
}
