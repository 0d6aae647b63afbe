//! A million keys.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use http::Request;

use super::super::{Anyone, Asked, ByAddress, KeyBy, KeySeed};
use super::{Charge, Held, Intent, KeyHash, MemoryBounds, Policy};
use crate::client_address::ClientAddress;

const FLOOD: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;

/// Of somebody's address, as layers make it.
struct Addresses {
    seed: KeySeed,
    state: u64,
}

impl Addresses {
    fn new() -> Self {
        Self {
            seed: KeySeed::random(),
            state: 0x5ea_0a11,
        }
    }

    fn key(&self, address: impl Into<std::net::IpAddr>) -> KeyHash {
        let mut request = Request::new(());
        request.extensions_mut().insert(ClientAddress(address.into()));
        ByAddress.key(&Asked::<Anyone>::of(&request), &self.seed).unwrap()
    }

    /// Another one each time, half of them IPv6.
    fn random(&mut self) -> KeyHash {
        // A linear congruential generator of full period.
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let random = super::super::hash::spread(self.state);
        if random.is_multiple_of(2) {
            self.key(Ipv4Addr::from_bits((random >> 32) as u32))
        } else {
            self.key(Ipv6Addr::from_bits(u128::from(random) << 64))
        }
    }
}

/// A flood within a tenth of a second: who is limited, who is known, how many of the flood got in.
fn flood(held: &Held, policy: &Policy) -> u64 {
    let mut addresses = Addresses::new();
    let limited = addresses.key(Ipv4Addr::new(192, 0, 2, 1));
    let known = addresses.key(Ipv4Addr::new(192, 0, 2, 2));
    for _ in 0..policy.burst() {
        assert!(held.admits(policy, limited, 0));
    }
    assert!(held.admits(policy, known, 0));
    let mut admitted = 0;
    for at in 0..FLOOD {
        let now = at * 100;
        admitted += u64::from(held.admits(policy, addresses.random(), now));
        if at.is_multiple_of(1000) {
            assert!(
                !held.admits(policy, limited, now),
                "a flood let somebody through who is limited"
            );
        }
        if at.is_multiple_of(20_000) {
            assert!(
                held.admits(policy, known, now),
                "a flood kept somebody out who is known"
            );
        }
    }
    admitted
}

#[test]
fn a_flood_of_a_million_addresses_is_counted_address_by_address() {
    let bounds = MemoryBounds::default();
    let held = Held::new(bounds);
    let policy = Policy::smooth("default", 100, Duration::from_secs(60)).unwrap();
    assert_eq!(flood(&held, &policy), FLOOD);
    let usage = held.store.usage_at(held.at(SECOND / 10));
    assert!(
        usage.bucket_bytes <= bounds.buckets && usage.overflowed == 0,
        "{usage:?}"
    );
    assert!(usage.saturation() > 0.4 && usage.saturation() < 0.6, "{usage:?}");
}

#[test]
fn a_flood_that_fills_the_store_lets_nobody_through_and_refuses_not_everybody() {
    let bounds = MemoryBounds {
        buckets: 1 << 20,
        ..MemoryBounds::default()
    };
    let held = Held::new(bounds);
    let policy = Policy::smooth("default", 100, Duration::from_secs(60)).unwrap();
    let admitted = flood(&held, &policy);
    let usage = held.store.usage_at(held.at(SECOND / 10));
    assert!(
        usage.bucket_bytes <= bounds.buckets && usage.overflowed > 0,
        "{usage:?}"
    );
    // 16 shared buckets of 100 in each of 64 shards, and one for each bucket there can be.
    let shared = 16 * 64 * 100;
    let most = (usage.buckets_at_most + shared) as u64;
    assert!(admitted <= most && admitted > most / 2, "{admitted} of {most}");
    assert!(usage.shared_bytes <= 64 * 4 * 180, "{usage:?}");

    // When a bucket's time has passed, newcomers have a place again, and their shared one fills with the rest.
    let mut addresses = Addresses::new();
    let later = 61 * SECOND;
    assert!((0..10_000).all(|_| held.admits(&policy, addresses.random(), later)));
}

