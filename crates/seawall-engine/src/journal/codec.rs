//! Segments: some consecutive events of one run as one JSON array.

use std::fmt;

use seawall_store::{Segment, Seq, Timestamp};
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeSeq as _;
use serde::{Deserializer, Serializer as _};
use serde_json::Value;

use crate::core::{Event, Recorded};
use crate::datum::{Datum, deeper_than};
use crate::journal::stored::{Line, read};

/// What this program can read. Raised with every new event and every new version of one: a node claims only runs whose
/// events it knows. Whatever it appends to needs this version from then on, whichever events these are: a run goes from older
/// nodes to newer ones, not back.
pub const READER_VERSION: u32 = 2;

/// How deep a value in an event may be nested: the reader stops at 128 levels, and the event around it takes some of them.
pub const MAX_VALUE_DEPTH: usize = 100;

/// Whether a journal that holds this value could not be read again. Whoever makes a value or takes one from outside refuses
/// it then.
#[must_use]
pub fn is_too_deep(value: &Value) -> bool {
    deeper_than(value, MAX_VALUE_DEPTH)
}

/// Why a stored segment cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    #[error(
        "the journal holds `{kind}` in version {version}, which a newer Seawall wrote (this one reads up to {READER_VERSION})"
    )]
    Newer { kind: String, version: u32 },
    #[error("the stored events are damaged")]
    Damaged(#[source] serde_json::Error),
    #[error("the segment holds {found} events where its row says {expected}")]
    Count { expected: u32, found: usize },
}

/// The stored form of consecutive events. `events` is not empty.
#[must_use]
pub(crate) fn encode(events: &[Recorded]) -> Segment {
    // Most events are small; outputs grow the buffer by doubling.
    let mut bytes = Vec::with_capacity(2 + 160 * events.len());
    write(events, &mut bytes).expect("writing to memory does not fail, and every key is a string");
    Segment {
        first: events.first().map_or(Seq(0), |event| event.seq),
        count: u32::try_from(events.len()).unwrap_or(u32::MAX),
        bytes: bytes.into(),
    }
}

fn write(events: &[Recorded], bytes: &mut Vec<u8>) -> serde_json::Result<()> {
    let mut writer = serde_json::Serializer::new(bytes);
    let mut list = writer.serialize_seq(Some(events.len()))?;
    for event in events {
        list.serialize_element(&Line(event))?;
    }
    list.end()
}

/// The events of a segment, in all versions that ever were.
///
/// # Errors
/// [`CodecError::Newer`] for what a newer program wrote; otherwise the segment is damaged. Never panics.
pub(crate) fn decode(segment: &Segment) -> Result<Vec<Recorded>, CodecError> {
    let mut newer = None;
    let mut reader = serde_json::Deserializer::from_slice(&segment.bytes);
    let list = Events {
        first: segment.first,
        count: segment.count,
        newer: &mut newer,
    };
    let read = list
        .deserialize(&mut reader)
        .and_then(|events| reader.end().map(|()| events));
    let events = match (read, newer) {
        (Ok(events), _) => events,
        (Err(_), Some((kind, version))) => return Err(CodecError::Newer { kind, version }),
        (Err(error), None) => return Err(CodecError::Damaged(error)),
    };
    if events.len() == segment.count as usize {
        Ok(events)
    } else {
        Err(CodecError::Count {
            expected: segment.count,
            found: events.len(),
        })
    }
}

/// The input of the run whose journal begins with this segment, without reading the events after its creation.
#[must_use]
pub(crate) fn decode_input(segment: &Segment) -> Option<Datum> {
    let mut first = None;
    let mut reader = serde_json::Deserializer::from_slice(&segment.bytes);
    // It stops in the middle of the list, which the reader takes for an error; what it has read by then counts.
    let _ = reader.deserialize_seq(FirstEvent {
        place: segment.first,
        found: &mut first,
    });
    match first?.event {
        Event::RunCreated(created) => Some(created.input),
        _ => None,
    }
}

struct FirstEvent<'a> {
    place: Seq,
    found: &'a mut Option<Recorded>,
}

