//! How a process of ours is known: one variable in its environment, which its children inherit.

use seawall_engine::Attempt;
use seawall_engine::store::NodeId;

use crate::config::InstallationId;

pub(crate) const VARIABLE: &str = "SEAWALL_ATTEMPT";

/// `<installation>:<node>:<run>:<activity>`.
pub(crate) fn value(installation: &InstallationId, node: NodeId, attempt: &Attempt) -> String {
    format!("{}:{node}:{}:{}", installation.as_str(), attempt.run, attempt.activity)
}

/// Whether this environment (as the kernel shows it: `NAME=value`, each ended by NUL) was made by another node of the
/// installation.
#[cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "only Linux shows environments")
)]
pub(crate) fn is_of_another_node(environ: &[u8], installation: &InstallationId, node: NodeId) -> bool {
    let prefix = format!("{VARIABLE}={}:", installation.as_str());
    let own = format!("{node}:");
    environ
        .split(|byte| *byte == 0)
        .filter_map(|entry| entry.strip_prefix(prefix.as_bytes()))
        .any(|rest| !rest.starts_with(own.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_markers_of_another_node_of_this_installation_count() {
        let installation = InstallationId::parse("prod").expect("an id");
        let (old, new) = (NodeId::generate(), NodeId::generate());
        let found = |environ: &str| is_of_another_node(environ.as_bytes(), &installation, new);
        assert!(found(&format!("PATH=/bin\0SEAWALL_ATTEMPT=prod:{old}:run_1:step\0")));
        assert!(!found(&format!("SEAWALL_ATTEMPT=prod:{new}:run_1:step\0")));
        assert!(!found(&format!("SEAWALL_ATTEMPT=prod2:{old}:run_1:step\0")));
        assert!(!found(&format!("X=SEAWALL_ATTEMPT=prod:{old}:run_1:step\0")));
        assert!(!found("PATH=/bin\0"));
        assert!(!found(""));
    }
}
