//! The crash test: a real server under load is killed with SIGKILL, or dies on either side of a commit, again and again,
//! and so do its workers. In the end its journals are held against what the outside world saw: nothing acknowledged is
//! lost, nothing is recorded twice, every `once` effect happened at most once, every effect that is recorded happened,
//! every unknown is reported, no run is stranded, no limit was exceeded, every firing made one run.
//!
//! The seed is printed. `cargo xtask crash --kills N --seed S` runs it longer, or again.

#![expect(
    clippy::disallowed_methods,
    reason = "a test program: it reads its settings and spawns its callers"
)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "the helpers of tests fail as tests do")]

mod api;
mod drain;
mod effects;
mod load;
mod oracle;
mod programs;
mod random;
mod server;
mod told;
mod workers;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::api::Api;
use crate::effects::Effects;
use crate::load::Load;
use crate::random::Random;
use crate::server::{Death, Server};
use crate::workers::Workers;

const KILLS: u64 = 50;
const CALLERS: u64 = 4;
/// From ready on, a run that was in flight must have gone on by then.
const GOES_ON_WITHIN: Duration = Duration::from_secs(2);

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
    let server = Server::start(folder.path(), None).await.unwrap();
    load.register(&Api::new(&server.url)).await;
    server.stop();
    let mut workers = Workers::start(folder.path(), &effects.url, &mut random);
    let (mut slowest, mut at_commits) = (Duration::ZERO, 0);
    for _ in 0..kills {
        let death = Death::draw(&mut random);
        at_commits += u64::from(matches!(death, Death::Failpoint(_)));
        if random.one_in(3) {
            workers.kill_one(&mut random);
        }
        let Some(server) = Server::start(folder.path(), Some(&death)).await else {
            continue;
        };
        let api = Api::new(&server.url);
        if let Death::Signal(_) = death {
            slowest = slowest.max(api.goes_on(GOES_ON_WITHIN).await);
        }
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                let (load, api, random) = (Arc::clone(&load), api.clone(), random.fork());
                tokio::spawn(async move { load.work(&api, random).await })
            })
            .collect();
        server.die(&death).await;
        for caller in callers {
            // The answer that never came is the point; a caller ends with the first one.
            caller.await.unwrap();
        }
    }
    let server = Server::start(folder.path(), None).await.unwrap();
    let api = Api::new(&server.url);
    let started = Instant::now();
    load.settle_debts(&api, &mut random).await;
    let ended = drain::drain(&api, &load).await;
    let report = oracle::check(&api, &load, &effects, &ended).await;
    println!("{report}");
    println!(
        "{at_commits} of {kills} deaths at a commit; runs went on at most {} ms after ready; drained in {} s",
        slowest.as_millis(),
        started.elapsed().as_secs()
    );
    server.stop();
}
