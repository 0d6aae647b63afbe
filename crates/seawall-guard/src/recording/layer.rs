use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::extract::MatchedPath;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tokio::time::Instant;
use tower::{Layer, Service};

use super::{Exchange, MethodLabel, Outcome, Record, RouteId, Routes};
use crate::problem::{Problem, ProblemKind};

/// Tells a [`Record`] of each request.
#[derive(Debug)]
pub struct RecordLayer<R> {
    shared: Arc<Shared<R>>,
}

#[derive(Debug)]
struct Shared<R> {
    routes: Routes,
    record: R,
}

impl<R> Clone for RecordLayer<R> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<R: Record> RecordLayer<R> {
    /// Several records are a tuple of them. They have to know the same `routes`.
    #[must_use]
    pub fn new(routes: Routes, record: R) -> Self {
        Self {
            shared: Arc::new(Shared { routes, record }),
        }
    }
}

impl<S, R> Layer<S> for RecordLayer<R> {
    type Service = RecordService<S, R>;

    fn layer(&self, inner: S) -> Self::Service {
        RecordService {
            inner,
            shared: Arc::clone(&self.shared),
        }
    }
}

/// See [`RecordLayer`].
#[derive(Debug)]
pub struct RecordService<S, R> {
    inner: S,
    shared: Arc<Shared<R>>,
}

impl<S: Clone, R> Clone for RecordService<S, R> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<S, R, B, A> Service<Request<B>> for RecordService<S, R>
where
    S: Service<Request<B>, Response = Response<A>>,
    R: Record,
{
    type Response = Response<A>;
    type Error = S::Error;
    type Future = RecordFuture<S::Future, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let open = Open::begin(Arc::clone(&self.shared), &request);
        RecordFuture {
            inner: self.inner.call(request),
            open,
        }
    }
}

pin_project! {
    /// See [`RecordLayer`].
    #[derive(Debug)]
    pub struct RecordFuture<F, R: Record> {
        #[pin]
        inner: F,
        open: Open<R>,
    }
}

impl<F, R, A, E> Future for RecordFuture<F, R>
where
    F: Future<Output = Result<Response<A>, E>>,
    R: Record,
{
    type Output = Result<Response<A>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(this.inner.poll(cx));
        match &result {
            Ok(response) => {
                let problem = response.extensions().get::<Problem>().map(Problem::kind);
                this.open.end(Outcome::Answered(response.status()), problem);
            }
            Err(_) => this.open.end(Outcome::Failed, None),
        }
        Poll::Ready(result)
    }
}

/// A request that has come and not ended. Dropped, it has been abandoned.
#[derive(Debug)]
struct Open<R: Record> {
    shared: Arc<Shared<R>>,
    began: Instant,
    method: MethodLabel,
    route: RouteId,
    ended: bool,
}

impl<R: Record> Open<R> {
    fn begin<B>(shared: Arc<Shared<R>>, request: &Request<B>) -> Self {
        let matched = request.extensions().get::<MatchedPath>();
        let route = match matched {
            Some(template) => shared.routes.id(template.as_str()),
            None => shared.routes.unmatched(),
        };
        shared.record.began();
        Self {
            shared,
            began: Instant::now(),
            method: MethodLabel::of(request.method()),
            route,
            ended: false,
        }
    }

    fn end(&mut self, outcome: Outcome, problem: Option<&'static ProblemKind>) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let at = Instant::now();
        self.shared.record.ended(&Exchange {
            method: self.method,
            route: self.route,
            outcome,
            took: at.saturating_duration_since(self.began),
            at,
            problem,
        });
    }
}

impl<R: Record> Drop for Open<R> {
    fn drop(&mut self) {
        self.end(Outcome::Abandoned, None);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::body::Body;
    use axum::{Router, routing};
    use http::StatusCode;
    use parking_lot::Mutex;
    use tower::ServiceExt as _;

    use super::*;
    use crate::problem::{ProblemLayer, kinds};

    #[derive(Default)]
    struct Kept(Mutex<(u32, Vec<Exchange>)>);

    impl Record for Kept {
        fn began(&self) {
            self.0.lock().0 += 1;
        }

        fn ended(&self, exchange: &Exchange) {
            self.0.lock().1.push(*exchange);
        }
    }

    fn app(kept: &Arc<Kept>, routes: &Routes) -> Router {
        let slow = || async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            StatusCode::ACCEPTED
        };
        Router::new()
            .route("/things/{id}", routing::post(slow))
            .route("/refused", routing::any(|| async { Problem::new(&kinds::CONFLICT) }))
            .layer(ProblemLayer)
            .layer(RecordLayer::new(routes.clone(), Arc::clone(kept)))
    }

    fn request(method: &str, path: &str) -> Request<Body> {
        Request::builder().method(method).uri(path).body(Body::empty()).unwrap()
    }

    #[tokio::test]
    async fn it_waits_for_and_calls_the_ready_instance() {
        let kept = Arc::new(Kept::default());
        crate::probe::holds_the_contract(RecordLayer::new(Routes::new(8), Arc::clone(&kept))).await;
        let kept = kept.0.lock();
        let outcomes: Vec<_> = kept.1.iter().map(|exchange| exchange.outcome).collect();
        let fine = Outcome::Answered(StatusCode::OK);
        assert_eq!((kept.0, &outcomes[..]), (3, &[fine, fine, Outcome::Failed][..]));
    }

    #[tokio::test(start_paused = true)]
    async fn each_request_is_told_of_once_with_its_template() {
        let (kept, routes) = (Arc::default(), Routes::new(8));
        let app = app(&kept, &routes);
        for (method, path) in [
            ("POST", "/things/ada"),
            ("GET", "/things/ada"),
            ("BREW", "/refused"),
            ("GET", "/of-ada"),
        ] {
            app.clone().oneshot(request(method, path)).await.unwrap();
        }
        let kept = kept.0.lock();
        let seen: Vec<_> = kept
            .1
            .iter()
            .map(|one| {
                let Outcome::Answered(status) = one.outcome else {
                    panic!("{one:?}");
                };
                let code = one.problem.map(|kind| kind.code);
                let route = routes.template(one.route);
                (one.method.as_str(), route, status.as_u16(), one.took.as_secs(), code)
            })
            .collect();
        let expected = [
            ("POST", "/things/{id}", 202, 2, None),
            ("GET", "/things/{id}", 405, 0, Some("method-not-allowed")),
            ("other", "/refused", 409, 0, Some("conflict")),
            ("GET", "unmatched", 404, 0, Some("not-found")),
        ];
        assert_eq!((kept.0, seen), (4, expected.into()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_given_up_has_ended_too() {
        let (kept, routes) = (Arc::default(), Routes::new(8));
        let under_way = app(&kept, &routes).oneshot(request("POST", "/things/ada"));
        assert!(tokio::time::timeout(Duration::from_secs(1), under_way).await.is_err());
        let kept = kept.0.lock();
        let [one] = &kept.1[..] else {
            panic!("{:?}", kept.1);
        };
        assert_eq!((one.outcome, one.took.as_secs()), (Outcome::Abandoned, 1));
        assert!(!one.outcome.is_error());
    }
}
