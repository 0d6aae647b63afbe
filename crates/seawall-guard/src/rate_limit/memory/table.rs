use super::budget::Budget;
use crate::rate_limit::hash::spread;

/// Slots in a line of cache.
const WAYS: usize = 4;
const FIRST_LINES: usize = 16;

/// When the bucket of a key will be full. From then on it is as good as unknown, and its slot is free: what is looked up and
/// finds nothing, and what finds a full bucket, is the same.
#[derive(Clone, Copy, Default)]
struct Slot {
    id: u64,
    full_at: u64,
}

#[derive(Clone, Copy, Default)]
#[repr(align(64))]
struct Line([Slot; WAYS]);

/// Where a key stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Position {
    line: u32,
    way: u8,
}

/// Buckets by key. Each key has two lines where it may stand, so that whatever is looked up costs two lines of cache at most; who
/// stands in the way of a new one moves to its other line. A slot is given away only when its bucket is full.
pub(super) struct Table {
    lines: Vec<Line>,
    /// It does not grow beyond.
    max_lines: usize,
}

impl Table {
    pub(super) const FIRST_BYTES: usize = FIRST_LINES * size_of::<Line>();

    /// Its first bytes belong to who makes it.
    pub(super) fn new(max_bytes: usize) -> Self {
        Self {
            lines: vec![Line::default(); FIRST_LINES],
            max_lines: max_bytes / size_of::<Line>(),
        }
    }

    #[inline]
    pub(super) fn find(&self, id: u64) -> Option<Position> {
        let [first, second] = self.homes(id);
        self.find_in(first, id).or_else(|| self.find_in(second, id))
    }

    #[inline]
    pub(super) fn full_at(&self, at: Position) -> u64 {
        self.lines[at.line as usize].0[usize::from(at.way)].full_at
    }

    /// Of a key that stands in the table: at `hint`, if nobody has moved it since.
    #[inline]
    pub(super) fn set(&mut self, hint: Position, id: u64, full_at: u64) {
        let is_there = self.slot(hint).is_some_and(|slot| slot.id == id);
        let at = if is_there { Some(hint) } else { self.find(id) };
        if let Some(slot) = at.and_then(|at| self.slot(at)) {
            slot.full_at = full_at;
        }
    }

    /// A slot for a key that has none, which is not given away before `set`. None: all are in use.
    pub(super) fn reserve(&mut self, id: u64, now: u64, budget: &Budget) -> Option<Position> {
        loop {
            if let Some(at) = self.place(Slot { id, full_at: now + 1 }, now) {
                return Some(at);
            }
            if !self.grow(now, budget) {
                return None;
            }
        }
    }

    fn bytes(&self) -> usize {
        self.lines.len() * size_of::<Line>()
    }

    pub(super) fn in_use(&self, now: u64) -> usize {
        let slots = self.lines.iter().flat_map(|line| &line.0);
        slots.filter(|slot| slot.full_at > now).count()
    }

    /// It doubles as long as there is room.
    pub(super) fn most_slots(max_bytes: usize) -> usize {
        let lines = (max_bytes / size_of::<Line>()).max(FIRST_LINES);
        (1 << lines.ilog2()) * WAYS
    }

    /// Two lines that are never the same.
    #[inline]
    fn homes(&self, id: u64) -> [usize; 2] {
        let mask = self.lines.len() - 1;
        let first = id as usize & mask;
        let second = (id >> 32) as usize & mask;
        [first, if first == second { first ^ 1 } else { second }]
    }

    #[inline]
    fn find_in(&self, line: usize, id: u64) -> Option<Position> {
        let way = self.lines[line].0.iter().position(|slot| slot.id == id)?;
        Some(position(line, way))
    }

    fn free_in(&self, line: usize, now: u64) -> Option<usize> {
        self.lines[line].0.iter().position(|slot| slot.full_at <= now)
    }

    #[inline]
    fn slot(&mut self, at: Position) -> Option<&mut Slot> {
        self.lines.get_mut(at.line as usize)?.0.get_mut(usize::from(at.way))
    }

    fn place(&mut self, new: Slot, now: u64) -> Option<Position> {
        let homes = self.homes(new.id);
        for line in homes {
            if let Some(way) = self.free_in(line, now) {
                self.lines[line].0[way] = new;
                return Some(position(line, way));
            }
        }
        for line in homes {
            for way in 0..WAYS {
                let old = self.lines[line].0[way];
                let [first, second] = self.homes(old.id);
                let other = if first == line { second } else { first };
                if let Some(free) = self.free_in(other, now) {
                    self.lines[other].0[free] = old;
                    self.lines[line].0[way] = new;
                    return Some(position(line, way));
                }
            }
        }
        None
    }

    /// Twice as many lines, with those slots that are in use.
    fn grow(&mut self, now: u64, budget: &Budget) -> bool {
        let lines = self.lines.len() * 2;
        if lines > self.max_lines || !budget.take(lines * size_of::<Line>()) {
            return false;
        }
        let mut larger = Self {
            lines: vec![Line::default(); lines],
            max_lines: self.max_lines,
        };
        let slots = self.lines.iter().flat_map(|line| &line.0);
        let mut in_use = slots.filter(|slot| slot.full_at > now);
        // Nobody is left behind: a table twice as large in which something has no place does not come to be.
        if !in_use.all(|slot| larger.place(*slot, now).is_some()) {
            budget.give_back(lines * size_of::<Line>());
            return false;
        }
        budget.give_back(self.bytes());
        *self = larger;
        true
    }
}

const fn position(line: usize, way: usize) -> Position {
    // A table has less than 2^32 lines of 4 ways: they are 64 bytes each.
    Position {
        line: line as u32,
        way: way as u8,
    }
}

/// The id of a key under a policy. Never zero, which is nobody's.
#[inline]
pub(super) fn id(key: u64, tag: u64) -> u64 {
    spread(key ^ tag).max(1)
}
