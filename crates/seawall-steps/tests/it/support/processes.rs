//! Waiting, and looking at processes.

use std::time::{Duration, Instant};

/// Waits until it holds, at most ten seconds. Polling is the only way to see another process end.
pub(crate) async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(Instant::now() < deadline, "not within ten seconds: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The future's value, which it must give within ten seconds.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    let bound = tokio::time::timeout(Duration::from_secs(10), future).await;
    bound.expect("a value within ten seconds")
}

/// Whether the process runs. A zombie does not.
pub(crate) fn is_alive(pid: i32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else {
        return false;
    };
    // The state stands behind the name, which ends with the last parenthesis.
    let state = stat.rsplit(')').next().and_then(|rest| rest.trim().chars().next());
    !matches!(state, None | Some('Z' | 'X'))
}
