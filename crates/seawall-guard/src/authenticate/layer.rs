use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::credential::{Credential, Presented};
use super::{PrincipalId, PrincipalSlot, unauthenticated};
use crate::problem::Problem;

/// Somebody who can be told apart in a log.
pub trait Principal: Clone + Send + Sync + 'static {
    /// Cheap: a clone of an `Arc`.
    fn id(&self) -> PrincipalId;
}

/// Says whose a credential is.
///
/// ```
/// use seawall_guard::authenticate::{Authenticate, Credential, Decision, Principal, PrincipalId, unauthenticated};
/// use seawall_guard::problem::Problem;
///
/// #[derive(Clone)]
/// struct Caller(PrincipalId);
///
/// impl Principal for Caller {
///     fn id(&self) -> PrincipalId {
///         self.0.clone()
///     }
/// }
///
/// /// One key, for one program. Real ones keep hashes, and compare them in constant time.
/// #[derive(Clone)]
/// struct OneKey(&'static str);
///
/// impl Authenticate for OneKey {
///     type Principal = Caller;
///     type Future = std::future::Ready<Result<Caller, Problem>>;
///
///     fn authenticate(&self, credential: Credential<'_>) -> Decision<Caller, Self::Future> {
///         let known = credential.secret() == self.0;
///         Decision::Ready(if known { Ok(Caller(PrincipalId("program".into()))) } else { Err(unauthenticated()) })
///     }
/// }
/// ```
pub trait Authenticate: Clone {
    type Principal: Principal;
    /// The refusal is the answer that a handler gives who needs to know: 401, or 503 where nobody could say.
    type Future: Future<Output = Result<Self::Principal, Problem>>;

    fn authenticate(&self, credential: Credential<'_>) -> Decision<Self::Principal, Self::Future>;
}

/// At once, from what is known already, or later.
#[derive(Debug)]
pub enum Decision<P, F> {
    Ready(Result<P, Problem>),
    Later(F),
}

/// What was found out about a request's sender, in its extensions.
#[derive(Clone, Debug)]
pub enum Identity<P> {
    /// It presents nothing.
    Anonymous,
    Known(P),
    /// It presents something that is not accepted.
    Refused(Arc<Problem>),
}

impl<P> From<Result<P, Problem>> for Identity<P> {
    fn from(result: Result<P, Problem>) -> Self {
        match result {
            Ok(principal) => Self::Known(principal),
            Err(problem) => Self::Refused(Arc::new(problem)),
        }
    }
}

/// Finds out about every request's sender. It belongs inside the access log and outside limits that are kept by principal.
#[derive(Clone, Copy, Debug)]
pub struct AuthenticateLayer<A> {
    authenticate: A,
}

impl<A> AuthenticateLayer<A> {
    #[must_use]
    pub const fn new(authenticate: A) -> Self {
        Self { authenticate }
    }
}

impl<A: Clone, S> Layer<S> for AuthenticateLayer<A> {
    type Service = AuthenticateService<A, S>;

    fn layer(&self, inner: S) -> Self::Service {
        AuthenticateService {
            inner,
            authenticate: self.authenticate.clone(),
        }
    }
}

/// See [`AuthenticateLayer`].
#[derive(Clone, Copy, Debug)]
pub struct AuthenticateService<A, S> {
    inner: S,
    authenticate: A,
}

impl<A, S, B, R> Service<Request<B>> for AuthenticateService<A, S>
where
    A: Authenticate,
    S: Service<Request<B>, Response = Response<R>> + Clone,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = AuthenticateFuture<A, S, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let identity = match Credential::of(request.headers()) {
            Presented::Nothing => Identity::Anonymous,
            Presented::Unreadable => {
                tracing::debug!("credentials are refused: they stand in two places, or cannot be read");
                Identity::from(Err(unauthenticated()))
            }
            Presented::One(credential) => match self.authenticate.authenticate(credential) {
                Decision::Ready(result) => Identity::from(result),
                Decision::Later(looking) => {
                    // The instance that was made ready is the one to call.
                    let clone = self.inner.clone();
                    let inner = std::mem::replace(&mut self.inner, clone);
                    return AuthenticateFuture {
                        state: State::Looking {
                            looking,
                            waiting: Some(Box::new((inner, request))),
                        },
                    };
                }
            },
        };
        AuthenticateFuture {
            state: answer(&mut self.inner, request, identity),
        }
    }
}

/// Calls the inner service with what was found out.
fn answer<A, S, B>(inner: &mut S, mut request: Request<B>, identity: Identity<A::Principal>) -> State<A, S, B>
where
    A: Authenticate,
    S: Service<Request<B>>,
{
    if let Identity::Known(principal) = &identity
        && let Some(slot) = request.extensions().get::<PrincipalSlot>()
    {
        slot.set(principal.id());
    }
    request.extensions_mut().insert(identity);
    State::Answering {
        answering: inner.call(request),
    }
}

