//! Workers outside: they take tasks from queues, and some of them die, fall silent or lie.

mod hand;
mod log;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use parking_lot::Mutex;
use seawall_engine::store::QueueName;
use seawall_engine::{ClaimTasks, Engine, EngineError, Principal, TaskView};
use tokio_util::sync::CancellationToken;

use crate::runtime::world::TestClock;
use crate::sim::fleet::Fleet;
use crate::sim::programs::QUEUES;
use crate::sim::rng::Rng;
use crate::sim::trace::Trace;

pub(crate) use log::{Had, Log, Word};

/// What all workers share.
pub(crate) struct Workers {
    pub(crate) fleet: Arc<Fleet>,
    pub(crate) trace: Trace,
    pub(crate) clock: TestClock,
    pub(crate) me: Principal,
    pub(crate) log: Mutex<Log>,
    /// The story is over: everybody is honest and quick.
    pub(crate) calm: CancellationToken,
    /// Nobody takes tasks any more.
    pub(crate) over: CancellationToken,
}

impl Workers {
    /// One worker, until it is over. It goes on with new tasks only when it has done with the last ones.
    pub(crate) async fn live(&self, name: String, mut rng: Rng) {
        while !self.over.is_cancelled() {
            let tasks = self.claim(&name, &mut rng).await;
            let hands = tasks.into_iter().map(|task| {
                let rng = rng.fork();
                self.carry_out(task, rng)
            });
            join_all(hands).await;
            let rest = if self.is_calm() { 100 } else { 4000 };
            tokio::time::sleep(rng.millis(10, rest)).await;
        }
    }

    fn is_calm(&self) -> bool {
        self.calm.is_cancelled()
    }

    async fn claim(&self, name: &str, rng: &mut Rng) -> Vec<TaskView> {
        let Some(process) = self.fleet.any_up(rng) else {
            return Vec::new();
        };
        let named: &&str = rng.pick(&QUEUES);
        let queue = QueueName::parse(named).expect("it is a queue's name");
        let claim = ClaimTasks {
            max: *rng.pick(&[1, 1, 2, 5]),
            worker: name.to_owned(),
            lease_for: rng.millis(1000, 15_000),
            max_bytes: *rng.pick(&[1, 4096]),
        };
        let longest = if self.is_calm() { 2000 } else { 30_000 };
        let (wait, patience) = (rng.millis(0, longest), rng.millis(1, 60_000));
        let asked = process.ask(async |engine: Engine| {
            // A client that goes away.
            let cut_off = tokio::time::sleep(patience);
            engine.claim_tasks(&self.me, &queue, claim, wait, cut_off).await
        });
        match asked.await {
            Some(Ok(tasks)) => tasks,
            Some(Err(error)) => {
                self.judge("claim tasks", &error);
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    /// A worker may be refused, and the store may fail; nothing else.
    fn judge(&self, what: &str, error: &EngineError) {
        let allowed = match error {
            EngineError::Overloaded(_) | EngineError::Conflict { .. } => true,
            EngineError::Store(error) => error.is_temporary(),
            // Its run has ended and was forgotten.
            EngineError::NotFound(_) => what != "claim tasks",
            _ => false,
        };
        if !allowed {
            self.trace.violation(format!("{what}: a worker got {error:?}"));
        }
    }
}

/// Of simulated time between two tries.
const AGAIN: Duration = Duration::from_millis(500);
