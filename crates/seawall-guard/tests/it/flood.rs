//! What a flood of keys takes of a process's memory, as the kernel counts it.

use std::time::Duration;

use seawall_guard::rate_limit::{Charge, Intent, KeySeed, MemoryBounds, MemoryStore, Policy, Question};
use tokio::time::Instant;

use crate::alone::run_alone;

/// Of this process, in KiB.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
#[ignore = "the other test runs it in a process of its own"]
fn flood_a_store() {
    let bounds = MemoryBounds {
        buckets: 2 << 20,
        logs: 2 << 20,
        shards: 64,
    };
    let store = MemoryStore::with_bounds(bounds).unwrap();
    let seed = KeySeed::random();
    let policies = [
        Policy::smooth("bucket", 100, Duration::from_secs(60)).unwrap(),
        Policy::exact("log", 100, Duration::from_secs(60)).unwrap().shadow(),
    ];
    let (before, now) = (resident(), Instant::now());
    for key in 0..1_000_000_u64 {
        let key = seed.hash(0, &key.to_le_bytes());
        let charge = |policy| Charge { policy, key, cost: 1 };
        let charges = [charge(&policies[0]), charge(&policies[1])].into();
        let question = Question {
            guard: "test",
            intent: Intent::Take,
            charges: &charges,
        };
        let _ = store.decide(&question, now);
    }
    let usage = store.usage_at(now);
    println!("grown by {} KiB, {usage:?}", resident().saturating_sub(before));
}

#[test]
#[cfg(target_os = "linux")]
fn a_flood_of_a_million_keys_takes_no_more_memory_than_was_allowed() {
    let text = run_alone("flood::flood_a_store");
    let grown = text
        .split_once("grown by ")
        .and_then(|(_, rest)| rest.split_once(" KiB"));
    let grown: usize = grown.unwrap().0.parse().unwrap();
    // Both bounds, what is shared beside them, and what an allocator does not give back at once.
    assert!(grown > 1024 && grown < 2 * 4096, "{text}");
}
