//! Log-linear buckets of nanoseconds: each power of two is cut into [`CUTS`] equal parts, so a bucket is at most 1/16 of what
//! is in it, and its middle at most 1/32 away.

use std::time::Duration;

const CUT_BITS: u32 = 4;
const CUTS: u64 = 1 << CUT_BITS;

/// Durations of 2^38 ns (275 s) and longer are in the last bucket.
const TOP_BITS: u32 = 38;

/// The values below [`CUTS`], each by itself, and then the parts of each power of two.
pub(crate) const BUCKETS: usize = ((TOP_BITS - CUT_BITS + 1) as u64 * CUTS) as usize;

/// The bucket of a duration.
pub(crate) fn bucket_of(took: Duration) -> usize {
    let longest = (1 << TOP_BITS) - 1;
    let nanos = u64::try_from(took.as_nanos()).map_or(longest, |nanos| nanos.min(longest));
    let index = match nanos.checked_ilog2() {
        Some(power) if power >= CUT_BITS => {
            let shift = power - CUT_BITS;
            // The bits below the highest say which part it is.
            u64::from(shift + 1) * CUTS + (nanos >> shift) - CUTS
        }
        _ => nanos,
    };
    usize::try_from(index).unwrap_or(BUCKETS - 1)
}

/// The middle of a bucket.
pub(crate) const fn middle_of(bucket: usize) -> Duration {
    let bucket = bucket as u64;
    if bucket < 2 * CUTS {
        return Duration::from_nanos(bucket);
    }
    let shift = bucket / CUTS - 1;
    let lowest = (CUTS + bucket % CUTS) << shift;
    Duration::from_nanos(lowest + (1 << shift) / 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn buckets_follow_each_other_without_a_gap() {
        let mut last = 0;
        for power in 0..TOP_BITS {
            for step in 0..64 {
                let nanos = (1u64 << power) + step * (1 << power) / 64;
                let bucket = bucket_of(Duration::from_nanos(nanos));
                assert!(
                    bucket == last || bucket == last + 1 || power < CUT_BITS,
                    "{nanos}: {last} {bucket}"
                );
                last = bucket;
            }
        }
        assert_eq!(last, BUCKETS - 1);
        assert_eq!(bucket_of(Duration::MAX), BUCKETS - 1);
        assert_eq!(bucket_of(Duration::ZERO), 0);
    }

    proptest! {
        #[test]
        fn the_middle_of_a_bucket_is_near_all_that_is_in_it(bits in 0..TOP_BITS, noise in any::<u64>()) {
            let nanos = (1u64 << bits) | (noise & ((1 << bits) - 1));
            let took = Duration::from_nanos(nanos);
            let off = middle_of(bucket_of(took)).abs_diff(took);
            prop_assert!(off * 32 <= took, "{} is off by {:?}", nanos, off);
        }
    }
}
