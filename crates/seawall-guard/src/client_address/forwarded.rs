use std::net::{IpAddr, SocketAddr};

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// Hops that are looked at, from the nearest on. No honest chain is as long.
const MAX_HOPS: usize = 32;

/// The hops in `X-Forwarded-For`, the nearest first; None for one that is no address. None at all: there is no such header.
pub(super) fn x_forwarded_for(headers: &HeaderMap) -> Option<impl Iterator<Item = Option<IpAddr>>> {
    headers.contains_key(X_FORWARDED_FOR).then(|| {
        let lines = headers.get_all(X_FORWARDED_FOR).into_iter().rev();
        lines.flat_map(hops_of_line).take(MAX_HOPS)
    })
}

fn hops_of_line(line: &HeaderValue) -> impl Iterator<Item = Option<IpAddr>> {
    line.to_str()
        .unwrap_or_default()
        .rsplit(',')
        .map(|hop| address(hop.trim()))
}

/// The hops in `Forwarded`, in the same form.
pub(super) fn forwarded(headers: &HeaderMap) -> Option<impl Iterator<Item = Option<IpAddr>>> {
    headers.contains_key(header::FORWARDED).then(|| {
        let lines = headers.get_all(header::FORWARDED).into_iter().rev();
        lines
            .flat_map(|line| split(line.to_str().unwrap_or_default(), b',').into_iter().rev())
            .map(|element| address(parameter(element, "for")?))
            .take(MAX_HOPS)
    })
}

/// Whether all hops that say how they were called say HTTPS, and one does.
pub(super) fn scheme_is_https(headers: &HeaderMap) -> bool {
    let by_x = headers.get_all(X_FORWARDED_PROTO).into_iter();
    let by_x = by_x.flat_map(|line| line.to_str().unwrap_or_default().split(',').map(str::trim));
    let by_rfc = headers.get_all(header::FORWARDED).into_iter();
    let by_rfc = by_rfc.flat_map(|line| split(line.to_str().unwrap_or_default(), b','));
    let by_rfc = by_rfc.filter_map(|element| parameter(element, "proto"));
    let mut any = false;
    for scheme in by_x.chain(by_rfc) {
        if !scheme.eq_ignore_ascii_case("https") {
            return false;
        }
        any = true;
    }
    any
}

/// The parts of a text between separators that stand outside quotes.
fn split(text: &str, separator: u8) -> Vec<&str> {
    let (mut parts, mut begin, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if byte == separator && !quoted => {
                parts.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[begin..]);
    parts
}

/// The value of a parameter of an element, without its quotes; None where it is missing or half quoted.
fn parameter<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    let value = split(element, b';').into_iter().find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim())
    })?;
    match value.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"'),
        None => Some(value),
    }
}

/// `address`, `address:port`, `[address]` or `[address]:port`.
fn address(text: &str) -> Option<IpAddr> {
    let parsed = text
        .parse::<IpAddr>()
        .or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()))
        .ok()
        .or_else(|| text.strip_prefix('[')?.strip_suffix(']')?.parse().ok())?;
    Some(parsed.to_canonical())
}
