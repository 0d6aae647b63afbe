use futures_util::future::BoxFuture;

use crate::error::StoreResult;
use crate::ids::{ScheduleId, TenantId};
use crate::records::{DueSchedules, Fired, Firing, NewSchedule, Page, PageOf, ScheduleChange, ScheduleRecord};

/// Rules that make runs by the clock. When they fire is the caller's business; here each time is dealt with once.
pub trait ScheduleStore: Send + Sync + 'static {
    /// Keeps a schedule, in revision 1, with nothing fired.
    ///
    /// # Errors
    /// `Exists` when the id is taken, by whichever tenant; then `TooManySchedules` when the tenant has `new.most`. `Busy` when the write queue is full.
    fn create_schedule<'a>(
        &'a self,
        tenant: &'a TenantId,
        new: NewSchedule,
    ) -> BoxFuture<'a, StoreResult<ScheduleRecord>>;

    fn schedule<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: ScheduleId,
    ) -> BoxFuture<'a, StoreResult<Option<ScheduleRecord>>>;

    /// Newest first.
    fn list_schedules<'a>(
        &'a self,
        tenant: &'a TenantId,
        page: Page,
    ) -> BoxFuture<'a, StoreResult<PageOf<ScheduleRecord>>>;

    /// Writes the next revision. The cursor is set to `change.at`, whatever it was; a firing that waits is given up and
    /// counted as skipped. Counts, the last run and the last error stay.
    ///
    /// # Errors
    /// `NotFound`; then `PreconditionFailed` when `expected` is given and is not the revision. `Busy`.
    fn update_schedule<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: ScheduleId,
        change: ScheduleChange,
        expected: Option<u64>,
    ) -> BoxFuture<'a, StoreResult<ScheduleRecord>>;

    /// Forgets the schedule. Its runs stay.
    ///
    /// # Errors
    /// As `update_schedule`.
    fn delete_schedule<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: ScheduleId,
        expected: Option<u64>,
    ) -> BoxFuture<'a, StoreResult<()>>;

    /// One atomic change: the runs, and all that the schedule says of itself, or nothing. Whether one of the runs is made is
    /// decided here, one after the other: while the last run that was made (in this change or before) has not ended,
    /// `Skip` counts the firing as skipped, and so does `Queue` unless nothing waits yet: then it waits. Runs are made as
    /// children are: unheld, due now; one whose id exists, of whichever tenant, is left as it is and counts as nothing.
    /// The last error is the one given, none if a run was made, else the one that was.
    ///
    /// # Errors
    /// `NotFound`; `PreconditionFailed` when `firing.change` is not the record's: somebody else was first. Never `Busy`:
    /// firings wait for room.
    fn fire(&self, firing: Firing) -> BoxFuture<'_, StoreResult<Fired>>;

    /// Schedules of all tenants that have something to do now, at most `limit` of each kind.
    fn due_schedules(&self, limit: u32) -> BoxFuture<'_, StoreResult<DueSchedules>>;
}
