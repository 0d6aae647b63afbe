//! Schedules: each firing made one run.

use std::collections::BTreeMap;

use crate::sim::oracle::{Ended, Findings, Seen};

pub(super) fn judge(all: &[Ended], seen: &Seen, found: &mut Findings) {
    let mut runs = BTreeMap::new();
    for ended in all {
        let run = ended.record.id;
        if let Some(firing) = ended.scheduled {
            let twice = runs.insert(firing, run);
            found.unless(twice.is_none(), || format!("{firing:?} made {run} and {twice:?}"));
        }
    }
    let fired = seen.witness.fired();
    for (firing, run) in &runs {
        found.unless(fired.get(firing) == Some(run), || {
            format!("{run} is of {firing:?}, which did not fire")
        });
    }
    for (firing, run) in &fired {
        let there = runs.get(firing) == Some(run) || seen.gone.contains(run);
        found.unless(there, || format!("{firing:?} made {run}, which does not exist"));
    }
}
