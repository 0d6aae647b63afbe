//! Everything that can be wrong, each with its pointer and code.

use std::time::Instant;

use serde_json::{Value, json};

use super::{codes_of, compiled, errors_of, with_steps};

/// A definition of one transform, changed.
fn root(change: Value) -> Value {
    let mut value = with_steps(json!([{ "id": "a", "kind": "transform", "with": { "value": 1 } }]));
    value
        .as_object_mut()
        .unwrap()
        .extend(change.as_object().unwrap().clone());
    value
}

/// A definition of one step, whose fields are these over those of a transform.
fn step(change: Value) -> Value {
    let mut step = json!({ "id": "a", "kind": "transform", "with": { "value": 1 } });
    step.as_object_mut()
        .unwrap()
        .extend(change.as_object().unwrap().clone());
    with_steps(json!([step]))
}

#[test]
fn each_mistake_at_the_root_has_its_code() {
    for (value, expected) in [
        (json!([]), " wrong-type"),
        (json!("x"), " wrong-type"),
        (root(json!({ "name": "Up" })), "/name bad-name"),
        (root(json!({ "name": "" })), "/name bad-name"),
        (root(json!({ "name": "x".repeat(64) })), "/name bad-name"),
        (root(json!({ "name": 1 })), "/name wrong-type"),
        (root(json!({ "name": "run" })), "/name reserved-name"),
        (root(json!({ "name": "validate" })), "/name reserved-name"),
        (root(json!({ "description": 1 })), "/description wrong-type"),
        (root(json!({ "timeout": "10 minutes" })), "/timeout bad-duration"),
        (root(json!({ "timeout": 10 })), "/timeout wrong-type"),
        (root(json!({ "timeout": "0s" })), "/timeout out-of-range"),
        (root(json!({ "defaults": [] })), "/defaults wrong-type"),
        (
            root(json!({ "defaults": { "retry": { "max_attempts": 0 } } })),
            "/defaults/retry/max_attempts out-of-range",
        ),
        (
            root(json!({ "defaults": { "retires": 1 } })),
            "/defaults/retires unknown-field",
        ),
        (root(json!({ "inptu": {} })), "/inptu unknown-field"),
        (root(json!({ "schedules": [] })), "/schedules not-supported-yet"),
        (root(json!({ "steps": [] })), "/steps no-steps"),
        (root(json!({ "steps": {} })), "/steps wrong-type"),
        (
            root(json!({ "output": "{{ steps.b.output }}" })),
            "/output unknown-step",
        ),
        (root(json!({ "output": ["{{ nope }}"] })), "/output/0 bad-template"),
        (root(json!({ "input": true })), "/input wrong-type"),
        (root(json!({ "input": { "type": "strnig" } })), "/input/type bad-schema"),
        (
            root(json!({ "input": { "properties": { "a": { "minLength": -1 } } } })),
            "/input/properties/a/minLength bad-schema",
        ),
    ] {
        assert_eq!(codes_of(&value), [expected], "{value}");
    }
    assert_eq!(codes_of(&json!({})), ["/name missing-field", "/steps missing-field"]);
}

