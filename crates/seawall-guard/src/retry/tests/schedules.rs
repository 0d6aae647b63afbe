use std::sync::Arc;

use parking_lot::Mutex;
use proptest::prelude::*;
use tokio::time::Instant;

use super::*;
use crate::timeout::TimedOut;

/// What attempts come to, one after the other: after so many ms, what they call for.
#[derive(Clone, Debug)]
struct Schedule {
    attempts: Vec<(u32, Verdict)>,
    max_attempts: u32,
    initial: u32,
    max: u32,
    jitter: Jitter,
    limit: Option<u32>,
    deadline: Option<u32>,
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        12 => Just(Verdict::Retry),
        6 => (0..3_000u32).prop_map(|ms| Verdict::RetryAfter(ms * MS)),
        1 => Just(Verdict::RetryAfter(61_000 * MS)),
        1 => Just(Verdict::Accept),
        1 => Just(Verdict::Refuse),
        1 => Just(Verdict::BreakerOpen),
    ]
}

fn schedule(jitter: impl Strategy<Value = Jitter>) -> impl Strategy<Value = Schedule> {
    (
        prop::collection::vec((0..400u32, verdict()), 8),
        1..8u32,
        (0..300u32, 0..3_000u32, jitter),
        prop::option::of(0..6_000u32),
        prop::option::of(0..6_000u32),
    )
        .prop_map(
            |(attempts, max_attempts, (initial, more, jitter), limit, deadline)| Schedule {
                attempts,
                max_attempts,
                initial,
                max: initial + more,
                jitter,
                limit,
                deadline,
            },
        )
}

/// How a call went: its attempts, its end, how long it took, the waits that were begun.
#[derive(Debug)]
struct Seen {
    attempts: u32,
    end: End,
    took: Duration,
    began: Vec<Duration>,
    waits: Vec<Duration>,
}

impl Schedule {
    fn policy<C>(&self, classify: C, seed: u64) -> RetryPolicy<C> {
        let backoff = Backoff::new(self.initial * MS, self.max * MS).unwrap();
        let policy = RetryPolicy::new(classify)
            .with_max_attempts(self.max_attempts)
            .with_backoff(backoff.with_jitter(self.jitter))
            .with_chance(Chance::seeded(seed));
        match self.limit {
            Some(limit) => policy.with_limit(limit * MS),
            None => policy,
        }
    }

    /// What an attempt comes to, by its number from 1 on.
    async fn attempt(&self, number: usize) -> Result<(), Fault> {
        let (took, verdict) = self.attempts[number - 1];
        tokio::time::sleep(took * MS).await;
        Err(Fault::Of(verdict))
    }
}

/// Why an attempt failed.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Of(Verdict),
    TimedOut,
}

impl From<TimedOut> for Fault {
    fn from(_: TimedOut) -> Self {
        Self::TimedOut
    }
}

impl Retryable for Fault {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Of(verdict) => *verdict,
            Self::TimedOut => unreachable!("nothing but the retry gives up"),
        }
    }
}

/// What is told while a call is under way.
#[derive(Default)]
struct Told {
    waits: Mutex<Vec<Duration>>,
    began: Mutex<Vec<Duration>>,
    report: Mutex<Option<Report>>,
}

fn seen(told: &Told, begin: Instant) -> Seen {
    let report = told.report.lock().unwrap();
    Seen {
        attempts: report.attempts,
        end: report.end,
        took: begin.elapsed(),
        began: std::mem::take(&mut *told.began.lock()),
        waits: std::mem::take(&mut *told.waits.lock()),
    }
}

fn retry(schedule: &Schedule, seed: u64, told: &Arc<Told>) -> Retry<ByError> {
    let (again, end) = (Arc::clone(told), Arc::clone(told));
    let policy = schedule.policy(ByError, seed);
    let policy = policy.on_retry(move |told| again.waits.lock().push(told.wait));
    let policy = policy.on_end(move |report| *end.report.lock() = Some(*report));
    policy.build().unwrap()
}

fn paused<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(future)
}

async fn run(schedule: Schedule, seed: u64) -> Seen {
    let (told, begin) = (Arc::default(), Instant::now());
    let retry = retry(&schedule, seed, &told);
    let terms = Terms::from(Idempotent);
    let terms = schedule
        .deadline
        .map_or(terms, |deadline| terms.until(begin + deadline * MS));
    let call = retry.call(terms, |attempt| {
        told.began.lock().push(begin.elapsed());
        schedule.attempt(attempt.number() as usize)
    });
    call.await;
    seen(&told, begin)
}

