use std::task::Waker;

use tokio::time::Instant;

use super::principals::Principals;
use crate::load::{Claim, Priority};

/// A place in the queue. Its owner leaves it, nobody else does, so that it never becomes somebody else's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::load) struct Ticket(usize);

#[derive(Clone, Debug)]
pub(super) struct Waiter {
    pub(super) claim: Claim,
    /// Who came first has the lower one.
    number: u64,
    pub(super) state: State,
}

/// Waiting => (Granted | Displaced).
#[derive(Clone, Debug)]
pub(super) enum State {
    Waiting(Waker),
    Granted { began: Instant },
    Displaced,
}

/// All who wait, and who were told something and have not heard it yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    places: Vec<Option<Waiter>>,
    free: Vec<usize>,
    waiting: [usize; Priority::ALL.len()],
    next: u64,
}

impl Queue {
    /// Those who wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.iter().sum()
    }

    pub(super) fn waiting(&self, priority: Priority) -> usize {
        self.waiting[priority.index()]
    }

    pub(super) fn push(&mut self, claim: Claim, waker: Waker) -> Ticket {
        let waiter = Waiter {
            claim,
            number: self.next,
            state: State::Waiting(waker),
        };
        self.next += 1;
        self.waiting[claim.priority.index()] += 1;
        match self.free.pop() {
            Some(place) => {
                self.places[place] = Some(waiter);
                Ticket(place)
            }
            None => {
                self.places.push(Some(waiter));
                Ticket(self.places.len() - 1)
            }
        }
    }

    pub(super) fn get(&mut self, ticket: Ticket) -> Option<&mut Waiter> {
        self.places.get_mut(ticket.0)?.as_mut()
    }

    /// The end of a place.
    pub(super) fn leave(&mut self, ticket: Ticket) -> Option<Waiter> {
        let waiter = self.places.get_mut(ticket.0)?.take()?;
        self.free.push(ticket.0);
        if let State::Waiting(_) = waiter.state {
            self.waiting[waiter.claim.priority.index()] -= 1;
        }
        Some(waiter)
    }

    /// Tells one that waits something, and says whom to wake.
    pub(super) fn tell(&mut self, ticket: Ticket, state: State) -> Option<(Claim, Waker)> {
        let waiter = self.places.get_mut(ticket.0)?.as_mut()?;
        let State::Waiting(waker) = std::mem::replace(&mut waiter.state, state) else {
            return None;
        };
        self.waiting[waiter.claim.priority.index()] -= 1;
        Some((waiter.claim, waker))
    }

    /// Who goes next of a priority: whose principal has the fewest under way, and of those who came first.
    pub(super) fn first(&self, priority: Priority, principals: &Principals) -> Option<Ticket> {
        self.those(priority)
            .min_by_key(|(_, waiter)| (principals.of(waiter.claim.principal).in_flight, waiter.number))
            .map(|(ticket, _)| ticket)
    }

    /// Who goes away first of a priority: whose principal has the most, and of those who came last. Beside it, how many those are.
    pub(super) fn last(&self, priority: Priority, principals: &Principals) -> Option<(Ticket, u32)> {
        self.those(priority)
            .map(|(ticket, waiter)| (principals.of(waiter.claim.principal).all(), waiter.number, ticket))
            .max_by_key(|(holds, number, _)| (*holds, *number))
            .map(|(holds, _, ticket)| (ticket, holds))
    }

    fn those(&self, priority: Priority) -> impl Iterator<Item = (Ticket, &Waiter)> {
        let places = self.places.iter().enumerate();
        let taken = places.filter_map(|(place, waiter)| Some((Ticket(place), waiter.as_ref()?)));
        taken.filter(move |(_, waiter)| waiter.claim.priority == priority && matches!(waiter.state, State::Waiting(_)))
    }
}
