use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::header::HeaderName;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tower::{Layer, Service};
use tracing::Span;

use super::spans::attach;
use super::timed::Profile;

const ASKED: HeaderName = HeaderName::from_static("x-profile");
/// How long it took until the answer began, in milliseconds.
pub const DURATION: HeaderName = HeaderName::from_static("x-profile-duration-ms");
/// The names of spans that took longest.
pub const TOP: HeaderName = HeaderName::from_static("x-profile-top");

/// Answers what a request took, if it asks for that.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProfileLayer {
    enabled: bool,
}

impl ProfileLayer {
    /// `enabled`: whether requests are listened to at all. By default they are not.
    #[must_use]
    pub const fn enabled(enabled: bool) -> Self {
        Self { enabled }
    }
}

impl<S> Layer<S> for ProfileLayer {
    type Service = ProfileService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ProfileService { inner, layer: *self }
    }
}

/// See [`ProfileLayer`].
#[derive(Clone, Copy, Debug)]
pub struct ProfileService<S> {
    inner: S,
    layer: ProfileLayer,
}

impl<S, B, R> Service<Request<B>> for ProfileService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = ProfileFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if !self.layer.enabled || !asks(&request) {
            return ProfileFuture {
                inner: self.inner.call(request),
                profiled: None,
            };
        }
        let profile = Profile::begin();
        let span = tracing::error_span!("profile");
        attach(&span, &profile);
        let inner = span.in_scope(|| self.inner.call(request));
        ProfileFuture {
            inner,
            profiled: Some(Profiled { profile, span }),
        }
    }
}

/// `X-Profile: 1` or `?profile=1`.
fn asks<B>(request: &Request<B>) -> bool {
    let header = request.headers().get(&ASKED).is_some_and(|value| value == "1");
    header || {
        let query = request.uri().query().unwrap_or_default();
        query.split('&').any(|pair| pair == "profile=1")
    }
}

#[derive(Debug)]
struct Profiled {
    profile: Profile,
    span: Span,
}

pin_project! {
    /// See [`ProfileLayer`].
    #[derive(Debug)]
    pub struct ProfileFuture<F> {
        #[pin]
        inner: F,
        // None: nobody asked.
        profiled: Option<Profiled>,
    }
}

impl<F, R, E> Future for ProfileFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(Profiled { profile, span }) = this.profiled else {
            return this.inner.poll(cx);
        };
        let inner = this.inner;
        let mut response = ready!(span.in_scope(|| inner.poll(cx)))?;
        let headers = response.headers_mut();
        headers.insert(DURATION, profile.duration());
        if let Some(top) = profile.top() {
            headers.insert(TOP, top);
        }
        Poll::Ready(Ok(response))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::body::Body;
    use axum::{Router, routing};
    use http::HeaderMap;
    use tower::ServiceExt as _;
    use tracing::Instrument as _;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::super::ProfileSpans;
    use super::*;

    #[tokio::test]
    async fn it_waits_for_and_calls_the_ready_instance() {
        crate::probe::holds_the_contract(ProfileLayer::default()).await;
        crate::probe::holds_the_contract(ProfileLayer::enabled(true)).await;
    }

    async fn wait(millis: u64) {
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }

    /// Waits in spans: within each other, after each other, and in a task of its own.
    async fn handler() {
        async {
            wait(10).await;
            wait(20).instrument(tracing::info_span!("inner")).await;
        }
        .instrument(tracing::info_span!("outer"))
        .await;
        let task = wait(40).instrument(tracing::info_span!("task"));
        #[expect(clippy::disallowed_methods, reason = "a test that waits for its own task")]
        tokio::spawn(task).await.unwrap();
        wait(5).await;
    }

    async fn headers(enabled: bool, header: Option<&str>, path: &str) -> HeaderMap {
        crate::heard::keep_callsites_on();
        let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(ProfileSpans));
        let app: Router = Router::new()
            .route("/", routing::get(handler))
            .layer(ProfileLayer::enabled(enabled));
        let mut request = Request::get(path);
        if let Some(value) = header {
            request = request.header("x-profile", value);
        }
        let beside = async {
            // What runs at the same time without a profile is in nobody's.
            wait(30).instrument(tracing::info_span!("stranger")).await;
        };
        let answer = app.oneshot(request.body(Body::empty()).unwrap());
        let (answer, ()) = tokio::join!(answer, beside);
        answer.unwrap().headers().clone()
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_is_told_where_the_time_went() {
        for (header, path) in [(Some("1"), "/"), (None, "/?a=b&profile=1"), (None, "/?profile=1")] {
            let headers = headers(true, header, path).await;
            assert_eq!(headers[DURATION], "75.000");
            assert_eq!(headers[TOP], "task;dur=40.000, outer;dur=30.000, inner;dur=20.000");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_ask_or_may_not_is_told_nothing() {
        for (enabled, header, path) in [
            (false, Some("1"), "/?profile=1"),
            (true, None, "/"),
            (true, Some("0"), "/?profile=10"),
            (true, Some("true"), "/?noprofile=1"),
        ] {
            let headers = headers(enabled, header, path).await;
            assert!(!headers.contains_key(DURATION) && !headers.contains_key(TOP), "{path}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_subscriber_the_duration_is_told() {
        let app: Router = Router::new()
            .route("/", routing::get(handler))
            .layer(ProfileLayer::enabled(true));
        let request = Request::get("/?profile=1").body(Body::empty()).unwrap();
        let answer = app.oneshot(request).await.unwrap();
        assert_eq!(answer.headers()[DURATION], "75.000");
        assert!(!answer.headers().contains_key(TOP));
    }
}
