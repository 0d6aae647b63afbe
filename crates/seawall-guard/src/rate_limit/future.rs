use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tower::Service;

use super::LimitStore;
use super::layer::{Judge, Say, Settled, unavailable};

pin_project! {
    /// See [`RateLimitLayer`](super::RateLimitLayer).
    pub struct RateLimitFuture<I, W, S, B>
    where
        I: Service<Request<B>>,
        S: LimitStore,
    {
        #[pin]
        state: State<I, W, S, B>,
        say: Option<Say<W, S>>,
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

impl<I, W, S, B> RateLimitFuture<I, W, S, B>
where
    I: Service<Request<B>>,
    S: LimitStore,
{
    pub(super) const fn answering(answering: I::Future, say: Option<Say<W, S>>) -> Self {
        Self {
            state: State::Answering { answering },
            say,
        }
    }

    pub(super) const fn refused(refusal: Response<Bytes>) -> Self {
        Self {
            state: State::Refused { refusal: Some(refusal) },
            say: None,
        }
    }

    pub(super) const fn deciding(deciding: S::Deciding, inner: I, request: Request<B>, judge: Judge<W, S>) -> Self {
        Self {
            state: State::Deciding {
                deciding,
                waiting: Some((inner, request, judge)),
            },
            say: None,
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
                        Err(why) => Settled::Refuse(unavailable(why)),
                    };
                    match settled {
                        Settled::Pass(say) => {
                            *this.say = say;
                            let answering = inner.call(request);
                            this.state.set(State::Answering { answering });
                        }
                        Settled::Refuse(refusal) => this.state.set(State::Refused { refusal: Some(refusal) }),
                    }
                }
                StateProjection::Answering { answering } => {
                    let mut response = ready!(answering.poll(cx))?;
                    if let Some(say) = this.say.take() {
                        say.in_answer(&mut response);
                    }
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
