use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::gcra::Gcra;

/// The most requests that [`Policy::exact`] keeps a log of.
pub const MAX_EXACT: u32 = 1000;

/// Longer names are none.
const MAX_NAME: usize = 64;
const MAX_WINDOW: Duration = Duration::from_secs(366 * 86_400);
/// How long an empty bucket may take to fill. Beyond, sums of nanoseconds would need thought.
const MAX_FILL: Duration = Duration::from_secs(10 * 366 * 86_400);

/// What may be asked for, by one name. Cheap to clone.
///
/// Which promise it makes is its kind, see [the module](super). A policy is known to a store by its name: policies of one name
/// on one store are one policy.
///
/// ```
/// use std::time::Duration;
/// use seawall_guard::rate_limit::{Policy, PolicyError};
///
/// let minute = Duration::from_secs(60);
/// let default = Policy::smooth("default", 100, minute)?;
/// let bursts = Policy::smooth("bursts", 100, minute)?.with_burst(20)?;
/// let strict = Policy::strict("strict", 100, minute, 25)?;
/// let probe = Policy::exact("probe", 3, Duration::from_secs(10))?;
/// assert_eq!(Policy::exact("log", 1001, minute), Err(PolicyError::ExactLimit(1001)));
/// # Ok::<_, PolicyError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policy {
    inner: Arc<Inner>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Inner {
    name: Box<str>,
    tag: u64,
    limit: u32,
    window: Duration,
    kind: Kind,
    shadow: bool,
}

/// How a policy counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Bucket(Gcra),
    Log { limit: u32, window: u64 },
}

/// Numbers that make no policy.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PolicyError {
    /// It stands in headers and metrics.
    #[error("a policy's name is 1 to 64 of [a-z0-9_.-], not {0:?}")]
    Name(String),
    #[error("policy {0}: a limit of 0 lets nobody through")]
    NoLimit(Box<str>),
    #[error("policy {name}: a window is longer than zero and at most 366 days, not {window:?}")]
    Window { name: Box<str>, window: Duration },
    #[error("policy {name}: {limit} in {window:?} is more than one in a microsecond")]
    TooFast {
        name: Box<str>,
        limit: u32,
        window: Duration,
    },
    #[error("policy {name}: a burst of {burst} is 0, or takes more than ten years to come back")]
    Burst { name: Box<str>, burst: u32 },
    /// Of the limit of a strict policy the burst is a part.
    #[error("policy {name}: a burst of {burst} leaves nothing of a limit of {limit}")]
    StrictBurst { name: Box<str>, limit: u32, burst: u32 },
    #[error("a log of {0} requests is longer than 1000: use a smooth or a strict policy")]
    ExactLimit(u32),
    /// An exact policy admits its limit at once, a strict one was given its burst.
    #[error("policy {0}: only a smooth policy can be given another burst")]
    NoBurst(Box<str>),
}

/// Limits for many services.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Preset {
    /// `default`: 100 a minute.
    Standard,
    /// `costly`: 10 a minute, for what costs money or minutes.
    Costly,
    /// `moderate`: 50 a minute.
    Moderate,
}

impl Policy {
    /// `limit` in `window` on average, as many at once: a bucket that fills evenly. After a pause, up to twice the limit
    /// passes in one window.
    pub fn smooth(name: &str, limit: u32, window: Duration) -> Result<Self, PolicyError> {
        let name = check(name, limit, window)?;
        let kind = bucket(&name, limit, window, limit)?;
        Ok(Self::of(name, limit, window, kind))
    }

    /// Never more than `limit` in any window: `burst` at once, and what is left of the limit spread over the window. Who never
    /// pauses gets `limit - burst` in a window.
    pub fn strict(name: &str, limit: u32, window: Duration, burst: u32) -> Result<Self, PolicyError> {
        let name = check(name, limit, window)?;
        if burst == 0 || burst >= limit {
            return Err(PolicyError::StrictBurst { name, limit, burst });
        }
        let kind = bucket(&name, limit - burst, window, burst)?;
        Ok(Self::of(name, limit, window, kind))
    }

