//! What expressions refuse.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::kit::{compile_with, failure_of, refusal, scope_of};
use crate::definition::place::Place;
use crate::definition::report::Report;
use crate::definition::template::expression::environment;
use crate::definition::template::grammar::{Names, translate};
use crate::definition::template::vocabulary::{FILTERS, TESTS};
use crate::definition::template::{Compiling, Condition, token};

#[test]
fn what_is_no_json_is_a_template_error() {
    for text in [
        "{{ 1e308 * 10 }}",
        "{{ 1e308 * 10 - 1e308 * 10 }}",
        "{{ {1: 2} }}",
        "{{ 1 / 0 }}",
        "{{ 2 ** 200 }}",
    ] {
        let error = failure_of(text, json!({}));
        assert_eq!(error.code, "template-error", "{text}: {}", error.message);
        assert!(!error.retryable);
    }
}

#[test]
fn what_is_not_defined_is_an_error_that_names_it() {
    let input = json!({"root": 1, "list": [1]});
    for (text, word) in [
        ("{{ input.rot }}", "did you mean `root`"),
        ("x {{ input.rot }} y", "did you mean `root`"),
        ("{{ input.rot + 1 }}", "not defined"),
        ("{{ [input.rot] }}", "not defined"),
        ("{{ input.rot == 1 }}", "not defined"),
        ("{{ input.list.7 }}", "entry 7"),
        ("{{ input.root.deeper }}", "a number has no `deeper`"),
        ("{{ 1 if false }}", "not defined"),
        ("{{ input.list | map(attribute='x') | list }}", "not defined"),
    ] {
        let error = failure_of(text, input.clone());
        assert_eq!(error.code, "template-error");
        assert!(error.message.contains(word), "{text}: {}", error.message);
    }
}

#[test]
fn a_condition_must_give_a_boolean() {
    let condition = |value: Value| {
        let mut report = Report::default();
        let mut references = Vec::new();
        let mut compiling = Compiling {
            variable: None,
            extras: &[],
            secrets: false,
            before_run: false,
            references: &mut references,
            report: &mut report,
        };
        Condition::compile(&value, &Place::Root, &mut compiling)
    };
    let holds = |text: &str| condition(json!(text)).unwrap().holds(&scope_of(json!({"n": 2})));
    assert_eq!(holds("{{ input.n > 1 }}"), Ok(true));
    assert_eq!(holds("{{ input.n > 2 }}"), Ok(false));
    assert_eq!(holds("{{ steps.my-step.status == 'failed' }}"), Ok(true));
    assert!(holds("{{ input.n }}").unwrap_err().message.contains("true or false"));
    assert_eq!(condition(json!(true)).unwrap().holds(&scope_of(json!({}))), Ok(true));
    for bad in [
        json!("true"),
        json!(1),
        json!("{{ true }} "),
        json!("{{"),
        json!(null),
        json!("{{ secrets.A }}"),
    ] {
        assert!(condition(bad.clone()).is_none(), "{bad}");
    }
}

#[test]
fn statements_unknown_names_and_dynamic_steps_are_refused_with_a_hint() {
    for (text, word) in [
        ("{% for x in y %}", "statement"),
        ("{# note #}", "comment"),
        ("{{", "without `}}`"),
        ("{{ }}", "missing"),
        ("{{ inptu.x }}", "did you mean `input`"),
        ("{{ input.x | lenght }}", "did you mean `length`"),
        ("{{ input.x | map('uper') }}", "did you mean `upper`"),
        ("{{ input.x | selectattr('a', 'od') }}", "no test `od`"),
        ("{{ input.x is eevn }}", "did you mean `even`"),
        ("{{ rnage(3) }}", "did you mean `range`"),
        ("{{ input.x.upper() }}", "no methods"),
        ("{{ input.x | format(1) }}", "no filter `format`"),
        ("{{ input.x | replace('a', 'b') }}", "no filter `replace`"),
        ("{{ __times('a', 9) }}", "no function"),
        ("{{ lipsum }}", "not defined"),
        ("{{ loop.index }}", "`loop`"),
        ("{{ steps }}", "followed by the id"),
        ("{{ steps | length }}", "followed by the id"),
        ("{{ steps[input.x].output }}", "written out"),
        ("{{ steps['a' ~ 'b'].output }}", "written out"),
        ("{{ steps.files }}", "steps.files.output"),
        ("{{ steps.files.outptu }}", "did you mean `output`"),
        ("{{ run.attemp }}", "did you mean `attempt`"),
        ("{{ 1 < 2 < 3 }}", "do not chain"),
        ("{{ (1, 2) }}", "tuples"),
        ("{{ a b }}", "not defined"),
        ("{{ 1 2 }}", "end of the expression"),
        ("{{ 1 + }}", "ends where a value"),
        ("{{ input. }}", "a name"),
        ("{{ input.x[] }}", "missing between"),
        ("{{ 'a }}", "not closed"),
        ("{{ secrets.TOKEN }}", "secret-not-allowed"),
        ("{{ secrets.TOKEN ~ 'x' }}", "secret-not-allowed"),
        ("{{ f(**input) }}", "no function"),
    ] {
        let message = refusal(text);
        assert!(message.contains(word), "{text}: {message}");
    }
}

#[test]
fn the_map_variable_exists_only_inside_a_map() {
    let (tokens, _) = token::tokenize(" file ~ index }}").unwrap();
    assert!(
        translate(
            &tokens,
            &Names {
                variable: Some("file"),
                extras: &[],
                before_run: false,
            }
        )
        .is_ok()
    );
    let (_, message) = translate(
        &tokens,
        &Names {
            variable: None,
            extras: &[],
            before_run: false,
        },
    )
    .unwrap_err();
    assert!(message.contains("`file` is not defined"), "{message}");
}

#[test]
fn references_are_found_wherever_they_stand() {
    let value = json!({
        "a": ["{{ steps.one.output }}", "x {{ steps['two'].status ~ steps.three-b.error }}"],
        "b": "{{ [1] | map('default', steps.four.output.x[steps.five.output]) | list }}",
    });
    let (_, steps) = compile_with(&value, false).unwrap();
    let steps: BTreeSet<&str> = steps.iter().map(String::as_str).collect();
    assert_eq!(steps, BTreeSet::from(["one", "two", "three-b", "four", "five"]));
}

#[test]
fn the_vocabulary_and_the_environment_agree() {
    for filter in FILTERS {
        let known = environment()
            .compile_expression(&format!("1 | {filter}"))
            .unwrap()
            .eval(());
        assert!(
            known
                .err()
                .is_none_or(|error| error.kind() != minijinja::ErrorKind::UnknownFilter),
            "{filter}"
        );
    }
    for test in TESTS {
        let known = environment()
            .compile_expression(&format!("1 is {test}"))
            .unwrap()
            .eval(());
        assert!(
            known
                .err()
                .is_none_or(|error| error.kind() != minijinja::ErrorKind::UnknownTest),
            "{test}"
        );
    }
}
