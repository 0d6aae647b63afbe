//! The workflows that are run while the server dies: a few whose every outcome is known, and random ones of all kinds.

use serde_json::{Value, json};

use crate::random::Random;

/// The registered ones that clients start.
pub(crate) const NAMES: [&str; 7] = ["mixed", "fan", "human", "parent", "lane", "paced", "burst"];

/// How many runs of one lane may be under way.
pub(crate) const LANE_LIMIT: usize = 2;

/// The rate of `paced`: so many at once, then one in each such time.
pub(crate) const AT_ONCE: i64 = 4;
pub(crate) const PACE_MS: i64 = 1000 / AT_ONCE;

/// Where the effects go.
#[derive(Clone, Debug)]
pub(crate) struct World {
    /// The service that remembers requests.
    pub(crate) url: String,
    /// The file that commands append to.
    pub(crate) log: String,
}

/// All registered definitions; children before their parents.
pub(crate) fn all(world: &World) -> Vec<Value> {
    vec![
        mixed(world),
        fan(world),
        human(world),
        child(world),
        parent(),
        lane(world),
        paced(world),
        burst(world),
        tick(world),
    ]
}

/// A request whose effect the world remembers. `act`: what the world answers.
fn call(world: &World, method: &str, (step, item): (&str, Value), act: &str) -> Value {
    json!({ "method": method, "url": format!("{}/effect", world.url),
        "json": { "run": "{{ run.id }}", "step": step, "item": item, "act": act } })
}

fn http(world: &World, id: &str, needs: &[&str], method: &str) -> Value {
    json!({ "id": id, "kind": "http", "needs": needs, "timeout": "5s",
        "retry": { "max_attempts": 20, "initial": "20ms", "max": "100ms" },
        "with": call(world, method, (id, Value::Null), "ok") })
}

fn write(world: &World, id: &str, needs: &[&str]) -> Value {
    json!({ "id": id, "kind": "command", "needs": needs, "effect": "once",
        "with": { "argv": ["sh", "-c", "echo \"$1 $2\" >> \"$3\"", "sh", "{{ run.id }}", id, world.log] } })
}

/// Every effect class in one run, with a timer in between.
fn mixed(world: &World) -> Value {
    json!({ "name": "mixed", "steps": [
        http(world, "put", &[], "PUT"),
        http(world, "post", &["put"], "POST"),
        { "id": "nap", "kind": "sleep", "needs": ["post"], "with": { "for": "40ms" } },
        write(world, "write", &["nap"]),
        { "id": "sum", "kind": "transform", "needs": ["write"], "with": { "value": "{{ steps.post.output.body.count }}" } }
    ], "output": "{{ steps.sum.output }}" })
}

/// Many effects of one step at once.
fn fan(world: &World) -> Value {
    json!({ "name": "fan", "steps": [
        { "id": "all", "kind": "map", "with": { "over": "{{ input.items }}", "as": "item", "max_parallel": 4,
          "step": { "kind": "http", "timeout": "5s", "with": call(world, "POST", ("all", json!("{{ index }}")), "ok") } } }
    ] })
}

/// Waits for a signal, then does something once.
fn human(world: &World) -> Value {
    json!({ "name": "human", "steps": [
        { "id": "go", "kind": "wait_signal", "with": { "name": "go" } },
        http(world, "post", &["go"], "POST")
    ], "output": "{{ steps.go.output }}" })
}

fn child(world: &World) -> Value {
    json!({ "name": "child", "steps": [ http(world, "post", &[], "POST") ] })
}

fn parent() -> Value {
    json!({ "name": "parent", "steps": [
        { "id": "kids", "kind": "map", "with": { "over": [1, 2], "as": "kid",
          "step": { "kind": "workflow", "with": { "workflow": "child", "input": { "kid": "{{ kid }}" } } } } }
    ] })
}

/// At most [`LANE_LIMIT`] at once.
fn lane(world: &World) -> Value {
    let concurrency = json!({ "limit": LANE_LIMIT, "key": "{{ input.items | length }}" });
    json!({ "name": "lane", "concurrency": concurrency, "priority": "{{ input.rank }}", "steps": [
        http(world, "put", &[], "PUT"),
        { "id": "nap", "kind": "sleep", "needs": ["put"], "with": { "for": "15ms" } },
    ] })
}

fn paced(world: &World) -> Value {
    let rate = json!({ "limit": format!("{AT_ONCE}/s"), "key": "{{ input.items | length }}" });
    json!({ "name": "paced", "rate": rate, "steps": [ http(world, "post", &[], "POST") ] })
}

/// Of several that come soon after each other the last one is run.
fn burst(world: &World) -> Value {
    let debounce = json!({ "period": "80ms", "key": "{{ input.items | length }}", "max_wait": "400ms" });
    json!({ "name": "burst", "debounce": debounce, "steps": [ http(world, "post", &[], "POST") ] })
}

