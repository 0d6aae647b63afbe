use std::time::Duration;

/// How fast the weights halve, in seconds.
const SHORT: f64 = 60.0;
const LONG: f64 = 30.0 * 60.0;

const LEAST_DEVIATIONS: f64 = 4.0;
const MOST_DEVIATIONS: f64 = 100.0;
const LEAST_ERRORS: f64 = 5.0;
const LEAST_RECENT: f64 = 20.0;
const LEAST_USUAL: f64 = 100.0;

/// How often the weights are worked out anew: between that, requests are only counted.
const STEP: Duration = Duration::from_secs(1);

/// Requests and errors with two weights. Times are since the beginning.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Baseline {
    folded_at: Duration,
    /// Not in the weighted ones yet.
    recent: Weighted,
    short: Weighted,
    long: Weighted,
}

#[derive(Clone, Copy, Debug, Default)]
struct Weighted {
    calls: f64,
    errors: f64,
}

impl Weighted {
    fn add(&mut self, more: Self) {
        self.calls += more.calls;
        self.errors += more.errors;
    }

    fn fade(&mut self, seconds: f64, half_life: f64) {
        let rest = (-seconds / half_life).exp2();
        self.calls *= rest;
        self.errors *= rest;
    }
}

impl Baseline {
    pub(super) fn record(&mut self, at: Duration, error: bool) {
        if at >= self.folded_at + STEP {
            self.fold(at);
        }
        self.recent.add(Weighted {
            calls: 1.0,
            errors: f64::from(u8::from(error)),
        });
    }

    /// By how many standard deviations there are more errors than usual; 0 if that is nothing to speak of.
    pub(super) fn value(mut self, at: Duration) -> f64 {
        self.fold(at);
        let (calls, errors) = (self.short.calls, self.short.errors);
        if errors < LEAST_ERRORS || calls < LEAST_RECENT || self.long.calls < LEAST_USUAL {
            return 0.0;
        }
        // Never 0 and never 1: what has not happened yet may.
        let usual = (self.long.errors + 1.0) / (self.long.calls + 2.0);
        let deviation = (usual * (1.0 - usual) / calls).sqrt();
        let deviations = (errors / calls - usual) / deviation;
        if deviations < LEAST_DEVIATIONS {
            return 0.0;
        }
        deviations.min(MOST_DEVIATIONS)
    }

    /// What was counted is as old as the last fold, whenever the next one is: after an hour of silence it weighs little.
    fn fold(&mut self, at: Duration) {
        let seconds = at.saturating_sub(self.folded_at).as_secs_f64();
        let recent = std::mem::take(&mut self.recent);
        for (weighted, half_life) in [(&mut self.short, SHORT), (&mut self.long, LONG)] {
            weighted.add(recent);
            weighted.fade(seconds, half_life);
        }
        self.folded_at = self.folded_at.max(at);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same by the documented formula, over a log of all there was.
    fn oracle(log: &[(u64, bool)], now: u64) -> f64 {
        let sum = |half_life: f64, errors: bool| -> f64 {
            let counted = log.iter().filter(|(_, error)| *error || !errors);
            counted.map(|(at, _)| 0.5f64.powf((now - at) as f64 / half_life)).sum()
        };
        let (n, e) = (sum(60.0, false), sum(60.0, true));
        let (many, usual_errors) = (sum(1800.0, false), sum(1800.0, true));
        let usual = (usual_errors + 1.0) / (many + 2.0);
        let z = (e / n - usual) / (usual * (1.0 - usual) / n).sqrt();
        if z < 4.0 || e < 5.0 || n < 20.0 || many < 100.0 {
            0.0
        } else {
            z.min(100.0)
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]
        #[test]
        fn the_value_is_the_documented_one(
            spells in prop::collection::vec((0..2000u64, 1..200usize, 0..101u32), 1..8), later in 0..300u64
        ) {
            let (mut baseline, mut log, mut now, mut turn) = (Baseline::default(), Vec::new(), 0, 0u32);
            for (silence, calls, error_percent) in spells {
                now += silence;
                for _ in 0..calls {
                    turn = turn.wrapping_add(61) % 100;
                    now += u64::from(turn.is_multiple_of(10));
                    baseline.record(Duration::from_secs(now), turn < error_percent);
                    log.push((now, turn < error_percent));
                }
                let (seen, exact) = (baseline.value(Duration::from_secs(now + later)), oracle(&log, now + later));
                prop_assert!((seen - exact).abs() <= 1e-6 * exact.max(1.0), "{} for {}", seen, exact);
            }
        }
    }

    /// Traffic of ten requests a second with errors at random, from a generator that is the same each time.
    struct Traffic {
        baseline: Baseline,
        now: Duration,
        state: u64,
    }

    impl Traffic {
        fn new(seed: u64) -> Self {
            Self {
                baseline: Baseline::default(),
                now: Duration::ZERO,
                state: seed,
            }
        }

        /// The largest value that was seen meanwhile, and the last one.
        fn go_on(&mut self, minutes: u64, error_rate: f64) -> (f64, f64) {
            let mut largest: f64 = 0.0;
            for call in 0..minutes * 600 {
                self.now += Duration::from_millis(100);
                self.state = self
                    .state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let random = (self.state >> 11) as f64 / (1u64 << 53) as f64;
                self.baseline.record(self.now, random < error_rate);
                if call % 10 == 0 {
                    largest = largest.max(self.baseline.value(self.now));
                }
            }
            (largest, self.baseline.value(self.now))
        }
    }

    #[test]
    fn what_is_usual_is_calm_however_many_errors_that_are() {
        for seed in 1..5 {
            for rate in [0.0, 0.001, 0.01, 0.1, 0.5, 1.0] {
                assert_eq!(Traffic::new(seed).go_on(180, rate).0, 0.0, "{seed} {rate}");
            }
        }
    }

    #[test]
    fn an_outage_shows_within_seconds_and_is_over_when_it_is_over() {
        let mut traffic = Traffic::new(7);
        assert_eq!(traffic.go_on(60, 0.01).0, 0.0);
        let before = traffic.now;
        while traffic.baseline.value(traffic.now) == 0.0 {
            traffic.now += Duration::from_millis(100);
            traffic.baseline.record(traffic.now, true);
        }
        let noticed = traffic.now - before;
        assert!(noticed < Duration::from_secs(5), "{noticed:?}");
        assert!(traffic.go_on(2, 0.5).1 >= 4.0);
        assert_eq!(traffic.go_on(10, 0.01).1, 0.0);
    }

    #[test]
    fn what_lasts_becomes_usual() {
        let mut traffic = Traffic::new(3);
        traffic.go_on(60, 0.001);
        assert!(traffic.go_on(10, 0.2).1 >= 4.0);
        assert_eq!(traffic.go_on(600, 0.2).1, 0.0);
    }

    #[test]
    fn a_few_errors_on_a_quiet_service_are_none() {
        let mut baseline = Baseline::default();
        for second in 0..3600 {
            baseline.record(Duration::from_secs(second), false);
        }
        for second in 3600..3604 {
            baseline.record(Duration::from_secs(second), true);
            assert_eq!(baseline.value(Duration::from_secs(second)), 0.0);
        }
        for second in 3604..3610 {
            baseline.record(Duration::from_secs(second), true);
        }
        assert!(baseline.value(Duration::from_secs(3610)) >= 4.0);
    }
}
