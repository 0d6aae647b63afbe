//! Random schedules against the oracles, with a held clock.

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;

use super::super::{KeySeed, Part};
use super::oracle::{Oracle, Stand};
use super::{Charge, Charges, Held, Intent, KeyHash, MemoryBounds, Policy, Receipt};

#[derive(Clone, Debug)]
enum Op {
    Ask {
        intent: Intent,
        /// For each policy, whose key and what cost; None: it does not apply.
        charges: Vec<Option<(u8, u32)>>,
    },
    /// Gives back one of the decisions that can be given back.
    GiveBack(prop::sample::Index),
}

/// Time, then what is done.
type Schedule = Vec<(Step, Op)>;

#[derive(Clone, Copy, Debug)]
enum Step {
    Not,
    By(u64),
    /// To the end of the window of a policy, or right before, or past it.
    Window(usize, i64),
    /// By the interval of a policy.
    Interval(usize, i64),
}

fn policy(at: usize) -> impl Strategy<Value = Policy> {
    let window = prop_oneof![Just(60_000_u64), 8_000..60_000_u64];
    (0..4_u8, 1..7_u32, 1..10_u32, window, prop::bool::weighted(0.2)).prop_map(
        move |(kind, limit, burst, window, shadow)| {
            let (name, window) = (format!("p{at}"), Duration::from_nanos(window));
            let made = match kind {
                0 => Policy::smooth(&name, limit, window),
                1 => Policy::smooth(&name, limit, window).unwrap().with_burst(burst),
                2 => Policy::strict(&name, limit + 1, window, 1 + (burst - 1) % limit),
                _ => Policy::exact(&name, limit, window),
            };
            if shadow { made.unwrap().shadow() } else { made.unwrap() }
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Not),
        2 => (1..20_000_u64).prop_map(Step::By),
        2 => (0..4_usize, -1..2_i64).prop_map(|(at, by)| Step::Window(at, by)),
        2 => (0..4_usize, -1..2_i64).prop_map(|(at, by)| Step::Interval(at, by)),
    ]
}

fn op(keys: u8) -> impl Strategy<Value = Op> {
    let charge = prop::option::weighted(
        0.8,
        (0..keys, prop_oneof![6 => Just(1_u32), 2 => 0..4_u32, 1 => Just(12)]),
    );
    let charges = prop::collection::vec(charge, 4);
    prop_oneof![
        6 => charges.clone().prop_map(|charges| Op::Ask { intent: Intent::Take, charges }),
        1 => charges.prop_map(|charges| Op::Ask { intent: Intent::Peek, charges }),
        2 => any::<prop::sample::Index>().prop_map(Op::GiveBack),
    ]
}

fn schedules(keys: u8, length: usize) -> impl Strategy<Value = (Vec<Policy>, Schedule)> {
    let policies = (policy(0), policy(1), policy(2), policy(3), 1..5_usize).prop_map(|(a, b, c, d, count)| {
        let mut policies = vec![a, b, c, d];
        policies.truncate(count);
        policies
    });
    (policies, prop::collection::vec((step(), op(keys)), 1..length))
}

/// The policy and the key of a charge, and its entry in their log.
type Taken = ((usize, u8), usize);

/// Policies, what was asked of them, and what can be given back.
struct World {
    held: Held,
    now: u64,
    seed: KeySeed,
    policies: Vec<Policy>,
    oracles: HashMap<(usize, u8), Oracle>,
    admitted: Vec<(Receipt, Vec<Taken>)>,
}

impl World {
    fn new(policies: Vec<Policy>, bounds: MemoryBounds) -> Self {
        Self {
            held: Held::new(bounds),
            now: 0,
            seed: KeySeed::shared([3; 16]),
            policies,
            oracles: HashMap::new(),
            admitted: Vec::new(),
        }
    }

    fn step(&mut self, step: Step) {
        let to = |length: u64, by: i64| length.saturating_add_signed(by);
        self.now += match step {
            Step::Not => 0,
            Step::By(by) => by,
            Step::Window(at, by) => self
                .policies
                .get(at)
                .map_or(0, |policy| to(policy.window().as_nanos() as u64, by)),
            Step::Interval(at, by) => {
                let interval = self.policies.get(at).and_then(Policy::interval);
                interval.map_or(0, |interval| to(interval.as_nanos() as u64, by))
            }
        };
    }

    fn key(&self, key: u8) -> KeyHash {
        self.seed.hash(0, &[key])
    }

