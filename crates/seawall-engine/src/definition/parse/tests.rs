//! Texts that can be read, and what is said about those that cannot.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn refuse(format: Format, text: &str) -> (String, Option<(u32, u32)>) {
    match parse(format, text.as_bytes()) {
        Ok(parsed) => panic!("{text:.100} was read as {:.200}", parsed.value.to_string()),
        Err(error) => (error.code.to_owned(), error.position.map(|at| (at.line, at.column))),
    }
}

#[test]
fn json_and_yaml_of_the_same_value_are_the_same() {
    let yaml = "name: x\nsteps:\n  - id: a\n    list: [1, -2, 1.5, true, null, ~, yes, 0x1F, 1e3, +7, .5, '5', \"\\u00e4\"]\n    text: |\n      one\n      two\n  -\n";
    let json = r#"{"name": "x", "steps": [{"id": "a", "list": [1, -2, 1.5, true, null, null, "yes", 31, 1000.0, 7, 0.5, "5", "ä"], "text": "one\ntwo\n"}, null]}"#;
    let yaml = parse(Format::Yaml, yaml.as_bytes()).unwrap().value;
    let json = parse(Format::Json, json.as_bytes()).unwrap().value;
    assert_eq!(yaml, json);
    assert_eq!(yaml["steps"][0]["list"][6], json!("yes"));
}

#[test]
fn values_are_found_by_their_pointer() {
    let yaml = "name: x\nsteps:\n  - id: a\n    with:\n      argv: [ls, -l]\n";
    let map = parse(Format::Yaml, yaml.as_bytes()).unwrap().source_map;
    assert_eq!(map.locate("/name"), Some((1, 7)));
    assert_eq!(map.locate("/steps"), Some((2, 1)));
    assert_eq!(map.locate("/steps/0"), Some((3, 5)));
    assert_eq!(map.locate("/steps/0/with/argv/1"), Some((5, 18)));
    assert_eq!(
        map.locate("/steps/0/kind"),
        Some((3, 5)),
        "what is missing is missing there"
    );
    assert_eq!(map.locate(""), Some((1, 1)));
    let json = "{\n  \"a/b\": [\n    1, \"ä\", {\"c\": 2}\n  ]\n}";
    let map = parse(Format::Json, json.as_bytes()).unwrap().source_map;
    assert_eq!(map.locate("/a~1b"), Some((2, 3)));
    assert_eq!(map.locate("/a~1b/2/c"), Some((3, 19)));
    assert_eq!(SourceMap::default().locate("/a"), None);
}

#[test]
fn each_unreadable_text_has_its_code_and_place() {
    use Format::{Json, Yaml};
    for (format, text, code, place) in [
        (Json, "", "malformed-json", Some((1, 1))),
        (Json, "{\"a\": 1,}", "malformed-json", Some((1, 9))),
        (Json, "{\"a\": 1", "malformed-json", Some((1, 8))),
        (Json, "{\"a\": 1} x", "malformed-json", Some((1, 10))),
        (Json, "{\"a\": 01}", "malformed-json", Some((1, 7))),
        (Json, "{\"a\": +1}", "malformed-json", Some((1, 7))),
        (Json, "{\"a\": \"\\x\"}", "malformed-json", Some((1, 7))),
        (Json, "{\"a\": \"x\ny\"}", "malformed-json", Some((1, 7))),
        (Json, "{\n \"a\": 1,\n \"a\": 2}", "duplicate-key", Some((3, 2))),
        (Json, "[1e999]", "number-out-of-range", Some((1, 2))),
        (Json, "[NaN]", "number-out-of-range", Some((1, 2))),
        (Json, "[18446744073709551616]", "number-out-of-range", Some((1, 2))),
        (Yaml, "", "malformed-yaml", None),
        (Yaml, "a: 1\nb: [", "malformed-yaml", Some((2, 4))),
        (Yaml, "a: {{ input.x }}", "malformed-yaml", Some((1, 5))),
        (Yaml, "a: 1\na: 2", "duplicate-key", Some((2, 1))),
        (Yaml, "a: &x 1\nb: *x", "yaml-anchor", Some((1, 7))),
        (Yaml, "b: *x", "yaml-alias", Some((1, 4))),
        (Yaml, "*x : 1", "yaml-alias", Some((1, 1))),
        (Yaml, "a: !!str 1", "yaml-tag", Some((1, 10))),
        (Yaml, "a: !include x", "yaml-tag", Some((1, 13))),
        (Yaml, "a: 1\n---\nb: 2", "multiple-documents", Some((3, 1))),
        (Yaml, "a: .nan", "number-out-of-range", Some((1, 4))),
        (Yaml, "a: -.inf", "number-out-of-range", Some((1, 4))),
        (Yaml, "a: 1e999", "number-out-of-range", Some((1, 4))),
        (Yaml, "a: 99999999999999999999", "number-out-of-range", Some((1, 4))),
        (Yaml, "a: 0123", "ambiguous-number", Some((1, 4))),
        (Yaml, "%YAML 1.1\n---\na: 1", "malformed-yaml", Some((1, 1))),
    ] {
        assert_eq!(refuse(format, text), (code.to_owned(), place), "{text}");
    }
    let error = parse(Json, b"{\n\"a\": \"\xff\"}").unwrap_err();
    assert_eq!(
        (error.code, error.position.map(|at| (at.line, at.column))),
        ("not-utf8", Some((2, 7)))
    );
    assert_eq!(refuse(Json, &" ".repeat(MAX_SOURCE_BYTES + 1)).0, "too-large");
    assert_eq!(
        refuse(Json, &format!("{{\"{}\": 1}}", "k".repeat(300))).0,
        "key-too-long"
    );
}

