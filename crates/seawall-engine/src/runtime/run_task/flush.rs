//! Making durable what is not: everything that has gathered becomes one append, which also gives the run back when nothing
//! is left to do in memory.

use seawall_store::{Append, AppendThen, Timestamp};

use crate::journal;
use crate::runtime::run_task::driver::{Batch, Driver};
use crate::runtime::run_task::flight::Flight;
use crate::runtime::run_task::session::{Exit, Failure, Session};

impl Session<'_> {
    /// Sends an append if there is anything to write, or if the run is to leave. `busy`: steps in place are left.
    pub(super) fn flush(&mut self, busy: bool) -> Result<(), Failure> {
        let idle = !busy && self.attempts.is_empty() && self.driver.is_idle() && !self.awaits_inbox();
        self.linger.holding(false);
        let then = if idle { self.rest()? } else { AppendThen::Hold };
        if then == AppendThen::Hold && !self.driver.has_pending() {
            return Ok(());
        }
        let batch = self.driver.take_batch();
        if !batch.events.is_empty() {
            self.linger.restart();
        }
        // Its answer is waited for, however long that takes: what else keeps the run here is asked again after it.
        self.linger.holding(false);
        let append = self.append(batch, then);
        self.flight = Some(Flight::send(&self.shared.store, append));
        Ok(())
    }

    /// What becomes of a run in which nothing is under way.
    fn rest(&mut self) -> Result<AppendThen, Failure> {
        let state = self.driver.state();
        if state.is_terminal() {
            // Until the end is durable nobody can ask for a retry but a parent that does not wait for it. After that somebody
            // may have, and `End` would leave the request unread.
            let ends = state.parent.is_none() && self.driver.has_end();
            return Ok(if ends {
                AppendThen::End
            } else {
                AppendThen::Park { due: None }
            });
        }
        let left = self.attempts.left();
        if state.in_flight() as usize > left {
            return Err(Failure::LostAttempts);
        }
        if left > 0 {
            // Whoever goes on with it settles them, as after a crash. That this process ended in order is no death.
            return Ok(AppendThen::Park {
                due: Some(Timestamp::ZERO),
            });
        }
        let due = self.driver.next_wake();
        let soon = due.is_some_and(|due| due.since(self.driver.now()) <= self.shared.config.park_after);
        if self.draining {
            return Ok(AppendThen::Park { due });
        }
        let lingers = self.lingers();
        self.linger.holding(lingers && !soon);
        if soon || lingers {
            return Ok(AppendThen::Hold);
        }
        Ok(AppendThen::Park { due })
    }

    /// Whether a worker's word is worth waiting for in memory.
    fn lingers(&self) -> bool {
        let room = self.shared.held.len() < self.shared.config.max_active_runs.div_ceil(2);
        self.driver.state().offered > 0 && room && !self.linger.is_over()
    }

    fn append(&self, batch: Batch, then: AppendThen) -> Append {
        let Batch {
            events,
            consumed,
            offers,
            progress,
        } = batch;
        let state = self.driver.state();
        let writes = journal::writes(state, &events, &offers, self.driver.now());
        self.shared.queues.offered(&self.lease.tenant, &writes.tasks);
        Append {
            lease: self.lease.clone(),
            segment: (!events.is_empty()).then(|| journal::encode(&events)),
            after: self.driver.durable(),
            projection: state.projection(),
            reader: journal::READER_VERSION,
            consumed,
            opened: writes.opened,
            settled: writes.settled,
            children: writes.children,
            messages: writes.messages,
            tasks: writes.tasks,
            withdrawn: writes.withdrawn,
            turn: writes.turn,
            keeps_deaths: !progress,
            then,
        }
    }

    /// The append has landed.
    pub(super) async fn after(&mut self, then: AppendThen, given_back: bool) -> Option<Exit> {
        match then {
            AppendThen::End => Some(Exit::Ended),
            AppendThen::Park { .. } if given_back && self.driver.state().is_terminal() => Some(Exit::Ended),
            AppendThen::Park { .. } if given_back => {
                if let Some(waits) = self.driver.waits_for_room() {
                    self.shared.queues.parked(self.lease, waits);
                }
                Some(Exit::Parked)
            }
            AppendThen::Park { .. } if self.draining => {
                // A message came in between. It stays unread: whoever claims the run next takes it.
                let at_once = Some(Timestamp::ZERO);
                let released = self
                    .shared
                    .store
                    .release(self.lease, self.driver.durable(), at_once)
                    .await;
                if let Err(error) = released {
                    tracing::debug!(run.id = %self.lease.run, error = &error as &dyn std::error::Error, "the run was not released; it goes with the node");
                }
                Some(Exit::Parked)
            }
            AppendThen::Park { .. } => self.read_inbox().await,
            // It was found to be written already, and somebody else has the run now.
            AppendThen::Hold if given_back => Some(Exit::Stale),
            AppendThen::Hold if self.has_more_messages() && !self.draining => self.read_inbox().await,
            AppendThen::Hold => None,
        }
    }
}

/// The first segment of a run that is created, of what was decided so far: all of it if it writes nowhere else, or only
/// the creation itself, which is the first `creation` events.
pub(super) fn first_batch(driver: &mut Driver, creation: usize) -> (Batch, bool) {
    let mut batch = driver.take_batch();
    let writes = journal::writes(driver.state(), &batch.events, &batch.offers, driver.now());
    let elsewhere = !(writes.opened.is_empty()
        && writes.settled.is_empty()
        && writes.children.is_empty()
        && writes.messages.is_empty()
        && writes.tasks.is_empty()
        && writes.withdrawn.is_empty());
    if elsewhere {
        driver.split(&mut batch, creation);
    }
    (batch, elsewhere)
}
