//! What has to hold at every moment. Each change is looked at as the database makes it, whoever learns of its answer, and is
//! held against what the witness has seen before: it keeps books of its own and believes no counter of the store.

mod fence;
mod firings;
mod gone;
mod lanes;
mod pace;
mod queues;

use std::collections::BTreeSet;

use futures_util::future::FutureExt as _;
use parking_lot::Mutex;
use seawall_engine::store::{MemoryStore, RunId, RunRecord, RunStore as _, TaskEnder, TaskId, TenantId};

use crate::runtime::world::TestClock;
use crate::sim::trace::Trace;

pub(crate) use firings::Timing;
pub(crate) use lanes::Rule;

/// Sees every change of one database.
pub(crate) struct Witness {
    trace: Trace,
    clock: TestClock,
    fence: Mutex<fence::Fence>,
    queues: Mutex<queues::Queues>,
    lanes: Mutex<lanes::Lanes>,
    firings: Mutex<firings::Firings>,
    gone: Mutex<gone::Gone>,
}

impl Witness {
    pub(crate) fn new(clock: &TestClock, trace: &Trace) -> Self {
        Self {
            trace: trace.clone(),
            clock: clock.clone(),
            fence: Mutex::default(),
            queues: Mutex::default(),
            lanes: Mutex::default(),
            firings: Mutex::default(),
            gone: Mutex::default(),
        }
    }

    fn unless(&self, holds: bool, text: impl FnOnce() -> String) {
        if !holds {
            self.trace.violation(text());
        }
    }

    /// Who ended a task that a worker had. None: nobody has.
    pub(crate) fn task_ended_by(&self, task: TaskId) -> Option<TaskEnder> {
        self.queues.lock().ended_by(task)
    }

    /// Runs that retention has taken away.
    pub(crate) fn gone(&self) -> BTreeSet<RunId> {
        self.gone.lock().runs()
    }
}

/// The run's row as it is now.
fn record(rows: &MemoryStore, run: RunId) -> Option<RunRecord> {
    let tenant = TenantId::default();
    let found = rows.run(&tenant, run).now_or_never();
    found.expect("it answers at once").expect("reading works")
}
