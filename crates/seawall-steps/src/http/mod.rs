//! `http` steps: one request, one response.
//!
//! Each attempt asks its fence inside the connector, after DNS, TCP and TLS and before the first byte of the request, so
//! that "not begun" is a fact. Redirects are followed here and not by the client: each hop's address is checked, headers of
//! the author stay within their origin, and a `once` request follows none.
//!
//! Not here: proxies (never used), cookies, decompression, streaming.

mod address;
mod body;
mod client;
mod executor;
mod failure;
mod gate;
mod kind;
mod redirect;
mod request;
mod resolver;
mod retry_after;
#[cfg(test)]
mod tests;

pub use client::HttpConfig;
pub(crate) use executor::HttpExecutor;
