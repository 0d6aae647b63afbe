use std::future::{Ready, ready};
use std::time::Duration;

use axum::body::Body;
use axum::{Router, routing};
use futures_util::future::{BoxFuture, FutureExt as _};
use http::{Request, Response, StatusCode};
use tower::{Layer, ServiceExt as _};

use super::super::{
    Answer, Anyone, ByAddress, ByAnonymousAddress, ByApiKey, ByPrincipal, ByTenant, DecisionRecords, Identified,
    LimitStore, Limiter, MemoryStore, Policy, Question, RateLimitLayer, Receipt, Rule, RulesError, Together,
    Unavailable, Verdict, WithApiKey, WithTenant, by,
};
use crate::authenticate::{
    Authenticate, AuthenticateLayer, Credential, Decision, Principal, PrincipalId, unauthenticated,
};
use crate::client_address::ClientAddress;
use crate::problem::{Problem, ProblemLayer};

fn exact(name: &str, limit: u32) -> Policy {
    Policy::exact(name, limit, Duration::from_secs(10)).unwrap()
}

fn limited(rules: Vec<Rule<Anyone>>) -> RateLimitLayer<Anyone> {
    RateLimitLayer::new(Limiter::new("test", MemoryStore::new()), rules).unwrap()
}

fn app() -> Router {
    let teapot = || async { StatusCode::IM_A_TEAPOT };
    Router::new()
        .route("/", routing::get(|| async {}))
        .route("/teapot", routing::get(teapot))
}

fn get(path: &str, address: &str) -> Request<Body> {
    let address = ClientAddress(address.parse().unwrap());
    Request::get(path).extension(address).body(Body::empty()).unwrap()
}

async fn ask(app: &Router, path: &str, address: &str) -> Response<Body> {
    app.clone().oneshot(get(path, address)).await.unwrap()
}

fn header<'a>(response: &'a Response<Body>, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

