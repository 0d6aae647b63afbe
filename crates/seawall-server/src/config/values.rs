//! How values are written.

use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

pub(super) type Parsed<T> = Result<T, String>;

pub(super) fn boolean(text: &str) -> Parsed<bool> {
    match text {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err("expected true or false".to_owned()),
    }
}

pub(super) fn port(text: &str) -> Parsed<u16> {
    text.parse()
        .map_err(|_| "expected a port number, 0 to 65535".to_owned())
}

pub(super) fn host(text: &str) -> Parsed<IpAddr> {
    if text.eq_ignore_ascii_case("localhost") {
        return Ok(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
    bare.parse()
        .map_err(|_| "expected an IP address or localhost".to_owned())
}

/// 1 byte to 1 GiB.
pub(super) fn body_bytes(text: &str) -> Parsed<usize> {
    match text.parse::<usize>() {
        Ok(bytes) if (1..=1 << 30).contains(&bytes) => Ok(bytes),
        _ => Err("expected a number of bytes, 1 to 1073741824".to_owned()),
    }
}

/// None, or up to 64 KiB.
pub(super) fn logged_bytes(text: &str) -> Parsed<usize> {
    match text.parse::<usize>() {
        Ok(bytes) if bytes <= 1 << 16 => Ok(bytes),
        _ => Err("expected a number of bytes, 0 (off) to 65536".to_owned()),
    }
}

/// `500ms`, `30s`, `10m`, `1h`: 1 ms to 1 h.
pub(super) fn deadline(text: &str) -> Parsed<Duration> {
    let help = || "expected a duration from 1ms to 1h, such as 500ms, 30s or 10m".to_owned();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| help())?;
    let unit_millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(help()),
    };
    match number.checked_mul(unit_millis) {
        Some(millis) if (1..=3_600_000).contains(&millis) => Ok(Duration::from_millis(millis)),
        _ => Err(help()),
    }
}

/// A duration as definitions write them, from 1 s on. `0`: None, for ever.
pub(super) fn retention(text: &str) -> Parsed<Option<Duration>> {
    if text == "0" {
        return Ok(None);
    }
    let help = "expected 0 to keep runs for ever, or a duration from 1s to 3650d, such as 12h or 30d";
    match seawall_engine::parse_duration(text) {
        Ok(time) if time >= Duration::from_secs(1) => Ok(Some(time)),
        Ok(_) | Err(_) => Err(help.to_owned()),
    }
}

/// Values separated by commas, at most 64.
pub(super) fn list<T>(text: &str) -> Parsed<Vec<T>>
where
    T: FromStr,
    T::Err: Display,
{
    const MOST: usize = 64;
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let values: Vec<T> = parts
        .map(|part| part.parse().map_err(|error: T::Err| error.to_string()))
        .collect::<Parsed<_>>()?;
    if values.len() > MOST {
        return Err(format!("{} values, where at most {MOST} are taken", values.len()));
    }
    Ok(values)
}

/// Paths separated by commas, made absolute.
pub(super) fn paths(text: &str) -> Parsed<Vec<PathBuf>> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(absolute).collect()
}

pub(super) fn absolute(path: &str) -> Parsed<PathBuf> {
    std::path::absolute(path).map_err(|error| format!("{path:?} is not a path: {error}"))
}

/// One level, or directives such as `info,seawall_engine=debug`.
pub(super) fn log_level(text: &str) -> Parsed<String> {
    match seawall_guard::logs::directives(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
