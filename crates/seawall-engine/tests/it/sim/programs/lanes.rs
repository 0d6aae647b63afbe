//! Definitions under flow control.

use serde_json::{Value, json};

use crate::sim::programs::whole::whole;
use crate::sim::rng::Rng;
use crate::sim::witness::Rule;

/// By the request's number, so that clients know nothing of it.
const KEY: &str = "k{{ input.request % 2 }}";
const CONFLICTS: [&str; 4] = ["queue", "queue", "reject", "cancel_running"];

/// One with some of all that holds runs back.
pub(crate) fn lane(rng: &mut Rng, name: &str) -> (Value, Rule) {
    let mut definition = whole(rng, name, 3, false);
    let keyed = rng.permille(600);
    let mut rule = Rule {
        on_conflict: "queue",
        slots: None,
        rate: None,
        debounced: false,
    };
    let what = rng.below(8);
    if what != 0 {
        rule.on_conflict = *rng.pick(&CONFLICTS);
        let limit = 1 + rng.below(2);
        rule.slots = u32::try_from(limit).ok();
        definition["concurrency"] = json!({ "limit": limit, "on_conflict": rule.on_conflict });
        if keyed {
            definition["concurrency"]["key"] = json!(KEY);
        }
    }
    if what == 0 || rng.permille(250) {
        let limit = 4 + rng.below(20);
        rule.rate = u32::try_from(limit).ok().map(|limit| (limit, 60_000));
        definition["rate"] = json!({ "limit": format!("{limit}/min") });
        if keyed {
            definition["rate"]["key"] = json!(KEY);
        }
    }
    if rng.permille(250) {
        let period = 1 + rng.below(10);
        rule.debounced = true;
        definition["debounce"] = json!({ "period": format!("{period}s"), "max_wait": format!("{}s", 3 * period) });
        if keyed {
            definition["debounce"]["key"] = json!(KEY);
        }
    }
    if rng.permille(500) {
        definition["priority"] = json!("{{ input.request % 5 - 2 }}");
    }
    (definition, rule)
}

/// Only so many of them at once.
pub(super) fn narrow(rng: &mut Rng, definition: &mut Value) -> Rule {
    let (limit, on_conflict) = (1 + rng.below(2), *rng.pick(&CONFLICTS));
    definition["concurrency"] = json!({ "limit": limit, "on_conflict": on_conflict });
    Rule {
        on_conflict,
        slots: u32::try_from(limit).ok(),
        rate: None,
        debounced: false,
    }
}
