use std::fmt;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use tokio::time::{Instant, timeout_at};

use super::report::detail_of;
use super::{CheckReport, State, Verdict};

/// How long a good result is believed.
const GOOD_FOR: Duration = Duration::from_secs(1);

type Run = Box<dyn Fn() -> BoxFuture<'static, Verdict> + Send + Sync>;

/// A check, and what is known of it.
pub(super) struct Check {
    name: &'static str,
    critical: bool,
    run: Run,
    known: Mutex<Option<Known>>,
}

/// What a check said last.
#[derive(Clone)]
struct Known {
    verdict: Verdict,
    asked: Instant,
    latency: Duration,
    /// When it changed into this state.
    since: Instant,
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Check {
    pub(super) fn new(name: &'static str, critical: bool, run: Run) -> Self {
        Self {
            name,
            critical,
            run,
            known: Mutex::default(),
        }
    }

    /// What it says now, or has said within the last second if that was good.
    pub(super) async fn report(&self, deadline: Instant) -> CheckReport {
        let known = match self.believed() {
            Some(known) => known,
            None => self.ask(deadline).await,
        };
        CheckReport {
            name: self.name,
            state: known.verdict.state,
            critical: self.critical,
            latency: known.latency,
            since: known.since.elapsed(),
            detail: detail_of(&known.verdict),
        }
    }

    fn believed(&self) -> Option<Known> {
        let known = self.known.lock().clone()?;
        (known.verdict.state == State::Up && known.asked.elapsed() < GOOD_FOR).then_some(known)
    }

    async fn ask(&self, deadline: Instant) -> Known {
        let asked = Instant::now();
        // The closure may panic as well as its future. Neither is touched again then.
        let run = AssertUnwindSafe(async { (self.run)().await }).catch_unwind();
        let verdict = match timeout_at(deadline, run).await {
            Ok(Ok(verdict)) => verdict,
            Ok(Err(_)) => Verdict::down("the check panicked"),
            Err(_) => Verdict::down("the check did not answer in time"),
        };
        self.learn(verdict, asked)
    }

    fn learn(&self, verdict: Verdict, asked: Instant) -> Known {
        let now = Instant::now();
        let mut known = self.known.lock();
        let before = known.as_ref().map(|known| (known.verdict.state, known.since));
        let since = match before {
            Some((state, since)) if state == verdict.state => since,
            _ => now,
        };
        let news = Known {
            latency: now.saturating_duration_since(asked),
            verdict,
            asked,
            since,
        };
        *known = Some(news.clone());
        drop(known);
        self.tell(before.map_or(State::Up, |(state, _)| state), &news.verdict);
        news
    }

    /// A change is logged once, when it is noticed.
    fn tell(&self, before: State, verdict: &Verdict) {
        if before == verdict.state {
            return;
        }
        let (name, detail) = (self.name, detail_of(verdict));
        match verdict.state {
            State::Up => tracing::info!(check.name = name, "a dependency is up again"),
            State::Degraded => tracing::warn!(check.name = name, check.detail = detail, "a dependency is degraded"),
            State::Down => tracing::warn!(
                check.name = name,
                check.critical = self.critical,
                check.detail = detail,
                "a dependency is down"
            ),
        }
    }
}
