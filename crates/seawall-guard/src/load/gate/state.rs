use std::task::{Context, Waker};
use std::time::Duration;

use tokio::time::Instant;

use super::principals::Principals;
use super::queue::{Queue, State, Ticket};
use crate::load::estimate::{Change, Estimator, Sample};
use crate::load::{Claim, LoadConfig, Outcome, Priority, Reason, Totals};

const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(30);
const SHORTEST_RETRY_AFTER: Duration = Duration::from_secs(1);

/// One limiter's state.
///
/// Whenever nobody is in here, nobody waits who might go: so who finds room may take it, and passes nobody by who is as urgent.
#[derive(Clone, Debug)]
pub(in crate::load) struct Gate {
    config: LoadConfig,
    estimator: Estimator,
    in_flight: [u32; Priority::ALL.len()],
    queue: Queue,
    principals: Principals,
    turned_away: TurnedAway,
    totals: Totals,
}

/// What became of one that waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::load) enum Turn {
    Waits,
    Begins(Instant),
    Displaced,
}

impl Gate {
    pub(in crate::load) fn new(config: LoadConfig, now: Instant) -> Self {
        let most = (config.max + config.control) as usize + config.waiting;
        Self {
            config,
            estimator: Estimator::new(config, now),
            in_flight: [0; Priority::ALL.len()],
            queue: Queue::default(),
            principals: Principals::with_room_for(most),
            turned_away: TurnedAway::new(now),
            totals: Totals::default(),
        }
    }

    /// True: it is under way.
    pub(in crate::load) fn try_enter(&mut self, claim: Claim) -> bool {
        let room = self.has_room(claim.priority);
        if room {
            self.begin(claim);
        }
        room
    }

    /// Has it wait, if there is a place or one that somebody has less right to. That one is `woken`.
    pub(in crate::load) fn wait(&mut self, claim: Claim, waker: Waker, woken: &mut Vec<Waker>) -> Option<Ticket> {
        // Control is not for waiting: there is room for it, or there is far too much of it.
        if claim.priority == Priority::Control || self.config.waiting == 0 {
            return None;
        }
        if self.queue.len() >= self.config.waiting {
            woken.push(self.displace_for(claim)?);
        }
        self.principals.change(claim.principal, |holds| holds.waiting += 1);
        Some(self.queue.push(claim, waker))
    }

    /// Takes the place of one that is less urgent, or as urgent and of a principal that has more.
    fn displace_for(&mut self, claim: Claim) -> Option<Waker> {
        let own = self.principals.of(claim.principal).all() + 1;
        let lower = Priority::ALL.into_iter().filter(|priority| *priority <= claim.priority);
        let (ticket, holds) = lower
            .filter(|priority| self.queue.waiting(*priority) > 0)
            .find_map(|priority| self.queue.last(priority, &self.principals).map(|last| (priority, last)))
            .map(|(priority, (ticket, holds))| (ticket, if priority < claim.priority { u32::MAX } else { holds }))?;
        // With as many, who waits already stays.
        if holds <= own {
            return None;
        }
        let (displaced, waker) = self.queue.tell(ticket, State::Displaced)?;
        self.principals.change(displaced.principal, |holds| holds.waiting -= 1);
        Some(waker)
    }

    /// Asks what became of one that waits, and if nothing did, whom to wake. If that was somebody else, he is `woken` in vain: a
    /// waker is nothing to be dropped under a lock.
    pub(in crate::load) fn turn(&mut self, ticket: Ticket, cx: &Context<'_>, woken: &mut Vec<Waker>) -> Turn {
        let Some(waiter) = self.queue.get(ticket) else {
            return Turn::Displaced;
        };
        let turn = match &mut waiter.state {
            State::Waiting(waker) => {
                if !waker.will_wake(cx.waker()) {
                    woken.push(std::mem::replace(waker, cx.waker().clone()));
                }
                return Turn::Waits;
            }
            State::Granted { began } => Turn::Begins(*began),
            State::Displaced => Turn::Displaced,
        };
        self.queue.leave(ticket);
        turn
    }

    /// One that waits goes away. What it was given and did not take goes to others. Its waker is for the caller to drop, outside
    /// of the lock.
    pub(in crate::load) fn give_up(&mut self, ticket: Ticket, now: Instant, woken: &mut Vec<Waker>) -> Option<Waker> {
        let waiter = self.queue.leave(ticket)?;
        match waiter.state {
            State::Waiting(waker) => {
                self.principals
                    .change(waiter.claim.principal, |holds| holds.waiting -= 1);
                return Some(waker);
            }
            State::Granted { .. } => {
                self.end(waiter.claim);
                self.let_in(now, woken);
            }
            State::Displaced => {}
        }
        None
    }

