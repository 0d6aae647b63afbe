//! Random schedules of calls, results, cancellations, words from outside and time, each step of them held against the oracle.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use proptest::prelude::*;
use tokio::time::Instant;

use super::oracle::{Oracle, OracleWindow, Setup, Told};
use crate::breaker::{AfterHalfOpen, Breaker, Observer, Outcome, Permit, State, Transition};

#[derive(Clone, Copy, Debug)]
enum Step {
    Begin,
    /// Which of those under way, and how.
    End(prop::sample::Index, Outcome),
    Cancel(prop::sample::Index),
    /// Begins and ends in one.
    Call(Outcome),
    Wait(u64),
    ForceOpen(Option<u64>),
    Disable,
    MetricsOnly,
    Release,
    Reset,
    Trip(Option<u64>),
}

fn outcome() -> impl Strategy<Value = Outcome> {
    let wait = || prop_oneof![12 => Just(None), 1 => (0..400_u64).prop_map(|time| Some(Duration::from_millis(time)))];
    prop_oneof![
        6 => Just(Outcome::Success),
        4 => wait().prop_map(|retry_after| Outcome::Failure { retry_after }),
        2 => wait().prop_map(|retry_after| Outcome::Throttled { retry_after }),
        1 => Just(Outcome::Ignored),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let time = || prop::option::of(1..300_u64);
    let which = any::<prop::sample::Index>;
    let step = prop_oneof![
        20 => Just(Step::Begin),
        16 => (which(), outcome()).prop_map(|(which, outcome)| Step::End(which, outcome)),
        3 => which().prop_map(Step::Cancel),
        24 => outcome().prop_map(Step::Call),
        14 => (0..60_u64).prop_map(Step::Wait),
        4 => (0..1000_u64).prop_map(Step::Wait),
        1 => time().prop_map(Step::ForceOpen),
        1 => Just(Step::Disable),
        1 => Just(Step::MetricsOnly),
        2 => Just(Step::Release),
        1 => Just(Step::Reset),
        1 => time().prop_map(Step::Trip),
    ];
    prop::collection::vec(step, 1..200)
}

fn calls() -> impl Strategy<Value = (OracleWindow, u64)> {
    (1..24_usize).prop_flat_map(|calls| (Just(OracleWindow::Calls(calls)), 1..=calls as u64))
}

fn time() -> impl Strategy<Value = (OracleWindow, u64)> {
    let window = (1..10_u64, 1..80_u64).prop_map(|(buckets, width)| OracleWindow::Time { buckets, width });
    (window, 1..12_u64)
}

fn setup(window: impl Strategy<Value = (OracleWindow, u64)>) -> impl Strategy<Value = Setup> {
    let percent = || prop::option::of(prop_oneof![Just(100), 1..=100_u64]);
    let thresholds = (
        percent(),
        prop::option::of(1..90_u64),
        percent(),
        prop::option::of(1..6_u64),
    );
    let open = (1..200_u64, 1..4_u64, 0..600_u64);
    let after = prop_oneof![Just(AfterHalfOpen::Open), Just(AfterHalfOpen::Close)];
    let half_open = (1..5_u64, 1..300_u64, after, 1..300_u64);
    let parts = (window, thresholds, open, half_open);
    parts.prop_map(|((window, minimum_calls), thresholds, open, half_open)| {
        let (failure_ratio, slow_from, slow_ratio, consecutive_failures) = thresholds;
        let slow = slow_from.zip(slow_ratio);
        let none = failure_ratio.is_none() && slow.is_none() && consecutive_failures.is_none();
        Setup {
            window,
            minimum_calls,
            failure_ratio: if none { Some(50) } else { failure_ratio },
            slow,
            consecutive_failures,
            open_for: open.0,
            factor: open.1,
            longest: open.0 + open.2,
            permits: half_open.0,
            half_open_at_most: half_open.1,
            after_half_open: half_open.2,
            retry_after_at_most: half_open.3,
        }
    })
}

#[derive(Default)]
struct Heard(Mutex<Vec<Transition>>);

impl Observer for Heard {
    fn changed(&self, transition: &Transition) {
        self.0.lock().push(transition.clone());
    }
}

/// The real one and the oracle, side by side.
struct Both {
    began: Instant,
    breaker: Breaker,
    permits: Vec<Permit>,
    heard: Arc<Heard>,
    oracle: Oracle,
}

impl Both {
    fn new(setup: &Setup) -> Self {
        let heard = Arc::new(Heard::default());
        Self {
            began: Instant::now(),
            breaker: Breaker::observed("api", setup.config(), Arc::clone(&heard)),
            permits: Vec::new(),
            heard,
            oracle: Oracle::new(setup.clone()),
        }
    }

    async fn step(&mut self, step: Step) {
        let millis = |time: Option<u64>| time.map(Duration::from_millis);
        match step {
            Step::Begin => self.begin(),
            Step::Call(outcome) => {
                let before = self.permits.len();
                self.begin();
                if self.permits.len() > before {
                    self.end(before, outcome);
                }
            }
            Step::End(which, outcome) if !self.permits.is_empty() => {
                self.end(which.index(self.permits.len()), outcome);
            }
            Step::Cancel(which) if !self.permits.is_empty() => {
                let place = which.index(self.permits.len());
                drop(self.permits.remove(place));
                self.oracle.cancel(place);
            }
            Step::End(..) | Step::Cancel(_) => {}
            Step::Wait(time) => {
                tokio::time::advance(Duration::from_millis(time)).await;
                self.oracle.now += time;
            }
            Step::ForceOpen(time) => {
                match millis(time) {
                    Some(time) => self.breaker.force_open_for(time),
                    None => self.breaker.force_open(),
                }
                self.oracle.force_open(time);
            }
            Step::Disable => {
                self.breaker.disable();
                self.oracle.pass_all(State::Disabled);
            }
            Step::MetricsOnly => {
                self.breaker.metrics_only();
                self.oracle.pass_all(State::MetricsOnly);
            }
            Step::Release => {
                self.breaker.release();
                self.oracle.release();
            }
            Step::Reset => {
                self.breaker.reset();
                self.oracle.reset();
            }
            Step::Trip(time) => {
                self.breaker.trip(millis(time));
                self.oracle.trip(time);
            }
        }
    }

    fn begin(&mut self) {
        let admitted = match self.breaker.try_acquire() {
            Ok(permit) => {
                self.permits.push(permit);
                Ok(())
            }
            Err(rejected) => Err((rejected.state, rejected.retry_after.map(whole_millis))),
        };
        assert_eq!(admitted, self.oracle.admit());
    }

    fn end(&mut self, place: usize, outcome: Outcome) {
        self.permits.remove(place).record(outcome);
        self.oracle.end(place, outcome);
    }

    fn compare(&mut self) {
        self.oracle.settle();
        let snapshot = self.breaker.snapshot();
        let oracle = &self.oracle;
        assert_eq!(snapshot.state, oracle.state);
        assert_eq!(snapshot.counts, oracle.counts());
        assert_eq!(snapshot.totals, oracle.totals);
        assert_eq!(whole_millis(snapshot.since), oracle.now - oracle.since);
        assert_eq!(snapshot.time_to_half_open.map(whole_millis), oracle.time_to_half_open());
        assert_eq!(snapshot.consecutive_openings, oracle.openings);
        assert_eq!(
            snapshot.cause,
            oracle.told.iter().rev().find(|told| !shadow(told)).map(|told| told.2)
        );
        let under_way = snapshot.probes.map(|probes| u64::from(probes.under_way));
        let probing = oracle.state == State::HalfOpen;
        assert_eq!(under_way, probing.then(|| oracle.probes_under_way()));
        let heard = self.heard.0.lock();
        let heard: Vec<Told> = heard.iter().map(|transition| self.told(transition)).collect();
        assert_eq!(heard, oracle.told);
    }

    fn told(&self, transition: &Transition) -> Told {
        let Transition {
            at,
            from,
            to,
            cause,
            open_for,
            ..
        } = transition;
        (
            *from,
            *to,
            *cause,
            whole_millis(*at - self.began),
            open_for.map(whole_millis),
        )
    }
}

fn shadow(told: &Told) -> bool {
    told.0 == State::MetricsOnly && told.1 == State::Open
}

fn whole_millis(time: Duration) -> u64 {
    assert_eq!(time.subsec_nanos() % 1_000_000, 0, "{time:?}");
    u64::try_from(time.as_millis()).unwrap()
}

fn run(setup: &Setup, steps: &[Step]) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let mut both = Both::new(setup);
        for step in steps {
            both.step(*step).await;
            // A look settles what time has changed. What comes after a wait has to find that out for itself.
            if !matches!(step, Step::Wait(_)) {
                both.compare();
            }
        }
    });
}

proptest! {
    #[test]
    fn over_a_window_of_calls_it_does_what_the_log_says(setup in setup(calls()), steps in steps()) {
        run(&setup, &steps);
    }

    #[test]
    fn over_a_window_of_time_it_does_what_the_log_says(setup in setup(time()), steps in steps()) {
        run(&setup, &steps);
    }
}

/// The schedules are worth something only if they come everywhere.
#[test]
fn the_schedules_see_every_state_and_every_cause() {
    use std::collections::BTreeSet;

    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;

    let mut seen = BTreeSet::new();
    let mut runner = TestRunner::deterministic();
    for _ in 0..100 {
        let setup = setup(calls()).new_tree(&mut runner).unwrap().current();
        let steps = steps().new_tree(&mut runner).unwrap().current();
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        let told = runtime.block_on(async {
            let mut both = Both::new(&setup);
            for step in steps {
                both.step(step).await;
            }
            std::mem::take(&mut *both.heard.0.lock())
        });
        seen.extend(
            told.iter()
                .map(|one| format!("{} -> {}: {}", one.from, one.to, one.cause)),
        );
    }
    let seen: Vec<_> = seen.into_iter().collect();
    insta::assert_snapshot!(seen.join("\n"));
}
