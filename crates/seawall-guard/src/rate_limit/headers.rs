use std::fmt::Write as _;
use std::time::Duration;

use bytes::BytesMut;
use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};

use super::{Policy, Standing};

const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// What answers say of a policy, as far as it is always the same.
#[derive(Debug)]
pub(super) struct PolicyHeaders {
    policy: HeaderValue,
    limit: HeaderValue,
}

/// What an answer says of the policy that is closest to refusal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    pub(super) remaining: u32,
    /// Seconds until nothing counts any more.
    pub(super) reset: u64,
}

impl Shown {
    pub(super) fn of(policy: &Policy, standing: &Standing) -> Self {
        Self {
            // A burst may be larger than the limit, which is what is said to be all there is.
            remaining: standing.remaining().min(policy.limit()),
            reset: whole_seconds(standing.reset()),
        }
    }
}

impl PolicyHeaders {
    pub(super) fn new(policy: &Policy) -> Self {
        let window = whole_seconds(policy.window());
        let text = format!("\"{}\";q={};w={window}", policy.name(), policy.limit());
        Self {
            policy: HeaderValue::try_from(text).expect("a policy's name is plain ASCII"),
            limit: HeaderValue::from(policy.limit()),
        }
    }

    /// Writes them all, unless a policy further inside, which is closer to refusal, has written its own. `now` is in seconds since
    /// 1970. The three that change are parts of one allocation.
    pub(super) fn write(&self, policy: &Policy, shown: Shown, now: u64, headers: &mut HeaderMap) {
        let of_another = headers
            .get(REMAINING)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        if of_another.is_some_and(|remaining: u32| remaining <= shown.remaining) {
            return;
        }
        let mut text = BytesMut::with_capacity(160);
        let mut part = |arguments: std::fmt::Arguments<'_>| {
            // Bytes grow as they need to.
            let _ = text.write_fmt(arguments);
            HeaderValue::from_maybe_shared(text.split().freeze()).expect("a name and digits are plain ASCII")
        };
        let ratelimit = part(format_args!(
            "\"{}\";r={};t={}",
            policy.name(),
            shown.remaining,
            shown.reset
        ));
        let remaining = part(format_args!("{}", shown.remaining));
        let reset = part(format_args!("{}", now.saturating_add(shown.reset)));
        for (name, value) in [
            (RATELIMIT_POLICY, self.policy.clone()),
            (RATELIMIT, ratelimit),
            (LIMIT, self.limit.clone()),
            (REMAINING, remaining),
            (RESET, reset),
        ] {
            headers.insert(name, value);
        }
    }
}

/// Rounded up.
pub(super) fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(policy: &Policy, shown: Shown, headers: &mut HeaderMap) -> Vec<String> {
        PolicyHeaders::new(policy).write(policy, shown, 1_000, headers);
        let mut lines: Vec<_> = headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        lines.sort();
        lines
    }

    #[test]
    fn the_policy_closest_to_refusal_is_shown() {
        let minute = Policy::smooth("default", 100, Duration::from_secs(60)).unwrap();
        let short = Policy::exact("probe", 3, Duration::from_millis(1500)).unwrap();
        let mut headers = HeaderMap::new();
        let shown = Shown {
            remaining: 50,
            reset: 30,
        };
        let of_the_minute = [
            "ratelimit-policy: \"default\";q=100;w=60",
            "ratelimit: \"default\";r=50;t=30",
            "x-ratelimit-limit: 100",
            "x-ratelimit-remaining: 50",
            "x-ratelimit-reset: 1030",
        ];
        assert_eq!(written(&minute, shown, &mut headers), of_the_minute);
        // One that is farther away, and one that is closer.
        let shown = Shown {
            remaining: 50,
            reset: 2,
        };
        assert_eq!(written(&short, shown, &mut headers), of_the_minute);
        let shown = Shown { remaining: 2, reset: 2 };
        assert_eq!(
            written(&short, shown, &mut headers),
            [
                "ratelimit-policy: \"probe\";q=3;w=2",
                "ratelimit: \"probe\";r=2;t=2",
                "x-ratelimit-limit: 3",
                "x-ratelimit-remaining: 2",
                "x-ratelimit-reset: 1002",
            ]
        );
    }
}
