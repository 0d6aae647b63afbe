//! At the start of a node: ends what its predecessor's commands left running.
//!
//! Known by the marker in their environment, and by nothing else: a process that cleared its environment is only found in the
//! group of one that did not. Linux only; other systems do not show environments, and there nothing is done.

use crate::config::InstallationId;
use seawall_engine::store::NodeId;

/// What a sweep did.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Swept {
    /// Processes that bore the marker of another node of this installation, and were killed.
    pub killed: usize,
    /// Processes that were killed and still there at the end: they hang in the kernel.
    pub left: usize,
}

/// Kills every process (and the group that it leads) that a command step of another node of this installation started on
/// this machine, and waits up to two seconds until they are gone. It blocks: call it before the first claim, on a thread
/// that may.
///
/// Only to be called when every other node of this installation on this machine is known to be dead, as the lock on the
/// embedded store proves.
#[must_use]
pub fn sweep_predecessors(installation: &InstallationId, node: NodeId) -> Swept {
    #[cfg(target_os = "linux")]
    let swept = linux::sweep(installation, node);
    #[cfg(not(target_os = "linux"))]
    let swept = {
        let _ = (installation, node);
        Swept::default()
    };
    swept
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::HashSet;
    use std::fs::{self, File};
    use std::io::Read as _;
    use std::os::fd::OwnedFd;
    use std::time::Duration;

    use rustix::process::{
        Pid, PidfdFlags, Signal, getpgid, getpgrp, getpid, kill_process_group, pidfd_open, pidfd_send_signal,
    };

    use super::{InstallationId, NodeId, Swept};
    use crate::command::marker;

    const ROUNDS: usize = 200;
    const PAUSE: Duration = Duration::from_millis(10);

    /// The most of an environment that is read: above what the kernel lets a process have by default.
    const MAX_ENVIRON: u64 = 8 << 20;

    pub(super) fn sweep(installation: &InstallationId, node: NodeId) -> Swept {
        let mut killed = HashSet::new();
        for round in 0..ROUNDS {
            // Again until none is found: one of them may have forked while the others were killed.
            let found: Vec<Marked> = processes()
                .filter_map(|pid| Marked::find(pid, installation, node))
                .collect();
            if found.is_empty() {
                break;
            }
            for marked in &found {
                marked.kill();
                killed.insert(marked.pid);
            }
            if round + 1 == ROUNDS {
                return report(killed.len(), found.len());
            }
            std::thread::sleep(PAUSE);
        }
        report(killed.len(), 0)
    }

    fn report(killed: usize, left: usize) -> Swept {
        if killed > 0 {
            tracing::warn!(
                killed,
                left,
                "ended processes that commands of an earlier node had left running"
            );
        }
        Swept { killed, left }
    }

    fn processes() -> impl Iterator<Item = Pid> {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        entries
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok().and_then(Pid::from_raw))
            .filter(|pid| *pid != getpid() && *pid != Pid::INIT)
    }

    /// A process with the marker.
    struct Marked {
        pid: Pid,
        /// Taken before the marker was read: the process that is killed is the one that was looked at.
        handle: OwnedFd,
    }

    impl Marked {
        fn find(pid: Pid, installation: &InstallationId, node: NodeId) -> Option<Self> {
            let handle = pidfd_open(pid, PidfdFlags::empty()).ok()?;
            let mut environ = Vec::new();
            let file = File::open(format!("/proc/{}/environ", pid.as_raw_nonzero())).ok()?;
            // Of other users' processes it cannot be read; of a zombie it is empty.
            file.take(MAX_ENVIRON).read_to_end(&mut environ).ok()?;
            marker::is_of_another_node(&environ, installation, node).then_some(Self { pid, handle })
        }

        /// Its group too, if it leads one: the group was made for the command. Never our own.
        fn kill(&self) {
            let leads = getpgid(Some(self.pid)).is_ok_and(|group| group == self.pid && group != getpgrp());
            if leads {
                let _ = kill_process_group(self.pid, Signal::KILL);
            }
            // It may have ended by itself: nothing to do then.
            let _ = pidfd_send_signal(&self.handle, Signal::KILL);
        }
    }
}
