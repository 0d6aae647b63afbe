//! The runs in this process's memory: at most one task for each, a bounded number in all.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use seawall_store::{ClaimLimits, Epoch, RunId};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::runtime::identity::Identity;

/// Why a run did not get a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NoPlace {
    Full,
    /// A task for this run is still there.
    Taken,
}

struct Entry {
    /// None while the run is being created.
    epoch: Option<Epoch>,
    dropped: CancellationToken,
    suspicion: Suspicion,
    /// It is held only because it cannot be given back: nobody here can go on with it.
    aside: bool,
}

/// Whether a run may be what its holders die of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Suspicion {
    None,
    Suspect,
    /// A suspect beside which there is no other one.
    Grave,
}

impl Suspicion {
    const fn of(deaths: u32) -> Self {
        match deaths {
            ClaimLimits::GRAVE.. => Self::Grave,
            ClaimLimits::SUSPECT.. => Self::Suspect,
            _ => Self::None,
        }
    }
}

/// Suspects at once, in the end.
const MOST_SUSPECTS: u32 = 64;

struct Inner {
    runs: HashMap<RunId, Entry>,
    suspects: u32,
    grave: bool,
    /// Suspects at once by now. It begins with one, and each that proves harmless makes room for another one: what kills
    /// processes is met among few, and a crowd that was only there when they died is through soon.
    window: u32,
    /// Suspects that have left or proved harmless.
    cleared: u64,
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            runs: HashMap::new(),
            suspects: 0,
            grave: false,
            window: 1,
            cleared: 0,
        }
    }
}

impl Inner {
    fn suspect(&mut self, suspicion: Suspicion) {
        self.suspects += u32::from(suspicion != Suspicion::None);
        self.grave |= suspicion == Suspicion::Grave;
    }

    /// It is gone, or none any more. `outlived`: it had its chance to kill the process.
    fn clear(&mut self, suspicion: Suspicion, outlived: bool) {
        if suspicion == Suspicion::None {
            return;
        }
        self.suspects -= 1;
        self.grave &= suspicion != Suspicion::Grave;
        self.cleared += 1;
        self.window = (self.window + u32::from(outlived)).min(MOST_SUSPECTS);
    }
}

/// What of the suspects may come in now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SuspectRoom {
    pub(crate) suspects: u32,
    pub(crate) grave: bool,
}

impl SuspectRoom {
    /// Whether a run with so many deaths may come in.
    pub(crate) fn admits(self, deaths: u32) -> bool {
        match Suspicion::of(deaths) {
            Suspicion::None => true,
            Suspicion::Suspect => self.suspects > 0,
            Suspicion::Grave => self.grave,
        }
    }
}

/// The registry. Each entry is a [`Place`] in the hands of a run task.
#[derive(Default)]
pub(crate) struct Held {
    inner: Mutex<Inner>,
    /// The first run has come.
    occupied: Notify,
    /// Somebody waits for a place or for a run to leave.
    wanted: AtomicBool,
    left: Notify,
}

