//! The life of a run task: sessions, one after another where memory could not be trusted, until the run leaves.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::FutureExt as _;
use seawall_store::{
    Append, AppendThen, Awaits, ClaimedRun, Lease, LoadedRun, OwnTurn, RunProjection, RunRecord, RunStatus, RunWatch,
    StoreError,
};
use tokio::sync::Notify;

use crate::core::Command;
use crate::runtime::held::Place;
use crate::runtime::identity::Identity;
use crate::runtime::run_task::attempts::Attempts;
use crate::runtime::run_task::driver::Driver;
use crate::runtime::run_task::load::{LoadError, Predecessor, load};
use crate::runtime::run_task::session::{Exit, Failure, Session};
use crate::runtime::shared::Shared;

const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const LAST_BACKOFF: Duration = Duration::from_secs(300);

/// Starts a task for a run that this node has claimed, or was found to hold.
pub(crate) fn spawn_claimed(shared: &Arc<Shared>, identity: &Arc<Identity>, claimed: ClaimedRun) {
    let ClaimedRun { lease, deaths } = claimed;
    let (at_once, identity) = (
        shared.held.enter_claimed(lease.run, lease.epoch, deaths, identity),
        Arc::clone(identity),
    );
    let task_shared = Arc::clone(shared);
    shared.spawner.spawn(async move {
        let shared = task_shared;
        let place = match at_once {
            Ok(place) => place,
            // The task of an earlier lease is still winding up what it began.
            Err(_) => wait_for_place(&shared, &lease, deaths, &identity).await,
        };
        let predecessor = Predecessor {
            dead: shared.config.exclusive,
        };
        let watch = shared.store.watch(lease.run);
        let task = RunTask {
            shared: &shared,
            identity,
            place,
            lease,
        };
        task.live(watch, None, predecessor).await;
    });
}

async fn wait_for_place(shared: &Arc<Shared>, lease: &Lease, deaths: u32, identity: &Identity) -> Place {
    loop {
        shared.held.until(|held| !held.contains(lease.run)).await;
        if let Ok(place) = shared.held.enter_claimed(lease.run, lease.epoch, deaths, identity) {
            return place;
        }
    }
}

/// A run that this node holds, with its place in memory.
pub(super) struct RunTask<'a> {
    pub(super) shared: &'a Arc<Shared>,
    pub(super) identity: Arc<Identity>,
    pub(super) place: Place,
    pub(super) lease: Lease,
}

