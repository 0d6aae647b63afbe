//! Schedules over a link.

use futures_util::future::BoxFuture;
use seawall_engine::store::{
    DueSchedules, Fired, Firing, NewSchedule, Page, PageOf, ScheduleChange, ScheduleId, ScheduleRecord, ScheduleStore,
    StoreOp, StoreResult, TenantId, Timestamp,
};

use crate::sim::store::link::{Link, now};

impl ScheduleStore for Link {
    fn create_schedule<'a>(
        &'a self,
        tenant: &'a TenantId,
        new: NewSchedule,
    ) -> BoxFuture<'a, StoreResult<ScheduleRecord>> {
        let tenant = tenant.clone();
        let witness = self.witness();
        self.call(StoreOp::CreateSchedule, new.id.to_string(), move |rows| {
            witness.create_schedule(rows, &tenant, new)
        })
    }

    fn schedule<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: ScheduleId,
    ) -> BoxFuture<'a, StoreResult<Option<ScheduleRecord>>> {
        let tenant = tenant.clone();
        self.call(StoreOp::Read, "schedule".to_owned(), move |rows| {
            now(rows.schedule(&tenant, id))
        })
    }

    fn list_schedules<'a>(
        &'a self,
        tenant: &'a TenantId,
        page: Page,
    ) -> BoxFuture<'a, StoreResult<PageOf<ScheduleRecord>>> {
        let tenant = tenant.clone();
        self.call(StoreOp::Read, "list schedules".to_owned(), move |rows| {
            now(rows.list_schedules(&tenant, page))
        })
    }

    fn update_schedule<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: ScheduleId,
        change: ScheduleChange,
        expected: Option<u64>,
    ) -> BoxFuture<'a, StoreResult<ScheduleRecord>> {
        let tenant = tenant.clone();
        self.call(StoreOp::UpdateSchedule, id.to_string(), move |rows| {
            now(rows.update_schedule(&tenant, id, change, expected))
        })
    }

    fn delete_schedule<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: ScheduleId,
        expected: Option<u64>,
    ) -> BoxFuture<'a, StoreResult<()>> {
        let tenant = tenant.clone();
        self.call(StoreOp::DeleteSchedule, id.to_string(), move |rows| {
            now(rows.delete_schedule(&tenant, id, expected))
        })
    }

    fn fire(&self, firing: Firing) -> BoxFuture<'_, StoreResult<Fired>> {
        let times: Vec<Timestamp> = firing.runs.iter().map(|run| run.fire_at).collect();
        let about = format!(
            "{} change {} for {times:?}, {} missed",
            firing.schedule, firing.change, firing.missed
        );
        let witness = self.witness();
        self.call(StoreOp::Fire, about, move |rows| witness.fire(rows, firing))
    }

    fn due_schedules(&self, limit: u32) -> BoxFuture<'_, StoreResult<DueSchedules>> {
        self.call(StoreOp::DueSchedules, "due schedules".to_owned(), move |rows| {
            now(rows.due_schedules(limit))
        })
    }
}
