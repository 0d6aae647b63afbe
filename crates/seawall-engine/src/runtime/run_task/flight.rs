//! The one append of a run that is under way.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use seawall_store::{Append, AppendThen, Appended, Store, StoreResult};

const FIRST_RETRY: Duration = Duration::from_millis(20);
const LAST_RETRY: Duration = Duration::from_secs(2);

/// An append and its answer to come. After a fault the very same append is sent again: its place and its bytes are fixed,
/// so that one that was written all the same is found to be there and nothing is written twice.
pub(super) struct Flight {
    append: Append,
    tries: u32,
    answer: BoxFuture<'static, StoreResult<Appended>>,
}

impl Flight {
    pub(super) fn send(store: &Arc<dyn Store>, append: Append) -> Self {
        let answer = answer(Arc::clone(store), append.clone(), Duration::ZERO);
        Self {
            append,
            tries: 1,
            answer,
        }
    }

    pub(super) fn then(&self) -> AppendThen {
        self.append.then
    }

    /// The run leaves memory with this append, if nothing comes in between.
    pub(super) fn gives_back(&self) -> bool {
        self.append.then != AppendThen::Hold
    }

    /// The run has got on with it: its deaths do not count any more.
    pub(super) const fn shows_progress(&self) -> bool {
        self.append.segment.is_some() && !self.append.keeps_deaths
    }

    pub(super) const fn tries(&self) -> u32 {
        self.tries
    }

    /// Sends it once more, a little later.
    pub(super) fn again(&mut self, store: &Arc<dyn Store>) {
        let pause = FIRST_RETRY
            .saturating_mul(1 << (self.tries - 1).min(10))
            .min(LAST_RETRY);
        self.tries = self.tries.saturating_add(1);
        self.answer = answer(Arc::clone(store), self.append.clone(), pause);
    }

    /// The answer. Not to be asked for again before [`Flight::again`].
    pub(super) async fn landed(&mut self) -> StoreResult<Appended> {
        (&mut self.answer).await
    }
}

fn answer(store: Arc<dyn Store>, append: Append, pause: Duration) -> BoxFuture<'static, StoreResult<Appended>> {
    Box::pin(async move {
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        store.append(append).await
    })
}
