//! The clerk: makes schedules, pauses and resumes them, and sets queues.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use seawall_engine::store::{Digest, Overlap, QueueName, ScheduleId, WorkflowRef};
use seawall_engine::{CatchUp, Engine, EngineError, IdempotentRequest, Principal, ScheduleRequest, SetQueue};
use serde_json::json;
use tokio::time::Instant;

use crate::sim::fleet::Fleet;
use crate::sim::programs::QUEUES;
use crate::sim::rng::Rng;
use crate::sim::store::Database;
use crate::sim::trace::Trace;
use crate::sim::witness::Timing;

const OVERLAPS: [Overlap; 3] = [Overlap::Skip, Overlap::Queue, Overlap::Allow];
/// Requests of scheduled runs begin here: no client's are that high.
const FIRST_REQUEST: u64 = 1_000_000;
/// How often it asks for what it cannot do without.
const PATIENT: u32 = 1000;

/// A schedule that was acknowledged.
#[derive(Clone)]
struct Kept {
    id: ScheduleId,
    request: ScheduleRequest,
}

#[derive(Clone, Debug)]
enum Order {
    Set(QueueName, SetQueue),
    Make(ScheduleRequest, IdempotentRequest),
    Change(ScheduleId, ScheduleRequest),
    Delete(ScheduleId),
}

pub(crate) struct Clerk {
    pub(crate) fleet: Arc<Fleet>,
    pub(crate) database: Arc<Database>,
    pub(crate) trace: Trace,
    pub(crate) me: Principal,
    /// Workflows that may be scheduled.
    pub(crate) workflows: Vec<&'static str>,
    kept: Mutex<Vec<Kept>>,
    queues: Vec<(QueueName, Option<String>)>,
}

impl Clerk {
    pub(crate) fn new(
        (fleet, database): (&Arc<Fleet>, &Arc<Database>),
        trace: &Trace,
        workflows: Vec<&'static str>,
        rng: &mut Rng,
    ) -> Self {
        let queues = QUEUES.iter().map(|name| {
            let rate = rng.permille(250).then(|| format!("{}/min", 10 + rng.below(50)));
            (QueueName::parse(name).expect("it is a queue's name"), rate)
        });
        Self {
            fleet: Arc::clone(fleet),
            database: Arc::clone(database),
            trace: trace.clone(),
            me: Principal::local(),
            workflows,
            kept: Mutex::default(),
            queues: queues.collect(),
        }
    }

    /// The queues have their settings from the beginning: a rate stays what it is.
    pub(crate) async fn open(&self, engine: &Engine, rng: &mut Rng) {
        for (name, rate) in &self.queues {
            let set = engine
                .set_queue(&self.me, name, settings(rate.as_deref(), rng), None)
                .await;
            set.expect("the weather is calm");
        }
    }

    /// So many acts, and so many schedules.
    pub(crate) async fn live(&self, mut rng: Rng, schedules: u64) {
        for number in 0..schedules {
            tokio::time::sleep(rng.millis(0, 5000)).await;
            self.create(number, &mut rng).await;
        }
        for _ in 0..rng.below(8) {
            tokio::time::sleep(rng.millis(500, 12_000)).await;
            if rng.permille(500) {
                let (name, rate) = rng.pick(&self.queues).clone();
                let set = settings(rate.as_deref(), &mut rng);
                self.ask(&mut rng, 2, Order::Set(name, set)).await;
            } else if let Some(kept) = self.any(&mut rng) {
                let paused = rng.permille(500);
                self.pause(kept, paused, &mut rng).await;
            }
        }
    }

    fn any(&self, rng: &mut Rng) -> Option<Kept> {
        let kept = self.kept.lock();
        (!kept.is_empty()).then(|| rng.pick(&kept).clone())
    }

    /// Makes one, and asks again until that is acknowledged: the key makes them one.
    async fn create(&self, number: u64, rng: &mut Rng) {
        let timing = timing(rng);
        let every = timing.every.as_secs();
        let request = ScheduleRequest {
            workflow: WorkflowRef::Name((*rng.pick(&self.workflows)).to_owned()),
            cron: timing.cron.then(|| format!("*/{every} * * * * *")),
            every: (!timing.cron).then(|| format!("{every}s")),
            time_zone: None,
            input: json!({ "request": FIRST_REQUEST + number }),
            overlap: timing.overlap,
            catch_up: timing.catch_up,
            paused: false,
        };
        self.database.witness.expect_schedule(timing);
        let digest = Digest::of(&(FIRST_REQUEST + number).to_be_bytes());
        let key = IdempotentRequest {
            key: digest,
            fingerprint: digest,
        };
        let made = self.ask(rng, PATIENT, Order::Make(request.clone(), key)).await;
        if let Some(Some(id)) = made {
            self.trace.line(format_args!("- SCHEDULE {id} {timing:?}"));
            self.kept.lock().push(Kept { id, request });
        }
    }

