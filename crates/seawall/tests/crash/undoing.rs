//! Undoing and doing again, as journals tell of it: what is in effect when a run stops is undone, last things first, and a
//! retry does again what failed or was undone, and nothing else.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::shapes::{Place, above, can_be_undone, doing, only_looks};
use crate::told::{Journal, Standing, places};

/// The activity that a compensation undoes.
fn undone_by((step, item): &Place) -> Option<Place> {
    let step = step.strip_suffix(".compensate")?;
    Some((step.to_owned(), *item))
}

impl Journal {
    /// What has succeeded here, is not undone yet, and can be: what succeeded last comes first.
    fn in_effect(&self) -> Vec<Place> {
        let mut done = Vec::new();
        for (place, told) in &self.activities {
            let own = !place.0.contains('.');
            if let Standing::Succeeded(seq) = told.standing
                && own
                && !told.undone
                && can_be_undone(doing(&self.definition, place))
            {
                done.push((seq, place.clone()));
            }
        }
        done.sort_by_key(|(seq, _)| std::cmp::Reverse(*seq));
        done.into_iter().map(|(_, place)| place).collect()
    }

    /// Compensation begins: of everything that is in effect, in the reverse order of its ends.
    pub(super) fn undoing(&mut self, listed: Vec<Place>) {
        let undone: Vec<Place> = listed.iter().filter_map(undone_by).collect();
        assert_eq!(
            undone,
            self.in_effect(),
            "{} undoes something else than what is in effect, or in another order",
            self.run
        );
        assert!(self.undo.is_none(), "{} is undone twice", self.run);
        self.undo = Some(listed.into());
    }

    /// One compensation after another: only the next one moves.
    pub(super) fn has_undone(&mut self, place: &Place) {
        let Some(main) = undone_by(place) else { return };
        let standing = self.activities[place].standing;
        let next = self.undo.as_ref().and_then(|undo| undo.front());
        assert_eq!(next, Some(place), "{} was not next to be undone", self.run);
        match standing {
            Standing::Succeeded(_) => {
                let told = self.activities.get_mut(&main).unwrap();
                told.undone = true;
            }
            Standing::Failed => {}
            Standing::Cancelled | Standing::Without => {
                panic!("{} {place:?} was given up: {standing:?}", self.run)
            }
            Standing::Open | Standing::Running | Standing::Unknown => return,
        }
        self.undo.as_mut().unwrap().pop_front();
    }

    /// A run that stops has undone what it can; one that succeeds keeps it.
    pub(super) fn is_undone(&self, end: &str) {
        let left = self.undo.as_ref().map(std::collections::VecDeque::len);
        match left {
            Some(left) => {
                assert_ne!(end, "run.succeeded", "{} was undone", self.run);
                assert_eq!(left, 0, "{} ended before it was undone", self.run);
            }
            None => {
                let kept = self.in_effect();
                assert!(
                    end == "run.succeeded" || kept.is_empty(),
                    "{} ended with {end} and never undid {kept:?}",
                    self.run
                );
            }
        }
    }

    pub(super) fn retried(&mut self, data: &Value) {
        let listed = places(&data["steps"]);
        for place in &listed {
            self.may_be_done_again(place, &listed);
        }
        let forgotten = self
            .activities
            .iter()
            .find(|(place, told)| told.undone && !listed.contains(place));
        assert!(
            forgotten.is_none(),
            "{} retries without what it undid: {forgotten:?}",
            self.run
        );
        let again: BTreeSet<String> = listed.iter().map(|(step, _)| step.clone()).collect();
        for place in &listed {
            self.reopen(place);
        }
        let anew: BTreeSet<&str> = data["anew"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let all: Vec<Place> = self.activities.keys().cloned().collect();
        for place in all {
            let standing = self.activities[&place].standing;
            let is_map = place.1.is_none() && doing(&self.definition, &place)["kind"] == "map";
            let whole = is_map && (standing == Standing::Failed || again.contains(&place.0));
            let rendered_again = place.1.is_some() && anew.contains(&*place.0);
            let undoes = place.0.ends_with(".compensate");
            if undoes || rendered_again {
                self.reopen(&place);
            } else if whole || standing == Standing::Cancelled {
                // It goes on under the key that it has.
                self.activities.get_mut(&place).unwrap().standing = Standing::Open;
            }
        }
        self.undo = None;
    }

    /// It failed and took the run with it, or it was undone: alone, or with its whole map; or it has no effect and needs what is
    /// done again.
    fn may_be_done_again(&self, place: &Place, listed: &[Place]) {
        let told = &self.activities[place];
        let whole = (place.0.clone(), None);
        let with_its_map = place.1.is_some() && self.activities.get(&whole).is_some_and(|map| map.undone);
        let on_error = doing(&self.definition, place)["on_error"].clone();
        let took_it = told.standing == Standing::Failed && (place.1.is_some() || on_error != "continue");
        let above = above(&self.definition, &place.0);
        let computed = only_looks(doing(&self.definition, &(place.0.clone(), None)));
        let behind = computed && listed.iter().any(|(step, _)| above.contains(&**step));
        assert!(
            told.undone || with_its_map || took_it || behind,
            "{} does {place:?} again, which neither failed nor was undone: {told:?}",
            self.run
        );
    }

    /// Under another key, unless the effect may count.
    fn reopen(&mut self, place: &Place) {
        let told = self.activities.get_mut(place).unwrap();
        let renewed = match told.standing {
            Standing::Succeeded(_) => true,
            Standing::Failed => !told.in_doubt,
            _ => false,
        };
        told.renewed += u32::from(renewed);
        told.in_doubt &= !renewed;
        told.undone = false;
        told.standing = Standing::Open;
    }
}
