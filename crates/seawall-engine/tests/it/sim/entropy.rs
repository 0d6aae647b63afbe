//! Chance and ids of one life of a node, from the seed.

use parking_lot::Mutex;
use seawall_engine::Entropy;
use seawall_engine::store::StoreClock as _;
use uuid::{Builder, Uuid};

use crate::runtime::world::TestClock;
use crate::sim::rng::Rng;

pub(crate) struct SimEntropy {
    rng: Mutex<Rng>,
    clock: TestClock,
}

impl SimEntropy {
    pub(crate) const fn new(rng: Rng, clock: TestClock) -> Self {
        Self {
            rng: Mutex::new(rng),
            clock,
        }
    }
}

impl Entropy for SimEntropy {
    fn bits(&self) -> u64 {
        self.rng.lock().bits()
    }

    fn uuid(&self) -> Uuid {
        let millis = u64::try_from(self.clock.now().as_millis()).expect("the clock stands in this century");
        let (mut bytes, mut rng) = ([0; 10], self.rng.lock());
        bytes[..8].copy_from_slice(&rng.bits().to_be_bytes());
        bytes[8..].copy_from_slice(&rng.bits().to_be_bytes()[..2]);
        Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
    }
}
