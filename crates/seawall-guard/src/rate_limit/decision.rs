use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Extensions;

use super::{Basis, Charge, Charged, Charges, KeyHash, Policy, Receipt, Standing, Verdict};

/// What was decided about a request, under all policies at once.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'a> {
    charges: Charges<'a>,
    verdict: Verdict,
}

/// One policy's part in a decision.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    pub charge: Charge<'a>,
    pub standing: Standing,
}

/// Why a request was refused, or would have been: for logs and for who explains. Shown as one text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DecisionRecord {
    pub guard: Arc<str>,
    pub policy: Policy,
    pub key: KeyHash,
    pub cost: u32,
    /// What was left.
    pub remaining: u32,
    pub retry_after: Duration,
    /// The key shared its limit with others, because the store was full.
    pub shared: bool,
    pub basis: Basis,
}

/// All records of a request, in the extensions of its answer. There are none where nobody refused it, not even in shadow mode.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DecisionRecords(pub Arc<[DecisionRecord]>);

impl<'a> Decision<'a> {
    pub(super) const fn new(charges: Charges<'a>, verdict: Verdict) -> Self {
        Self { charges, verdict }
    }

    /// Whether it may pass. If so, everything that has room for it was charged, else nothing was.
    #[must_use]
    pub const fn is_admitted(&self) -> bool {
        self.verdict.is_admitted()
    }

    #[must_use]
    pub const fn basis(&self) -> Basis {
        self.verdict.basis()
    }

    /// In the order of the charges.
    pub fn parts(&self) -> impl Iterator<Item = Part<'a>> {
        self.charges
            .iter()
            .zip(self.verdict.standings())
            .map(|(charge, standing)| Part {
                charge: *charge,
                standing: *standing,
            })
    }

    /// The policy that is closest to refusal: where it refused, the one that will go on refusing for longest. None: there are only
    /// policies in shadow mode.
    #[must_use]
    pub fn closest(&self) -> Option<Part<'a>> {
        let (_, closest) = self.closest_at()?;
        Some(closest)
    }

    /// Which policies have no room, those in shadow mode too.
    pub fn without_room(&self) -> impl Iterator<Item = Part<'a>> {
        self.parts().filter(|part| !part.standing.has_room())
    }

    /// With it the charges can be undone; None where nothing was charged.
    #[must_use]
    pub fn receipt(self) -> Option<Receipt> {
        let charged = self.parts().filter(|part| part.standing.is_charged());
        let parts: Vec<_> = charged.map(|part| part.charged()).collect();
        (!parts.is_empty()).then(|| Receipt::new(parts))
    }

    /// The records of this decision; allocates where there are any.
    #[must_use]
    pub fn records(&self, guard: &Arc<str>) -> Option<DecisionRecords> {
        self.without_room().next()?;
        let records = self.without_room().map(|part| DecisionRecord {
            guard: Arc::clone(guard),
            policy: part.charge.policy.clone(),
            key: part.charge.key,
            cost: part.charge.cost,
            remaining: part.standing.remaining(),
            retry_after: part.standing.retry_after().unwrap_or_default(),
            shared: part.standing.is_shared(),
            basis: self.basis(),
        });
        Some(DecisionRecords(records.collect()))
    }

    pub(super) fn closest_at(&self) -> Option<(usize, Part<'a>)> {
        let in_force = self
            .parts()
            .enumerate()
            .filter(|(_, part)| !part.charge.policy.is_shadow());
        in_force.min_by_key(|(_, part)| part.distance())
    }
}

impl Part<'_> {
    /// Less is closer to refusal.
    fn distance(&self) -> impl Ord + use<> {
        let standing = &self.standing;
        let wait = standing.retry_after().unwrap_or_default();
        let farthest_first = |time: Duration| std::cmp::Reverse(time);
        (
            farthest_first(wait),
            standing.remaining(),
            farthest_first(standing.reset()),
        )
    }

    fn charged(&self) -> Charged {
        Charged {
            policy: self.charge.policy.clone(),
            key: self.charge.key,
            cost: self.charge.cost,
            mark: self.standing.mark(),
            shared: self.standing.is_shared(),
        }
    }
}

impl DecisionRecords {
    /// Beside those of layers further inside.
    pub(super) fn add_to(self, extensions: &mut Extensions) {
        let all = match extensions.remove::<Self>() {
            Some(known) => Self(known.0.iter().chain(&*self.0).cloned().collect()),
            None => self,
        };
        extensions.insert(all);
    }
}

impl DecisionRecord {
    /// It would have been refused, and passed.
    #[must_use]
    pub fn is_shadow(&self) -> bool {
        self.policy.is_shadow()
    }
}

impl fmt::Display for DecisionRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.is_shadow() { "would refuse" } else { "refuses" };
        let Self {
            guard,
            policy,
            key,
            cost,
            remaining,
            ..
        } = self;
        let wait = self.retry_after.as_millis();
        write!(
            f,
            "{guard} {word} key {key}: {policy}, {remaining} left for {cost}, room in {wait} ms"
        )?;
        if self.shared {
            f.write_str(", shared with others")?;
        }
        match self.basis {
            Basis::Counts => Ok(()),
            Basis::Fallback => f.write_str(", by a share of the limit"),
        }
    }
}
