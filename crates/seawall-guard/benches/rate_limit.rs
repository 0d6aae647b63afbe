//! What a decision costs in process: with one key and with a million, in a log of ten and of a thousand, under one policy and under
//! five. The clock is read where it says so.

use std::time::Duration;

use divan::{Bencher, black_box};
use http::{Request, Response};
use seawall_guard::client_address::ClientAddress;
use seawall_guard::rate_limit::{
    ByAddress, Charge, Charges, Intent, KeyHash, KeySeed, LimitStore as _, Limiter, MemoryBounds, MemoryStore, Policy,
    Question, RateLimitLayer, Rule,
};
use tokio::time::Instant;
use tower::{Layer as _, Service as _};

#[global_allocator]
static ALLOCATOR: divan::AllocProfiler = divan::AllocProfiler::system();

const HOUR: Duration = Duration::from_secs(3600);
/// So many that nobody is refused.
const PLENTY: u32 = 1_000_000;

fn main() {
    divan::main();
}

/// Keys in the order in which they are asked for.
struct Keys {
    hashes: Vec<KeyHash>,
    next: usize,
}

impl Keys {
    fn new(count: usize) -> Self {
        let seed = KeySeed::random();
        let hashes = (0..count as u64).map(|key| seed.hash(0, &key.to_le_bytes())).collect();
        Self { hashes, next: 0 }
    }

    fn next(&mut self) -> KeyHash {
        self.next = if self.next + 1 == self.hashes.len() {
            0
        } else {
            self.next + 1
        };
        self.hashes[self.next]
    }
}

fn store() -> MemoryStore {
    let bounds = MemoryBounds {
        buckets: 256 << 20,
        ..MemoryBounds::default()
    };
    MemoryStore::with_bounds(bounds).expect("there is room for that")
}

/// What is counted once counts for half a minute, so that as many keys are kept as are asked for.
fn smooth(name: &str) -> Policy {
    Policy::smooth(name, PLENTY, 366 * 24 * HOUR).expect("a policy")
}

fn take(store: &MemoryStore, charges: &Charges<'_>, now: Instant) {
    let question = Question {
        guard: "bench",
        intent: Intent::Take,
        charges,
    };
    black_box(store.decide(black_box(&question), now));
}

/// Everything but the clock, for a key that is hashed.
#[divan::bench(args = [1, 1_000, 100_000, 1_000_000])]
fn keys(bencher: Bencher<'_, '_>, count: usize) {
    let (store, policy, now) = (store(), smooth("a"), Instant::now());
    let mut keys = Keys::new(count);
    let mut once = move || {
        let key = keys.next();
        take(
            &store,
            &[Charge {
                policy: &policy,
                key,
                cost: 1,
            }]
            .into(),
            now,
        );
    };
    for _ in 0..count {
        once();
    }
    bencher.bench_local(once);
}

/// With the clock and the hash of an address: what a request pays.
#[divan::bench(args = [1, 1_000, 1_000_000])]
fn keys_with_clock_and_hash(bencher: Bencher<'_, '_>, count: u64) {
    let (store, policy) = (store(), smooth("a"));
    let limiter = Limiter::new("bench", store);
    let mut next = 0_u64;
    let mut once = move || {
        next = if next == count { 1 } else { next + 1 };
        let key = limiter.key(&next.to_le_bytes());
        let charges = [Charge {
            policy: &policy,
            key,
            cost: 1,
        }]
        .into();
        let question = Question {
            guard: "bench",
            intent: Intent::Take,
            charges: &charges,
        };
        black_box(limiter.store().ask(&question));
    };
    for _ in 0..count {
        once();
    }
    bencher.bench_local(once);
}

/// The clock alone, and the hash alone.
#[divan::bench]
fn part_clock() -> Instant {
    Instant::now()
}

#[divan::bench]
fn part_hash(bencher: Bencher<'_, '_>) {
    let seed = KeySeed::random();
    bencher.bench_local(|| seed.hash(black_box(2), black_box(&[192, 0, 2, 1])));
}

