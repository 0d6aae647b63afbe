use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tokio::time::Instant;

use super::race::{Begun, Race};
use super::{Hedge, HedgeEnd};
use crate::retry::{Attempt, Classify, Terms};

/// The result of a call, and how it came to that.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hedged<T, E> {
    pub result: Result<T, E>,
    pub end: HedgeEnd,
}

impl<C> Hedge<C> {
    /// Makes a call, and makes it a second time if it is slow. `terms`: [`Idempotent`](crate::retry::Idempotent), a
    /// method, a request, or [`Terms`] with a deadline. `attempt` begins an attempt.
    pub fn call<T, E, F, A>(&self, terms: impl Into<Terms>, mut attempt: F) -> HedgeCall<F, A, T, E, C>
    where
        C: Classify<T, E>,
        F: FnMut(Attempt) -> A,
        A: Future<Output = Result<T, E>>,
    {
        let (terms, now) = (terms.into(), Instant::now());
        let due = self.due(terms, now);
        let first = attempt(Attempt::new(1, terms.deadline()));
        HedgeCall {
            race: self.race(first, due, now),
            attempt,
            second: Attempt::new(2, terms.deadline()),
        }
    }
}

pin_project! {
    /// See [`Hedge::call`].
    pub struct HedgeCall<F, A, T, E, C> {
        #[pin]
        race: Race<A, T, E, C>,
        attempt: F,
        second: Attempt,
    }
}

impl<F, A, T, E, C> fmt::Debug for HedgeCall<F, A, T, E, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HedgeCall").finish_non_exhaustive()
    }
}

impl<F, A, T, E, C> Future for HedgeCall<F, A, T, E, C>
where
    C: Classify<T, E>,
    F: FnMut(Attempt) -> A,
    A: Future<Output = Result<T, E>>,
{
    type Output = Hedged<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut begin = |_: &mut Context<'_>| Poll::Ready(Begun::Attempt((this.attempt)(*this.second)));
        let (result, end) = ready!(this.race.poll_end(cx, &mut begin));
        Poll::Ready(Hedged { result, end })
    }
}
