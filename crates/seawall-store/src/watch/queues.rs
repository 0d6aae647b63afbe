//! Who waits for tasks. A permit says that one more task may be claimable; it goes to one watch, so that a task wakes one
//! worker and not all of them.
//!
//! A watch has a permit until it has looked: it is used up by the next wait, or by [`QueueWatch::served`]. One that goes
//! away before that passes it on. A permit that nobody can take is dropped: whoever comes later looks first.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::ids::TenantId;
use crate::records::QueueName;

type Key = (TenantId, QueueName);

/// The watched queues of one process. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Queues(Arc<Mutex<HashMap<Key, Waiting>>>);

/// The watches of one queue, by the order in which they came.
#[derive(Default)]
struct Waiting {
    last: u64,
    watches: BTreeMap<u64, Waiter>,
    /// Without any permit: served first, the one that came first before the others.
    idle: BTreeSet<u64>,
    /// Woken, perhaps looking right now, and without a further permit.
    looking: BTreeSet<u64>,
}

/// `idle => pending => looking => (idle | looking and pending)`.
struct Waiter {
    /// A permit that it has not been told of.
    pending: bool,
    /// A permit that it was told of and has not used up.
    looking: bool,
    notify: Arc<Notify>,
}

impl Waiting {
    fn give(&mut self, count: usize) {
        for _ in 0..count {
            let Some(ticket) = self.idle.pop_first().or_else(|| self.looking.pop_first()) else {
                return;
            };
            if let Some(waiter) = self.watches.get_mut(&ticket) {
                waiter.pending = true;
                waiter.notify.notify_one();
            }
        }
    }

    /// The permit that the watch was told of is used up.
    fn use_up(&mut self, ticket: u64) {
        if let Some(waiter) = self.watches.get_mut(&ticket) {
            waiter.looking = false;
            if self.looking.remove(&ticket) {
                self.idle.insert(ticket);
            }
        }
    }

    /// Takes a permit, if there is one.
    fn take(&mut self, ticket: u64) -> bool {
        let Some(waiter) = self.watches.get_mut(&ticket) else {
            return false;
        };
        if !std::mem::take(&mut waiter.pending) {
            return false;
        }
        waiter.looking = true;
        self.looking.insert(ticket);
        true
    }

    fn leave(&mut self, ticket: u64) {
        self.idle.remove(&ticket);
        self.looking.remove(&ticket);
        if let Some(waiter) = self.watches.remove(&ticket) {
            self.give(usize::from(waiter.pending) + usize::from(waiter.looking));
        }
    }
}

impl Queues {
    pub(super) fn watch(&self, tenant: TenantId, queue: QueueName) -> QueueWatch {
        let key = (tenant, queue);
        let notify = Arc::new(Notify::new());
        let mut queues = self.0.lock();
        let waiting = queues.entry(key.clone()).or_default();
        waiting.last += 1;
        let ticket = waiting.last;
        waiting.idle.insert(ticket);
        let waiter = Waiter {
            pending: false,
            looking: false,
            notify: Arc::clone(&notify),
        };
        waiting.watches.insert(ticket, waiter);
        QueueWatch {
            key,
            ticket,
            notify,
            queues: self.clone(),
        }
    }

    pub(super) fn offered(&self, tenant: &TenantId, queue: &QueueName, count: usize) {
        let mut queues = self.0.lock();
        if queues.is_empty() {
            return;
        }
        if let Some(waiting) = queues.get_mut(&(tenant.clone(), queue.clone())) {
            waiting.give(count);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.lock().len()
    }
}

/// A wait for tasks of one queue, for one waiter; dropping it ends it.
pub struct QueueWatch {
    key: Key,
    ticket: u64,
    notify: Arc<Notify>,
    queues: Queues,
}

impl QueueWatch {
    /// Resolves when a task of the queue may have become claimable since the last call, or since the watch began: then
    /// claim. Waiting again says that nothing was found. May be dropped at any time; what it would have told is kept.
    pub async fn changed(&self) {
        self.with(Waiting::use_up);
        while !self.with(Waiting::take) {
            self.notify.notified().await;
        }
    }

    /// Says that the claim after [`QueueWatch::changed`] was answered, with tasks or without: dropping the watch wakes
    /// nobody else for it. Without this call another one is woken in vain at worst.
    pub fn served(&self) {
        self.with(Waiting::use_up);
    }

