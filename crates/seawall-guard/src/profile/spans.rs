use tracing::span::{Attributes, Id};
use tracing::{Dispatch, Span, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, Registry};

use super::timed::Profile;

/// A layer of the subscriber that times the spans of requests that are profiled, and no others. It stands on a
/// [`Registry`].
#[derive(Clone, Copy, Debug, Default)]
pub struct ProfileSpans;

/// In a span's extensions: whose it is, and its place there.
struct Mark {
    profile: Profile,
    place: Option<usize>,
}

impl<S> Layer<S> for ProfileSpans
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if !Profile::any() {
            return;
        }
        let Some(span) = context.span(id) else {
            return;
        };
        let profile = span.parent().and_then(|parent| {
            let extensions = parent.extensions();
            extensions.get::<Mark>().map(|mark| mark.profile.clone())
        });
        let Some(profile) = profile else {
            return;
        };
        let place = profile.open(attributes.metadata().name());
        span.extensions_mut().insert(Mark { profile, place });
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if !Profile::any() {
            return;
        }
        let Some(span) = context.span(&id) else {
            return;
        };
        if let Some(Mark {
            profile,
            place: Some(place),
        }) = span.extensions().get::<Mark>()
        {
            profile.close(*place);
        }
    }
}

/// Makes the spans below this one part of the profile. Without a subscriber that stands on a registry there are none.
pub(super) fn attach(span: &Span, profile: &Profile) {
    span.with_subscriber(|(id, dispatch): (&Id, &Dispatch)| {
        let registry = dispatch.downcast_ref::<Registry>();
        if let Some(span) = registry.and_then(|registry| registry.span(id)) {
            span.extensions_mut().replace(Mark {
                profile: profile.clone(),
                place: None,
            });
        }
    });
}
