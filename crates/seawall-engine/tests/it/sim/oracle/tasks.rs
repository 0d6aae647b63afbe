//! Tasks: what a worker was told counts does, and nothing else.

use std::collections::BTreeMap;

use seawall_engine::JournalItem;
use seawall_engine::store::{RunId, TaskEnder, TaskId};

use crate::sim::journal::{Fact, activity, fact, text};
use crate::sim::oracle::{Ended, Findings, Seen};
use crate::sim::workers::{Had, Word};

/// Each end of a task in the journal is what somebody has said of it, or that nobody has.
pub(super) fn judge(ended: &Ended, seen: &Seen, found: &mut Findings) {
    let run = ended.record.id;
    for (at, item) in ended.journal.iter().enumerate() {
        if item.kind != "task.claimed" {
            continue;
        }
        let Some(id) = task_of(item) else {
            found.0.push(format!("{run}: no task stands at {}", item.seq));
            continue;
        };
        let Some(had) = seen.tasks.0.get(&id) else {
            // A worker died with the answer to its claim.
            let lapsed = seen.witness.task_ended_by(id) == Some(TaskEnder::Lapse);
            found.unless(lapsed, || format!("{run}: no worker had {id}"));
            continue;
        };
        let own = ended.journal[..at]
            .iter()
            .rev()
            .filter(|item| activity(item).as_ref() == Some(&had.activity));
        let begun = own.filter_map(fact).next();
        found.unless(begun == Some(Fact::Started(had.attempt)), || {
            format!("{run}: {id} is of attempt {}, under way is {begun:?}", had.attempt)
        });
        let settled = settled(&ended.journal, at);
        let agrees = match (seen.witness.task_ended_by(id), settled) {
            // Nobody needs what it has found, or it looked into another attempt.
            (Some(_), Some((_, Fact::Cancelled | Fact::Deferred))) if had.activity.ends_with(".reconcile") => true,
            (Some(TaskEnder::Worker), Some((item, Fact::Succeeded))) => {
                had.words.iter().any(|(word, _)| gives(word, item))
            }
            (Some(TaskEnder::Worker), Some((_, Fact::Failed))) => had.words.iter().any(|(word, _)| may_fail(word, had)),
            (Some(TaskEnder::Lapse), Some((_, Fact::Unknown))) => had.once,
            (Some(TaskEnder::Lapse), Some((_, Fact::Deferred | Fact::Failed | Fact::Cancelled))) => !had.once,
            _ => false,
        };
        found.unless(agrees, || {
            let by = seen.witness.task_ended_by(id);
            format!("{run}: {id} was ended by {by:?} and is settled as {settled:?}: {had:?}")
        });
    }
}

/// What was acknowledged stands in the journal.
pub(super) fn words_are_kept(by_id: &BTreeMap<RunId, &Ended>, seen: &Seen, found: &mut Findings) {
    for (id, had) in &seen.tasks.0 {
        let Some((word, _)) = had.words.iter().find(|(_, taken)| *taken) else {
            continue;
        };
        let Some(ended) = by_id.get(&had.run) else {
            found.unless(seen.gone.contains(&had.run), || format!("{id} is of no run: {had:?}"));
            continue;
        };
        let claimed = |item: &JournalItem| item.kind == "task.claimed" && task_of(item) == Some(*id);
        let kept = ended
            .journal
            .iter()
            .position(claimed)
            .and_then(|at| settled(&ended.journal, at));
        let kept = match kept {
            _ if had.activity.ends_with(".reconcile") => kept.is_some(),
            Some((item, Fact::Succeeded)) => gives(word, item),
            Some((_, Fact::Failed)) => *word == Word::Failed,
            _ => false,
        };
        found.unless(kept, || {
            format!("{id}: its worker's word was taken and is lost: {had:?}")
        });
    }
}

fn task_of(item: &JournalItem) -> Option<TaskId> {
    text(item, "task_id")?.parse().ok()
}

/// What follows the event at `at` about the same activity.
fn settled(journal: &[JournalItem], at: usize) -> Option<(&JournalItem, Fact)> {
    let of = activity(&journal[at]);
    let mut next = journal[at + 1..].iter().filter(|item| activity(item) == of);
    next.find_map(|item| Some((item, fact(item)?)))
}

fn gives(word: &Word, item: &JournalItem) -> bool {
    matches!(word, Word::Done(output) if item.data.get("output") == Some(output))
}

/// One that looks into an outcome fails when it is done without an answer.
fn may_fail(word: &Word, had: &Had) -> bool {
    *word == Word::Failed || had.activity.ends_with(".reconcile")
}
