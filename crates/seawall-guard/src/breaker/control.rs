use std::time::Duration;

use tokio::time::Instant;

use super::Breaker;
use super::machine::Machine;

/// What is said from outside: by operators, by configuration, by other processes that call the same. A word holds until the
/// next one, whatever the calls do; only [`Breaker::trip`] is a vote and no word, and yields to all of them.
impl Breaker {
    /// Refuses all calls until another word.
    pub fn force_open(&self) {
        self.control(|machine, now| machine.force_open(None, now));
    }

    /// Refuses all calls for so long (at most 30 days); then the next calls are probes.
    pub fn force_open_for(&self, time: Duration) {
        self.control(|machine, now| machine.force_open(Some(time), now));
    }

    /// Lets all calls pass and counts none.
    pub fn disable(&self) {
        self.control(Machine::disable);
    }

    /// Lets all calls pass, counts them, and tells when it would have opened.
    pub fn metrics_only(&self) {
        self.control(Machine::metrics_only);
    }

    /// Takes the last word back. From forced-open the next calls are probes; from disabled and metrics-only it is closed, with
    /// nothing counted. Without a word it does nothing.
    pub fn release(&self) {
        self.control(Machine::release);
    }

    /// Closes it at once, whatever it is, with nothing counted.
    pub fn reset(&self) {
        self.control(Machine::reset);
    }

    /// Opens it because others have found that it should be (a quorum of them, say): for so long (at most 30 days), or for as long
    /// as if it had found so itself. One that is open stays open for that long at least; metrics-only tells what it would have done.
    pub fn trip(&self, time: Option<Duration>) {
        self.control(|machine, now| machine.trip(time, now));
    }

    fn control(&self, act: impl FnOnce(&mut Machine, Instant)) {
        let now = Instant::now();
        self.with(|machine| act(machine, now));
    }
}
