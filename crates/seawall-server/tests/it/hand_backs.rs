//! Claims that hand back what is done.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use seawall_store::{Fault, FaultPoint, MemoryOptions, StoreOp};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::get;
use crate::tasks::{claim, claim_with, start, task};
use crate::working::working_on;

/// A store of which these calls fail while the switch is on.
fn failing(op: StoreOp) -> (Arc<AtomicBool>, MemoryOptions) {
    let fails = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&fails);
    let options = MemoryOptions {
        exclusive: true,
        faults: Some(Arc::new(move |point: &FaultPoint| {
            (point.op == op && switch.load(Ordering::SeqCst)).then_some(Fault::BeforeWrite)
        })),
    };
    (fails, options)
}

#[tokio::test(start_paused = true)]
async fn who_has_yet_to_settle_a_task_is_told_so_at_once_and_not_after_the_wait() {
    let (fails, options) = failing(StoreOp::SettleTask);
    let (_state, app) = working_on(&[("REQUEST_BODY_MAX_BYTES", "4194304")], options).await;
    start(&app, &json!([task("a", "once")])).await;
    let mine = claim(&app).await;
    let hands_back = async |output: Value| {
        let done = json!([{"id": mine["id"], "lease": mine["lease"], "output": output}]);
        let begun = Instant::now();
        let answer = claim_with(&app, "wait=60", &json!({"complete": done})).await;
        let status = answer.json()["completed"][0]["status"].clone();
        (
            status,
            begun.elapsed().as_secs(),
            answer.header("preference-applied").to_owned(),
        )
    };
    fails.store(true, Ordering::SeqCst);
    let told = hands_back(json!(1)).await;
    assert_eq!(told, (json!("service-unavailable"), 0, "wait=0".to_owned()));
    fails.store(false, Ordering::SeqCst);
    let told = hands_back(json!("x".repeat(1024 * 1024))).await;
    assert_eq!(told, (json!("validation-error"), 0, "wait=0".to_owned()));
    for status in ["accepted", "conflict"] {
        let told = hands_back(json!(1)).await;
        assert_eq!(told, (json!(status), 60, "wait=60".to_owned()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_fails_after_something_was_completed_says_both() {
    let (fails, options) = failing(StoreOp::ClaimTasks);
    let (_state, app) = working_on(&[], options).await;
    let run = start(&app, &json!([task("a", "once")])).await;
    let mine = claim(&app).await;
    fails.store(true, Ordering::SeqCst);
    let done = json!([{"id": mine["id"], "lease": mine["lease"], "output": 1}]);
    let answer = claim_with(&app, "wait=5", &json!({"complete": done})).await.json();
    assert_eq!(
        (&answer["completed"][0]["status"], &answer["items"]),
        (&json!("accepted"), &json!([]))
    );
    assert_eq!(answer["refused"]["status"], "service-unavailable");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(get(&app, &run).await.json()["status"], "succeeded");
    let alone = claim_with(&app, "wait=5", &json!({})).await;
    assert_eq!(alone.code(), "service-unavailable");
}
