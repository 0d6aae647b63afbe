//! Flow control: concurrency, rate, priority, debounce.

use std::time::Duration;

use seawall_store::{FlowEntry, Rate};

use super::fields::Shape;
use super::flow_fields::{CONCURRENCY, DEBOUNCE, RATE};
use super::object::{Entry, Object, Table, shape_of};
use super::policy::bounded_duration;
use super::with::{Templates, check_length};
use crate::definition::flow::{Concurrency, Conflict, DebounceRule, FlowControl, MAX_PRIORITY};
use crate::definition::rate::parse_rate;
use crate::definition::report::{Report, excerpt};
use crate::definition::template::{Template, has_template};

/// The most runs at once of which a new one may cancel all.
const MAX_CANCELLED: u32 = 100;
/// Without `max_wait`, so many periods.
const PERIODS: u32 = 10;

pub(super) fn flow(root: &Object<'_>, report: &mut Report) -> FlowControl {
    let (by_slots, over_time) = (root.get("concurrency"), root.get("rate"));
    let concurrency = by_slots.as_ref().map(|entry| concurrency(entry, report));
    let rate = over_time.as_ref().map(|entry| rate(entry, report));
    let debounce = root.get("debounce").and_then(|entry| debounce(&entry, report));
    let priority = root.get("priority").and_then(|entry| priority(&entry, report));
    if let (Some((_, a)), Some((_, b))) = (&concurrency, &rate)
        && a.as_ref().map(|a| a.value) != b.as_ref().map(|b| b.value)
        && let Some(entry) = &over_time
    {
        let message = "`concurrency` and `rate` hold for the same groups of runs: both need the same `key`, or none";
        report.error(&entry.place, "keys-differ", message);
    }
    let (concurrency, by_slot) = concurrency.unwrap_or_default();
    let (rate, by_rate) = rate.unwrap_or_default();
    let key = match (by_slot, by_rate) {
        (Some(entry), _) => Some((key(&entry, report), "/concurrency/key")),
        (None, Some(entry)) => Some((key(&entry, report), "/rate/key")),
        (None, None) => None,
    };
    FlowControl {
        concurrency,
        rate,
        key: key.and_then(|(template, pointer)| Some((template?, pointer))),
        debounce,
        priority,
    }
}

type Keyed<'v, T> = (Option<T>, Option<Entry<'v>>);

fn concurrency<'v>(entry: &'v Entry<'v>, report: &mut Report) -> Keyed<'v, Concurrency> {
    let limits = |entry: &Entry<'_>, report: &mut Report| match shape_of(CONCURRENCY, "limit") {
        Some(Shape::Whole(least, most)) => entry.whole(least, most, report),
        _ => None,
    };
    if !entry.value.is_object() {
        let limit = limits(entry, report).and_then(|limit| u32::try_from(limit).ok());
        let on_conflict = Conflict::Queue;
        return (limit.map(|limit| Concurrency { limit, on_conflict }), None);
    }
    let table = Table::new("`concurrency`", CONCURRENCY);
    let Some(object) = Object::open(entry.value, &entry.place, &table, report) else {
        return (None, None);
    };
    let limit = object.get("limit").and_then(|entry| limits(&entry, report));
    let on_conflict = match (object.get("on_conflict"), shape_of(CONCURRENCY, "on_conflict")) {
        (Some(entry), Some(Shape::Choice(choices))) => entry.choice(choices, report).and_then(Conflict::parse),
        _ => Some(Conflict::Queue),
    };
    let limit = limit.and_then(|limit| u32::try_from(limit).ok());
    if on_conflict == Some(Conflict::CancelRunning)
        && limit.is_some_and(|limit| limit > MAX_CANCELLED)
        && let Some(entry) = object.get("limit")
    {
        let message = format!("with `on_conflict: cancel_running` the limit is at most {MAX_CANCELLED}");
        report.error(&entry.place, "out-of-range", message);
    }
    let concurrency = limit.zip(on_conflict);
    let concurrency = concurrency.map(|(limit, on_conflict)| Concurrency { limit, on_conflict });
    (concurrency, entry.field("key"))
}

fn rate<'v>(entry: &'v Entry<'v>, report: &mut Report) -> Keyed<'v, Rate> {
    if entry.value.is_string() || !entry.value.is_object() {
        return (text_rate(entry, report), None);
    }
    let table = Table::new("`rate`", RATE);
    let Some(object) = Object::open(entry.value, &entry.place, &table, report) else {
        return (None, None);
    };
    let rate = object.get("limit").and_then(|entry| text_rate(&entry, report));
    (rate, entry.field("key"))
}

/// None also for `0`: no limit.
fn text_rate(entry: &Entry<'_>, report: &mut Report) -> Option<Rate> {
    // In YAML `0` is a number.
    if entry.value.as_u64() == Some(0) {
        return None;
    }
    let text = entry.text(report)?;
    match parse_rate(text) {
        Ok(rate) => rate,
        Err(error) => {
            let text = excerpt(text);
            report.error(&entry.place, "bad-rate", format!("`{text}`: {error}"));
            None
        }
    }
}

fn debounce(entry: &Entry<'_>, report: &mut Report) -> Option<DebounceRule> {
    let table = Table::new("`debounce`", DEBOUNCE);
    let object = Object::open(entry.value, &entry.place, &table, report)?;
    let period = bounded_duration(object.get("period"), DEBOUNCE, "period", report);
    let max_wait: Option<Duration> = bounded_duration(object.get("max_wait"), DEBOUNCE, "max_wait", report);
    if let (Some(period), Some(max_wait), Some(entry)) = (period, max_wait, object.get("max_wait"))
        && max_wait < period
    {
        report.error(&entry.place, "out-of-range", "`max_wait` is shorter than `period`");
    }
    let key = object.get("key").map(|entry| key(&entry, report));
    let period = period?;
    Some(DebounceRule {
        period,
        key: key.map_or(Some(None), |key| key.map(Some))?,
        max_wait: max_wait.unwrap_or(period.saturating_mul(PERIODS)),
    })
}

/// A text over the run's input; no step has done anything yet.
fn key(entry: &Entry<'_>, report: &mut Report) -> Option<Template> {
    let text = entry.text(report)?;
    if text.is_empty() {
        report.error(
            &entry.place,
            "empty",
            "a key is not empty; leave it out for one group of all runs",
        );
        return None;
    }
    if !has_template(text) {
        check_length(text, FlowEntry::MAX_KEY, &entry.place, report);
    }
    early(entry, report)
}

fn priority(entry: &Entry<'_>, report: &mut Report) -> Option<Template> {
    let whole = entry.value.as_i64();
    let is_template = entry.value.as_str().is_some_and(has_template);
    let most = i64::from(MAX_PRIORITY);
    if !is_template && !whole.is_some_and(|rank| (-most..=most).contains(&rank)) {
        let message = "a priority is a whole number from -100 to 100, or a template that gives one";
        report.error(&entry.place, "out-of-range", message);
        return None;
    }
    early(entry, report)
}

/// A template that is rendered before the run begins.
fn early(entry: &Entry<'_>, report: &mut Report) -> Option<Template> {
    let mut templates = Templates::new(None);
    let mut compiling = templates.compiling(false, report);
    compiling.before_run = true;
    let template = Template::compile(entry.value, &entry.place, &mut compiling);
    for reference in &templates.references {
        let message = "only `input`, `run.id` and `run.created_at` can be looked at before the run begins";
        report.error_at(&reference.pointer, "not-allowed-here", message.to_owned());
    }
    templates.references.is_empty().then_some(template)
}
