use std::fs::read_to_string;
use std::io::{Error, ErrorKind, Result};
use std::path::Path;

use serde::Serialize;

use super::Verdict;

/// Memory of the process and of the machine, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Memory {
    #[serde(rename = "resident_bytes")]
    pub resident: u64,
    #[serde(rename = "available_bytes")]
    pub available: u64,
    #[serde(rename = "total_bytes")]
    pub total: u64,
    /// What the process's control group may use, where that is bounded.
    #[serde(rename = "limit_bytes", skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
}

/// Space of a file system, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Disk {
    /// For whoever is not root.
    #[serde(rename = "available_bytes")]
    pub available: u64,
    #[serde(rename = "total_bytes")]
    pub total: u64,
}

impl Memory {
    /// Reads `/proc`, which does not wait for anything.
    pub fn read() -> Result<Self> {
        let status = read_to_string("/proc/self/status")?;
        let machine = read_to_string("/proc/meminfo")?;
        // Where groups are of the old kind there is no line of theirs.
        let groups = read_to_string("/proc/self/cgroup").unwrap_or_default();
        Ok(Self {
            resident: kilobytes(&status, "VmRSS:")?,
            available: kilobytes(&machine, "MemAvailable:")?,
            total: kilobytes(&machine, "MemTotal:")?,
            limit: limit(&groups, |file| read_to_string(file).ok()),
        })
    }
}

impl Disk {
    /// Asks the file system of `path`. One on the network may keep it waiting: call it where that does no harm.
    pub fn read(path: &Path) -> Result<Self> {
        let space = rustix::fs::statvfs(path)?;
        Ok(Self {
            available: space.f_bavail.saturating_mul(space.f_frsize),
            total: space.f_blocks.saturating_mul(space.f_frsize),
        })
    }

    /// Down if less than so many bytes are left.
    #[must_use]
    pub fn verdict(self, least: u64) -> Verdict {
        let text = format!("{} of {} bytes are left", self.available, self.total);
        match self.available < least {
            true => Verdict::down(text),
            false => Verdict::up().with_detail(text),
        }
    }
}

/// The least that the process's control group and those round it may use. In a container the group is the root of what is seen;
/// on a machine (`MemoryMax=` of systemd) it is a folder below, and the root has no bound.
fn limit(groups: &str, read: impl Fn(&Path) -> Option<String>) -> Option<u64> {
    let own = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let root = Path::new("/sys/fs/cgroup");
    let group = root.join(own);
    let around = group.ancestors().take_while(|group| group.starts_with(root));
    let limits = around.filter_map(|group| read(&group.join("memory.max"))?.trim().parse().ok());
    limits.min()
}

/// `VmRSS:     1234 kB`, in bytes.
fn kilobytes(text: &str, name: &str) -> Result<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    let missing = || Error::new(ErrorKind::InvalidData, format!("there is no number at {name}"));
    number
        .map(|kilobytes| kilobytes.saturating_mul(1024))
        .ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_and_its_disk_have_sizes() {
        let memory = Memory::read().unwrap();
        assert!(
            memory.resident > 100_000 && memory.resident < memory.total,
            "{memory:?}"
        );
        assert!(memory.available <= memory.total);
        let disk = Disk::read(Path::new("/")).unwrap();
        assert!(disk.available <= disk.total && disk.total > 0, "{disk:?}");
        assert_eq!(
            Disk::read(Path::new("/no/such/folder")).unwrap_err().kind(),
            ErrorKind::NotFound
        );
    }

    #[test]
    fn a_number_is_found_by_its_name() {
        let text = "VmPeak:\t  10 kB\nVmRSS:\t   2048 kB\nVmSwap:\t kB\n";
        assert_eq!(kilobytes(text, "VmRSS:").unwrap(), 2048 * 1024);
        assert!(kilobytes(text, "VmSwap:").is_err() && kilobytes(text, "VmHWM:").is_err());
    }

    #[test]
    fn the_bound_of_memory_is_the_least_of_the_group_s_and_those_round_it() {
        let systemd = |file: &Path| {
            let text = match file.to_str()? {
                "/sys/fs/cgroup/system.slice/seawall.service/memory.max" => "2000\n",
                "/sys/fs/cgroup/system.slice/memory.max" => "1000\n",
                "/sys/fs/cgroup/system.slice/other.service/memory.max" => "max\n",
                "/sys/fs/cgroup/deep/a/memory.max" => "3000\n",
                _ => return None,
            };
            Some(text.to_owned())
        };
        for (groups, bound) in [
            ("0::/system.slice/seawall.service\n", Some(1000)),
            ("1:name=systemd:/x\n0::/system.slice/other.service\n", Some(1000)),
            ("0::/deep/a/b/c\n", Some(3000)),
            ("0::/user.slice\n", None),
            ("4:memory:/old\n", None),
            ("", None),
        ] {
            assert_eq!(limit(groups, systemd), bound, "{groups:?}");
        }
        let container = |file: &Path| (file == Path::new("/sys/fs/cgroup/memory.max")).then(|| "512\n".to_owned());
        assert_eq!(limit("0::/\n", container), Some(512));
        // Moved out of the container's view: what is seen is its root.
        assert_eq!(limit("0::/../other\n", container), Some(512));
    }

    #[test]
    fn a_full_disk_is_down() {
        let disk = Disk {
            available: 99,
            total: 1000,
        };
        assert_eq!(disk.verdict(100), Verdict::down("99 of 1000 bytes are left"));
        assert_eq!(disk.verdict(99), Verdict::up().with_detail("99 of 1000 bytes are left"));
    }
}
