//! Rates as people write them: `10/s`, `100/min`, `5000/h`, and `0` for none.

use std::time::Duration;

use seawall_store::Rate;

/// The highest count in front of a unit.
pub const MAX_RATE: u32 = 1_000_000;

const UNITS: [(&str, Duration); 3] = [
    ("s", Duration::from_secs(1)),
    ("min", Duration::from_secs(60)),
    ("h", Duration::from_secs(3600)),
];

/// Why a text is no rate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RateError {
    #[error("a rate is a whole number and a unit, like `10/s`, `100/min` or `5000/h`; `0` means no limit")]
    Malformed,
    #[error("a rate needs a unit: `10/s`, not `10`")]
    NoUnit,
    #[error("the unit of a rate is `s`, `min` or `h`")]
    Unit,
    #[error("a rate lets at least one through; `0` without a unit means no limit")]
    Nothing,
    #[error("a rate is at most 1000000 in its unit")]
    TooHigh,
}

/// Reads a rate. None for `0`: no limit. No sign, no blanks, no fractions.
///
/// # Errors
/// [`RateError`], worded for the author.
pub fn parse_rate(text: &str) -> Result<Option<Rate>, RateError> {
    if text == "0" {
        return Ok(None);
    }
    let (count, unit) = match text.split_once('/') {
        Some((count, unit)) => (count, Some(unit)),
        None => (text, None),
    };
    if count.is_empty() || !count.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(RateError::Malformed);
    }
    let unit = unit.ok_or(RateError::NoUnit)?;
    let known = UNITS.iter().find(|(name, _)| *name == unit);
    let (_, per) = *known.ok_or(RateError::Unit)?;
    let limit = count.parse().ok().filter(|limit| *limit <= MAX_RATE);
    match limit.ok_or(RateError::TooHigh)? {
        0 => Err(RateError::Nothing),
        limit => Ok(Some(Rate { limit, per })),
    }
}

/// The text that [`parse_rate`] reads as this rate. Of a rate that it never made, the time is written as a duration in
/// milliseconds.
#[must_use]
pub fn rate_text(rate: Rate) -> String {
    match UNITS.iter().find(|(_, per)| *per == rate.per) {
        Some((unit, _)) => format!("{}/{unit}", rate.limit),
        None => format!("{}/{}ms", rate.limit, rate.per.as_millis()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_usual_forms_are_understood() {
        for (text, limit, seconds) in [
            ("1/s", 1, 1),
            ("10/s", 10, 1),
            ("100/min", 100, 60),
            ("1000000/h", 1_000_000, 3600),
        ] {
            let per = Duration::from_secs(seconds);
            assert_eq!(parse_rate(text), Ok(Some(Rate { limit, per })), "{text}");
        }
        assert_eq!(parse_rate("0"), Ok(None));
    }

    #[test]
    fn everything_else_says_what_is_wrong() {
        for (text, error) in [
            ("", RateError::Malformed),
            ("/s", RateError::Malformed),
            ("fast", RateError::Malformed),
            ("-1/s", RateError::Malformed),
            ("1.5/s", RateError::Malformed),
            ("1 /s", RateError::Malformed),
            ("10", RateError::NoUnit),
            ("10/", RateError::Unit),
            ("10/m", RateError::Unit),
            ("10/S", RateError::Unit),
            ("10/s/s", RateError::Unit),
            ("0/s", RateError::Nothing),
            ("1000001/s", RateError::TooHigh),
            ("99999999999999999999/h", RateError::TooHigh),
        ] {
            assert_eq!(parse_rate(text), Err(error), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(limit in 1u32..=MAX_RATE, unit in 0usize..UNITS.len()) {
            let rate = Rate { limit, per: UNITS[unit].1 };
            prop_assert_eq!(parse_rate(&rate_text(rate)), Ok(Some(rate)));
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = parse_rate(&text);
        }
    }
}
