use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::report::detail_of;
use super::{CheckReport, Report, Verdict};

type Look = Arc<dyn Fn() -> Verdict + Send + Sync>;

/// Whether the process itself works. Without a check it does as long as it answers. Clones share
/// the checks.
#[derive(Clone)]
pub struct Liveness {
    began: Instant,
    checks: Vec<(&'static str, Look)>,
}

impl Default for Liveness {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            checks: Vec::new(),
        }
    }
}

impl fmt::Debug for Liveness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.checks.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}

impl Liveness {
    /// Adds a look at a value in memory: a counter that has to move, a thread that has to be there. Down means that the process
    /// should be started anew.
    #[must_use]
    pub fn with(mut self, name: &'static str, look: impl Fn() -> Verdict + Send + Sync + 'static) -> Self {
        self.checks.push((name, Arc::new(look)));
        self
    }

    #[must_use]
    pub fn report(&self) -> Report {
        let checks = self.checks.iter().map(|(name, look)| {
            let verdict = look();
            CheckReport {
                name,
                state: verdict.state,
                critical: true,
                latency: Duration::ZERO,
                since: self.began.elapsed(),
                detail: detail_of(&verdict),
            }
        });
        Report::of(checks.collect())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::super::{Details, Overall};
    use super::*;

    #[test]
    fn it_lives_unless_a_look_says_otherwise() {
        assert_eq!(Liveness::default().report().overall, Overall::Ready);
        let moves = Arc::new(AtomicBool::new(true));
        let liveness = Liveness::default().with("writer", {
            let moves = Arc::clone(&moves);
            move || match moves.load(Ordering::Relaxed) {
                true => Verdict::up(),
                false => Verdict::down("it has stopped"),
            }
        });
        assert_eq!(liveness.report().response(Details::Hidden).status(), 200);
        moves.store(false, Ordering::Relaxed);
        assert_eq!(liveness.report().response(Details::Hidden).status(), 503);
    }
}
