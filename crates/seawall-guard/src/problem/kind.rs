use http::StatusCode;

/// A member that a kind's documents carry beside the standard ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Extension {
    pub name: &'static str,
    pub help: &'static str,
}

/// One kind of rejection. Its `code` is stable: clients branch on it, metrics are labelled with it.
#[derive(Debug)]
pub struct ProblemKind {
    pub code: &'static str,
    pub status: StatusCode,
    pub title: &'static str,
    /// What a document says if nothing more specific is known; for a 5xx, always.
    pub detail: &'static str,
    /// For the help page: why it happens and what to do.
    pub help: &'static str,
    pub extensions: &'static [Extension],
}

impl ProblemKind {
    /// The `type` of its documents: the address of its help page.
    #[must_use]
    pub fn type_uri(&self) -> String {
        format!("/problems/{}", self.code)
    }

    /// True if its documents may carry a member of that name.
    #[must_use]
    pub fn declares(&self, extension: &str) -> bool {
        self.extensions.iter().any(|known| known.name == extension)
    }
}

impl PartialEq for ProblemKind {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code
    }
}

impl Eq for ProblemKind {}

/// Declares a table of [`ProblemKind`]s: a static for each entry, and `TABLE` with all of them in this order.
#[macro_export]
macro_rules! problem_kinds {
    ($(
        $name:ident = $code:literal, $status:ident, $title:literal,
        $detail:literal,
        $help:literal
        $(, [$($extension:literal: $about:literal),+ $(,)?])?;
    )+) => {
        $(
            #[doc = concat!("`", $code, "`: ", $title, ".")]
            pub static $name: $crate::problem::ProblemKind = $crate::problem::ProblemKind {
                code: $code,
                status: ::http::StatusCode::$status,
                title: $title,
                detail: $detail,
                help: $help,
                extensions: &[$($($crate::problem::Extension { name: $extension, help: $about }),+)?],
            };
        )+

        /// All kinds declared here.
        pub static TABLE: &[&$crate::problem::ProblemKind] = &[$(&$name),+];
    };
}
