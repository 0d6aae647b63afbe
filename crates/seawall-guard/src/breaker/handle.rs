use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::machine::{Machine, Refusal};
use super::outbox::Outbox;
use super::{
    BreakerConfig, ByResult, CallFuture, Classify, Observer, Outcome, Permit, Rejected, Snapshot, State, Window,
};

/// The gate of a state in which calls have to ask.
const ASK: u64 = u64::MAX;

/// A circuit breaker; see [the module](super). Clones are the same one.
#[derive(Clone)]
pub struct Breaker {
    shared: Arc<Shared>,
}

struct Shared {
    name: Arc<str>,
    slow_from: Option<Duration>,
    /// Whether each result needs the time at which it came.
    timed: bool,
    observer: Option<Box<dyn Observer>>,
    /// The machine's generation while everybody passes, [`ASK`] otherwise: most calls begin with a look at this and no lock.
    /// Written under the lock. Who reads it a moment before it changes was admitted before it changed.
    gate: AtomicU64,
    machine: Mutex<Machine>,
}

impl Breaker {
    /// `name` is whose calls it is for; callers see it in rejections.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>, config: BreakerConfig) -> Self {
        Self::make(name.into(), config, None)
    }

    /// Tells `observer` what it does.
    #[must_use]
    pub fn observed(name: impl Into<Arc<str>>, config: BreakerConfig, observer: impl Observer + 'static) -> Self {
        Self::make(name.into(), config, Some(Box::new(observer)))
    }

    fn make(name: Arc<str>, config: BreakerConfig, observer: Option<Box<dyn Observer>>) -> Self {
        let slow_from = config.slow.map(|slow| slow.from);
        let timed = slow_from.is_some() || matches!(config.window, Window::Time { .. });
        let outbox = Outbox::new(observer.is_some());
        let machine = Machine::new(Arc::clone(&name), config, outbox, Instant::now());
        Self {
            shared: Arc::new(Shared {
                name,
                slow_from,
                timed,
                observer,
                gate: AtomicU64::new(machine.open_gate().unwrap_or(ASK)),
                machine: Mutex::new(machine),
            }),
        }
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// As of now.
    #[must_use]
    pub fn state(&self) -> State {
        self.snapshot().state
    }

    /// All that can be known of it, as of now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let now = Instant::now();
        self.with(|machine| machine.snapshot(now))
    }

    /// Admits a call, or says why not. The [`Permit`] has to be told how the call ended.
    ///
    /// # Errors
    ///
    /// The call must not be made.
    #[inline]
    pub fn try_acquire(&self) -> Result<Permit, Rejected> {
        let generation = self.generation()?;
        Ok(Permit::new(self.clone(), generation, self.begins()))
    }

    /// What most calls do to be admitted; it is small enough to be part of whoever calls.
    #[inline]
    pub(super) fn generation(&self) -> Result<u64, Rejected> {
        match self.shared.gate.load(Ordering::Acquire) {
            ASK => self.ask(),
            generation => Ok(generation),
        }
    }

    #[cold]
    fn ask(&self) -> Result<u64, Rejected> {
        let now = Instant::now();
        let admitted = self.with(|machine| machine.admit(now));
        admitted.map_err(|refusal| self.rejected(refusal))
    }

    /// When a call begins, where that is asked for.
    #[inline]
    pub(super) fn begins(&self) -> Option<Instant> {
        self.shared.slow_from.map(|_| Instant::now())
    }

    /// Makes a call, if it may be made. An `Err` is a failure, and dropping the future is not.
    pub fn call<F, T, E>(&self, call: F) -> CallFuture<F, ByResult>
    where
        F: Future<Output = Result<T, E>>,
    {
        self.call_with(ByResult, call)
    }

    /// As [`Breaker::call`], where `classify` says what is a failure.
    pub fn call_with<F, C, T, E>(&self, classify: C, call: F) -> CallFuture<F, C>
    where
        F: Future<Output = Result<T, E>>,
        C: Classify<Result<T, E>>,
    {
        CallFuture::new(self.clone(), classify, call)
    }

    /// Whether a call would be refused now, without making one.
    pub(super) fn refuses(&self) -> bool {
        if self.shared.gate.load(Ordering::Acquire) != ASK {
            return false;
        }
        let now = Instant::now();
        self.with(|machine| machine.refuses(now))
    }

    /// Refuses a call that cannot be made, whatever the state.
    pub(super) fn refuse(&self) -> Rejected {
        let now = Instant::now();
        let refusal = self.with(|machine| machine.refuse(now));
        self.rejected(refusal)
    }

    fn rejected(&self, refusal: Refusal) -> Rejected {
        let rejected = Rejected {
            breaker: Arc::clone(&self.shared.name),
            state: refusal.state,
            retry_after: refusal.wait,
        };
        if let Some(observer) = &self.shared.observer {
            observer.rejected(&rejected);
        }
        rejected
    }

    pub(super) fn record(&self, generation: u64, began: Option<Instant>, outcome: Outcome) {
        let ended = self.shared.timed.then(Instant::now);
        let slow = match (began, ended, self.shared.slow_from) {
            (Some(began), Some(ended), Some(from)) => ended.saturating_duration_since(began) >= from,
            _ => false,
        };
        self.with(|machine| machine.record(generation, outcome, slow, ended));
    }

    pub(super) fn cancel(&self, generation: u64) {
        self.with(|machine| machine.cancel(generation));
    }

    /// The one place that locks. Whatever follows from it is told when the lock is free again.
    #[inline]
    pub(super) fn with<R>(&self, act: impl FnOnce(&mut Machine) -> R) -> R {
        let mut machine = self.shared.machine.lock();
        let result = act(&mut machine);
        let gate = machine.open_gate().unwrap_or(ASK);
        if self.shared.gate.load(Ordering::Relaxed) != gate {
            self.shared.gate.store(gate, Ordering::Release);
        }
        let tells = machine.outbox.begin();
        drop(machine);
        if tells {
            self.tell();
        }
        result
    }

    #[cold]
    fn tell(&self) {
        let Some(observer) = &self.shared.observer else {
            return;
        };
        let mut telling = Telling {
            machine: &self.shared.machine,
            done: false,
        };
        loop {
            let next = self.shared.machine.lock().outbox.next();
            let Some(transition) = next else {
                telling.done = true;
                return;
            };
            observer.changed(&transition);
        }
    }
}

/// Lets others tell when an observer panics.
struct Telling<'a> {
    machine: &'a Mutex<Machine>,
    done: bool,
}

impl Drop for Telling<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.machine.lock().outbox.give_up();
        }
    }
}

impl fmt::Debug for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.machine.try_lock().map(|machine| machine.state());
        f.debug_struct("Breaker")
            .field("name", &self.shared.name)
            .field("state", &state)
            .finish_non_exhaustive()
    }
}
