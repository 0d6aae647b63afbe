//! Which pages of other origins may call, and read what is answered (CORS).
//!
//! Origins are compared byte by byte with the list, and nothing else is: no prefix, suffix, pattern or `null`. There is a
//! wildcard for what anybody may read ([`CorsPolicy::public`]), and no way to combine it with credentials.
//!
//! A page of the server's own origin may always call. Any other origin is refused with 403 `origin-not-allowed`, preflight or
//! not: browsers send some requests without asking first, and this guard does not count on credentials to refuse them. A
//! request without an `Origin` comes from no page and passes.

mod layer;
mod policy;

pub use layer::{CorsFuture, CorsLayer, CorsService};
pub use policy::{CorsPolicy, Origin, OriginError};
