use std::fmt::Write as _;

/// Writes `text` so that it stands within quotes of JSON, or of a line of text. Stops before it would take more than `room`
/// bytes; false then.
pub(super) fn escape(out: &mut String, text: &str, room: usize) -> bool {
    let end = out.len() + room;
    // Nearly all that is logged is plain from its beginning to its end.
    let plain = plain(text.as_bytes()).min(room);
    let (plain, rest) = text.split_at(plain);
    out.push_str(plain);
    for character in rest.chars() {
        let before = out.len();
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // All of these are in the plane that four digits are enough for.
            other if is_unsafe(other) => {
                let _ = write!(out, "\\u{:04x}", u32::from(other));
            }
            other => out.push(other),
        }
        if out.len() > end {
            out.truncate(before);
            return false;
        }
    }
    true
}

/// How many bytes from the beginning on stand for themselves.
fn plain(text: &[u8]) -> usize {
    // Sixteen at a time: without a way out in between, they are looked at together.
    let (many, _) = text.as_chunks::<16>();
    let all_plain = |chunk: &&[u8; 16]| chunk.iter().fold(true, |plain, byte| plain & is_plain(*byte));
    let sure = many.iter().take_while(all_plain).count() * 16;
    sure + text[sure..].iter().take_while(|byte| is_plain(**byte)).count()
}

/// What stands for itself, in one byte. No branches: see [`plain`].
const fn is_plain(byte: u8) -> bool {
    (byte >= b' ') & (byte <= b'~') & (byte != b'"') & (byte != b'\\')
}

/// What moves the cursor, ends a line, or turns the direction of what follows.
pub(super) fn is_unsafe(character: char) -> bool {
    let separates_lines = matches!(character, '\u{2028}' | '\u{2029}');
    let turns =
        matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{061c}');
    character.is_control() || separates_lines || turns
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn json_reads_back_what_was_escaped(text in any::<String>()) {
            let mut out = String::from("\"");
            prop_assert!(escape(&mut out, &text, usize::MAX / 2));
            out.push('"');
            prop_assert!(!out.chars().any(is_unsafe));
            prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
        }

        #[test]
        fn it_stops_in_time_and_between_characters(text in any::<String>(), room in 0..60usize) {
            let mut out = String::from("\"");
            let whole = escape(&mut out, &text, room);
            prop_assert!(out.len() <= 1 + room);
            out.push('"');
            let read = serde_json::from_str::<String>(&out).unwrap();
            prop_assert!(text.starts_with(&read));
            prop_assert_eq!(whole, read == text);
        }
    }
}
