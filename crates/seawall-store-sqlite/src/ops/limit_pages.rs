use crate::error::OpError;
use crate::writer::{Operation, Tx};

/// A disk of this many pages, for tests: what needs more is refused by SQLite itself.
pub(crate) struct LimitPages(pub(crate) u32);

impl Operation for LimitPages {
    type Answer = ();

    fn run(&self, tx: &Tx<'_>) -> Result<(), OpError> {
        tx.conn()
            .pragma_update_and_check(None, "max_page_count", self.0, |_| Ok(()))?;
        Ok(())
    }
}
