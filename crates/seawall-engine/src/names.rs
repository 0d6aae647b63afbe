//! Names of things inside a run.

use std::fmt;
use std::sync::Arc;

use seawall_store::{ApprovalId, Digest, RunId, TaskId};

/// The id of a step in its definition: 1 to 63 characters of `[a-z0-9_-]`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId(Arc<str>);

impl StepId {
    pub const MAX_LEN: usize = 63;

    /// None when `text` is not a step id.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        let fits = !text.is_empty() && text.len() <= Self::MAX_LEN && text.bytes().all(allowed);
        fits.then(|| Self(Arc::from(text)))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which of an activity's doings is meant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Part {
    /// What the step is there for.
    #[default]
    Main,
    /// What undoes it.
    Compensate,
    /// What finds out how it ended.
    Reconcile,
}

impl Part {
    pub const ALL: [Self; 3] = [Self::Main, Self::Compensate, Self::Reconcile];

    /// The name in definitions, on the wire and behind the step's id. None: the step itself.
    #[must_use]
    pub const fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Main => None,
            Self::Compensate => Some("compensate"),
            Self::Reconcile => Some("reconcile"),
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.as_str() == Some(text))
    }
}

/// One thing that is attempted or waited for: a step, or one item of a map step, or what undoes or looks into one of them.
/// Written `book`, `book[3]`, `book.compensate`, `book[3].reconcile`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActivityRef {
    pub step: StepId,
    pub item: Option<u32>,
    pub part: Part,
}

impl ActivityRef {
    #[must_use]
    pub const fn step(step: StepId) -> Self {
        Self {
            step,
            item: None,
            part: Part::Main,
        }
    }

    #[must_use]
    pub const fn item(step: StepId, item: u32) -> Self {
        Self {
            step,
            item: Some(item),
            part: Part::Main,
        }
    }

    #[must_use]
    pub fn with_part(self, part: Part) -> Self {
        Self { part, ..self }
    }

    /// Reads what `Display` writes. None when `text` is nothing of the kind.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        // A step id has neither `.` nor `[` in it.
        let (whole, part) = match text.split_once('.') {
            Some((whole, part)) => (whole, Part::parse(part)?),
            None => (text, Part::Main),
        };
        let (step, item) = match whole.split_once('[') {
            Some((step, rest)) => (step, Some(index(rest.strip_suffix(']')?)?)),
            None => (whole, None),
        };
        let step = StepId::parse(step)?;
        Some(Self { step, item, part })
    }

    /// The step's id with the part behind it, for records that keep the item apart.
    #[must_use]
    pub(crate) fn step_and_part(&self) -> String {
        match self.part.as_str() {
            Some(part) => format!("{}.{part}", self.step),
            None => self.step.to_string(),
        }
    }

    /// The bytes that identify this activity, in this generation of this run, for derived ids and keys.
    #[must_use]
    pub(crate) fn identity(&self, run: RunId, generation: u32) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(48 + self.step.as_str().len());
        bytes.extend_from_slice(run.uuid().as_bytes());
        bytes.extend_from_slice(&generation.to_be_bytes());
        match self.item {
            // One past the index: item 0 and "no item" must not look alike.
            Some(item) => bytes.extend_from_slice(&(u64::from(item) + 1).to_be_bytes()),
            None => bytes.extend_from_slice(&0u64.to_be_bytes()),
        }
        bytes.extend_from_slice(self.step.as_str().as_bytes());
        if let Some(part) = self.part.as_str() {
            // No step's id holds a dot.
            bytes.push(b'.');
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    }
}

/// Digits as `Display` writes them: `007` and `+7` are no other names of item 7.
fn index(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten()
}

/// The id of the approval that an attempt of an activity asks for.
#[must_use]
pub(crate) fn approval_id(run: RunId, activity: &ActivityRef, attempt: u32) -> ApprovalId {
    ApprovalId::derived(&[&activity.identity(run, attempt)])
}

/// The id of the child run that an attempt of an activity starts.
#[must_use]
pub(crate) fn child_id(run: RunId, activity: &ActivityRef, attempt: u32) -> RunId {
    RunId::derived(&[&activity.identity(run, attempt)])
}

/// The id of the task that an attempt of an activity offers.
#[must_use]
pub(crate) fn task_id(run: RunId, activity: &ActivityRef, attempt: u32) -> TaskId {
    TaskId::derived(&[&activity.identity(run, attempt)])
}

impl fmt::Display for ActivityRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.step)?;
        if let Some(item) = self.item {
            write!(f, "[{item}]")?;
        }
        match self.part.as_str() {
            Some(part) => write!(f, ".{part}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for ActivityRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What an effect is known by outside: hash(run, step, item, generation). The same over attempts and crashes, never
/// random; http steps send it as `Idempotency-Key`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EffectKey(Digest);

impl EffectKey {
    #[must_use]
    pub fn derive(run: RunId, activity: &ActivityRef, generation: u32) -> Self {
        Self(Digest::of_parts(&[b"effect", &activity.identity(run, generation)]))
    }

    #[must_use]
    pub const fn from_digest(digest: Digest) -> Self {
        Self(digest)
    }

    #[must_use]
    pub const fn digest(&self) -> &Digest {
        &self.0
    }

    /// Bits that look random and are the same in every replay.
    pub(crate) fn spread(&self) -> u64 {
        let first = self.0.as_bytes().iter().take(8);
        first.fold(0, |bits, byte| bits << 8 | u64::from(*byte))
    }
}

impl fmt::Display for EffectKey {
    /// The first 32 hexadecimal digits: what is sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_hex()[..32])
    }
}

impl fmt::Debug for EffectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_activity_is_read_back_from_its_name() {
        let step = StepId::parse("book").unwrap();
        for item in [None, Some(0), Some(3), Some(u32::MAX)] {
            for part in Part::ALL {
                let activity = ActivityRef {
                    step: step.clone(),
                    item,
                    part,
                };
                assert_eq!(ActivityRef::parse(&activity.to_string()), Some(activity));
            }
        }
    }

    #[test]
    fn what_is_no_name_of_an_activity_is_refused() {
        for text in [
            "",
            ".compensate",
            "book.",
            "book.main",
            "book.compensate.compensate",
            "book[",
            "book[]",
            "book[3",
            "book[03]",
            "book[+3]",
            "book[-1]",
            "book[4294967296]",
            "book[3]x",
            "book.compensate[3]",
            "Book",
        ] {
            assert_eq!(ActivityRef::parse(text), None, "{text}");
        }
    }

    #[test]
    fn parts_have_identities_of_their_own_and_the_step_keeps_the_one_it_had() {
        let run = RunId::from_uuid(uuid::Uuid::from_u128(1));
        let main = ActivityRef::item(StepId::parse("book").unwrap(), 3);
        let mut expected = run.uuid().as_bytes().to_vec();
        expected.extend_from_slice(&[0, 0, 0, 7]);
        expected.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, 4]);
        expected.extend_from_slice(b"book");
        assert_eq!(main.identity(run, 7), expected);
        let parts: std::collections::BTreeSet<_> = Part::ALL
            .into_iter()
            .map(|part| main.clone().with_part(part).identity(run, 7))
            .collect();
        assert_eq!(parts.len(), 3);
    }
}
