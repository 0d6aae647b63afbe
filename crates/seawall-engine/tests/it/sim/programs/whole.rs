//! Whole definitions.

use serde_json::{Value, json};

use crate::sim::programs::lanes;
use crate::sim::programs::steps::{CHILD, steps};
use crate::sim::rng::Rng;
use crate::sim::witness::Rule;

/// A definition. `children`: with steps that start child runs.
pub(crate) fn program(rng: &mut Rng, name: &str, children: bool) -> Value {
    whole(rng, name, 5, children)
}

pub(super) fn whole(rng: &mut Rng, name: &str, most: u64, children: bool) -> Value {
    let mut definition = json!({ "name": name, "steps": steps(rng, most, children) });
    if rng.permille(150) {
        definition["timeout"] = json!(format!("{}s", 5 + rng.below(120)));
    }
    if rng.permille(300) {
        definition["output"] = json!("{{ run.attempt }}");
    }
    definition
}

/// What child runs execute, sometimes a few at a time only.
pub(crate) fn child(rng: &mut Rng) -> (Value, Option<Rule>) {
    let mut definition = whole(rng, CHILD, 5, false);
    let rule = rng.permille(250).then(|| lanes::narrow(rng, &mut definition));
    (definition, rule)
}

/// One whose step kills each process that begins it.
pub(crate) fn poison(rng: &mut Rng) -> Value {
    let effect = *rng.pick(&["read", "idempotent"]);
    json!({ "name": "poison", "steps": [
        { "id": "p", "kind": "effect", "effect": effect, "with": { "kills": true } },
    ]})
}
