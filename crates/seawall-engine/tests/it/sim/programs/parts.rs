//! What undoes a step, and what looks into its unknown outcome.

use serde_json::{Map, Value, json};

use crate::sim::programs::steps::{CHILD, QUEUES, effect, task};
use crate::sim::rng::Rng;

/// Adds parts to a step or to the step inside a map, where it may have them. `children`: also child runs that undo.
pub(super) fn add(rng: &mut Rng, step: &mut Map<String, Value>, children: bool) {
    let kind = step["kind"].as_str().expect("a step has a kind").to_owned();
    if matches!(&*kind, "effect" | "task" | "workflow" | "map") && rng.permille(300) {
        step.insert("compensate".to_owned(), compensation(rng, children));
    }
    let effect = step.get("effect").and_then(Value::as_str);
    if matches!(&*kind, "effect" | "task") && matches!(effect, Some("once" | "idempotent")) && rng.permille(300) {
        step.insert("reconcile".to_owned(), reconciliation(rng));
    }
}

fn compensation(rng: &mut Rng, children: bool) -> Value {
    match rng.below(10) {
        0 | 1 => Value::Object(task(rng)),
        2 if children => json!({ "kind": "workflow", "with": { "workflow": CHILD } }),
        _ => Value::Object(effect(rng)),
    }
}

fn reconciliation(rng: &mut Rng) -> Value {
    let class = *rng.pick(&["read", "idempotent"]);
    let mut part = if rng.permille(800) {
        json!({ "kind": "effect", "with": { "value": "{{ effect_key }}" } })
    } else {
        let payload = json!({ "effect": class, "looks": true });
        json!({ "kind": "task", "with": { "queue": rng.pick(&QUEUES), "payload": payload } })
    };
    part["effect"] = json!(class);
    part["timeout"] = json!(format!("{}s", 2 + rng.below(10)));
    part["retry"] = json!({ "max_attempts": 1 + rng.below(4) });
    if rng.permille(500) {
        part["answer"] = json!({ "outcome": "{{ result.outcome }}", "output": 1 });
    }
    part
}
