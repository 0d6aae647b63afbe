//! What each kind takes.

use serde_json::{Value, json};

use super::{codes_of, compiled, with_steps};

fn one(kind: &str, with: Value) -> Value {
    with_steps(json!([{ "id": "a", "kind": kind, "with": with }]))
}

fn map_of(step: Value) -> Value {
    one("map", json!({ "over": [1], "step": step }))
}

#[test]
fn literals_must_have_the_shape_of_their_field() {
    let http = |change: Value| {
        let mut with = json!({ "method": "GET", "url": "http://x" });
        with.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        one("http", with)
    };
    for (value, expected) in [
        (http(json!({ "method": "get" })), "/steps/0/with/method unknown-value"),
        (http(json!({ "url": 5 })), "/steps/0/with/url wrong-type"),
        (http(json!({ "headers": [] })), "/steps/0/with/headers wrong-type"),
        (
            http(json!({ "headers": { "a": [] } })),
            "/steps/0/with/headers/a wrong-type",
        ),
        (
            http(json!({ "headers": "{{ input.h }} x" })),
            "/steps/0/with/headers wrong-type",
        ),
        (
            http(json!({ "accept_status": ["404"] })),
            "/steps/0/with/accept_status/0 wrong-type",
        ),
        (
            http(json!({ "accept_status": [4.5] })),
            "/steps/0/with/accept_status/0 wrong-type",
        ),
        (http(json!({ "follow": "true" })), "/steps/0/with/follow wrong-type"),
        (
            http(json!({ "json": 1, "text": "x" })),
            "/steps/0/with/json conflicting-fields",
        ),
        (
            http(json!({ "url": "{{ secrets.URL }}" })),
            "/steps/0/with/url secret-not-allowed",
        ),
        (
            http(json!({ "headers": { "a": "{{ secrets.A ~ 'x' }}" } })),
            "/steps/0/with/headers/a secret-not-allowed",
        ),
        (one("command", json!({ "argv": [] })), "/steps/0/with/argv out-of-range"),
        (
            one("command", json!({ "argv": ["echo", 5] })),
            "/steps/0/with/argv/1 wrong-type",
        ),
        (
            one("command", json!({ "argv": "ls -l" })),
            "/steps/0/with/argv wrong-type",
        ),
        (
            one("command", json!({ "argv": ["{{ secrets.A }}"] })),
            "/steps/0/with/argv/0 secret-not-allowed",
        ),
    ] {
        assert_eq!(codes_of(&value), [expected], "{value}");
    }
    for value in [
        http(json!({ "method": "{{ input.m }}", "headers": "{{ input.h }}", "accept_status": "{{ input.s }}" })),
        http(json!({ "accept_status": [404, "{{ input.s }}"], "follow": "{{ input.f }}" })),
        one("command", json!({ "argv": "{{ input.argv }}" })),
        one(
            "command",
            json!({ "argv": ["x"], "env": { "A": "{{ secrets.A }}-{{ input.b }}", "B": "1" } }),
        ),
    ] {
        compiled(&value);
    }
}

