//! In what two JSON values differ, in one line.

use serde_json::Value;

/// Places that are named; the rest is counted as "more".
const MOST: usize = 4;
/// Characters of a value.
const WIDTH: usize = 60;

/// `/total was 5, now 7; /note is new: "x"; /old is gone`. Empty when they are equal.
pub(super) fn difference(was: &Value, now: &Value) -> String {
    let mut places = Vec::new();
    walk(was, now, &mut String::new(), &mut places);
    let more = places.len() > MOST;
    places.truncate(MOST);
    let mut text = places.join("; ");
    if more {
        text.push_str("; and more");
    }
    text
}

fn walk(was: &Value, now: &Value, pointer: &mut String, places: &mut Vec<String>) {
    if was == now || places.len() > MOST {
        return;
    }
    match (was, now) {
        (Value::Object(was), Value::Object(now)) => {
            for (key, old) in was {
                if places.len() > MOST {
                    return;
                }
                let place = format!("{pointer}/{}", escaped(key));
                match now.get(key) {
                    Some(new) => walk(old, new, &mut place.clone(), places),
                    None => places.push(format!("{place} is gone")),
                }
            }
            let new_keys = now.iter().filter(|(key, _)| !was.contains_key(*key));
            for (key, new) in new_keys.take(MOST + 1) {
                places.push(format!("{pointer}/{} is new: {}", escaped(key), excerpt(new)));
            }
        }
        (Value::Array(was), Value::Array(now)) if was.len() == now.len() => {
            for (index, (old, new)) in was.iter().zip(now).enumerate() {
                walk(old, new, &mut format!("{pointer}/{index}"), places);
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            let place = if pointer.is_empty() { "the list" } else { pointer };
            places.push(format!("{place} had {} entries, now {}", old.len(), new.len()));
        }
        _ => {
            let place = if pointer.is_empty() { "it" } else { pointer };
            places.push(format!("{place} was {}, now {}", excerpt(was), excerpt(now)));
        }
    }
}

/// A key in a JSON Pointer.
fn escaped(key: &str) -> String {
    let key = key.replace('~', "~0").replace('/', "~1");
    cut(&key)
}

/// The beginning of a value's text.
pub(super) fn excerpt(value: &Value) -> String {
    match value {
        // Without making megabytes of text first.
        Value::String(text) => Value::String(cut(text)).to_string(),
        Value::Array(items) if items.len() > WIDTH => format!("a list of {} entries", items.len()),
        Value::Object(fields) if fields.len() > WIDTH => format!("an object of {} fields", fields.len()),
        other => cut(&other.to_string()),
    }
}

fn cut(text: &str) -> String {
    let mut chars = text.chars();
    let mut short: String = chars.by_ref().take(WIDTH).collect();
    if chars.next().is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_places_are_named_with_what_was_and_what_is() {
        let was = json!({ "a": 1, "b": { "c": [1, 2] }, "gone": true, "x/y": "old" });
        let now = json!({ "a": 2, "b": { "c": [1, 3] }, "new": null, "x/y": "new" });
        assert_eq!(
            difference(&was, &now),
            "/a was 1, now 2; /b/c/1 was 2, now 3; /gone is gone; /x~1y was \"old\", now \"new\"; and more"
        );
        assert_eq!(difference(&json!(5), &json!("5")), "it was 5, now \"5\"");
        assert_eq!(difference(&json!([1]), &json!([])), "the list had 1 entries, now 0");
        assert_eq!(difference(&was, &was), "");
    }

    #[test]
    fn large_values_give_short_texts() {
        let long = json!("é".repeat(100_000));
        let wide = json!(vec![1; 100_000]);
        let deep = (0..90).fold(json!(1), |inner, _| json!({ "k": inner }));
        let other = (0..90).fold(json!(2), |inner, _| json!({ "k": inner }));
        for (was, now) in [(&long, &wide), (&wide, &long), (&deep, &other)] {
            let text = difference(was, now);
            assert!(!text.is_empty() && text.chars().count() < 400, "{text}");
        }
    }
}