/// A thousand keys under each.
#[divan::bench(args = [1, 2, 5])]
fn policies(bencher: Bencher<'_, '_>, count: usize) {
    let (store, now) = (store(), Instant::now());
    let policies: Vec<_> = ["a", "b", "c", "d", "e"].iter().map(|name| smooth(name)).collect();
    let mut keys = Keys::new(1_000);
    let mut once = move || {
        let mut charges = Charges::none();
        for policy in &policies[..count] {
            assert!(charges.add(Charge {
                policy,
                key: keys.next(),
                cost: 1
            }));
        }
        take(&store, &charges, now);
    };
    for _ in 0..10_000 {
        once();
    }
    bencher.bench_local(once);
}

/// The length of a bucket's window, in units: 10 and 100,000 requests in it.
#[divan::bench(args = [10, 100_000])]
fn window_of_a_bucket(bencher: Bencher<'_, '_>, limit: u32) {
    let (store, began) = (store(), Instant::now());
    let policy = Policy::smooth("a", limit, HOUR).expect("a policy");
    let key = KeySeed::random().hash(0, b"somebody");
    let interval = policy.interval().expect("a bucket");
    let mut now = began;
    bencher.bench_local(move || {
        now += interval;
        take(
            &store,
            &[Charge {
                policy: &policy,
                key,
                cost: 1,
            }]
            .into(),
            now,
        );
    });
}

/// A log that is full, of which one leaves as one comes.
#[divan::bench(args = [10, 1_000])]
fn window_of_a_log(bencher: Bencher<'_, '_>, limit: u32) {
    let (store, began) = (store(), Instant::now());
    let policy = Policy::exact("a", limit, Duration::from_micros(u64::from(limit))).expect("a policy");
    let key = KeySeed::random().hash(0, b"somebody");
    let mut now = began;
    let mut once = move || {
        now += Duration::from_micros(1);
        take(
            &store,
            &[Charge {
                policy: &policy,
                key,
                cost: 1,
            }]
            .into(),
            now,
        );
    };
    for _ in 0..2_000 {
        once();
    }
    bencher.bench_local(once);
}

/// Who is refused, without a body.
#[divan::bench]
fn refused(bencher: Bencher<'_, '_>) {
    let (store, now) = (store(), Instant::now());
    let policy = Policy::smooth("a", 1, HOUR).expect("a policy");
    let key = KeySeed::random().hash(0, b"somebody");
    bencher.bench_local(|| {
        take(
            &store,
            &[Charge {
                policy: &policy,
                key,
                cost: 1,
            }]
            .into(),
            now,
        );
    });
}

/// The whole layer round a service that answers at once: a limit that passes with headers and without, and a refusal with its body.
#[divan::bench(args = ["bare", "without headers", "with headers", "refused"])]
fn layer(bencher: Bencher<'_, '_>, what: &str) {
    let limit = if what == "refused" { 1 } else { PLENTY };
    let policy = Policy::smooth("a", limit, HOUR).expect("a policy");
    let layer = RateLimitLayer::new(Limiter::new("bench", store()), vec![Rule::new(policy, ByAddress)]);
    let layer = layer.expect("one rule");
    let layer = if what == "with headers" {
        layer
    } else {
        layer.without_headers()
    };
    let bare = tower::service_fn(|_: Request<()>| {
        std::future::ready(Ok::<_, std::convert::Infallible>(Response::new(bytes::Bytes::new())))
    });
    let mut limited = layer.layer(bare);
    let mut bare = bare;
    let request = || {
        let address = ClientAddress([192, 0, 2, 1].into());
        Request::get("/").extension(address).body(()).expect("a request")
    };
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    bencher.with_inputs(request).bench_local_values(|request| {
        if what == "bare" {
            let future = std::pin::pin!(bare.call(request));
            return black_box(future.poll(&mut context)).is_ready();
        }
        let future = std::pin::pin!(limited.call(request));
        black_box(future.poll(&mut context)).is_ready()
    });
}
