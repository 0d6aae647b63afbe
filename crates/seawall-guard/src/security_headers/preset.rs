use std::sync::LazyLock;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Which headers an answer carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Preset {
    /// Data. Nothing in it is run, shown, framed or kept.
    #[default]
    Api,
    /// A documentation page: its own scripts, and the inline styles that Swagger UI sets on elements.
    Docs,
    /// An application: its own scripts, styles, images and connections, and forms to itself.
    Console,
}

const API_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'");
const DOCS_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; \
     connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
);
const CONSOLE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
     connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
);

/// What all presets share.
static COMMON: [(HeaderName, HeaderValue); 9] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::X_XSS_PROTECTION, HeaderValue::from_static("0")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-embedder-policy"),
        HeaderValue::from_static("require-corp"),
    ),
    (
        HeaderName::from_static("x-permitted-cross-domain-policies"),
        HeaderValue::from_static("none"),
    ),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static(
            "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), fullscreen=(), \
             geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), \
             picture-in-picture=(), publickey-credentials-get=(), screen-wake-lock=(), usb=(), \
             xr-spatial-tracking=()",
        ),
    ),
];

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

impl Preset {
    const fn content_policy(self) -> HeaderValue {
        match self {
            Self::Api => API_POLICY,
            Self::Docs => DOCS_POLICY,
            Self::Console => CONSOLE_POLICY,
        }
    }

    /// Data is not kept; pages and their files may be, and are asked for again.
    const fn caching(self) -> HeaderValue {
        match self {
            Self::Api => NO_STORE,
            Self::Docs | Self::Console => REVALIDATE,
        }
    }

    /// Adds what is not there yet.
    pub(super) fn complete(self, headers: &mut HeaderMap) {
        // What the handler set, which is little, goes into a copy of ours: to look for a place for each of ours among what is there
        // costs several times as much.
        let own = std::mem::replace(headers, self.all().clone());
        headers.extend(own);
    }

    fn all(self) -> &'static HeaderMap {
        static ALL: LazyLock<[HeaderMap; 3]> =
            LazyLock::new(|| [Preset::Api, Preset::Docs, Preset::Console].map(Preset::collect));
        &ALL[self as usize]
    }

    fn collect(self) -> HeaderMap {
        let own = [
            (header::CONTENT_SECURITY_POLICY, self.content_policy()),
            (header::CACHE_CONTROL, self.caching()),
        ];
        // With room for what handlers and layers outside add.
        let mut all = HeaderMap::with_capacity(2 * COMMON.len());
        all.extend(own.into_iter().chain(COMMON.iter().cloned()));
        all
    }
}
