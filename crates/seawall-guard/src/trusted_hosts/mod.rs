//! The names a server answers to: what names another host, or none, or two, is refused with 421 `host-not-allowed`.
//!
//! Links, redirects and cache keys are made from the `Host` header, and a foreign one at an address of ours is what DNS
//! rebinding looks like. A name is compared without its port and without regard to case; `*.example.com` stands for every
//! name below `example.com`, but not for that itself. An authority with user information is refused.
//!
//! Load balancers call by addresses of their own: paths can be exempt. What this does not do: read `X-Forwarded-Host`.

mod hosts;
mod layer;

pub use crate::refusal::RefusalFuture;
pub use hosts::{HostPattern, HostPatternError, TrustedHosts, host_of};
pub use layer::{TrustedHostsLayer, TrustedHostsService};
