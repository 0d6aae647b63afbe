use std::net::IpAddr;
use std::str::FromStr;

/// A range of addresses: `10.0.0.0/8`, `2001:db8::/32`, or one address.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Cidr {
    network: u128,
    mask: u128,
}

/// Why a text is no range of addresses.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CidrError {
    #[error("`{0}` is no IP address")]
    Address(String),
    #[error("`/{0}` is no length of a prefix for this kind of address")]
    Prefix(String),
    #[error("`{0}` has bits set beyond its prefix; the range begins at another address")]
    HostBits(String),
}

impl Cidr {
    /// IPv4 in the form of IPv6 is the same address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        widen(address) & self.mask == self.network
    }
}

impl FromStr for Cidr {
    type Err = CidrError;

    fn from_str(text: &str) -> Result<Self, CidrError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let parsed = IpAddr::from_str(address.trim()).map_err(|_| CidrError::Address(address.to_owned()))?;
        let bits = if parsed.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => bits,
            Some(digits) => digits
                .parse::<u32>()
                .ok()
                .filter(|length| *length <= bits && digits.bytes().all(|byte| byte.is_ascii_digit()))
                .ok_or_else(|| CidrError::Prefix(digits.to_owned()))?,
        };
        let mask = u128::MAX.checked_shl(bits - prefix).unwrap_or(0) | if bits == 32 { u128::MAX << 32 } else { 0 };
        let address = widen(parsed);
        if address & mask != address {
            return Err(CidrError::HostBits(text.to_owned()));
        }
        Ok(Self { network: address, mask })
    }
}

fn widen(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_range_contains_its_addresses_and_no_others() {
        for (range, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("10.0.0.1", "10.0.0.1", "10.0.0.2"),
            ("0.0.0.0/0", "203.0.113.9", "2001:db8::1"),
            ("10.0.0.0/8", "::ffff:10.0.0.1", "::ffff:11.0.0.1"),
            ("2001:db8::/32", "2001:db8:1::1", "2001:db9::"),
            ("::1", "::1", "::2"),
        ] {
            let range: Cidr = range.parse().unwrap();
            assert!(range.contains(address(inside)), "{range:?} {inside}");
            assert!(!range.contains(address(outside)), "{range:?} {outside}");
        }
        let all: Cidr = "::/0".parse().unwrap();
        assert!(all.contains(address("::1")) && all.contains(address("1.2.3.4")));
    }

    #[test]
    fn what_is_no_range_is_refused_with_its_reason() {
        assert_eq!("proxy".parse::<Cidr>(), Err(CidrError::Address("proxy".into())));
        for prefix in ["33", "-1", "+8", ""] {
            let text = format!("10.0.0.0/{prefix}");
            assert_eq!(text.parse::<Cidr>(), Err(CidrError::Prefix(prefix.into())));
        }
        let text = "10.1.0.0/8";
        assert_eq!(text.parse::<Cidr>(), Err(CidrError::HostBits(text.into())));
    }
}
