//! Constants that no run could use.

use serde_json::{Value, json};

use super::{codes_of, compiled, with_steps};

/// A definition of one transform, changed.
fn root(change: Value) -> Value {
    let mut value = with_steps(json!([{ "id": "a", "kind": "transform", "with": { "value": 1 } }]));
    value
        .as_object_mut()
        .unwrap()
        .extend(change.as_object().unwrap().clone());
    value
}

fn one(kind: &str, with: Value) -> Value {
    with_steps(json!([{ "id": "a", "kind": kind, "with": with }]))
}

#[test]
fn a_key_that_no_run_could_have_is_refused_and_no_rate_is_a_number_too() {
    let keyed = |key: &str| root(json!({ "concurrency": { "limit": 1, "key": key } }));
    compiled(&keyed(&"k".repeat(256)));
    compiled(&keyed("{{ run.id }}{{ run.created_at }}"));
    assert_eq!(codes_of(&keyed(&"k".repeat(257))), ["/concurrency/key too-long"]);
    assert_eq!(
        codes_of(&keyed("{{ run.attempt }}")),
        ["/concurrency/key not-allowed-here"]
    );
    let priority = root(json!({ "priority": "{{ run.attempt }}" }));
    assert_eq!(codes_of(&priority), ["/priority not-allowed-here"]);
    for rate in [json!(0), json!("0"), json!({ "limit": 0 })] {
        assert!(compiled(&root(json!({ "rate": rate }))).flow.rate.is_none());
    }
    assert_eq!(codes_of(&root(json!({ "rate": 10 }))), ["/rate wrong-type"]);
}

#[test]
fn constants_that_can_never_be_sent_are_refused() {
    let http = |field: &str, value: Value| {
        let mut with = json!({ "method": "GET", "url": "http://x" });
        with[field] = value;
        one("http", with)
    };
    let env = |env: Value| one("command", json!({ "argv": ["x"], "env": env }));
    let signal = |name: String| one("wait_signal", json!({ "name": name }));
    for good in [
        http("url", json!("HTTPS://x.y:8080/a?b=c@d#e")),
        http("url", json!("{{ input.scheme }}://x")),
        http("url", json!("ftp{{ input.rest }}")),
        http(
            "headers",
            json!({ "x-a_b.c": "1", "authorization": "Bearer {{ secrets.TOKEN }}" }),
        ),
        env(json!({ "A": "1", "b.c": "{{ input.n }}" })),
        signal("n".repeat(128)),
    ] {
        compiled(&good);
    }
    for (value, expected) in [
        (http("url", json!("ftp://x")), "url bad-url"),
        (http("url", json!("x")), "url bad-url"),
        (http("url", json!("http:///")), "url bad-url"),
        (http("url", json!("http://u:p@x")), "url bad-url"),
        (http("url", json!("https://u@x/{a}")), "url bad-url"),
        (http("headers", json!({ "a": 1 })), "headers/a wrong-type"),
        (http("headers", json!({ "a b": "1" })), "headers/a b bad-name"),
        (http("headers", json!({ "a": "1\n2" })), "headers/a bad-value"),
        (http("query", json!({ "page": 1 })), "query/page wrong-type"),
        (env(json!({ "A": 1 })), "env/A wrong-type"),
        (env(json!({ "B=C": "x" })), "env/B=C bad-name"),
        (env(json!({ "": "x" })), "env/ bad-name"),
        (signal(String::new()), "name empty"),
        (signal("n".repeat(129)), "name too-long"),
    ] {
        assert_eq!(codes_of(&value), [format!("/steps/0/with/{expected}")]);
    }
}