#[test]
fn each_mistake_in_flow_control_has_its_code() {
    let concurrency = |value: Value| root(json!({ "concurrency": value }));
    let debounce = |value: Value| root(json!({ "debounce": value }));
    for (value, expected) in [
        (concurrency(json!(0)), "/concurrency out-of-range"),
        (concurrency(json!(-1)), "/concurrency out-of-range"),
        (concurrency(json!(10_001)), "/concurrency out-of-range"),
        (concurrency(json!("2")), "/concurrency wrong-type"),
        (concurrency(json!({})), "/concurrency/limit missing-field"),
        (concurrency(json!({ "limit": 0 })), "/concurrency/limit out-of-range"),
        (concurrency(json!({ "limit": 1.5 })), "/concurrency/limit out-of-range"),
        (
            concurrency(json!({ "limit": 1, "on_conflict": "drop" })),
            "/concurrency/on_conflict unknown-value",
        ),
        (
            concurrency(json!({ "limit": 101, "on_conflict": "cancel_running" })),
            "/concurrency/limit out-of-range",
        ),
        (
            concurrency(json!({ "limit": 1, "kee": "a" })),
            "/concurrency/kee unknown-field",
        ),
        (
            concurrency(json!({ "limit": 1, "key": 7 })),
            "/concurrency/key wrong-type",
        ),
        (concurrency(json!({ "limit": 1, "key": "" })), "/concurrency/key empty"),
        (
            concurrency(json!({ "limit": 1, "key": "{{ steps.a.output }}" })),
            "/concurrency/key not-allowed-here",
        ),
        (
            concurrency(json!({ "limit": 1, "key": "{{ secrets.KEY }}" })),
            "/concurrency/key secret-not-allowed",
        ),
        (
            root(json!({ "concurrency": { "limit": 1, "key": "{{ input.a }}" }, "rate": "1/s" })),
            "/rate keys-differ",
        ),
        (root(json!({ "rate": 5 })), "/rate wrong-type"),
        (root(json!({ "rate": "5" })), "/rate bad-rate"),
        (root(json!({ "rate": "0/s" })), "/rate bad-rate"),
        (root(json!({ "rate": { "limit": "5/d" } })), "/rate/limit bad-rate"),
        (root(json!({ "rate": {} })), "/rate/limit missing-field"),
        (root(json!({ "priority": 101 })), "/priority out-of-range"),
        (root(json!({ "priority": "high" })), "/priority out-of-range"),
        (
            root(json!({ "priority": "{{ steps.a.output }}" })),
            "/priority not-allowed-here",
        ),
        (debounce(json!({})), "/debounce/period missing-field"),
        (debounce(json!({ "period": "0s" })), "/debounce/period out-of-range"),
        (debounce(json!({ "period": "8d" })), "/debounce/period out-of-range"),
        (
            debounce(json!({ "period": "10s", "max_wait": "5s" })),
            "/debounce/max_wait out-of-range",
        ),
        (root(json!({ "on_conflict": "reject" })), "/on_conflict unknown-field"),
    ] {
        assert_eq!(codes_of(&value), [expected], "{value}");
    }
}

#[test]
fn each_mistake_in_a_step_has_its_code() {
    for (value, expected) in [
        (with_steps(json!(["x"])), "/steps/0 wrong-type"),
        (step(json!({ "id": "A" })), "/steps/0/id bad-id"),
        (step(json!({ "id": 1 })), "/steps/0/id wrong-type"),
        (step(json!({ "kind": "trasnform" })), "/steps/0/kind unknown-kind"),
        (step(json!({ "kind": "llm" })), "/steps/0/kind not-supported-yet"),
        (step(json!({ "kind": "llm" })), "/steps/0/kind not-supported-yet"),
        (
            step(json!({ "kind": "forbidden", "with": { "argv": ["x"] } })),
            "/steps/0/kind kind-disabled",
        ),
        (
            step(json!({ "compensate": {} })),
            "/steps/0/compensate/kind missing-field",
        ),
        (
            step(json!({ "concurrency": {} })),
            "/steps/0/concurrency not-supported-yet",
        ),
        (step(json!({ "need": [] })), "/steps/0/need unknown-field"),
        (step(json!({ "needs": "a" })), "/steps/0/needs wrong-type"),
        (step(json!({ "needs": [1] })), "/steps/0/needs/0 wrong-type"),
        (step(json!({ "needs": ["b"] })), "/steps/0/needs/0 unknown-step"),
        (step(json!({ "with": [] })), "/steps/0/with wrong-type"),
        (step(json!({ "with": {} })), "/steps/0/with/value missing-field"),
        (
            step(json!({ "with": { "value": 1, "vlaue": 2 } })),
            "/steps/0/with/vlaue unknown-field",
        ),
        (
            step(json!({ "with": { "value": "{{ x" } })),
            "/steps/0/with/value bad-template",
        ),
        (
            step(json!({ "with": { "value": "{% for x in y %}" } })),
            "/steps/0/with/value bad-template",
        ),
        (
            step(json!({ "with": { "value": "{{ secrets.A }}" } })),
            "/steps/0/with/value secret-not-allowed",
        ),
        (
            step(json!({ "with": { "value": "{{ steps.a.output }}" } })),
            "/steps/0/with/value not-an-ancestor",
        ),
        (
            step(json!({ "with": { "value": "{{ item }}" } })),
            "/steps/0/with/value bad-template",
        ),
        (step(json!({ "when": "yes" })), "/steps/0/when bad-condition"),
        (step(json!({ "when": "{{ 1 }} " })), "/steps/0/when bad-condition"),
        (step(json!({ "when": "{{ 1 + }}" })), "/steps/0/when bad-template"),
        (step(json!({ "timeout": "5" })), "/steps/0/timeout bad-duration"),
        (step(json!({ "effect": "twice" })), "/steps/0/effect unknown-value"),
        (step(json!({ "on_error": "ignore" })), "/steps/0/on_error unknown-value"),
        (
            step(json!({ "on_error": { "valeu": 1, "value": 2 } })),
            "/steps/0/on_error/valeu unknown-field",
        ),
        (step(json!({ "on_error": {} })), "/steps/0/on_error/value missing-field"),
        (
            step(json!({ "retry": {} })),
            "/steps/0/retry/max_attempts missing-field",
        ),
        (
            step(json!({ "retry": { "max_attempts": 101 } })),
            "/steps/0/retry/max_attempts out-of-range",
        ),
        (
            step(json!({ "retry": { "max_attempts": 1.5 } })),
            "/steps/0/retry/max_attempts out-of-range",
        ),
        (
            step(json!({ "retry": { "max_attempts": "3" } })),
            "/steps/0/retry/max_attempts wrong-type",
        ),
        (
            step(json!({ "retry": { "max_attempts": 2, "multiplier": 0.5 } })),
            "/steps/0/retry/multiplier out-of-range",
        ),
        (
            step(json!({ "retry": { "max_attempts": 2, "jitter": "some" } })),
            "/steps/0/retry/jitter unknown-value",
        ),
        (
            step(json!({ "retry": { "max_attempts": 2, "initial": "2s", "max": "1s" } })),
            "/steps/0/retry/max out-of-range",
        ),
        (
            step(json!({ "retry": { "max_attempts": 2, "on": [] } })),
            "/steps/0/retry/on out-of-range",
        ),
        (
            step(json!({ "retry": { "max_attempts": 2, "on": ["HTTP 503"] } })),
            "/steps/0/retry/on/0 bad-error-code",
        ),
        (
            step(json!({ "retry": { "max_attempts": 2, "on": ["*"] } })),
            "/steps/0/retry/on/0 bad-error-code",
        ),
    ] {
        assert_eq!(codes_of(&value), [expected], "{value}");
    }
}

