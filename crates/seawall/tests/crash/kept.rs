//! Whether runs took what people were promised that they would take.

use crate::firings::Up;
use crate::people::{Promise, Said};
use crate::told::Journal;

/// An event's time is that of its decision, which may be this much older than its commit, and than what a client was told
/// then.
const SLACK_MS: i64 = 2000;

/// A message that is durable is taken by a run that goes on once servers were there for so long in all, however busy the
/// machine is.
const TAKEN_WITHIN_MS: i64 = 1000;

/// When a message that was acknowledged then is taken at the latest.
fn taken_by(answered: i64, ups: &[Up]) -> i64 {
    let mut left = TAKEN_WITHIN_MS;
    for up in ups {
        let from = up.from.max(answered);
        if up.to - from >= left {
            return from + left;
        }
        left -= (up.to - from).max(0);
    }
    i64::MAX
}

/// From one retry to the next.
struct Life<'a> {
    marks: &'a [(String, i64)],
}

impl Life<'_> {
    fn was_there(&self, promise: &Promise) -> bool {
        let begun = self.marks.first().is_some_and(|(_, at)| *at <= promise.answered);
        let ended = self.marks.last().is_some_and(|(_, at)| at + SLACK_MS >= promise.sent);
        begun && ended
    }

    fn first(&self, kinds: &[&str]) -> Option<i64> {
        let of_kind = |(kind, _): &&(String, i64)| kinds.contains(&&**kind);
        self.marks.iter().find(of_kind).map(|(_, at)| *at)
    }

    /// It began to stop, or had ended, before the message could be taken.
    fn stopped_by(&self, latest: i64) -> bool {
        let stops = [
            "step.failed",
            "run.timed_out",
            "run.rejected",
            "run.superseded",
            "run.cancel_requested",
            "run.succeeded",
            "run.failed",
            "run.cancelled",
        ];
        self.first(&stops).is_some_and(|at| at <= latest)
    }

    fn has_ended_by(&self, latest: i64) -> bool {
        let end = self.marks.last().map(|(_, at)| *at);
        end.is_some_and(|at| at <= latest)
    }
}

/// The lives of a run: each begins with its creation or a retry.
fn lives(journal: &Journal) -> Vec<Life<'_>> {
    let mut rest = &journal.marks[..];
    let mut lives = Vec::new();
    while let Some(end) = rest.iter().skip(1).position(|(kind, _)| kind == "run.retried") {
        let (life, after) = rest.split_at(end + 1);
        lives.push(Life { marks: life });
        rest = after;
    }
    lives.push(Life { marks: rest });
    lives
}

/// An acknowledged message stands in the journal, unless its run stopped before it could be taken.
pub(crate) fn is_kept(promise: &Promise, journal: &Journal, ups: &[Up]) {
    let latest = taken_by(promise.answered, ups);
    let lives = lives(journal);
    let there = || lives.iter().filter(|life| life.was_there(promise));
    let kept = match &promise.said {
        Said::Signal { id, payload } => match journal.signals.get(id) {
            Some(got) => got.as_u64() == Some(*payload),
            None => there().any(|life| life.has_ended_by(latest)),
        },
        Said::Decision { approval, decision } => match journal.decisions.get(approval) {
            Some((decided, at)) => decided == decision || (decided == "expired" && *at <= promise.answered),
            None => there().any(|life| life.stopped_by(latest)),
        },
        Said::Cancel => there().any(|life| life.first(&["run.cancel_requested"]).is_some() || life.stopped_by(latest)),
        Said::Pause => there().any(|life| life.first(&["run.paused"]).is_some() || life.stopped_by(latest)),
        Said::Retry => journal
            .marks
            .iter()
            .any(|(kind, at)| kind == "run.retried" && *at >= promise.sent),
    };
    assert!(
        kept,
        "{promise:?} was acknowledged, and its run never took it: {:?}",
        journal.marks
    );
}
