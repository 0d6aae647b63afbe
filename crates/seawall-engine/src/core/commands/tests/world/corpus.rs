//! Runs that were recorded once and replay for ever: what this program decides today is what it decided then.
//!
//! A divergence here means that runs in other people's stores would go on otherwise than they began. If that is meant, the
//! corpus is written anew with `cargo test -p seawall-engine --lib renew_the_corpus -- --ignored`, and the change is told.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use seawall_store::RunStatus;
use serde_json::json;

use super::op::op;
use super::plan::plan;
use super::property::{driven, led_to_its_end};
use crate::core::commands::tests::kit::{START, Subject, act, activity, by, error, registry, with};
use crate::core::{Command, CopiedStatus, Event, Message, Recorded, Resolution, StepCopied};
use crate::datum::Datum;
use crate::executor::{Outcome, StepError};
use crate::export::{DocumentRun, RunDocument, Source, write};
use crate::journal::{arbitrary, encode};
use crate::replay::{Verdict, replay};

/// Journals longer than this are not kept.
const LONGEST: usize = 60;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

#[test]
fn recorded_runs_are_decided_as_they_were() {
    let mut met = BTreeSet::new();
    let mut files: Vec<PathBuf> = fs::read_dir(folder())
        .expect("the corpus is there")
        .map(|entry| entry.expect("a file").path())
        .collect();
    files.sort();
    for file in files {
        let name = file.display().to_string();
        let document = RunDocument::read(&fs::read(&file).expect("a readable file"));
        let document = document.unwrap_or_else(|error| panic!("{name}: {error}"));
        let verdict = replay(&document, &registry()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(verdict, Verdict::Identical, "{name}");
        met.extend(document.events().iter().map(|recorded| recorded.event.name()));
    }
    let all: BTreeSet<&'static str> = arbitrary::examples().iter().map(Event::name).collect();
    assert_eq!(met, all, "every kind of event is in the corpus");
}

/// What is worth keeping of a journal: which event follows which.
fn pairs(journal: &[Recorded]) -> BTreeSet<(&'static str, &'static str)> {
    journal
        .windows(2)
        .map(|two| (two[0].event.name(), two[1].event.name()))
        .collect()
}

fn document(run: &Subject) -> Vec<u8> {
    let state = &run.state;
    let source = Source {
        run: DocumentRun {
            id: state.run,
            workflow: state.workflow.clone(),
            status: state.status(),
            created_at: state.created_at,
            created_by: state.created_by.clone(),
            parent: state.parent.clone(),
        },
        exported_at: START,
        definition: &run.definition.source,
        segments: &[encode(&run.journal)],
    };
    write(&source).expect("the journal is whole")
}

/// A run that was forked, and then undid what it had done itself.
fn forked() -> Subject {
    let definition = json!({ "name": "w", "steps": [
        { "id": "fetch", "kind": "act", "with": { "do": "fetch" }, "compensate": { "kind": "act", "with": { "do": "drop" } } },
        { "id": "ask", "kind": "act", "with": { "do": "ask" }, "when": "{{ false }}" },
        { "id": "try", "kind": "act", "with": { "do": "try" }, "on_error": "continue" },
        { "id": "book", "kind": "act", "needs": ["fetch", "ask", "try"], "with": { "do": "{{ steps.fetch.output }}" },
          "compensate": { "kind": "act", "with": { "do": "{{ steps.book.output }}" } } },
        { "id": "pay", "kind": "act", "needs": ["book"], "with": { "do": "pay" } },
    ] });
    let copied = |name: &str, status, output: Option<&str>, error| StepCopied {
        step: activity(name).step,
        status,
        output: output.map_or_else(Datum::null, |output| Datum::new(json!(output))),
        error,
    };
    let copies = vec![
        copied("fetch", CopiedStatus::Succeeded, Some("fetched"), None),
        copied("ask", CopiedStatus::Skipped, None, None),
        copied("try", CopiedStatus::Failed, None, Some(error("bad"))),
    ];
    let mut run = Subject::forked(&definition, "book", copies);
    run.tell(Command::Begin);
    run.succeed("book");
    run.settle("pay", Outcome::Failed(StepError::permanent("bad", "")));
    run.succeed("book.compensate");
    assert!(run.state.is_terminal());
    run
}

/// A run that is retried, and with it the child that had failed, and one that retries it in its turn.
fn retried() -> [Subject; 2] {
    let steps = json!([{ "id": "a", "kind": "workflow", "with": { "workflow": "w" } }]);
    let mut parent = Subject::of_steps(steps);
    parent.start_child("a");
    parent.end_child("a", RunStatus::Failed);
    parent.retry();
    parent.end_child("a", RunStatus::Succeeded);
    let steps = json!([act("x", "once"), with(act("y", "once"), json!({ "needs": ["x"] }))]);
    let mut child = Subject::queued(steps).into_child();
    child.tell(Command::Begin);
    child.succeed("x");
    child.cancel();
    child.settle("y", Outcome::Unknown(error("killed")));
    let by = by();
    child.message(Message::ParentRetried { by, round: 2 });
    child.resolve("y", Resolution::Failed("it did not".to_owned()));
    child.succeed("y");
    assert!(parent.state.is_terminal() && child.state.is_terminal());
    [parent, child]
}

/// A child that waited for its slot to be retried, was not to be, and was to be after all.
fn withdrawn() -> Subject {
    let definition = json!({ "name": "w", "concurrency": 1, "steps": [act("x", "once")] });
    let mut child = Subject::of(&definition).into_child();
    child.message(Message::Admitted);
    child.fail("x");
    for (round, end) in [
        (2, Message::Cancel { by: by() }),
        (3, Message::Rejected),
        (4, Message::Admitted),
    ] {
        child.message(Message::ParentRetried { by: by(), round });
        child.message(end);
    }
    child.succeed("x");
    assert!(child.state.is_terminal());
    child
}

#[test]
#[ignore = "writes the corpus anew"]
fn renew_the_corpus() {
    let mut runner = TestRunner::deterministic();
    let mut runs: Vec<Subject> = Vec::new();
    for _ in 0..3000 {
        let plan = plan().new_tree(&mut runner).expect("a plan").current();
        let ops = vec(op(), 0..40).new_tree(&mut runner).expect("operations").current();
        let mut world = driven(&plan, &ops);
        led_to_its_end(&mut world);
        runs.extend((world.run.journal.len() <= LONGEST).then_some(world.run));
    }
    let mut met = BTreeSet::new();
    let mut chosen = Vec::new();
    while chosen.len() < 24 {
        let new = |run: &Subject| pairs(&run.journal).difference(&met).count();
        let Some(best) = runs.iter().max_by_key(|run| new(run)).filter(|run| new(run) > 0) else {
            break;
        };
        met.extend(pairs(&best.journal));
        chosen.push(document(best));
    }
    chosen.push(document(&forked()));
    chosen.extend(retried().iter().map(document));
    chosen.push(document(&withdrawn()));
    fs::remove_dir_all(folder()).ok();
    fs::create_dir_all(folder()).expect("a folder");
    for (place, document) in chosen.iter().enumerate() {
        fs::write(folder().join(format!("run-{place:02}.json")), document).expect("a file");
    }
}
