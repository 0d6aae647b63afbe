use std::fmt;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep};
use tower::{Layer, Service};

use super::body::copy_of;
use super::run::{Next, Run};
use super::{Classify, End, RepeatBody, Retry, Terms};
use crate::retry_budget::Withdrawal;
use crate::timeout::{TimedOut, poll_timer};

/// Repeats requests round a client.
#[derive(Debug)]
pub struct RetryLayer<C>(Retry<C>);

impl<C> RetryLayer<C> {
    #[must_use]
    pub const fn new(retry: Retry<C>) -> Self {
        Self(retry)
    }
}

impl<C> Clone for RetryLayer<C> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<S, C> Layer<S> for RetryLayer<C> {
    type Service = RetryService<S, C>;

    fn layer(&self, inner: S) -> Self::Service {
        RetryService {
            inner,
            retry: self.0.clone(),
        }
    }
}

/// See [`RetryLayer`].
#[derive(Debug)]
pub struct RetryService<S, C> {
    inner: S,
    retry: Retry<C>,
}

impl<S: Clone, C> Clone for RetryService<S, C> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            retry: self.retry.clone(),
        }
    }
}

impl<S, C, B, R> Service<Request<B>> for RetryService<S, C>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    S::Error: From<TimedOut>,
    C: Classify<Response<R>, S::Error>,
    B: RepeatBody,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = RetryFuture<S, B, C>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mut run = Run::begin(&self.retry.policy, Terms::from(&request), Instant::now());
        let (more, attempt) = match copy_if_needed(&mut run, &self.retry, &request) {
            // The instance that is ready is called, and then made ready again for the repeats.
            Some(kept) => {
                let fresh = self.inner.clone();
                let mut service = mem::replace(&mut self.inner, fresh);
                let attempt = service.call(request);
                (
                    Some(More {
                        service,
                        kept: Some(kept),
                    }),
                    attempt,
                )
            }
            None => (None, self.inner.call(request)),
        };
        RetryFuture {
            attempt: Some(attempt),
            timer: None,
            phase: Phase::Calling,
            more,
            run,
            retry: self.retry.clone(),
        }
    }
}

/// What a repeat is made of.
#[derive(Debug)]
struct More<S, B> {
    service: S,
    /// None: the last repeat is sent.
    kept: Option<Request<B>>,
}

/// `Calling => Waiting => Readying => Calling`. The result at hand is given if there is to be no repeat after all.
enum Phase<T> {
    Calling,
    Waiting(Instant, Option<Withdrawal>, T),
    Readying(Option<Withdrawal>, T),
}

pin_project! {
    /// See [`RetryLayer`].
    pub struct RetryFuture<S, B, C>
    where
        S: Service<Request<B>>,
    {
        // None: none is under way.
        #[pin]
        attempt: Option<S::Future>,
        // For the wait, or for the deadline: made when there is something to wait for.
        #[pin]
        timer: Option<Sleep>,
        phase: Phase<Result<S::Response, S::Error>>,
        more: Option<More<S, B>>,
        run: Run,
        retry: Retry<C>,
    }
}

impl<S: Service<Request<B>>, B, C> fmt::Debug for RetryFuture<S, B, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryFuture")
            .field("run", &self.run)
            .finish_non_exhaustive()
    }
}

impl<S, B, C, R> Future for RetryFuture<S, B, C>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: From<TimedOut>,
    C: Classify<Response<R>, S::Error>,
    B: RepeatBody,
{
    type Output = Result<Response<R>, S::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let mut this = self.as_mut().project();
            match mem::replace(this.phase, Phase::Calling) {
                Phase::Calling => {
                    let attempt = this.attempt.as_mut().as_pin_mut();
                    let Some(Poll::Ready(result)) = attempt.map(|attempt| attempt.poll(cx)) else {
                        ready!(poll_deadline(this.timer, this.run, cx));
                        this.attempt.set(None);
                        return Poll::Ready(self.end(Err(TimedOut::Deadline.into()), End::Deadline));
                    };
                    this.attempt.set(None);
                    let verdict = this.retry.policy.classify.classify(result.as_ref());
                    match this.run.decide(&this.retry.policy, verdict, Instant::now()) {
                        Next::End(end) => return Poll::Ready(self.end(result, end)),
                        Next::Again(at, withdrawal) => {
                            this.timer.set(None);
                            *this.phase = Phase::Waiting(at, withdrawal, result);
                        }
                    }
                }
                Phase::Waiting(at, withdrawal, result) => {
                    if poll_timer(this.timer.as_mut(), at, cx).is_pending() {
                        *this.phase = Phase::Waiting(at, withdrawal, result);
                        return Poll::Pending;
                    }
                    this.timer.set(None);
                    *this.phase = Phase::Readying(withdrawal, result);
                }
                Phase::Readying(withdrawal, result) => {
                    let Some(more) = this.more else {
                        return Poll::Ready(self.end(result, End::NotRepeatable));
                    };
                    match more.service.poll_ready(cx) {
                        Poll::Pending if poll_deadline(this.timer, this.run, cx).is_ready() => {
                            return Poll::Ready(self.end(result, End::Deadline));
                        }
                        Poll::Pending => {
                            *this.phase = Phase::Readying(withdrawal, result);
                            return Poll::Pending;
                        }
                        Poll::Ready(Err(error)) => return Poll::Ready(self.end(Err(error), End::Refused)),
                        Poll::Ready(Ok(())) => {}
                    }
                    if let Some(end) = this.run.hindrance(&this.retry.policy, Instant::now()) {
                        return Poll::Ready(self.end(result, end));
                    }
                    let Some(kept) = more.kept.take() else {
                        return Poll::Ready(self.end(result, End::NotRepeatable));
                    };
                    // Before the repeat is sent: an HTTP/1 connection is free when its answer is dropped.
                    drop(result);
                    this.run.send(withdrawal);
                    more.kept = copy_if_needed(this.run, this.retry, &kept);
                    this.attempt.set(Some(more.service.call(kept)));
                }
            }
        }
    }
}

impl<S, B, C, R> RetryFuture<S, B, C>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    fn end(self: Pin<&mut Self>, result: Result<Response<R>, S::Error>, end: End) -> Result<Response<R>, S::Error> {
        let this = self.project();
        let report = this.run.report(end);
        this.retry.policy.tell_end(&report);
        let mut result = result;
        if let Ok(response) = &mut result
            && (report.attempts > 1 || end != End::Accepted)
        {
            response.extensions_mut().insert(report);
        }
        result
    }
}

/// A copy of the request that is about to be sent, if it may be followed by another one.
fn copy_if_needed<B: RepeatBody, C>(run: &mut Run, retry: &Retry<C>, request: &Request<B>) -> Option<Request<B>> {
    if !run.may_go_on(&retry.policy) {
        return None;
    }
    let copy = copy_of(request);
    if copy.is_none() {
        run.make_single();
    }
    copy
}

/// Ready when the deadline has passed; without one, never.
fn poll_deadline(timer: Pin<&mut Option<Sleep>>, run: &Run, cx: &mut Context<'_>) -> Poll<()> {
    run.until().map_or(Poll::Pending, |until| poll_timer(timer, until, cx))
}
