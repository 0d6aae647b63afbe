use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::futures::Notified;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

use super::limits;

/// The log says at most so often that there is no place left: who floods the server must not flood its log.
const TELL_AGAIN: Duration = Duration::from_secs(60);

/// Places for connections. While all are taken and one more client waits, whoever has been idle longest gives way: a place is
/// not for keeping without use.
#[derive(Debug)]
pub(super) struct Places {
    free: Arc<Semaphore>,
    all: usize,
    pressure: Pressure,
    told: Option<Instant>,
}

impl Places {
    pub(super) fn new(all: usize, pressure: Pressure) -> Self {
        Self {
            free: Arc::new(Semaphore::new(all)),
            all,
            pressure,
            told: None,
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
        if self.told.is_some_and(|told| told.elapsed() < TELL_AGAIN) {
            return;
        }
        self.told = Some(Instant::now());
        tracing::warn!(
            connections = self.all,
            "all places for connections are taken: idle ones are closed, and others wait"
        );
    }
}

/// How idle connections learn that their place, or their open file, is needed. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Pressure(Arc<Notify>);

impl Pressure {
    /// Asks the connection that has been idle longest to end; where none is idle, the next one that is.
    pub(super) fn ask(&self) {
        self.0.notify_one();
    }

    /// Takes back what nobody has heard.
    fn relent(&self) {
        let _ = self.0.notified().now_or_never();
    }

    /// Waits, in the order of those who do, until it is one's turn to end.
    pub(super) fn asked(&self) -> Notified<'_> {
        self.0.notified()
    }
}
