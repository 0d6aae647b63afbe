use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::limits::CONNECTIONS;

/// Open files that are not connections to the service: the store's, calls of steps, pipes of their children, scrapes of metrics.
const OTHERS: u64 = 512;

/// How many connections there is room for, `wanted` at most. Each is an open file: the process's limit of these is raised as
/// far as `wanted` needs it and the system allows, and no further, because children inherit it. Where the system allows fewer,
/// there are fewer, and the log says so.
pub(super) fn room_for(wanted: usize) -> usize {
    let needed = OTHERS.saturating_add(wanted as u64);
    let open_files = raise(needed);
    let room = share(open_files, wanted);
    if room < wanted {
        tracing::warn!(
            connections = room,
            connections.wanted = wanted,
            open_files,
            open_files.needed = needed,
            "the limit of open files leaves room for fewer connections: raise it (ulimit -Hn, LimitNOFILE)"
        );
    }
    room
}

/// How many connections a server that is started like this process would have room for, and how many it wants.
#[must_use]
pub fn connections_at_most() -> (usize, usize) {
    let reachable = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
    let needed = OTHERS.saturating_add(CONNECTIONS as u64);
    (share(reachable.min(needed), CONNECTIONS), CONNECTIONS)
}

/// The process's limit of open files, at least `needed` where that can be had.
fn raise(needed: u64) -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let current = limit.current.unwrap_or(u64::MAX);
    let reachable = limit.maximum.unwrap_or(u64::MAX).min(needed);
    if current >= reachable {
        return current;
    }
    let raised = Rlimit {
        current: Some(reachable),
        maximum: limit.maximum,
    };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => reachable,
        Err(error) => {
            tracing::warn!(%error, open_files = current, "the limit of open files cannot be raised");
            current
        }
    }
}

/// What connections may take of so many open files: all but [`OTHERS`], or half of them where they are few.
fn share(open_files: u64, wanted: usize) -> usize {
    let left = open_files - OTHERS.min(open_files / 2);
    usize::try_from(left).unwrap_or(usize::MAX).min(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_room_for_the_rest() {
        for (open_files, room) in [
            (u64::MAX, 10_000),
            (10_512, 10_000),
            (10_511, 9_999),
            (1024, 512),
            (256, 128),
            (1, 1),
        ] {
            assert_eq!(share(open_files, 10_000), room, "{open_files}");
        }
    }

    #[test]
    fn the_limit_of_the_process_is_raised_and_never_lowered() {
        let before = getrlimit(Resource::Nofile);
        let wanted = 700;
        let room = room_for(wanted);
        let after = getrlimit(Resource::Nofile);
        assert!(after.current.unwrap_or(u64::MAX) >= before.current.unwrap_or(u64::MAX));
        assert_eq!(after.maximum, before.maximum);
        assert_eq!(room, share(after.current.unwrap_or(u64::MAX), wanted));
    }
}
