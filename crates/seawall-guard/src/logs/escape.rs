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
    let (eights, _) = text.as_chunks();
    let sure = eights.iter().take_while(|eight| are_plain(**eight)).count() * 8;
    sure + text[sure..].iter().take_while(|byte| is_plain(**byte)).count()
}

/// What stands for itself, in one byte.
const fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')
}

/// Whether eight bytes all stand for themselves, in a few steps for all of them: every name and value of a log passes here.
const fn are_plain(bytes: [u8; 8]) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHS: u64 = 0x80 * ONES;
    let all = u64::from_ne_bytes(bytes);
    // The highest bit of a byte that is less than `least`, which is at most 0x80. A byte beyond it may get it too, by a borrow:
    // but only where one is.
    const fn less(all: u64, least: u64) -> u64 {
        all.wrapping_sub(least * ONES) & !all & HIGHS
    }
    const fn equal(all: u64, byte: u8) -> u64 {
        less(all ^ (byte as u64 * ONES), 1)
    }
    let outside = less(all, b' ' as u64) | (all & HIGHS) | equal(all, 0x7f);
    outside | equal(all, b'"') | equal(all, b'\\') == 0
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
    use proptest::sample::select;

    use super::*;

    const EDGES: &[u8] = &[
        b' ', b'~', b'!', b'#', b'[', b']', b'a', b'a', b'a', b'"', b'\\', 0x1f, 0x7f, 0x80, 0xff, 0,
    ];

    proptest! {
        #[test]
        fn eight_are_plain_when_each_is(bytes in any::<[u8; 8]>(), edges in proptest::array::uniform8(select(EDGES))) {
            for bytes in [bytes, edges] {
                prop_assert_eq!(are_plain(bytes), bytes.iter().all(|byte| is_plain(*byte)));
            }
        }

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
