//! Many seeds, and one of them again.
//!
//! `SEAWALL_SIM_SEEDS=N` runs so many instead of those of CI. `SEAWALL_SIM_SEED=S` runs that one alone and prints its trace.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use crate::sim::story::{End, tell};

const SEEDS: u64 = 2000;
/// Of those, so many are told twice.
const TWICE: u64 = 100;
/// What the stories are about: it has to happen again and again in the seeds of CI.
const WORTH: [&str; 48] = [
    "killed",
    "gone",
    "panic",
    "Append: the lease is stale",
    "Append: the outcome of the write is unknown",
    "Claim: the node was declared dead",
    "Renew: the node was declared dead",
    "CreateRun: the node was declared dead",
    "CreateRun: the outcome of the write is unknown",
    "CreateRun: the write queue is full",
    "Load: the outcome of the write is unknown",
    "Register: the outcome of the write is unknown",
    "ClaimTasks: the outcome of the write is unknown",
    "HeartbeatTask: the lease is stale",
    "SettleTask: the lease is stale",
    "SettleTask: the outcome of the write is unknown",
    "Fire: the outcome of the write is unknown",
    "UpdateSchedule: the outcome of the write is unknown",
    "task claimed",
    "task lapsed",
    "a worker's word was taken",
    "schedule fired",
    "run forgotten",
    "compensation.started",
    "approval.decided",
    "child.cancel_requested",
    "child.finished",
    "map.started",
    "run.admitted",
    "run.blocked",
    "run.cancelled",
    "run.forked",
    "run.rejected",
    "run.resumed",
    "run.retried",
    "run.superseded",
    "run.timed_out",
    "run.unblocked",
    "signal.received",
    "step.cancelled",
    "step.copied",
    "step.deferred",
    "step.failed",
    "step.outcome_resolved",
    "step.outcome_unknown",
    "step.skipped",
    "task.cancel_requested",
    "timer.fired",
];
/// Of real time, without any story's end: one of them does not end.
const STUCK: Duration = Duration::from_secs(120);

fn setting(name: &str) -> Option<u64> {
    std::env::var_os(name)?.to_str()?.parse().ok()
}

fn play(seed: u64, print: bool) -> End {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O can be made");
    runtime.block_on(tell(seed, print))
}

/// What is wrong with the story of this seed.
fn trouble(seed: u64, print: bool, twice: bool) -> Result<End, String> {
    let played = catch_unwind(AssertUnwindSafe(|| {
        let end = play(seed, print);
        let again = twice.then(|| play(seed, false).digest);
        (end, again)
    }));
    let (end, again) = played.map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        format!("it panicked: {}", text.unwrap_or("?"))
    })?;
    if !end.findings.is_empty() {
        return Err(end.findings.join("\n  "));
    }
    match again {
        Some(again) if again != end.digest => Err(format!("its trace is {:?}, and then {again:?}", end.digest)),
        _ => Ok(end),
    }
}

fn report(seed: u64, trouble: &str) -> String {
    format!(
        "seed {seed}:\n  {trouble}\n  again: SEAWALL_SIM_SEED={seed} cargo test -p seawall-engine --test it \
         sim::seeds -- --nocapture"
    )
}

#[test]
fn every_story_ends_well_and_the_same_seed_tells_the_same_story() {
    if let Some(seed) = setting("SEAWALL_SIM_SEED") {
        if let Err(text) = trouble(seed, true, true) {
            panic!("{}", report(seed, &text));
        }
        return;
    }
    let seeds = setting("SEAWALL_SIM_SEEDS").unwrap_or(SEEDS);
    let next = AtomicU64::new(0);
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let (tell, told) = mpsc::channel();
    let mut failures = Vec::new();
    let mut tally: BTreeMap<String, u64> = BTreeMap::new();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (tell, next) = (tell.clone(), &next);
            scope.spawn(move || {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= seeds || tell.send((seed, trouble(seed, false, seed < TWICE))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(tell);
        loop {
            match told.recv_timeout(STUCK) {
                Ok((_, Ok(end))) => {
                    for (what, times) in end.tally {
                        *tally.entry(what).or_default() += times;
                    }
                }
                Ok((seed, Err(text))) => failures.push(report(seed, &text)),
                Err(mpsc::RecvTimeoutError::Disconnected) => return,
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    // The threads cannot be ended: the process is.
                    let at = next.load(Ordering::SeqCst);
                    eprintln!("one of the last seeds before {at} does not end");
                    std::process::exit(101);
                }
            }
        }
    });
    println!("{seeds} seeds: {tally:#?}");
    if seeds >= SEEDS {
        let rare: Vec<&str> = WORTH
            .into_iter()
            .filter(|what| tally.get(*what).copied().unwrap_or(0) < 10)
            .collect();
        assert!(rare.is_empty(), "the stories do not tell enough of {rare:?}");
    }
    assert!(
        failures.is_empty(),
        "{} seeds failed\n{}",
        failures.len(),
        failures.join("\n")
    );
}
