use std::sync::Arc;

use super::{Change, Rejected};

/// Is told what a limiter does. Called outside the limiter's lock, on the thread whose call or result did it: it may use the
/// limiter, and should not take long. Who counts calls needs none of this: [`super::Snapshot::totals`] has them.
pub trait Observer: Send + Sync {
    /// In no order that is promised, if results come on several threads.
    fn changed(&self, limiter: &Arc<str>, change: &Change) {
        let _ = (limiter, change);
    }

    fn rejected(&self, rejected: &Rejected) {
        let _ = rejected;
    }
}

impl<O: Observer + ?Sized> Observer for Arc<O> {
    fn changed(&self, limiter: &Arc<str>, change: &Change) {
        (**self).changed(limiter, change);
    }

    fn rejected(&self, rejected: &Rejected) {
        (**self).rejected(rejected);
    }
}
