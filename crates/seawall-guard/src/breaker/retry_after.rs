use std::time::Duration;

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};

/// The time that an answer's Retry-After names: seconds, or a date. A date is compared with the answer's own Date, so that no
/// clock has to be right; without one, or in one of the two obsolete forms, it is none.
#[must_use]
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?;
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    if digits {
        // More than fits is more than anybody waits.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let until = seconds_of(value)?;
    let now = seconds_of(headers.get(DATE)?.to_str().ok()?)?;
    Some(Duration::from_secs(until.saturating_sub(now)))
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, IMF-fixdate), in seconds of an era of its own: only differences mean something.
fn seconds_of(date: &str) -> Option<u64> {
    let rest = date.get(3..)?.strip_prefix(", ")?.strip_suffix(" GMT")?;
    let mut parts = rest.split(' ');
    let day = number(parts.next()?, 2)?;
    let name = parts.next()?;
    let month = MONTHS.iter().position(|known| *known == name)? as u64 + 1;
    let year = number(parts.next()?, 4)?;
    let mut clock = parts.next()?.split(':');
    let hour = number(clock.next()?, 2)?;
    let minute = number(clock.next()?, 2)?;
    let second = number(clock.next()?, 2)?;
    let in_range = (1..=31).contains(&day) && year > 0 && hour < 24 && minute < 60 && second <= 60;
    if !in_range || parts.next().is_some() || clock.next().is_some() {
        return None;
    }
    Some(((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second)
}

/// Days of the Gregorian calendar. A year begins in March here: its leap day is its last.
const fn days(year: u64, month: u64, day: u64) -> u64 {
    let (year, month) = match month {
        1 | 2 => (year - 1, month + 9),
        _ => (year, month - 3),
    };
    year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day
}

fn number(text: &str, digits: usize) -> Option<u64> {
    let fits = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(retry_after: &str, date: Option<&str>) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, retry_after.parse().unwrap());
        if let Some(date) = date {
            headers.insert(DATE, date.parse().unwrap());
        }
        super::retry_after(&headers).map(|wait| wait.as_secs())
    }

    #[test]
    fn seconds_are_taken_as_they_are() {
        assert_eq!(wait("120", None), Some(120));
        assert_eq!(wait("0", None), Some(0));
        assert_eq!(wait("99999999999999999999999", None), Some(u64::MAX));
        for nothing in ["", "-1", "1.5", "soon", "+3"] {
            assert_eq!(wait(nothing, None), None, "{nothing}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }

    #[test]
    fn a_date_counts_from_the_answer_s_own() {
        let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(wait("Sun, 06 Nov 1994 08:50:07 GMT", date), Some(30));
        assert_eq!(wait("Mon, 07 Nov 1994 08:49:37 GMT", date), Some(86_400));
        assert_eq!(wait("Sun, 06 Nov 1994 08:00:00 GMT", date), Some(0));
        assert_eq!(wait("Sun, 06 Nov 1994 08:50:07 GMT", None), None);
        for no_date in [
            "Sunday, 06-Nov-94 08:50:07 GMT",
            "Sun Nov  6 08:50:07 1994",
            "Sun, 06 Nov 1994 24:50:07 GMT",
            "Sun, 06 Nov 1994 08:50 GMT",
            "Sun, 00 Nov 1994 08:50:07 GMT",
            "Sün, 06 Nov 1994 08:50:07 GMT",
        ] {
            assert_eq!(wait(no_date, date), None, "{no_date}");
        }
    }

    #[test]
    fn the_calendar_has_leap_years() {
        let days = |from: &str, to: &str| {
            let [from, to] = [from, to].map(|date| seconds_of(&format!("Xxx, {date} 00:00:00 GMT")).unwrap());
            (to - from) / 86_400
        };
        assert_eq!(days("28 Feb 2024", "01 Mar 2024"), 2);
        assert_eq!(days("28 Feb 2023", "01 Mar 2023"), 1);
        assert_eq!(days("28 Feb 2100", "01 Mar 2100"), 1);
        assert_eq!(days("28 Feb 2000", "01 Mar 2000"), 2);
        assert_eq!(days("31 Dec 2025", "01 Jan 2026"), 1);
        assert_eq!(days("01 Jan 1970", "22 Nov 2026"), 20_779);
    }
}
