use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use tower::{Layer, Service};

use super::future::RateLimitFuture;
use super::headers::{Shown, whole_seconds};
use super::rules::{Picked, Rules};
use super::{
    Answer, Anyone, Asked, AuthenticatedLimitLayer, Decision, DecisionRecords, Identified, Intent, LimitStore, Limiter,
    MemoryStore, Receipt, Refusals, Rule, RulesError, Unavailable, Verdict,
};
use crate::authenticate::{Authenticate, AuthenticateLayer, Principal};
use crate::clock::since_1970;
use crate::problem::{Problem, kinds};

/// Whether answers of a status cost nothing.
type Free = fn(StatusCode) -> bool;

/// Refuses requests for which a policy has no room: 429 `rate-limit-exceeded`.
///
/// All its rules are decided at once: a request that one of them refuses is charged under none. Of answers that pass, and of refusals,
/// headers say how the policy stands that is closest to refusal.
///
/// ```
/// use seawall_guard::rate_limit::{ByAddress, Limiter, MemoryStore, Policy, Preset, RateLimitLayer, Rule};
///
/// let limiter = Limiter::new("address", MemoryStore::new());
/// let rules = vec![Rule::new(Policy::preset(Preset::Standard), ByAddress)];
/// let layer = RateLimitLayer::new(limiter, rules)?.exempt(["/health"]);
/// # let _ = tower::ServiceBuilder::new().layer(layer).service(());
/// # Ok::<_, seawall_guard::rate_limit::RulesError>(())
/// ```
///
/// With rules that ask who the sender is, it is no layer of its own, but one behind the layer that finds out: see
/// [`RateLimitLayer::behind`].
pub struct RateLimitLayer<W, S = MemoryStore> {
    shared: Arc<Shared<W, S>>,
    settings: Settings,
}

#[derive(Debug)]
pub(super) struct Shared<W, S> {
    pub(super) limiter: Limiter<S>,
    pub(super) rules: Rules<W>,
}

#[derive(Clone, Debug)]
pub(super) struct Settings {
    exempt: Arc<[Box<str>]>,
    give_back_if: Option<Free>,
    headers: bool,
}

impl<S: LimitStore> RateLimitLayer<Anyone, S> {
    pub fn new(limiter: Limiter<S>, rules: Vec<Rule<Anyone>>) -> Result<Self, RulesError> {
        Self::with_rules(limiter, rules)
    }
}

impl<P: Principal, S: LimitStore> RateLimitLayer<Identified<P>, S> {
    /// Rules that may ask who the sender is.
    pub fn by_identity(limiter: Limiter<S>, rules: Vec<Rule<Identified<P>>>) -> Result<Self, RulesError> {
        Self::with_rules(limiter, rules)
    }

    /// Limits by whom `authenticate` finds out, right inside it. There is no other way for such limits into a stack.
    ///
    /// ```
    /// # use seawall_guard::authenticate::*;
    /// # use seawall_guard::problem::Problem;
    /// use seawall_guard::rate_limit::{ByPrincipal, Limiter, MemoryStore, Policy, Preset, RateLimitLayer, Rule};
    /// # #[derive(Clone)]
    /// # struct Caller(PrincipalId);
    /// # impl Principal for Caller {
    /// #     fn id(&self) -> PrincipalId { self.0.clone() }
    /// # }
    /// # #[derive(Clone)]
    /// # struct Keys;
    /// # impl Authenticate for Keys {
    /// #     type Principal = Caller;
    /// #     type Future = std::future::Ready<Result<Caller, Problem>>;
    /// #     fn authenticate(&self, _: Credential<'_>) -> Decision<Caller, Self::Future> {
    /// #         Decision::Ready(Err(unauthenticated()))
    /// #     }
    /// # }
    ///
    /// let limiter = Limiter::new("principal", MemoryStore::new());
    /// let rules = vec![Rule::new(Policy::preset(Preset::Standard), ByPrincipal)];
    /// let limits = RateLimitLayer::by_identity(limiter, rules)?;
    /// let stack = tower::ServiceBuilder::new().layer(limits.behind(AuthenticateLayer::new(Keys)));
    /// # let _ = stack.service(());
    /// # Ok::<_, seawall_guard::rate_limit::RulesError>(())
    /// ```
    ///
    /// The same limits in a stack that has not authenticated do not compile:
    ///
    /// ```compile_fail,E0277
    /// # use seawall_guard::authenticate::*;
    /// # use seawall_guard::problem::Problem;
    /// use seawall_guard::rate_limit::{ByPrincipal, Limiter, MemoryStore, Policy, Preset, RateLimitLayer, Rule};
    /// # #[derive(Clone)]
    /// # struct Caller(PrincipalId);
    /// # impl Principal for Caller {
    /// #     fn id(&self) -> PrincipalId { self.0.clone() }
    /// # }
    ///
    /// let limiter = Limiter::new("principal", MemoryStore::new());
    /// let rules = vec![Rule::new(Policy::preset(Preset::Standard), ByPrincipal)];
    /// let limits = RateLimitLayer::<_>::by_identity(limiter, rules)?;
    /// # let _: &RateLimitLayer<seawall_guard::rate_limit::Identified<Caller>> = &limits;
    /// let stack = tower::ServiceBuilder::new().layer(limits);
    /// # let _ = stack.service(());
    /// # Ok::<_, seawall_guard::rate_limit::RulesError>(())
    /// ```
    ///
    /// Nor do rules that ask for a principal in a layer for anybody:
    ///
    /// ```compile_fail,E0277
    /// use seawall_guard::rate_limit::{Anyone, ByPrincipal, Policy, Preset, Rule};
    ///
    /// let rule: Rule<Anyone> = Rule::new(Policy::preset(Preset::Standard), ByPrincipal);
    /// ```
    #[must_use]
    pub fn behind<A>(self, authenticate: AuthenticateLayer<A>) -> AuthenticatedLimitLayer<A, S>
    where
        A: Authenticate<Principal = P>,
    {
        AuthenticatedLimitLayer::new(authenticate, self)
    }
}