async fn text(response: Response<Body>) -> String {
    let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn answers_say_how_the_policy_stands_and_refusals_when_to_come_again() {
    let app = app()
        .layer(limited(vec![Rule::new(exact("probe", 3), ByAddress)]))
        .layer(ProblemLayer);
    for remaining in ["2", "1", "0"] {
        let response = ask(&app, "/", "192.0.2.1").await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(header(&response, "ratelimit-policy"), "\"probe\";q=3;w=10");
        let ratelimit = format!("\"probe\";r={remaining};t=10");
        assert_eq!(header(&response, "ratelimit"), ratelimit);
        assert_eq!(header(&response, "x-ratelimit-limit"), "3");
        assert_eq!(header(&response, "x-ratelimit-remaining"), remaining);
        let reset: u64 = header(&response, "x-ratelimit-reset").parse().unwrap();
        let in_ten = crate::clock::since_1970().as_secs() + 10;
        assert!(reset <= in_ten && reset + 60 > in_ten);
        assert_eq!(header(&response, "retry-after"), "");
        assert_eq!(response.extensions().get::<DecisionRecords>(), None);
    }
    tokio::time::advance(Duration::from_millis(8_500)).await;
    let response = ask(&app, "/", "192.0.2.1").await;
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(header(&response, "retry-after"), "2");
    assert_eq!(header(&response, "ratelimit"), "\"probe\";r=0;t=2");
    assert_eq!(header(&response, "x-ratelimit-remaining"), "0");
    let records = response.extensions().get::<DecisionRecords>().cloned().unwrap();
    let [record] = &*records.0 else { panic!("{records:?}") };
    let shown = format!(
        "test refuses key {}: probe: 3 in 10s, 0 left for 1, room in 1500 ms",
        record.key
    );
    assert_eq!(record.to_string(), shown);
    insta::assert_snapshot!(text(response).await, @r#"{"type":"/problems/rate-limit-exceeded","title":"Rate limit exceeded","status":429,"detail":"Too many requests.","instance":"/","code":"rate-limit-exceeded","limit":3,"remaining":0,"retry_after":2,"policy":"probe"}"#);
    // Another address is another key, and a window later there is room.
    assert_eq!(ask(&app, "/", "192.0.2.2").await.status(), StatusCode::OK);
    tokio::time::advance(Duration::from_millis(1_500)).await;
    assert_eq!(ask(&app, "/", "192.0.2.1").await.status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn what_one_policy_refuses_is_charged_under_none() {
    let rules = vec![
        Rule::new(exact("wide", 4), ByAddress),
        Rule::new(
            exact("narrow", 1),
            by(|request, seed| {
                let path = request.uri.path();
                (path == "/teapot").then(|| seed.hash(0, path.as_bytes()))
            }),
        ),
    ];
    let app = app().layer(limited(rules));
    let mut seen = Vec::new();
    for path in ["/teapot", "/teapot", "/teapot", "/", "/", "/", "/"] {
        let response = ask(&app, path, "192.0.2.1").await;
        seen.push(format!(
            "{} {}",
            response.status().as_u16(),
            header(&response, "ratelimit")
        ));
    }
    assert_eq!(
        seen,
        [
            "418 \"narrow\";r=0;t=10",
            "429 \"narrow\";r=0;t=10",
            "429 \"narrow\";r=0;t=10",
            "200 \"wide\";r=2;t=10",
            "200 \"wide\";r=1;t=10",
            "200 \"wide\";r=0;t=10",
            "429 \"wide\";r=0;t=10",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn of_several_layers_the_policy_closest_to_refusal_is_shown() {
    let outer = limited(vec![Rule::new(exact("outer", 3), Together)]);
    let inner = limited(vec![Rule::new(exact("inner", 2), ByAddress)]);
    let app = app().layer(inner).layer(outer);
    let mut seen = Vec::new();
    for address in ["192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.2"] {
        let response = ask(&app, "/", address).await;
        seen.push(format!(
            "{} {}",
            response.status().as_u16(),
            header(&response, "ratelimit")
        ));
    }
    assert_eq!(
        seen,
        [
            "200 \"inner\";r=1;t=10",
            "200 \"inner\";r=0;t=10",
            "200 \"outer\";r=0;t=10",
            "429 \"outer\";r=0;t=10"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_policy_in_shadow_mode_counts_and_lets_pass() {
    let layer = limited(vec![
        Rule::new(exact("planned", 1).shadow(), ByAddress),
        Rule::new(exact("in-force", 3), ByAddress),
    ]);
    let app = app().layer(layer.clone());
    assert_eq!(
        ask(&app, "/", "192.0.2.1").await.extensions().get::<DecisionRecords>(),
        None
    );
    for _ in 0..2 {
        let response = ask(&app, "/", "192.0.2.1").await;
        assert_eq!(response.status(), StatusCode::OK);
        assert!(header(&response, "ratelimit").starts_with("\"in-force\""));
        let records = response.extensions().get::<DecisionRecords>().unwrap();
        assert!(records.0[0].is_shadow() && records.0[0].to_string().starts_with("test would refuse key "));
    }
    let response = ask(&app, "/", "192.0.2.1").await;
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    let counts: Vec<_> = layer
        .refusals()
        .map(|refusals| (refusals.policy.name().to_owned(), refusals.count))
        .collect();
    assert_eq!(counts, [("planned".to_owned(), 3), ("in-force".to_owned(), 1)]);
}

#[tokio::test(start_paused = true)]
async fn exempt_paths_and_what_is_given_back_cost_nothing() {
    let layer = limited(vec![Rule::new(exact("probe", 1), ByAddress)])
        .exempt(["/"])
        .give_back_if(|status| status == StatusCode::IM_A_TEAPOT);
    let app = app().layer(layer);
    for _ in 0..3 {
        assert_eq!(
            ask(&app, "/teapot", "192.0.2.1").await.status(),
            StatusCode::IM_A_TEAPOT
        );
        let response = ask(&app, "/", "192.0.2.1").await;
        assert_eq!(
            (response.status(), header(&response, "ratelimit")),
            (StatusCode::OK, "")
        );
    }
    assert_eq!(ask(&app, "/x", "192.0.2.1").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(
        ask(&app, "/x", "192.0.2.1").await.status(),
        StatusCode::TOO_MANY_REQUESTS
    );
    // A path that is not exempt as it is sent is none that is.
    assert_eq!(
        ask(&app, "//", "192.0.2.1").await.status(),
        StatusCode::TOO_MANY_REQUESTS
    );
}

#[tokio::test(start_paused = true)]
async fn requests_cost_what_their_rule_says() {
    let rule = Rule::new(exact("tokens", 10), ByAddress)
        .with_cost(|request| {
            request
                .headers
                .get("x-cost")
                .map_or(1, |cost| cost.to_str().unwrap().parse().unwrap())
        })
        .when(|request| request.method == http::Method::GET);
    let app = app().layer(limited(vec![rule]).without_headers());
    let mut seen = Vec::new();
    for cost in ["4", "7", "6", "0", "1", "11"] {
        let mut request = get("/", "192.0.2.1");
        request.headers_mut().insert("x-cost", cost.parse().unwrap());
        let response = app.clone().oneshot(request).await.unwrap();
        assert_eq!(header(&response, "ratelimit"), "");
        seen.push((response.status().as_u16(), header(&response, "retry-after").to_owned()));
    }
    let (passed, refused) = ((200, String::new()), (429, "10".to_owned()));
    assert_eq!(
        seen,
        [&passed, &refused, &passed, &passed, &refused, &refused].map(Clone::clone)
    );
    let post = Request::post("/").body(Body::empty()).unwrap();
    assert_eq!(
        app.oneshot(post).await.unwrap().status(),
        StatusCode::METHOD_NOT_ALLOWED
    );
}

#[test]
fn rules_that_cannot_be_decided_together_are_refused() {
    let make = |names: &[&str]| {
        let rules = names.iter().map(|name| Rule::new(exact(name, 1), ByAddress)).collect();
        RateLimitLayer::new(Limiter::new("test", MemoryStore::new()), rules).map(drop)
    };
    assert_eq!(make(&["a", "b", "a"]), Err(RulesError::SameName("a".to_owned())));
    assert_eq!(
        make(&["a", "b", "c", "d", "e", "f", "g", "h", "i"]),
        Err(RulesError::TooMany(9))
    );
    assert_eq!(make(&["a", "b", "c", "d", "e", "f", "g", "h"]), Ok(()));
}

#[tokio::test]
async fn of_a_burst_from_many_threads_exactly_three_pass_and_the_rest_are_told_when() {
    let app = app().layer(limited(vec![Rule::new(exact("probe", 3), ByAddress)]));
    let answers: Vec<_> = std::thread::scope(|scope| {
        let ask = || {
            (0..20)
                .map(|_| ask(&app, "/", "192.0.2.1").now_or_never().unwrap())
                .collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let (passed, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status() == StatusCode::OK);
    assert_eq!((passed.len(), refused.len()), (3, 157));
    for answer in refused {
        assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
        assert!(header(answer, "retry-after").parse::<u32>().unwrap() >= 1);
    }
}

/// Whoever has a key is known by it: `NAME@TENANT`, or `NAME` alone.
#[derive(Clone)]
struct Caller(String);

impl Principal for Caller {
    fn id(&self) -> PrincipalId {
        PrincipalId(self.0.as_str().into())
    }
}

impl WithTenant for Caller {
    fn tenant_id(&self) -> Option<&str> {
        Some(self.0.split_once('@')?.1)
    }
}

impl WithApiKey for Caller {
    fn api_key_id(&self) -> Option<&str> {
        self.0.strip_prefix("key-")
    }
}

#[derive(Clone)]
struct Names;

impl Authenticate for Names {
    type Principal = Caller;
    type Future = Ready<Result<Caller, Problem>>;

    fn authenticate(&self, credential: Credential<'_>) -> Decision<Caller, Self::Future> {
        match credential.secret() {
            "unknown" => Decision::Later(ready(Err(unauthenticated()))),
            name => Decision::Later(ready(Ok(Caller(name.to_owned())))),
        }
    }
}

fn by_identity(rules: Vec<Rule<Identified<Caller>>>) -> RateLimitLayer<Identified<Caller>> {
    RateLimitLayer::by_identity(Limiter::new("test", MemoryStore::new()), rules).unwrap()
}

#[tokio::test(start_paused = true)]
async fn who_is_known_is_limited_by_who_they_are_and_who_is_not_by_their_address() {
    let limits = by_identity(vec![
        Rule::new(exact("anonymous", 1), ByAnonymousAddress),
        Rule::new(exact("principal", 2), ByPrincipal),
        Rule::new(exact("tenant", 3), ByTenant),
        Rule::new(exact("key", 1), ByApiKey),
    ]);
    let app = app().layer(limits.behind(AuthenticateLayer::new(Names)));
    let mut seen = Vec::new();
    for name in [
        "", "", "unknown", "ada@acme", "ada@acme", "ada@acme", "bob@acme", "eve@acme", "eve", "key-1", "key-1",
    ] {
        let mut request = get("/", "192.0.2.1");
        if !name.is_empty() {
            request.headers_mut().insert("x-api-key", name.parse().unwrap());
        }
        let response = app.clone().oneshot(request).await.unwrap();
        let ratelimit = header(&response, "ratelimit").split(";t").next().unwrap();
        seen.push(format!("{name}: {} {ratelimit}", response.status().as_u16()));
    }
    assert_eq!(
        seen,
        [
            ": 200 \"anonymous\";r=0",
            ": 429 \"anonymous\";r=0",
            "unknown: 429 \"anonymous\";r=0",
            "ada@acme: 200 \"principal\";r=1",
            "ada@acme: 200 \"principal\";r=0",
            "ada@acme: 429 \"principal\";r=0",
            "bob@acme: 200 \"tenant\";r=0",
            "eve@acme: 429 \"tenant\";r=0",
            "eve: 200 \"principal\";r=1",
            "key-1: 200 \"key\";r=0",
            "key-1: 429 \"key\";r=0",
        ]
    );
}

/// A store that is elsewhere: it answers later, or not at all.
#[derive(Clone)]
struct Elsewhere(Option<MemoryStore>);

impl LimitStore for Elsewhere {
    type Deciding = BoxFuture<'static, Result<Verdict, Unavailable>>;

    fn ask(&self, question: &Question<'_>) -> Answer<Self::Deciding> {
        let verdict = self
            .0
            .as_ref()
            .map(|store| store.decide(question, tokio::time::Instant::now()));
        Answer::Later(
            async move {
                tokio::task::yield_now().await;
                verdict.ok_or(Unavailable { dependency: "counts" })
            }
            .boxed(),
        )
    }

    fn give_back(&self, receipt: Receipt) {
        if let Some(store) = &self.0 {
            store.give_back(receipt);
        }
    }
}

fn elsewhere(store: Option<MemoryStore>, limit: u32) -> RateLimitLayer<Anyone, Elsewhere> {
    let limiter = Limiter::new("test", Elsewhere(store));
    RateLimitLayer::new(limiter, vec![Rule::new(exact("probe", limit), ByAddress)]).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_store_may_answer_later_or_be_unable_to() {
    let app = app().layer(elsewhere(Some(MemoryStore::new()), 1));
    let response = ask(&app, "/", "192.0.2.1").await;
    assert_eq!(
        (response.status(), header(&response, "ratelimit")),
        (StatusCode::OK, "\"probe\";r=0;t=10")
    );
    let response = ask(&app, "/", "192.0.2.1").await;
    assert_eq!(
        (response.status(), header(&response, "retry-after")),
        (StatusCode::TOO_MANY_REQUESTS, "10")
    );
    let app = self::app().layer(elsewhere(None, 1));
    let response = ask(&app, "/", "192.0.2.1").await;
    assert_eq!(
        (response.status(), header(&response, "retry-after")),
        (StatusCode::SERVICE_UNAVAILABLE, "1")
    );
    assert!(text(response).await.contains(r#""dependency":"counts""#));
}

#[tokio::test]
async fn what_is_dropped_while_it_is_decided_calls_nobody() {
    let service = elsewhere(Some(MemoryStore::new()), 1).layer(tower::service_fn(|_: Request<Body>| async {
        panic!("nothing is decided yet");
        #[expect(unreachable_code, reason = "the type of the answer")]
        Ok::<Response<Body>, std::convert::Infallible>(Response::new(Body::empty()))
    }));
    assert!(service.oneshot(get("/", "192.0.2.1")).now_or_never().is_none());
}

#[tokio::test]
async fn they_wait_for_and_call_the_ready_instance() {
    let rule = || vec![Rule::new(exact("probe", 10), ByAddress)];
    crate::probe::holds_the_contract(limited(rule())).await;
    crate::probe::holds_the_contract(limited(rule()).exempt(["/"])).await;
    crate::probe::holds_the_contract(limited(Vec::new())).await;
    crate::probe::holds_the_contract(elsewhere(Some(MemoryStore::new()), 10)).await;
    let limits = by_identity(vec![Rule::new(exact("probe", 10), ByAnonymousAddress)]);
    crate::probe::holds_the_contract(limits.behind(AuthenticateLayer::new(Names))).await;
}
