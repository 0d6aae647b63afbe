use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep};

use super::Hedge;
use crate::retry::{Classify, Terms, Verdict};
use crate::retry_budget::Withdrawal;
use crate::timeout::poll_timer;

/// How a call ended. In the extensions of an answer that came after a second attempt was due.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum HedgeEnd {
    /// The first attempt ended before a second one was due, or none may be made of such a call.
    Alone,
    /// A second attempt was due, and the budget did not hold it.
    Budget,
    /// There were two, and the result is the first one's.
    First,
    /// There were two, and the result is the second one's.
    Second,
}

impl HedgeEnd {
    /// For logs and labels of metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Alone => "alone",
            Self::Budget => "budget",
            Self::First => "first",
            Self::Second => "second",
        }
    }
}

/// `Alone => (Due => Both | Single)`; `Alone => Single` for what may not be made twice.
#[derive(Debug)]
enum Phase {
    /// A second attempt is made then.
    Alone(Instant),
    /// It is about to be sent.
    Due(Withdrawal),
    Both,
    /// There is to be no second attempt, and this is why.
    Single(HedgeEnd),
}

pin_project! {
    /// The first attempt, and the second when it is time.
    #[derive(Debug)]
    pub(super) struct Race<A, T, E, C> {
        // None, both: it is over, or not there yet.
        #[pin]
        first: Option<A>,
        #[pin]
        second: Option<A>,
        #[pin]
        timer: Option<Sleep>,
        phase: Phase,
        // What the one that failed first came to, while the other one goes on.
        failed: Option<(Result<T, E>, HedgeEnd)>,
        began: Instant,
        hedge: Hedge<C>,
    }
}

/// What came of the wish to begin a second attempt.
pub(super) enum Begun<A> {
    Attempt(A),
    /// It cannot be.
    Never,
}

impl<C> Hedge<C> {
    /// When a second attempt is due that the call's terms allow.
    pub(super) fn due(&self, terms: Terms, now: Instant) -> Option<Instant> {
        self.budget().deposit();
        let due = terms.is_repeatable().then(|| self.delay_at(now)).flatten();
        // At the deadline it would be of no use.
        due.and_then(|delay| now.checked_add(delay))
            .filter(|due| terms.deadline().is_none_or(|deadline| *due < deadline))
    }

    /// `due`: when the second attempt is made.
    pub(super) fn race<A, T, E>(&self, first: A, due: Option<Instant>, began: Instant) -> Race<A, T, E, C> {
        Race {
            first: Some(first),
            second: None,
            timer: None,
            phase: due.map_or(Phase::Single(HedgeEnd::Alone), Phase::Alone),
            failed: None,
            began,
            hedge: self.clone(),
        }
    }
}

impl<A, T, E, C> Race<A, T, E, C>
where
    A: Future<Output = Result<T, E>>,
    C: Classify<T, E>,
{
    /// `begin` is asked for the second attempt when it is due, until it says something.
    pub(super) fn poll_end(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut begin: impl FnMut(&mut Context<'_>) -> Poll<Begun<A>>,
    ) -> Poll<(Result<T, E>, HedgeEnd)> {
        loop {
            if let Poll::Ready(end) = self.as_mut().poll_attempts(cx) {
                return Poll::Ready(end);
            }
            let mut this = self.as_mut().project();
            match std::mem::replace(this.phase, Phase::Both) {
                Phase::Alone(due) => {
                    *this.phase = Phase::Alone(due);
                    ready!(poll_timer(this.timer.as_mut(), due, cx));
                    *this.phase = match this.hedge.budget().withdraw() {
                        Some(withdrawal) => Phase::Due(withdrawal),
                        None => Phase::Single(HedgeEnd::Budget),
                    };
                }
                Phase::Due(withdrawal) => match begin(cx) {
                    Poll::Pending => {
                        *this.phase = Phase::Due(withdrawal);
                        return Poll::Pending;
                    }
                    Poll::Ready(Begun::Never) => *this.phase = Phase::Single(HedgeEnd::Alone),
                    Poll::Ready(Begun::Attempt(attempt)) => {
                        withdrawal.spend();
                        this.second.set(Some(attempt));
                    }
                },
                phase @ (Phase::Both | Phase::Single(_)) => {
                    *this.phase = phase;
                    return Poll::Pending;
                }
            }
        }
    }

    fn poll_attempts(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<(Result<T, E>, HedgeEnd)> {
        let mut this = self.as_mut().project();
        if let Some(first) = this.first.as_mut().as_pin_mut()
            && let Poll::Ready(result) = first.poll(cx)
        {
            this.first.set(None);
            let end = match this.phase {
                Phase::Alone(_) | Phase::Due(_) => HedgeEnd::Alone,
                Phase::Both => HedgeEnd::First,
                Phase::Single(end) => *end,
            };
            if let Poll::Ready(end) = self.as_mut().end(result, end) {
                return Poll::Ready(end);
            }
        }
        let mut this = self.as_mut().project();
        if let Some(second) = this.second.as_mut().as_pin_mut()
            && let Poll::Ready(result) = second.poll(cx)
        {
            this.second.set(None);
            return self.end(result, HedgeEnd::Second);
        }
        Poll::Pending
    }

    /// Pending: the other attempt may come to something better.
    fn end(self: Pin<&mut Self>, result: Result<T, E>, end: HedgeEnd) -> Poll<(Result<T, E>, HedgeEnd)> {
        let mut this = self.project();
        if this.hedge.classify().classify(result.as_ref()) == Verdict::Accept {
            this.hedge.record(*this.began);
            // The loser is dropped when it has lost, not when somebody drops this.
            this.first.set(None);
            this.second.set(None);
            return Poll::Ready((result, end));
        }
        if let Some(failed) = this.failed.take() {
            return Poll::Ready(failed);
        }
        if this.first.is_none() && this.second.is_none() {
            return Poll::Ready((result, end));
        }
        *this.failed = Some((result, end));
        Poll::Pending
    }
}
