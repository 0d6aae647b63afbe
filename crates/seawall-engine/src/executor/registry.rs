//! Which kinds of effectful steps exist, and what their `with` may hold.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::effect::EffectClass;
use crate::executor::Executor;

/// The JSON type that a field of `with` must have (a string that is a template may stand for any of them).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FieldShape {
    String,
    /// A text of 1 to so many bytes.
    Bounded {
        max: usize,
    },
    /// An `http` or `https` URL without credentials.
    Url,
    /// One of these, unless it is a template.
    OneOf(&'static [&'static str]),
    Integer,
    Boolean,
    Any,
    /// An array of strings with at least `min` entries.
    Strings {
        min: usize,
    },
    /// An array of integers.
    Integers,
    /// An object whose values are strings.
    StringMap,
    /// The same; its names are those of headers.
    Headers,
    /// The same; its names are those of environment variables.
    Variables,
}

/// One field of a kind's `with`.
#[derive(Clone, Copy, Debug)]
pub struct FieldSpec {
    pub name: &'static str,
    pub shape: FieldShape,
    pub required: bool,
    /// `{{ secrets.NAME }}` may stand in its strings.
    pub secrets: bool,
    /// Another field that must not stand beside this one.
    pub excludes: Option<&'static str>,
    /// For the published schema and docs.
    pub doc: &'static str,
}

/// A kind of effectful step.
#[derive(Clone, Debug)]
pub struct KindSpec {
    pub kind: &'static str,
    pub doc: &'static str,
    pub fields: &'static [FieldSpec],
    /// The effect class when the step names none, from its unrendered `with`.
    pub default_effect: fn(&Value) -> EffectClass,
    /// Why this installation does not run such steps. Definitions that use the kind are then refused with this reason.
    pub disabled: Option<&'static str>,
}

/// The executors of this process, by kind.
#[derive(Clone, Default)]
pub struct Registry(Arc<BTreeMap<&'static str, Arc<dyn Executor>>>);

impl Registry {
    /// Of two executors of one kind the later one wins.
    #[must_use]
    pub fn new(executors: Vec<Arc<dyn Executor>>) -> Self {
        Self(Arc::new(
            executors
                .into_iter()
                .map(|executor| (executor.spec().kind, executor))
                .collect(),
        ))
    }

    #[must_use]
    pub fn get(&self, kind: &str) -> Option<&Arc<dyn Executor>> {
        self.0.get(kind)
    }

    #[must_use]
    pub fn spec(&self, kind: &str) -> Option<&KindSpec> {
        self.0.get(kind).map(|executor| executor.spec())
    }

    /// All kinds, by name.
    pub fn specs(&self) -> impl Iterator<Item = &KindSpec> {
        self.0.values().map(|executor| executor.spec())
    }
}
