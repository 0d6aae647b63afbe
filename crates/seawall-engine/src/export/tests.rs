use futures_util::FutureExt as _;
use seawall_store::{Segment, Seq};
use serde_json::{Value, json};

use super::{DocumentError, DocumentRun, RunDocument, Source, write, write_in_turns};
use crate::core::{Event, Recorded};
use crate::executor::Registry;
use crate::fixtures::{born, replay};
use crate::journal::arbitrary::{examples, journal, ms};
use crate::journal::{CodecError, encode};

fn definition() -> Value {
    json!({ "name": "w", "steps": [{ "id": "a", "kind": "transform", "with": { "value": 1 } }] })
}

fn document(events: &[Recorded], child_of: Option<u128>) -> String {
    // Several segments, as an append each leaves them.
    let segments: Vec<_> = events.chunks(3).map(encode).collect();
    let text = written(events, child_of, |source| write(source).unwrap(), &segments);
    String::from_utf8(text).unwrap()
}

fn written<T>(
    events: &[Recorded],
    child_of: Option<u128>,
    how: impl FnOnce(&Source<'_>) -> T,
    segments: &[Segment],
) -> T {
    let state = replay(&definition(), &events[..1]);
    let run = DocumentRun {
        id: state.run,
        workflow: state.workflow.clone(),
        status: replay(&definition(), events).status(),
        created_at: state.created_at,
        created_by: state.created_by.clone(),
        parent: state.parent.clone(),
    };
    assert_eq!(run.parent.is_some(), child_of.is_some());
    let source = Source {
        run,
        exported_at: ms(1_700_000_100_000),
        definition: &state.definition.source,
        segments,
    };
    how(&source)
}

/// A run's creation, and then one of each event that there is: nonsense, but all of it is kept.
fn events(child_of: Option<u128>) -> Vec<Recorded> {
    let others = examples()
        .into_iter()
        .filter(|event| !matches!(event, Event::RunCreated(_)));
    journal(1, [born(&definition(), child_of)].into_iter().chain(others).collect())
}

fn read(text: &str) -> Result<RunDocument, DocumentError> {
    RunDocument::read(text.as_bytes())
}

#[test]
fn what_is_written_is_read_back() {
    for child_of in [None, Some(9)] {
        let events = events(child_of);
        let text = document(&events, child_of);
        assert_eq!(text.lines().count(), events.len() + 2, "one event on a line");
        let document = read(&text).unwrap();
        assert_eq!(document.events(), events);
        let started = |event: &&Recorded| matches!(event.event, Event::ChildStarted(_));
        assert_eq!(document.children.len(), events.iter().filter(started).count());
        assert_eq!(document.exported_at, ms(1_700_000_100_000));
        assert_eq!(document.exported_by_version, env!("CARGO_PKG_VERSION"));
        let compiled = document.compiled(&Registry::default()).unwrap();
        assert_eq!(&*compiled.name, "w");
    }
}

#[test]
fn a_document_that_was_tidied_is_the_same_document() {
    let events = events(None);
    let value: Value = serde_json::from_str(&document(&events, None)).unwrap();
    let tidied = serde_json::to_string_pretty(&value).unwrap();
    assert!(
        tidied.find("\"at\"") < tidied.find("\"t\""),
        "the fields are sorted now"
    );
    assert_eq!(read(&tidied).unwrap().events(), events);
}

#[test]
fn each_damage_is_named() {
    let text = document(&events(None), None);
    let changed = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        read(&text.replacen(from, to, 1)).unwrap_err()
    };
    let status = read(&text).unwrap().run.status;
    let says = |error: DocumentError, part: &str| {
        let text = error.to_string();
        assert!(text.contains(part), "{text}");
    };
    says(read("").unwrap_err(), "not JSON");
    says(read("[1]").unwrap_err(), "its `format` is not");
    says(read("[\"seawall-run\", 1]").unwrap_err(), "its `format` is not");
    says(read("{\"format\":[]}").unwrap_err(), "its `format` is not");
    says(read("{}").unwrap_err(), "not an exported run");
    says(changed("seawall-run", "seawall-walk"), "not an exported run");
    says(
        changed("\"version\":1", "\"version\":2"),
        "made by a newer version of Seawall: its format is version 2; this one reads up to 1",
    );
    says(
        changed("\"version\":1", "\"version\":\"1\""),
        "`version` is not readable",
    );
    says(changed("\"version\":1", "\"version\":0"), "`version`");
    says(changed("\"exported_at\":\"2", "\"exported_at\":\"x2"), "`exported_at`");
    says(changed("\"exported_by_version\"", "\"by\""), "damaged");
    says(changed("\"definition\":", "\"more\":1,\"definition\":"), "damaged");
    says(
        changed(&format!("\"status\":\"{status}\""), "\"status\":\"walking\""),
        "`run.status`",
    );
    says(changed("\"events\":", "\"events\":1"), "it says that it holds");
    says(changed("\"by\":\"ann\"", "\"by\":\"bob\""), "`run.created_by`");
    says(changed("\"children\":[\"run_", "\"children\":[\"wf_"), "`children`");
    says(
        changed("\"at\":1700000003000", "\"at\":1600000003000"),
        "event 3 is earlier",
    );
    says(
        changed("{\"t\":\"run.created\"", "{\"t\":\"run.started\""),
        "event 1 has `/",
    );
    let mut value: Value = serde_json::from_str(&text).unwrap();
    let journal = value["journal"].as_array_mut().unwrap();
    journal.remove(0);
    value["run"]["events"] = value["journal"].as_array().unwrap().len().into();
    says(read(&value.to_string()).unwrap_err(), "first event");
    says(read(&text[..text.len() - 40]).unwrap_err(), "not JSON");
    says(
        read(&text.replace("\"attempt\":2", "\"attempt\":-2")).unwrap_err(),
        "cannot be read",
    );
    let large = " ".repeat(super::MAX_DOCUMENT_BYTES + 1);
    assert!(matches!(read(&large), Err(DocumentError::TooLarge)));
}

