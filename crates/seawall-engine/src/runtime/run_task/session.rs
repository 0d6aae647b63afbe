//! A run in memory: from its load, or its creation, until it is given back or dropped.

use std::sync::Arc;
use std::time::Duration;

use seawall_store::{Appended, InboxRow, Lease, StoreError, StoreResult};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::core::Command;
use crate::journal::decode_message;
use crate::runtime::held::Place;
use crate::runtime::run_task::alarm::Alarm;
use crate::runtime::run_task::attempts::Attempts;
use crate::runtime::run_task::driver::{Driver, Next};
use crate::runtime::run_task::flight::Flight;
use crate::runtime::run_task::linger::Linger;
use crate::runtime::shared::Shared;

/// Steps done in place before others get their turn.
const IN_PLACE: u32 = 64;
/// Messages read at once.
const MESSAGES: usize = 64;
const UNREADABLE_PAUSE: Duration = Duration::from_secs(1);
/// A suspect that has not killed its holder by then makes room for the next one; the store goes on counting its deaths until
/// it makes progress. Without this, one long attempt would keep other suspects waiting, and most of those were only there
/// when a process died.
const PROBATION: Duration = Duration::from_secs(10);
/// A store that fails this often in a row is worth a line in the log.
const WORTH_A_LINE: u32 = 4;

/// Why a run left memory.
#[derive(Debug)]
pub(super) enum Exit {
    Ended,
    Parked,
    /// Somebody else may hold the run: nothing of what is in memory counts any more.
    Stale,
    /// The node has lost its identity, or the store does not know this lease.
    Dropped,
    /// Memory cannot be trusted; the journal can.
    Failed(Failure),
}

/// Why memory cannot be trusted.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("the run could not be appended to")]
    Append(#[source] StoreError),
    #[error("the run could not be loaded")]
    Load(#[source] StoreError),
    #[error("the state counts attempts in flight that nobody makes")]
    LostAttempts,
    #[error("the run can be neither replayed nor put aside here")]
    Unusable,
    #[error("the run's task failed in an unforeseen way")]
    Panic,
}

pub(super) struct Session<'a> {
    pub(super) shared: &'a Arc<Shared>,
    pub(super) lease: &'a Lease,
    pub(super) driver: Driver,
    pub(super) attempts: Attempts,
    pub(super) flight: Option<Flight>,
    alarm: Alarm,
    /// After its last event, while it waits for workers.
    pub(super) linger: Linger,
    /// Rows may be unread beyond those that were taken.
    more_messages: bool,
    /// The inbox could not be read: when to try again.
    unreadable: Option<Instant>,
    /// The inbox was read in the last round: this one is for the others.
    heard: bool,
    pub(super) draining: bool,
}

impl<'a> Session<'a> {
    pub(super) fn new(shared: &'a Arc<Shared>, lease: &'a Lease, driver: Driver, attempts: Attempts) -> Self {
        Self {
            shared,
            lease,
            driver,
            attempts,
            flight: None,
            alarm: Alarm::default(),
            linger: Linger::new(shared.config.linger),
            more_messages: false,
            unreadable: None,
            heard: false,
            draining: false,
        }
    }

    /// Works until the run leaves memory. `inbox` was registered before the run was loaded.
    pub(super) async fn run(&mut self, place: &Place, inbox: &Notify) -> Exit {
        let shared = Arc::clone(self.shared);
        // Pinned once, each over a token of its own: thousands of tasks would meet at the lock of a shared one.
        let dropped = place.dropped().cancelled();
        let (draining, hurrying) = (shared.draining.child_token(), shared.hurrying.child_token());
        let (draining, hurrying) = (draining.cancelled(), hurrying.cancelled());
        tokio::pin!(dropped, draining, hurrying);
        let mut hurried = false;
        let mut suspect = place.is_suspect();
        let probation = tokio::time::sleep(PROBATION);
        tokio::pin!(probation);
        loop {
            let more = match self.advance() {
                Ok(more) => more,
                Err(failure) => return Exit::Failed(failure),
            };
            if suspect && self.linger.holds() {
                // It does nothing but wait for workers: what it could have killed, it would have.
                suspect = false;
                place.acquit();
            }
            // What would add events waits while the run is being given back, and while too much is undurable.
            let open = !self.gives_back() && !self.driver.is_full();
            let listens = open && !self.draining;
            let heard = std::mem::take(&mut self.heard);
            // In a fixed order: what ends the run's time here, then what makes it durable, then what makes it grow. The answer
            // to an append comes once for each append and a fruitless tick rests, so only messages could keep the attempts
            // from their turn; they are read every other round.
            let exit = tokio::select! {
                biased;
                () = &mut dropped => Some(Exit::Dropped),
                () = &mut draining, if !self.draining => {
                    self.draining = true;
                    self.driver.drain();
                    self.attempts.drain();
                    None
                }
                () = &mut hurrying, if self.draining && !hurried => {
                    hurried = true;
                    self.attempts.cut_off();
                    None
                }
                answer = landed(&mut self.flight), if self.flight.is_some() => {
                    if suspect && answer.is_ok() && self.flight.as_ref().is_some_and(Flight::shows_progress) {
                        suspect = false;
                        place.acquit();
                    }
                    self.answered(answer).await
                }
                // Before the attempts: thousands of quick ones leave no gap for a cancel or the end of the run's time.
                () = inbox.notified(), if listens && !heard => self.read_inbox().await,
                () = until(self.unreadable), if listens && self.unreadable.is_some() => self.read_inbox().await,
                // A message that was acknowledged before is not to come too late because others stood before it.
                () = self.alarm.rings(), if listens && self.alarm.is_set() && !self.more_messages => {
                    self.tick();
                    None
                }
                () = self.linger.rings(), if listens && self.linger.holds() => None,
                Some(ended) = self.attempts.next(), if open && !self.attempts.is_empty() => {
                    if let Some(command) = ended {
                        self.driver.apply(command);
                    }
                    None
                }
                () = &mut probation, if suspect => {
                    suspect = false;
                    place.acquit();
                    None
                }
                () = tokio::task::yield_now(), if more || heard => None,
            };
            if let Some(exit) = exit {
                return exit;
            }
        }
    }

