//! Who may call, by which names, from whose pages, through which proxies.

use std::net::IpAddr;

use seawall_guard::client_address::{Cidr, TrustedProxies};
use seawall_guard::cors::Origin;
use seawall_guard::trusted_hosts::{HostPattern, TrustedHosts};

use super::reader::Reader;
use super::values;

/// The outer edge: `ALLOWED_HOSTS`, `CORS_ORIGINS`, `TRUSTED_PROXIES`.
#[derive(Clone, Debug)]
pub struct Edge {
    /// The names that requests may call this server by.
    pub hosts: TrustedHosts,
    /// Whether they were named: else only this machine's own.
    pub hosts_named: bool,
    /// Whose pages may call, beside the server's own.
    pub origins: Origins,
    /// Proxies whose word about the client's address and scheme is believed.
    pub proxies: TrustedProxies,
}

/// `CORS_ORIGINS`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origins {
    These(Vec<Origin>),
    /// `*`: everybody's, in dev only, for what callers do with credentials is done in their name.
    Any,
}

impl Edge {
    pub(super) fn read(reader: &mut Reader<'_>, host: IpAddr, dev: bool) -> Self {
        let named: Vec<HostPattern> = reader.value("ALLOWED_HOSTS", Vec::new(), values::list);
        let hosts_named = !named.is_empty();
        if !hosts_named && !host.is_loopback() {
            reader.refuse(
                "ALLOWED_HOSTS",
                format!("not set, while HOST is {host}: name the hosts by which clients call, separated by commas"),
            );
        }
        // As long as only this machine can call, its own names are among them: its command line uses them.
        let hosts = if host.is_loopback() {
            TrustedHosts::loopback().and(named)
        } else {
            named.into_iter().collect()
        };
        Self {
            hosts,
            hosts_named,
            origins: reader.value("CORS_ORIGINS", Origins::These(Vec::new()), |text| match text {
                "*" if dev => Ok(Origins::Any),
                "*" => Err("calls carry credentials: outside dev every origin is named".to_owned()),
                _ => values::list(text).map(Origins::These),
            }),
            proxies: reader
                .value("TRUSTED_PROXIES", Vec::<Cidr>::new(), values::list)
                .into_iter()
                .collect(),
        }
    }
}
