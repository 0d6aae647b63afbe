//! What was acknowledged.

use std::collections::BTreeMap;

use seawall_engine::store::RunId;

use crate::sim::oracle::{Ended, Findings, Seen};

/// What clients were told holds.
pub(super) fn acknowledged(runs: &[Ended], by_id: &BTreeMap<RunId, &Ended>, seen: &Seen, found: &mut Findings) {
    let book = &seen.book;
    let mut made: BTreeMap<u64, Vec<RunId>> = BTreeMap::new();
    for ended in runs.iter().filter(|ended| ended.record.parent.is_none()) {
        let request = ended
            .journal
            .first()
            .and_then(|item| item.data.get("input")?.get("request")?.as_u64());
        made.entry(request.unwrap_or(0)).or_default().push(ended.record.id);
    }
    for (request, acknowledged) in &book.created {
        for run in acknowledged.iter().filter(|run| !seen.gone.contains(run)) {
            found.unless(by_id.contains_key(run), || {
                format!("{run} was acknowledged and is lost")
            });
            let own = made.get(request).is_some_and(|made| made.contains(run));
            found.unless(own, || format!("{run} is not of the request {request}"));
        }
    }
    for request in &book.keyed {
        let made = made.get(request).map_or(0, Vec::len);
        found.unless(made <= 1, || {
            format!("the request {request} with a key made {made} runs")
        });
    }
    for (run, id) in &book.signals {
        let accepted = book
            .signals
            .iter()
            .filter(|signal| **signal == (*run, id.clone()))
            .count();
        found.unless(accepted == 1, || {
            format!("{run}: the signal {id} was accepted {accepted} times")
        });
    }
}
