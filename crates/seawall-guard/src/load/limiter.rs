use std::fmt;
use std::sync::Arc;
use std::task::{Context, Waker};

use parking_lot::Mutex;
use tokio::time::Instant;

use super::gate::{Gate, Ticket, Turn};
use super::{Acquire, Claim, LoadConfig, Observer, Outcome, Permit, Priority, Reason, Rejected, Snapshot};

/// As many calls at once as there is capacity for. Clones share it.
#[derive(Clone)]
pub struct Limiter(Arc<Shared>);

struct Shared {
    name: Arc<str>,
    gate: Mutex<Gate>,
    observer: Option<Box<dyn Observer>>,
}

impl Limiter {
    /// `name` says what is behind it: it is in rejections and snapshots.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>, config: LoadConfig) -> Self {
        Self::make(name.into(), config, None)
    }

    /// It tells `observer` what it does.
    #[must_use]
    pub fn observed(name: impl Into<Arc<str>>, config: LoadConfig, observer: impl Observer + 'static) -> Self {
        Self::make(name.into(), config, Some(Box::new(observer)))
    }

    fn make(name: Arc<str>, config: LoadConfig, observer: Option<Box<dyn Observer>>) -> Self {
        Self(Arc::new(Shared {
            name,
            gate: Mutex::new(Gate::new(config, Instant::now())),
            observer,
        }))
    }

    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.0.name
    }

    /// A permit, if there is room now.
    pub fn try_acquire(&self, claim: Claim) -> Result<Permit, Rejected> {
        self.try_permit(claim)
            .ok_or_else(|| self.reject(claim.priority, Reason::Full))
    }

    /// A permit, waited for if need be. It begins to wait when it is first polled; dropped, it leaves no trace.
    pub fn acquire(&self, claim: Claim) -> Acquire {
        Acquire::new(self.clone(), claim)
    }

    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let now = Instant::now();
        let gate = self.0.gate.lock();
        let (estimator, config) = (gate.estimator(), gate.config());
        Snapshot {
            name: Arc::clone(&self.0.name),
            limit: estimator.limit(),
            least: config.min,
            most: config.max,
            in_flight: Priority::ALL.map(|priority| gate.in_flight(priority)),
            waiting: Priority::ALL.map(|priority| gate.waiting(priority)),
            most_waiting: config.waiting,
            principals: gate.principals(),
            latency: estimator.latency(),
            unloaded: estimator.unloaded(),
            throughput: estimator.throughput(now),
            totals: gate.totals(),
        }
    }

    pub(super) fn try_permit(&self, claim: Claim) -> Option<Permit> {
        let entered = self.0.gate.lock().try_enter(claim);
        entered.then(|| Permit::new(self.clone(), claim, Instant::now()))
    }

    /// A place in the queue.
    pub(super) fn wait(&self, claim: Claim, cx: &Context<'_>) -> Option<Ticket> {
        self.with_gate(|gate, woken| gate.wait(claim, cx.waker().clone(), woken))
    }

    pub(super) fn turn(&self, ticket: Ticket, cx: &Context<'_>) -> Turn {
        self.with_gate(|gate, woken| gate.turn(ticket, cx, woken))
    }

    pub(super) fn give_up(&self, ticket: Ticket) {
        let now = Instant::now();
        drop(self.with_gate(|gate, woken| gate.give_up(ticket, now, woken)));
    }

    /// The end of a call. None: it was dropped.
    pub(super) fn leave(&self, claim: Claim, began: Instant, outcome: Option<Outcome>) {
        let now = Instant::now();
        let change = self.with_gate(|gate, woken| {
            let given_up_after = gate.config().given_up_after;
            let outcome = outcome.unwrap_or_else(|| match now.saturating_duration_since(began) >= given_up_after {
                true => Outcome::Overload,
                false => Outcome::Ignored,
            });
            gate.leave(now, claim, (began, outcome), woken)
        });
        if let (Some(change), Some(observer)) = (change, &self.0.observer) {
            observer.changed(&self.0.name, &change);
        }
    }

    pub(super) fn reject(&self, priority: Priority, reason: Reason) -> Rejected {
        let now = Instant::now();
        let rejected = Rejected {
            limiter: Arc::clone(&self.0.name),
            priority,
            reason,
            retry_after: self.0.gate.lock().turn_away(now, priority, reason),
        };
        if let Some(observer) = &self.0.observer {
            observer.rejected(&rejected);
        }
        rejected
    }

    pub(super) fn queue_wait(&self) -> std::time::Duration {
        self.0.gate.lock().config().wait
    }

    /// Who is to be woken is, outside of the lock: what a waker does is not known here.
    fn with_gate<T>(&self, act: impl FnOnce(&mut Gate, &mut Vec<Waker>) -> T) -> T {
        let mut woken = Vec::new();
        let result = act(&mut self.0.gate.lock(), &mut woken);
        for waker in woken {
            waker.wake();
        }
        result
    }
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter")
            .field("name", &self.0.name)
            .finish_non_exhaustive()
    }
}
