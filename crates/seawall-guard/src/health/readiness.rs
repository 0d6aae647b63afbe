use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, WeakShared, join_all};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::check::Check;
use super::{Report, Verdict};

/// All checks, once.
type Round = BoxFuture<'static, Arc<Report>>;

/// Whether the service can take work. Clones share the checks and what is known of them.
#[derive(Clone, Debug)]
pub struct Readiness(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    time: Duration,
    checks: Vec<Check>,
    /// The round that is under way. Those who wait for it hold it: given up by all, it is gone.
    round: Mutex<Option<WeakShared<Round>>>,
}

/// Collects the checks of a [`Readiness`].
#[derive(Debug)]
pub struct ReadinessBuilder {
    time: Duration,
    checks: Vec<Check>,
}

impl Readiness {
    /// `time`: for all checks together.
    #[must_use]
    pub const fn within(time: Duration) -> ReadinessBuilder {
        ReadinessBuilder {
            time,
            checks: Vec::new(),
        }
    }

    /// Asks all checks at once, except those that were well within the last second. Who comes while a round is under way gets its
    /// result.
    pub async fn report(&self) -> Arc<Report> {
        self.join().await
    }

    fn join(&self) -> Shared<Round> {
        let mut round = self.0.round.lock();
        let under_way = round.as_ref().and_then(WeakShared::upgrade);
        // One that is done answers for the past only.
        if let Some(under_way) = under_way.filter(|round| round.peek().is_none()) {
            return under_way;
        }
        let new = Arc::clone(&self.0).run().boxed().shared();
        *round = new.downgrade();
        new
    }
}

impl Inner {
    async fn run(self: Arc<Self>) -> Arc<Report> {
        let deadline = Instant::now() + self.time;
        let checks = join_all(self.checks.iter().map(|check| check.report(deadline))).await;
        Arc::new(Report::of(checks))
    }
}

impl ReadinessBuilder {
    /// Adds a check without which no work can be done.
    #[must_use]
    pub fn critical<F, V>(self, name: &'static str, check: F) -> Self
    where
        F: Fn() -> V + Send + Sync + 'static,
        V: Future<Output = Verdict> + Send + 'static,
    {
        self.add(name, true, check)
    }

    /// Adds a check without which some work can be done.
    #[must_use]
    pub fn optional<F, V>(self, name: &'static str, check: F) -> Self
    where
        F: Fn() -> V + Send + Sync + 'static,
        V: Future<Output = Verdict> + Send + 'static,
    {
        self.add(name, false, check)
    }

    fn add<F, V>(mut self, name: &'static str, critical: bool, check: F) -> Self
    where
        F: Fn() -> V + Send + Sync + 'static,
        V: Future<Output = Verdict> + Send + 'static,
    {
        let run = Box::new(move || check().boxed());
        self.checks.push(Check::new(name, critical, run));
        self
    }

    #[must_use]
    pub fn build(self) -> Readiness {
        Readiness(Arc::new(Inner {
            time: self.time,
            checks: self.checks,
            round: Mutex::default(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::time::{advance, sleep, timeout};

    use super::super::{Overall, State};
    use super::*;

    const TIME: Duration = Duration::from_secs(2);

    /// Counts how often it is asked, takes half a second, and says what it is told to say.
    #[derive(Clone, Default)]
    struct Asked(Arc<(AtomicU32, Mutex<Option<&'static str>>)>);

    impl Asked {
        fn count(&self) -> u32 {
            self.0.0.load(Ordering::Relaxed)
        }

        fn says(&self, wrong: Option<&'static str>) {
            *self.0.1.lock() = wrong;
        }

        fn readiness(&self) -> Readiness {
            let asked = self.clone();
            let check = move || {
                let asked = asked.clone();
                async move {
                    asked.0.0.fetch_add(1, Ordering::Relaxed);
                    sleep(Duration::from_millis(500)).await;
                    let wrong = *asked.0.1.lock();
                    wrong.map_or(Verdict::up(), Verdict::down)
                }
            };
            Readiness::within(TIME).critical("store", check).build()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_good_is_believed_for_a_second_and_what_is_not_never() {
        let asked = Asked::default();
        let readiness = asked.readiness();
        for (wait, count) in [(0, 1), (0, 1), (499, 1), (2, 2)] {
            advance(Duration::from_millis(wait)).await;
            assert_eq!(readiness.report().await.overall, Overall::Ready);
            assert_eq!(asked.count(), count);
        }
        asked.says(Some("gone"));
        advance(Duration::from_secs(1)).await;
        for count in 3..6 {
            let report = readiness.report().await;
            assert_eq!((report.overall, asked.count()), (Overall::Unavailable, count));
            assert_eq!(report.checks[0].detail.as_deref(), Some("gone"));
            assert_eq!(report.checks[0].latency, Duration::from_millis(500));
            assert_eq!(report.checks[0].since, Duration::from_millis(500) * (count - 3));
        }
        asked.says(None);
        let report = readiness.report().await;
        assert_eq!(
            (report.overall, report.checks[0].since),
            (Overall::Ready, Duration::ZERO)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_of_probes_runs_each_check_once_also_while_it_fails() {
        for wrong in [None, Some("gone")] {
            let asked = Asked::default();
            asked.says(wrong);
            let readiness = asked.readiness();
            let reports = join_all((0..100).map(|_| readiness.report())).await;
            assert!(reports.iter().all(|report| report == &reports[0]));
            assert_eq!(asked.count(), 1, "{wrong:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_gives_up_leaves_the_others_and_the_next_ones_alone() {
        let asked = Asked::default();
        let readiness = asked.readiness();
        let short = Duration::from_millis(100);
        let (gone, stayed) = tokio::join!(timeout(short, readiness.report()), readiness.report());
        assert!(gone.is_err());
        assert_eq!((stayed.overall, asked.count()), (Overall::Ready, 1));
        advance(Duration::from_secs(1)).await;
        assert!(timeout(short, readiness.report()).await.is_err());
        // Long after the round that all gave up should have ended.
        advance(10 * TIME).await;
        assert_eq!(readiness.report().await.overall, Overall::Ready);
        assert_eq!(asked.count(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn checks_run_together_and_those_that_hang_or_panic_are_down() {
        let readiness = Readiness::within(TIME)
            .optional("hangs", std::future::pending)
            .optional("hangs too", std::future::pending)
            .optional("panics", || async {
                sleep(Duration::from_millis(1)).await;
                panic!("late")
            })
            .optional("panics at once", || -> std::future::Ready<Verdict> { panic!("early") })
            .critical("slow", || async {
                sleep(Duration::from_millis(1900)).await;
                Verdict::up().with_detail("as ever")
            })
            .build();
        let began = Instant::now();
        let report = readiness.report().await;
        assert_eq!(began.elapsed(), TIME);
        assert_eq!(report.overall, Overall::Degraded);
        let seen = report
            .checks
            .iter()
            .map(|check| (check.state, check.detail.as_deref().unwrap()));
        let expected = [
            (State::Down, "the check did not answer in time"),
            (State::Down, "the check did not answer in time"),
            (State::Down, "the check panicked"),
            (State::Down, "the check panicked"),
            (State::Up, "as ever"),
        ];
        assert!(seen.eq(expected), "{report:?}");
    }
}