/// A store whose 64 buckets are in use for ten microseconds.
fn filled() -> Held {
    let held = Held::new(MemoryBounds {
        buckets: 1024,
        shards: 1,
        ..MemoryBounds::default()
    });
    let fast = Policy::smooth("fast", 1, Duration::from_micros(10)).unwrap();
    let mut addresses = Addresses::new();
    for _ in 0..1000 {
        held.admits(&fast, addresses.random(), 0);
    }
    assert_eq!(held.store.usage_at(held.began).buckets_in_use, 64);
    held
}

#[test]
fn who_comes_to_a_place_of_their_own_does_not_begin_afresh() {
    let held = filled();
    let slow = Policy::smooth("slow", 3, Duration::from_secs(3600)).unwrap();
    let somebody = Addresses::new().key(Ipv4Addr::LOCALHOST);
    assert_eq!((0..5).filter(|_| held.admits(&slow, somebody, 1)).count(), 3);
    assert!(!held.admits(&slow, somebody, 20_000), "there is a place again");
    assert!(held.admits(&slow, somebody, 1201 * SECOND));
}

#[test]
fn of_two_keys_that_share_neither_hides_the_other() {
    let held = filled();
    let slow = Policy::smooth("slow", 3, Duration::from_secs(3600)).unwrap();
    let mut addresses = Addresses::new();
    let somebody = addresses.random();
    let sharing = std::iter::repeat_with(|| addresses.random()).find(|other| other.get() % 16 == somebody.get() % 16);
    let charge = |key, cost| Charge {
        policy: &slow,
        key,
        cost,
    };
    let both = [charge(somebody, 3), charge(sharing.unwrap(), 0)];
    assert!(held.decide(Intent::Take, both.into(), 1).is_admitted());
    assert!(!held.admits(&slow, somebody, 1));
}

#[test]
fn a_flood_of_logs_is_bounded_too() {
    let bounds = MemoryBounds {
        logs: 1 << 17,
        ..MemoryBounds::default()
    };
    let held = Held::new(bounds);
    let policy = Policy::exact("probe", 3, Duration::from_secs(10)).unwrap();
    let mut addresses = Addresses::new();
    let limited = addresses.key(Ipv4Addr::new(192, 0, 2, 1));
    assert_eq!((0..4).filter(|_| held.admits(&policy, limited, 0)).count(), 3);
    let admitted = (0..100_000).filter(|at| {
        assert!(at % 100 != 0 || !held.admits(&policy, limited, *at));
        held.admits(&policy, addresses.random(), *at)
    });
    let admitted = admitted.count();
    let usage = held.store.usage_at(held.at(100_000));
    assert!(usage.log_bytes <= bounds.logs && usage.overflowed > 0, "{usage:?}");
    assert!(
        admitted >= usage.logs && admitted <= usage.logs + 3 * 64,
        "{admitted} {usage:?}"
    );
    // Each shard has room for 13, and the three of its shared log.
    let newcomers = (0..300).filter(|_| held.admits(&policy, addresses.random(), 11 * SECOND));
    assert_eq!(newcomers.count(), 300);
}

#[test]
fn all_addresses_of_an_ipv6_network_are_one() {
    let held = Held::new(MemoryBounds::default());
    let policy = Policy::smooth("default", 100, Duration::from_secs(60)).unwrap();
    let addresses = Addresses::new();
    let network = u128::from_be_bytes([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let of_host = |host: u64| {
        addresses.key(Ipv6Addr::from_bits(
            network | u128::from(super::super::hash::spread(host)),
        ))
    };
    let admitted = (0..50_000).filter(|host| held.admits(&policy, of_host(*host), 0));
    assert_eq!(admitted.count(), 100);
}
