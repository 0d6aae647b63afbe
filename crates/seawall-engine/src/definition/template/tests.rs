//! What expressions give, what they refuse, and what they cannot be made to cost.

use std::collections::BTreeSet;
use std::time::Instant;

use proptest::prelude::*;
use seawall_store::{RunId, Timestamp};
use serde_json::{Value, json};

use super::expression::environment;
use super::grammar::{Names, translate};
use super::token::{MAX_SOURCE, MAX_TOKENS};
use super::vocabulary::{FILTERS, TESTS};
use super::*;
use crate::datum::Datum;
use crate::definition::place::Place;
use crate::definition::rendered::{Rendered, SecretPart};
use crate::definition::report::Report;
use crate::definition::scope::{ItemFacts, RunFacts, Scope, StepFacts};
use crate::executor::StepError;
use crate::names::StepId;

/// A template and the steps it refers to, or the code and message of each error.
type Outcome = Result<(Template, Vec<String>), Vec<(&'static str, String)>>;

fn compile_with(value: &Value, secrets: bool) -> Outcome {
    let mut report = Report::default();
    let mut references = Vec::new();
    let mut compiling = Compiling {
        variable: Some("file"),
        extras: &[],
        secrets,
        before_run: false,
        references: &mut references,
        report: &mut report,
    };
    let template = Template::compile(value, &Place::Root, &mut compiling);
    let (errors, _) = report.finish();
    if errors.is_empty() {
        Ok((
            template,
            references.into_iter().map(|reference| reference.step).collect(),
        ))
    } else {
        Err(errors.into_iter().map(|error| (error.code, error.message)).collect())
    }
}

fn refusal(text: &str) -> String {
    match compile_with(&json!(text), false) {
        Ok(_) => panic!("{text} was accepted"),
        Err(errors) => errors
            .into_iter()
            .map(|(code, message)| format!("{code}: {message}"))
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

fn scope_of(input: Value) -> Scope {
    let step = |id: &str, output: Value, status, error: Value| StepFacts {
        id: StepId::parse(id).unwrap(),
        output: Datum::new(output),
        status,
        error: Datum::new(error),
    };
    Scope {
        input: Datum::new(input),
        steps: vec![
            step(
                "files",
                json!({"lines": ["a", "b"], "count": 2}),
                "succeeded",
                Value::Null,
            ),
            step(
                "my-step",
                Value::Null,
                "failed",
                json!({"code": "timeout", "message": "late"}),
            ),
        ],
        run: RunFacts {
            id: RunId::from_uuid(uuid::Uuid::nil()),
            created_at: Timestamp::from_millis(1_700_000_000_123),
            attempt: 2,
        },
        item: Some(ItemFacts {
            variable: "file".into(),
            value: Datum::new(json!({"name": "x.rs", "size": 7})),
            index: 3,
        }),
        extras: Vec::new(),
    }
}

fn render_over(value: &Value, input: Value) -> Result<Rendered, StepError> {
    let (template, _) = compile_with(value, true).unwrap();
    template.render(&scope_of(input))
}

fn value_of(text: &str, input: Value) -> Value {
    render_over(&json!(text), input)
        .unwrap_or_else(|error| panic!("{text}: {error:?}"))
        .value
}

fn failure_of(text: &str, input: Value) -> StepError {
    match render_over(&json!(text), input) {
        Ok(rendered) => panic!("{text} gave {:.200}", rendered.value.to_string()),
        Err(error) => error,
    }
}

#[test]
fn one_expression_keeps_its_type_and_anything_else_is_text() {
    let input = json!({"n": 1, "f": 1.5, "b": true, "z": null, "s": "x", "l": [1, "a"], "o": {"k": [null]}});
    for (text, expected) in [
        ("{{ input.n }}", json!(1)),
        ("{{input.f}}", json!(1.5)),
        ("{{ input.b }}", json!(true)),
        ("{{ input.z }}", json!(null)),
        ("{{ input.l }}", json!([1, "a"])),
        ("{{ input.o }}", json!({"k": [null]})),
        ("{{ input.n + 0 }}", json!(1)),
        (
            "n={{ input.n }} f={{ input.f }} b={{ input.b }}",
            json!("n=1 f=1.5 b=true"),
        ),
        ("[{{ input.z }}]", json!("[null]")),
        (
            "{{ input.s }}{{ input.l }}{{ input.o }}",
            json!(r#"x[1,"a"]{"k":[null]}"#),
        ),
        (" {{ input.n }}", json!(" 1")),
        ("no template, not even } or }}", json!("no template, not even } or }}")),
        (r#"{{ "{{" }} and {{ '{%' }}"#, json!("{{ and {%")),
        (r#"{{ {"a": {"b": input.n}} }}"#, json!({"a": {"b": 1}})),
    ] {
        assert_eq!(value_of(text, input.clone()), expected, "{text}");
    }
}

#[test]
fn every_root_can_be_looked_at_directly_and_inside_an_expression() {
    for (text, expected) in [
        ("steps.files.output.lines.1", json!("b")),
        ("steps[\"files\"][\"output\"].lines[0]", json!("a")),
        ("steps.files.status", json!("succeeded")),
        ("steps.files.error", json!(null)),
        ("steps.my-step.error.code", json!("timeout")),
        ("steps.my-step.output", json!(null)),
        ("run.id", json!("run_00000000000000000000000000")),
        ("run.created_at", json!("2023-11-14T22:13:20.123Z")),
        ("run.attempt", json!(2)),
        ("file.name", json!("x.rs")),
        ("index", json!(3)),
        ("input", json!({"a": 1})),
    ] {
        assert_eq!(
            value_of(&format!("{{{{ {text} }}}}"), json!({"a": 1})),
            expected,
            "{text}"
        );
        let compiled = format!("{{{{ ({text}) if true else 0 }}}}");
        assert_eq!(value_of(&compiled, json!({"a": 1})), expected, "{compiled}");
    }
}

#[test]
fn operators_filters_and_tests_do_what_jinja_does() {
    let input = json!({"n": 7, "words": ["b", "A", "c"], "people": [{"age": 3, "name": "x"}, {"age": 1, "name": "y"}], "s": " Hi "});
    for (text, expected) in [
        ("input.n * 2 + 1 - 4 / 2", json!(13.0)),
        ("input.n // 2 + input.n % 2 + 2 ** 3", json!(12)),
        ("'a' ~ input.n ~ null", json!("a7null")),
        ("'a' + 'b'", json!("ab")),
        ("[1] + [2, 3]", json!([1, 2, 3])),
        ("input.n > 3 and not input.n == 8", json!(true)),
        ("input.n != 7 or 'b' in input.words", json!(true)),
        ("'z' not in input.words", json!(true)),
        ("'big' if input.n >= 7 else 'small'", json!("big")),
        ("input.words | length", json!(3)),
        ("input.words | sort | join(', ')", json!("A, b, c")),
        ("input.words | map('upper') | list", json!(["B", "A", "C"])),
        ("input.people | map(attribute='age') | sum", json!(4)),
        ("input.people | sum(attribute='age')", json!(4)),
        (
            "input.people | sort(attribute='age') | first",
            json!({"age": 1, "name": "y"}),
        ),
        (
            "input.people | selectattr('age', 'gt', 2) | map(attribute='name') | list",
            json!(["x"]),
        ),
        ("input.people | rejectattr('age', 'gt', 2) | length", json!(1)),
        (
            "input.people | groupby('name') | map(attribute='key') | list",
            json!(["x", "y"]),
        ),
        ("[1, 2, 3, 4] | select('even') | list", json!([2, 4])),
        ("[1, 2, 2] | unique | list", json!([1, 2])),
        ("[3, 1] | min + ([3, 1] | max)", json!(4)),
        ("input.people[0] | keys", json!(["age", "name"])),
        ("input.people[0] | values", json!([3, "x"])),
        ("input.people[0] | items", json!([["age", 3], ["name", "x"]])),
        ("input.s | trim | lower", json!("hi")),
        ("'a,b,c' | split(',')", json!(["a", "b", "c"])),
        ("'a b' | split | last", json!("b")),
        ("'x\\ny' | lines", json!(["x", "y"])),
        ("'42' | int + ('1.5' | float)", json!(43.5)),
        ("42.567 | round(1)", json!(42.6)),
        ("input.words | reverse | list", json!(["c", "A", "b"])),
        ("'abc' | list", json!(["a", "b", "c"])),
        (
            "input.people | tojson",
            json!(r#"[{"age":3,"name":"x"},{"age":1,"name":"y"}]"#),
        ),
        ("'{\"a\": [1]}' | fromjson", json!({"a": [1]})),
        ("input.missing | default('d')", json!("d")),
        ("input.missing is defined", json!(false)),
        ("input.n is divisibleby 7", json!(true)),
        ("input.n is not even", json!(true)),
        ("input.words[1:]", json!(["A", "c"])),
        ("input.words[-1]", json!("c")),
        ("'hello'[1:3]", json!("el")),
        ("range(3) | list", json!([0, 1, 2])),
        ("range(2, 8, 3)", json!([2, 5])),
        ("-input.n | abs", json!(7)),
        ("{'k': input.n, 'l': [input.n]}", json!({"k": 7, "l": [7]})),
        ("true and null == none", json!(true)),
    ] {
        assert_eq!(
            value_of(&format!("{{{{ {text} }}}}"), input.clone()),
            expected,
            "{text}"
        );
    }
}

#[test]
fn integers_past_2_to_the_53_stay_exact() {
    let big = 9_007_199_254_740_993_u64;
    let input = json!({"big": big, "max": u64::MAX, "min": i64::MIN});
    assert_eq!(value_of("{{ input.big }}", input.clone()), json!(big));
    assert_eq!(value_of("{{ input.big + 0 }}", input.clone()), json!(big));
    assert_eq!(value_of("{{ [input.big] | first }}", input.clone()), json!(big));
    assert_eq!(
        value_of("<{{ input.big }}>", input.clone()),
        json!("<9007199254740993>")
    );
    assert_eq!(value_of("{{ 9007199254740993 }}", input.clone()), json!(big));
    assert_eq!(
        value_of("{{ [input.max, input.min] | list }}", input.clone()),
        json!([u64::MAX, i64::MIN])
    );
    assert!(failure_of("{{ input.max + 1 }}", input).message.contains("64 bits"));
}

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
fn a_secret_stands_apart_from_the_value() {
    let value =
        json!({"authorization": "Bearer {{ secrets.API_KEY }}", "plain": "{{ input.n }}", "only": "{{ secrets.B2 }}!"});
    let rendered = render_over(&value, json!({"n": 1})).unwrap();
    assert_eq!(rendered.value, json!({"authorization": null, "plain": 1, "only": null}));
    let slot = &rendered.secrets[0];
    assert_eq!(slot.pointer, "/authorization");
    assert_eq!(
        slot.parts,
        [SecretPart::Text("Bearer ".into()), SecretPart::Secret("API_KEY".into())]
    );
    assert_eq!(rendered.secret_names().collect::<Vec<_>>(), ["API_KEY", "B2"]);
    for bad in ["{{ secrets.lower }}", "{{ secrets._X }}"] {
        assert_eq!(
            compile_with(&json!(bad), true).err().unwrap()[0].0,
            "bad-secret-name",
            "{bad}"
        );
    }
}

#[test]
fn a_rendered_value_that_looks_like_a_template_is_not_rendered_again() {
    assert_eq!(
        value_of("{{ input.x }}", json!({"x": "{{ secrets.A }}{{ input.x }}"})),
        json!("{{ secrets.A }}{{ input.x }}")
    );
}

#[test]
fn what_grows_without_bound_is_stopped_before_it_is_there() {
    let big = "x".repeat(512 * 1024);
    let input = json!({"big": big, "nulls": vec![Value::Null; 50_000], "ones": vec![1; 50_000]});
    let started = Instant::now();
    for text in [
        "{{ 'a' * 1000000000 }}",
        "{{ [1] * 1000000000 }}",
        "{{ 'a' * 'b' }}",
        "{{ range(1000000000) }}",
        "{{ input.big ~ input.big ~ input.big }}",
        "{{ input.nulls | map('default', input.big, true) | map('upper') | list }}",
        "{{ input.nulls | map('default', input.big, true) | list }}",
        "{{ input.nulls | map('default', input.big, true) | sort | length }}",
        "{{ input.nulls | map('default', input.big, true) | select('eq', input.big ~ '') | length }}",
        "{{ input.nulls | map('default', input.ones, true) | select('eq', input.ones + []) | length }}",
        "{{ input.ones | select('in', input.nulls) | length }}",
        "{{ input.ones | join(input.big) | length }}",
        "{{ input.nulls | map('default', input.big, true) | map('list') | length }}",
        "{{ input.nulls | map('default', input.big, true) | map('split', 'y') | length }}",
        "{{ input.nulls | map('default', input.big, true) | map('length') | sum }}",
        "{{ input.nulls | map('default', input.big, true) | unique | length }}",
        "{{ input.nulls | map('default', input.big, true) | groupby('x') | length }}",
        "{{ '' | split('') }}",
        "{{ ('[' ~ input.big) | fromjson }}",
    ] {
        let error = failure_of(text, input.clone());
        assert!(
            matches!(&*error.code, "template-error" | "template-too-large"),
            "{text}: {error:?}"
        );
    }
    // Each stops at its bound: all of them together take seconds in a debug build, not minutes.
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

#[test]
fn a_result_of_more_than_1_mib_has_its_own_code() {
    let input = json!({"half": "x".repeat(600 * 1024)});
    for value in [
        json!(["{{ input.half }}", "{{ input.half }}"]),
        json!("{{ input.half }}{{ input.half }}"),
        json!("{{ [input.half, input.half] }}"),
        json!({"a": "{{ input }}", "b": "{{ input }}"}),
    ] {
        assert_eq!(
            render_over(&value, input.clone()).unwrap_err().code,
            "template-too-large"
        );
    }
    assert!(render_over(&json!("{{ input.half }}"), input).is_ok());
}

#[test]
fn a_result_that_readers_could_not_read_is_an_error() {
    let mut deep = json!(1);
    for _ in 0..90 {
        deep = json!([deep]);
    }
    assert!(render_over(&json!("{{ input.d }}"), json!({"d": deep})).is_ok());
    let nested = json!([[[[[[[["{{ input.d }}"]]]]]]]]);
    let error = render_over(&nested, json!({"d": deep})).unwrap_err();
    assert!(error.message.contains("nested deeper"), "{}", error.message);
}

/// A tokio worker has 2 MiB of stack; half of it must do, in a debug build too.
fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(1024 * 1024).spawn(work).unwrap();
    thread.join().unwrap();
}

#[test]
fn long_chains_and_deep_nesting_do_not_overflow_the_stack() {
    on_a_small_stack(|| {
        let chains = [
            "+",
            "-",
            "~",
            "*",
            "/",
            " and ",
            " or ",
            "==",
            "|abs|",
            "**",
            " if 1 else ",
            "+1-",
            "~1*",
        ];
        for operator in chains {
            for terms in [50, 110, 400, 8000] {
                let source = vec!["1"; terms].join(operator).replace("|1|", "|");
                let value = json!(format!("{{{{ {source} }}}}"));
                if let Ok((template, _)) = compile_with(&value, false) {
                    let _ = template.render(&scope_of(json!({})));
                }
            }
        }
        for (open, close) in [
            ("(", ")"),
            ("[", "]"),
            ("{1:", " }"),
            ("-", ""),
            ("not ", ""),
            ("range(", ")"),
            ("input[", "]"),
        ] {
            for depth in [10, 30, 33, 100, 1300] {
                let source = format!("{}1{}", open.repeat(depth), close.repeat(depth));
                let value = json!(format!("{{{{ {source} }}}}"));
                if let Ok((template, _)) = compile_with(&value, false) {
                    let _ = template.render(&scope_of(json!({})));
                }
            }
        }
        for postfix in [".a", "[0]", "|list", " is defined", "[1:]"] {
            let value = json!(format!("{{{{ input{} }}}}", postfix.repeat(500)));
            if let Ok((template, _)) = compile_with(&value, false) {
                let _ = template.render(&scope_of(json!({})));
            }
        }
    });
}

#[test]
fn long_flat_expressions_are_fine_up_to_the_bounds() {
    let terms = vec!["1"; MAX_TOKENS / 2].join("+");
    assert_eq!(
        value_of(&format!("{{{{ {terms} }}}}"), json!({})),
        json!(MAX_TOKENS / 2)
    );
    let text = format!("{{{{ '{}' }}}}", "x".repeat(MAX_SOURCE - 10));
    assert!(compile_with(&json!(text), false).is_ok());
    let text = format!("{{{{ '{}' }}}}", "x".repeat(MAX_SOURCE + 10));
    assert!(refusal(&text).contains("at most 4096"));
    let terms = vec!["1"; MAX_TOKENS].join("+");
    assert!(refusal(&format!("{{{{ {terms} }}}}")).contains("tokens"));
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

#[test]
fn looking_at_one_step_converts_no_other() {
    let mut scope = scope_of(json!({"n": 1}));
    let long: Vec<Value> = (0..200_000).map(|n| json!({"n": n})).collect();
    scope.steps[1].output = Datum::new(json!(long));
    let (template, _) = compile_with(&json!("{{ steps.files.output.count + 1 }}"), false).unwrap();
    let started = Instant::now();
    assert_eq!(template.render(&scope).unwrap().value, json!(3));
    let without = started.elapsed();
    let started = Instant::now();
    let _ = scope.steps[1].output.template();
    // The conversion alone takes hundreds of milliseconds in a debug build; a rendering without it takes one.
    assert!(without * 10 < started.elapsed(), "{without:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_text_makes_compiling_or_rendering_panic(text in "(\\{\\{ )?[a-z0-9 .|()\\[\\]{}'\"+*~<>=%,:#-]{0,60}( \\}\\})?") {
        if let Ok((template, _)) = compile_with(&json!(text), true) {
            let _ = template.render(&scope_of(json!({"a": [1, "x", null]})));
        }
    }

    #[test]
    fn no_mix_of_tokens_panics(words in prop::collection::vec(prop::sample::select(vec![
        "input", ".a", "steps.files.output", "1", "'x'", "+", "-", "*", "~", "|", "length", "map", "(", ")", "[", "]",
        "{", "}", ":", ",", "if", "else", "not", "in", "is", "defined", "==", "<", "file", "index", "range", "**", "//",
    ]), 0..14)) {
        let text = format!("{{{{ {} }}}}", words.join(" "));
        if let Ok((template, _)) = compile_with(&json!(text), false) {
            let _ = template.render(&scope_of(json!({"a": [1, "x", null]})));
        }
    }

    #[test]
    fn a_literal_without_templates_renders_to_itself(value in json_value()) {
        let (template, references) = compile_with(&value, false).unwrap();
        prop_assert!(references.is_empty());
        prop_assert_eq!(template.render(&scope_of(json!({}))).unwrap().value, value);
    }

    #[test]
    fn a_value_keeps_its_type_through_the_path_and_through_minijinja(value in json_value()) {
        let input = json!({"x": value});
        prop_assert_eq!(&value_of("{{ input.x }}", input.clone()), &input["x"]);
        prop_assert_eq!(&value_of("{{ [input.x][0] }}", input.clone()), &input["x"]);
        let text = match &input["x"] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        prop_assert_eq!(&value_of("{{ '' ~ input.x }}", input.clone()), &json!(text));
        prop_assert_eq!(value_of("-{{ input.x }}", input), json!(format!("-{text}")));
    }
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e300..1e300f64).prop_map(Value::from),
        "[a-zA-Z \"\\\\/äö\u{1}]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,6}", inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}
