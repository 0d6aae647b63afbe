//! When a pattern or an interval comes.

use std::time::{Duration, Instant};

use seawall_store::Timestamp;

use super::kit::{at, between, cron, every, text, texts, zone};
use crate::schedule::cron::{CronError, CronPattern};

#[test]
fn a_time_that_does_not_exist_fires_once_when_the_clock_has_jumped() {
    let cases = [
        // 02:00 to 03:00 are skipped.
        (
            "30 2 * * *",
            "Europe/Berlin",
            "2026-03-28T12:00:00Z",
            "2026-03-30T12:00:00Z",
            vec!["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"],
        ),
        (
            "0,15,30 2 * * *",
            "Europe/Berlin",
            "2026-03-28T12:00:00Z",
            "2026-03-29T12:00:00Z",
            vec!["2026-03-29T01:00:00Z"],
        ),
        (
            "0 3 * * *",
            "Europe/Berlin",
            "2026-03-28T12:00:00Z",
            "2026-03-29T12:00:00Z",
            vec!["2026-03-29T01:00:00Z"],
        ),
        (
            "30 2 * * *",
            "America/New_York",
            "2026-03-07T12:00:00Z",
            "2026-03-09T12:00:00Z",
            vec!["2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"],
        ),
        // Half an hour: 02:00 to 02:30 are skipped.
        (
            "15 2 * * *",
            "Australia/Lord_Howe",
            "2026-10-02T18:00:00Z",
            "2026-10-04T18:00:00Z",
            vec!["2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"],
        ),
        // Two hours.
        (
            "30 1 * * *",
            "Antarctica/Troll",
            "2026-03-28T12:00:00Z",
            "2026-03-29T12:00:00Z",
            vec!["2026-03-29T01:00:00Z"],
        ),
        // Midnight was skipped in Brazil.
        (
            "0 0 * * *",
            "America/Sao_Paulo",
            "2018-11-03T12:00:00Z",
            "2018-11-05T12:00:00Z",
            vec!["2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"],
        ),
        // Samoa had no 30 December 2011: the whole day falls on the beginning of the next.
        (
            "0 12 * * *",
            "Pacific/Apia",
            "2011-12-29T12:00:00Z",
            "2011-12-31T12:00:00Z",
            vec!["2011-12-29T22:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T22:00:00Z"],
        ),
    ];
    for (pattern, zone, from, to, expected) in cases {
        assert_eq!(texts(&cron(pattern, zone), from, to), expected, "{pattern} in {zone}");
    }
}

#[test]
fn a_time_that_occurs_twice_fires_once() {
    let cases = [
        (
            "30 2 * * *",
            "Europe/Berlin",
            "2026-10-24T12:00:00Z",
            "2026-10-26T12:00:00Z",
            vec!["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"],
        ),
        (
            "0 1,2,3 * * *",
            "Europe/Berlin",
            "2026-10-24T12:00:00Z",
            "2026-10-25T12:00:00Z",
            vec!["2026-10-24T23:00:00Z", "2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z"],
        ),
        (
            "30 1 * * *",
            "America/New_York",
            "2026-10-31T12:00:00Z",
            "2026-11-02T12:00:00Z",
            vec!["2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"],
        ),
        (
            "45 1 * * *",
            "Australia/Lord_Howe",
            "2026-04-03T18:00:00Z",
            "2026-04-05T18:00:00Z",
            vec!["2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"],
        ),
    ];
    for (pattern, zone, from, to, expected) in cases {
        assert_eq!(texts(&cron(pattern, zone), from, to), expected, "{pattern} in {zone}");
    }
    // Asked in the middle of the repeated hour, in either half.
    let daily = cron("30 2 * * *", "Europe/Berlin");
    for now in ["2026-10-25T00:45:00Z", "2026-10-25T01:15:00Z", "2026-10-25T01:45:00Z"] {
        assert_eq!(text(daily.next(at(now)).unwrap()), "2026-10-26T01:30:00Z", "{now}");
        assert_eq!(text(daily.previous(at(now)).unwrap()), "2026-10-25T00:30:00Z", "{now}");
    }
}

#[test]
fn a_pattern_that_says_how_often_keeps_its_pace() {
    for (zone, from, to) in [
        ("Europe/Berlin", "2026-03-29T00:00:00Z", "2026-03-29T04:00:00Z"),
        ("Europe/Berlin", "2026-10-25T00:00:00Z", "2026-10-25T04:00:00Z"),
        ("America/New_York", "2026-03-08T05:00:00Z", "2026-03-08T09:00:00Z"),
        ("America/New_York", "2026-11-01T04:00:00Z", "2026-11-01T08:00:00Z"),
        ("Australia/Lord_Howe", "2026-04-04T13:00:00Z", "2026-04-04T17:00:00Z"),
        ("Australia/Lord_Howe", "2026-10-03T13:00:00Z", "2026-10-03T17:00:00Z"),
    ] {
        let times = between(&cron("*/5 * * * *", zone), at(from), at(to));
        assert_eq!(times.len(), 48, "{zone} {from}");
        for pair in times.windows(2) {
            assert_eq!(pair[1].since(pair[0]), Duration::from_secs(300), "{zone} {from}");
        }
    }
    // Each hour of the repeated one has its own; the skipped one has none.
    let hours = cron("0 */2 * * *", "Europe/Berlin");
    assert_eq!(
        texts(&hours, "2026-10-24T22:30:00Z", "2026-10-25T03:30:00Z"),
        ["2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", "2026-10-25T03:00:00Z"]
    );
    assert_eq!(
        texts(&hours, "2026-03-28T23:30:00Z", "2026-03-29T04:30:00Z"),
        ["2026-03-29T02:00:00Z", "2026-03-29T04:00:00Z"]
    );
}

