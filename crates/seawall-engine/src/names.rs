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

/// One thing that is attempted or waited for: a step, or one item of a map step.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActivityRef {
    pub step: StepId,
    pub item: Option<u32>,
}

impl ActivityRef {
    #[must_use]
    pub const fn step(step: StepId) -> Self {
        Self { step, item: None }
    }

    #[must_use]
    pub const fn item(step: StepId, item: u32) -> Self {
        Self { step, item: Some(item) }
    }

    /// The activity that is written so: `step` or `step[3]`.
    #[must_use]
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let Some((step, item)) = text.split_once('[') else {
            return StepId::parse(text).map(Self::step);
        };
        let item = item.strip_suffix(']')?.parse().ok()?;
        Some(Self::item(StepId::parse(step)?, item))
    }

    /// The bytes that identify this activity, in this generation of this run, for derived ids and keys.
    #[must_use]
    pub(crate) fn identity(&self, run: RunId, generation: u32) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(32 + self.step.as_str().len());
        bytes.extend_from_slice(run.uuid().as_bytes());
        bytes.extend_from_slice(&generation.to_be_bytes());
        match self.item {
            // One past the index: item 0 and "no item" must not look alike.
            Some(item) => bytes.extend_from_slice(&(u64::from(item) + 1).to_be_bytes()),
            None => bytes.extend_from_slice(&0u64.to_be_bytes()),
        }
        bytes.extend_from_slice(self.step.as_str().as_bytes());
        bytes
    }
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
        match self.item {
            Some(item) => write!(f, "{}[{item}]", self.step),
            None => write!(f, "{}", self.step),
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
