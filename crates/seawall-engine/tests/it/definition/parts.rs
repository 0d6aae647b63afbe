//! What undoes a step, and what looks into an unknown outcome of it.

use seawall_engine::{EffectClass, Kind};
use serde_json::{Value, json};

use super::{codes_of, compiled, with_steps};

/// Two steps, the second with this part.
fn with_part(name: &str, part: Value) -> Value {
    let mut step = json!({ "id": "b", "kind": "command", "needs": ["a"], "with": { "argv": ["x"] } });
    step[name] = part;
    with_steps(json!([{ "id": "a", "kind": "transform", "with": { "value": 1 } }, step]))
}

fn command(text: &str) -> Value {
    json!({ "kind": "command", "effect": "read", "with": { "argv": [text] } })
}

/// A map whose inner step has this part.
fn in_map(variable: &str, name: &str, part: Value) -> Value {
    let mut step = json!({ "kind": "command", "with": { "argv": ["x"] } });
    step[name] = part;
    let with = json!({ "over": [1], "as": variable, "step": step });
    with_steps(json!([{ "id": "m", "kind": "map", "with": with }]))
}

#[test]
fn a_compensation_takes_its_defaults_like_any_step() {
    let mut definition = with_part("compensate", json!({ "kind": "command", "with": { "argv": ["x"] } }));
    definition["defaults"] = json!({ "timeout": "7s", "retry": { "max_attempts": 4 } });
    let once = compiled(&definition);
    let part = once.steps[1].compensate.as_ref().unwrap();
    assert_eq!((part.effect, part.retry.max_attempts), (EffectClass::Once, 1));
    assert_eq!(part.timeout.unwrap().as_secs(), 7);
    definition["steps"][1]["compensate"]["effect"] = json!("idempotent");
    let again = compiled(&definition);
    assert_eq!(again.steps[1].compensate.as_ref().unwrap().retry.max_attempts, 4);
}

#[test]
fn templates_of_parts_see_what_is_there_when_they_run() {
    let seen = |text: &str| {
        let definition = compiled(&with_part("compensate", command(text)));
        definition.steps[1].compensate.as_ref().unwrap().references.clone()
    };
    assert_eq!(seen("{{ steps.b.output }}{{ steps.a.output }}"), [1, 0]);
    let looked = compiled(&with_part(
        "reconcile",
        command("{{ effect_key }}{{ steps.a.output }}{{ error }}"),
    ));
    assert_eq!(looked.steps[1].reconcile.as_ref().unwrap().step.references, [0]);
    let items = compiled(&in_map(
        "n",
        "compensate",
        command("{{ n }}{{ index }}{{ item_output }}"),
    ));
    let Kind::Map(map) = &items.steps[0].kind else { panic!() };
    assert_eq!(map.step.compensate.as_ref().unwrap().id.as_str(), "m");
}

#[test]
fn each_mistake_in_a_part_has_its_place_and_its_code() {
    let on = |kind: &str, with: Value, name: &str| {
        let mut step = json!({ "id": "a", "kind": kind, "with": with });
        step[name] = command("x");
        with_steps(json!([step]))
    };
    let once = json!({ "kind": "command", "with": { "argv": ["x"] } });
    for (value, expected) in [
        (with_part("compensate", json!(1)), "/steps/1/compensate wrong-type"),
        (
            with_part("compensate", json!({})),
            "/steps/1/compensate/kind missing-field",
        ),
        (
            with_part("compensate", json!({ "kind": "nope" })),
            "/steps/1/compensate/kind unknown-kind",
        ),
        (
            with_part("compensate", json!({ "kind": "sleep", "with": { "for": "1s" } })),
            "/steps/1/compensate/kind kind-not-allowed",
        ),
        (
            with_part("compensate", json!({ "kind": "map", "with": {} })),
            "/steps/1/compensate/kind kind-not-allowed",
        ),
        (
            with_part("reconcile", json!({ "kind": "workflow", "with": { "workflow": "w" } })),
            "/steps/1/reconcile/kind kind-not-allowed",
        ),
        (
            with_part(
                "compensate",
                json!({ "kind": "transform", "with": { "value": 1 }, "needs": [] }),
            ),
            "/steps/1/compensate/needs not-allowed-here",
        ),
        (
            with_part(
                "compensate",
                json!({ "kind": "transform", "with": { "value": 1 }, "answer": 1 }),
            ),
            "/steps/1/compensate/answer unknown-field",
        ),
        (
            with_part("compensate", command("{{ item_output }}")),
            "/steps/1/compensate/with/argv/0 bad-template",
        ),
        (
            with_part("compensate", command("{{ result }}")),
            "/steps/1/compensate/with/argv/0 bad-template",
        ),
        (
            with_part("reconcile", command("{{ result }}")),
            "/steps/1/reconcile/with/argv/0 bad-template",
        ),
        (
            with_part("reconcile", command("{{ steps.b.output }}")),
            "/steps/1/reconcile/with/argv/0 not-an-ancestor",
        ),
        (with_part("reconcile", once), "/steps/1/reconcile once-reconcile"),
        (
            on("http", json!({ "method": "GET", "url": "http://x" }), "reconcile"),
            "/steps/0/reconcile not-allowed-here",
        ),
        (
            on("sleep", json!({ "for": "1s" }), "reconcile"),
            "/steps/0/reconcile not-allowed-here",
        ),
        (
            on("map", json!({ "over": [1], "step": command("x") }), "reconcile"),
            "/steps/0/reconcile not-allowed-here",
        ),
        (
            on("fail", json!({ "message": "x" }), "compensate"),
            "/steps/0/compensate not-allowed-here",
        ),
        (
            in_map("item_output", "compensate", command("x")),
            "/steps/0/with/step/compensate bad-variable",
        ),
        (
            in_map("error", "reconcile", command("x")),
            "/steps/0/with/step/reconcile bad-variable",
        ),
        (
            in_map("n", "compensate", command("{{ steps.m.output }}")),
            "/steps/0/with/step/compensate/with/argv/0 not-an-ancestor",
        ),
    ] {
        assert_eq!(codes_of(&value), [expected], "{value}");
    }
    // The names of parts are reserved in parts only.
    compiled(&in_map("error", "compensate", command("{{ error }}")));
}

#[test]
fn an_answer_says_what_became_of_the_attempt() {
    let with = |answer: Value| {
        let mut part = command("look");
        part["answer"] = answer;
        with_part("reconcile", part)
    };
    for answer in [
        json!({ "outcome": "succeeded" }),
        json!({ "outcome": "{{ result.exit_code }}", "output": [1], "message": "it {{ error.code }}" }),
        json!("{{ result }}"),
    ] {
        compiled(&with(answer));
    }
    let at = "/steps/1/reconcile/answer";
    for (answer, expected) in [
        (json!({}), format!("{at}/outcome missing-field")),
        (json!({ "outcome": "nope" }), format!("{at}/outcome unknown-value")),
        (json!({ "outcome": 1 }), format!("{at}/outcome wrong-type")),
        (
            json!({ "outcome": "retry", "foo": 1 }),
            format!("{at}/foo unknown-field"),
        ),
        (
            json!({ "outcome": "failed", "message": 1 }),
            format!("{at}/message wrong-type"),
        ),
        (json!("failed"), format!("{at} wrong-type")),
        (json!("so {{ result }}"), format!("{at} wrong-type")),
        (json!(null), format!("{at} wrong-type")),
    ] {
        assert_eq!(codes_of(&with(answer.clone())), [expected], "{answer}");
    }
}
