use std::collections::BTreeSet;
use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::prelude::*;
use seawall_store::{Segment, Seq};
use serde_json::{Value, json};

use super::arbitrary::{EVENTS, any_event, any_message, examples, journal, place, run_id, step};
use super::{CodecError, MAX_VALUE_DEPTH, decode, decode_input, decode_message, encode, encode_message, is_too_deep};
use crate::core::{Event, Message, Recorded};
use crate::datum::Datum;

/// Version 1 of every form, one event a line. It may get new lines, never other ones: journals like it exist.
const GOLDEN: &str = include_str!("golden.v1.json");

fn segment(text: &str, count: u32) -> Segment {
    Segment {
        first: Seq(1),
        count,
        bytes: text.as_bytes().into(),
    }
}

fn stored(events: &[Recorded]) -> String {
    String::from_utf8(encode(events).bytes.to_vec()).unwrap()
}

#[test]
fn every_event_has_an_example() {
    let places: BTreeSet<usize> = examples().iter().map(place).collect();
    assert_eq!(places, (0..EVENTS).collect());
}

#[test]
fn events_are_written_as_they_always_were() {
    let mut text = "[\n".to_owned();
    for (place, event) in journal(1, examples()).into_iter().enumerate() {
        let one = stored(&[event]);
        let comma = if place == 0 { "" } else { ",\n" };
        write!(text, "{comma}{}", &one[1..one.len() - 1]).unwrap();
    }
    text.push_str("\n]\n");
    assert_eq!(text, GOLDEN, "if a form is new, add its line to golden.v1.json");
}

#[test]
fn journals_of_version_1_can_be_read() {
    let expected = journal(1, examples());
    let read = decode(&segment(GOLDEN, u32::try_from(expected.len()).unwrap())).unwrap();
    assert_eq!(read, expected);
}

#[test]
fn what_a_newer_program_wrote_is_named() {
    for (text, kind, version) in [
        (r#"[{"t":"run.merged","v":1,"at":1,"from":3}]"#, "run.merged", 1),
        (r#"[{"t":"step.started","v":2,"at":1,"who":{}}]"#, "step.started", 2),
    ] {
        match decode(&segment(text, 1)) {
            Err(CodecError::Newer {
                kind: found,
                version: found_version,
            }) => assert_eq!((&*found, found_version), (kind, version)),
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(
        decode_message(br#"{"v":1,"t":"fork","by":"ann"}"#),
        Err(CodecError::Newer { version: 1, .. })
    ));
}

#[test]
fn fields_that_came_later_are_passed_over() {
    let read = decode(&segment(r#"[{"t":"run.started","v":1,"at":5,"later":[1]}]"#, 1)).unwrap();
    assert_eq!(read[0].event, Event::RunStarted);
}

#[test]
fn damaged_segments_are_refused() {
    for text in [
        "",
        "{}",
        "[",
        "[1]",
        "[{}]",
        r#"[{"v":1,"t":"run.started","at":1}]"#,
        r#"[{"t":"run.started","v":1,"at":1}] x"#,
        r#"[{"t":"run.paused","v":1,"at":1}]"#,
        r#"[{"t":"step.skipped","v":1,"at":1,"step":"NOT AN ID"}]"#,
        r#"[{"t":"child.finished","v":1,"at":1,"step":"a","child":"wf_00000000000000000000000000","status":"failed"}]"#,
    ] {
        let read = decode(&segment(text, 1));
        assert!(matches!(read, Err(CodecError::Damaged(_))), "{text}: {read:?}");
    }
    let two = stored(&journal(1, vec![Event::RunStarted, Event::RunTimedOut]));
    assert!(matches!(
        decode(&segment(&two, 1)),
        Err(CodecError::Count { expected: 1, found: 2 })
    ));
    assert!(matches!(
        decode(&segment(&two, u32::MAX)),
        Err(CodecError::Count { found: 2, .. })
    ));
}

#[test]
fn values_of_the_greatest_depth_come_back() {
    let mut value = Value::Null;
    for _ in 0..MAX_VALUE_DEPTH {
        assert!(!is_too_deep(&value));
        value = json!([value]);
    }
    assert!(!is_too_deep(&value));
    assert!(is_too_deep(&json!({ "deeper": value })));
    let output = Datum::new(value);
    let events = journal(
        1,
        vec![
            Event::MapStarted {
                step: step("each").step,
                items: vec![output.clone()],
            },
            Event::StepSucceeded {
                activity: step("each"),
                output: Some(output.clone()),
            },
            Event::StepOutcomeResolved {
                activity: step("each"),
                resolution: crate::core::Resolution::Succeeded(output.clone()),
                by: "ann".into(),
            },
        ],
    );
    assert_eq!(decode(&encode(&events)).unwrap(), events);
    let message = Message::ChildEnded {
        child: run_id(1),
        activity: step("each"),
        generation: 0,
        round: 0,
        status: seawall_store::RunStatus::Succeeded,
        output,
        error: None,
    };
    assert_eq!(decode_message(&encode_message(&message)).unwrap(), message);
}

proptest! {
    #[test]
    fn events_come_back_as_they_were(events in vec(any_event(), 1..12), first in 1u64..1_000_000) {
        let events = journal(first, events);
        let segment = encode(&events);
        prop_assert_eq!(segment.first, Seq(first));
        prop_assert_eq!(segment.count as usize, events.len());
        prop_assert_eq!(decode(&segment).unwrap(), events);
    }

    #[test]
    fn messages_come_back_as_they_were(message in any_message()) {
        prop_assert_eq!(decode_message(&encode_message(&message)).unwrap(), message);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in vec(any::<u8>(), 0..200), count in any::<u32>()) {
        let _ = decode_message(&bytes);
        let _ = decode(&Segment { first: Seq(1), count, bytes: bytes.into() });
    }

    #[test]
    fn a_cut_segment_is_refused_and_a_changed_byte_never_panics(event in any_event(), place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let segment = encode(&journal(1, vec![event]));
        let mut bytes = segment.bytes.to_vec();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        let _ = decode(&Segment { bytes: bytes.clone().into(), ..segment.clone() });
        bytes.truncate(place);
        let cut = Segment { bytes: bytes.into(), ..segment };
        prop_assert!(decode(&cut).is_err());
    }
}

#[test]
fn the_input_is_read_off_the_first_event_alone() {
    let events = journal(1, examples());
    let Event::RunCreated(created) = &events[0].event else {
        panic!("a journal begins with the creation");
    };
    assert_eq!(decode_input(&encode(&events)), Some(created.input.clone()));
    assert_eq!(decode_input(&encode(&events[..1])), Some(created.input.clone()));
    // What follows may be damaged, or newer.
    let text = stored(&events[..1]);
    let cut = format!("{},{{\"t\":\"later\"", &text[..text.len() - 1]);
    assert_eq!(decode_input(&segment(&cut, 2)), Some(created.input.clone()));
    for bad in ["", "[", "[]", "{}", "[{}]", &text[..text.len() / 2]] {
        assert_eq!(decode_input(&segment(bad, 1)), None, "{bad}");
    }
    assert_eq!(decode_input(&encode(&events[2..3])), None, "not a creation");
}
