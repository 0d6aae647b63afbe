//! A running process group.

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Child;

/// The group of a child that leads one. Dropping it kills the group, unless the group was ended before.
pub(crate) struct Group {
    /// None once the group was killed after its leader had been waited for.
    leader: Option<Pid>,
}

impl Group {
    pub(crate) fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self {
            leader: id.and_then(Pid::from_raw),
        }
    }

    pub(crate) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// To be called while the leader has not been waited for: until then its number belongs to nobody else.
    pub(crate) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// Kills what a leader left behind that has just been waited for. While members live, the kernel gives the group's number
    /// to nobody; without any, it comes round again only after all other process numbers.
    pub(crate) fn kill_remains(mut self) {
        self.kill();
        self.leader = None;
    }

    fn signal(&self, signal: Signal) {
        if let Some(leader) = self.leader {
            // The group may be gone already: then there is nothing to do.
            let _ = kill_process_group(leader, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}
