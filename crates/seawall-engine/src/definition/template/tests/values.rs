//! What expressions give.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::kit::{compile_with, failure_of, render_over, scope_of, value_of};
use crate::definition::rendered::SecretPart;

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
