//! Answers as text in which only what the contract promises is left.

use std::fmt::Debug;

use crate::error::{StoreError, StoreResult};
use crate::ids::{RunKey, Seq};
use crate::records::{
    ClaimedRun, CreatedRun, HeldRun, InboxRow, JournalPage, Lease, LoadedRun, PageOf, RunRecord, Segment,
};

/// An answer or a refusal, by what the caller can tell apart.
pub(super) fn answer<T>(result: StoreResult<T>, show: impl FnOnce(T) -> String) -> String {
    match result {
        Ok(value) => show(value),
        Err(StoreError::RunIs(status)) => format!("refused: the run is {status}"),
        // Display names the kind and leaves the backend's own words to the source.
        Err(error) => format!("refused: {error}"),
    }
}

pub(super) fn plain<T: Debug>(value: T) -> String {
    format!("{value:#?}")
}

pub(super) fn record(record: RunRecord) -> String {
    plain(RunRecord {
        key: RunKey(0),
        ..record
    })
}

pub(super) fn lease(lease: &Lease) -> String {
    format!(
        "{} of {} by {} at {}",
        lease.run, lease.tenant, lease.node, lease.epoch.0
    )
}

pub(super) fn held(mut held: Vec<HeldRun>) -> String {
    held.sort_by_key(|held| held.lease.run);
    lines(held.iter().map(|held| {
        let HeldRun {
            lease: of,
            deaths,
            last_seq,
        } = held;
        format!("{} after {deaths} deaths, up to {last_seq}", lease(of))
    }))
}

pub(super) fn created(created: CreatedRun) -> String {
    match created {
        CreatedRun::New { lease: held } => format!("new {:?}", held.as_ref().map(lease)),
        CreatedRun::Replayed(kept) => format!("replayed {}", record(*kept)),
    }
}

pub(super) fn claimed(claimed: &[ClaimedRun]) -> String {
    lines(
        claimed
            .iter()
            .map(|run| format!("{} after {} deaths", lease(&run.lease), run.deaths)),
    )
}

pub(super) fn page<T>(page: PageOf<T>, show: impl Fn(T) -> String) -> String {
    let more = page.next.is_some();
    format!("{}\nmore: {more}", lines(page.items.into_iter().map(show)))
}

pub(super) fn inbox(rows: &[InboxRow]) -> String {
    lines(
        rows.iter()
            .map(|row| format!("{} {}", row.key.0, String::from_utf8_lossy(&row.body))),
    )
}

pub(super) fn loaded(run: LoadedRun) -> String {
    format!(
        "{}\n{}\n{}",
        record(run.record),
        journal(&run.segments, Seq(0)),
        inbox(&run.inbox)
    )
}

pub(super) fn journal_page(part: JournalPage, after: Seq) -> String {
    format!("{}\n{}", record(part.record), journal(&part.segments, after))
}

/// Each of the differential's events is a line of text, so that segments can be taken apart.
fn journal(segments: &[Segment], after: Seq) -> String {
    let mut events = Vec::new();
    for segment in segments {
        let text = String::from_utf8_lossy(&segment.bytes).into_owned();
        let places = segment.first.0..;
        events.extend(
            places
                .zip(text.lines().map(str::to_owned))
                .filter(|(place, _)| *place > after.0),
        );
    }
    lines(events.iter().map(|(place, text)| format!("{place}: {text}")))
}

pub(super) fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<_>>().join("\n")
}
