//! The one place that spawns tasks. Shutdown waits for all of them, and a dropped engine ends all of them.

use std::future::Future;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

#[derive(Clone, Default)]
pub(crate) struct Spawner {
    tracker: TaskTracker,
    root: CancellationToken,
}

impl Spawner {
    /// Runs a task until it ends or [`Spawner::abandon`] is called; the handle then gives None.
    pub(crate) fn spawn<F>(&self, task: F) -> JoinHandle<Option<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        // A child of its own: tasks that share one token would meet at its lock whenever they are polled.
        let root = self.root.child_token();
        // In its place for good: a run's task has some ten kilobytes, and each of the wrappers would copy it.
        self.tracker.spawn(root.run_until_cancelled_owned(Box::pin(task)))
    }

    /// Drops every task at its next await.
    pub(crate) fn abandon(&self) {
        self.root.cancel();
    }

    /// Cancelled when everything is abandoned.
    pub(crate) const fn root(&self) -> &CancellationToken {
        &self.root
    }

    /// Resolves when no task is left.
    pub(crate) async fn drained(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }
}
