//! Where spans are sent: the variables of OpenTelemetry that are obeyed.

use http::uri::Scheme;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use secrecy::ExposeSecret as _;

use super::named_secret::named_secret;
use super::reader::Reader;
use super::values::Parsed;

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";
const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";

/// How the collector is spoken to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OtlpProtocol {
    /// Protobuf over HTTP/1.1.
    Http,
    /// gRPC in the clear: this build has no TLS for it.
    Grpc,
}

/// The collector of traces.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Traces {
    /// Without a path's end: `/v1/traces` is put behind it where the protocol wants that.
    pub endpoint: String,
    pub protocol: OtlpProtocol,
    /// Marked as sensitive: they hold keys.
    pub headers: HeaderMap,
    pub service_name: String,
}

impl Traces {
    /// None without an endpoint.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let uri = reader.value(ENDPOINT, None, |text| endpoint(text).map(Some));
        let protocol = reader.value(PROTOCOL, OtlpProtocol::Http, protocol);
        let (secret, variable) = named_secret(reader, HEADERS).into_parts();
        let headers = secret.map(|secret| headers(secret.expose_secret())).transpose();
        let headers = headers.unwrap_or_else(|message| {
            // Not with `value`, which repeats what it refuses.
            reader.refuse(&variable, message);
            None
        });
        let uri = uri?;
        if protocol == OtlpProtocol::Grpc && uri.scheme() == Some(&Scheme::HTTPS) {
            reader.refuse(
                ENDPOINT,
                "gRPC goes in the clear only (http://…, to a collector on this machine); over HTTPS use http/protobuf",
            );
        }
        Some(Self {
            endpoint: uri.to_string().trim_end_matches('/').to_owned(),
            protocol,
            headers: headers.unwrap_or_default(),
            service_name: reader.text("OTEL_SERVICE_NAME").unwrap_or("seawall").to_owned(),
        })
    }
}

fn endpoint(text: &str) -> Parsed<Uri> {
    let help = || "expected an address such as http://localhost:4318, without a query".to_owned();
    let uri: Uri = text.parse().map_err(|_| help())?;
    let spoken = matches!(uri.scheme_str(), Some("http" | "https"));
    if !spoken || uri.query().is_some() || uri.host().is_none_or(str::is_empty) {
        return Err(help());
    }
    if uri
        .authority()
        .is_some_and(|authority| authority.as_str().contains('@'))
    {
        return Err(format!("keys and passwords belong into {HEADERS}"));
    }
    Ok(uri)
}

fn protocol(text: &str) -> Parsed<OtlpProtocol> {
    match text {
        "http/protobuf" => Ok(OtlpProtocol::Http),
        "grpc" => Ok(OtlpProtocol::Grpc),
        _ => Err("expected http/protobuf or grpc".to_owned()),
    }
}

/// `name=value,name=value`, where `%` escapes what a value cannot hold.
fn headers(text: &str) -> Parsed<HeaderMap> {
    let mut headers = HeaderMap::new();
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    for (place, part) in parts.enumerate() {
        let (name, value) = header(part).ok_or_else(|| {
            format!(
                "part {} is not valid: expected name=value, separated by commas",
                place + 1
            )
        })?;
        headers.append(name, value);
    }
    Ok(headers)
}

fn header(part: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = part.split_once('=')?;
    let name = name.trim().parse().ok()?;
    let mut value = HeaderValue::from_bytes(&unescaped(value.trim())?).ok()?;
    // Over HTTP a value goes out as text: one that is none would be left out in silence.
    value.to_str().ok()?;
    value.set_sensitive(true);
    Some((name, value))
}

/// With `%41` for `A`. None where no byte follows a `%`.
fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = tail
            .get(..2)
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
        let digits = std::str::from_utf8(digits).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &tail[2..];
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Option<Traces>, String> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let map: BTreeMap<_, _> = variables.iter().map(own).collect();
        let mut reader = Reader::new(&map);
        let traces = Traces::read(&mut reader);
        match reader.into_errors().first() {
            Some(error) => Err(error.to_string()),
            None => Ok(traces),
        }
    }

    #[test]
    fn without_an_endpoint_nothing_is_sent() {
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[(PROTOCOL, "grpc"), (HEADERS, "a=b")]), Ok(None));
    }

    #[test]
    fn an_endpoint_is_read_with_what_belongs_to_it() {
        let traces = read(&[
            (ENDPOINT, "https://otel.example/base/"),
            (HEADERS, "Authorization=Bearer%20a%2Cb, x-team = sea "),
            ("OTEL_SERVICE_NAME", "wall"),
        ]);
        let traces = traces.unwrap().unwrap();
        assert_eq!(traces.endpoint, "https://otel.example/base");
        assert_eq!((traces.protocol, &*traces.service_name), (OtlpProtocol::Http, "wall"));
        assert_eq!(traces.headers["authorization"], "Bearer a,b");
        assert_eq!(traces.headers["x-team"], "sea");
        assert!(!format!("{traces:?}").contains("a,b"), "{traces:?}");
        let grpc = read(&[(ENDPOINT, "http://localhost:4317"), (PROTOCOL, "grpc")])
            .unwrap()
            .unwrap();
        assert_eq!((grpc.protocol, &*grpc.service_name), (OtlpProtocol::Grpc, "seawall"));
    }

    #[test]
    fn what_makes_no_sense_is_refused_and_secrets_are_not_repeated() {
        for (variables, variable) in [
            (&[(ENDPOINT, "localhost:4318")][..], ENDPOINT),
            (&[(ENDPOINT, "ftp://localhost")], ENDPOINT),
            (&[(ENDPOINT, "http://localhost/?key=hunter2")], ENDPOINT),
            (&[(ENDPOINT, "http://user:hunter2@localhost")], ENDPOINT),
            (&[(ENDPOINT, "http://x"), (PROTOCOL, "http/json")], PROTOCOL),
            (&[(ENDPOINT, "https://x"), (PROTOCOL, "grpc")], ENDPOINT),
            (&[(ENDPOINT, "http://x"), (HEADERS, "a=b,hunter2")], HEADERS),
            (&[(ENDPOINT, "http://x"), (HEADERS, "a b=hunter2")], HEADERS),
            (&[(ENDPOINT, "http://x"), (HEADERS, "a=hunter2%4")], HEADERS),
            (&[(ENDPOINT, "http://x"), (HEADERS, "a=hunter2%+4")], HEADERS),
            (&[(ENDPOINT, "http://x"), (HEADERS, "a=hunter2%FC")], HEADERS),
        ] {
            let error = read(variables).unwrap_err();
            assert!(error.contains(variable), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
