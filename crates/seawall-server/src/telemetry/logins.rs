use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

/// How a login ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LoginOutcome {
    Succeeded,
    /// Also of accounts that are locked or not there: from outside they are one.
    Failed,
}

impl LoginOutcome {
    const ALL: [Self; 2] = [Self::Succeeded, Self::Failed];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Labels {
    outcome: &'static str,
}

pub(super) struct Logins([Counter; 2]);

impl Logins {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let family = Family::<Labels, Counter>::default();
        registry.register("seawall_logins", "Logins with a password", family.clone());
        // All from the start, so that the first of a kind is an increase from zero.
        Self(LoginOutcome::ALL.map(|outcome| {
            family.get_or_create_owned(&Labels {
                outcome: outcome.as_str(),
            })
        }))
    }

    pub(super) fn count(&self, outcome: LoginOutcome) {
        self.0[outcome as usize].inc();
    }
}
