//! Retry policies, and which one holds for a step.

use std::time::Duration;

use serde_json::Value;

use super::fields::{RETRY, Shape};
use super::object::{Entry, Object, Table, shape_of};
use crate::definition::model::{Backoff, Jitter, RetryPolicy};
use crate::definition::report::{Report, excerpt};
use crate::effect::EffectClass;

/// What holds for steps that say nothing else.
#[derive(Default)]
pub(super) struct Defaults {
    pub(super) timeout: Option<Duration>,
    pub(super) retry: Option<RetryPolicy>,
}

/// Of one attempt, when nobody says anything.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(60);
/// The most codes in `on`.
const MAX_CODES: usize = 32;
/// Bytes of one.
const MAX_CODE: usize = 64;

impl Defaults {
    pub(super) fn attempt_timeout(&self, own: Option<Duration>) -> Duration {
        own.or(self.timeout).unwrap_or(ATTEMPT_TIMEOUT)
    }

    /// The step's own policy; else none for `once`, which the defaults never cover; else the defaults.
    pub(super) fn retry(&self, own: Option<RetryPolicy>, effect: EffectClass) -> RetryPolicy {
        match own {
            Some(own) => own,
            None if effect == EffectClass::Once => RetryPolicy::never(),
            None => self.retry.clone().unwrap_or_else(RetryPolicy::never),
        }
    }
}

/// A duration within the bounds of its field in `table`.
pub(super) fn bounded_duration(
    entry: Option<Entry<'_>>,
    table: &[super::fields::Field],
    name: &str,
    report: &mut Report,
) -> Option<Duration> {
    match shape_of(table, name) {
        Some(Shape::Duration(least, most)) => entry?.duration(least, most, report),
        _ => None,
    }
}

pub(super) fn retry(entry: &Entry<'_>, report: &mut Report) -> Option<RetryPolicy> {
    let table = Table::new("a retry policy", RETRY);
    let object = Object::open(entry.value, &entry.place, &table, report)?;
    let default = Backoff::default();
    let max_attempts = match (object.get("max_attempts"), shape_of(RETRY, "max_attempts")) {
        (Some(entry), Some(Shape::Whole(least, most))) => entry.whole(least, most, report),
        _ => None,
    };
    let initial = bounded_duration(object.get("initial"), RETRY, "initial", report).unwrap_or(default.initial);
    let max = bounded_duration(object.get("max"), RETRY, "max", report);
    if let (Some(max), Some(entry)) = (max, object.get("max"))
        && max < initial
    {
        report.error(&entry.place, "out-of-range", "`max` is shorter than `initial`");
    }
    let multiplier = match (object.get("multiplier"), shape_of(RETRY, "multiplier")) {
        (Some(entry), Some(Shape::Factor(least, most))) => entry.factor(least, most, report),
        _ => None,
    };
    let jitter = match (object.get("jitter"), shape_of(RETRY, "jitter")) {
        (Some(entry), Some(Shape::Choice(choices))) => entry.choice(choices, report),
        _ => None,
    };
    let on = object.get("on").map(|entry| codes(&entry, report));
    Some(RetryPolicy {
        max_attempts: u32::try_from(max_attempts?).ok()?,
        backoff: Backoff {
            initial,
            multiplier: multiplier.unwrap_or(default.multiplier),
            max: max.unwrap_or_else(|| default.max.max(initial)),
            jitter: match jitter {
                Some("none") => Jitter::None,
                Some("equal") => Jitter::Equal,
                _ => Jitter::Full,
            },
        },
        on,
        set: true,
    })
}

/// Error codes, or what many of them begin with.
fn codes(entry: &Entry<'_>, report: &mut Report) -> Vec<String> {
    let Some(items) = entry.items(report) else {
        return Vec::new();
    };
    if items.is_empty() || items.len() > MAX_CODES {
        let message =
            format!("`on` names 1 to {MAX_CODES} error codes; leave it out to retry on every retryable error");
        report.error(&entry.place, "out-of-range", message);
    }
    let mut codes = Vec::new();
    for (at, item) in items.iter().enumerate() {
        match item {
            Value::String(code) if is_pattern(code) => codes.push(code.clone()),
            // It would name what is never retried as well.
            Value::String(code) if code == "*" => {
                let message =
                    "`*` stands only behind what codes begin with (`exit-code-*`); `any` is every retryable error";
                report.error(&entry.place.item(at), "bad-error-code", message);
            }
            Value::String(code) => {
                let code = excerpt(code);
                let message = format!(
                    "`{code}` is no error code: they look like `timeout`, `http-status-503`, `http-status-5xx`, \
                     `exit-code-*`, `any`"
                );
                report.error(&entry.place.item(at), "bad-error-code", message);
            }
            _ => report.error(&entry.place.item(at), "wrong-type", "an error code is a string"),
        }
    }
    codes
}

/// A code, or its beginning with a `*` behind it. Also what stands for a class (`http-status-5xx`) is spelled like a code.
fn is_pattern(pattern: &str) -> bool {
    pattern.len() <= MAX_CODE && is_code(pattern.strip_suffix('*').unwrap_or(pattern))
}

fn is_code(code: &str) -> bool {
    code.len() <= MAX_CODE
        && code.starts_with(|c: char| c.is_ascii_lowercase())
        && code
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
