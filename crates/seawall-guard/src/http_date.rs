//! The dates of HTTP: `Sun, 06 Nov 1994 08:49:37 GMT`. The two obsolete forms are not read.

use std::time::{Duration, SystemTime};

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const DAYS_BEFORE: [u64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const DAY_NAMES: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

/// Nothing, if it is not such a date or lies before 1970. A leap second is the one after it.
pub(crate) fn parse(text: &str) -> Option<SystemTime> {
    let (name, rest) = text.split_once(", ")?;
    let (date, time) = rest.split_at_checked(12)?;
    let mut date = date.split(' ');
    let (day, month, year) = (date.next()?, date.next()?, date.next()?);
    let (day, year) = (number(day, 2)?, number(year, 4)?);
    let month = MONTHS.iter().position(|name| *name == month)?;
    let days = days(year, month, day)?;
    if DAY_NAMES[usize::try_from(days % 7).ok()?] != name {
        return None;
    }
    let mut time = time.strip_suffix(" GMT")?.split(':');
    let (hour, minute, second) = (time.next()?, time.next()?, time.next()?);
    let (hour, minute, second) = (number(hour, 2)?, number(minute, 2)?, number(second, 2)?);
    if hour > 23 || minute > 59 || second > 60 || time.next().is_some() {
        return None;
    }
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

fn number(text: &str, digits: usize) -> Option<u64> {
    let all_digits = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| all_digits)
}

/// The days from 1970 to that one. `month`: 0 is January.
fn days(year: u64, month: usize, day: u64) -> Option<u64> {
    let is_leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let leap = u64::from(is_leap(year));
    let ends = [31, 28 + leap, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    if year < 1970 || day == 0 || day > ends[month] {
        return None;
    }
    let before = year - 1;
    let leap_days = |year: u64| year / 4 - year / 100 + year / 400;
    let whole_years = (year - 1970) * 365 + leap_days(before) - leap_days(1969);
    let this_year = DAYS_BEFORE[month] + if month > 1 { leap } else { 0 };
    Some(whole_years + this_year + day - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<u64> {
        let since = parse(text)?.duration_since(SystemTime::UNIX_EPOCH);
        Some(since.unwrap().as_secs())
    }

    #[test]
    fn every_day_of_four_centuries_is_read() {
        let (mut year, mut month, mut day) = (1970, 0, 1);
        for count in 0..146_097u64 {
            let name = DAY_NAMES[(count % 7) as usize];
            let text = format!("{name}, {day:02} {} {year} 23:59:58 GMT", MONTHS[month]);
            assert_eq!(seconds(&text), Some(count * 86_400 + 86_398), "{text}");
            day += 1;
            if days(year, month, day).is_none() {
                (month, day) = (month + 1, 1);
            }
            if month == 12 {
                (year, month) = (year + 1, 0);
            }
        }
        assert_eq!((year, month, day), (2370, 0, 1));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(seconds("Sat, 31 Dec 2016 23:59:60 GMT"), Some(1_483_228_800));
    }

    #[test]
    fn what_is_no_such_date_is_none() {
        for text in [
            "",
            "Sun",
            "Sun, ",
            "Mon, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:49:37:00 GMT",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, +6 Nov 1994 08:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Wed, 29 Feb 2023 08:49:37 GMT",
            "Wed, 31 Dec 1969 23:59:59 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun, äöü Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
