//! What expressions cannot be made to cost.

use std::time::Instant;

use serde_json::{Value, json};

use super::kit::{compile_with, failure_of, refusal, render_over, scope_of, value_of};
use crate::datum::Datum;
use crate::definition::template::token::{MAX_SOURCE, MAX_TOKENS};

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
