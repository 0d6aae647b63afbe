//! Segments: some consecutive events of one run as one JSON array.

use std::fmt;

use seawall_store::{Segment, Seq, Timestamp};
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeSeq as _;
use serde::{Deserializer, Serializer as _};
use serde_json::Value;

use crate::core::Recorded;
use crate::journal::stored::{Line, read};

/// What this program can read. Raised with every new event and every new version of one: a node claims only runs whose
/// events it knows.
pub const READER_VERSION: u32 = 2;

/// How deep a value in an event may be nested: the reader stops at 128 levels, and the event around it takes some of them.
pub const MAX_VALUE_DEPTH: usize = 100;

/// Whether a journal that holds this value could not be read again. Whoever makes a value or takes one from outside refuses
/// it then.
#[must_use]
pub fn is_too_deep(value: &Value) -> bool {
    deeper_than(value, MAX_VALUE_DEPTH)
}

/// Whether a value is nested more than `levels` deep.
pub(crate) fn deeper_than(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(items) => levels == 0 || items.iter().any(|item| deeper_than(item, levels - 1)),
        Value::Object(fields) => levels == 0 || fields.values().any(|field| deeper_than(field, levels - 1)),
        _ => false,
    }
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