impl<W, S: LimitStore> RateLimitLayer<W, S> {
    fn with_rules(limiter: Limiter<S>, rules: Vec<Rule<W>>) -> Result<Self, RulesError> {
        let rules = Rules::new(rules)?;
        Ok(Self {
            shared: Arc::new(Shared { limiter, rules }),
            settings: Settings {
                exempt: Arc::new([]),
                give_back_if: None,
                headers: true,
            },
        })
    }

    /// Paths that are neither counted nor refused, as they are sent: the probes of load balancers.
    #[must_use]
    pub fn exempt<P: Into<Box<str>>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        self.settings.exempt = paths.into_iter().map(Into::into).collect();
        self
    }

    /// Answers with such a status cost nothing in the end: 304, or what was the server's own fault. Allocates for each request.
    #[must_use]
    pub const fn give_back_if(mut self, free: Free) -> Self {
        self.settings.give_back_if = Some(free);
        self
    }

    /// Answers do not say how policies stand; refusals have `Retry-After` all the same.
    #[must_use]
    pub const fn without_headers(mut self) -> Self {
        self.settings.headers = false;
        self
    }

    /// How many requests each policy had no room for: of those in shadow mode, how many would have been refused.
    pub fn refusals(&self) -> impl Iterator<Item = Refusals> {
        self.shared.rules.refusals()
    }

    #[must_use]
    pub fn limiter(&self) -> &Limiter<S> {
        &self.shared.limiter
    }

    pub(super) fn service<I>(&self, inner: I) -> RateLimitService<I, W, S> {
        RateLimitService {
            inner,
            shared: Arc::clone(&self.shared),
            settings: self.settings.clone(),
        }
    }
}

impl<W, S> Clone for RateLimitLayer<W, S> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            settings: self.settings.clone(),
        }
    }
}

impl<W, S> fmt::Debug for RateLimitLayer<W, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimitLayer")
            .field("guard", self.shared.limiter.guard())
            .finish_non_exhaustive()
    }
}

/// Only of rules that anybody's requests can be held against.
impl<I, S: LimitStore> Layer<I> for RateLimitLayer<Anyone, S> {
    type Service = RateLimitService<I, Anyone, S>;

    fn layer(&self, inner: I) -> Self::Service {
        self.service(inner)
    }
}

/// See [`RateLimitLayer`].
pub struct RateLimitService<I, W, S> {
    inner: I,
    shared: Arc<Shared<W, S>>,
    settings: Settings,
}

impl<I: Clone, W, S> Clone for RateLimitService<I, W, S> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            shared: Arc::clone(&self.shared),
            settings: self.settings.clone(),
        }
    }
}

impl<I: fmt::Debug, W, S> fmt::Debug for RateLimitService<I, W, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimitService")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}

