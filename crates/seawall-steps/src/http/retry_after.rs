//! `Retry-After`: seconds, or a date (RFC 9110; the two obsolete date forms are not read).

use std::time::Duration;

use http::HeaderMap;
use http::header::{self, HeaderName};
use jiff::fmt::rfc2822::DateTimeParser;
use seawall_engine::store::Timestamp;

/// Nobody is made to wait longer.
const MAX: Duration = Duration::from_secs(24 * 3600);

/// How long the other side asks us to wait. A date counts from the answer's own `Date`, if it has one: two clocks need not
/// agree.
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a u64 holds: for ever, that is, the longest wait.
        return Some(text.parse().map_or(MAX, Duration::from_secs).min(MAX));
    }
    let until = parse_date(text)?;
    let from = date_header(headers, header::DATE).unwrap_or(now);
    Some(until.since(from).min(MAX))
}

fn date_header(headers: &HeaderMap, name: HeaderName) -> Option<Timestamp> {
    parse_date(headers.get(name)?.to_str().ok()?)
}

fn parse_date(text: &str) -> Option<Timestamp> {
    let parsed = DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Timestamp::from_millis(parsed.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().expect("a header value")))
            .collect()
    }

    fn read(text: &str) -> Option<Duration> {
        // 1994-11-06T08:49:37Z
        let now = Timestamp::from_millis(784_111_777_000);
        retry_after(&headers(&[(header::RETRY_AFTER, text)]), now)
    }

    #[test]
    fn seconds_and_dates_are_read_and_bounded() {
        assert_eq!(read("120"), Some(Duration::from_secs(120)));
        assert_eq!(read("0"), Some(Duration::ZERO));
        assert_eq!(read("99999999999999999999999"), Some(MAX));
        assert_eq!(read("Sun, 06 Nov 1994 08:50:37 GMT"), Some(Duration::from_secs(60)));
        assert_eq!(read("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(read("Fri, 01 Jan 2100 00:00:00 GMT"), Some(MAX));
    }

    #[test]
    fn what_is_neither_is_ignored() {
        for text in ["", "-5", "1.5", "soon", "Sun, 99 Nov 1994 08:49:37 GMT"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_date_counts_from_the_clock_of_the_answer() {
        let answer = headers(&[
            (header::RETRY_AFTER, "Sun, 06 Nov 1994 08:50:37 GMT"),
            (header::DATE, "Sun, 06 Nov 1994 08:50:27 GMT"),
        ]);
        assert_eq!(retry_after(&answer, Timestamp::ZERO), Some(Duration::from_secs(10)));
    }
}
