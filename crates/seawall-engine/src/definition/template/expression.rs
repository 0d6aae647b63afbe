//! One compiled expression.

use std::sync::LazyLock;

use minijinja::{Environment, UndefinedBehavior};
use serde_json::Value;

use super::grammar::Translated;
use super::json::{Meter, Refused, explain, to_json};
use super::path::Path;
use super::view::view;
use super::{filters, guarded, predicates};
use crate::definition::scope::Scope;

/// Instructions per evaluation. There are no loops, so a source of 4 KiB cannot need more.
const FUEL: u64 = 20_000;

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_debug(false);
    filters::install(&mut environment);
    predicates::install(&mut environment);
    guarded::install(&mut environment);
    environment
});

pub(super) struct Expression {
    how: How,
    /// As the author wrote it, for messages.
    source: Box<str>,
}

enum How {
    Path(Path),
    Compiled(Box<minijinja::Expression<'static, 'static>>),
}

/// What the expressions of one rendering share: the scope, and its form for minijinja once it is needed.
pub(super) struct Evaluation<'s> {
    scope: &'s Scope,
    view: Option<minijinja::Value>,
}

impl<'s> Evaluation<'s> {
    pub(super) const fn new(scope: &'s Scope) -> Self {
        Self { scope, view: None }
    }

    fn view(&mut self) -> minijinja::Value {
        self.view.get_or_insert_with(|| view(self.scope)).clone()
    }
}

impl Expression {
    /// Compiles what the grammar has let through.
    pub(super) fn compile(source: &str, translated: Translated) -> Result<Self, String> {
        let how = match translated.path {
            Some(path) => How::Path(path),
            None => {
                let compiled = ENVIRONMENT
                    .compile_expression_owned(translated.text)
                    .map_err(|error| match explain(error) {
                        Refused::Invalid(message) => message,
                        Refused::TooLarge => "the expression is too large".to_owned(),
                    })?;
                How::Compiled(Box::new(compiled))
            }
        };
        Ok(Self {
            how,
            source: source.into(),
        })
    }

    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// The value, paid for from `meter`; it will stand `depth` levels down.
    pub(super) fn evaluate(
        &self,
        evaluation: &mut Evaluation<'_>,
        meter: &mut Meter,
        depth: usize,
    ) -> Result<Value, Refused> {
        match &self.how {
            How::Path(path) => path.resolve(evaluation.scope, |value| {
                Ok(meter.spend_value(value, depth).map(|()| value.clone()))
            })?,
            How::Compiled(compiled) => {
                let value = compiled.eval(evaluation.view()).map_err(explain)?;
                to_json(&value, meter, depth)
            }
        }
    }
}

#[cfg(test)]
pub(super) fn environment() -> &'static Environment<'static> {
    &ENVIRONMENT
}