    async fn pause(&self, kept: Kept, paused: bool, rng: &mut Rng) {
        let request = ScheduleRequest { paused, ..kept.request };
        self.ask(rng, 2, Order::Change(kept.id, request)).await;
    }

    /// Asks until there is an answer, so many times.
    async fn ask(&self, rng: &mut Rng, times: u32, order: Order) -> Option<Option<ScheduleId>> {
        for _ in 0..times {
            if times == PATIENT {
                // A process that was asked to leave makes way for its successor.
                self.fleet.start_all();
            }
            if let Some(process) = self.fleet.any_up(rng) {
                let asked = process.ask(async |engine: Engine| self.carry_out(&engine, order.clone()).await);
                match asked.await {
                    Some(Ok(answer)) => return Some(answer),
                    Some(Err(EngineError::Overloaded(_))) | None => {}
                    Some(Err(EngineError::Store(error))) if error.is_temporary() => {}
                    Some(Err(error)) => self.trace.violation(format!("the clerk got {error:?}: {order:?}")),
                }
            }
            tokio::time::sleep(rng.millis(100, 3000)).await;
        }
        None
    }

    async fn carry_out(&self, engine: &Engine, order: Order) -> Result<Option<ScheduleId>, EngineError> {
        let me = &self.me;
        match order {
            Order::Set(queue, set) => engine.set_queue(me, &queue, set, None).await.map(|_| None),
            Order::Make(request, key) => {
                let created = engine.create_schedule(me, request, Some(&key)).await?;
                Ok(Some(created.schedule.id))
            }
            Order::Change(id, request) => engine.update_schedule(me, id, request, None).await.map(|_| None),
            // Of two deletions of which one lost its answer, the second finds nothing.
            Order::Delete(id) => match engine.delete_schedule(me, id, None).await {
                Ok(()) | Err(EngineError::NotFound(_)) => Ok(None),
                Err(error) => Err(error),
            },
        }
    }

    /// The story is over: queues let everything through, and what schedules still have to do is done.
    pub(crate) async fn calm_down(&self, rng: &mut Rng) {
        for (name, rate) in &self.queues {
            let set = SetQueue {
                rate: rate.clone(),
                ..SetQueue::default()
            };
            self.ask(rng, PATIENT, Order::Set(name.clone(), set)).await;
        }
        let kept = self.kept.lock().clone();
        if kept.is_empty() {
            return;
        }
        // Longer than a scheduler sleeps.
        self.rest(Duration::from_secs(75)).await;
        self.database.witness.schedules_are_on_time(self.database.rows());
        for kept in kept {
            self.ask(rng, PATIENT, Order::Delete(kept.id)).await;
        }
    }
}

impl Clerk {
    /// A process that was asked to leave makes way for its successor meanwhile.
    async fn rest(&self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.fleet.start_all();
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
    }
}

fn timing(rng: &mut Rng) -> Timing {
    let cron = rng.permille(400);
    let seconds = if cron {
        rng.pick(&[10, 20, 30])
    } else {
        rng.pick(&[4, 9, 17, 40])
    };
    Timing {
        every: Duration::from_secs(*seconds),
        cron,
        overlap: *rng.pick(&OVERLAPS),
        catch_up: *rng.pick(&[CatchUp::Skip, CatchUp::Once, CatchUp::Last(2), CatchUp::Last(7)]),
    }
}

fn settings(rate: Option<&str>, rng: &mut Rng) -> SetQueue {
    let mut limit = |share| {
        rng.permille(share)
            .then(|| u32::try_from(1 + rng.below(3)).expect("it is small"))
    };
    SetQueue {
        concurrency: limit(400),
        concurrency_per_key: limit(400),
        rate: rate.map(str::to_owned),
        paused: rng.permille(150),
    }
}
