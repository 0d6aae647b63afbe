//! Random schedules against the rules, told as lists: who is under way, who waits in the order of coming.

use std::collections::BTreeMap;
use std::task::{Context, Waker};
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use crate::load::gate::{Gate, Ticket, Turn};
use crate::load::{Claim, LoadConfig, Outcome, PrincipalKey, Priority};

#[derive(Clone, Copy, Debug)]
enum Step {
    Come {
        priority: usize,
        principal: u64,
    },
    Leave {
        which: prop::sample::Index,
        outcome: Outcome,
    },
    GiveUp(prop::sample::Index),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let which = any::<prop::sample::Index>;
    let outcome = prop_oneof![6 => Just(Outcome::Success), 1 => Just(Outcome::Overload), 1 => Just(Outcome::Ignored)];
    let step = prop_oneof![
        8 => (0..3_usize, 1..5_u64).prop_map(|(priority, principal)| Step::Come { priority, principal }),
        6 => (which(), outcome).prop_map(|(which, outcome)| Step::Leave { which, outcome }),
        2 => which().prop_map(Step::GiveUp),
        3 => (0..700_u64).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 1..200)
}

const CONTROL: usize = 2;

struct World {
    gate: Gate,
    config: LoadConfig,
    now: Instant,
    inside: Vec<(Claim, Instant)>,
    /// In the order of coming.
    waiting: Vec<(Ticket, Claim)>,
}

impl World {
    fn new(config: LoadConfig) -> Self {
        let now = Instant::now();
        Self {
            gate: Gate::new(config, now),
            config,
            now,
            inside: Vec::new(),
            waiting: Vec::new(),
        }
    }

    fn under_way(&self, of: impl Fn(&Claim) -> bool) -> usize {
        self.inside.iter().filter(|(claim, _)| of(claim)).count()
    }

    /// What the rules say of room, from the limit as it is.
    fn has_room(&self, priority: Priority) -> bool {
        let limit = self.gate.estimator().limit() as usize;
        let limited = self.under_way(|claim| claim.priority != Priority::Control);
        match priority {
            Priority::Control => self.under_way(|claim| claim.priority == Priority::Control) < CONTROL,
            Priority::Interactive => limited < limit,
            Priority::Batch => limited < (limit as f64 * (1.0 - self.config.reserved)).max(1.0) as usize,
        }
    }

    fn take(&mut self, step: Step) {
        let mut woken = Vec::new();
        match step {
            Step::Come { priority, principal } => {
                self.come(Claim::new(Priority::ALL[priority], PrincipalKey(principal)));
            }
            Step::Leave { which, outcome } if !self.inside.is_empty() => {
                let (claim, began) = self.inside.swap_remove(which.index(self.inside.len()));
                let _ = self.gate.leave(self.now, claim, (began, outcome), &mut woken);
                self.hear(woken.len());
            }
            Step::GiveUp(which) if !self.waiting.is_empty() => {
                let (ticket, _) = self.waiting.remove(which.index(self.waiting.len()));
                let _ = self.gate.give_up(ticket, self.now, &mut woken);
                assert!(woken.is_empty(), "who waits takes no room");
            }
            Step::Leave { .. } | Step::GiveUp(_) => {}
            Step::Wait(millis) => self.now += Duration::from_millis(millis),
        }
        self.agree();
    }

    fn come(&mut self, claim: Claim) {
        let room = self.has_room(claim.priority);
        assert_eq!(self.gate.try_enter(claim), room);
        if room {
            self.inside.push((claim, self.now));
            return;
        }
        let loser = self.loser(claim);
        let mut woken = Vec::new();
        let ticket = self.gate.wait(claim, Waker::noop().clone(), &mut woken);
        match (loser, ticket) {
            (Loser::Nobody, Some(ticket)) => self.waiting.push((ticket, claim)),
            (Loser::Waiter(index), Some(ticket)) => {
                let (displaced, _) = self.waiting.remove(index);
                let cx = Context::from_waker(Waker::noop());
                assert_eq!(
                    (woken.len(), self.gate.turn(displaced, &cx, &mut woken)),
                    (1, Turn::Displaced)
                );
                self.waiting.push((ticket, claim));
            }
            (Loser::Newcomer, None) => assert!(woken.is_empty()),
            (loser, ticket) => panic!("{loser:?}, {ticket:?}"),
        }
    }

