//! Nothing is answered in the clear that was meant for HTTPS.
//!
//! An endpoint of an API never redirects: the credentials were sent in the clear already, and a client that follows would
//! go on doing so. It is refused with 403 `https-required`. A document that a person opens in a browser is redirected (308).
//!
//! Whether a request came by HTTPS is what [`ClientScheme`](crate::client_address::ClientScheme) says, which
//! [`ClientAddressLayer`](crate::client_address::ClientAddressLayer) writes; a service that ends TLS itself writes it too.
//! Probes of load balancers can be exempt. HSTS is a matter of [`security_headers`](crate::security_headers).

mod layer;

pub use crate::refusal::RefusalFuture;
pub use layer::{HttpsLayer, HttpsService};
