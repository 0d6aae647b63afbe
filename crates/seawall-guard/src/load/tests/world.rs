//! A server of known capacity with clients, in events, behind a real gate: so many workers, each call takes one of them for
//! its time, and what finds none stands in a queue inside. Time only passes from event to event.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::task::{Context, Waker};
use std::time::Duration;

use tokio::time::Instant;

use crate::load::gate::{Gate, Ticket, Turn};
use crate::load::{Claim, LoadConfig, Outcome, Priority, Reason};

/// Calls that come at random, so many in a second, or calls that are always that many.
#[derive(Clone, Copy, Debug)]
pub(super) enum Clients {
    Open { claim: Claim, rate: f64 },
    Closed { claim: Claim, calls: u32 },
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Server {
    pub(super) workers: usize,
    pub(super) takes: f64,
    /// Service times are exponential, not constant.
    pub(super) noisy: bool,
    /// Every call ends in a time-out after so long, and none is done.
    pub(super) stuck: Option<f64>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Event {
    Arrive { clients: usize },
    Worked { call: usize },
    TimedOut { call: usize },
    Late { waiter: u64 },
}

#[derive(Clone, Copy, Debug)]
struct Call {
    clients: usize,
    began: Instant,
}

/// What became of the calls of one source since it was last asked.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct Tally {
    pub(super) done: u64,
    pub(super) shed: u64,
}

pub(super) struct World {
    pub(super) server: Server,
    pub(super) gate: Gate,
    clients: Vec<Clients>,
    pub(super) tallies: Vec<Tally>,
    /// Of the last that was shed.
    pub(super) retry_after: Duration,
    start: Instant,
    at: u64,
    random: u64,
    events: BinaryHeap<Reverse<(u64, u64, Event)>>,
    sequence: u64,
    calls: Vec<Option<Call>>,
    busy: usize,
    inside: VecDeque<usize>,
    outside: BTreeMap<u64, (Ticket, usize)>,
}

const NANOS: f64 = 1e9;

impl World {
    pub(super) fn new(config: LoadConfig, server: Server, clients: Vec<Clients>) -> Self {
        let start = Instant::now();
        let mut world = Self {
            server,
            gate: Gate::new(config, start),
            tallies: vec![Tally::default(); clients.len()],
            retry_after: Duration::ZERO,
            clients,
            start,
            at: 0,
            random: 0x9E37_79B9_7F4A_7C15,
            events: BinaryHeap::new(),
            sequence: 0,
            calls: Vec::new(),
            busy: 0,
            inside: VecDeque::new(),
            outside: BTreeMap::new(),
        };
        for index in 0..world.clients.len() {
            let many = match world.clients[index] {
                Clients::Open { .. } => 1,
                Clients::Closed { calls, .. } => calls,
            };
            for _ in 0..many {
                let after = world.uniform() * 0.01;
                world.after(after, Event::Arrive { clients: index });
            }
        }
        world
    }

    pub(super) fn set_rate(&mut self, clients: usize, to: f64) {
        if let Clients::Open { rate, .. } = &mut self.clients[clients] {
            *rate = to;
        }
    }

    pub(super) fn limit(&self) -> u32 {
        self.gate.estimator().limit()
    }

    pub(super) fn now(&self) -> Instant {
        self.start + Duration::from_nanos(self.at)
    }

    pub(super) fn take_tallies(&mut self) -> Vec<Tally> {
        let fresh = vec![Tally::default(); self.clients.len()];
        std::mem::replace(&mut self.tallies, fresh)
    }

    /// Lets so many seconds pass; what `look` sees at the end of each.
    pub(super) fn seconds<T>(&mut self, seconds: u32, mut look: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let each = (0..seconds).map(|_| {
            self.run(1.0);
            look(self)
        });
        each.collect()
    }

    pub(super) fn run(&mut self, seconds: f64) {
        let until = self.at + (seconds * NANOS) as u64;
        while let Some(Reverse((at, _, event))) = self.events.peek().copied() {
            if at > until {
                break;
            }
            self.events.pop();
            self.at = at;
            self.happen(event);
        }
        self.at = until;
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Arrive { clients } => {
                if let Clients::Open { rate, .. } = self.clients[clients] {
                    let after = self.exponential(1.0 / rate);
                    self.after(after, Event::Arrive { clients });
                }
                self.arrive(clients);
            }
            Event::Worked { call } => {
                self.busy -= 1;
                while self.busy < self.server.workers
                    && let Some(next) = self.inside.pop_front()
                {
                    self.work(next);
                }
                self.end(call, Outcome::Success);
            }
            Event::TimedOut { call } => self.end(call, Outcome::Overload),
            Event::Late { waiter } => {
                if let Some((ticket, clients)) = self.outside.remove(&waiter) {
                    let mut woken = Vec::new();
                    let _ = self.gate.give_up(ticket, self.now(), &mut woken);
                    self.shed(clients, Reason::Late);
                    self.hear(&woken);
                }
            }
        }
    }