    /// One that was under way is over.
    pub(in crate::load) fn leave(
        &mut self,
        now: Instant,
        claim: Claim,
        (began, outcome): (Instant, Outcome),
        woken: &mut Vec<Waker>,
    ) -> Option<Change> {
        let in_flight = self.under_limit();
        self.end(claim);
        // Control is not what the limit is found for: most of it is over in no time, and would say so.
        let change = match claim.priority {
            Priority::Control => None,
            Priority::Interactive | Priority::Batch => self.estimator.add(
                now,
                &Sample {
                    began,
                    outcome,
                    in_flight,
                },
            ),
        };
        self.let_in(now, woken);
        change
    }

    fn let_in(&mut self, now: Instant, woken: &mut Vec<Waker>) {
        for priority in [Priority::Interactive, Priority::Batch] {
            while self.queue.waiting(priority) > 0 && self.has_room(priority) {
                let Some(ticket) = self.queue.first(priority, &self.principals) else {
                    break;
                };
                let Some((claim, waker)) = self.queue.tell(ticket, State::Granted { began: now }) else {
                    break;
                };
                self.principals.change(claim.principal, |holds| holds.waiting -= 1);
                self.begin(claim);
                woken.push(waker);
            }
        }
    }

    fn has_room(&self, priority: Priority) -> bool {
        match priority {
            Priority::Control => self.in_flight[Priority::Control.index()] < self.config.control,
            Priority::Interactive => self.under_limit() < self.estimator.limit(),
            Priority::Batch => self.under_limit() < self.batch_limit(),
        }
    }

    /// What is left of the limit without what is reserved, at least 1: batch goes slowly, but goes.
    fn batch_limit(&self) -> u32 {
        let share = f64::from(self.estimator.limit()) * (1.0 - self.config.reserved);
        (share as u32).max(1)
    }

    fn under_limit(&self) -> u32 {
        self.in_flight[Priority::Interactive.index()] + self.in_flight[Priority::Batch.index()]
    }

    fn begin(&mut self, claim: Claim) {
        self.totals.admitted[claim.priority.index()] += 1;
        self.in_flight[claim.priority.index()] += 1;
        self.principals.change(claim.principal, |holds| holds.in_flight += 1);
    }

    fn end(&mut self, claim: Claim) {
        self.in_flight[claim.priority.index()] -= 1;
        self.principals.change(claim.principal, |holds| holds.in_flight -= 1);
    }

    /// Counts one that is turned away, and says after what time it may find room: when those who wait now, and those who were
    /// turned away in the last second and will come back too, have been served at the pace of the last calls.
    pub(in crate::load) fn turn_away(&mut self, now: Instant, priority: Priority, reason: Reason) -> Duration {
        self.totals.shed[priority.index()] += 1;
        match reason {
            Reason::Full => self.totals.full += 1,
            Reason::Displaced => self.totals.displaced += 1,
            Reason::Late => self.totals.late += 1,
        }
        let ahead = self.turned_away.add(now) + self.queue.len() as f64;
        let Some(throughput) = self.estimator.throughput(now).filter(|pace| *pace > 0.0) else {
            return SHORTEST_RETRY_AFTER;
        };
        let wait = Duration::try_from_secs_f64(ahead / throughput).unwrap_or(LONGEST_RETRY_AFTER);
        wait.clamp(SHORTEST_RETRY_AFTER, LONGEST_RETRY_AFTER)
    }

    pub(in crate::load) const fn config(&self) -> &LoadConfig {
        &self.config
    }

    pub(in crate::load) const fn estimator(&self) -> &Estimator {
        &self.estimator
    }

    pub(in crate::load) fn in_flight(&self, priority: Priority) -> u32 {
        self.in_flight[priority.index()]
    }

    pub(in crate::load) fn waiting(&self, priority: Priority) -> usize {
        self.queue.waiting(priority)
    }

    pub(in crate::load) fn principals(&self) -> usize {
        self.principals.len()
    }

    pub(in crate::load) const fn totals(&self) -> Totals {
        self.totals
    }
}

/// How many were turned away in the last second or two.
#[derive(Clone, Copy, Debug)]
struct TurnedAway {
    since: Instant,
    now: u32,
    before: u32,
}

impl TurnedAway {
    const fn new(now: Instant) -> Self {
        Self {
            since: now,
            now: 0,
            before: 0,
        }
    }

    /// One more. Those of the last second, this one included.
    fn add(&mut self, now: Instant) -> f64 {
        let second = Duration::from_secs(1);
        let age = now.saturating_duration_since(self.since);
        if age >= second {
            self.before = if age < 2 * second { self.now } else { 0 };
            self.now = 0;
            self.since = now;
        }
        self.now = self.now.saturating_add(1);
        let rest = 1.0 - now.saturating_duration_since(self.since).as_secs_f64();
        f64::from(self.now) + f64::from(self.before) * rest.max(0.0)
    }
}