    /// Exactly `limit` in any window, by a log of at most 1000 times for each key (16 bytes each). A window ends with its
    /// request: what was admitted a window ago counts no more.
    pub fn exact(name: &str, limit: u32, window: Duration) -> Result<Self, PolicyError> {
        let name = check(name, limit, window)?;
        if limit > MAX_EXACT {
            return Err(PolicyError::ExactLimit(limit));
        }
        let window_nanos = nanos(window);
        let kind = Kind::Log {
            limit,
            window: window_nanos,
        };
        Ok(Self::of(name, limit, window, kind))
    }

    #[must_use]
    pub fn preset(preset: Preset) -> Self {
        let (name, limit) = match preset {
            Preset::Standard => ("default", 100),
            Preset::Costly => ("costly", 10),
            Preset::Moderate => ("moderate", 50),
        };
        Self::smooth(name, limit, Duration::from_secs(60)).expect("the numbers above make policies, as a test says")
    }

    /// Another number at once than the limit, fewer or more. Only of smooth policies: the others promise what follows from it.
    pub fn with_burst(self, burst: u32) -> Result<Self, PolicyError> {
        let mut inner = Arc::unwrap_or_clone(self.inner);
        let smooth = matches!(inner.kind, Kind::Bucket(gcra) if gcra.burst() == inner.limit);
        if !smooth {
            return Err(PolicyError::NoBurst(inner.name));
        }
        inner.kind = bucket(&inner.name, inner.limit, inner.window, burst)?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// It counts, and who it would refuse passes.
    #[must_use]
    pub fn shadow(self) -> Self {
        let mut inner = Arc::unwrap_or_clone(self.inner);
        inner.shadow = true;
        Self { inner: Arc::new(inner) }
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// How many requests a window allows.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.inner.limit
    }

    #[must_use]
    pub fn window(&self) -> Duration {
        self.inner.window
    }

    /// How many may come at once.
    #[must_use]
    pub fn burst(&self) -> u32 {
        match self.inner.kind {
            Kind::Bucket(gcra) => gcra.burst(),
            Kind::Log { limit, .. } => limit,
        }
    }

    #[must_use]
    pub fn is_shadow(&self) -> bool {
        self.inner.shadow
    }

    /// For a bucket, how long until one more may come; None where a log is kept.
    #[must_use]
    pub fn interval(&self) -> Option<Duration> {
        match self.inner.kind {
            Kind::Bucket(gcra) => Some(Duration::from_nanos(gcra.interval())),
            Kind::Log { .. } => None,
        }
    }

    #[inline]
    pub(super) fn kind(&self) -> Kind {
        self.inner.kind
    }

    /// The name as a number: what stores tell policies apart by.
    #[inline]
    pub(super) fn tag(&self) -> u64 {
        self.inner.tag
    }

    fn of(name: Box<str>, limit: u32, window: Duration, kind: Kind) -> Self {
        let inner = Inner {
            tag: tag(&name),
            name,
            limit,
            window,
            kind,
            shadow: false,
        };
        Self { inner: Arc::new(inner) }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} in {:?}", self.name(), self.limit(), self.window())
    }
}

fn check(name: &str, limit: u32, window: Duration) -> Result<Box<str>, PolicyError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_.-".contains(&byte);
    if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(plain) {
        return Err(PolicyError::Name(name.to_owned()));
    }
    let name: Box<str> = name.into();
    if limit == 0 {
        return Err(PolicyError::NoLimit(name));
    }
    if window.is_zero() || window > MAX_WINDOW {
        return Err(PolicyError::Window { name, window });
    }
    if u128::from(limit) > window.as_micros() {
        return Err(PolicyError::TooFast { name, limit, window });
    }
    Ok(name)
}

