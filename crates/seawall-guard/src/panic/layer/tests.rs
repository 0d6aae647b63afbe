use std::future::{Ready, ready};

use axum::body::Body;
use futures_util::StreamExt as _;
use http_body_util::BodyExt as _;
use tower::{ServiceExt as _, service_fn};

use super::super::BodyError;
use super::*;
use crate::request_id::RequestIdLayer;
use crate::written::Written;

const SECRET: &str = "sw_01h455vb4pex5vsknk084sn02q_3Zb1Qm8vJt5uXy7k";

fn request() -> Request<Body> {
    let request = Request::get("/").header("x-request-id", "id-1");
    request.body(Body::empty()).unwrap()
}

/// What is logged while the guard of it lives.
fn log() -> (Written, tracing::subscriber::DefaultGuard) {
    let log = Written::default();
    crate::heard::keep_callsites_on();
    let subscriber = tracing_subscriber::fmt().with_writer(log.writer()).with_ansi(false);
    (log, tracing::subscriber::set_default(subscriber.finish()))
}

#[tokio::test]
async fn it_waits_for_and_calls_the_ready_instance() {
    crate::probe::holds_the_contract(CatchPanicLayer).await;
}

#[tokio::test]
async fn a_panic_in_the_call_or_in_the_future_is_a_constant_500_and_one_line() {
    let late = service_fn(|_: Request<Body>| async {
        if true {
            panic!("late: the key is {SECRET}");
        }
        Ok::<Response<Body>, ()>(Response::default())
    });
    let early = service_fn(|_: Request<Body>| -> Ready<Result<Response<Body>, ()>> {
        if true {
            panic!("early: the key is {SECRET}");
        }
        ready(Ok(Response::default()))
    });
    let (log, guard) = log();
    let late = RequestIdLayer.layer(CatchPanicLayer.layer(late)).oneshot(request());
    let early = RequestIdLayer.layer(CatchPanicLayer.layer(early)).oneshot(request());
    let answers = [late.await.unwrap(), early.await.unwrap()];
    drop(guard);
    for answer in answers {
        assert_eq!(answer.status(), 500);
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, Problem::new(&kinds::INTERNAL_ERROR).render(None, None));
    }
    let lines = log.lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    for (line, when) in lines.iter().zip(["late", "early"]) {
        assert!(line.contains(&format!("{when}: the key is [redacted]")), "{line}");
        assert!(line.contains("request.id=\"id-1\"") && !line.contains(SECRET), "{line}");
    }
}

#[tokio::test]
async fn a_panic_in_a_body_is_an_error_of_the_body_and_one_line() {
    let service = service_fn(|_: Request<Body>| async {
        let chunks = futures_util::stream::iter(0..3).map(|n| match n {
            0 => Ok::<_, std::io::Error>(Bytes::from_static(b"begun")),
            _ => panic!("in the middle"),
        });
        Ok::<_, ()>(Response::new(Body::from_stream(chunks)))
    });
    let (log, guard) = log();
    let service = RequestIdLayer.layer(CatchPanicLayer.layer(service));
    let mut body = service.oneshot(request()).await.unwrap().into_body();
    let first = body.frame().await.unwrap().unwrap();
    assert_eq!(first.into_data().unwrap(), "begun");
    let broken = body.frame().await.unwrap().unwrap_err();
    assert!(matches!(broken, BodyError::Panicked), "{broken}");
    assert!(body.frame().await.is_none());
    drop((guard, body));
    let lines = log.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("in the middle") && lines[0].contains("request.id=\"id-1\""));
}

#[tokio::test]
async fn what_a_panic_says_is_cut() {
    let service = service_fn(|_: Request<Body>| async {
        if true {
            panic!("{}", "é".repeat(10_000));
        }
        Ok::<Response<Body>, ()>(Response::default())
    });
    let (log, guard) = log();
    CatchPanicLayer.layer(service).oneshot(request()).await.unwrap();
    drop(guard);
    let lines = log.lines();
    assert!(lines[0].contains("é…") && lines[0].len() < 2400, "{}", lines[0].len());
}
