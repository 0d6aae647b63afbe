//! Who waits for tasks. A permit says that one more task may be claimable; it goes to one watch, so that a task wakes one
//! worker and not all of them.
//!
//! A watch has a permit until it has looked: it is used up by the next wait, or by [`QueueWatch::served`]. One that goes
//! away before that passes it on. A permit that nobody can take is dropped: whoever comes later looks first.
//!
//! Where a rate keeps tasks back, time gives permits as well: one timer for each queue, as many permits as the rate allows.
//! Whoever has waited longest keeps it running, so it ends with the last one that waits.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::ids::TenantId;
use crate::records::QueueName;

/// A timer ticks no more often; with each tick it gives all the permits that have come since.
const TICK: Duration = Duration::from_millis(1);

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
    /// In a wait: the first of them keeps the timer running.
    waiting: BTreeSet<u64>,
    timer: Option<Timer>,
    /// Raised with each change of the timer but its own ticks.
    turned: u64,
}

#[derive(Clone, Copy)]
struct Timer {
    at: Instant,
    every: Duration,
}

/// What was known of a queue's timer before the store was asked for its next time.
#[derive(Clone, Copy)]
pub struct TimerSeen(u64);

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

    fn tick(&mut self, now: Instant) {
        let Some(timer) = self.timer.as_mut().filter(|timer| timer.at <= now) else {
            return;
        };
        let every = timer.every.max(TICK);
        let late = now.duration_since(timer.at).as_nanos() / every.as_nanos();
        let count = usize::try_from(late).unwrap_or(usize::MAX).saturating_add(1);
        timer.at += every.saturating_mul(u32::try_from(count).unwrap_or(u32::MAX));
        self.give(count.min(self.watches.len()));
    }

    fn turn(&mut self, timer: Option<Timer>) {
        self.turned += 1;
        self.timer = timer;
        self.wake_first();
    }

    /// The one that is to keep the timer running looks at it anew.
    fn wake_first(&self) {
        let first = self.waiting.first().and_then(|ticket| self.watches.get(ticket));
        if let Some(first) = first.filter(|_| self.timer.is_some()) {
            first.notify.notify_one();
        }
    }

    fn enter(&mut self, ticket: u64) {
        self.waiting.insert(ticket);
    }

    fn exit(&mut self, ticket: u64) {
        let was_first = self.waiting.first() == Some(&ticket);
        self.waiting.remove(&ticket);
        if was_first {
            self.wake_first();
        }
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
        let _wait = Wait::begin(self);
        while !self.with(Waiting::take) {
            tokio::select! {
                biased;
                () = self.notify.notified() => {}
                () = self.time() => self.with(|waiting, _| waiting.tick(Instant::now())),
            }
        }
    }

    /// Whether time alone will wake somebody: who has just come and found nothing need not ask for when.
    #[must_use]
    pub fn is_timed(&self) -> bool {
        self.with(|waiting, _| waiting.timer.is_some())
    }

    /// To be called before the store is asked when a task is let go.
    #[must_use]
    pub fn timer(&self) -> TimerSeen {
        TimerSeen(self.with(|waiting, _| waiting.turned))
    }

    /// Sets the queue's timer: in how long a task is let go, and then one after each such time. None: time lets none go,
    /// which counts only if nobody has set the timer since it was `seen`.
    pub fn set_timer(&self, seen: TimerSeen, next: Option<(Duration, Duration)>) {
        let timer = next.map(|(rest, every)| Timer {
            at: Instant::now() + rest.max(TICK),
            every,
        });
        self.with(|waiting, _| {
            let overtaken = waiting.turned != seen.0;
            let earlier = |timer: &Timer| waiting.timer.is_none_or(|own| timer.at < own.at);
            match timer {
                Some(timer) if !overtaken || earlier(&timer) => waiting.turn(Some(timer)),
                None if !overtaken && waiting.timer.is_some() => waiting.turn(None),
                _ => {}
            }
        });
    }

    /// Resolves when the timer ticks, for the one that keeps it running.
    async fn time(&self) {
        let first = |waiting: &mut Waiting, ticket| waiting.timer.filter(|_| waiting.waiting.first() == Some(&ticket));
        match self.with(first) {
            Some(timer) => tokio::time::sleep_until(timer.at).await,
            None => std::future::pending().await,
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

/// A watch in a wait; dropping it ends that.
struct Wait<'a>(&'a QueueWatch);

impl<'a> Wait<'a> {
    fn begin(watch: &'a QueueWatch) -> Self {
        watch.with(Waiting::enter);
        Self(watch)
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        self.0.with(Waiting::exit);
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

    /// Registers so many, all of them in a wait, and answers how many of those that came first are over after `time`.
    async fn woken_after(watches: &[QueueWatch], time: Duration) -> usize {
        let mut waits: Vec<_> = watches.iter().map(|watch| Box::pin(watch.changed())).collect();
        let mut over = vec![false; waits.len()];
        let all = std::future::poll_fn(|cx| {
            for (wait, over) in waits.iter_mut().zip(&mut over) {
                *over = *over || wait.as_mut().poll(cx).is_ready();
            }
            std::task::Poll::<()>::Pending
        });
        let _ = tokio::time::timeout(time, all).await;
        let first = over.iter().take_while(|over| **over).count();
        assert_eq!(
            first,
            over.iter().filter(|over| **over).count(),
            "those that came first: {over:?}"
        );
        first
    }

    const TENTH: Duration = Duration::from_millis(100);

    #[tokio::test(start_paused = true)]
    async fn a_timer_gives_one_permit_after_the_other_to_those_that_have_waited_longest() {
        let watchers = Watchers::default();
        let all: Vec<_> = (0..5).map(|_| watch(&watchers)).collect();
        assert!(!all[0].is_timed());
        all[4].set_timer(all[4].timer(), Some((TENTH, TENTH)));
        assert!(all[0].is_timed());
        assert_eq!(woken_after(&all, TENTH * 7 / 2).await, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_timer_runs_on_when_the_one_that_kept_it_goes_away_and_ends_with_the_last() {
        let watchers = Watchers::default();
        let (first, second) = (watch(&watchers), watch(&watchers));
        first.set_timer(first.timer(), Some((TENTH, TENTH)));
        let leaving = async {
            let _ = tokio::time::timeout(TENTH / 2, first.changed()).await;
            drop(first);
        };
        tokio::join!(leaving, second.changed());
        drop(second);
        assert!(!watch(&watchers).is_timed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_timer_that_was_late_gives_all_that_has_come_since() {
        let watchers = Watchers::default();
        let all: Vec<_> = (0..5).map(|_| watch(&watchers)).collect();
        all[0].set_timer(all[0].timer(), Some((TENTH, TENTH)));
        tokio::time::advance(TENTH * 4).await;
        assert_eq!(woken_after(&all, Duration::from_millis(1)).await, 4);
    }

    #[test]
    fn what_was_asked_before_somebody_else_set_the_timer_does_not_stop_it() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let _entered = runtime.as_ref().expect("a runtime").enter();
        let watchers = Watchers::default();
        let watch = watch(&watchers);
        let before = watch.timer();
        watch.set_timer(before, Some((TENTH, TENTH)));
        watch.set_timer(before, None);
        assert!(watch.is_timed());
        watch.set_timer(watch.timer(), None);
        assert!(!watch.is_timed());
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
