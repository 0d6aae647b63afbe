//! Random definitions: every kind, every effect class, every option that changes what the runtime does.

use serde_json::{Map, Value, json};

use crate::sim::rng::Rng;

/// What a child run executes.
pub(crate) const CHILD: &str = "child";
pub(crate) const SIGNALS: [&str; 2] = ["a", "b"];

const CLASSES: [&str; 5] = ["once", "once", "idempotent", "read", "pure"];

/// A definition. `children`: with steps that start child runs.
pub(crate) fn program(rng: &mut Rng, name: &str, children: bool) -> Value {
    let count = 1 + rng.below(5);
    let steps: Vec<Value> = (0..count).map(|at| step(rng, at, children)).collect();
    let mut definition = json!({ "name": name, "steps": steps });
    if rng.permille(150) {
        definition["timeout"] = json!(format!("{}s", 5 + rng.below(120)));
    }
    if rng.permille(300) {
        definition["output"] = json!("{{ run.attempt }}");
    }
    definition
}

/// One whose step kills each process that begins it.
pub(crate) fn poison(rng: &mut Rng) -> Value {
    let effect = *rng.pick(&["read", "idempotent"]);
    json!({ "name": "poison", "steps": [
        { "id": "p", "kind": "effect", "effect": effect, "with": { "kills": true } },
    ]})
}

fn step(rng: &mut Rng, at: u64, children: bool) -> Value {
    let mut step = if rng.permille(200) {
        let items: Vec<u64> = (0..rng.below(5)).collect();
        let mut inner = body(rng, children);
        inner.remove("timeout");
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
    let (kind, with, timeout) = match rng.weighted(&[60, 10, 8, 8, 8, if children { 8 } else { 0 }, 2]) {
        0 => return effect(rng),
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

fn effect(rng: &mut Rng) -> Map<String, Value> {
    let value = if rng.permille(700) { "x" } else { "{{ run.attempt }}" };
    let step = json!({
        "kind": "effect",
        "effect": rng.pick(&CLASSES),
        "with": { "value": value },
        "timeout": format!("{}s", 1 + rng.below(15)),
    });
    let Value::Object(mut step) = step else {
        unreachable!("it is an object")
    };
    if rng.permille(500) {
        let mut retry = json!({ "max_attempts": 1 + rng.below(4) });
        if rng.permille(500) {
            retry["on"] = json!(rng.pick(&[["bad"], ["any"]]));
        }
        step.insert("retry".to_owned(), retry);
    }
    step
}