#[test]
fn an_event_that_is_gone_or_newer_is_noticed() {
    let text = document(&events(None), None);
    let lines: Vec<&str> = text.lines().collect();
    let without = [&lines[..7], &lines[8..]].concat().join("\n");
    assert!(matches!(read(&without), Err(DocumentError::Count { .. })));
    let newer = text.replacen("\"t\":\"run.paused\",\"v\":1", "\"t\":\"run.paused\",\"v\":9", 1);
    match read(&newer) {
        Err(DocumentError::Event {
            seq: Seq(3),
            source: CodecError::Newer { kind, version: 9 },
        }) => assert_eq!(kind, "run.paused"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_field_that_nobody_knows_is_refused_wherever_it_stands() {
    let text = document(&events(None), None);
    let unknown = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        match read(&text.replacen(from, to, 1)) {
            Err(DocumentError::Unknown { field, .. }) => field,
            other => panic!("{from}: {other:?}"),
        }
    };
    assert_eq!(unknown("\"attempt\":2", "\"attempt\":2,\"foo\":1"), "/foo");
    assert_eq!(
        unknown("\"error\":{", "\"error\":{\"cause\":{\"x\":1},"),
        "/error/cause"
    );
    // A payload may hold anything, and an absent field is null.
    read(&text.replacen("\"payload\":", "\"until\":null,\"payload\":", 1)).unwrap();
}

#[test]
fn a_status_that_the_journal_does_not_come_to_is_refused() {
    let events = journal(1, vec![born(&definition(), None), Event::RunStarted]);
    let text = document(&events, None);
    let says = |status: &str| {
        let changed = text.replacen("\"status\":\"running\"", &format!("\"status\":\"{status}\""), 1);
        read(&changed).and_then(|document| document.compiled(&Registry::default()).map(|_| ()))
    };
    assert!(says("running").is_ok());
    // Its definition or its journal could not be used: that is in no event.
    assert!(says("blocked").is_ok());
    for other in ["succeeded", "failed", "cancelled", "paused", "queued"] {
        assert!(
            matches!(says(other), Err(DocumentError::Contradiction("run.status"))),
            "{other}"
        );
    }
    let ended = [&events[..], &journal(3, vec![Event::RunCancelled])].concat();
    let text = document(&ended, None);
    for other in ["failed", "running"] {
        let changed = text.replacen("\"status\":\"cancelled\"", &format!("\"status\":\"{other}\""), 1);
        assert!(
            matches!(read(&changed), Err(DocumentError::Contradiction("run.status"))),
            "{other}"
        );
    }
}

#[test]
fn a_definition_that_is_not_the_run_s_own_is_refused() {
    let text = document(&events(None), None);
    let other = read(&text.replacen("\"value\":1", "\"value\":2", 1)).unwrap();
    assert!(matches!(
        other.compiled(&Registry::default()),
        Err(DocumentError::OtherDefinition)
    ));
    let invalid = read(&text.replacen("\"value\":1", "\"valeu\":1", 1)).unwrap();
    assert!(matches!(
        invalid.compiled(&Registry::default()),
        Err(DocumentError::Definition(errors)) if !errors.is_empty()
    ));
}

#[test]
fn no_change_of_a_byte_makes_the_reader_panic() {
    let text = document(&events(None), None);
    for place in (0..text.len()).step_by(7) {
        for byte in [b'0', b'"', b'}', b'[', 0xff] {
            let mut bytes = text.clone().into_bytes();
            bytes[place] = byte;
            let _ = RunDocument::read(&bytes).map(|document| document.compiled(&Registry::default()).map(|_| ()));
        }
        let _ = RunDocument::read(&text.as_bytes()[..place]);
    }
}

#[tokio::test]
async fn a_large_journal_is_written_down_in_turns_and_gives_the_same_document() {
    let all = events(None);
    let once: Vec<Segment> = all.chunks(3).map(encode).collect();
    let at_once = |source: &Source<'_>| write_in_turns(source).now_or_never().map(Result::unwrap);
    let small = written(&all, None, at_once, &once);
    assert_eq!(
        small.map(|text| String::from_utf8(text).unwrap()),
        Some(document(&all, None))
    );

    // As often as makes more than others wait for.
    let bytes: usize = once.iter().map(|segment| segment.bytes.len()).sum();
    let many = once.iter().cycle().take(once.len() * (512 * 1024 / bytes + 1));
    let many: Vec<Segment> = many.cloned().collect();
    assert!(written(&all, None, at_once, &many).is_none(), "nobody else got a turn");
}