impl<I, W, S, B, R> Service<Request<B>> for RateLimitService<I, W, S>
where
    I: Service<Request<B>, Response = Response<R>> + Clone,
    S: LimitStore,
    R: From<Bytes>,
{
    type Response = Response<R>;
    type Error = I::Error;
    type Future = RateLimitFuture<I, W, S, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let path = request.uri().path();
        if self.settings.exempt.iter().any(|exempt| **exempt == *path) {
            return RateLimitFuture::answering(self.inner.call(request), None);
        }
        let Shared { limiter, rules } = &*self.shared;
        let picked = rules.pick(&Asked::of(&request), limiter.seed());
        if picked.is_empty() {
            return RateLimitFuture::answering(self.inner.call(request), None);
        }
        let judge = Judge {
            shared: Arc::clone(&self.shared),
            give_back_if: self.settings.give_back_if,
            headers: self.settings.headers,
            picked,
        };
        match limiter.ask(Intent::Take, &rules.charges(&picked)) {
            Answer::Ready(verdict) => match judge.settle(verdict) {
                Settled::Pass(say) => RateLimitFuture::answering(self.inner.call(request), say),
                Settled::Refuse(refusal) => RateLimitFuture::refused(refusal),
            },
            Answer::Later(deciding) => {
                // The instance that was made ready is the one to call.
                let clone = self.inner.clone();
                let inner = std::mem::replace(&mut self.inner, clone);
                RateLimitFuture::deciding(deciding, inner, request, judge)
            }
        }
    }
}

/// What a verdict means for a request.
pub(super) struct Judge<W, S> {
    shared: Arc<Shared<W, S>>,
    give_back_if: Option<Free>,
    headers: bool,
    picked: Picked,
}

/// What was decided.
pub(super) enum Settled<W, S> {
    Pass(Option<Say<W, S>>),
    Refuse(Response<Bytes>),
}

/// What there is to say in an answer, or to do with it.
pub(super) struct Say<W, S> {
    shared: Arc<Shared<W, S>>,
    /// By the rule of that index.
    shown: Option<(usize, Shown)>,
    records: Option<DecisionRecords>,
    receipt: Option<(Receipt, Free)>,
}

impl<W, S: LimitStore> Judge<W, S> {
    pub(super) fn settle(self, verdict: Verdict) -> Settled<W, S> {
        let Shared { limiter, rules } = &*self.shared;
        let decision = Decision::new(rules.charges(&self.picked), verdict);
        let records = decision.records(limiter.guard());
        if records.is_some() {
            rules.count(&decision);
        }
        let closest = decision.closest_at().filter(|_| self.headers);
        let shown = closest.and_then(|(part, closest)| {
            let shown = Shown::of(closest.charge.policy, &closest.standing);
            Some((self.picked.rule(part)?, shown))
        });
        if !decision.is_admitted() {
            let mut refusal = refusal(&decision);
            if let Some((rule, shown)) = shown {
                rules.write(rule, shown, since_1970().as_secs(), refusal.headers_mut());
            }
            if let Some(records) = records {
                refusal.extensions_mut().insert(records);
            }
            return Settled::Refuse(refusal);
        }
        let receipt = self.give_back_if.and_then(|free| Some((decision.receipt()?, free)));
        if shown.is_none() && receipt.is_none() && records.is_none() {
            return Settled::Pass(None);
        }
        Settled::Pass(Some(Say {
            shared: self.shared,
            shown,
            records,
            receipt,
        }))
    }
}

impl<W, S: LimitStore> Say<W, S> {
    pub(super) fn in_answer<R>(self, response: &mut Response<R>) {
        let Shared { limiter, rules } = &*self.shared;
        if let Some((receipt, free)) = self.receipt
            && free(response.status())
        {
            limiter.give_back(receipt);
        }
        if let Some((rule, shown)) = self.shown {
            rules.write(rule, shown, since_1970().as_secs(), response.headers_mut());
        }
        if let Some(records) = self.records {
            records.add_to(response.extensions_mut());
        }
    }
}

fn refusal(decision: &Decision<'_>) -> Response<Bytes> {
    let mut problem = Problem::new(&kinds::RATE_LIMIT_EXCEEDED);
    let mut wait = Duration::ZERO;
    if let Some(closest) = decision.closest() {
        let policy = closest.charge.policy;
        wait = closest.standing.retry_after().unwrap_or_default();
        problem = problem
            .with_extension("limit", policy.limit())
            .with_extension("remaining", closest.standing.remaining())
            .with_extension("retry_after", whole_seconds(wait).max(1))
            .with_extension("policy", policy.name());
    }
    problem.with_retry_after(wait).into_http()
}

pub(super) fn unavailable(unavailable: Unavailable) -> Response<Bytes> {
    Problem::new(&kinds::SERVICE_UNAVAILABLE)
        .with_extension("dependency", unavailable.dependency)
        .with_retry_after(Duration::from_secs(1))
        .into_http()
}
