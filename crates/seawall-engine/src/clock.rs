//! Time, as an argument. Nobody in this room reads a clock except through [`Clock`].

use std::sync::Arc;
use std::time::Duration;

use seawall_store::{StoreClock, SystemClock, Timestamp};

/// Wall time for what is recorded, boot time for what must not run backwards.
pub trait Clock: Send + Sync + 'static {
    /// The wall clock. It may jump; within a run, event time never decreases all the same.
    fn now(&self) -> Timestamp;

    /// Time since boot, suspension included: a lease must be seen to expire while the machine slept.
    fn boot(&self) -> Duration;
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }

    fn boot(&self) -> Duration {
        (**self).boot()
    }
}

/// The machine's clocks.
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        StoreClock::now(self)
    }

    fn boot(&self) -> Duration {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let clock = rustix::time::ClockId::Boottime;
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let clock = rustix::time::ClockId::Monotonic;
        let time = rustix::time::clock_gettime(clock);
        Duration::new(
            u64::try_from(time.tv_sec).unwrap_or(0),
            u32::try_from(time.tv_nsec).unwrap_or(0),
        )
    }
}
