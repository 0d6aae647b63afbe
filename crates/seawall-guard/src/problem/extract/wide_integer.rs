//! Whole numbers that JSON's reader would round: it makes a float of what fits into no 64 bits, and says nothing.

use crate::problem::Pointer;

/// A whole number of fewer digits fits.
const SAFE_DIGITS: usize = 18;

/// Where the first whole number of more than 64 bits stands. `text` is valid JSON.
pub(super) fn wide_integer(text: &[u8]) -> Option<Pointer> {
    let mut places = vec![Place::Root];
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'{' => places.push(Place::Key(0, 0)),
            b'[' => places.push(Place::Index(0)),
            b'}' | b']' => drop(places.pop()),
            b',' => {
                if let Some(Place::Index(index)) = places.last_mut() {
                    *index += 1;
                }
            }
            b'"' => {
                let end = end_of_string(text, at);
                // A value overwrites its own key here, and nobody asks for a key behind its value.
                if let Some(Place::Key(from, to)) = places.last_mut() {
                    (*from, *to) = (at, end);
                }
                at = end;
                continue;
            }
            b'-' | b'0'..=b'9' => {
                let end = end_of_number(text, at);
                if is_wide(&text[at..end]) {
                    return Some(pointer(text, &places));
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

enum Place {
    Root,
    /// From where to where the last string in this object stands, quotes included.
    Key(usize, usize),
    Index(usize),
}

/// Behind the closing quote of the string that begins at `start`.
fn end_of_string(text: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

fn end_of_number(text: &[u8], start: usize) -> usize {
    let rest = text.iter().skip(start);
    start
        + rest
            .take_while(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
            .count()
}

fn is_wide(number: &[u8]) -> bool {
    if number.len() <= SAFE_DIGITS || !number.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'-')) {
        return false;
    }
    let text = std::str::from_utf8(number).unwrap_or_default();
    text.parse::<i64>().is_err() && text.parse::<u64>().is_err()
}

fn pointer(text: &[u8], places: &[Place]) -> Pointer {
    places.iter().fold(Pointer::root(), |pointer, place| match *place {
        Place::Root => pointer,
        Place::Index(index) => pointer.index(index),
        Place::Key(from, to) => {
            let key = serde_json::from_slice::<String>(&text[from..to]).unwrap_or_default();
            pointer.key(&key)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_numbers_beyond_64_bits_are_found_wherever_they_stand() {
        let wide = "123456789012345678901234567890";
        let cases = [
            (wide.to_owned(), Some("")),
            (format!("-{wide}"), Some("")),
            (
                format!(r#"{{"a\"/": [1, "x", {{"b": [[], {{}}, {wide}]}}]}}"#),
                Some("/a\"~1/2/b/2"),
            ),
            (format!(r#"{{"a": "k", "b": 1, "c": {wide}}}"#), Some("/c")),
            (format!(r#"{{"a": "{wide} \\", "b": 1.5, "{wide}": true}}"#), None),
            (
                "[18446744073709551615, -9223372036854775808, 1e400, 1.0]".to_owned(),
                None,
            ),
            (format!("[{wide}.0, {wide}e1]"), None),
            ("[18446744073709551616]".to_owned(), Some("/0")),
        ];
        for (text, expected) in cases {
            let found = wide_integer(text.as_bytes());
            assert_eq!(found.as_ref().map(Pointer::as_str), expected, "{text}");
        }
    }
}
