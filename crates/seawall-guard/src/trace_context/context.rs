use std::fmt;

use http::HeaderValue;
use uuid::Uuid;

/// The id of a trace: 16 bytes, not all zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId([u8; 16]);

/// The id of a span: 8 bytes, not all zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId([u8; 8]);

impl TraceId {
    fn generate() -> Self {
        Self(Uuid::new_v4().into_bytes())
    }

    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }
}

impl SpanId {
    fn generate() -> Self {
        let [.., a, b, c, d, e, f, g, h] = Uuid::new_v4().into_bytes();
        // The variant's bit in it is set: it is never zero.
        Self([a, b, c, d, e, f, g, h])
    }

    #[must_use]
    pub const fn to_bytes(self) -> [u8; 8] {
        self.0
    }
}

macro_rules! as_hex {
    ($type:ident) => {
        impl $type {
            /// As text: small hexadecimal digits, for which `buffer` has just enough room.
            pub fn encode_hex(self, buffer: &mut [u8; 2 * size_of::<$type>()]) -> &str {
                write_hex(&self.0, buffer);
                std::str::from_utf8(buffer).unwrap_or_default()
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.encode_hex(&mut [0; 2 * size_of::<Self>()]))
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

as_hex!(TraceId);
as_hex!(SpanId);

/// A request's place in its trace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TraceContext {
    pub trace: TraceId,
    /// This request.
    pub span: SpanId,
    /// The caller's span; None: the trace begins here.
    pub parent: Option<SpanId>,
    pub sampled: bool,
    /// The caller's `tracestate`, opaque.
    pub state: Option<HeaderValue>,
}

/// Longest `tracestate` that is passed on; the standard asks for at least that.
const MAX_STATE: usize = 512;

impl TraceContext {
    /// A trace that begins here.
    #[must_use]
    pub fn begin(sampled: bool) -> Self {
        Self {
            trace: TraceId::generate(),
            span: SpanId::generate(),
            parent: None,
            sampled,
            state: None,
        }
    }

    /// A span below the one that a caller names; None where the header is not valid.
    #[must_use]
    pub fn below(traceparent: &HeaderValue, state: Option<&HeaderValue>) -> Option<Self> {
        let (trace, parent, sampled) = parse(traceparent.as_bytes())?;
        let state = state.filter(|state| !state.is_empty() && state.len() <= MAX_STATE);
        Some(Self {
            trace,
            span: SpanId::generate(),
            parent: Some(parent),
            sampled,
            state: state.cloned(),
        })
    }

    /// As a `traceparent` header: for the answer, and for calls on behalf of this request.
    #[must_use]
    pub fn header_value(&self) -> HeaderValue {
        let mut text = [0; LENGTH];
        text[..3].copy_from_slice(b"00-");
        write_hex(&self.trace.0, &mut text[3..35]);
        text[35] = b'-';
        write_hex(&self.span.0, &mut text[36..52]);
        text[52..].copy_from_slice(if self.sampled { b"-01" } else { b"-00" });
        HeaderValue::from_bytes(&text).expect("hexadecimal digits and hyphens make a header")
    }
}

/// `00-` trace `-` span `-` flags.
const LENGTH: usize = 2 + 1 + 32 + 1 + 16 + 1 + 2;

fn parse(text: &[u8]) -> Option<(TraceId, SpanId, bool)> {
    let (known, rest) = text.split_at_checked(LENGTH)?;
    let [version] = read_hex(&known[..2])?;
    // A later version may have more fields, after another hyphen.
    let fits = match version {
        0 => rest.is_empty(),
        0xff => false,
        _ => rest.is_empty() || rest.starts_with(b"-"),
    };
    let hyphens = [2, 35, 52].iter().all(|at| known[*at] == b'-');
    if !fits || !hyphens {
        return None;
    }
    let trace: [u8; 16] = read_hex(&known[3..35])?;
    let span: [u8; 8] = read_hex(&known[36..52])?;
    let [flags] = read_hex(&known[53..55])?;
    let named = trace != [0; 16] && span != [0; 8];
    named.then_some((TraceId(trace), SpanId(span), flags & 1 == 1))
}

/// Small letters only: the standard forbids capitals.
fn read_hex<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

fn write_hex(bytes: &[u8], text: &mut [u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (byte, pair) in bytes.iter().zip(text.chunks_exact_mut(2)) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn below(text: &str) -> Option<TraceContext> {
        TraceContext::below(&HeaderValue::from_str(text).unwrap(), None)
    }

    #[test]
    fn a_valid_header_gives_the_trace_and_its_parent() {
        let context = below(VALID).unwrap();
        assert_eq!(context.trace.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(context.parent.unwrap().to_string(), "00f067aa0ba902b7");
        assert!(context.sampled);
        assert_ne!(context.parent, Some(context.span));
        let written = context.header_value();
        assert_eq!(written, format!("00-{}-{}-01", context.trace, context.span).as_str());
        let further = TraceContext::below(&written, None).unwrap();
        assert_eq!((further.trace, further.parent), (context.trace, Some(context.span)));
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known() {
        assert!(below(&VALID.replacen("00", "cc", 1)).is_some());
        assert!(below(&format!("{}-what-comes", VALID.replacen("00", "cc", 1))).is_some());
        assert!(below(&format!("{}.what", VALID.replacen("00", "cc", 1))).is_none());
        assert!(!below(&VALID.replace("-01", "-fe")).unwrap().sampled);
    }

    #[test]
    fn what_is_not_valid_begins_a_new_trace() {
        for text in [
            "",
            "00",
            &format!("{VALID}-more"),
            &VALID.replacen("00", "ff", 1),
            &VALID.to_uppercase(),
            &VALID.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            &VALID.replace("00f067aa0ba902b7", &"0".repeat(16)),
            &VALID.replace("4bf9", "4bg9"),
            &VALID.replace('-', "_"),
            &format!(" {VALID}").replacen("00-", "0-", 1),
        ] {
            assert_eq!(below(text), None, "{text}");
        }
    }

    #[test]
    fn a_state_is_passed_on_within_its_bound() {
        let parent = HeaderValue::from_static(VALID);
        for (state, kept) in [
            ("a=1,b=2".to_owned(), true),
            ("x".repeat(513), false),
            (String::new(), false),
        ] {
            let state = HeaderValue::from_str(&state).unwrap();
            let context = TraceContext::below(&parent, Some(&state)).unwrap();
            assert_eq!(context.state.is_some(), kept);
        }
    }

    #[test]
    fn new_traces_are_different_ones() {
        let (one, other) = (TraceContext::begin(false), TraceContext::begin(true));
        assert_ne!(one.trace, other.trace);
        assert!(below(one.header_value().to_str().unwrap()).is_some_and(|below| !below.sampled));
        assert!(below(other.header_value().to_str().unwrap()).is_some_and(|below| below.sampled));
    }
}
