//! The headers by which browsers protect whoever reads an answer, on every answer.
//!
//! Three presets after the current OWASP list: [`Preset::Api`] for data that no browser should show or run,
//! [`Preset::Docs`] for a documentation page with its own scripts, [`Preset::Console`] for an application of one's own.
//! What a handler sets itself stays, but for what is removed: `Server` and `X-Powered-By` tell a visitor nothing.
//!
//! HSTS is asked for explicitly ([`SecurityHeadersLayer::with_hsts`]): a browser that has seen it calls the host, and all
//! below it, by HTTPS only for a year, which is not what a developer's `localhost` needs.

mod layer;
mod preset;

pub use layer::{SecurityHeadersFuture, SecurityHeadersLayer, SecurityHeadersService};
pub use preset::Preset;
