//! Random schedules, each step of them held against a list of who is inside and a list of who waits.

use std::collections::VecDeque;
use std::task::Poll;
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use super::poll;
use crate::bulkhead::{Acquire, Bulkhead, BulkheadConfig, Permit, Reason};

#[derive(Clone, Copy, Debug)]
enum Step {
    /// One comes, and waits if it has to.
    Come,
    /// One comes, and does not wait.
    Try,
    /// One that is inside is done.
    Leave(prop::sample::Index),
    /// One that waits goes away.
    GiveUp(prop::sample::Index),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let which = any::<prop::sample::Index>;
    let step = prop_oneof![
        8 => Just(Step::Come),
        2 => Just(Step::Try),
        6 => which().prop_map(Step::Leave),
        2 => which().prop_map(Step::GiveUp),
        4 => (0..40_u64).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 1..120)
}

/// Who waits, with the time at which it gives up.
struct Waiting {
    acquire: Acquire,
    number: u64,
    until: Instant,
}

struct World {
    bulkhead: Bulkhead,
    permits: usize,
    places: usize,
    wait: Duration,
    inside: Vec<(u64, Permit)>,
    waiting: VecDeque<Waiting>,
    next: u64,
    rejected: (u64, u64),
}

impl World {
    fn new(permits: usize, places: usize, wait: Duration) -> Self {
        let mut config = BulkheadConfig::new(permits).unwrap();
        if places > 0 {
            config = config.with_queue(places, wait).unwrap();
        }
        Self {
            bulkhead: Bulkhead::new("tested", config),
            permits,
            places,
            wait,
            inside: Vec::new(),
            waiting: VecDeque::new(),
            next: 0,
            rejected: (0, 0),
        }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Come => self.come(),
            Step::Try => match self.bulkhead.try_acquire() {
                Ok(permit) => {
                    assert!(self.inside.len() < self.permits && self.waiting.is_empty());
                    self.inside.push((u64::MAX, permit));
                }
                Err(rejected) => {
                    assert_eq!((self.inside.len(), rejected.reason), (self.permits, Reason::Full));
                    self.rejected.0 += 1;
                }
            },
            Step::Leave(_) if self.inside.is_empty() => {}
            Step::Leave(which) => drop(self.inside.swap_remove(which.index(self.inside.len()))),
            Step::GiveUp(_) if self.waiting.is_empty() => {}
            Step::GiveUp(which) => drop(self.waiting.remove(which.index(self.waiting.len()))),
            Step::Wait(millis) => tokio::time::advance(Duration::from_millis(millis)).await,
        }
        self.settle();
        self.agree();
    }

    fn come(&mut self) {
        let mut acquire = self.bulkhead.acquire();
        let (number, until) = (self.next, Instant::now() + self.wait);
        self.next += 1;
        match poll(&mut acquire) {
            Poll::Ready(Ok(permit)) => {
                assert!(self.inside.len() < self.permits && self.waiting.is_empty());
                self.inside.push((number, permit));
            }
            Poll::Ready(Err(rejected)) => {
                assert_eq!((self.inside.len(), self.waiting.len()), (self.permits, self.places));
                assert_eq!(rejected.reason, Reason::Full);
                assert!(rejected.retry_after >= Duration::from_secs(1));
                self.rejected.0 += 1;
            }
            Poll::Pending => {
                assert_eq!(self.inside.len(), self.permits);
                assert!(self.waiting.len() < self.places);
                self.waiting.push_back(Waiting { acquire, number, until });
            }
        }
    }

    /// All who wait ask. Who gets in is who came first; who is refused has waited its time, to the moment.
    fn settle(&mut self) {
        let now = Instant::now();
        for _ in 0..self.waiting.len() {
            let mut one = self.waiting.pop_front().unwrap();
            let free = self.inside.len() < self.permits;
            match poll(&mut one.acquire) {
                Poll::Ready(Ok(permit)) => {
                    assert!(free, "there was a permit");
                    let newest = self
                        .inside
                        .iter()
                        .map(|(number, _)| *number)
                        .filter(|n| *n != u64::MAX)
                        .max();
                    assert!(newest < Some(one.number), "first come, first served");
                    self.inside.push((one.number, permit));
                }
                Poll::Ready(Err(rejected)) => {
                    assert_eq!(rejected.reason, Reason::Late);
                    assert!(!free && now >= one.until, "not before its time");
                    self.rejected.1 += 1;
                }
                Poll::Pending => {
                    assert!(!free && now < one.until, "not after its time");
                    self.waiting.push_back(one);
                }
            }
        }
    }

    fn agree(&self) {
        let seen = self.bulkhead.snapshot();
        assert_eq!((seen.in_use, seen.waiting), (self.inside.len(), self.waiting.len()));
        assert!(seen.in_use <= self.permits && seen.waiting <= self.places);
        assert_eq!((seen.totals.full, seen.totals.late), self.rejected);
    }
}

proptest! {
    #[test]
    fn a_schedule_goes_as_two_lists_say(
        permits in 1..5_usize,
        places in 0..5_usize,
        wait in 1..60_u64,
        steps in steps(),
    ) {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_time().start_paused(true);
        runtime.build().unwrap().block_on(async {
            let mut world = World::new(permits, places, Duration::from_millis(wait));
            for step in steps {
                world.take(step).await;
            }
            world.inside.clear();
            world.waiting.clear();
            world.agree();
            assert_eq!(world.bulkhead.snapshot().in_use, 0);
        });
    }
}
