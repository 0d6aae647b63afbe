use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::MatchedPath;
use http::header;
use http::{Method, Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tokio::time::Instant;
use tower::{Layer, Service};
use tracing::Span;

use crate::principal::PrincipalSlot;
use crate::problem::Problem;
use crate::request_id::RequestId;
use crate::trace_context::{TraceContext, TraceId};

/// Logs each request.
#[derive(Clone, Copy, Debug)]
pub struct AccessLogLayer {
    slow_after: Duration,
}

impl Default for AccessLogLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl AccessLogLayer {
    /// Marks what took a second or longer.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            slow_after: Duration::from_secs(1),
        }
    }

    #[must_use]
    pub const fn slow_after(mut self, time: Duration) -> Self {
        self.slow_after = time;
        self
    }
}

impl<S> Layer<S> for AccessLogLayer {
    type Service = AccessLogService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AccessLogService { inner, layer: *self }
    }
}

/// See [`AccessLogLayer`].
#[derive(Clone, Copy, Debug)]
pub struct AccessLogService<S> {
    inner: S,
    layer: AccessLogLayer,
}

impl<S, B, R> Service<Request<B>> for AccessLogService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: Body,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = AccessLogFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let line = Line::of(&request, self.layer.slow_after);
        request.extensions_mut().insert(line.principal.clone());
        let span = line.span();
        let inner = span.in_scope(|| self.inner.call(request));
        AccessLogFuture { inner, span, line }
    }
}

pin_project! {
    /// See [`AccessLogLayer`].
    #[derive(Debug)]
    pub struct AccessLogFuture<F> {
        #[pin]
        inner: F,
        span: Span,
        line: Line,
    }
}

impl<F, R, E> Future for AccessLogFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: Body,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let inner = this.inner;
        let result = ready!(this.span.in_scope(|| inner.poll(cx)));
        this.line.write(&match &result {
            Ok(response) => End::Answered(response),
            Err(_) => End::<R>::Failed,
        });
        Poll::Ready(result)
    }
}

/// How a request ended.
enum End<'a, R> {
    Answered(&'a Response<R>),
    /// The inner service gave an error instead of an answer.
    Failed,
    /// It was dropped before there was an answer.
    Abandoned,
}

impl<R> End<'_, R> {
    const fn outcome(&self) -> Option<&'static str> {
        match self {
            Self::Answered(_) => None,
            Self::Failed => Some("failed"),
            Self::Abandoned => Some("abandoned"),
        }
    }
}

/// What is known of a request when it comes. Dropped before it was written, it was given up, and says so.
#[derive(Debug)]
struct Line {
    began: Instant,
    slow_after: Duration,
    method: Method,
    route: Option<MatchedPath>,
    request: Option<RequestId>,
    trace: Option<TraceId>,
    principal: PrincipalSlot,
    bytes: Option<u64>,
    written: bool,
}

impl Line {
    fn of<B>(request: &Request<B>, slow_after: Duration) -> Self {
        let extensions = request.extensions();
        let length = request.headers().get(header::CONTENT_LENGTH);
        Self {
            began: Instant::now(),
            slow_after,
            method: request.method().clone(),
            route: extensions.get::<MatchedPath>().cloned(),
            request: extensions.get::<RequestId>().cloned(),
            trace: extensions.get::<TraceContext>().map(|context| context.trace),
            principal: PrincipalSlot::default(),
            bytes: length.and_then(|value| value.to_str().ok()?.parse().ok()),
            written: false,
        }
    }

    fn span(&self) -> Span {
        let id = self.request.as_ref().map_or("", RequestId::as_str);
        let mut buffer = [0; 32];
        let trace = self.trace.map(|trace| trace.encode_hex(&mut buffer));
        tracing::info_span!("request", request.id = id, trace.id = trace)
    }

