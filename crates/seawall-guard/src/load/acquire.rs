use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::Sleep;

use super::gate::{Ticket, Turn};
use super::{Claim, Limiter, Permit, Reason, Rejected};

/// Waits for a permit; see [`Limiter::acquire`].
#[derive(Debug)]
#[must_use = "a future does nothing unless it is polled"]
pub struct Acquire {
    limiter: Limiter,
    claim: Claim,
    // None until it is found that it has to wait, and after it is ready.
    queued: Option<Queued>,
}

#[derive(Debug)]
struct Queued {
    ticket: Ticket,
    over: Pin<Box<Sleep>>,
}

impl Acquire {
    pub(super) const fn new(limiter: Limiter, claim: Claim) -> Self {
        Self {
            limiter,
            claim,
            queued: None,
        }
    }

    fn reject(&self, reason: Reason) -> Poll<Result<Permit, Rejected>> {
        Poll::Ready(Err(self.limiter.reject(self.claim.priority, reason)))
    }
}

impl Future for Acquire {
    type Output = Result<Permit, Rejected>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let Some(queued) = &mut this.queued else {
            if let Some(permit) = this.limiter.try_permit(this.claim) {
                return Poll::Ready(Ok(permit));
            }
            let Some(ticket) = this.limiter.wait(this.claim, cx) else {
                return this.reject(Reason::Full);
            };
            let mut over = Box::pin(tokio::time::sleep(this.limiter.queue_wait()));
            // It is longer than nothing: this only says whom to wake.
            let _ = over.as_mut().poll(cx);
            this.queued = Some(Queued { ticket, over });
            return Poll::Pending;
        };
        // First what was given: a turn that comes with the end of the wait is taken.
        match this.limiter.turn(queued.ticket, cx) {
            Turn::Begins(began) => {
                this.queued = None;
                Poll::Ready(Ok(Permit::new(this.limiter.clone(), this.claim, began)))
            }
            Turn::Displaced => {
                this.queued = None;
                this.reject(Reason::Displaced)
            }
            Turn::Waits => {
                if queued.over.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                let ticket = queued.ticket;
                this.queued = None;
                this.limiter.give_up(ticket);
                this.reject(Reason::Late)
            }
        }
    }
}

impl Drop for Acquire {
    fn drop(&mut self) {
        if let Some(queued) = self.queued.take() {
            self.limiter.give_up(queued.ticket);
        }
    }
}