    /// Does what can be done without waiting: steps in place, attempts that may begin, an append. Answers whether there is
    /// more of it to do at once.
    fn advance(&mut self) -> Result<bool, Failure> {
        let mut more = false;
        if !self.gives_back() {
            // What was stopped before it has begun does not begin.
            self.stop();
            more = self.begin_ready();
            for lookup in self.driver.take_lookups() {
                self.attempts.look_up(lookup);
            }
            self.stop();
        }
        if self.flight.is_none() {
            self.flush(more)?;
        }
        let wake = if self.gives_back() || self.draining {
            None
        } else {
            self.driver.next_wake()
        };
        self.alarm.set(wake, self.driver.now());
        Ok(more)
    }

    fn stop(&mut self) {
        for activity in self.driver.take_stops() {
            self.attempts.stop(&activity);
        }
    }

    fn begin_ready(&mut self) -> bool {
        let mut done = 0;
        loop {
            match self.driver.next() {
                Next::Nothing => return false,
                Next::Begin(plan) => self.attempts.begin(*plan),
                Next::Done => {
                    done += 1;
                    if done == IN_PLACE {
                        return true;
                    }
                }
            }
        }
    }

    fn gives_back(&self) -> bool {
        self.flight.as_ref().is_some_and(Flight::gives_back)
    }

    fn tick(&mut self) {
        let now = self.driver.now();
        if self.alarm.is_due(now) && !self.driver.apply(Command::Tick) {
            self.alarm.rest();
        }
    }

    async fn answered(&mut self, answer: StoreResult<Appended>) -> Option<Exit> {
        let flight = self.flight.as_mut()?;
        match answer {
            Ok(appended) => {
                let then = flight.then();
                self.flight = None;
                self.driver.confirm(appended.last);
                self.after(then, appended.parked).await
            }
            // Sent again, and the first one had given the run back already (or the lease is lost: the same to us).
            Err(StoreError::StaleLease) if flight.gives_back() && flight.tries() > 1 => Some(Exit::Parked),
            Err(StoreError::StaleLease) => Some(Exit::Stale),
            Err(error) if error.is_temporary() => {
                if flight.tries() == WORTH_A_LINE {
                    tracing::warn!(
                        run.id = %self.lease.run,
                        error = &error as &dyn std::error::Error,
                        "the run cannot be appended to now; trying again"
                    );
                }
                flight.again(&self.shared.store);
                None
            }
            Err(error) => Some(Exit::Failed(Failure::Append(error))),
        }
    }

    pub(super) async fn read_inbox(&mut self) -> Option<Exit> {
        self.heard = true;
        let limit = MESSAGES + self.driver.taken();
        match self.shared.store.unread(self.lease, limit).await {
            Ok(rows) => {
                self.unreadable = None;
                self.receive(&rows, limit);
                None
            }
            Err(StoreError::StaleLease) => Some(Exit::Stale),
            Err(error) => {
                tracing::debug!(
                    run.id = %self.lease.run,
                    error = &error as &dyn std::error::Error,
                    "the inbox cannot be read now"
                );
                self.unreadable = Some(Instant::now() + UNREADABLE_PAUSE);
                None
            }
        }
    }

    /// Takes messages that were read, at most `limit` of them.
    pub(super) fn receive(&mut self, rows: &[InboxRow], limit: usize) {
        self.more_messages = rows.len() >= limit;
        self.feed(rows);
    }

    /// Applies messages in their order, as far as there is room for their events.
    fn feed(&mut self, rows: &[InboxRow]) {
        for row in rows {
            if self.driver.has_taken(row.id) {
                continue;
            }
            if self.driver.is_full() {
                self.more_messages = true;
                return;
            }
            let message = decode_message(&row.body).map_err(|error| {
                tracing::error!(
                    run.id = %self.lease.run,
                    message.key = row.key.0,
                    error = &error as &dyn std::error::Error,
                    "a message in the run's inbox is not readable and is passed over"
                );
            });
            self.driver.take_message(row.id, message.ok());
        }
    }

    /// Messages may wait that could not be read: parking would be refused, again and again.
    pub(super) const fn awaits_inbox(&self) -> bool {
        self.unreadable.is_some() && !self.draining
    }

    pub(super) const fn has_more_messages(&self) -> bool {
        self.more_messages
    }
}

async fn until(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}

async fn landed(flight: &mut Option<Flight>) -> StoreResult<Appended> {
    match flight {
        Some(flight) => flight.landed().await,
        None => std::future::pending().await,
    }
}
