//! One greedy principal and many modest ones.

use super::world::{Clients, Server, World};
use crate::load::{Claim, LoadConfig, PrincipalKey, Priority};

fn principal(name: &str) -> Claim {
    Claim::new(Priority::Interactive, PrincipalKey::of(name))
}

#[test]
fn the_greedy_one_is_shed_and_the_modest_ones_are_served() {
    // 100 a second can be done. Twenty want two each; one has 200 calls open at any time.
    let server = Server::new(10, 0.1);
    let mut clients = vec![Clients::Closed {
        claim: principal("greedy"),
        calls: 200,
    }];
    clients.extend((0..20).map(|number| Clients::Open {
        claim: principal(&format!("modest {number}")),
        rate: 2.0,
    }));
    let config = LoadConfig::builder().build().unwrap();
    let mut world = World::new(config, server, clients);
    world.run(60.0);
    world.take_tallies();
    let most = world.seconds(60, |world| world.gate.principals()).into_iter().max();
    let tallies = world.take_tallies();
    let (greedy, modest) = tallies.split_first().unwrap();
    for one in modest {
        assert!(one.shed * 100 <= one.done, "at most 1 %: {one:?}");
    }
    let wanted = 60.0 * 20.0 * 2.0;
    let done: u64 = modest.iter().map(|one| one.done).sum();
    assert!(done as f64 > 0.95 * wanted, "{done} of {wanted}");
    // What they leave is the greedy one's, so nothing is wasted.
    assert!(greedy.done > 3_000 && greedy.shed > 10_000, "{greedy:?}");
    assert!(most <= Some(21), "{most:?}");
}

#[test]
fn all_of_them_greedy_get_alike() {
    let claims = (0..8).map(|number| principal(&format!("greedy {number}")));
    // From 20 calls at once to 55.
    let clients = claims.zip(4..).map(|(claim, times)| Clients::Closed {
        claim,
        calls: 5 * times,
    });
    let config = LoadConfig::builder().build().unwrap();
    let mut world = World::new(config, Server::new(16, 0.1), clients.collect());
    world.run(60.0);
    world.take_tallies();
    world.run(100.0);
    let done: Vec<_> = world.take_tallies().into_iter().map(|tally| tally.done).collect();
    let (least, most) = (done.iter().min().unwrap(), done.iter().max().unwrap());
    assert!(most - least <= least / 5, "{done:?}");
}