    /// Lowest priority first, then whose principal has the most, then who came last; the newcomer wherever it is not beaten.
    fn loser(&self, claim: Claim) -> Loser {
        if claim.priority == Priority::Control || self.config.waiting == 0 {
            return Loser::Newcomer;
        }
        if self.waiting.len() < self.config.waiting {
            return Loser::Nobody;
        }
        let waits = |key| self.waiting.iter().filter(|(_, one)| one.principal == key).count();
        let holds = |key| self.under_way(|one| one.principal == key) + waits(key);
        let worst = self
            .waiting
            .iter()
            .enumerate()
            .max_by_key(|(index, (_, one))| (std::cmp::Reverse(one.priority), holds(one.principal), *index));
        let (index, (_, worst)) = worst.unwrap();
        let beaten = match worst.priority.cmp(&claim.priority) {
            std::cmp::Ordering::Less => true,
            std::cmp::Ordering::Equal => holds(worst.principal) > holds(claim.principal) + 1,
            std::cmp::Ordering::Greater => false,
        };
        if beaten { Loser::Waiter(index) } else { Loser::Newcomer }
    }

    /// Lets in, by the rules, so many as the gate says it did; and nobody else may have been.
    fn hear(&mut self, woken: usize) {
        let cx = Context::from_waker(Waker::noop());
        for _ in 0..woken {
            let holds = |key: PrincipalKey| self.under_way(|one| one.principal == key);
            let next = self
                .waiting
                .iter()
                .enumerate()
                .filter(|(_, (_, one))| self.has_room(one.priority));
            let next =
                next.min_by_key(|(index, (_, one))| (std::cmp::Reverse(one.priority), holds(one.principal), *index));
            let (index, _) = next.expect("there is room for one that waits");
            let (ticket, claim) = self.waiting.remove(index);
            assert_eq!(self.gate.turn(ticket, &cx, &mut Vec::new()), Turn::Begins(self.now));
            self.inside.push((claim, self.now));
        }
    }

    fn agree(&mut self) {
        let cx = Context::from_waker(Waker::noop());
        for (ticket, claim) in self.waiting.clone() {
            assert_eq!(self.gate.turn(ticket, &cx, &mut Vec::new()), Turn::Waits);
            assert!(!self.has_room(claim.priority), "nobody waits who might go");
        }
        let mut principals = BTreeMap::new();
        let waiting = self.waiting.iter().map(|(_, claim)| claim);
        for claim in self.inside.iter().map(|(claim, _)| claim).chain(waiting) {
            *principals.entry(claim.principal.0).or_insert(0) += 1;
        }
        assert_eq!(self.gate.principals(), principals.len());
        assert!(self.waiting.len() <= self.config.waiting);
        let limit = self.gate.estimator().limit();
        assert!((self.config.min..=self.config.max).contains(&limit), "{limit}");
        for priority in Priority::ALL {
            let under_way = self.under_way(|claim| claim.priority == priority);
            assert_eq!(self.gate.in_flight(priority) as usize, under_way);
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Loser {
    Nobody,
    Newcomer,
    Waiter(usize),
}

proptest! {
    #[test]
    fn a_schedule_goes_as_the_rules_say(
        limits in (1..4_u32, 0..4_u32, 0..6_u32),
        waiting in 0..5_usize,
        reserved in 0.0..0.9_f64,
        steps in steps(),
    ) {
        let (min, initial, max) = (limits.0, limits.0 + limits.1, limits.0 + limits.1 + limits.2);
        let config = LoadConfig::builder().limits(min, initial, max).reserved(reserved).control(CONTROL as u32);
        let config = config.queue(waiting, Duration::from_secs(1)).probe_every(Duration::from_secs(5));
        let mut world = World::new(config.build().unwrap());
        for step in steps {
            world.take(step);
        }
        for (ticket, _) in std::mem::take(&mut world.waiting) {
            let _ = world.gate.give_up(ticket, world.now, &mut Vec::new());
        }
        for (claim, began) in std::mem::take(&mut world.inside) {
            let _ = world.gate.leave(world.now, claim, (began, Outcome::Ignored), &mut Vec::new());
        }
        world.agree();
        assert_eq!(world.gate.principals(), 0);
    }
}
