use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::futures::Notified;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout};

use super::limits;

/// The log says at most so often the same of connections: who floods the server must not flood its log.
const TELL_AGAIN: Duration = Duration::from_secs(60);

/// Something to be told once in a while, however often it happens.
#[derive(Debug, Default)]
pub(super) struct Rarely(Option<Instant>);

impl Rarely {
    /// Whether it is to be told now.
    pub(super) fn is_due(&mut self) -> bool {
        let is_due = self.0.is_none_or(|told| told.elapsed() >= TELL_AGAIN);
        if is_due {
            self.0 = Some(Instant::now());
        }
        is_due
    }
}

/// Places for connections. While all are taken and one more client waits, whoever has been idle longest gives way: a place is
/// not for keeping without use.
#[derive(Debug)]
pub(super) struct Places {
    free: Arc<Semaphore>,
    all: usize,
    pressure: Pressure,
    told: Rarely,
}

impl Places {
    pub(super) fn new(all: usize, pressure: Pressure) -> Self {
        Self {
            free: Arc::new(Semaphore::new(all)),
            all,
            pressure,
            told: Rarely::default(),
        }
    }

    /// A place for one more, as soon as there is one. May be dropped while it waits.
    pub(super) async fn take(&mut self) -> OwnedSemaphorePermit {
        if let Ok(place) = Arc::clone(&self.free).try_acquire_owned() {
            return place;
        }
        self.tell();
        loop {
            self.pressure.ask();
            let place = Arc::clone(&self.free).acquire_owned();
            // Whoever was asked may have got a request meanwhile.
            if let Ok(place) = timeout(limits::ASK_AGAIN, place).await {
                self.pressure.relent();
                return place.expect("the semaphore is never closed");
            }
        }
    }

    fn tell(&mut self) {
        if self.told.is_due() {
            tracing::warn!(
                connections = self.all,
                "all places for connections are taken: idle ones are closed, and others wait"
            );
        }
    }
}

/// How connections learn that their place, or their open file, is needed. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Pressure(Arc<Needed>);

#[derive(Debug, Default)]
struct Needed {
    /// Somebody waits for a place.
    is_on: AtomicBool,
    asked: Notify,
}

impl Pressure {
    /// Asks the connection that has been idle longest to end; where none is idle, the next one that is.
    pub(super) fn ask(&self) {
        self.0.is_on.store(true, Ordering::Relaxed);
        self.0.asked.notify_one();
    }

    /// Takes back what nobody has heard.
    pub(super) fn relent(&self) {
        if self.0.is_on.swap(false, Ordering::Relaxed) {
            let _ = self.0.asked.notified().now_or_never();
        }
    }

    pub(super) fn is_on(&self) -> bool {
        self.0.is_on.load(Ordering::Relaxed)
    }

    /// Waits, in the order of those who do, until it is one's turn to end.
    pub(super) fn asked(&self) -> Notified<'_> {
        self.0.asked.notified()
    }

    /// The same, once one has been idle for long enough to be asked.
    pub(super) async fn asked_if_idle(&self) {
        sleep(limits::LEAST_IDLE).await;
        self.asked().await;
    }

    /// What a client sends next, if that comes in time, and before it is one's turn to end.
    pub(super) async fn bear<F: Future>(&self, next: F) -> Option<F::Output> {
        let mut next = pin!(next);
        // Nearly always it comes at once.
        if let Ok(next) = timeout(limits::LEAST_IDLE, next.as_mut()).await {
            return Some(next);
        }
        tokio::select! {
            biased;
            next = timeout(limits::HEAD_TIMEOUT - limits::LEAST_IDLE, next) => next.ok(),
            () = self.asked() => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_goes_on_is_told_once_a_minute() {
        let mut rarely = Rarely::default();
        let mut told = 0;
        for _ in 0..1_500 {
            told += u32::from(rarely.is_due());
            sleep(limits::ACCEPT_BACKOFF).await;
        }
        assert_eq!(told, 3);
    }
}