/// A bucket for `burst` that gets `rate` in a window. The time for one is rounded up, so that what a policy promises holds.
fn bucket(name: &str, rate: u32, window: Duration, burst: u32) -> Result<Kind, PolicyError> {
    let interval = nanos(window).div_ceil(u64::from(rate));
    let fill = interval.checked_mul(u64::from(burst));
    match fill {
        Some(fill) if fill > 0 && fill <= nanos(MAX_FILL) => Ok(Kind::Bucket(Gcra::new(interval, burst))),
        _ => Err(PolicyError::Burst {
            name: name.into(),
            burst,
        }),
    }
}

/// Of windows, which end long before the numbers do.
fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// FNV-1a, then spread. It keeps names apart, not attackers: keys are hashed with a seed.
fn tag(name: &str) -> u64 {
    let fnv = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    super::hash::spread(fnv)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn the_presets_are_100_10_and_50_a_minute() {
        let presets = [Preset::Standard, Preset::Costly, Preset::Moderate];
        let said = presets.map(|preset| Policy::preset(preset).to_string());
        assert_eq!(
            said,
            ["default: 100 in 60s", "costly: 10 in 60s", "moderate: 50 in 60s"]
        );
    }

    #[test]
    fn a_policy_that_makes_no_sense_is_refused_by_name() {
        let long = "x".repeat(65);
        for (policy, message) in [
            (
                Policy::smooth("", 1, MINUTE),
                "a policy's name is 1 to 64 of [a-z0-9_.-], not \"\"",
            ),
            (
                Policy::smooth("a\"b", 1, MINUTE),
                "a policy's name is 1 to 64 of [a-z0-9_.-], not \"a\\\"b\"",
            ),
            (
                Policy::exact(&long, 1, MINUTE),
                &*format!("a policy's name is 1 to 64 of [a-z0-9_.-], not \"{long}\""),
            ),
            (
                Policy::smooth("a", 0, MINUTE),
                "policy a: a limit of 0 lets nobody through",
            ),
            (
                Policy::smooth("a", 1, Duration::ZERO),
                "policy a: a window is longer than zero and at most 366 days, not 0ns",
            ),
            (
                Policy::smooth("a", 1001, Duration::from_millis(1)),
                "policy a: 1001 in 1ms is more than one in a microsecond",
            ),
            (
                Policy::strict("a", 10, MINUTE, 10),
                "policy a: a burst of 10 leaves nothing of a limit of 10",
            ),
            (
                Policy::strict("a", 10, MINUTE, 0),
                "policy a: a burst of 0 leaves nothing of a limit of 10",
            ),
            (
                Policy::exact("a", 1001, MINUTE),
                "a log of 1001 requests is longer than 1000: use a smooth or a strict policy",
            ),
            (
                Policy::smooth("a", 1, MAX_WINDOW).and_then(|policy| policy.with_burst(11)),
                "policy a: a burst of 11 is 0, or takes more than ten years to come back",
            ),
            (
                Policy::smooth("a", 1, MINUTE).and_then(|policy| policy.with_burst(0)),
                "policy a: a burst of 0 is 0, or takes more than ten years to come back",
            ),
            (
                Policy::exact("a", 1, MINUTE).and_then(|policy| policy.with_burst(2)),
                "policy a: only a smooth policy can be given another burst",
            ),
            (
                Policy::strict("a", 10, MINUTE, 3).and_then(|policy| policy.with_burst(2)),
                "policy a: only a smooth policy can be given another burst",
            ),
        ] {
            assert_eq!(policy.unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn a_strict_policy_promises_no_more_than_its_limit() {
        for limit in 2..200_u32 {
            for burst in 1..limit {
                let policy = Policy::strict("a", limit, MINUTE, burst).unwrap();
                let interval = nanos(policy.interval().unwrap());
                assert!(u64::from(burst) + nanos(MINUTE) / interval <= u64::from(limit));
            }
        }
    }
}
