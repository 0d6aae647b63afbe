//! Tests that look at what is logged, side by side with tests that do not.

use std::sync::LazyLock;

use tracing::Dispatch;

/// To be called before a test's own subscriber is there. Where a process has one subscriber only, a callsite that is first reached
/// on a thread without it is switched off for all. So there are always two more, which nobody writes to.
pub(crate) fn keep_callsites_on() {
    static MORE: LazyLock<[Dispatch; 2]> =
        LazyLock::new(|| [(); 2].map(|()| Dispatch::new(tracing_subscriber::registry())));
    LazyLock::force(&MORE);
}
