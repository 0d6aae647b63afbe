use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::sync::{AcquireError, OwnedSemaphorePermit};
use tokio::time::Sleep;

use super::handle::Place;
use super::{Bulkhead, Permit, Reason, Rejected};
use crate::admission::Enter;

/// Waits for a permit; see [`Bulkhead::acquire`].
#[must_use = "a future does nothing unless it is polled"]
pub struct Acquire {
    bulkhead: Bulkhead,
    // None until it is found that it has to wait, and after it is ready.
    queued: Option<Queued>,
}

type Turn = Pin<Box<dyn Future<Output = Result<OwnedSemaphorePermit, AcquireError>> + Send + Sync>>;

struct Queued {
    turn: Turn,
    over: Pin<Box<Sleep>>,
    /// Left after the turn is: until then the bulkhead knows of it.
    _place: Place,
}

impl Acquire {
    pub(super) const fn new(bulkhead: Bulkhead) -> Self {
        Self { bulkhead, queued: None }
    }

    fn queue(&self) -> Option<Queued> {
        let shared = &self.bulkhead.0;
        let place = shared.place()?;
        Some(Queued {
            turn: Box::pin(Arc::clone(&shared.semaphore).acquire_owned()),
            over: Box::pin(tokio::time::sleep(shared.config.wait)),
            _place: place,
        })
    }
}

impl Future for Acquire {
    type Output = Result<Permit, Rejected>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if this.queued.is_none() {
            if let Some(permit) = this.bulkhead.try_permit() {
                return Poll::Ready(Ok(permit));
            }
            this.queued = this.queue();
        }
        let Some(queued) = &mut this.queued else {
            return Poll::Ready(Err(this.bulkhead.reject(Reason::Full)));
        };
        // First the permit: one that comes with the end of the wait is taken.
        if let Poll::Ready(turn) = queued.turn.as_mut().poll(cx) {
            this.queued = None;
            let permit = turn.map_err(|_closed| this.bulkhead.reject(Reason::Full))?;
            this.bulkhead.0.admitted();
            return Poll::Ready(Ok(Permit::new(Arc::clone(&this.bulkhead.0), permit)));
        }
        ready!(queued.over.as_mut().poll(cx));
        this.queued = None;
        Poll::Ready(Err(this.bulkhead.reject(Reason::Late)))
    }
}

impl Enter for Acquire {
    type Held = Permit;
    type Refused = Rejected;
}

impl fmt::Debug for Acquire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Acquire");
        shown.field("bulkhead", &self.bulkhead.name());
        shown.field("waits", &self.queued.is_some()).finish()
    }
}
