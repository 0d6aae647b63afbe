//! One trait for each role that a room plays towards the store.

mod approvals;
mod audit;
mod flow;
mod health;
mod idempotency;
mod inspect;
mod keys;
mod leases;
mod retention;
mod revocations;
mod runs;
mod schedules;
mod sessions;
mod tasks;
mod tickets;
mod users;
mod workflows;

pub use approvals::ApprovalStore;
pub use audit::AuditStore;
pub use flow::FlowStore;
pub use health::HealthStore;
pub use idempotency::IdempotencyStore;
pub use inspect::InspectStore;
pub use keys::KeyStore;
pub use leases::LeaseStore;
pub use retention::RetentionStore;
pub use revocations::RevocationStore;
pub use runs::RunStore;
pub use schedules::ScheduleStore;
pub use sessions::SessionStore;
pub use tasks::TaskStore;
pub use tickets::TicketStore;
pub use users::UserStore;
pub use workflows::WorkflowStore;

/// Everything that runs need of a backend. A complete one is an [`IdentityStore`] too.
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

/// Everything that identity needs of a backend: apart from [`Store`], so that what carries runs out cannot reach it.
pub trait IdentityStore:
    KeyStore + UserStore + SessionStore + RevocationStore + AuditStore + IdempotencyStore + TicketStore
{
}

impl<T> IdentityStore for T where
    T: KeyStore + UserStore + SessionStore + RevocationStore + AuditStore + IdempotencyStore + TicketStore
{
}
