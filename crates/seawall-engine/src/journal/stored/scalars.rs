//! How single values look.

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::Arc;

use seawall_store::{Digest, RunStatus, Timestamp};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::datum::Datum;
use crate::names::StepId;

/// What is read by looking at a string, kept or not.
struct FromText<T, F>(&'static str, F, PhantomData<T>);

impl<T, F: Fn(&str) -> Option<T>> Visitor<'_> for FromText<T, F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.1)(text).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self.0))
    }
}

fn from_text<'de, T, D: Deserializer<'de>>(
    from: D,
    what: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<T, D::Error> {
    from.deserialize_str(FromText(what, parse, PhantomData))
}

/// An id with a prefix: `run_…`.
pub(in crate::journal) struct Text<T>(pub(in crate::journal) T);

impl<T: Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

impl<'de, T: FromStr> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from_text(from, "an id of this kind", |text| text.parse().ok().map(Self))
    }
}

/// The id of a step.
pub(in crate::journal) struct Id(pub(in crate::journal) StepId);

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.0.as_str())
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from_text(from, "the id of a step", |text| StepId::parse(text).map(Self))
    }
}

/// A text that many hold.
pub(in crate::journal) struct Shared(pub(in crate::journal) Arc<str>);

impl Serialize for Shared {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Shared {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from_text(from, "a text", |text| Some(Self(Arc::from(text))))
    }
}

/// 64 hexadecimal digits.
pub(in crate::journal) struct Hex(pub(in crate::journal) Digest);

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        // By hand: this is written for every attempt, and formatting each byte takes longer than all the rest.
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0u8; 64];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0.as_bytes()) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        let text = std::str::from_utf8(&text).map_err(serde::ser::Error::custom)?;
        to.serialize_str(text)
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from_text(from, "64 hexadecimal digits", |text| Digest::from_hex(text).map(Self))
    }
}

/// Milliseconds since 1970.
#[derive(Clone, Copy)]
pub(in crate::journal) struct Ms(pub(in crate::journal) Timestamp);

impl Serialize for Ms {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(self.0.as_millis())
    }
}

impl<'de> Deserialize<'de> for Ms {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        i64::deserialize(from).map(|millis| Self(Timestamp::from_millis(millis)))
    }
}

/// Any JSON, as it is.
pub(in crate::journal) struct Json(pub(in crate::journal) Datum);

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.json().serialize(to)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Value::deserialize(from).map(|json| Self(Datum::new(json)))
    }
}

/// JSON that may be absent. Not `Option<Json>`: an output of null is an output.
pub(in crate::journal) struct MaybeJson(pub(in crate::journal) Option<Datum>);

impl MaybeJson {
    pub(in crate::journal) const fn is_none(&self) -> bool {
        self.0.is_none()
    }

    pub(in crate::journal) const fn none() -> Self {
        Self(None)
    }
}

impl Serialize for MaybeJson {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Some(datum) => datum.json().serialize(to),
            None => to.serialize_none(),
        }
    }
}

impl<'de> Deserialize<'de> for MaybeJson {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Json::deserialize(from).map(|json| Self(Some(json.0)))
    }
}

/// A value of a small set, by its stored name.
pub(in crate::journal) trait Named: Copy + 'static {
    const ALL: &'static [(Self, &'static str)];
}

impl Named for RunStatus {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Queued, "queued"),
        (Self::Running, "running"),
        (Self::Waiting, "waiting"),
        (Self::Paused, "paused"),
        (Self::Blocked, "blocked"),
        (Self::Succeeded, "succeeded"),
        (Self::Failed, "failed"),
        (Self::Cancelled, "cancelled"),
    ];
}

/// For `#[serde(with)]`.
pub(in crate::journal) mod named {
    use super::{Deserializer, Named, Serializer, from_text};

    pub(in crate::journal) fn serialize<T: Named + PartialEq, S: Serializer>(
        value: &T,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let name = T::ALL.iter().find(|(known, _)| known == value).map(|(_, name)| *name);
        to.serialize_str(name.ok_or_else(|| serde::ser::Error::custom("a value without a stored name"))?)
    }

    pub(in crate::journal) fn deserialize<'de, T: Named, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
        from_text(from, "a known name", |text| {
            T::ALL.iter().find(|(_, name)| *name == text).map(|(known, _)| *known)
        })
    }
}

/// A text that is borrowed for writing and, where it has no escapes, from what is read.
pub(in crate::journal) type Str<'a> = Cow<'a, str>;
