//! Whole texts: what they compile to, and where their errors stand.

use std::time::Duration;

use seawall_engine::{
    Backoff, EffectClass, Format, Jitter, Kind, OnError, RetryPolicy, Step, StepId, compile, compile_text,
};

use super::{EVERYTHING, REPO_REPORT, registry};

fn everything() -> seawall_engine::Definition {
    let compiled = compile_text(Format::Yaml, EVERYTHING.as_bytes(), &registry());
    let compiled = compiled.unwrap_or_else(|invalid| panic!("{:#?}", invalid.errors));
    assert!(compiled.warnings.is_empty(), "{:#?}", compiled.warnings);
    compiled.definition
}

#[test]
fn the_design_s_example_compiles() {
    let compiled = compile_text(Format::Yaml, REPO_REPORT.as_bytes(), &registry()).unwrap();
    let definition = compiled.definition;
    assert_eq!(&*definition.name, "repo-report");
    assert_eq!(definition.timeout, Some(Duration::from_secs(600)));
    assert_eq!(definition.steps.len(), 3);
    assert_eq!(definition.steps[1].needs, [0]);
    assert_eq!(definition.steps[1].references, [0]);
    assert_eq!(definition.dependents(0), [1]);
    assert!(definition.output.is_some());
    let (index, step) = definition.step(&StepId::parse("counts").unwrap()).unwrap();
    assert_eq!((index, step.kind.name()), (1, "map"));
    let Kind::Map(map) = &step.kind else { panic!("no map") };
    assert_eq!((&*map.variable, map.max_parallel), ("file", 8));
    assert_eq!(map.step.effect, EffectClass::Read);
    assert_eq!(map.step.id, step.id);
    assert_eq!(map.step.retry.max_attempts, 3);
}

#[test]
fn defaults_are_resolved_by_class_and_nature() {
    let definition = everything();
    let step = |id: &str| definition.step(&StepId::parse(id).unwrap()).unwrap().1;
    let policy = |step: &Step| (step.effect, step.timeout, step.retry.max_attempts);
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    assert_eq!(policy(step("seed")), (EffectClass::Idempotent, seconds(5), 2));
    assert_eq!(policy(step("get")), (EffectClass::Read, seconds(10), 5));
    assert_eq!(policy(step("put")), (EffectClass::Idempotent, seconds(5), 2));
    assert_eq!(
        policy(step("run")),
        (EffectClass::Once, seconds(5), 1),
        "once is never covered by the defaults"
    );
    assert_eq!(policy(step("nap")), (EffectClass::Pure, None, 1));
    assert_eq!(policy(step("until")), (EffectClass::Pure, seconds(3600), 1));
    assert_eq!(policy(step("signal")), (EffectClass::Pure, seconds(600), 1));
    assert_eq!(policy(step("ask")), (EffectClass::Pure, seconds(5400), 1));
    assert_eq!(policy(step("child")), (EffectClass::Pure, seconds(3600), 1));
    assert_eq!(policy(step("over")), (EffectClass::Pure, None, 1));
    let Kind::Map(map) = &step("each").kind else {
        panic!("no map")
    };
    assert_eq!(
        policy(&map.step),
        (EffectClass::Once, seconds(3), 4),
        "what the map says holds per item"
    );
    assert_eq!(policy(step("each")), (EffectClass::Once, None, 1));
    assert_eq!(&*map.variable, "item");
    assert_eq!(map.max_parallel, 16);
    assert_eq!(
        step("seed").retry,
        RetryPolicy {
            max_attempts: 2,
            backoff: Backoff {
                initial: Duration::from_millis(1),
                multiplier: 1.5,
                max: Duration::from_secs(1),
                jitter: Jitter::Equal,
            },
            on: Some(vec!["timeout".into(), "any".into()]),
            set: true,
        }
    );
    assert!(matches!(step("put").on_error, OnError::Continue));
    assert!(matches!(step("get").on_error, OnError::Value(_)));
}

#[test]
fn without_defaults_an_attempt_has_60_seconds_and_one_try() {
    let definition = super::compiled(&super::with_steps(serde_json::json!([
        { "id": "a", "kind": "http", "with": { "method": "GET", "url": "http://x" } },
        { "id": "b", "kind": "command", "with": { "argv": ["true"] }, "retry": { "max_attempts": 3, "on": ["any"] } },
    ])));
    assert_eq!(definition.steps[0].timeout, Some(Duration::from_secs(60)));
    assert_eq!(definition.steps[0].retry, RetryPolicy::never());
    assert_eq!(
        definition.steps[1].retry.max_attempts, 3,
        "its own policy holds for once too"
    );
}

#[test]
fn the_stored_source_is_canonical_and_compiles_to_itself() {
    let definition = everything();
    let value = serde_json::from_str(&definition.source).unwrap();
    let again = compile(&value, &registry()).unwrap();
    assert_eq!(again.source, definition.source);
    assert_eq!(again.digest, definition.digest);
    let json = compile_text(Format::Json, definition.source.as_bytes(), &registry()).unwrap();
    assert_eq!(json.definition.digest, definition.digest);
}

#[test]
fn errors_have_the_line_and_column_of_what_is_wrong() {
    let text = "name: x\nsteps:\n  - id: a\n    kind: trasnform\n    with: { value: 1 }\n  - id: b\n    kind: transform\n    needs:\n      - aa\n    with:\n      valeu: 1\n";
    let invalid = compile_text(Format::Yaml, text.as_bytes(), &registry()).err().unwrap();
    let found: Vec<_> = invalid
        .errors
        .iter()
        .map(|error| {
            let at = error.position.unwrap();
            (error.pointer.as_str(), error.code, at.line, at.column)
        })
        .collect();
    assert_eq!(
        found,
        [
            ("/steps/0/kind", "unknown-kind", 4, 11),
            ("/steps/1/with/valeu", "unknown-field", 11, 14),
            ("/steps/1/with/value", "missing-field", 10, 5),
            ("/steps/1/needs/0", "unknown-step", 9, 9),
        ]
    );
    assert!(invalid.errors[0].message.contains("did you mean `transform`"));
    assert!(invalid.errors[1].message.contains("did you mean `value`"));
    assert!(invalid.errors[3].message.contains("did you mean `a`"));
    assert_eq!(invalid.source_map.locate("/steps/1/id"), Some((6, 9)));
}

#[test]
fn what_cannot_be_read_says_where() {
    let invalid = compile_text(Format::Json, b"{\"name\": \"x\",\n \"steps\": [}", &registry())
        .err()
        .unwrap();
    let position = invalid.errors[0].position.unwrap();
    assert_eq!(
        (invalid.errors[0].code, position.line, position.column),
        ("malformed-json", 2, 12)
    );
}

#[test]
fn what_looks_like_a_secret_is_a_warning_with_its_place() {
    let text = "name: x\nsteps:\n  - id: a\n    kind: http\n    with:\n      method: GET\n      url: http://x\n      headers: { authorization: Bearer abcdefghijklmnop1234 }\n";
    let compiled = compile_text(Format::Yaml, text.as_bytes(), &registry()).unwrap();
    let warning = &compiled.warnings[0];
    assert_eq!(warning.pointer, "/steps/0/with/headers/authorization");
    assert_eq!(warning.code, "looks-like-secret");
    assert_eq!(warning.position.unwrap().line, 8);
    assert!(
        !warning.message.contains("abcdefghijklmnop"),
        "a warning does not repeat the secret"
    );
}