    fn with<T: Default>(&self, change: impl FnOnce(&mut Waiting, u64) -> T) -> T {
        let mut queues = self.queues.0.lock();
        let waiting = queues.get_mut(&self.key);
        waiting.map(|waiting| change(waiting, self.ticket)).unwrap_or_default()
    }
}

impl Drop for QueueWatch {
    fn drop(&mut self) {
        let mut queues = self.queues.0.lock();
        if let Some(waiting) = queues.get_mut(&self.key) {
            waiting.leave(self.ticket);
            if waiting.watches.is_empty() {
                queues.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future as _;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;
    use crate::watch::Watchers;

    fn queue() -> (TenantId, QueueName) {
        (TenantId::default(), QueueName::parse("mail").expect("a name"))
    }

    fn watch(watchers: &Watchers) -> QueueWatch {
        let (tenant, queue) = queue();
        watchers.watch_queue(tenant, queue)
    }

    fn offer(watchers: &Watchers, count: usize) {
        let (tenant, queue) = queue();
        watchers.offered(&tenant, &queue, count);
    }

    /// Whether a wait that begins now is over at once. The wait itself is dropped.
    fn told(watch: &QueueWatch) -> bool {
        let waiting = pin!(watch.changed());
        waiting.poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn an_offer_between_registering_and_waiting_is_not_missed() {
        let watchers = Watchers::default();
        let watch = watch(&watchers);
        assert!(!told(&watch));
        offer(&watchers, 1);
        assert!(told(&watch));
        assert!(!told(&watch), "a permit is used up by the next wait");
    }

    #[test]
    fn so_many_offers_wake_so_many_watches_the_oldest_first() {
        let watchers = Watchers::default();
        let all: Vec<_> = (0..5).map(|_| watch(&watchers)).collect();
        offer(&watchers, 2);
        let woken: Vec<_> = all.iter().map(told).collect();
        assert_eq!(woken, [true, true, false, false, false]);
        offer(&watchers, 100);
        assert!(all.iter().all(told));
    }

    #[test]
    fn one_that_is_looking_already_is_woken_once_more_if_nobody_else_waits() {
        let watchers = Watchers::default();
        let watch = watch(&watchers);
        offer(&watchers, 1);
        assert!(told(&watch));
        offer(&watchers, 1);
        assert!(told(&watch), "what it looked at may have been before the second offer");
        assert!(!told(&watch));
    }

    #[test]
    fn a_woken_watch_that_goes_away_passes_its_permit_on() {
        let watchers = Watchers::default();
        let (first, second, third) = (watch(&watchers), watch(&watchers), watch(&watchers));
        offer(&watchers, 1);
        drop(first);
        assert!(told(&second), "the first had not even been told");
        drop(second);
        assert!(told(&third), "the second was told and has not said that it looked");
        third.served();
        let fourth = watch(&watchers);
        drop(third);
        assert!(!told(&fourth), "the third has looked");
    }

    #[test]
    fn queues_and_tenants_are_apart_and_nothing_is_kept_for_the_unwatched() {
        let watchers = Watchers::default();
        offer(&watchers, 1);
        assert_eq!(watchers.watched_queues(), 0);
        let other = TenantId::new("other").expect("a tenant");
        let foreign = watchers.watch_queue(other, queue().1);
        let elsewhere = watchers.watch_queue(queue().0, QueueName::parse("post").expect("a name"));
        offer(&watchers, 9);
        assert!(!told(&foreign) && !told(&elsewhere));
        assert_eq!(watchers.watched_queues(), 2);
        drop((foreign, elsewhere));
        assert_eq!(watchers.watched_queues(), 0);
    }

    #[tokio::test]
    async fn a_wait_that_has_begun_is_woken() {
        let watchers = Watchers::default();
        let watch = watch(&watchers);
        let offering = async {
            tokio::task::yield_now().await;
            offer(&watchers, 1);
        };
        tokio::join!(watch.changed(), offering);
    }

    #[tokio::test]
    async fn a_move_of_the_earliest_lapse_is_told_once() {
        let watchers = Watchers::default();
        watchers.lapses();
        watchers.lapses();
        watchers.wait_for_lapses().await;
        let again = pin!(watchers.wait_for_lapses());
        assert!(again.poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
}
