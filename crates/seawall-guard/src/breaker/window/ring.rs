use super::{Mark, Sums};

const FAILED: u8 = 1;
const SLOW: u8 = 2;

/// The last so many calls, a byte each.
#[derive(Debug)]
pub(in crate::breaker) struct Ring {
    marks: Box<[u8]>,
    /// Where the next one goes; the oldest one's place, once the ring is full.
    next: usize,
    sums: Sums,
}

impl Ring {
    /// `calls`: at least 1.
    pub(super) fn new(calls: usize) -> Self {
        Self {
            marks: vec![0; calls].into_boxed_slice(),
            next: 0,
            sums: Sums::default(),
        }
    }

    #[inline]
    pub(super) fn add(&mut self, mark: Mark) {
        if self.sums.calls == self.marks.len() as u64 {
            self.sums.evict(unpack(self.marks[self.next]));
        }
        self.marks[self.next] = pack(mark);
        self.sums.add(mark);
        self.next += 1;
        if self.next == self.marks.len() {
            self.next = 0;
        }
    }

    /// The places keep what they held: nobody reads them before they are written.
    pub(super) const fn clear(&mut self) {
        self.next = 0;
        self.sums = Sums {
            calls: 0,
            failed: 0,
            slow: 0,
        };
    }

    pub(super) const fn sums(&self) -> Sums {
        self.sums
    }
}

fn pack(mark: Mark) -> u8 {
    (u8::from(mark.failed) * FAILED) | (u8::from(mark.slow) * SLOW)
}

const fn unpack(mark: u8) -> Mark {
    Mark {
        failed: mark & FAILED != 0,
        slow: mark & SLOW != 0,
    }
}
