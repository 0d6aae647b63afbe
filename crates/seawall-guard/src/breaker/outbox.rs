use std::collections::VecDeque;

use super::Transition;

/// Far more than come together before the first is told, unless the observer hangs.
pub(super) const MOST_WAITING: usize = 256;

/// Transitions that wait to be told. It is filled under the breaker's lock and emptied outside of it, by one thread at a time:
/// that keeps their order.
#[derive(Debug)]
pub(super) struct Outbox {
    watched: bool,
    sequence: u64,
    waiting: VecDeque<Transition>,
    being_told: bool,
}

impl Outbox {
    /// Keeps nothing where nobody is `watched` for.
    pub(super) const fn new(watched: bool) -> Self {
        Self {
            watched,
            sequence: 0,
            waiting: VecDeque::new(),
            being_told: false,
        }
    }

    pub(super) fn put(&mut self, transition: impl FnOnce(u64) -> Transition) {
        if !self.watched {
            return;
        }
        if self.waiting.len() == MOST_WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back(transition(self.sequence));
        self.sequence += 1;
    }

    /// True if there is something to tell and nobody tells it: the asker does from now on.
    #[inline]
    pub(super) fn begin(&mut self) -> bool {
        let begins = !self.being_told && !self.waiting.is_empty();
        self.being_told |= begins;
        begins
    }

    /// The next one. None ends what was begun.
    pub(super) fn next(&mut self) -> Option<Transition> {
        let next = self.waiting.pop_front();
        self.being_told = next.is_some();
        next
    }

    /// Whoever told gave up. The rest is told with the next one.
    pub(super) const fn give_up(&mut self) {
        self.being_told = false;
    }
}
