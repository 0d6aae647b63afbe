//! Many threads at one store.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use super::super::KeySeed;
use super::super::hash::spread;
use super::{Charge, Held, Intent, MemoryBounds, Policy};

const THREADS: u64 = 8;

#[test]
fn of_a_burst_from_many_threads_exactly_three_pass() {
    let held = Held::new(MemoryBounds::default());
    let policy = Policy::exact("probe", 3, Duration::from_secs(10)).unwrap();
    let key = KeySeed::random().hash(0, b"somebody");
    let admitted = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let passed = (0..200).filter(|_| held.admits(&policy, key, 5)).count();
                admitted.fetch_add(passed as u32, Ordering::Relaxed);
            });
        }
    });
    assert_eq!(admitted.into_inner(), 3);
    let charge = Charge {
        policy: &policy,
        key,
        cost: 1,
    };
    let refused = held.decide(Intent::Take, [charge].into(), 5);
    let wait = refused.closest().unwrap().standing.retry_after();
    assert_eq!(wait, Some(Duration::from_secs(10)));
}

#[test]
fn who_read_the_clock_earlier_and_decides_later_gets_no_more() {
    let minute = Duration::from_secs(60);
    for policy in [
        Policy::smooth("a", 10, minute).unwrap(),
        Policy::strict("b", 10, minute, 4).unwrap(),
        Policy::exact("c", 10, minute).unwrap(),
    ] {
        let held = Held::new(MemoryBounds::default());
        let key = KeySeed::random().hash(0, b"somebody");
        let late = 100_000_000_000;
        let passed = (0..20).filter(|_| held.admits(&policy, key, late)).count();
        assert_eq!(passed, policy.burst() as usize);
        let times = [late - 1, 0, late - 60_000_000_000, late];
        assert!(
            times.into_iter().all(|earlier| !held.admits(&policy, key, earlier)),
            "{policy}"
        );
        // What is to come is not put off by it either.
        assert!(held.admits(&policy, key, late + 60_000_000_000), "{policy}");
    }
}

/// Each decision is about three keys of three policies, in shards that threads lock in whatever order the keys come.
#[test]
fn no_charge_is_lost_or_halved_between_threads() {
    let held = Held::new(MemoryBounds {
        shards: 4,
        ..MemoryBounds::default()
    });
    let hour = Duration::from_secs(3600);
    let policies = [
        Policy::smooth("a", 300, hour).unwrap(),
        Policy::strict("b", 500, hour, 350).unwrap(),
        Policy::exact("c", 320, hour).unwrap(),
    ];
    let seed = KeySeed::random();
    let keys = [0_u8, 1, 2, 3, 4].map(|key| seed.hash(0, &[key]));
    let counts = [(); 15].map(|()| AtomicU32::new(0));
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (held, policies, counts) = (&held, &policies, &counts);
            scope.spawn(move || {
                for turn in 0..600 {
                    let random = spread(thread << 32 | turn);
                    let chosen = [random % 5, random / 5 % 5, random / 25 % 5].map(|key| key as usize);
                    let charge = |at: usize| Charge {
                        policy: &policies[at],
                        key: keys[chosen[at]],
                        cost: 1,
                    };
                    let decision = held.decide(Intent::Take, [charge(0), charge(1), charge(2)].into(), 7);
                    if decision.is_admitted() {
                        for at in 0..3 {
                            counts[at * 5 + chosen[at]].fetch_add(1, Ordering::Relaxed);
                        }
                    }
                }
            });
        }
    });
    let mut full = 0;
    for (at, policy) in policies.iter().enumerate() {
        for (key, of_key) in keys.iter().enumerate() {
            let charge = Charge {
                policy,
                key: *of_key,
                cost: 0,
            };
            let standing = held
                .decide(Intent::Peek, [charge].into(), 7)
                .parts()
                .next()
                .unwrap()
                .standing;
            let admitted = counts[at * 5 + key].load(Ordering::Relaxed);
            assert_eq!(standing.remaining(), policy.burst() - admitted);
            full += u32::from(standing.remaining() == 0);
        }
    }
    assert!(full > 0, "nobody met a limit");
}
