//! The two HTTP clients: built at first use, because reading the system's certificates takes time and memory that an idle
//! server does not spend.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::{Client, Url, redirect, retry};
use seawall_engine::{EffectClass, StepError};

use crate::http::address::{self, AddressRefused, Check};
use crate::http::failure;
use crate::http::gate::GateLayer;
use crate::http::resolver::Resolver;

/// Settings of http steps.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// Whether loopback, private, link-local and metadata addresses may be reached (`HTTP_STEP_ALLOW_PRIVATE`).
    pub allow_private: bool,
    /// For DNS, TCP and TLS together, per hop.
    pub connect_timeout: Duration,
}

impl HttpConfig {
    pub(crate) const fn check(&self) -> Check {
        if self.allow_private {
            address::any
        } else {
            address::public
        }
    }
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            allow_private: false,
            connect_timeout: Duration::from_secs(10),
        }
    }
}

pub(crate) struct Clients {
    connect_timeout: Duration,
    check: Check,
    /// For reads: connections are used again.
    pooled: OnceLock<Client>,
    /// For effects: each request has a connection of its own. A pooled one may be closed by the other side at the moment it
    /// is used, and the client would send again what it believes unsent.
    single: OnceLock<Client>,
}

impl Clients {
    pub(crate) fn new(connect_timeout: Duration, check: Check) -> Self {
        Self {
            connect_timeout,
            check,
            pooled: OnceLock::new(),
            single: OnceLock::new(),
        }
    }

    /// Checks a host that is a literal address: it never meets the resolver.
    pub(crate) fn check_literal(&self, url: &Url) -> Result<(), AddressRefused> {
        let host = url.host_str().unwrap_or_default();
        match host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            Ok(literal) => (self.check)(literal),
            Err(_) => Ok(()),
        }
    }

    pub(crate) const fn pools(effect: EffectClass) -> bool {
        matches!(effect, EffectClass::Pure | EffectClass::Read)
    }

    pub(crate) fn get(&self, effect: EffectClass) -> Result<&Client, StepError> {
        let (slot, max_idle) = if Self::pools(effect) {
            (&self.pooled, 8)
        } else {
            (&self.single, 0)
        };
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let client = self.build(max_idle, true).or_else(|error| {
            // Most likely a system without certificates. Plain http works all the same, and no https server is trusted.
            tracing::warn!(
                error = failure::root_cause(&error),
                "https requests of steps will fail: the system's certificates cannot be used"
            );
            self.build(max_idle, false)
        });
        let client = client.map_err(|error| {
            StepError::new(
                "http-client-unavailable",
                format!("the HTTP client cannot be set up: {error}"),
            )
        })?;
        // Of two that were built at once, one is kept.
        Ok(slot.get_or_init(|| client))
    }

    fn build(&self, max_idle_per_host: usize, system_certificates: bool) -> reqwest::Result<Client> {
        let builder = if system_certificates {
            Client::builder()
        } else {
            Client::builder().tls_certs_only([])
        };
        builder
            .user_agent(concat!("seawall/", env!("CARGO_PKG_VERSION")))
            .no_proxy()
            .referer(false)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .pool_max_idle_per_host(max_idle_per_host)
            .pool_idle_timeout(Duration::from_secs(15))
            .connect_timeout(self.connect_timeout)
            .dns_resolver(Arc::new(Resolver { check: self.check }))
            .connector_layer(GateLayer)
            .build()
    }
}
