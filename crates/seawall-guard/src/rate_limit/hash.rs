use std::fmt;
use std::hash::{BuildHasher as _, RandomState};

/// A key, hashed with a seed: what stores keep, and what a decision's record shows of who asked.
///
/// Two keys of one hash are one key: among a million that happens with a chance of 3 in 100 million.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct KeyHash(u64);

impl KeyHash {
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// What keys are hashed with (SipHash-1-3). Who does not know it cannot choose keys that meet.
#[derive(Clone, Copy)]
pub struct KeySeed(u64, u64);

impl KeySeed {
    /// Another one each time.
    #[must_use]
    pub fn random() -> Self {
        let random = RandomState::new();
        Self(random.hash_one(0), random.hash_one(1))
    }

    /// A secret that nodes share which count together.
    #[must_use]
    pub fn shared(secret: [u8; 16]) -> Self {
        let whole = u128::from_le_bytes(secret);
        Self(whole as u64, (whole >> 64) as u64)
    }

    /// The hash of a key. Keys of two `kinds` are never the same.
    #[must_use]
    pub fn hash(&self, kind: u64, key: &[u8]) -> KeyHash {
        KeyHash(sip::<1, 3>(*self, kind, key))
    }
}

/// A seed is a secret.
impl fmt::Debug for KeySeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeySeed(…)")
    }
}

/// A permutation of numbers in which each bit of what goes in matters for each bit of what comes out.
#[inline]
pub(super) const fn spread(mut x: u64) -> u64 {
    x ^= x >> 33;
    x = x.wrapping_mul(0xff51_afd7_ed55_8ccd);
    x ^= x >> 33;
    x = x.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    x ^ (x >> 33)
}

/// SipHash-C-D of `first`, as eight bytes, and `rest`.
#[inline]
fn sip<const C: usize, const D: usize>(seed: KeySeed, first: u64, rest: &[u8]) -> u64 {
    let mut v = [
        seed.0 ^ 0x736f_6d65_7073_6575,
        seed.1 ^ 0x646f_7261_6e64_6f6d,
        seed.0 ^ 0x6c79_6765_6e65_7261,
        seed.1 ^ 0x7465_6462_7974_6573,
    ];
    let mut absorb = |word: u64| {
        v[3] ^= word;
        rounds::<C>(&mut v);
        v[0] ^= word;
    };
    absorb(first);
    let (words, tail) = rest.as_chunks::<8>();
    for word in words {
        absorb(u64::from_le_bytes(*word));
    }
    let mut last = [0; 8];
    last[..tail.len()].copy_from_slice(tail);
    // The length in its last byte counts modulo 256, as the function is defined.
    last[7] = (rest.len() + 8) as u8;
    absorb(u64::from_le_bytes(last));
    v[2] ^= 0xff;
    rounds::<D>(&mut v);
    v[0] ^ v[1] ^ v[2] ^ v[3]
}

#[inline]
fn rounds<const N: usize>(v: &mut [u64; 4]) {
    let [mut a, mut b, mut c, mut d] = *v;
    for _ in 0..N {
        a = a.wrapping_add(b);
        c = c.wrapping_add(d);
        b = b.rotate_left(13) ^ a;
        d = d.rotate_left(16) ^ c;
        a = a.rotate_left(32);
        c = c.wrapping_add(b);
        a = a.wrapping_add(d);
        b = b.rotate_left(17) ^ c;
        d = d.rotate_left(21) ^ a;
        c = c.rotate_left(32);
    }
    *v = [a, b, c, d];
}

#[cfg(test)]
mod tests {
    use std::hash::{DefaultHasher, Hasher as _};

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The standard library's hasher is SipHash-1-3 with a seed of zeros.
        #[test]
        fn a_key_is_hashed_as_the_standard_library_would(kind: u64, key in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut theirs = DefaultHasher::new();
            theirs.write(&kind.to_le_bytes());
            theirs.write(&key);
            prop_assert_eq!(KeySeed(0, 0).hash(kind, &key).get(), theirs.finish());
        }
    }

    #[test]
    fn the_seed_is_taken_in_as_the_reference_does() {
        // The reference's vectors: the seed 00 01 … 0f, messages 00 01 … of 8, 9 and 15 bytes, SipHash-2-4.
        let seed = KeySeed::shared(std::array::from_fn(|at| at as u8));
        let message: Vec<u8> = (0..15).collect();
        let first = u64::from_le_bytes(message[..8].try_into().unwrap());
        for (length, hash) in [
            (8, 0x93f5_f579_9a93_2462),
            (9, 0x9e00_82df_0ba9_e4b0),
            (15, 0xa129_ca61_49be_45e5),
        ] {
            assert_eq!(sip::<2, 4>(seed, first, &message[8..length]), hash, "{length}");
        }
    }

    #[test]
    fn two_seeds_are_two_hashes() {
        let hash = |seed: KeySeed| seed.hash(1, b"somebody");
        assert_ne!(hash(KeySeed::random()), hash(KeySeed::random()));
        assert_eq!(hash(KeySeed::shared([7; 16])), hash(KeySeed::shared([7; 16])));
    }
}
