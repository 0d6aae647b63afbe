//! The limit against a server whose capacity is known.

use std::time::Duration;

use super::world::{Server, World, anybody};
use crate::load::LoadConfig;

fn config() -> LoadConfig {
    // A short queue: who waits is of no interest here, and looking at them takes most of the time.
    LoadConfig::builder()
        .queue(8, Duration::from_millis(500))
        .build()
        .unwrap()
}

/// One server, at so many times what it can do.
fn world(server: Server, times: f64) -> World {
    World::new(config(), server, vec![anybody(times * server.capacity())])
}

fn mean(values: &[u32]) -> f64 {
    values.iter().copied().map(f64::from).sum::<f64>() / values.len() as f64
}

/// The share of its capacity that the server was put to over these seconds, and the limits.
fn observe(world: &mut World, seconds: u32) -> (f64, Vec<u32>) {
    world.take_tallies();
    let limits = world.seconds(seconds, |world| world.limit());
    let done = world.take_tallies()[0].done as f64;
    (done / (world.server.capacity() * f64::from(seconds)), limits)
}

#[test]
fn the_limit_comes_near_the_capacity_and_the_server_is_busy() {
    for (workers, takes) in [(2, 0.05), (4, 0.02), (10, 0.1), (50, 0.02), (100, 0.2)] {
        for times in [1.1, 1.5, 3.0] {
            let mut world = world(Server::new(workers, takes), times);
            world.run(40.0);
            let (busy, limits) = observe(&mut world, 60);
            let ratio = mean(&limits) / workers as f64;
            let most = 1.3 + 4.0 / workers as f64;
            assert!((1.0..=most).contains(&ratio), "{workers} at {times}: {ratio}");
            assert!(busy > 0.93, "{workers} at {times}: {busy}");
        }
    }
}

#[test]
fn an_hour_of_modest_overload_moves_it_nowhere() {
    let mut world = world(Server::new(10, 0.1), 1.2);
    world.run(60.0);
    let mut first = None;
    for minutes in 0..6 {
        let (busy, limits) = observe(&mut world, 600);
        let (mean, most) = (mean(&limits), limits.iter().copied().max().unwrap());
        let first = *first.get_or_insert(mean);
        assert!((mean / first - 1.0).abs() < 0.1, "{minutes}0 min: {mean} after {first}");
        assert!(most <= 18, "{minutes}0 min: {most}");
        assert!(busy > 0.95, "{minutes}0 min: {busy}");
    }
}

#[test]
fn constant_time_outs_bring_it_down_and_an_end_of_them_back() {
    let mut world = world(Server::new(10, 0.1), 1.2);
    world.run(60.0);
    let before = world.limit();
    world.server.stuck = Some(5.0);
    // The first of them come after five seconds.
    let limits = world.seconds(30, |world| world.limit());
    assert!(limits[20..].iter().all(|limit| *limit == 2), "{before}: {limits:?}");
    world.server.stuck = None;
    world.run(15.0);
    let (busy, limits) = observe(&mut world, 30);
    assert!(busy > 0.9, "{busy}");
    assert!((10..=16).contains(&limits[29]), "{limits:?}");
}

#[test]
fn some_time_outs_bring_it_down_in_proportion() {
    let mut world = world(Server::new(10, 0.1), 1.2);
    world.run(60.0);
    let before = world.limit();
    world.server.stuck = Some(0.1);
    world.run(0.1);
    world.server.stuck = None;
    let limits = world.seconds(20, |world| world.limit());
    let least = limits.iter().copied().min().unwrap();
    assert!(least < before && limits[19] >= 10, "{before}: {limits:?}");
}

#[test]
fn it_follows_a_server_that_loses_and_regains_workers() {
    let mut world = world(Server::new(40, 0.1), 2.0);
    world.run(60.0);
    assert!((40..=52).contains(&world.limit()), "{}", world.limit());
    world.server.workers = 10;
    world.set_rate(0, 200.0);
    world.run(60.0);
    let (busy, limits) = observe(&mut world, 60);
    assert!(busy > 0.9 && mean(&limits) <= 17.0, "{busy}: {limits:?}");
    world.server.workers = 40;
    world.set_rate(0, 800.0);
    world.run(60.0);
    let (busy, limits) = observe(&mut world, 60);
    assert!(busy > 0.9 && mean(&limits) <= 56.0, "{busy}: {limits:?}");
}

#[test]
fn work_that_takes_longer_for_good_is_not_taken_for_a_queue() {
    let mut world = world(Server::new(20, 0.05), 1.5);
    world.run(60.0);
    world.server.takes = 0.2;
    world.run(60.0);
    let (busy, limits) = observe(&mut world, 60);
    assert!(busy > 0.9, "{busy}: {limits:?}");
    assert!(mean(&limits) <= 30.0, "{limits:?}");
}

#[test]
fn noise_does_not_strangle_it() {
    let server = Server {
        noisy: true,
        ..Server::new(20, 0.05)
    };
    let mut world = world(server, 1.5);
    world.run(60.0);
    let (busy, limits) = observe(&mut world, 300);
    assert!(busy > 0.85, "{busy}: {limits:?}");
    assert!(mean(&limits) < 40.0, "{limits:?}");
}

#[test]
fn little_load_neither_raises_nor_lowers_it() {
    let mut world = world(Server::new(50, 0.1), 0.1);
    let limits = world.seconds(300, |world| world.limit());
    assert!(limits.iter().all(|limit| *limit == 20), "{limits:?}");
    assert_eq!(world.take_tallies()[0].shed, 0);
}

#[test]
fn without_a_probe_the_correlation_alone_keeps_it_from_drifting() {
    // Begins six times too high in the middle of an overload, so that all it ever saw is a queue; and does not look.
    let config = LoadConfig::builder()
        .limits(2, 60, 1000)
        .queue(8, Duration::from_secs(1));
    let config = config.probe_every(Duration::from_secs(86_400)).build().unwrap();
    let server = Server::new(10, 0.1);
    let mut world = World::new(config, server, vec![anybody(4.0 * server.capacity())]);
    world.run(120.0);
    let (busy, limits) = observe(&mut world, 600);
    assert!(limits.iter().all(|limit| *limit < 40), "{limits:?}");
    assert!(busy > 0.8, "{busy}");
}

#[test]
fn what_was_learnt_in_an_overload_is_unlearnt_by_probes() {
    let config = LoadConfig::builder()
        .limits(2, 100, 1000)
        .queue(8, Duration::from_secs(1))
        .build()
        .unwrap();
    let server = Server::new(10, 0.1);
    let mut world = World::new(config, server, vec![anybody(4.0 * server.capacity())]);
    world.run(240.0);
    let (busy, limits) = observe(&mut world, 60);
    assert!(mean(&limits) <= 17.0 && busy > 0.9, "{busy}: {limits:?}");
}

#[test]
fn retry_after_is_what_the_backlog_takes() {
    // 20 a second too many come to a server that does 10 a second: what was turned away in a second takes two.
    let mut world = world(Server::new(1, 0.1), 3.0);
    world.run(30.0);
    let waits = world.seconds(20, |world| world.retry_after.as_secs_f64());
    let waiting = 8.0 / world.server.capacity();
    assert!(
        waits.iter().all(|wait| (1.0..=waiting + 5.0).contains(wait)),
        "{waits:?}"
    );
    assert!(waits.iter().any(|wait| *wait > 1.5), "{waits:?}");
}