#[test]
fn steps_that_need_each_other_are_shown_in_a_circle() {
    let needs =
        |id: &str, needs: Value| json!({ "id": id, "kind": "transform", "with": { "value": 1 }, "needs": needs });
    let circle = with_steps(json!([
        needs("a", json!(["c"])),
        needs("b", json!(["a"])),
        needs("c", json!(["b"])),
        needs("d", json!(["c"]))
    ]));
    let errors = errors_of(&circle);
    assert_eq!(errors.len(), 1);
    assert_eq!(
        (errors[0].code, errors[0].pointer.as_str()),
        ("cyclic-needs", "/steps/0/needs")
    );
    assert!(errors[0].message.ends_with("a -> c -> b -> a"), "{}", errors[0].message);

    let itself = with_steps(json!([needs("a", json!(["a"]))]));
    assert_eq!(codes_of(&itself), ["/steps/0/needs/0 self-need"]);
    let twice = with_steps(json!([
        needs("a", json!([])),
        needs("a", json!([])),
        needs("b", json!(["a", "a"]))
    ]));
    assert_eq!(
        codes_of(&twice),
        ["/steps/1/id duplicate-id", "/steps/2/needs/1 duplicate-need"]
    );
}

#[test]
fn only_what_comes_before_can_be_looked_at() {
    let step = |id: &str, needs: Value, value: &str| json!({ "id": id, "kind": "transform", "needs": needs, "with": { "value": value } });
    let far = with_steps(json!([
        step("c", json!(["b"]), "{{ steps.a.output }}"),
        step("b", json!(["a"]), "x"),
        step("a", json!([]), "x"),
    ]));
    let definition = compiled(&far);
    assert_eq!(
        definition.steps[0].references,
        [2],
        "an ancestor need not be a neighbour"
    );
    let aside = with_steps(json!([
        step("a", json!([]), "x"),
        step("b", json!([]), "{{ steps.a.output }}"),
        step("c", json!(["a"]), "{{ steps.aa.output ~ steps.b.status }}"),
    ]));
    assert_eq!(
        codes_of(&aside),
        [
            "/steps/1/with/value not-an-ancestor",
            "/steps/2/with/value unknown-step",
            "/steps/2/with/value not-an-ancestor",
        ]
    );
    assert!(errors_of(&aside)[0].message.contains("add it to `needs`"));
    assert!(errors_of(&aside)[1].message.contains("did you mean `a`"));
}

