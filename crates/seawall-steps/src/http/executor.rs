//! One attempt of an `http` step.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use reqwest::Response;
use seawall_engine::{Attempt, AttemptContext, Clock, EffectClass, Executor, KindSpec, Outcome, StepError};
use serde_json::json;

use crate::config::StepsConfig;
use crate::http::address::Check;
use crate::http::body::{self, BodyError};
use crate::http::client::Clients;
use crate::http::failure;
use crate::http::gate::{PROGRESS, Progress};
use crate::http::kind::SPEC;
use crate::http::redirect::{self, MAX_REDIRECTS};
use crate::http::request::HttpRequest;
use crate::http::retry_after::retry_after;
use crate::mask::{self, Mask};
use crate::output;

pub(crate) struct HttpExecutor(Arc<Inner>);

struct Inner {
    clients: Clients,
    clock: Arc<dyn Clock>,
    max_output_bytes: usize,
}

impl HttpExecutor {
    pub(crate) fn new(config: &StepsConfig) -> Self {
        Self::with_check(config, config.http.check())
    }

    pub(crate) fn with_check(config: &StepsConfig, check: Check) -> Self {
        Self(Arc::new(Inner {
            clients: Clients::new(config.http.connect_timeout, check),
            clock: Arc::clone(&config.clock),
            max_output_bytes: config.max_output_bytes,
        }))
    }
}

impl Executor for HttpExecutor {
    fn spec(&self) -> &KindSpec {
        &SPEC
    }

    fn execute(&self, attempt: Attempt, context: AttemptContext) -> BoxFuture<'static, Outcome> {
        let inner = Arc::clone(&self.0);
        Box::pin(async move { inner.execute(attempt, context).await })
    }
}

/// What stays the same over the hops of one attempt.
struct Exchange<'a> {
    inner: &'a Inner,
    effect: EffectClass,
    progress: Arc<Progress>,
    mask: Mask,
}

impl Inner {
    async fn execute(&self, attempt: Attempt, context: AttemptContext) -> Outcome {
        let (request, mask) = match prepare(&attempt, &context) {
            Ok(prepared) => prepared,
            Err(error) => return Outcome::NotBegun(error),
        };
        if context.cancel.is_cancelled() {
            return Outcome::NotBegun(output::cancelled("cancelled before the request was sent"));
        }
        let progress = Progress::new(context.fence);
        let exchange = Exchange {
            inner: self,
            effect: attempt.effect,
            progress: Arc::clone(&progress),
            mask,
        };
        tokio::select! {
            // An answer that is already there counts more than the cancellation.
            biased;
            outcome = PROGRESS.scope(Arc::clone(&progress), exchange.run(request)) => outcome,
            () = context.cancel.cancelled() => match progress.begun() {
                true => Outcome::Unknown(output::cancelled("cancelled after the request was sent")),
                false => Outcome::NotBegun(output::cancelled("cancelled before the request was sent")),
            },
        }
    }
}

fn prepare(attempt: &Attempt, context: &AttemptContext) -> Result<(HttpRequest, Mask), StepError> {
    let (with, mask) = mask::reveal(attempt, context.secrets.as_ref())?;
    let request = HttpRequest::read(&with, attempt)?;
    Ok((request, mask))
}

impl Exchange<'_> {
    async fn run(self, mut request: HttpRequest) -> Outcome {
        for hop in 0..=MAX_REDIRECTS {
            let response = match self.send(&request, hop > 0).await {
                Ok(response) => response,
                Err(outcome) => return outcome,
            };
            let status = response.status();
            let follows = self.effect != EffectClass::Once && !request.accepts(status);
            match redirect::next(&request, status, response.headers()).filter(|_| follows) {
                Some(next) => request = next,
                None => return self.finish(&request, response).await,
            }
        }
        Outcome::Failed(StepError::permanent(
            "too-many-redirects",
            format!("the answer was a redirect for more than {MAX_REDIRECTS} times"),
        ))
    }

    async fn send(&self, request: &HttpRequest, redirected: bool) -> Result<Response, Outcome> {
        let what = request.describe();
        if let Err(refused) = self.inner.clients.check_literal(&request.url) {
            return Err(failure::of_address(&refused, redirected, &what, &self.mask));
        }
        let client = self.inner.clients.get(self.effect).map_err(Outcome::NotBegun)?;
        // A pooled connection passes no gate, so the fence is asked here; for the others it is asked after connecting.
        if Clients::pools(self.effect) && self.progress.begin().is_err() {
            let error = output::fence_refused();
            return Err(if redirected {
                Outcome::Unknown(error)
            } else {
                Outcome::NotBegun(error)
            });
        }
        client.execute(request.to_wire()).await.map_err(|error| {
            let begun = redirected || (self.progress.begun() && !error.is_connect());
            failure::of_exchange(&error, begun, &what, &self.mask)
        })
    }

    async fn finish(&self, request: &HttpRequest, mut response: Response) -> Outcome {
        let what = request.describe();
        let status = response.status();
        let body = match body::read(&mut response, self.inner.max_output_bytes).await {
            Ok(body) => body,
            Err(error) => return self.broken_body(&error, &format!("{what} answered {status}")),
        };
        let headers = response.headers();
        if !request.accepts(status) {
            let after = retry_after(headers, self.inner.clock.now());
            return failure::of_status(status, after, &what, &body, &self.mask);
        }
        let output = json!({
            "status": status.as_u16(),
            "headers": body::headers(headers, &self.mask),
            "body": body::decode(body, headers, &self.mask),
        });
        output::within_limit(output, self.inner.max_output_bytes)
    }

    fn broken_body(&self, error: &BodyError, what: &str) -> Outcome {
        match error {
            BodyError::TooLarge { .. } => {
                let message = self.mask.text(format!("{what}, but {error}"));
                output::cut_off(self.effect, output::too_large(message))
            }
            BodyError::Truncated(cause) => {
                let message = format!("{what}, but {error}: {}", failure::root_cause(cause));
                Outcome::Unknown(StepError::new("response-truncated", self.mask.text(message)))
            }
        }
    }
}
