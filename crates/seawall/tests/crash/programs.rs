//! The workflows that are run while the server dies.

use serde_json::{Value, json};

/// SplitMix64: a seed gives the same decisions everywhere.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

pub(crate) const NAMES: [&str; 4] = ["mixed", "fan", "human", "parent"];

/// All definitions; children before their parents.
pub(crate) fn all(effects: &str, log: &str) -> Vec<Value> {
    vec![
        mixed(effects, log),
        fan(effects),
        human(effects),
        child(effects),
        parent(),
    ]
}

fn http(id: &str, needs: &[&str], method: &str, url: &str) -> Value {
    json!({ "id": id, "kind": "http", "needs": needs, "timeout": "5s",
        "retry": { "max_attempts": 20, "initial": "20ms", "max": "100ms" },
        "with": { "method": method, "url": url, "json": { "run": "{{ run.id }}", "step": id } } })
}

/// Every effect class in one run, with a timer in between.
fn mixed(effects: &str, log: &str) -> Value {
    json!({ "name": "mixed", "steps": [
        http("put", &[], "PUT", &format!("{effects}/effect")),
        http("post", &["put"], "POST", &format!("{effects}/effect")),
        { "id": "nap", "kind": "sleep", "needs": ["post"], "with": { "for": "40ms" } },
        { "id": "write", "kind": "command", "needs": ["nap"], "effect": "once",
          "with": { "argv": ["sh", "-c", "echo \"$1\" >> \"$2\"", "sh", "{{ run.id }}", log] } },
        { "id": "sum", "kind": "transform", "needs": ["write"], "with": { "value": "{{ steps.post.output.body.count }}" } }
    ], "output": "{{ steps.sum.output }}" })
}

/// Many effects of one step at once.
fn fan(effects: &str) -> Value {
    json!({ "name": "fan", "steps": [
        { "id": "all", "kind": "map", "with": { "over": "{{ input.items }}", "as": "item", "max_parallel": 4,
          "step": { "kind": "http", "timeout": "5s",
            "with": { "method": "POST", "url": format!("{effects}/effect"), "json": { "run": "{{ run.id }}", "step": "all", "item": "{{ index }}" } } } } }
    ] })
}

/// Waits for a signal, then does something once.
fn human(effects: &str) -> Value {
    json!({ "name": "human", "steps": [
        { "id": "go", "kind": "wait_signal", "with": { "name": "go" } },
        http("post", &["go"], "POST", &format!("{effects}/effect"))
    ], "output": "{{ steps.go.output }}" })
}

fn child(effects: &str) -> Value {
    json!({ "name": "child", "steps": [ http("post", &[], "POST", &format!("{effects}/effect")) ] })
}

fn parent() -> Value {
    json!({ "name": "parent", "steps": [
        { "id": "kids", "kind": "map", "with": { "over": [1, 2], "as": "kid",
          "step": { "kind": "workflow", "with": { "workflow": "child", "input": { "kid": "{{ kid }}" } } } } }
    ] })
}
