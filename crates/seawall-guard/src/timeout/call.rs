use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep};

use super::TimedOut;

/// How long one attempt may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timeout(Duration);

impl Timeout {
    #[must_use]
    pub const fn new(limit: Duration) -> Self {
        Self(limit)
    }

    /// The time counts from here, not from the first poll.
    pub fn call<F: Future>(self, attempt: F) -> Timed<F> {
        self.call_until(attempt, None)
    }

    /// As [`call`](Self::call), and not beyond `deadline`.
    pub fn call_until<F: Future>(self, attempt: F, deadline: Option<Instant>) -> Timed<F> {
        // A limit beyond all clocks is none.
        let own = Instant::now().checked_add(self.0);
        match (own, deadline) {
            (Some(own), Some(deadline)) if deadline < own => Timed::until(attempt, Some(deadline)),
            (None, deadline) => Timed::until(attempt, deadline),
            (own, _) => Timed {
                error: TimedOut::Attempt(self.0),
                ..Timed::until(attempt, own)
            },
        }
    }
}

pin_project! {
    /// See [`Timeout::call`].
    #[derive(Debug)]
    pub struct Timed<F> {
        // None: its time is over, and it was dropped.
        #[pin]
        attempt: Option<F>,
        until: Option<Instant>,
        error: TimedOut,
        // Made when there is something to wait for: many answers are ready at once.
        #[pin]
        timer: Option<Sleep>,
    }
}

impl<F: Future> Timed<F> {
    pub(crate) const fn until(attempt: F, until: Option<Instant>) -> Self {
        Self {
            attempt: Some(attempt),
            until,
            error: TimedOut::Deadline,
            timer: None,
        }
    }
}

impl<F: Future> Future for Timed<F> {
    type Output = Result<F::Output, TimedOut>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        // First what is done: an answer that is ready when the time is over is given.
        if let Some(attempt) = this.attempt.as_mut().as_pin_mut()
            && let Poll::Ready(output) = attempt.poll(cx)
        {
            return Poll::Ready(Ok(output));
        }
        let Some(until) = *this.until else {
            return Poll::Pending;
        };
        ready!(poll_timer(this.timer, until, cx));
        this.attempt.set(None);
        Poll::Ready(Err(*this.error))
    }
}

/// Waits until then, on a timer that is made at the first wait.
pub(crate) fn poll_timer(mut timer: Pin<&mut Option<Sleep>>, until: Instant, cx: &mut Context<'_>) -> Poll<()> {
    if timer.is_none() {
        timer.set(Some(tokio::time::sleep_until(until)));
    }
    let Some(sleep) = timer.as_mut().as_pin_mut() else {
        return Poll::Pending;
    };
    sleep.poll(cx)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_takes_longer_is_dropped_then() {
        let (began, held) = (Instant::now(), Arc::new(()));
        let slow = |seconds| {
            let held = Arc::clone(&held);
            async move {
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                drop(held);
                seconds
            }
        };
        let timeout = Timeout::new(Duration::from_secs(3));
        assert_eq!(timeout.call(slow(2)).await, Ok(2));
        assert_eq!(timeout.call(slow(3)).await, Ok(3), "what is ready then is given");
        let mut late = Box::pin(timeout.call(slow(4)));
        assert_eq!((&mut late).await, Err(TimedOut::Attempt(Duration::from_secs(3))));
        assert_eq!(Arc::strong_count(&held), 1, "what was under way is dropped");
        assert_eq!(began.elapsed().as_secs(), 8);
    }

    #[tokio::test(start_paused = true)]
    async fn the_sooner_of_limit_and_deadline_ends_it_and_says_so() {
        let never = std::future::pending::<()>;
        let (three, age) = (Duration::from_secs(3), Duration::MAX);
        for (limit, deadline, error, took) in [
            (three, 2, TimedOut::Deadline, 2),
            (three, 4, TimedOut::Attempt(three), 3),
            (age, 5, TimedOut::Deadline, 5),
        ] {
            let began = Instant::now();
            let deadline = began + Duration::from_secs(deadline);
            let timed = Timeout::new(limit).call_until(never(), Some(deadline));
            assert_eq!(timed.await, Err(error));
            assert_eq!(began.elapsed().as_secs(), took);
        }
    }

    #[test]
    fn what_is_ready_needs_no_timer() {
        let mut context = Context::from_waker(std::task::Waker::noop());
        let ready = std::pin::pin!(Timeout::new(Duration::ZERO).call(async { 7 }));
        assert_eq!(ready.poll(&mut context), Poll::Ready(Ok(7)));
    }
}
