//! One trait for each role that a room plays towards the store.

mod approvals;
mod flow;
mod health;
mod inspect;
mod leases;
mod retention;
mod runs;
mod schedules;
mod tasks;
mod workflows;

pub use approvals::ApprovalStore;
pub use flow::FlowStore;
pub use health::HealthStore;
pub use inspect::InspectStore;
pub use leases::LeaseStore;
pub use retention::RetentionStore;
pub use runs::RunStore;
pub use schedules::ScheduleStore;
pub use tasks::TaskStore;
pub use workflows::WorkflowStore;

/// Everything a complete backend is.
pub trait Store:
    WorkflowStore
    + RunStore
    + ApprovalStore
    + ScheduleStore
    + TaskStore
    + LeaseStore
    + FlowStore
    + RetentionStore
    + InspectStore
    + HealthStore
{
}

impl<T> Store for T where
    T: WorkflowStore
        + RunStore
        + ApprovalStore
        + ScheduleStore
        + TaskStore
        + LeaseStore
        + FlowStore
        + RetentionStore
        + InspectStore
        + HealthStore
{
}
