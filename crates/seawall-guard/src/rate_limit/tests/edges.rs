//! An adversary who knows where windows begin.

use std::time::Duration;

use proptest::prelude::*;

use super::oracle::Oracle;
use super::{Held, MemoryBounds, Policy};

/// The most that passes in any window: everything at once after a pause, then asking in small steps, `phase` shifted, over three
/// windows and another pause.
fn most(policy: &Policy, phase: u64) -> u64 {
    let held = Held::new(MemoryBounds {
        shards: 1,
        ..MemoryBounds::default()
    });
    let key = super::super::KeySeed::shared([9; 16]).hash(0, b"adversary");
    let mut oracle = Oracle::new(policy);
    let window = policy.window().as_nanos() as u64;
    let step = (window / u64::from(policy.limit()) / 3).max(1);
    let mut now = 0;
    for pause in [window, window - 1, window / 2, 3 * window] {
        now += pause + phase;
        let end = now + 2 * window;
        while now <= end {
            while held.admits(policy, key, now) {
                oracle.take(now, 1);
            }
            now += step;
        }
    }
    assert!(oracle.keeps_its_promise());
    match policy.interval() {
        Some(_) => oracle.most_within(window, true),
        None => oracle.most_within(window, false),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 4, ..ProptestConfig::default() })]

    #[test]
    fn at_the_edges_of_windows_each_kind_keeps_its_promise(
        limit in 2..30_u32,
        burst in 1..30_u32,
        window in 30_000..1_000_000_u64,
        phase in 0..1_000_u64,
    ) {
        let window = Duration::from_nanos(window);
        let twice = most(&Policy::smooth("smooth", limit, window).unwrap(), phase);
        // It comes close to twice the limit, and not beyond.
        prop_assert!(twice <= 2 * u64::from(limit) && twice >= 2 * u64::from(limit) - 1, "{twice} of {limit}");
        let burst = 1 + burst % (limit - 1);
        let strict = most(&Policy::strict("strict", limit, window, burst).unwrap(), phase);
        prop_assert!(strict <= u64::from(limit), "{strict} of {limit}");
        let exact = most(&Policy::exact("exact", limit, window).unwrap(), phase);
        prop_assert_eq!(exact, u64::from(limit));
    }
}