impl<'de> Visitor<'de> for FirstEvent<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let event = OneEvent {
            seq: self.place,
            newer: &mut None,
        };
        *self.found = list.next_element_seed(event)?;
        Ok(())
    }
}

/// One event that stands alone, as JSON text. Its fields may have lost their order: tools that tidy JSON sort them.
///
/// # Errors
/// Those of [`decode`].
pub(crate) fn decode_line(seq: Seq, line: &str) -> Result<Recorded, CodecError> {
    match decode_ordered(seq, line) {
        Err(CodecError::Damaged(error)) => match reordered(line) {
            Some(line) => decode_ordered(seq, &line),
            None => Err(CodecError::Damaged(error)),
        },
        read => read,
    }
}

fn decode_ordered(seq: Seq, line: &str) -> Result<Recorded, CodecError> {
    let mut newer = None;
    let mut reader = serde_json::Deserializer::from_str(line);
    let event = OneEvent { seq, newer: &mut newer };
    let read = event.deserialize(&mut reader);
    match (read.and_then(|event| reader.end().map(|()| event)), newer) {
        (Ok(event), _) => Ok(event),
        (Err(_), Some((kind, version))) => Err(CodecError::Newer { kind, version }),
        (Err(error), None) => Err(CodecError::Damaged(error)),
    }
}

/// The same event with its header in front. None where there is none.
fn reordered(line: &str) -> Option<String> {
    let mut fields: serde_json::Map<String, Value> = serde_json::from_str(line).ok()?;
    let header = ["t", "v", "at"].map(|name| fields.remove(name).map(|value| format!("\"{name}\":{value}")));
    let [Some(kind), Some(version), Some(at)] = header else {
        return None;
    };
    let body = Value::Object(fields).to_string();
    let rest = body.strip_prefix('{')?;
    let comma = if rest == "}" { "" } else { "," };
    Some(format!("{{{kind},{version},{at}{comma}{rest}"))
}

/// One event as the JSON value that is stored.
#[must_use]
pub(crate) fn stored_form(event: &Recorded) -> Value {
    serde_json::to_value(Line(event)).expect("every key is a string")
}

/// The text of that value, its fields in the order in which they are stored.
#[must_use]
pub(crate) fn stored_text(event: &Recorded) -> String {
    serde_json::to_string(&Line(event)).expect("every key is a string")
}

/// Name and version of the first event that is not known.
type Newer = Option<(String, u32)>;

struct Events<'a> {
    first: Seq,
    count: u32,
    newer: &'a mut Newer,
}

impl<'de> DeserializeSeed<'de> for Events<'_> {
    type Value = Vec<Recorded>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Events<'_> {
    type Value = Vec<Recorded>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        // The row's count is not trusted with memory.
        let mut events = Vec::with_capacity(self.count.min(1024) as usize);
        let mut seq = self.first;
        while let Some(event) = list.next_element_seed(OneEvent { seq, newer: self.newer })? {
            events.push(event);
            seq = seq.plus(1);
        }
        Ok(events)
    }
}

struct OneEvent<'a> {
    seq: Seq,
    newer: &'a mut Newer,
}

impl<'de> DeserializeSeed<'de> for OneEvent<'_> {
    type Value = Recorded;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Recorded, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for OneEvent<'_> {
    type Value = Recorded;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event")
    }

    /// `t`, `v` and `at` stand first, in this order: what follows is then read into its form at once, without a copy.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Recorded, A::Error> {
        let kind: &str = header(&mut map, "t")?;
        let version: u32 = header(&mut map, "v")?;
        let at: i64 = header(&mut map, "at")?;
        let Some(event) = read(kind, version, map)? else {
            *self.newer = Some((kind.to_owned(), version));
            return Err(A::Error::custom("an event of a newer version"));
        };
        Ok(Recorded {
            seq: self.seq,
            at: Timestamp::from_millis(at),
            event,
        })
    }
}

fn header<'de, A: MapAccess<'de>, T: serde::Deserialize<'de>>(map: &mut A, name: &'static str) -> Result<T, A::Error> {
    match map.next_entry::<&str, T>()? {
        Some((key, value)) if key == name => Ok(value),
        _ => Err(A::Error::missing_field(name)),
    }
}
