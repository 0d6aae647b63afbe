//! Times for people.

use jiff::Timestamp;

/// `12 ms`, `1.3 s`, `2 min 5 s`, `3 h 20 min`, `2 d 1 h`.
pub(crate) fn human_duration(millis: u64) -> String {
    let seconds = millis / 1000;
    match millis {
        0..1_000 => format!("{millis} ms"),
        1_000..60_000 => format!("{}.{} s", seconds, millis % 1000 / 100),
        60_000..3_600_000 => format!("{} min {} s", seconds / 60, seconds % 60),
        3_600_000..86_400_000 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// How long ago that was, as of `now`.
pub(crate) fn ago(then: Timestamp, now: Timestamp) -> String {
    let millis = now.as_millisecond().saturating_sub(then.as_millisecond()).max(0);
    format!("{} ago", human_duration(millis.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_two_units_at_most() {
        let cases = [
            (999, "999 ms"),
            (1_390, "1.3 s"),
            (125_000, "2 min 5 s"),
            (12_000_000, "3 h 20 min"),
            (90_000_000, "1 d 1 h"),
        ];
        for (millis, text) in cases {
            assert_eq!(human_duration(millis), text);
        }
    }
}