#[test]
fn the_kinds_of_the_engine_check_their_own_fields() {
    for (value, expected) in [
        (one("sleep", json!({})), "/steps/0/with missing-field"),
        (one("sleep", json!({ "for": "10" })), "/steps/0/with/for bad-duration"),
        (one("sleep", json!({ "for": 10 })), "/steps/0/with/for wrong-type"),
        (
            one("sleep", json!({ "until": "tomorrow" })),
            "/steps/0/with/until bad-instant",
        ),
        (
            one("sleep", json!({ "for": "1s", "until": "2030-01-01T00:00:00Z" })),
            "/steps/0/with/for conflicting-fields",
        ),
        (one("wait_signal", json!({})), "/steps/0/with/name missing-field"),
        (
            one("wait_signal", json!({ "name": "x", "timeout": "{{ 1 }}" })),
            "/steps/0/with/timeout bad-duration",
        ),
        (
            one("approval", json!({ "message": "x", "deciders": [] })),
            "/steps/0/with/deciders out-of-range",
        ),
        (
            one("approval", json!({ "message": "x", "on_timeout": "aprove" })),
            "/steps/0/with/on_timeout unknown-value",
        ),
        (
            one("workflow", json!({ "workflow": "Not A Name" })),
            "/steps/0/with/workflow bad-name",
        ),
        (
            one("workflow", json!({ "workflow": "x", "version": 0 })),
            "/steps/0/with/version out-of-range",
        ),
        (one("fail", json!({})), "/steps/0/with/message missing-field"),
        (one("map", json!({ "over": [1] })), "/steps/0/with/step missing-field"),
        (
            one(
                "map",
                json!({ "over": 1, "step": { "kind": "fail", "with": { "message": "" } } }),
            ),
            "/steps/0/with/over wrong-type",
        ),
        (
            one(
                "map",
                json!({ "over": "x {{ input }}", "step": { "kind": "fail", "with": { "message": "" } } }),
            ),
            "/steps/0/with/over wrong-type",
        ),
        (
            one(
                "map",
                json!({ "over": vec![1; 10_001], "step": { "kind": "fail", "with": { "message": "" } } }),
            ),
            "/steps/0/with/over out-of-range",
        ),
        (
            one(
                "map",
                json!({ "over": [], "max_parallel": 0, "step": { "kind": "fail", "with": { "message": "" } } }),
            ),
            "/steps/0/with/max_parallel out-of-range",
        ),
        (
            one(
                "map",
                json!({ "over": [], "max_parallel": 1001, "step": { "kind": "fail", "with": { "message": "" } } }),
            ),
            "/steps/0/with/max_parallel out-of-range",
        ),
        (
            one(
                "map",
                json!({ "over": [], "as": "input", "step": { "kind": "fail", "with": { "message": "" } } }),
            ),
            "/steps/0/with/as bad-variable",
        ),
        (
            one(
                "map",
                json!({ "over": [], "as": "A b", "step": { "kind": "fail", "with": { "message": "" } } }),
            ),
            "/steps/0/with/as bad-variable",
        ),
    ] {
        assert_eq!(codes_of(&value), [expected], "{value}");
    }
}

#[test]
fn the_step_of_a_map_is_only_a_body() {
    let inner = |change: Value| {
        let mut step = json!({ "kind": "transform", "with": { "value": "{{ item }}" } });
        step.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        map_of(step)
    };
    for (change, expected) in [
        (json!({ "id": "x" }), "/steps/0/with/step/id not-allowed-here"),
        (json!({ "needs": [] }), "/steps/0/with/step/needs not-allowed-here"),
        (json!({ "when": true }), "/steps/0/with/step/when not-allowed-here"),
        (
            json!({ "on_error": "continue" }),
            "/steps/0/with/step/on_error not-allowed-here",
        ),
        (
            json!({ "compensate": {} }),
            "/steps/0/with/step/compensate/kind missing-field",
        ),
        (json!({ "knid": 1 }), "/steps/0/with/step/knid unknown-field"),
        (
            json!({ "kind": "map", "with": { "over": [], "step": {} } }),
            "/steps/0/with/step/kind map-in-map",
        ),
        (
            json!({ "with": { "value": "{{ file }}" } }),
            "/steps/0/with/step/with/value bad-template",
        ),
        (
            json!({ "with": { "value": "{{ steps.a.output }}" } }),
            "/steps/0/with/step/with/value not-an-ancestor",
        ),
    ] {
        assert_eq!(codes_of(&inner(change.clone())), [expected], "{change}");
    }
    for step in [
        json!({ "kind": "transform", "with": { "value": "{{ item ~ index }}" } }),
        json!({ "kind": "http", "with": { "method": "GET", "url": "http://x/{{ item }}" } }),
        json!({ "kind": "workflow", "with": { "workflow": "child", "input": "{{ item }}" } }),
        json!({ "kind": "sleep", "with": { "for": "{{ item }}s" } }),
        json!({ "kind": "wait_signal", "with": { "name": "go-{{ index }}" } }),
        json!({ "kind": "approval", "with": { "message": "{{ item }}?" } }),
        json!({ "kind": "fail", "with": { "message": "{{ item }}" } }),
    ] {
        compiled(&map_of(step));
    }
}