    fn write<R: Body>(&mut self, end: &End<'_, R>) {
        self.written = true;
        let took = self.began.elapsed();
        let response = match end {
            End::Answered(response) => Some(response),
            End::Failed | End::Abandoned => None,
        };
        let problem = response.and_then(|response| response.extensions().get::<Problem>());
        let mut buffer = [0; 32];
        // What is text already is given as text: what has to be formatted first costs several times as much.
        tracing::event!(
            target: "access",
            tracing::Level::INFO,
            request.id = self.request.as_ref().map_or("", RequestId::as_str),
            trace.id = self.trace.map(|trace| trace.encode_hex(&mut buffer)),
            principal.id = self.principal.get().map(|principal| &*principal.0),
            http.method = self.method.as_str(),
            http.route = self.route.as_ref().map_or("(none)", MatchedPath::as_str),
            http.status = response.map(|response| response.status().as_u16()),
            http.request_bytes = self.bytes,
            http.response_bytes = response.and_then(|response| response.body().size_hint().exact()),
            duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            slow = (took >= self.slow_after).then_some(true),
            outcome = end.outcome(),
            problem.code = problem.map(|problem| problem.kind().code),
            message = "request"
        );
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if !self.written {
            self.write(&End::<String>::Abandoned);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt;
    use std::sync::Arc;

    use axum::{Extension, Router, routing};
    use parking_lot::Mutex;
    use tower::ServiceExt as _;
    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    use super::*;
    use crate::principal::PrincipalId;
    use crate::problem::{ProblemLayer, kinds};
    use crate::request_id::RequestIdLayer;
    use crate::trace_context::TraceContextLayer;

    #[derive(Clone, Debug)]
    struct Fields(BTreeMap<&'static str, String>);

    impl std::ops::Deref for Fields {
        type Target = BTreeMap<&'static str, String>;

        fn deref(&self) -> &Self::Target {
            &self.0
        }
    }

    /// Keeps the fields of events and of new spans.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<Fields>>>);

    impl Visit for Fields {
        fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
            self.0
                .insert(field.name(), format!("{value:?}").trim_matches('"').to_owned());
        }
    }

    impl Subscriber for Kept {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, attributes: &Attributes<'_>) -> Id {
            let mut fields = Fields([("span", "new".to_owned())].into());
            attributes.record(&mut fields);
            self.0.lock().push(fields);
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn event(&self, event: &Event<'_>) {
            let mut fields = Fields([("target", event.metadata().target().to_owned())].into());
            event.record(&mut fields);
            self.0.lock().push(fields);
        }

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {}
    }

    fn app() -> Router {
        let slow = |Extension(slot): Extension<PrincipalSlot>| async move {
            slot.set(PrincipalId("key_1".into()));
            tokio::time::sleep(Duration::from_secs(2)).await;
            "done"
        };
        let streams = || async {
            let chunks = futures_util::stream::iter([Ok::<_, std::io::Error>("a")]);
            axum::body::Body::from_stream(chunks)
        };
        Router::new()
            .route("/things/{id}", routing::post(slow))
            .route("/stream", routing::get(streams))
            .route("/refused", routing::get(|| async { Problem::new(&kinds::CONFLICT) }))
            .layer(ProblemLayer)
            .layer(AccessLogLayer::new())
            .layer(TraceContextLayer::default())
            .layer(RequestIdLayer)
    }

    async fn logged(request: http::request::Builder, body: &'static str) -> Vec<Fields> {
        let kept = Kept::default();
        crate::heard::keep_callsites_on();
        let guard = tracing::subscriber::set_default(kept.clone());
        let request = request
            .header("x-request-id", "id-1")
            .body(axum::body::Body::from(body))
            .unwrap();
        app().oneshot(request).await.unwrap();
        drop(guard);
        kept.0.lock().clone()
    }

    #[tokio::test]
    async fn it_waits_for_and_calls_the_ready_instance() {
        crate::probe::holds_the_contract(AccessLogLayer::new()).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_leaves_one_line_that_says_what_happened() {
        let traced = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let request = Request::post("/things/of-ada?key=value")
            .header("content-length", "4")
            .header("traceparent", traced);
        let lines = logged(request, "body").await;
        let [span, line] = &lines[..] else {
            panic!("{lines:?}");
        };
        assert_eq!((&*span["request.id"], &*span["trace.id"]), ("id-1", &traced[3..35]));
        let expected = [
            ("duration_ms", "2000"),
            ("http.method", "POST"),
            ("http.request_bytes", "4"),
            ("http.response_bytes", "4"),
            ("http.route", "/things/{id}"),
            ("http.status", "200"),
            ("message", "request"),
            ("principal.id", "key_1"),
            ("request.id", "id-1"),
            ("slow", "true"),
            ("target", "access"),
            ("trace.id", &traced[3..35]),
        ];
        assert!(
            line.iter().map(|(name, value)| (*name, &**value)).eq(expected),
            "{line:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_given_up_has_a_line_too_and_says_whose_it_was() {
        let kept = Kept::default();
        crate::heard::keep_callsites_on();
        let guard = tracing::subscriber::set_default(kept.clone());
        let request = Request::post("/things/1").body(axum::body::Body::empty()).unwrap();
        let given_up = tokio::time::timeout(Duration::from_secs(1), app().oneshot(request)).await;
        assert!(given_up.is_err());
        drop(guard);
        let lines = kept.0.lock();
        let [_, line] = &lines[..] else {
            panic!("{lines:?}");
        };
        let said = ["outcome", "principal.id", "duration_ms", "http.route"].map(|name| &*line[name]);
        assert_eq!(said, ["abandoned", "key_1", "1000", "/things/{id}"]);
        assert!(!line.contains_key("http.status"), "{line:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn rejections_are_named_and_paths_without_a_route_are_not() {
        for (path, code, status, route) in [
            ("/refused", "conflict", "409", "/refused"),
            ("/of-ada", "not-found", "404", "(none)"),
        ] {
            let lines = logged(Request::get(path), "").await;
            let line = lines.last().unwrap();
            assert_eq!(line["problem.code"], code);
            assert_eq!((&*line["http.status"], &*line["http.route"]), (status, route));
            assert!(!line.contains_key("slow") && !format!("{line:?}").contains("of-ada"));
        }
        let lines = logged(Request::get("/stream"), "").await;
        assert!(!lines.last().unwrap().contains_key("http.response_bytes"));
    }
}
