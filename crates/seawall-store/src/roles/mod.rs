//! One trait for each role that a room plays towards the store.

mod approvals;
mod health;
mod inspect;
mod leases;
mod retention;
mod runs;
mod tasks;
mod workflows;

pub use approvals::ApprovalStore;
pub use health::HealthStore;
pub use inspect::InspectStore;
pub use leases::LeaseStore;
pub use retention::RetentionStore;
pub use runs::RunStore;
pub use tasks::TaskStore;
pub use workflows::WorkflowStore;

/// Everything a complete backend is.
pub trait Store:
    WorkflowStore + RunStore + ApprovalStore + LeaseStore + RetentionStore + InspectStore + HealthStore
{
}

impl<T: WorkflowStore + RunStore + ApprovalStore + LeaseStore + RetentionStore + InspectStore + HealthStore> Store
    for T
{
}
