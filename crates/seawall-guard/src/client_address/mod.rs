//! Who calls, behind proxies: the address and the scheme of the client.
//!
//! A header that names the client is worth what its sender is worth. Only what comes from a proxy in [`TrustedProxies`] is
//! read, from its right end: each trusted hop vouches for the one that it names, and the first that is not trusted is the
//! client. With no trusted proxies the client is the peer of the connection.
//!
//! `X-Forwarded-For` and `Forwarded` (RFC 7239) are both understood. A proxy sets one of them and passes the other one on as
//! the client sent it: where they disagree neither is believed, and the client is the proxy itself. So is it where a hop is no
//! address (`unknown`, `_hidden`).
//!
//! The connection's peer is taken from the request's extensions, where a server puts it as [`PeerAddress`] (or axum's
//! `ConnectInfo<SocketAddr>`). What this does not do: refuse anybody.

mod cidr;
mod forwarded;
mod layer;
mod proxies;

pub use cidr::{Cidr, CidrError};
pub use layer::{ClientAddress, ClientAddressLayer, ClientAddressService, ClientScheme, PeerAddress};
pub use proxies::TrustedProxies;
