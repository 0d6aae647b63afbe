//! The judgement over everything together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use seawall_engine::store::RunId;

use crate::sim::book::Page;
use crate::sim::effects::Begun;
use crate::sim::oracle::journals::Ended;
use crate::sim::oracle::{forks, runs, schedules, tasks, told, undo};
use crate::sim::witness::Witness;
use crate::sim::workers::Log;

/// What happened besides what the journals say.
pub(crate) struct Seen {
    pub(crate) effects: Vec<Begun>,
    pub(crate) tasks: Log,
    pub(crate) book: Page,
    pub(crate) witness: Arc<Witness>,
    /// Runs that retention has taken away.
    pub(crate) gone: BTreeSet<RunId>,
}

impl Seen {
    /// Every effect key under which something was done.
    pub(super) fn keys(&self) -> impl Iterator<Item = (RunId, &str, &str)> {
        let effects = self
            .effects
            .iter()
            .map(|begun| (begun.run, &*begun.activity, &*begun.key));
        let tasks = self.tasks.0.values().map(|had| (had.run, &*had.activity, &*had.key));
        effects.chain(tasks)
    }
}

/// Everything that is not as it must be.
#[derive(Default)]
pub(crate) struct Findings(pub(crate) Vec<String>);

impl Findings {
    pub(super) fn unless(&mut self, holds: bool, text: impl FnOnce() -> String) {
        if !holds {
            self.0.push(text());
        }
    }
}

/// Looks at everything together.
pub(crate) fn judge(all: &[Ended], seen: &Seen, found: &mut Findings) {
    let by_id: BTreeMap<RunId, &Ended> = all.iter().map(|ended| (ended.record.id, ended)).collect();
    for ended in all {
        runs::judge(ended, seen, found);
        runs::children_agree(ended, &by_id, seen, found);
        undo::judge(ended, found);
        tasks::judge(ended, seen, found);
        forks::judge(ended, &by_id, found);
    }
    for begun in &seen.effects {
        match by_id.get(&begun.run) {
            Some(ended) => runs::effect_agrees(begun, ended, found),
            None if seen.gone.contains(&begun.run) => {}
            // A pure or read step may run before the run is durable, and its creation may fail.
            None => found.unless(!runs::waits_for_durability(begun), || format!("{begun:?} is of no run")),
        }
    }
    keys_are_own(seen, found);
    tasks::words_are_kept(&by_id, seen, found);
    schedules::judge(all, seen, found);
    told::acknowledged(all, &by_id, seen, found);
}

/// No two activities share an effect key.
fn keys_are_own(seen: &Seen, found: &mut Findings) {
    let mut owners: BTreeMap<&str, (RunId, &str)> = BTreeMap::new();
    for (run, of, key) in seen.keys() {
        let owner = *owners.entry(key).or_insert((run, of));
        found.unless(owner == (run, of), || format!("{run} {of} has the key of {owner:?}"));
    }
}