#[test]
fn zones_with_odd_histories_are_followed() {
    // Local mean time of Amsterdam, 19 minutes and 32 seconds ahead, until 1937.
    let noon = cron("0 12 * * *", "Europe/Amsterdam");
    let found = text(noon.next(at("1909-06-01T00:00:00Z")).unwrap());
    let reading = zone("Europe/Amsterdam").to_datetime(found.parse().unwrap());
    assert_eq!(reading.to_string(), "1909-06-01T12:00:00");
    assert!(noon.previous(at("1890-01-01T00:00:00Z")).is_some());
    // Morocco puts its clock back for Ramadan and forward after it.
    let morning = cron("30 2 * * *", "Africa/Casablanca");
    assert_eq!(
        texts(&morning, "2026-02-14T12:00:00Z", "2026-02-16T12:00:00Z"),
        ["2026-02-15T01:30:00Z", "2026-02-16T02:30:00Z"]
    );
}

#[test]
fn rare_patterns_are_found_and_impossible_ones_are_not() {
    let begun = Instant::now();
    for (pattern, next) in [
        ("0 0 29 2 *", "2028-02-29T00:00:00Z"),
        ("0 0 29 2 +MON", "2044-02-29T00:00:00Z"),
        ("*/10 0 29 2 *", "2028-02-29T00:00:00Z"),
        ("0 0 L 2 *", "2027-02-28T00:00:00Z"),
        ("0 0 * * 5#5", "2026-05-29T00:00:00Z"),
        ("59 59 23 31 12 *", "2026-12-31T23:59:59Z"),
    ] {
        let found = cron(pattern, "UTC").next(at("2026-05-01T00:00:00Z"));
        assert_eq!(found.map(text).as_deref(), Some(next), "{pattern}");
        let berlin = cron(pattern, "Europe/Berlin").next(at("2026-05-01T00:00:00Z"));
        assert!(berlin.is_some(), "{pattern}");
    }
    // Over the turn of a century there are eight years between two leap days.
    let found = cron("0 0 29 2 *", "UTC").next(at("2096-03-01T00:00:00Z"));
    assert_eq!(found.map(text).as_deref(), Some("2104-02-29T00:00:00Z"));
    for pattern in ["0 0 30 2 *", "0 0 31 4,6,9,11 *", "* * 30 2 *"] {
        for zone in ["UTC", "Europe/Berlin"] {
            let timetable = cron(pattern, zone);
            assert_eq!(timetable.next(at("2026-05-01T00:00:00Z")), None, "{pattern}");
            assert_eq!(timetable.previous(at("2026-05-01T00:00:00Z")), None, "{pattern}");
        }
    }
    assert!(begun.elapsed() < Duration::from_secs(20), "a search must not take long");
}

#[test]
fn a_text_that_is_no_pattern_is_refused() {
    for bad in ["", "* * * *", "* * * * * * *", "1 2 3", "every day", "@often"] {
        assert!(CronPattern::parse(bad).is_err(), "{bad}");
    }
    for bad in [
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 8",
        "a * * * *",
        "*/0 * * * *",
        "5-1 * * * *",
        "1, * * * *",
        ",1 * * * *",
        "1,,2 * * * *",
    ] {
        assert!(matches!(CronPattern::parse(bad), Err(CronError::Malformed(_))), "{bad}");
    }
    assert_eq!(CronPattern::parse("* * * *").unwrap_err(), CronError::Fields(4));
    assert_eq!(CronPattern::parse(&"*".repeat(300)).unwrap_err(), CronError::TooLong);
    for good in [
        "*/5 * * * *",
        "0 0 9-17 * * MON-FRI",
        "0 12 1 JAN *",
        "@hourly",
        "@daily",
        "  0   0 * * 7 ",
    ] {
        assert!(CronPattern::parse(good).is_ok(), "{good}");
    }
}

#[test]
fn only_patterns_without_a_star_in_the_time_of_day_are_fixed() {
    for (pattern, fixed) in [
        ("30 2 * * *", true),
        ("0,30 9-17 * * 1-5", true),
        ("15 30 2 * * *", true),
        ("@daily", true),
        ("@hourly", false),
        ("*/5 2 * * *", false),
        ("0 */2 * * *", false),
        ("* 30 2 * * *", false),
    ] {
        assert_eq!(CronPattern::parse(pattern).unwrap().is_fixed(), fixed, "{pattern}");
    }
}

#[test]
fn an_interval_counts_from_its_anchor() {
    let timetable = every(600, "2026-01-01T00:03:07.250Z");
    assert_eq!(
        texts(&timetable, "2025-01-01T00:00:00Z", "2026-01-01T00:30:00Z"),
        ["2026-01-01T00:13:07.25Z", "2026-01-01T00:23:07.25Z"]
    );
    assert_eq!(timetable.previous(at("2026-01-01T00:13:07.249Z")), None);
    assert_eq!(
        timetable.count(at("2026-01-01T00:03:08Z"), at("2036-01-01T00:00:00Z"), 1),
        525_887
    );
    // The end of time is no reason to panic.
    let end = Timestamp::from_millis(i64::MAX);
    assert_eq!(timetable.next(end), None);
    assert!(timetable.previous(end).is_some());
    assert_eq!(cron("* * * * *", "UTC").next(end), None);
}
