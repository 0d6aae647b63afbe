use std::net::IpAddr;
use std::sync::Arc;

use http::HeaderMap;

use super::Cidr;
use super::forwarded::{forwarded, scheme_is_https, x_forwarded_for};

/// The proxies whose word about the client is believed. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Arc<[Cidr]>);

impl FromIterator<Cidr> for TrustedProxies {
    fn from_iter<I: IntoIterator<Item = Cidr>>(ranges: I) -> Self {
        Self(ranges.into_iter().collect())
    }
}

impl TrustedProxies {
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|range| range.contains(address))
    }

    /// Nobody's word is believed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The client of a request that came from `peer`.
    #[must_use]
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.contains(peer) {
            return peer;
        }
        let by_x = x_forwarded_for(headers).map(|hops| self.walk(peer, hops));
        let by_rfc = forwarded(headers).map(|hops| self.walk(peer, hops));
        match (by_x, by_rfc) {
            (Some(one), Some(other)) if one != other => peer,
            (Some(client), _) | (None, Some(client)) => client,
            (None, None) => peer,
        }
    }

    /// Whether the client came by HTTPS, as far as trusted proxies tell; `false` where none does.
    #[must_use]
    pub fn client_is_secure(&self, peer: IpAddr, headers: &HeaderMap) -> bool {
        self.contains(peer) && scheme_is_https(headers)
    }

    /// From the nearest hop outward, as long as who reports a hop is trusted.
    fn walk(&self, peer: IpAddr, hops: impl Iterator<Item = Option<IpAddr>>) -> IpAddr {
        let mut client = peer;
        for hop in hops {
            let Some(hop) = hop else {
                // Its reporter is the last one that is known.
                return client;
            };
            client = hop;
            if !self.contains(client) {
                return client;
            }
        }
        client
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, headers: &[(&'static str, &str)]) -> String {
        let proxies: TrustedProxies = ["10.0.0.0/8", "fd00::/8"]
            .iter()
            .map(|range| range.parse().unwrap())
            .collect();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        proxies.client(peer.parse().unwrap(), &map).to_string()
    }

    #[test]
    fn nobody_but_a_trusted_proxy_names_the_client() {
        assert_eq!(
            client("203.0.113.7", &[("x-forwarded-for", "198.51.100.1")]),
            "203.0.113.7"
        );
        assert_eq!(client("203.0.113.7", &[("forwarded", "for=10.0.0.1")]), "203.0.113.7");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(
            client("10.0.0.1", &[("x-forwarded-for", "198.51.100.1")]),
            "198.51.100.1"
        );
    }

    #[test]
    fn the_rightmost_hop_that_is_not_trusted_is_the_client() {
        for (value, expected) in [
            // What the client wrote itself stands on the left.
            ("127.0.0.1, 198.51.100.1", "198.51.100.1"),
            ("8.8.8.8,10.9.9.9, 198.51.100.1 , 10.0.0.2", "198.51.100.1"),
            ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("198.51.100.1:5000", "198.51.100.1"),
            ("::ffff:198.51.100.1", "198.51.100.1"),
            // No address: the proxy that reported it is the last one known.
            ("198.51.100.1, unknown", "10.0.0.1"),
            ("198.51.100.1, unknown, 10.0.0.2", "10.0.0.2"),
            ("", "10.0.0.1"),
            (",", "10.0.0.1"),
            ("198.51.100.1,", "10.0.0.1"),
            ("1.2.3.4.5", "10.0.0.1"),
        ] {
            assert_eq!(client("10.0.0.1", &[("x-forwarded-for", value)]), expected, "{value:?}");
        }
    }

    #[test]
    fn lines_of_a_header_are_one_list() {
        let lines = [
            ("x-forwarded-for", "8.8.8.8"),
            ("x-forwarded-for", "198.51.100.1, 10.0.0.2"),
        ];
        assert_eq!(client("10.0.0.1", &lines), "198.51.100.1");
        let lines = [("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", "10.0.0.2")];
        assert_eq!(client("10.0.0.1", &lines), "198.51.100.1");
    }

    #[test]
    fn the_standard_header_is_read_with_its_quotes_and_ports() {
        for (value, expected) in [
            ("for=198.51.100.1", "198.51.100.1"),
            ("For=\"198.51.100.1:80\";proto=https;by=10.0.0.1", "198.51.100.1"),
            ("for=8.8.8.8, for=\"[2001:db8::1]:4711\"", "2001:db8::1"),
            ("for=198.51.100.1, for=10.0.0.2;proto=http", "198.51.100.1"),
            ("for=_hidden", "10.0.0.1"),
            ("proto=https", "10.0.0.1"),
            ("for=\"198.51.100.1", "10.0.0.1"),
            // A comma or a semicolon in quotes parts nothing.
            ("for=198.51.100.1;host=\"a,b;for=8.8.8.8\"", "198.51.100.1"),
        ] {
            assert_eq!(client("10.0.0.1", &[("forwarded", value)]), expected, "{value:?}");
        }
    }

    #[test]
    fn where_both_headers_disagree_neither_is_believed() {
        let spoofed = [("x-forwarded-for", "198.51.100.1"), ("forwarded", "for=8.8.8.8")];
        assert_eq!(client("10.0.0.1", &spoofed), "10.0.0.1");
        let agreed = [("x-forwarded-for", "198.51.100.1"), ("forwarded", "for=198.51.100.1")];
        assert_eq!(client("10.0.0.1", &agreed), "198.51.100.1");
    }

    #[test]
    fn a_long_chain_is_read_to_its_bound_only() {
        let chain = vec!["10.0.0.2"; 10_000].join(",");
        let value = format!("198.51.100.1,{chain}");
        assert_eq!(client("10.0.0.1", &[("x-forwarded-for", &value)]), "10.0.0.2");
    }
}