/// What the schedule makes.
fn tick(world: &World) -> Value {
    json!({ "name": "tick", "steps": [ http(world, "post", &[], "POST") ] })
}

/// A random program, and the signals that it will wait for.
pub(crate) fn random(world: &World, random: &mut Random) -> (Value, Vec<String>) {
    let mut signals = Vec::new();
    let mut steps: Vec<Value> = Vec::new();
    for at in 0..2 + random.below(5) {
        let id = format!("s{at}");
        let mut step = body(world, &id, random, &mut signals);
        let needs: Vec<String> = (0..at)
            .filter(|_| random.one_in(2))
            .map(|need| format!("s{need}"))
            .collect();
        step["id"] = json!(id);
        step["needs"] = json!(needs);
        if random.one_in(4) {
            step["on_error"] = json!("continue");
        }
        steps.push(step);
    }
    if random.one_in(4) {
        let needs: Vec<Value> = steps.iter().map(|step| step["id"].clone()).collect();
        steps.push(json!({ "id": "end", "kind": "fail", "needs": needs, "with": { "message": "as it was meant to" } }));
    }
    let mut program = json!({ "name": "random", "steps": steps });
    if random.one_in(12) {
        program["timeout"] = json!("2s");
    }
    (program, signals)
}

fn body(world: &World, id: &str, random: &mut Random, signals: &mut Vec<String>) -> Value {
    match random.below(11) {
        0 => json!({ "kind": "transform", "with": { "value": { "run": "{{ run.id }}" } } }),
        1 => json!({ "kind": "sleep", "with": { "for": format!("{}ms", 1 + random.below(60)) } }),
        2 => {
            let name = format!("go-{id}");
            signals.push(name.clone());
            json!({ "kind": "wait_signal", "with": { "name": name } })
        }
        3 => json!({ "kind": "approval", "timeout": "3s",
            "with": { "message": "may it?", "on_timeout": random.pick(&["approve", "reject"]) } }),
        4 => json!({ "kind": "workflow", "with": { "workflow": "child", "input": {} } }),
        5 => {
            let mut write = write(world, id, &[]);
            write["effect"] = json!("once");
            write
        }
        6 => {
            json!({ "kind": "map", "with": { "over": [0, 1, 2], "as": "item", "max_parallel": 2,
                "on_item_error": random.pick(&["collect", "collect", "fail"]),
                "step": effect(world, &(id, json!("{{ index }}")), random) } })
        }
        _ => effect(world, &(id, Value::Null), random),
    }
}

fn undo(world: &World, (step, item): &(&str, Value)) -> Value {
    let undone = format!("{step}.compensate");
    json!({ "kind": "http", "timeout": "4s", "effect": "idempotent",
        "retry": { "max_attempts": 10, "initial": "20ms", "max": "100ms" },
        "with": call(world, "PUT", (&undone, item.clone()), "ok") })
}

/// What a worker does. Of the tasks of one key one is given out at a time.
fn task((step, item): (&str, &Value), once: bool, act: &str, random: &mut Random) -> Value {
    let mut task = json!({ "kind": "task", "timeout": "4s", "effect": if once { "once" } else { "idempotent" },
        "with": { "queue": "crash",
            "payload": { "run": "{{ run.id }}", "step": step, "item": item, "once": once, "act": act } } });
    if random.one_in(2) {
        let key = random.pick(&["one", "two", "three"]);
        task["with"]["key"] = json!(key);
        task["with"]["payload"]["key"] = json!(key);
        task["with"]["priority"] = json!(random.below(100));
    }
    task
}

/// An effect of any class, by the server itself or by a worker, perhaps with a way to undo it or to find out about it.
fn effect(world: &World, of: &(&str, Value), random: &mut Random) -> Value {
    let act = *random.pick(&["ok", "ok", "ok", "ok", "slow", "500", "cut"]);
    let mut step = match random.below(5) {
        0 => json!({ "kind": "http", "timeout": "4s", "with": call(world, "PUT", of.clone(), act) }),
        1 | 2 => json!({ "kind": "http", "timeout": "4s", "with": call(world, "POST", of.clone(), act) }),
        class => task((of.0, &of.1), class == 3, act, random),
    };
    if random.one_in(2) {
        step["retry"] = json!({ "max_attempts": 3, "initial": "10ms", "max": "50ms" });
    }
    if random.one_in(3) {
        step["compensate"] = undo(world, of);
    }
    if random.one_in(3) {
        step["reconcile"] = json!({ "kind": "http", "timeout": "4s",
            "retry": { "max_attempts": 5, "initial": "20ms", "max": "100ms" },
            "with": { "method": "GET", "url": format!("{}/seen", world.url), "query": { "key": "{{ effect_key }}" } },
            "answer": "{{ result.body }}" });
    }
    step
}
