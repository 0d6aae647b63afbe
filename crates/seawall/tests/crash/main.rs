//! The crash test: a real server under load is killed with SIGKILL, or dies on either side of a commit, again and again,
//! and so do its workers. In the end its journals are held against what the outside world saw, and against what clients and
//! workers were told: nothing acknowledged is lost, nothing is recorded twice, every `once` effect happened at most once,
//! every effect that is recorded happened, every unknown is reported, what is undone is undone whole and in its order, no run
//! is stranded, no limit was exceeded, every time of the schedule made one run, and `seawall verify` finds nothing.
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
mod firings;
mod flow;
mod kept;
mod load;
mod oracle;
mod people;
mod programs;
mod random;
mod server;
mod shapes;
mod told;
mod undoing;
mod words;
mod workers;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::api::Api;
use crate::drain::Helper;
use crate::effects::Effects;
use crate::load::Load;
use crate::oracle::Evidence;
use crate::random::Random;
use crate::server::{Death, Ended, Server};
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
    let schedule = load.register(&Api::new(&server.url)).await;
    let mut ups = vec![server.up()];
    server.stop();
    let mut workers = Workers::start(folder.path(), &effects.url, &mut random);
    let (mut slowest, mut at_commits) = (Duration::ZERO, 0);
    for _ in 0..kills {
        let death = Death::draw(&mut random);
        if random.one_in(3) {
            workers.kill_one(&mut random);
        }
        let Ok(server) = Server::start(folder.path(), Some(&death)).await else {
            at_commits += 1;
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
        let (ended, up) = server.die(&death).await;
        at_commits += u64::from(ended == Ended::AtCommit);
        ups.push(up);
        for caller in callers {
            // The answer that never came is the point; a caller ends with the first one.
            caller.await.unwrap();
        }
    }
    let server = Server::start(folder.path(), None).await.unwrap();
    let api = Api::new(&server.url);
    let started = Instant::now();
    workers.calm_down();
    load.settle_debts(&api, &mut random).await;
    let path = format!("/api/v1/schedules/{schedule}");
    let stood = api.get(&path).await;
    assert_eq!(api.delete(&path).await, 204);
    let helper = Helper {
        api: &api,
        load: &load,
        effects: &effects,
    };
    let ended = helper.drain().await;
    ups.push(server.up());
    let evidence = Evidence {
        load: &load,
        effects: &effects,
        ended: &ended,
        schedule: &stood,
        ups: &ups,
        words: &words::all(folder.path()),
    };
    let report = oracle::check(&api, &evidence).await;
    println!("{report}");
    println!(
        "{at_commits} of {kills} deaths at a commit; runs went on at most {} ms after ready; drained in {} s",
        slowest.as_millis(),
        started.elapsed().as_secs()
    );
    server.stop();
    server::verify(folder.path());
}