#[test]
fn numbers_past_2_to_the_53_stay_exact() {
    for format in [Format::Json, Format::Yaml] {
        let parsed = parse(
            format,
            b"[9007199254740993, 18446744073709551615, -9223372036854775808]",
        )
        .unwrap();
        assert_eq!(parsed.value, json!([9_007_199_254_740_993_u64, u64::MAX, i64::MIN]));
    }
}

#[test]
fn deep_nesting_ends_at_the_bound_in_both() {
    for format in [Format::Json, Format::Yaml] {
        let nest = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(format, nest(MAX_NESTING).as_bytes()).is_ok());
        for depth in [MAX_NESTING + 1, 1000, 100_000] {
            let (code, _) = refuse(format, &nest(depth));
            assert!(
                matches!(code.as_str(), "too-deep" | "malformed-yaml"),
                "{depth}: {code}"
            );
        }
        assert_eq!(refuse(format, &nest(MAX_NESTING + 1)).0, "too-deep");
    }
    let block: String = (0..200).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    assert!(matches!(
        refuse(Format::Yaml, &block).0.as_str(),
        "too-deep" | "malformed-yaml"
    ));
}

#[test]
fn aliases_that_explode_end_at_the_first_anchor() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        let before = vec![format!("*a{}", level - 1); 9].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{before}]\n"));
    }
    assert_eq!(refuse(Format::Yaml, &bomb).0, "yaml-anchor");
}

#[test]
fn the_largest_definitions_are_read_in_linear_time() {
    let started = std::time::Instant::now();
    let many = format!("[{}1]", "1,".repeat(MAX_SOURCE_BYTES / 2 - 2));
    let line = format!("[\"{}\"]", "é".repeat(MAX_SOURCE_BYTES / 2 - 4));
    for format in [Format::Json, Format::Yaml] {
        assert!(parse(format, line.as_bytes()).is_ok());
        assert!(parse(format, many.as_bytes()).is_ok());
        let open = "[\"".repeat(1000);
        assert!(parse(format, open.as_bytes()).is_err());
    }
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}

proptest! {
    #[test]
    fn no_bytes_make_the_readers_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(Format::Json, &bytes);
        let _ = parse(Format::Yaml, &bytes);
    }

    #[test]
    fn no_yaml_like_text_panics(text in "[a-c:\\- \n\\[\\]{},'\"&*!|>0-9#.?%~]{0,120}") {
        if let Ok(parsed) = parse(Format::Yaml, text.as_bytes()) {
            // What was read is JSON: it can be written and read again.
            let again = parse(Format::Json, parsed.value.to_string().as_bytes()).unwrap();
            prop_assert_eq!(again.value, parsed.value);
        }
    }

    #[test]
    fn json_is_read_as_serde_reads_it(text in "[\\[\\]{}:,\"a-b0-9.eE+\\- tfn]{0,30}") {
        let ours = parse(Format::Json, text.as_bytes());
        let theirs = serde_json::from_str::<Value>(&text);
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => prop_assert_eq!(ours.value, theirs),
            (Ok(ours), Err(error)) => prop_assert!(false, "{:?} read, but {error}", ours.value),
            (Err(error), Ok(_)) => prop_assert!(
                matches!(error.code, "duplicate-key" | "number-out-of-range"), "{text}: {error:?}"
            ),
            (Err(_), Err(_)) => {}
        }
    }
}
