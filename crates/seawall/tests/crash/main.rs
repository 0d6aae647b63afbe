//! The crash test: a real server under load is killed with SIGKILL again and again. In the end its journals are held
//! against what the outside world saw: nothing acknowledged is lost, nothing is recorded twice, every `once` effect
//! happened at most once, every effect that is recorded happened, every unknown is reported, no run is stranded.
//!
//! The seed is printed; `SEAWALL_CRASH_SEED` and `SEAWALL_CRASH_KILLS` set it and the number of kills.

#![expect(
    clippy::disallowed_methods,
    reason = "a test program: it reads its settings and spawns its callers"
)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "the helpers of tests fail as tests do")]

mod api;
mod effects;
mod load;
mod oracle;
mod programs;
mod server;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::api::Api;
use crate::effects::Effects;
use crate::load::Load;
use crate::programs::Random;
use crate::server::Server;

const KILLS: u64 = 25;
const CALLERS: u64 = 6;
/// From ready on, a run that was in flight must have gone on by then.
const GOES_ON_WITHIN: Duration = Duration::from_secs(1);

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_again_and_again_loses_nothing_and_does_nothing_twice() {
    let kills = setting("SEAWALL_CRASH_KILLS").unwrap_or(KILLS);
    let seed = setting("SEAWALL_CRASH_SEED").unwrap_or_else(|| u64::from(std::process::id()) * 0x9e37_79b9);
    println!("seed {seed}, {kills} kills");
    let mut random = Random(seed);
    let folder = tempfile::tempdir().unwrap();
    let effects = Effects::start(folder.path()).await;
    let load = Arc::new(Load::new(effects.url.clone(), folder.path()));
    let mut slowest = Duration::ZERO;
    for kill in 0..kills {
        let server = Server::start(folder.path()).await;
        let api = Api::new(&server.url);
        if kill == 0 {
            load.register(&api).await;
        }
        slowest = slowest.max(goes_on(&api).await);
        let callers: Vec<_> = (0..CALLERS)
            .map(|caller| {
                let (load, api) = (Arc::clone(&load), api.clone());
                let random = Random(random.next() ^ caller);
                tokio::spawn(async move { load.work(&api, random).await })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(30 + random.below(350))).await;
        server.kill();
        for caller in callers {
            // The answer that never came is the point; a caller ends with the first one.
            caller.await.unwrap();
        }
    }
    let server = Server::start(folder.path()).await;
    let api = Api::new(&server.url);
    slowest = slowest.max(goes_on(&api).await);
    let ended = load.drain(&api).await;
    let report = oracle::check(&api, &load, &effects, &ended).await;
    println!("{report}; runs went on at most {} ms after ready", slowest.as_millis());
    server.stop();
}

/// How long after ready the last run that was in flight had gone on.
async fn goes_on(api: &Api) -> Duration {
    let started = Instant::now();
    let mut waiting = api.in_flight().await;
    while !waiting.is_empty() {
        assert!(
            started.elapsed() < GOES_ON_WITHIN,
            "after a second these have not gone on: {waiting:?}"
        );
        let mut still = Vec::new();
        for (run, seq) in waiting {
            let now = api.run(&run).await;
            if now["status"] == "running" && api.last_seq(&run).await == seq {
                still.push((run, seq));
            }
        }
        waiting = still;
    }
    started.elapsed()
}