impl Held {
    pub(crate) fn len(&self) -> usize {
        self.inner.lock().runs.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn contains(&self, run: RunId) -> bool {
        self.inner.lock().runs.contains_key(&run)
    }

    pub(crate) fn suspect_room(&self) -> SuspectRoom {
        let inner = self.inner.lock();
        let suspects = if inner.grave {
            0
        } else {
            inner.window.saturating_sub(inner.suspects)
        };
        SuspectRoom {
            suspects,
            grave: inner.suspects == 0,
        }
    }

    /// How many suspects have left or proved harmless.
    pub(crate) fn cleared(&self) -> u64 {
        self.inner.lock().cleared
    }

    /// Enters a run that is about to be created, if there are fewer than `max`.
    pub(crate) fn enter_new(self: &Arc<Self>, run: RunId, of: &Identity, max: usize) -> Result<Place, NoPlace> {
        let mut inner = self.inner.lock();
        if inner.runs.len() >= max {
            return Err(NoPlace::Full);
        }
        self.insert(&mut inner, run, (None, Suspicion::None), of)
    }

    /// Enters a run that this node holds; there is room for it because it is held.
    pub(crate) fn enter_claimed(
        self: &Arc<Self>,
        run: RunId,
        epoch: Epoch,
        deaths: u32,
        of: &Identity,
    ) -> Result<Place, NoPlace> {
        self.insert(&mut self.inner.lock(), run, (Some(epoch), Suspicion::of(deaths)), of)
    }

    fn insert(
        self: &Arc<Self>,
        inner: &mut Inner,
        run: RunId,
        (epoch, suspicion): (Option<Epoch>, Suspicion),
        of: &Identity,
    ) -> Result<Place, NoPlace> {
        if inner.runs.contains_key(&run) {
            return Err(NoPlace::Taken);
        }
        let dropped = of.runs_token();
        let entry = Entry {
            epoch,
            dropped: dropped.clone(),
            suspicion,
            aside: false,
        };
        inner.runs.insert(run, entry);
        inner.suspect(suspicion);
        if inner.runs.len() == 1 {
            self.occupied.notify_one();
        }
        Ok(Place {
            held: Arc::clone(self),
            run,
            dropped,
        })
    }

    /// Runs whose lease is known, with its epoch, in the order of their ids: what is decided about them in turn must not
    /// hang on where a hash has put them.
    pub(crate) fn snapshot(&self) -> Vec<(RunId, Epoch)> {
        let inner = self.inner.lock();
        let known = |(run, entry): (&RunId, &Entry)| entry.epoch.map(|epoch| (*run, epoch));
        let mut runs: Vec<_> = inner.runs.iter().filter_map(known).collect();
        drop(inner);
        runs.sort_unstable();
        runs
    }

    /// Whether the run is held at this epoch, and nothing of it is executed.
    pub(crate) fn is_aside(&self, run: RunId, epoch: Epoch) -> bool {
        let inner = self.inner.lock();
        let entry = inner.runs.get(&run);
        entry.is_some_and(|entry| entry.aside && entry.epoch == Some(epoch))
    }

    /// Tells the task of a run that its lease is gone.
    pub(crate) fn drop_run(&self, run: RunId, epoch: Epoch) {
        let inner = self.inner.lock();
        if let Some(entry) = inner.runs.get(&run).filter(|entry| entry.epoch == Some(epoch)) {
            entry.dropped.cancel();
        }
    }

    /// Resolves while at least one run is here. For one waiter: the heartbeat.
    pub(crate) async fn occupied(&self) {
        while self.is_empty() {
            self.occupied.notified().await;
        }
    }

    /// Hundreds of runs leave every second; only who waits for that is told.
    fn tell(&self) {
        if self.wanted.swap(false, Ordering::SeqCst) {
            self.left.notify_waiters();
        }
    }

    /// Resolves when `done` holds; it is looked at now and whenever a run leaves or is acquitted.
    pub(crate) async fn until(&self, done: impl Fn(&Self) -> bool) {
        loop {
            let left = self.left.notified();
            tokio::pin!(left);
            left.as_mut().enable();
            self.wanted.store(true, Ordering::SeqCst);
            if done(self) {
                return;
            }
            left.await;
        }
    }
}

/// A run's place in memory. Dropping it makes room, also when the task panics.
pub(crate) struct Place {
    held: Arc<Held>,
    run: RunId,
    dropped: CancellationToken,
}

impl Place {
    /// Fires when the lease is known to be lost.
    pub(crate) const fn dropped(&self) -> &CancellationToken {
        &self.dropped
    }

    /// Whether the run's holders died too often; then it keeps others of that kind waiting.
    pub(crate) fn is_suspect(&self) -> bool {
        let inner = self.held.inner.lock();
        let entry = inner.runs.get(&self.run);
        entry.is_some_and(|entry| entry.suspicion != Suspicion::None)
    }

    /// The run has made progress, or was held for a while and nobody died of it: others need not wait for it.
    pub(crate) fn acquit(&self) {
        {
            let mut inner = self.held.inner.lock();
            let entry = inner.runs.get_mut(&self.run);
            let was = entry.map(|entry| std::mem::replace(&mut entry.suspicion, Suspicion::None));
            inner.clear(was.unwrap_or(Suspicion::None), true);
        }
        self.held.tell();
    }

    /// Whether the run can only lie there, from now on.
    pub(crate) fn set_aside(&self, aside: bool) {
        if let Some(entry) = self.held.inner.lock().runs.get_mut(&self.run) {
            entry.aside = aside;
        }
    }

