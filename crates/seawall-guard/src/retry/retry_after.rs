use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{self, HeaderName};

use crate::clock::Clock;
use crate::http_date;

/// How long the other side asks us to wait: seconds, or a date. A date counts from the answer's own `Date`, if it has one: two
/// clocks need not agree.
pub(super) fn retry_after(headers: &HeaderMap, clock: Clock) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a u64 holds: for ever.
        return Some(text.parse().map_or(Duration::MAX, Duration::from_secs));
    }
    let until = http_date::parse(text)?;
    let from = date(headers, header::DATE).unwrap_or_else(clock);
    Some(until.duration_since(from).unwrap_or_default())
}

fn date(headers: &HeaderMap, name: HeaderName) -> Option<SystemTime> {
    http_date::parse(headers.get(name)?.to_str().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1994-11-06T08:49:37Z
    fn held() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777)
    }

    fn read(fields: &[(HeaderName, &str)]) -> Option<Duration> {
        let fields = fields
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()));
        retry_after(&fields.collect(), held)
    }

    #[test]
    fn seconds_and_dates_are_read() {
        let after = |text| read(&[(header::RETRY_AFTER, text)]);
        assert_eq!(after("120"), Some(Duration::from_secs(120)));
        assert_eq!(after(" 0 "), Some(Duration::ZERO));
        assert_eq!(after("99999999999999999999999"), Some(Duration::MAX));
        assert_eq!(after("Sun, 06 Nov 1994 08:50:37 GMT"), Some(Duration::from_secs(60)));
        assert_eq!(after("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
        for text in ["", "-5", "1.5", "soon"] {
            assert_eq!(after(text), None, "{text}");
        }
        assert_eq!(read(&[]), None);
    }

    #[test]
    fn a_date_counts_from_the_clock_of_the_answer() {
        let until = (header::RETRY_AFTER, "Sun, 06 Nov 1994 08:50:37 GMT");
        let date = (header::DATE, "Sun, 06 Nov 1994 08:50:27 GMT");
        assert_eq!(read(&[until, date]), Some(Duration::from_secs(10)));
    }
}
