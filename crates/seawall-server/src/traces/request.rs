use std::time::SystemTime;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::StatusCode;
use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanId, SpanKind, TraceId};
use seawall_guard::problem::Problem;
use seawall_guard::recording::MethodLabel;
use seawall_guard::request_id::RequestId;
use seawall_guard::trace_context::TraceContext;
use tokio::time::Instant;

use super::tracer::{Ended, Tracer};
use crate::stack::PROBES;

/// Makes a span of each request whose trace is sampled, those of load balancers excepted.
pub(crate) async fn record_request(State(tracer): State<Tracer>, request: Request, next: Next) -> Response {
    let Some(mut open) = Open::of(tracer, &request) else {
        return next.run(request).await;
    };
    let response = next.run(request).await;
    open.status = Some(response.status());
    open.problem = response
        .extensions()
        .get::<Problem>()
        .map(|problem| problem.kind().code);
    response
}

/// A request that is under way. Dropped, it has ended: without a status it was given up.
struct Open {
    tracer: Tracer,
    context: TraceContext,
    method: MethodLabel,
    route: Option<MatchedPath>,
    id: Option<RequestId>,
    began: SystemTime,
    since: Instant,
    status: Option<StatusCode>,
    problem: Option<&'static str>,
}

impl Open {
    fn of(tracer: Tracer, request: &Request) -> Option<Self> {
        if PROBES.contains(&request.uri().path()) {
            return None;
        }
        let extensions = request.extensions();
        let context = extensions.get::<TraceContext>().filter(|context| context.sampled)?;
        Some(Self {
            context: context.clone(),
            method: MethodLabel::of(request.method()),
            route: extensions.get().cloned(),
            id: extensions.get().cloned(),
            began: tracer.now(),
            since: Instant::now(),
            status: None,
            problem: None,
            tracer,
        })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let method = self.method.as_str();
        let mut attributes = Vec::with_capacity(5);
        attributes.push(KeyValue::new("http.request.method", method));
        // The template: a path is made of what clients make up.
        let name = match &self.route {
            Some(route) => {
                attributes.push(KeyValue::new("http.route", route.as_str().to_owned()));
                format!("{method} {}", route.as_str()).into()
            }
            None => method.into(),
        };
        if let Some(status) = self.status {
            attributes.push(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
        }
        if let Some(code) = self.problem {
            attributes.push(KeyValue::new("error.type", code));
        }
        if let Some(id) = &self.id {
            attributes.push(KeyValue::new("seawall.request.id", id.as_str().to_owned()));
        }
        let parent = self.context.parent.map(|parent| SpanId::from_bytes(parent.to_bytes()));
        self.tracer.record(Ended {
            trace: TraceId::from_bytes(self.context.trace.to_bytes()),
            span: SpanId::from_bytes(self.context.span.to_bytes()),
            parent: parent.unwrap_or(SpanId::INVALID),
            remote: parent.is_some(),
            kind: SpanKind::Server,
            name,
            began: self.began,
            ended: self.began + self.since.elapsed(),
            attributes,
            is_error: self.status.is_some_and(|status| status.is_server_error()),
        });
    }
}
