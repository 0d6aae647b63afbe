use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use http::HeaderMap;

use super::headers::{PolicyHeaders, Shown};
use super::{Asked, Charge, Charges, Decision, KeyBy, KeyHash, KeySeed, Policy};

type Cost<W> = fn(&Asked<'_, W>) -> u32;
type When<W> = fn(&Asked<'_, W>) -> bool;

/// A policy, and under what it counts requests. `W` is what has to be known of their senders.
pub struct Rule<W> {
    policy: Policy,
    key: Box<dyn KeyBy<W>>,
    cost: Option<Cost<W>>,
    when: Option<When<W>>,
}

/// Rules that make no layer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RulesError {
    #[error("{0} policies are more than the eight that are decided about at once")]
    TooMany(usize),
    #[error("two policies are named {0}")]
    SameName(String),
}

/// How many requests a policy had no room for, since the beginning.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusals {
    pub policy: Policy,
    pub count: u64,
}

impl<W> Rule<W> {
    #[must_use]
    pub fn new(policy: Policy, key: impl KeyBy<W> + 'static) -> Self {
        Self {
            policy,
            key: Box::new(key),
            cost: None,
            when: None,
        }
    }

    /// What a request costs; one, if this is not said. A cost beyond the policy's burst is always refused.
    #[must_use]
    pub fn with_cost(mut self, cost: Cost<W>) -> Self {
        self.cost = Some(cost);
        self
    }

    /// To which requests it applies: those of one route, say.
    #[must_use]
    pub fn when(mut self, when: When<W>) -> Self {
        self.when = Some(when);
        self
    }

    fn charge(&self, request: &Asked<'_, W>, seed: &KeySeed) -> Option<(KeyHash, u32)> {
        if self.when.is_some_and(|when| !when(request)) {
            return None;
        }
        let key = self.key.key(request, seed)?;
        Some((key, self.cost.map_or(1, |cost| cost(request))))
    }
}

impl<W> fmt::Debug for Rule<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

/// The rules of a layer.
#[derive(Debug)]
pub(super) struct Rules<W> {
    rules: Box<[Armed<W>]>,
}

#[derive(Debug)]
struct Armed<W> {
    rule: Rule<W>,
    headers: PolicyHeaders,
    refusals: AtomicU64,
}

/// What the rules say of a request: which apply, with key and cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Picked {
    list: [Option<(u8, KeyHash, u32)>; Charges::MAX],
}

impl<W> Rules<W> {
    pub(super) fn new(rules: Vec<Rule<W>>) -> Result<Self, RulesError> {
        if rules.len() > Charges::MAX {
            return Err(RulesError::TooMany(rules.len()));
        }
        for (at, rule) in rules.iter().enumerate() {
            let name = rule.policy.name();
            if rules[..at].iter().any(|other| other.policy.name() == name) {
                return Err(RulesError::SameName(name.to_owned()));
            }
        }
        let arm = |rule: Rule<W>| Armed {
            headers: PolicyHeaders::new(&rule.policy),
            rule,
            refusals: AtomicU64::new(0),
        };
        Ok(Self {
            rules: rules.into_iter().map(arm).collect(),
        })
    }

    pub(super) fn pick(&self, request: &Asked<'_, W>, seed: &KeySeed) -> Picked {
        let mut list = [None; Charges::MAX];
        let mut places = list.iter_mut();
        for (at, armed) in self.rules.iter().enumerate() {
            if let Some((key, cost)) = armed.rule.charge(request, seed)
                && let Some(place) = places.next()
            {
                // There are eight of them at most.
                *place = Some((at as u8, key, cost));
            }
        }
        Picked { list }
    }

    pub(super) fn charges(&self, picked: &Picked) -> Charges<'_> {
        let mut charges = Charges::none();
        for &(at, key, cost) in picked.list.iter().flatten() {
            let policy = &self.rules[usize::from(at)].rule.policy;
            // As many as there are rules, and no two have a name.
            let _ = charges.add(Charge { policy, key, cost });
        }
        charges
    }

    /// Writes how the policy of a rule stands.
    pub(super) fn write(&self, rule: usize, shown: Shown, now: u64, headers: &mut HeaderMap) {
        let Armed {
            rule, headers: always, ..
        } = &self.rules[rule];
        always.write(&rule.policy, shown, now, headers);
    }

    pub(super) fn count(&self, decision: &Decision<'_>) {
        for part in decision.without_room() {
            let of_part = self
                .rules
                .iter()
                .find(|armed| armed.rule.policy.tag() == part.charge.policy.tag());
            if let Some(armed) = of_part {
                // A number for metrics.
                armed.refusals.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    pub(super) fn refusals(&self) -> impl Iterator<Item = Refusals> {
        self.rules.iter().map(|armed| Refusals {
            policy: armed.rule.policy.clone(),
            count: armed.refusals.load(Ordering::Relaxed),
        })
    }
}

impl Picked {
    /// Of a part of the decision.
    pub(super) fn rule(&self, part: usize) -> Option<usize> {
        let (at, ..) = self.list.get(part).copied().flatten()?;
        Some(usize::from(at))
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.list[0].is_none()
    }
}