    fn claim(&self, clients: usize) -> Claim {
        match self.clients[clients] {
            Clients::Open { claim, .. } | Clients::Closed { claim, .. } => claim,
        }
    }

    fn arrive(&mut self, clients: usize) {
        let claim = self.claim(clients);
        if self.gate.try_enter(claim) {
            self.begin(clients, self.now());
            return;
        }
        let mut woken = Vec::new();
        match self.gate.wait(claim, Waker::noop().clone(), &mut woken) {
            Some(ticket) => {
                let waiter = self.sequence;
                self.outside.insert(waiter, (ticket, clients));
                let wait = self.gate.config().wait.as_secs_f64();
                self.after(wait, Event::Late { waiter });
            }
            None => self.shed(clients, Reason::Full),
        }
        self.hear(&woken);
    }

    /// Those who wait hear what was decided, if anything was.
    fn hear(&mut self, woken: &[Waker]) {
        if woken.is_empty() {
            return;
        }
        let cx = Context::from_waker(Waker::noop());
        let waiters: Vec<_> = self.outside.iter().map(|(waiter, place)| (*waiter, *place)).collect();
        for (waiter, (ticket, clients)) in waiters {
            match self.gate.turn(ticket, &cx, &mut Vec::new()) {
                Turn::Waits => continue,
                Turn::Begins(began) => self.begin(clients, began),
                Turn::Displaced => self.shed(clients, Reason::Displaced),
            }
            self.outside.remove(&waiter);
        }
    }

    fn begin(&mut self, clients: usize, began: Instant) {
        let call = self.calls.len();
        self.calls.push(Some(Call { clients, began }));
        match self.server.stuck {
            Some(time_out) => self.after(time_out, Event::TimedOut { call }),
            None if self.busy < self.server.workers => self.work(call),
            None => self.inside.push_back(call),
        }
    }

    fn work(&mut self, call: usize) {
        self.busy += 1;
        let takes = match self.server.noisy {
            true => self.exponential(self.server.takes),
            false => self.server.takes,
        };
        self.after(takes, Event::Worked { call });
    }

    fn end(&mut self, call: usize, outcome: Outcome) {
        let Call { clients, began } = self.calls[call].take().unwrap();
        let (claim, mut woken) = (self.claim(clients), Vec::new());
        let _ = self.gate.leave(self.now(), claim, (began, outcome), &mut woken);
        self.tallies[clients].done += u64::from(outcome == Outcome::Success);
        self.hear(&woken);
        if let Clients::Closed { .. } = self.clients[clients] {
            self.after(0.0, Event::Arrive { clients });
        }
    }

    fn shed(&mut self, clients: usize, reason: Reason) {
        self.retry_after = self.gate.turn_away(self.now(), self.claim(clients).priority, reason);
        self.tallies[clients].shed += 1;
        if let Clients::Closed { .. } = self.clients[clients] {
            // It does not heed Retry-After.
            self.after(0.1, Event::Arrive { clients });
        }
    }

    fn after(&mut self, seconds: f64, event: Event) {
        let at = self.at + (seconds * NANOS) as u64;
        self.events.push(Reverse((at, self.sequence, event)));
        self.sequence += 1;
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.uniform()).ln()
    }

    /// At least 0, below 1 (xorshift64*).
    fn uniform(&mut self) -> f64 {
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        let number = self.random.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11;
        number as f64 / (1_u64 << 53) as f64
    }
}

impl Server {
    pub(super) const fn new(workers: usize, takes: f64) -> Self {
        Self {
            workers,
            takes,
            noisy: false,
            stuck: None,
        }
    }

    pub(super) fn capacity(&self) -> f64 {
        self.workers as f64 / self.takes
    }
}

/// Interactive calls of nobody in particular.
pub(super) fn anybody(rate: f64) -> Clients {
    let claim = Claim::of(Priority::Interactive);
    Clients::Open { claim, rate }
}
