//! What a definition says of its activities: read here by a few plain rules, so that the product's own reading is not believed.

use std::collections::BTreeSet;

use serde_json::Value;

/// A step of one run, with `.compensate` or `.reconcile` where that part is meant, or one item of it.
pub(crate) type Place = (String, Option<u64>);

fn step<'a>(definition: &'a Value, id: &str) -> &'a Value {
    let steps = definition["steps"].as_array().unwrap();
    let found = steps.iter().find(|step| step["id"] == id);
    found.unwrap_or_else(|| panic!("{definition:#} has no step {id}"))
}

/// What is carried out there: of an item, the step inside the map.
pub(crate) fn doing<'a>(definition: &'a Value, (name, item): &Place) -> &'a Value {
    let (id, part) = match name.split_once('.') {
        Some((id, part)) => (id, Some(part)),
        None => (&**name, None),
    };
    let step = step(definition, id);
    let main = match item {
        Some(_) => &step["with"]["step"],
        None => step,
    };
    part.map_or(main, |part| &main[part])
}

/// It has an effect of its own, which the world remembers: to look is none.
pub(crate) fn is_effectful(doing: &Value) -> bool {
    match doing["kind"].as_str() {
        Some("http") => doing["with"]["method"] != "GET",
        kind => matches!(kind, Some("command" | "task")),
    }
}

/// Nothing of it can be in effect: it computes, looks, waits or asks.
pub(crate) fn only_looks(doing: &Value) -> bool {
    match (doing["effect"].as_str(), doing["kind"].as_str()) {
        (Some(class), _) => matches!(class, "pure" | "read"),
        (None, Some("map")) => only_looks(&doing["with"]["step"]),
        (None, Some("workflow")) => false,
        (None, _) => !is_effectful(doing),
    }
}

/// Everything that the step needs, however far off.
pub(crate) fn above<'a>(definition: &'a Value, id: &str) -> BTreeSet<&'a str> {
    let needs = step(definition, id)["needs"].as_array().into_iter().flatten();
    let mut all = BTreeSet::new();
    for need in needs.filter_map(Value::as_str) {
        all.insert(need);
        all.extend(above(definition, need));
    }
    all
}

pub(crate) fn is_once(doing: &Value) -> bool {
    match (doing["effect"].as_str(), doing["kind"].as_str()) {
        (Some(class), _) => class == "once",
        (None, Some("http")) => doing["with"]["method"] == "POST",
        (None, kind) => matches!(kind, Some("command" | "task")),
    }
}

pub(crate) fn can_be_undone(doing: &Value) -> bool {
    !doing["compensate"].is_null()
}
