//! Steps of every kind and every effect class, with every option that changes what the runtime does.

use serde_json::{Map, Value, json};

use crate::sim::programs::parts;
use crate::sim::rng::Rng;

/// What a child run executes.
pub(crate) const CHILD: &str = "child";
pub(crate) const SIGNALS: [&str; 2] = ["a", "b"];
/// Where workers take tasks from.
pub(crate) const QUEUES: [&str; 2] = ["q0", "q1"];

const CLASSES: [&str; 5] = ["once", "once", "idempotent", "read", "pure"];

/// Some steps. `children`: also such that start child runs.
pub(super) fn steps(rng: &mut Rng, most: u64, children: bool) -> Vec<Value> {
    let count = 1 + rng.below(most);
    (0..count).map(|at| step(rng, at, children)).collect()
}

fn step(rng: &mut Rng, at: u64, children: bool) -> Value {
    let mut step = if rng.permille(200) {
        let items: Vec<u64> = (0..rng.below(5)).collect();
        let mut inner = body(rng, children);
        inner.remove("timeout");
        parts::add(rng, &mut inner, children);
        let with = json!({
            "over": items,
            "max_parallel": 1 + rng.below(3),
            "on_item_error": rng.pick(&["fail", "collect"]),
            "step": inner,
        });
        Map::from_iter([("kind".to_owned(), json!("map")), ("with".to_owned(), with)])
    } else {
        body(rng, children)
    };
    parts::add(rng, &mut step, children);
    let needs: Vec<String> = (0..at)
        .filter(|_| rng.permille(450))
        .map(|need| format!("s{need}"))
        .collect();
    step.insert("id".to_owned(), json!(format!("s{at}")));
    step.insert("needs".to_owned(), json!(needs));
    let on_error = match rng.below(10) {
        0 | 1 => json!("continue"),
        2 => json!({ "value": 1 }),
        _ => json!("fail"),
    };
    step.insert("on_error".to_owned(), on_error);
    match rng.below(12) {
        0 => drop(step.insert("when".to_owned(), json!("{{ false }}"))),
        1 => drop(step.insert("when".to_owned(), json!("{{ input.request >= 0 }}"))),
        _ => {}
    }
    Value::Object(step)
}

fn body(rng: &mut Rng, children: bool) -> Map<String, Value> {
    let wait = |rng: &mut Rng| rng.permille(500).then(|| json!(format!("{}ms", 1 + rng.below(40_000))));
    let (kind, with, timeout) = match rng.weighted(&[48, 10, 8, 8, 8, if children { 8 } else { 0 }, 2, 14]) {
        0 => return effect(rng),
        7 => return task(rng),
        1 => ("transform", json!({ "value": "{{ run.attempt }}" }), None),
        2 => ("sleep", json!({ "for": format!("{}ms", rng.below(40_000)) }), None),
        3 => ("wait_signal", json!({ "name": rng.pick(&SIGNALS) }), wait(rng)),
        4 => {
            let on_timeout = rng.pick(&["fail", "approve", "reject"]);
            let with = json!({ "message": "well?", "on_timeout": on_timeout });
            ("approval", with, wait(rng))
        }
        5 => ("workflow", json!({ "workflow": CHILD }), wait(rng)),
        _ => ("fail", json!({ "message": "no" }), None),
    };
    let mut step = Map::from_iter([("kind".to_owned(), json!(kind)), ("with".to_owned(), with)]);
    if let Some(timeout) = timeout {
        step.insert("timeout".to_owned(), timeout);
    }
    step
}

/// One attempt of the story's own kind.
pub(super) fn effect(rng: &mut Rng) -> Map<String, Value> {
    let value = if rng.permille(700) { "x" } else { "{{ run.attempt }}" };
    let step = json!({
        "kind": "effect",
        "effect": rng.pick(&CLASSES),
        "with": { "value": value },
        "timeout": format!("{}s", 1 + rng.below(15)),
    });
    retried(rng, step, &[["bad"], ["any"]])
}

/// One for workers outside.
pub(super) fn task(rng: &mut Rng) -> Map<String, Value> {
    let effect = rng.pick(&CLASSES);
    let value = if rng.permille(800) { "x" } else { "{{ run.attempt }}" };
    let mut with = json!({ "queue": rng.pick(&QUEUES), "payload": { "effect": effect, "value": value } });
    if rng.permille(500) {
        with["key"] = json!(rng.pick(&["k0", "k1"]));
    }
    if rng.permille(300) {
        with["priority"] = json!(rng.below(5));
    }
    let timeout = format!("{}s", 2 + rng.below(40));
    let step = json!({ "kind": "task", "effect": effect, "with": with, "timeout": timeout });
    retried(rng, step, &[["busy"], ["any"]])
}

fn retried(rng: &mut Rng, step: Value, on: &[[&str; 1]]) -> Map<String, Value> {
    let Value::Object(mut step) = step else {
        unreachable!("it is an object")
    };
    if rng.permille(500) {
        let mut retry = json!({ "max_attempts": 1 + rng.below(4) });
        if rng.permille(500) {
            retry["on"] = json!(rng.pick(on));
        }
        step.insert("retry".to_owned(), retry);
    }
    step
}
