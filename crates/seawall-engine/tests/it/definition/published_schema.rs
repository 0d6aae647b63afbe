//! The published schema against the validator: what one accepts the other accepts.

use seawall_engine::{Format, parse, workflow_schema};
use serde_json::{Value, json};

use super::{EVERYTHING, REPO_REPORT, registry, with_steps};

fn validator() -> jsonschema::Validator {
    jsonschema::options()
        .offline()
        .build(&workflow_schema(&registry()))
        .unwrap()
}

#[test]
fn the_schema_is_a_schema_and_accepts_what_the_validator_accepts() {
    let validator = validator();
    for text in [REPO_REPORT, EVERYTHING] {
        let value = parse(Format::Yaml, text.as_bytes()).unwrap().value;
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
        super::compiled(&value);
    }
}

#[test]
fn the_schema_refuses_what_can_be_seen_in_one_place() {
    let validator = validator();
    let step = |change: Value| {
        let mut step = json!({ "id": "a", "kind": "transform", "with": { "value": 1 } });
        step.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        with_steps(json!([step]))
    };
    for value in [
        json!({}),
        json!({ "name": "run", "steps": [{ "id": "a", "kind": "transform", "with": { "value": 1 } }] }),
        with_steps(json!([])),
        step(json!({ "kind": "nope" })),
        step(json!({ "with": {} })),
        step(json!({ "with": { "vlaue": 1 } })),
        step(json!({ "tiemout": "1s" })),
        step(json!({ "timeout": "soon" })),
        step(json!({ "timeout": "" })),
        step(json!({ "retry": { "max_attempts": 0 } })),
        step(json!({ "effect": "twice" })),
        step(json!({ "compensate": {} })),
        step(json!({ "kind": "http", "with": { "method": "GET", "url": "ftp://x" } })),
        step(json!({ "kind": "http", "with": { "method": "GET", "url": "http://u:p@x" } })),
        step(json!({ "kind": "http", "with": { "method": "GET", "url": "http://x", "headers": { "a b": "1" } } })),
        step(json!({ "kind": "command", "with": { "argv": ["x"], "env": { "A": 1 } } })),
        step(json!({ "kind": "command", "with": { "argv": ["x"], "env": { "A=B": "1" } } })),
        step(json!({ "kind": "wait_signal", "with": { "name": "" } })),
        step(json!({ "kind": "command", "with": { "argv": ["x"] }, "reconcile": {
            "kind": "transform", "with": { "value": 1 }, "answer": { "outcome": "nope" } } })),
        step(json!({ "on_error": { "valeu": 1 } })),
        step(json!({ "kind": "sleep", "with": { "for": "1s" }, "effect": "read" })),
        step(json!({ "kind": "sleep", "with": { "for": "1s", "until": "x" } })),
        step(json!({ "kind": "sleep", "with": {} })),
        step(json!({ "kind": "http", "with": { "method": "GET", "url": "x", "json": 1, "text": "x" } })),
        step(json!({ "kind": "map", "with": { "over": [], "step": { "kind": "map", "with": {} } } })),
        step(
            json!({ "kind": "map", "with": { "over": [], "step": { "kind": "fail", "with": { "message": "x" }, "id": "x" } } }),
        ),
    ] {
        assert!(!validator.is_valid(&value), "{value}");
        super::errors_of(&value);
    }
}

/// Takes each field away and adds a stranger, everywhere: both must say the same.
#[test]
fn both_agree_on_every_mutation_of_the_examples() {
    let validator = validator();
    let value = parse(Format::Yaml, EVERYTHING.as_bytes()).unwrap().value;
    let mut pointers = Vec::new();
    collect(&value, String::new(), &mut pointers);
    for pointer in pointers {
        let mut more = value.clone();
        let object = more.pointer_mut(&pointer).and_then(Value::as_object_mut).unwrap();
        object.insert("stranger".into(), json!({}));
        agree(&validator, &more, &format!("{pointer} + stranger"));
        for name in value.pointer(&pointer).unwrap().as_object().unwrap().keys() {
            // What is missing elsewhere because of it (ids, references) only the validator can know.
            if name == "steps" || name == "id" {
                continue;
            }
            let mut less = value.clone();
            less.pointer_mut(&pointer)
                .and_then(Value::as_object_mut)
                .unwrap()
                .remove(name);
            if seawall_engine::compile(&less, &registry()).is_err_and(|errors| errors.iter().all(only_the_validator)) {
                continue;
            }
            agree(&validator, &less, &format!("{pointer} - {name}"));
        }
    }
}

#[test]
fn both_agree_on_what_names_an_error() {
    let validator = validator();
    let on = |name: &str| {
        let retry = json!({ "max_attempts": 2, "on": [name] });
        with_steps(json!([{ "id": "a", "kind": "command", "with": { "argv": ["x"] }, "retry": retry }]))
    };
    let (longest, longer) = ("x".repeat(64), "x".repeat(65));
    for name in [
        "any",
        "timeout",
        "http-status-5xx",
        "http-status-5*",
        "exit-code-*",
        "x*",
        &longest,
    ] {
        assert!(validator.is_valid(&on(name)), "{name}");
        super::compiled(&on(name));
    }
    let too_long = format!("{longest}*");
    for name in [
        "", "*", "-*", "*x", "exit-*-1", "x**", "X", "5xx", "a b", &longer, &too_long,
    ] {
        assert!(!validator.is_valid(&on(name)), "{name}");
        assert_eq!(
            super::codes_of(&on(name)),
            ["/steps/0/retry/on/0 bad-error-code"],
            "{name}"
        );
    }
}

fn only_the_validator(error: &seawall_engine::DefinitionError) -> bool {
    matches!(
        error.code,
        "not-an-ancestor" | "bad-template" | "once-reconcile" | "keys-differ"
    )
}

fn agree(validator: &jsonschema::Validator, value: &Value, what: &str) {
    let ours = seawall_engine::compile(value, &registry());
    let errors = ours.as_ref().err();
    assert_eq!(validator.is_valid(value), ours.is_ok(), "{what}: {errors:?}");
}

/// Objects whose fields the tables know: not inputs, values and maps of strings.
fn collect(value: &Value, pointer: String, pointers: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let open = matches!(
                    name.as_str(),
                    "input" | "value" | "headers" | "query" | "json" | "env" | "output"
                );
                if !open {
                    collect(field, format!("{pointer}/{name}"), pointers);
                }
            }
            pointers.push(pointer);
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                collect(item, format!("{pointer}/{at}"), pointers);
            }
        }
        _ => {}
    }
}
