//! How many spans wait, and what became of the others.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

/// Spans that wait or are being sent. One has about half a kilobyte.
pub(super) const MOST: usize = 8192;

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Labels {
    outcome: &'static str,
}

#[derive(Debug)]
pub(super) struct Queue {
    waiting: AtomicUsize,
    failing: AtomicBool,
    family: Family<Labels, Counter>,
    sent: Counter,
    failed: Counter,
    dropped: Counter,
}

impl Default for Queue {
    fn default() -> Self {
        let family = Family::<Labels, Counter>::default();
        let of = |outcome| family.get_or_create_owned(&Labels { outcome });
        Self {
            waiting: AtomicUsize::new(0),
            failing: AtomicBool::new(false),
            sent: of("sent"),
            failed: of("failed"),
            dropped: of("dropped"),
            family,
        }
    }
}

impl Queue {
    pub(super) fn register(&self, registry: &mut Registry) {
        let help = "Spans, by whether the collector took them; dropped are those for which there was no room";
        registry.register("seawall_trace_spans", help, self.family.clone());
    }

    /// False: there is no room, and the span is counted as dropped.
    pub(super) fn enter(&self) -> bool {
        let room = |waiting: usize| (waiting < MOST).then_some(waiting + 1);
        let entered = self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room);
        if entered.is_err() {
            self.dropped.inc();
        }
        entered.is_ok()
    }

    /// True: it is the first success after a failure, or the first failure after a success.
    pub(super) fn left(&self, spans: usize, sent: bool) -> bool {
        self.waiting.fetch_sub(spans, Ordering::Relaxed);
        let counter = if sent { &self.sent } else { &self.failed };
        counter.inc_by(spans as u64);
        self.failing.swap(!sent, Ordering::Relaxed) == sent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_no_room_for_is_counted() {
        let queue = Queue::default();
        assert!((0..MOST).all(|_| queue.enter()));
        assert!(!queue.enter());
        assert!(!queue.left(3, true), "it has not failed before");
        assert!(queue.left(2, false));
        assert!(!queue.left(1, false));
        assert!(queue.left(1, true));
        assert!(queue.enter());
        let counts = [&queue.sent, &queue.failed, &queue.dropped].map(Counter::get);
        assert_eq!(counts, [4, 3, 1]);
    }
}
