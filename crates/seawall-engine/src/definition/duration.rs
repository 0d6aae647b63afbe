//! Durations as authors write them: `500ms`, `30s`, `10m`, `2h`, `1d`, `1h30m`.

use std::time::Duration;

/// The longest duration that is understood: ten years of 365 days.
pub const MAX_DURATION: Duration = Duration::from_secs(3650 * DAY);

const DAY: u64 = 86_400;

/// Largest first: parts must come in this order, each unit at most once.
const UNITS: [(&str, u64); 5] = [
    ("d", DAY * 1000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

/// Why a text is no duration.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DurationError {
    #[error("a duration is a whole number and a unit, like `500ms`, `30s`, `10m`, `2h`, `1d` or `1h30m`")]
    Malformed,
    #[error("a duration needs a unit: `30s`, not `30`")]
    NoUnit,
    #[error("the units of a duration come in the order d, h, m, s, ms, each at most once")]
    Order,
    #[error("a duration is at most 3650d")]
    TooLong,
}

/// Reads a duration. Whole milliseconds, no sign, no blanks, no fractions.
///
/// # Errors
/// [`DurationError`], worded for the author.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let mut rest = text;
    let mut total: u64 = 0;
    let mut next_unit = 0;
    if rest.is_empty() {
        return Err(DurationError::Malformed);
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let letters = rest[digits..].bytes().take_while(u8::is_ascii_lowercase).count();
        if digits == 0 {
            return Err(DurationError::Malformed);
        }
        if letters == 0 {
            let bare = digits == rest.len() && next_unit == 0;
            return Err(if bare {
                DurationError::NoUnit
            } else {
                DurationError::Malformed
            });
        }
        let unit = &rest[digits..digits + letters];
        let place = UNITS.iter().position(|(name, _)| *name == unit);
        let place = place.ok_or(DurationError::Malformed)?;
        if place < next_unit {
            return Err(DurationError::Order);
        }
        next_unit = place + 1;
        let count: u64 = rest[..digits].parse().map_err(|_| DurationError::TooLong)?;
        total = count
            .checked_mul(UNITS[place].1)
            .and_then(|part| total.checked_add(part))
            .filter(|total| Duration::from_millis(*total) <= MAX_DURATION)
            .ok_or(DurationError::TooLong)?;
        rest = &rest[digits + letters..];
    }
    Ok(Duration::from_millis(total))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_usual_forms_are_understood() {
        for (text, millis) in [
            ("0s", 0),
            ("500ms", 500),
            ("30s", 30_000),
            ("10m", 600_000),
            ("2h", 7_200_000),
            ("1d", 86_400_000),
            ("1h30m", 5_400_000),
            ("1d2h3m4s5ms", 93_784_005),
            ("3650d", 315_360_000_000),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn everything_else_says_what_is_wrong() {
        for (text, error) in [
            ("", DurationError::Malformed),
            ("30", DurationError::NoUnit),
            ("s", DurationError::Malformed),
            ("-1s", DurationError::Malformed),
            ("1.5s", DurationError::Malformed),
            ("1 s", DurationError::Malformed),
            ("1S", DurationError::Malformed),
            ("1w", DurationError::Malformed),
            ("1m30", DurationError::Malformed),
            ("30m1h", DurationError::Order),
            ("1s1s", DurationError::Order),
            ("3651d", DurationError::TooLong),
            ("99999999999999999999999d", DurationError::TooLong),
            ("18446744073709551615d", DurationError::TooLong),
        ] {
            assert_eq!(parse_duration(text), Err(error), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_in_parts_adds_up(d in 0u64..300, h in 0u64..24, m in 0u64..60, s in 0u64..60, ms in 0u64..1000) {
            let expected = ((((d * 24) + h) * 60 + m) * 60 + s) * 1000 + ms;
            let text = format!("{d}d{h}h{m}m{s}s{ms}ms");
            prop_assert_eq!(parse_duration(&text), Ok(Duration::from_millis(expected)));
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = parse_duration(&text);
        }
    }
}