#[test]
fn every_error_is_reported_at_once() {
    let value = json!({
        "name": "Bad Name",
        "timeout": "soon",
        "extra": 1,
        "input": { "type": "strnig" },
        "steps": [
            { "id": "a", "kind": "nope" },
            { "id": "a", "kind": "transform", "with": { "value": "{{ x }}", "more": 1 }, "retry": { "max_attempts": 0 } },
            { "id": "c", "kind": "http", "with": { "method": "FETCH", "json": 1, "text": "x" }, "needs": ["zz"], "when": 3 },
            { "kind": "sleep", "with": {}, "effect": "read" },
        ],
        "output": "{{ steps.q.output }}",
    });
    let mut codes = codes_of(&value);
    codes.sort();
    let mut expected = vec![
        "/extra unknown-field",
        "/name bad-name",
        "/timeout bad-duration",
        "/input/type bad-schema",
        "/output unknown-step",
        "/steps/0/kind unknown-kind",
        "/steps/1/id duplicate-id",
        "/steps/1/retry/max_attempts out-of-range",
        "/steps/1/with/more unknown-field",
        "/steps/1/with/value bad-template",
        "/steps/2/needs/0 unknown-step",
        "/steps/2/when bad-condition",
        "/steps/2/with/json conflicting-fields",
        "/steps/2/with/method unknown-value",
        "/steps/2/with/url missing-field",
        "/steps/3/effect not-allowed-here",
        "/steps/3/id missing-field",
        "/steps/3/with missing-field",
    ];
    expected.sort_unstable();
    assert_eq!(codes, expected);
}

#[test]
fn size_depth_and_number_are_bounded() {
    let transform = |at: usize| json!({ "id": format!("s{at}"), "kind": "transform", "with": { "value": at } });
    let steps = |count: usize| with_steps((0..count).map(transform).collect());
    assert_eq!(compiled(&steps(1000)).steps.len(), 1000);
    assert_eq!(codes_of(&steps(1001)), ["/steps too-many-steps"]);

    let mut deep = json!(1);
    for _ in 0..40 {
        deep = json!([deep]);
    }
    assert_eq!(codes_of(&root(json!({ "output": deep }))), [" too-deep"]);
    assert_eq!(
        codes_of(&root(json!({ "description": "x".repeat(256 * 1024) }))),
        [" too-large"]
    );
    assert_eq!(
        codes_of(&root(json!({ "output": { "k".repeat(300): 1 } }))),
        [" key-too-long"]
    );
}

#[test]
fn a_hostile_definition_gets_a_bounded_answer_in_bounded_time() {
    let started = Instant::now();
    let unknown: serde_json::Map<String, Value> = (0..15_000).map(|n| (format!("unknown{n}"), json!(1))).collect();
    let errors = errors_of(&Value::Object(unknown));
    assert_eq!(errors.len(), 501);
    assert_eq!(errors.last().unwrap().code, "too-many-errors");

    let needs: Vec<String> = (0..20_000).map(|n| format!("x{n}")).collect();
    let mut steps: Vec<Value> = (0..900)
        .map(|n| json!({ "id": format!("step-with-a-long-name-{n}"), "kind": "fail", "with": { "message": "" } }))
        .collect();
    steps[0]["needs"] = json!(needs);
    errors_of(&with_steps(json!(steps)));

    let references: Vec<String> = (0..9000).map(|n| format!("{{{{ steps.x{n}.output }}}}")).collect();
    errors_of(&root(
        json!({ "output": { "k".repeat(250): { "l".repeat(250): references } } }),
    ));

    let chain: Vec<Value> = (0..1000)
        .map(|n| {
            let needs: Vec<String> = (0..n).rev().take(20).map(|need| format!("s{need}")).collect();
            json!({ "id": format!("s{n}"), "kind": "transform", "with": { "value": 1 }, "needs": needs })
        })
        .collect();
    compiled(&with_steps(json!(chain)));
    assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
}
