//! Who is turned away when somebody has to be.

use super::world::{Clients, Server, World};
use crate::load::{Claim, LoadConfig, PrincipalKey, Priority};

fn of(priority: Priority, rate: f64) -> Clients {
    // Everybody another principal: what is seen is the priority.
    let claim = Claim::new(priority, PrincipalKey::of(priority));
    Clients::Open { claim, rate }
}

#[test]
fn control_always_passes_while_anything_lower_is_shed() {
    let server = Server::new(10, 0.1);
    let config = LoadConfig::builder().build().unwrap();
    let clients = vec![
        of(Priority::Control, 20.0),
        of(Priority::Interactive, 200.0),
        of(Priority::Batch, 200.0),
    ];
    let mut world = World::new(config, server, clients);
    world.run(100.0);
    let tallies = world.take_tallies();
    assert_eq!(tallies[0].shed, 0, "{tallies:?}");
    assert!(tallies[1].shed > 1000 && tallies[2].shed > 1000, "{tallies:?}");
    // Also when the server answers nobody, and the limit is at its least.
    world.server.stuck = Some(2.0);
    world.run(60.0);
    let tallies = world.take_tallies();
    assert_eq!((world.limit(), tallies[0].shed), (2, 0), "{tallies:?}");
    assert!(tallies[1].shed > 1000 && tallies[2].shed > 1000, "{tallies:?}");
}

#[test]
fn a_flood_of_control_is_bounded_and_takes_nobodys_room() {
    let server = Server::new(10, 0.1);
    let config = LoadConfig::builder().control(4).build().unwrap();
    let mut world = World::new(
        config,
        server,
        vec![of(Priority::Control, 400.0), of(Priority::Interactive, 30.0)],
    );
    let under_way = world.seconds(60, |world| world.gate.in_flight(Priority::Control));
    let tallies = world.take_tallies();
    assert!(under_way.iter().all(|calls| *calls <= 4), "{under_way:?}");
    assert!(tallies[0].shed > 1000, "{tallies:?}");
    assert_eq!(tallies[1].shed, 0, "{tallies:?}");
}

#[test]
fn batch_is_shed_before_interactive_is() {
    let server = Server::new(10, 0.1);
    let config = LoadConfig::builder().build().unwrap();
    // Together 1.6 times the capacity; the interactive ones alone fit.
    let clients = vec![of(Priority::Interactive, 60.0), of(Priority::Batch, 100.0)];
    let mut world = World::new(config, server, clients);
    world.run(60.0);
    world.take_tallies();
    world.run(300.0);
    let tallies = world.take_tallies();
    let [interactive, batch] = tallies[..] else {
        panic!("{tallies:?}");
    };
    assert!(interactive.shed * 200 <= interactive.done, "{tallies:?}");
    assert!(batch.shed > 5000 && batch.done > 5000, "{tallies:?}");
}

#[test]
fn batch_goes_on_at_the_least_limit() {
    let config = LoadConfig::builder().limits(1, 1, 1).reserved(0.9).build().unwrap();
    let mut world = World::new(config, Server::new(1, 0.1), vec![of(Priority::Batch, 5.0)]);
    world.run(10.0);
    assert!(world.take_tallies()[0].done > 20);
}
