//! What must be true in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use futures_util::StreamExt as _;
use serde_json::Value;

use crate::api::Api;
use crate::effects::Effects;
use crate::firings::{self, Up};
use crate::flow::Flow;
use crate::kept::is_kept;
use crate::load::Load;
use crate::shapes::{Place, doing, is_effectful, is_once};
use crate::told::{Journal, read};
use crate::words::{self, Word};

/// So many journals are read at once.
const AT_ONCE: usize = 8;

pub(crate) struct Report {
    runs: usize,
    firings: usize,
    forks: usize,
    effects: usize,
    unknown: usize,
    reconciled: usize,
    undone: usize,
    promises: usize,
    words: usize,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} runs ({} by the schedule, {} forks), {} effects, {} unknown outcomes ({} settled anew), {} steps undone, {} \
             messages and {} words of workers acknowledged",
            self.runs,
            self.firings,
            self.forks,
            self.effects,
            self.unknown,
            self.reconciled,
            self.undone,
            self.promises,
            self.words
        )
    }
}

/// What there is to be held against each other.
pub(crate) struct Evidence<'a> {
    pub(crate) load: &'a Load,
    pub(crate) effects: &'a Effects,
    /// Every run's view.
    pub(crate) ended: &'a [Value],
    pub(crate) schedule: &'a Value,
    pub(crate) ups: &'a [Up],
    pub(crate) words: &'a [Word],
}

/// What journals say, by run.
type Books = BTreeMap<String, Journal>;

pub(crate) async fn check(api: &Api, evidence: &Evidence<'_>) -> Report {
    let Evidence {
        load, effects, ended, ..
    } = *evidence;
    let entries = ended.iter().map(|view| async move {
        let run = view["id"].as_str().unwrap();
        (run.to_owned(), read(api, run, load.definition(view)).await)
    });
    let books: Books = futures_util::stream::iter(entries)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    all_runs_were_asked_for(load, ended, &books);
    for promise in load.people.promises.lock().iter() {
        is_kept(promise, &books[&promise.run], evidence.ups);
    }
    words::check(evidence.words, &books);
    effects_are_those_of_journals(effects, &books);
    forks_took_over_what_was_settled(&books);
    let mut flow = Flow::default();
    for view in ended {
        flow.enter(view, &books[view["id"].as_str().unwrap()]);
    }
    flow.check();
    let told = || books.values().flat_map(|journal| &journal.activities);
    Report {
        firings: firings::check(evidence.schedule, ended, evidence.ups),
        forks: books.values().filter(|journal| journal.forked_from.is_some()).count(),
        effects: effects.requests().len() + effects.written().len(),
        unknown: told().map(|(_, told)| told.unknown as usize).sum(),
        reconciled: told().filter(|(_, told)| told.unknown > 0 && told.renewed > 0).count(),
        undone: told()
            .filter(|((step, _), told)| step.ends_with(".compensate") && told.succeeded > 0)
            .count(),
        promises: load.people.promises.lock().len(),
        words: evidence.words.len(),
        runs: books.len(),
    }
}

/// Every promised run is there, and no other but children and firings.
fn all_runs_were_asked_for(load: &Load, ended: &[Value], books: &Books) {
    let listed: BTreeSet<&str> = books.keys().map(String::as_str).collect();
    assert_eq!(listed.len(), ended.len(), "a run stands in the list twice");
    let promised = load.promised.lock();
    let mut expected: BTreeSet<&str> = promised.values().map(String::as_str).collect();
    assert_eq!(expected.len(), promised.len(), "two keys gave one run");
    for journal in books.values() {
        for child in &journal.children {
            assert!(expected.insert(child), "{child} is a child twice");
        }
    }
    let fired = ended.iter().filter(|view| !view["schedule"].is_null());
    expected.extend(fired.filter_map(|view| view["id"].as_str()));
    let lost: Vec<_> = expected.difference(&listed).collect();
    assert!(lost.is_empty(), "promised and not found: {lost:?}");
    let unasked: Vec<_> = listed.difference(&expected).collect();
    assert!(unasked.is_empty(), "nobody asked for {unasked:?}");
}

/// How often each key of an activity has had its effect. What commands write has no key: each line stands for one.
#[derive(Default, Debug)]
struct Happened {
    keys: BTreeMap<String, u32>,
    times: u32,
}

fn effects_are_those_of_journals(effects: &Effects, books: &Books) {
    let mut happened: BTreeMap<(String, Place), Happened> = BTreeMap::new();
    for effect in effects.requests() {
        assert!(!effect.key.is_empty(), "an effect without its key: {effect:?}");
        let of = happened.entry((effect.run, (effect.step, effect.item))).or_default();
        of.times += 1;
        *of.keys.entry(effect.key).or_default() += 1;
    }
    for (run, step) in effects.written() {
        let of = happened.entry((run, (step, None))).or_default();
        of.times += 1;
        of.keys.insert(format!("line {}", of.times), 1);
    }
    for ((run, place), of) in &happened {
        let journal = books.get(run);
        let journal = journal.unwrap_or_else(|| panic!("an effect of a run that nobody knows: {run} {place:?}"));
        has_its_reasons(journal, place, of);
    }
    for journal in books.values() {
        for (place, told) in &journal.activities {
            let times = happened.get(&(journal.run.clone(), place.clone()));
            let keys = times.map_or(0, |of| of.keys.len());
            // Each time that it succeeded it had another key.
            assert!(
                !is_effectful(doing(&journal.definition, place)) || keys >= told.succeeded as usize,
                "{} {place:?} was recorded as done and never happened: {told:?}, {times:?}",
                journal.run
            );
        }
    }
}

/// What happened was begun, under no more keys than the journal has reasons for; what is `once` under each key one time, and no
/// more often than attempts ended.
fn has_its_reasons(journal: &Journal, place: &Place, of: &Happened) {
    let run = &journal.run;
    let told = journal.activities.get(place);
    let told = told.unwrap_or_else(|| panic!("{run} {place:?} happened and its journal does not know"));
    assert!(
        told.started > 0 && !told.copied,
        "{run} {place:?} happened and was never begun: {told:?}"
    );
    assert!(
        of.keys.len() <= 1 + told.renewed as usize,
        "{run} {place:?} happened anew without a reason: {of:?}, {told:?}"
    );
    if is_once(doing(&journal.definition, place)) {
        let most = of.keys.values().max().copied().unwrap_or(0);
        assert!(
            most <= 1,
            "{run} {place:?} is `once` and happened {most} times: {told:?}"
        );
        assert!(
            of.times <= told.ended,
            "{run} {place:?} happened and has no end in the journal: {of:?}, {told:?}"
        );
    }
}

/// What a fork has copied stood in the other run's journal, or was copied there.
fn forks_took_over_what_was_settled(books: &Books) {
    for fork in books.values() {
        let Some(source) = fork.forked_from.as_ref().map(|source| &books[source]) else {
            continue;
        };
        for (step, output) in &fork.copies {
            let own = source.outputs.get(step).is_some_and(|outputs| outputs.contains(output));
            let assembled = doing(&fork.definition, &(step.clone(), None))["kind"] == "map";
            let handed_on = source.copies.get(step) == Some(output);
            assert!(
                own || assembled || handed_on || output == "null",
                "{} has copied {output} for {step}, which {} never had",
                fork.run,
                source.run
            );
        }
    }
}