pin_project! {
    /// See [`AuthenticateLayer`].
    pub struct AuthenticateFuture<A, S, B>
    where
        A: Authenticate,
        S: Service<Request<B>>,
    {
        #[pin]
        state: State<A, S, B>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<A, S, B>
    where
        A: Authenticate,
        S: Service<Request<B>>,
    {
        Looking {
            #[pin]
            looking: A::Future,
            // Some until it is known who asks. In a box, because most are known at once, and a future that holds room for a
            // request is larger for everybody.
            waiting: Option<Box<(S, Request<B>)>>,
        },
        Answering {
            #[pin]
            answering: S::Future,
        },
    }
}

impl<A, S, B, R> Future for AuthenticateFuture<A, S, B>
where
    A: Authenticate,
    S: Service<Request<B>, Response = Response<R>>,
{
    type Output = Result<Response<R>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProjection::Looking { looking, waiting } => {
                    let identity = Identity::from(ready!(looking.poll(cx)));
                    let Some(waiting) = waiting.take() else {
                        // Taken only here, and the state changes right after.
                        return Poll::Pending;
                    };
                    let (mut inner, request) = *waiting;
                    let answering = answer(&mut inner, request, identity);
                    this.state.set(answering);
                }
                StateProjection::Answering { answering } => return answering.poll(cx),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use axum::body::Body;
    use axum::{Router, routing};
    use futures_util::FutureExt as _;
    use futures_util::future::BoxFuture;
    use http::StatusCode;
    use tower::ServiceExt as _;

    use super::*;
    use crate::authenticate::Authenticated;
    use crate::problem::{ProblemLayer, kinds};

    #[derive(Clone)]
    struct Caller(PrincipalId);

    impl Principal for Caller {
        fn id(&self) -> PrincipalId {
            self.0.clone()
        }
    }

    /// Knows `fast` at once and `slow` after a while; cannot say of `down`.
    #[derive(Clone)]
    struct Keys;

    impl Authenticate for Keys {
        type Principal = Caller;
        type Future = BoxFuture<'static, Result<Caller, Problem>>;

        fn authenticate(&self, credential: Credential<'_>) -> Decision<Caller, Self::Future> {
            match credential.secret() {
                "fast" => Decision::Ready(Ok(Caller(PrincipalId("fast".into())))),
                "slow" => Decision::Later(
                    async {
                        tokio::task::yield_now().await;
                        Ok(Caller(PrincipalId("slow".into())))
                    }
                    .boxed(),
                ),
                "down" => Decision::Ready(Err(Problem::new(&kinds::SERVICE_UNAVAILABLE))),
                _ => Decision::Ready(Err(unauthenticated())),
            }
        }
    }

    fn app() -> Router {
        Router::new()
            .route("/open", routing::get(|| async { "anybody" }))
            .route(
                "/",
                routing::get(|Authenticated(caller): Authenticated<Caller>| async move { caller.0.to_string() }),
            )
            .layer(AuthenticateLayer::new(Keys))
            .layer(ProblemLayer)
    }

    async fn get(path: &str, secret: Option<&str>) -> (Response<Body>, Option<PrincipalId>) {
        let slot = PrincipalSlot::default();
        let mut request = Request::get(path).extension(slot.clone());
        if let Some(secret) = secret {
            request = request.header("authorization", format!("Bearer {secret}"));
        }
        let response = app().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        (response, slot.get().cloned())
    }

    #[tokio::test]
    async fn the_contract_of_layers_holds() {
        crate::probe::holds_the_contract(AuthenticateLayer::new(Keys)).await;
    }

    #[tokio::test]
    async fn a_handler_that_asks_gets_who_it_is_and_the_log_too() {
        for secret in ["fast", "slow"] {
            let (response, logged) = get("/", Some(secret)).await;
            assert_eq!(logged, Some(PrincipalId(secret.into())));
            let body = axum::body::to_bytes(response.into_body(), 100).await.unwrap();
            assert_eq!(body, secret);
        }
    }

    #[tokio::test]
    async fn nobody_and_unknown_ones_are_refused_where_somebody_asks() {
        for secret in [None, Some("wrong")] {
            let (response, logged) = get("/", secret).await;
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
            assert_eq!(response.headers()["www-authenticate"], "Bearer");
            assert_eq!(logged, None);
            assert_eq!(get("/open", secret).await.0.status(), StatusCode::OK);
        }
        let (response, _) = get("/", Some("down")).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    }

    #[tokio::test]
    async fn without_the_layer_a_handler_that_asks_refuses() {
        let bare = Router::new().route("/", routing::get(|_: Authenticated<Caller>| async {}));
        let response = bare
            .oneshot(Request::get("/").body(Body::empty()).unwrap())
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    }

    #[tokio::test]
    async fn what_is_dropped_while_it_looks_calls_nobody() {
        let mut service = AuthenticateLayer::new(Keys).layer(tower::service_fn(|_: Request<Body>| async {
            panic!("nobody is known yet");
            #[expect(unreachable_code, reason = "the type of the answer")]
            Ok::<Response<Body>, std::convert::Infallible>(Response::new(Body::empty()))
        }));
        let request = Request::get("/")
            .header("x-api-key", "slow")
            .body(Body::empty())
            .unwrap();
        let mut future = pin!(Some(service.call(request)));
        assert!(future.as_mut().as_pin_mut().unwrap().now_or_never().is_none());
        future.set(None);
    }
}