    /// What the oracles say first, then what the store does.
    fn ask(&mut self, intent: Intent, wanted: &[Option<(u8, u32)>], exactly: bool) -> Result<(), TestCaseError> {
        let policies = self.policies.clone();
        let mut charges = Charges::none();
        let mut places = Vec::new();
        for (at, (policy, wanted)) in policies.iter().zip(wanted).enumerate() {
            if let &Some((key, cost)) = wanted {
                let key_hash = self.key(key);
                let added = charges.add(Charge {
                    policy,
                    key: key_hash,
                    cost,
                });
                prop_assert!(added);
                places.push((at, key));
            }
        }
        let decision = self.held.decide(intent, charges, self.now);
        let parts: Vec<Part<'_>> = decision.parts().collect();
        let in_force = |part: &&Part<'_>| !part.charge.policy.is_shadow();
        let refused = parts.iter().filter(in_force).any(|part| !part.standing.has_room());
        prop_assert_eq!(decision.is_admitted(), !refused);
        let mut taken = Vec::new();
        for (place, part) in places.into_iter().zip(&parts) {
            let oracle = self
                .oracles
                .entry(place)
                .or_insert_with(|| Oracle::new(part.charge.policy));
            let cost = u64::from(part.charge.cost);
            let room = oracle.has_room(self.now, cost);
            if exactly {
                prop_assert_eq!(part.standing.has_room(), room);
                let wait = part.standing.retry_after().map_or(0, |wait| wait.as_nanos() as u64);
                match oracle.wait(self.now, cost) {
                    Some(least) => prop_assert_eq!(wait, least),
                    None => prop_assert!(wait > 0),
                }
            } else {
                prop_assert!(
                    room || !part.standing.has_room(),
                    "somebody got through who has no room"
                );
            }
            let charged = intent == Intent::Take && decision.is_admitted() && part.standing.has_room();
            prop_assert_eq!(part.standing.is_charged() || cost == 0, charged || cost == 0);
            if charged {
                taken.push((place, oracle.take(self.now, cost)));
            }
            if exactly {
                let stand = Stand {
                    remaining: u64::from(part.standing.remaining()),
                    reset: part.standing.reset().as_nanos() as u64,
                };
                prop_assert_eq!(stand, oracle.stand(self.now));
            }
        }
        if let Some(receipt) = decision.receipt() {
            self.admitted.push((receipt, taken));
        }
        Ok(())
    }

    fn give_back(&mut self, index: &prop::sample::Index) {
        if self.admitted.is_empty() {
            return;
        }
        // At a moment of its own, so that the order of events is that of their times.
        self.now += 1;
        let (receipt, taken) = self.admitted.swap_remove(index.index(self.admitted.len()));
        self.held.give_back(&receipt, self.now);
        for (place, entry) in taken {
            if let Some(oracle) = self.oracles.get_mut(&place) {
                oracle.give_back(entry, self.now);
            }
        }
        self.now += 1;
    }

    fn run(&mut self, schedule: &Schedule, exactly: bool) -> Result<(), TestCaseError> {
        for (step, op) in schedule {
            self.step(*step);
            match op {
                Op::Ask { intent, charges } => self.ask(*intent, charges, exactly)?,
                Op::GiveBack(index) => self.give_back(index),
            }
        }
        for oracle in self.oracles.values() {
            prop_assert!(oracle.keeps_its_promise());
        }
        Ok(())
    }
}

proptest! {
    /// Several policies, costs, peeks, refunds: each standing to the nanosecond.
    #[test]
    fn decisions_are_what_the_log_of_everything_says((policies, schedule) in schedules(3, 80), shards in 0..7_u32) {
        let bounds = MemoryBounds { shards: 1 << shards, ..MemoryBounds::default() };
        World::new(policies, bounds).run(&schedule, true)?;
    }

    /// 64 buckets and three logs for two hundred keys.
    #[test]
    fn nobody_gets_more_from_a_store_that_is_full((policies, schedule) in schedules(200, 400)) {
        let bounds = MemoryBounds { shards: 1, buckets: 1024, logs: 800 };
        let mut world = World::new(policies, bounds);
        world.run(&schedule, false)?;
        let usage = world.held.store.usage_at(world.held.at(world.now));
        prop_assert!(usage.bucket_bytes <= 1024 && usage.log_bytes <= 800);
    }

    /// Two shards that grow while they are used.
    #[test]
    fn nobody_is_forgotten_while_a_store_grows((policies, schedule) in schedules(200, 400)) {
        let bounds = MemoryBounds { shards: 2, ..MemoryBounds::default() };
        World::new(policies, bounds).run(&schedule, true)?;
    }
}