/// The same, round a service.
#[cfg(feature = "deadline")]
async fn run_layer(schedule: Schedule, seed: u64) -> Seen {
    use http::{Request, Response};
    use tower::{Layer as _, ServiceExt as _, service_fn};

    let (told, begin, schedule) = (Arc::<Told>::default(), Instant::now(), Arc::new(schedule));
    let mut request = Request::new(());
    if let Some(deadline) = schedule.deadline {
        request
            .extensions_mut()
            .insert(crate::deadline::Deadline::after(deadline * MS));
    }
    let layer = RetryLayer::new(retry(&schedule, seed, &told));
    let asked = Arc::clone(&told);
    let other = service_fn(move |_: Request<()>| {
        let mut began = asked.began.lock();
        began.push(begin.elapsed());
        let (number, schedule) = (began.len(), Arc::clone(&schedule));
        async move { schedule.attempt(number).await.map(Response::new) }
    });
    layer.layer(other).oneshot(request).await.ok();
    seen(&told, begin)
}

/// What follows from the rules alone, in ms, without jitter: the attempts, the end, and how long it takes.
fn expected(schedule: &Schedule) -> (u32, End, Duration) {
    let until = schedule
        .limit
        .into_iter()
        .chain(schedule.deadline)
        .min()
        .unwrap_or(u32::MAX)
        * MS;
    let (mut now, mut whole) = (Duration::ZERO, schedule.wait_after(0));
    for number in 1.. {
        let (took, verdict) = schedule.attempts[number as usize - 1];
        if now + took * MS > until {
            return (number, End::Deadline, until);
        }
        now += took * MS;
        let asked = match verdict {
            Verdict::Accept => return (number, End::Accepted, now),
            Verdict::Refuse => return (number, End::Refused, now),
            Verdict::BreakerOpen => return (number, End::BreakerOpen, now),
            Verdict::Retry => Duration::ZERO,
            Verdict::RetryAfter(asked) => asked,
        };
        if number == schedule.max_attempts {
            return (number, End::Attempts, now);
        }
        let wait = whole.max(asked);
        if now + wait >= until {
            return (number, End::Deadline, now);
        }
        if asked > Duration::from_secs(60) {
            return (number, End::AskedTooLong, now);
        }
        now += wait;
        whole = schedule.wait_after(number);
    }
    unreachable!("the attempts come to an end")
}

impl Schedule {
    /// The whole wait after so many failures before, by doubling.
    fn wait_after(&self, failures: u32) -> Duration {
        (0..failures).fold(self.initial, |wait, _| (wait * 2).min(self.max)) * MS
    }
}

fn never_overruns(schedule: &Schedule, seen: &Seen) -> Result<(), TestCaseError> {
    prop_assert!(seen.attempts >= 1 && seen.attempts <= schedule.max_attempts);
    prop_assert_eq!(seen.began.len(), seen.attempts as usize);
    if let Some(until) = schedule.limit.into_iter().chain(schedule.deadline).min() {
        let until = until * MS;
        // Timers are late by up to a millisecond.
        prop_assert!(seen.took <= until + MS, "{:?}", seen);
        prop_assert!(seen.began.iter().skip(1).all(|at| *at < until), "{:?}", seen);
    }
    // It waits as long as was drawn, and as was asked.
    for (number, wait) in seen.waits.iter().enumerate() {
        if let Verdict::RetryAfter(asked) = schedule.attempts[number].1 {
            prop_assert!(*wait >= asked);
        }
        let Some(next) = seen.began.get(number + 1) else {
            continue;
        };
        let ended = seen.began[number] + schedule.attempts[number].0 * MS;
        prop_assert!(*next >= ended + *wait && *next <= ended + *wait + 2 * MS, "{:?}", seen);
    }
    Ok(())
}

fn any_jitter() -> impl Strategy<Value = Jitter> {
    prop::sample::select(vec![Jitter::Full, Jitter::Equal, Jitter::Decorrelated])
}

proptest! {
    #[test]
    fn a_call_goes_as_the_rules_say(schedule in schedule(Just(Jitter::None))) {
        let seen = paused(run(schedule.clone(), 0));
        prop_assert_eq!((seen.attempts, seen.end, seen.took), expected(&schedule));
    }

    #[test]
    fn no_jitter_makes_it_overrun_its_deadline(schedule in schedule(any_jitter()), seed in any::<u64>()) {
        never_overruns(&schedule, &paused(run(schedule.clone(), seed)))?;
    }
}

#[cfg(feature = "deadline")]
proptest! {
    #[test]
    fn a_request_goes_as_the_rules_say(schedule in schedule(Just(Jitter::None))) {
        let seen = paused(run_layer(schedule.clone(), 0));
        prop_assert_eq!((seen.attempts, seen.end, seen.took), expected(&schedule));
    }

    #[test]
    fn no_jitter_makes_a_request_overrun_its_deadline(schedule in schedule(any_jitter()), seed in any::<u64>()) {
        never_overruns(&schedule, &paused(run_layer(schedule.clone(), seed)))?;
    }
}
