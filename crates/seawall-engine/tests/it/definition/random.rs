//! Random definitions: good ones compile to what they say, and nothing panics.

use proptest::prelude::*;
use seawall_engine::{Format, compile, compile_text};
use serde_json::{Value, json};

use super::{EVERYTHING, registry, with_steps};

/// Steps in random order; each needs some of those that come before it in another order.
fn graph() -> impl Strategy<Value = (Vec<usize>, Vec<Vec<usize>>)> {
    (1usize..24).prop_flat_map(|count| {
        let order = Just((0..count).collect::<Vec<_>>()).prop_shuffle();
        let needs = (0..count)
            .map(|at| prop::collection::btree_set(0..at.max(1), 0..=at.min(4)))
            .collect::<Vec<_>>();
        (order, needs).prop_map(|(order, needs)| {
            let needs = needs.into_iter().enumerate();
            let needs = needs
                .map(|(at, needs)| needs.into_iter().filter(|need| *need < at).collect())
                .collect();
            (order, needs)
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_good_graph_compiles_and_its_needs_are_the_right_indexes((order, needs) in graph()) {
        // Node n stands at place order[n] of the list.
        let mut steps = vec![Value::Null; order.len()];
        for (node, place) in order.iter().enumerate() {
            let names: Vec<String> = needs[node].iter().map(|need| format!("n{need}")).collect();
            let looks: Vec<String> = names.iter().map(|name| format!("{{{{ steps.{name}.output }}}}")).collect();
            steps[*place] = json!({
                "id": format!("n{node}"), "kind": "transform", "needs": names, "with": { "value": looks },
            });
        }
        let definition = compile(&with_steps(json!(steps)), &registry()).unwrap();
        for (node, place) in order.iter().enumerate() {
            let expected: Vec<usize> = needs[node].iter().map(|need| order[*need]).collect();
            prop_assert_eq!(&definition.steps[*place].needs, &expected);
            prop_assert_eq!(&definition.steps[*place].references, &expected);
            for need in expected {
                prop_assert!(definition.dependents(need).contains(place));
            }
        }
    }

    #[test]
    fn one_edge_against_the_order_is_a_circle_and_is_written_out((order, needs) in graph(), pick in any::<prop::sample::Index>()) {
        let edges: Vec<(usize, usize)> =
            needs.iter().enumerate().flat_map(|(node, needs)| needs.iter().map(move |need| (node, *need))).collect();
        prop_assume!(!edges.is_empty());
        let (later, earlier) = edges[pick.index(edges.len())];
        let steps: Vec<Value> = (0..order.len())
            .map(|node| {
                let mut names: Vec<String> = needs[node].iter().map(|need| format!("n{need}")).collect();
                if node == earlier {
                    names.push(format!("n{later}"));
                }
                json!({ "id": format!("n{node}"), "kind": "transform", "needs": names, "with": { "value": 1 } })
            })
            .collect();
        let errors = compile(&with_steps(json!(steps)), &registry()).err().unwrap();
        prop_assert_eq!(errors.len(), 1);
        prop_assert_eq!(errors[0].code, "cyclic-needs");
        // The circle that is shown is one: each step in it needs the next.
        let shown: Vec<&str> = errors[0].message.rsplit(": ").next().unwrap().split(" -> ").collect();
        prop_assert_eq!(shown.first(), shown.last());
        for pair in shown.windows(2) {
            let step = steps.iter().find(|step| step["id"] == pair[0]).unwrap();
            prop_assert!(step["needs"].as_array().unwrap().contains(&json!(pair[1])), "{:?}", shown);
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = compile_text(Format::Json, &bytes, &registry());
        let _ = compile_text(Format::Yaml, &bytes, &registry());
    }

    #[test]
    fn no_damage_to_a_good_text_panics(at in any::<prop::sample::Index>(), length in 0usize..20, instead in "[ -~\n]{0,8}") {
        let mut text = EVERYTHING.to_owned();
        let at = at.index(text.len());
        let end = (at + length).min(text.len());
        text.replace_range(at..end, &instead);
        if let Err(invalid) = compile_text(Format::Yaml, text.as_bytes(), &registry()) {
            prop_assert!(!invalid.errors.is_empty());
            for error in invalid.errors {
                prop_assert!(error.position.is_some() || error.pointer.is_empty());
            }
        }
    }

    #[test]
    fn no_value_in_the_place_of_another_panics(at in any::<prop::sample::Index>(), instead in any_json()) {
        let mut value = seawall_engine::parse(Format::Yaml, EVERYTHING.as_bytes()).unwrap().value;
        let mut pointers = Vec::new();
        all(&value, String::new(), &mut pointers);
        *value.pointer_mut(&pointers[at.index(pointers.len())]).unwrap() = instead;
        if let Err(errors) = compile(&value, &registry()) {
            prop_assert!(!errors.is_empty());
        }
    }
}

fn all(value: &Value, pointer: String, pointers: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, field)| all(field, format!("{pointer}/{name}"), pointers)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(at, item)| all(item, format!("{pointer}/{at}"), pointers)),
        _ => {}
    }
    pointers.push(pointer);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z{}. |]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,6}", inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}