#[test]
fn what_means_nothing_to_a_kind_is_refused() {
    let step = |kind: &str, with: Value, field: &str, value: Value| {
        with_steps(json!([{ "id": "a", "kind": kind, "with": with, field: value }]))
    };
    let retry = json!({ "max_attempts": 2 });
    for (kind, with) in [
        ("sleep", json!({ "for": "1s" })),
        ("wait_signal", json!({ "name": "x" })),
        ("approval", json!({ "message": "x" })),
        ("workflow", json!({ "workflow": "x" })),
        ("fail", json!({ "message": "x" })),
    ] {
        let effect = step(kind, with.clone(), "effect", json!("read"));
        assert_eq!(codes_of(&effect), ["/steps/0/effect not-allowed-here"], "{kind}");
        let retry = step(kind, with, "retry", retry.clone());
        assert_eq!(codes_of(&retry), ["/steps/0/retry not-allowed-here"], "{kind}");
    }
    let fail = step("fail", json!({ "message": "x" }), "timeout", json!("1s"));
    assert_eq!(codes_of(&fail), ["/steps/0/timeout not-allowed-here"]);
    let map = step(
        "map",
        json!({ "over": [], "step": { "kind": "fail", "with": { "message": "" } } }),
        "effect",
        json!("read"),
    );
    assert_eq!(codes_of(&map), ["/steps/0/effect not-allowed-here"]);
    let both = step(
        "approval",
        json!({ "message": "x", "timeout": "1s" }),
        "timeout",
        json!("2s"),
    );
    assert_eq!(codes_of(&both), ["/steps/0/with/timeout conflicting-fields"]);
    for effect in ["pure", "read", "idempotent", "once"] {
        let transform = step("transform", json!({ "value": 1 }), "effect", json!(effect));
        assert_eq!(compiled(&transform).steps[0].effect.as_str(), effect);
    }
}

#[test]
fn a_task_checks_what_can_be_checked_before_it_is_offered() {
    let task = |change: Value| {
        let mut with = json!({ "queue": "images.resize", "payload": 1 });
        with.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        one("task", with)
    };
    for (value, expected) in [
        (
            one("task", json!({ "payload": 1 })),
            "/steps/0/with/queue missing-field",
        ),
        (
            one("task", json!({ "queue": "q" })),
            "/steps/0/with/payload missing-field",
        ),
        (task(json!({ "queue": "Images" })), "/steps/0/with/queue bad-name"),
        (task(json!({ "queue": "" })), "/steps/0/with/queue bad-name"),
        (task(json!({ "queue": "q".repeat(64) })), "/steps/0/with/queue bad-name"),
        (task(json!({ "queue": 1 })), "/steps/0/with/queue wrong-type"),
        (task(json!({ "key": "k".repeat(257) })), "/steps/0/with/key too-long"),
        (task(json!({ "priority": 101 })), "/steps/0/with/priority out-of-range"),
        (task(json!({ "priority": "high" })), "/steps/0/with/priority wrong-type"),
        (
            task(json!({ "payload": { "a": "{{ secrets.A }}" } })),
            "/steps/0/with/payload/a secret-not-allowed",
        ),
        (
            task(json!({ "key": "{{ secrets.A }}" })),
            "/steps/0/with/key secret-not-allowed",
        ),
        (task(json!({ "lease": "30s" })), "/steps/0/with/lease unknown-field"),
    ] {
        assert_eq!(codes_of(&value), [expected], "{value}");
    }
    let templates = json!({ "queue": "q.{{ input.x }}", "key": "{{ input.x }}", "priority": "{{ input.x }}" });
    let definition = compiled(&task(templates));
    let step = &definition.steps[0];
    // Nobody here knows what a worker does.
    assert_eq!(step.effect.as_str(), "once");
    assert_eq!(
        (step.retry.max_attempts, step.timeout),
        (1, Some(std::time::Duration::from_secs(60)))
    );
    compiled(&map_of(
        json!({ "kind": "task", "effect": "read", "with": { "queue": "q", "payload": "{{ item }}" } }),
    ));
}