    /// The run was created and is held at this epoch.
    pub(crate) fn created(&self, epoch: Epoch) {
        if let Some(entry) = self.held.inner.lock().runs.get_mut(&self.run) {
            entry.epoch = Some(epoch);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        {
            let mut inner = self.held.inner.lock();
            if let Some(entry) = inner.runs.remove(&self.run) {
                // One whose lease was lost may have done nothing here.
                inner.clear(entry.suspicion, !self.dropped.is_cancelled());
            }
        }
        self.held.tell();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use seawall_store::NodeId;

    use super::*;

    fn identity() -> Identity {
        let root = CancellationToken::new();
        Identity::new(NodeId::generate(), Duration::ZERO, Duration::from_secs(10), &root)
    }

    #[test]
    fn a_run_has_one_place_until_it_leaves() {
        let (held, identity, run) = (Arc::new(Held::default()), identity(), RunId::generate());
        let place = held.enter_claimed(run, Epoch(1), 3, &identity);
        let again = held.enter_claimed(run, Epoch(2), 0, &identity);
        assert_eq!(again.err(), Some(NoPlace::Taken));
        assert!(!held.suspect_room().admits(3));
        drop(place);
        assert!(held.suspect_room().admits(3) && held.is_empty());
        assert!(held.enter_claimed(run, Epoch(2), 0, &identity).is_ok());
    }

    #[test]
    fn each_suspect_that_proves_harmless_makes_room_for_another_one() {
        let (held, identity) = (Arc::new(Held::default()), identity());
        let enter = |deaths| held.enter_claimed(RunId::generate(), Epoch(1), deaths, &identity).ok();
        let room = |suspects, grave| SuspectRoom { suspects, grave };
        assert_eq!(held.suspect_room(), room(1, true));
        let one = enter(3);
        assert_eq!(held.suspect_room(), room(0, false));
        drop(one);
        assert_eq!(held.suspect_room(), room(2, true));
        let two = (enter(3), enter(5), enter(2));
        assert_eq!(held.suspect_room(), room(0, false));
        two.0.iter().for_each(Place::acquit);
        two.0.iter().for_each(Place::acquit);
        assert_eq!((held.suspect_room(), held.cleared()), (room(2, false), 2));
        drop(two);
        for _ in 0..100 {
            drop(enter(3));
        }
        assert_eq!(held.suspect_room(), room(MOST_SUSPECTS, true));
    }

    #[test]
    fn beside_a_grave_suspect_there_is_no_other_one() {
        let (held, identity) = (Arc::new(Held::default()), identity());
        let enter = |deaths| held.enter_claimed(RunId::generate(), Epoch(1), deaths, &identity).ok();
        drop((enter(3), enter(3)));
        let grave = enter(6);
        let room = held.suspect_room();
        assert!(room.admits(2) && !room.admits(3) && !room.admits(6));
        drop(grave);
        let _light = enter(3);
        let room = held.suspect_room();
        assert!(room.admits(5) && !room.admits(6));
    }

    #[test]
    fn only_new_runs_are_refused_for_want_of_room() {
        let (held, identity) = (Arc::new(Held::default()), identity());
        let first = held.enter_new(RunId::generate(), &identity, 1);
        assert!(first.is_ok());
        let second = held.enter_new(RunId::generate(), &identity, 1);
        assert_eq!(second.err(), Some(NoPlace::Full));
        let claimed = held.enter_claimed(RunId::generate(), Epoch(1), 0, &identity);
        assert!(claimed.is_ok());
    }

    #[test]
    fn a_lost_identity_drops_its_runs_and_a_lost_lease_drops_one() {
        let (held, identity, run) = (Arc::new(Held::default()), identity(), RunId::generate());
        let enter = |run, epoch| held.enter_claimed(run, Epoch(epoch), 2, &identity).ok();
        let (one, other) = (enter(run, 3), enter(RunId::generate(), 1));
        let is_dropped = |place: &Option<Place>| place.as_ref().is_some_and(|place| place.dropped().is_cancelled());
        held.drop_run(run, Epoch(2));
        assert!(!is_dropped(&one), "that was an earlier lease");
        held.drop_run(run, Epoch(3));
        assert!(is_dropped(&one) && !is_dropped(&other));
        assert!(identity.lose());
        assert!(is_dropped(&other));
    }
}