impl RunTask<'_> {
    /// Goes on with `driver` if the run is in memory already, else loads it.
    /// `watch` was registered before anything of the run was read or written. `predecessor` is who held the run before this
    /// lease, in later sessions too: an earlier one may not have written down what it knew of it.
    pub(super) async fn live(self, watch: RunWatch, mut driver: Option<Driver>, predecessor: Predecessor) {
        let inbox = watch.inbox();
        let mut backoff = FIRST_BACKOFF;
        loop {
            let session = self.session(driver.take(), predecessor, &inbox);
            let exit = AssertUnwindSafe(session).catch_unwind().await;
            match exit.unwrap_or(Exit::Failed(Failure::Panic)) {
                Exit::Ended | Exit::Parked => return,
                Exit::Stale => {
                    tracing::warn!(run.id = %self.lease.run, lease.epoch = self.lease.epoch.0, "the run's lease is lost; it is dropped");
                    self.leave_in_doubt();
                    return;
                }
                Exit::Dropped => {
                    self.leave_in_doubt();
                    return;
                }
                Exit::Failed(failure) => self.report(&failure, backoff),
            }
            self.shared.in_doubt();
            // What could not even be loaded may be deleted meanwhile: nothing of it is executed before the next session.
            self.place.set_aside(true);
            tokio::select! {
                biased;
                () = self.place.dropped().cancelled() => return self.leave_in_doubt(),
                () = self.shared.draining.cancelled() => return,
                () = tokio::time::sleep(backoff) => {}
            }
            self.place.set_aside(false);
            backoff = backoff.saturating_mul(2).min(LAST_BACKOFF);
        }
    }

    fn leave_in_doubt(self) {
        let shared = Arc::clone(self.shared);
        // First out of memory, then the comparison: else it would find the run where it was.
        drop(self);
        shared.in_doubt();
    }

    fn report(&self, failure: &Failure, backoff: Duration) {
        tracing::error!(
            run.id = %self.lease.run,
            error = failure as &dyn std::error::Error,
            retry_in_ms = u64::try_from(backoff.as_millis()).unwrap_or(u64::MAX),
            "the run's memory is dropped and read again"
        );
    }

    async fn session(&self, driver: Option<Driver>, predecessor: Predecessor, inbox: &Notify) -> Exit {
        let (driver, rows) = match driver {
            Some(driver) => (driver, None),
            None => match load(self.shared, &self.lease, predecessor).await {
                Ok(loaded) => (loaded.driver, Some(loaded.inbox)),
                Err(LoadError::Store(StoreError::StaleLease)) => return Exit::Stale,
                Err(LoadError::Store(error)) => return Exit::Failed(Failure::Load(error)),
                Err(LoadError::Unusable { record, reason }) => return self.put_aside(&record, &reason, inbox).await,
            },
        };
        let fence = self.identity.fence(Arc::clone(&self.shared.clock));
        let attempts = Attempts::new(self.shared, &self.lease, fence);
        let mut session = Session::new(self.shared, &self.lease, driver, attempts);
        if let Some(rows) = rows {
            session.receive(&rows, LoadedRun::MAX_INBOX);
            if !session.has_more_messages() {
                session.driver.take_over([Command::Tick]);
            }
        }
        let exit = session.run(&self.place, inbox).await;
        if matches!(exit, Exit::Stale | Exit::Dropped | Exit::Failed(_)) {
            session.attempts.wind_up().await;
        }
        if matches!(exit, Exit::Ended) {
            log_end(&session.driver);
        }
        exit
    }

    /// A run whose definition or journal cannot be used here shows as blocked. It is looked at again when a message comes.
    async fn put_aside(&self, record: &RunRecord, reason: &str, inbox: &Notify) -> Exit {
        tracing::error!(run.id = %self.lease.run, reason, "the run cannot go on and is blocked");
        let (projection, then) = if record.projection.status.is_terminal() {
            (record.projection.clone(), AppendThen::End)
        } else {
            let blocked = RunProjection {
                status: RunStatus::Blocked,
                awaits: Awaits::Person,
                ..record.projection.clone()
            };
            (blocked, AppendThen::Park { due: None })
        };
        let append = Append {
            lease: self.lease.clone(),
            segment: None,
            after: record.last_seq,
            projection,
            reader: 0,
            consumed: Vec::new(),
            opened: Vec::new(),
            settled: Vec::new(),
            children: Vec::new(),
            messages: Vec::new(),
            tasks: Vec::new(),
            withdrawn: Vec::new(),
            turn: OwnTurn::Keep,
            keeps_deaths: false,
            then,
        };
        match self.shared.store.append(append).await {
            Ok(appended) if appended.parked => Exit::Parked,
            Ok(_) => {
                // Unread messages keep it claimable, and nobody can read them now: it is held instead, and tried again.
                self.place.set_aside(true);
                tokio::select! {
                    biased;
                    () = self.place.dropped().cancelled() => {}
                    () = self.shared.draining.cancelled() => {}
                    () = inbox.notified() => {}
                    () = tokio::time::sleep(LAST_BACKOFF) => {}
                }
                self.place.set_aside(false);
                Exit::Failed(Failure::Unusable)
            }
            Err(StoreError::StaleLease) => Exit::Stale,
            Err(error) => Exit::Failed(Failure::Append(error)),
        }
    }
}

pub(super) fn log_end(driver: &Driver) {
    let state = driver.state();
    let duration = state
        .finished_at
        .map(|end| end.since(state.created_at))
        .unwrap_or_default();
    tracing::info!(
        run.id = %state.run,
        workflow.name = %state.workflow.name,
        run.trace = state.trace.as_deref(),
        run.status = %state.status(),
        duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        "run ended"
    );
}
