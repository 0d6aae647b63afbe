//! What the clients know: what was acknowledged has to hold.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use seawall_engine::store::RunId;

#[derive(Clone, Default, Debug)]
pub(crate) struct Page {
    /// Runs whose creation was acknowledged, by the number of the request that made them.
    pub(crate) created: BTreeMap<u64, Vec<RunId>>,
    /// Requests that carry an idempotency key.
    pub(crate) keyed: Vec<u64>,
    /// Signals that were acknowledged as new, by name and id.
    pub(crate) signals: Vec<(RunId, String)>,
    requests: u64,
}

#[derive(Default)]
pub(crate) struct Book(Mutex<Page>);

impl Book {
    /// A number for a new request for a run.
    pub(crate) fn request(&self, keyed: bool) -> u64 {
        let mut page = self.0.lock();
        page.requests += 1;
        let number = page.requests;
        if keyed {
            page.keyed.push(number);
        }
        number
    }

    pub(crate) fn created(&self, request: u64, run: RunId) {
        let mut page = self.0.lock();
        page.created.entry(request).or_default().push(run);
    }

    pub(crate) fn signalled(&self, run: RunId, id: String) {
        self.0.lock().signals.push((run, id));
    }

    /// Every run that a client knows of.
    pub(crate) fn runs(&self) -> Vec<RunId> {
        self.0.lock().created.values().flatten().copied().collect()
    }

    pub(crate) fn page(&self) -> Page {
        self.0.lock().clone()
    }
}
