//! Requests that create, once for each `Idempotency-Key`: the first answer is kept and replayed.
//!
//! The request is begun in the store before anything is done, and finished with its answer, by a task of its own: whoever goes
//! away in between, or waits for longer than the deadline, asks again and finds the answer. In between it is leased for longer
//! than any request takes, so that nobody has to prolong the lease; where a node died, the key counts as in use until the lease
//! is over, and then the request is carried out again. That makes nothing twice because the ids of what is created follow
//! from the key.
//!
//! Runs are not created this way: they take their key in the transaction that creates them.

use std::panic::resume_unwind;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::response::Response;
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use seawall_engine::IdempotentRequest;
use seawall_guard::problem::{Problem, kinds};
use seawall_store::{
    ClaimId, Digest, Finish, RequestClaim, RequestState, StoreError, StoreResult, StoredAnswer, TenantId,
};
use tracing::Instrument as _;
use uuid::Uuid;

use crate::error::{ApiError, ApiResult};
use crate::extract::REPLAYED;
use crate::identity::accounts::KEY_LIFE;
use crate::state::AppState;

/// Beyond the request's deadline: `Prefer: wait` may add 60 s to that, and clocks of two nodes differ.
const LEASE_MARGIN: Duration = Duration::from_secs(90);

/// How often the store is asked to begin a request when it does not know the outcome. It takes the same claim for the same.
const BEGINNINGS: u32 = 3;

/// What of an answer is kept beside its body.
const KEPT_HEADERS: [HeaderName; 3] = [header::CONTENT_TYPE, header::ETAG, header::LOCATION];

/// Whether an answer may be kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Keeping {
    Answer,
    /// It holds a secret: a repetition is told that it is one, and no more.
    Nothing,
}

/// Creates, unless a request of this key has done so. `create` is not begun where one has; with a key it goes on to its end once
/// it is begun, whether the caller still waits or not. A refusal gives the key back.
///
/// # Errors
/// `idempotency-key-in-use`, `idempotency-key-reused`, `conflict` for an answer that is not kept; and those of `create`.
pub(crate) async fn once(
    state: &AppState,
    tenant: &TenantId,
    key: Option<&IdempotentRequest>,
    keeping: Keeping,
    create: impl Future<Output = ApiResult<Response>> + Send + 'static,
) -> ApiResult<Response> {
    let Some(request) = key else {
        return create.await;
    };
    let claim = Claim {
        state: state.clone(),
        tenant: tenant.clone(),
        claim: RequestClaim {
            key: request.key,
            fingerprint: state.accounts().fingerprint(&request.fingerprint),
            claim: ClaimId(Uuid::new_v4()),
            lease: state.config().limits.timeout + LEASE_MARGIN,
            ttl: KEY_LIFE,
        },
    };
    let carried_out = state.tasks().spawn(claim.carry_out(keeping, create).in_current_span());
    match carried_out.await {
        Ok(answer) => answer,
        // It is the request's own, and caught where those are.
        Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
        Err(_) => Err(Problem::new(&kinds::SERVICE_UNAVAILABLE).into()),
    }
}

fn refusal(state: &RequestState) -> Problem {
    match state {
        RequestState::Differs => Problem::new(&kinds::IDEMPOTENCY_KEY_REUSED),
        RequestState::InUse => Problem::new(&kinds::IDEMPOTENCY_KEY_IN_USE).with_retry_after(Duration::from_secs(1)),
        _ => withheld(),
    }
}

/// A repetition whose first answer is not kept.
pub(crate) fn withheld() -> Problem {
    Problem::new(&kinds::CONFLICT).with_detail(
        "The request of this Idempotency-Key was carried out, and its answer is not kept because it held a secret or was too \
         large.",
    )
}

fn replay(answer: &StoredAnswer) -> Response {
    let mut headers = HeaderMap::new();
    for (name, value) in answer.headers() {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    let mut response = Response::new(Body::from(answer.body().to_vec()));
    *response.status_mut() = StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::OK);
    *response.headers_mut() = headers;
    response
}

/// A request under its key.
struct Claim {
    state: AppState,
    tenant: TenantId,
    claim: RequestClaim,
}

impl Claim {
    async fn carry_out(
        self,
        keeping: Keeping,
        create: impl Future<Output = ApiResult<Response>> + Send,
    ) -> ApiResult<Response> {
        match self.begin().await? {
            RequestState::Started => {}
            RequestState::Replay(answer) => return Ok(replay(&answer)),
            other => return Err(refusal(&other).into()),
        }
        // What takes longer than that counts as not carried out: somebody else may have begun it.
        let created = tokio::time::timeout(self.claim.lease, create).await;
        match created {
            Ok(Ok(response)) => self.finish(response, keeping).await,
            Ok(Err(error)) => {
                self.release().await;
                Err(error)
            }
            Err(_) => Err(Problem::new(&kinds::SERVICE_UNAVAILABLE).into()),
        }
    }

    async fn begin(&self) -> Result<RequestState, StoreError> {
        let mut tries = 1;
        loop {
            match self
                .state
                .identity_store()
                .begin_request(&self.tenant, self.claim)
                .await
            {
                Err(StoreError::Ambiguous { .. }) if tries < BEGINNINGS => tries += 1,
                outcome => return outcome,
            }
        }
    }

    /// Keeps the answer, and gives it.
    async fn finish(&self, response: Response, keeping: Keeping) -> ApiResult<Response> {
        let (parts, body) = response.into_parts();
        let read = to_bytes(body, StoredAnswer::MAX_BODY_BYTES * 2).await;
        // Handlers answer with JSON that they hold in memory.
        let body = read.map_err(|_| ApiError::from(Problem::new(&kinds::INTERNAL_ERROR)))?;
        let kept = || {
            let headers = KEPT_HEADERS.iter().filter_map(|name| {
                let value = parts.headers.get(name)?.to_str().ok()?;
                Some((name.as_str().into(), value.into()))
            });
            StoredAnswer::new(parts.status.as_u16(), headers, body.as_ref()).ok()
        };
        let answer = if keeping == Keeping::Answer { kept() } else { None };
        let finish = answer.map_or(Finish::Withheld, Finish::Answer);
        let store = self.state.identity_store();
        let finished = store.finish_request(&self.tenant, self.claim.key, self.claim.claim, finish);
        // It is done all the same, and a repetition after the lease finds it by its id.
        log("kept", finished.await);
        Ok(Response::from_parts(parts, Body::from(body)))
    }

    /// Gives the key back: the request may be corrected and sent again.
    async fn release(&self) {
        let store = self.state.identity_store();
        let key: Digest = self.claim.key;
        let released = store.release_request(&self.tenant, key, self.claim.claim);
        log("given back", released.await);
    }
}

fn log(what: &'static str, outcome: StoreResult<bool>) {
    match outcome {
        Ok(true) => {}
        Ok(false) => tracing::warn!("an idempotency key was not {what}: its lease was over"),
        Err(error) => tracing::error!(error = %error, "an idempotency key was not {what}"),
    }
}
