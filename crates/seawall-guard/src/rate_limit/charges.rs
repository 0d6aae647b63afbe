use super::{KeyHash, Policy};

/// What a request costs under one policy.
#[derive(Clone, Copy, Debug)]
pub struct Charge<'a> {
    pub policy: &'a Policy,
    pub key: KeyHash,
    /// One, for most. Zero takes nothing and is always admitted.
    pub cost: u32,
}

/// What a request costs under all policies that apply to it, decided at once. At most eight.
#[derive(Clone, Copy, Debug)]
pub struct Charges<'a> {
    list: [Option<Charge<'a>>; Charges::MAX],
    len: usize,
}

impl<'a> Charges<'a> {
    pub const MAX: usize = 8;

    #[must_use]
    #[inline]
    pub const fn none() -> Self {
        Self {
            list: [None; Charges::MAX],
            len: 0,
        }
    }

    /// Adds a charge; to the one that is there already where policy and key are the same. False: there are too many.
    #[must_use]
    #[inline]
    pub fn add(&mut self, charge: Charge<'a>) -> bool {
        for known in self.list[..self.len].iter_mut().flatten() {
            if known.policy.tag() == charge.policy.tag() && known.key == charge.key {
                known.cost = known.cost.saturating_add(charge.cost);
                return true;
            }
        }
        let Some(place) = self.list.get_mut(self.len) else {
            return false;
        };
        *place = Some(charge);
        self.len += 1;
        true
    }

    pub fn iter(&self) -> impl Iterator<Item = &Charge<'a>> {
        self.list[..self.len].iter().flatten()
    }

    /// The charge, where there is just one.
    #[inline]
    pub(super) const fn only(&self) -> Option<&Charge<'a>> {
        match (&self.list[0], self.len) {
            (Some(only), 1) => Some(only),
            _ => None,
        }
    }

    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// More than eight do not compile.
impl<'a, const N: usize> From<[Charge<'a>; N]> for Charges<'a> {
    fn from(charges: [Charge<'a>; N]) -> Self {
        const { assert!(N <= Charges::MAX, "a decision is about eight policies at most") };
        let mut list = Self::none();
        for charge in charges {
            // There is room, as was said above.
            let _ = list.add(charge);
        }
        list
    }
}
