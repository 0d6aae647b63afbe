use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tower::Service;

use super::headers::Shown;
use super::layer::{Judge, unavailable};
use super::{DecisionRecords, LimitStore, Receipt};

pin_project! {
    /// See [`RateLimitLayer`](super::RateLimitLayer).
    pub struct RateLimitFuture<I, W, S, B>
    where
        I: Service<Request<B>>,
        S: LimitStore,
    {
        #[pin]
        state: State<I, W, S, B>,
        after: After<W, S>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<I, W, S, B>
    where
        I: Service<Request<B>>,
        S: LimitStore,
    {
        Deciding {
            #[pin]
            deciding: S::Deciding,
            // Some until it is decided.
            waiting: Option<(I, Request<B>, Judge<W, S>)>,
        },
        Answering {
            #[pin]
            answering: I::Future,
        },
        Refused {
            // Some until it was answered.
            refusal: Option<Response<Bytes>>,
        },
    }
}

/// What happens to an answer.
pub(super) enum After<W, S> {
    Nothing,
    Say {
        judge: Judge<W, S>,
        /// Of which part of the decision.
        shown: Option<(usize, Shown)>,
        records: Option<DecisionRecords>,
        receipt: Option<Receipt>,
    },
}

impl<I, W, S, B> RateLimitFuture<I, W, S, B>
where
    I: Service<Request<B>>,
    S: LimitStore,
{
    pub(super) const fn answering(answering: I::Future, after: After<W, S>) -> Self {
        Self {
            state: State::Answering { answering },
            after,
        }
    }

    pub(super) const fn refused(refusal: Response<Bytes>) -> Self {
        Self {
            state: State::Refused { refusal: Some(refusal) },
            after: After::Nothing,
        }
    }

    pub(super) const fn deciding(deciding: S::Deciding, inner: I, request: Request<B>, judge: Judge<W, S>) -> Self {
        Self {
            state: State::Deciding {
                deciding,
                waiting: Some((inner, request, judge)),
            },
            after: After::Nothing,
        }
    }
}

impl<I, W, S, B, R> Future for RateLimitFuture<I, W, S, B>
where
    I: Service<Request<B>, Response = Response<R>>,
    S: LimitStore,
    R: From<Bytes>,
{
    type Output = Result<Response<R>, I::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProjection::Deciding { deciding, waiting } => {
                    let verdict = ready!(deciding.poll(cx));
                    let Some((mut inner, request, judge)) = waiting.take() else {
                        // Taken only here, and the state changes right after.
                        return Poll::Pending;
                    };
                    let settled = match verdict {
                        Ok(verdict) => judge.settle(verdict),
                        Err(why) => Err(unavailable(why)),
                    };
                    match settled {
                        Ok(after) => {
                            *this.after = after;
                            let answering = inner.call(request);
                            this.state.set(State::Answering { answering });
                        }
                        Err(refusal) => this.state.set(State::Refused { refusal: Some(refusal) }),
                    }
                }
                StateProjection::Answering { answering } => {
                    let mut response = ready!(answering.poll(cx))?;
                    std::mem::replace(this.after, After::Nothing).finish(&mut response);
                    return Poll::Ready(Ok(response));
                }
                StateProjection::Refused { refusal } => {
                    return match refusal.take() {
                        Some(refusal) => Poll::Ready(Ok(refusal.map(R::from))),
                        // Polled again after it was ready: there is nothing more to say.
                        None => Poll::Pending,
                    };
                }
            }
        }
    }
}

impl<W, S: LimitStore> After<W, S> {
    fn finish<R>(self, response: &mut Response<R>) {
        let Self::Say {
            judge,
            shown,
            records,
            receipt,
        } = self
        else {
            return;
        };
        if let Some(receipt) = receipt
            && judge.give_back_if.is_some_and(|free| free(response.status()))
        {
            judge.shared.limiter.give_back(receipt);
        }
        if let Some((part, shown)) = shown {
            judge.write(part, shown, response.headers_mut());
        }
        if let Some(records) = records {
            add(response, records);
        }
    }
}

/// Beside those of layers further inside.
fn add<R>(response: &mut Response<R>, records: DecisionRecords) {
    let all = match response.extensions_mut().remove::<DecisionRecords>() {
        Some(known) => DecisionRecords(known.0.iter().chain(&*records.0).cloned().collect()),
        None => records,
    };
    response.extensions_mut().insert(all);
}
