//! A scope as minijinja sees it. Nothing is converted before an expression looks at it.

use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Object, ObjectRepr};

use super::path::{RunField, StepField, rfc3339};
use crate::definition::scope::{RunFacts, Scope, StepFacts};

/// The root: `input`, `steps`, `run`, the map's variable and `index`, and what exists in some places only.
#[derive(Debug)]
struct ScopeView(Scope);

#[derive(Debug)]
struct StepsView(Vec<StepFacts>);

#[derive(Debug)]
struct StepView(StepFacts);

#[derive(Debug)]
struct RunView(RunFacts);

/// What expressions are evaluated over.
pub(super) fn view(scope: &Scope) -> Value {
    Value::from_object(ScopeView(scope.clone()))
}

impl ScopeView {
    fn item(&self, key: &str) -> Option<Value> {
        let item = self.0.item.as_ref()?;
        if key == &*item.variable {
            Some(item.value.template())
        } else {
            (key == "index").then(|| Value::from(item.index))
        }
    }

    fn extra(&self, key: &str) -> Option<Value> {
        let (_, extra) = self.0.extras.iter().find(|(name, _)| *name == key)?;
        Some(extra.template())
    }
}

impl Object for ScopeView {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "input" => Some(self.0.input.template()),
            "steps" => Some(Value::from_object(StepsView(self.0.steps.clone()))),
            "run" => Some(Value::from_object(RunView(self.0.run.clone()))),
            _ => self.item(key).or_else(|| self.extra(key)),
        }
    }
}

impl Object for StepsView {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let step = self.0.iter().find(|step| step.id.as_str() == key)?;
        Some(Value::from_object(StepView(step.clone())))
    }
}

impl Object for StepView {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let (_, field) = StepField::ALL.into_iter().find(|(name, _)| *name == key)?;
        Some(match field {
            StepField::Output => self.0.output.template(),
            StepField::Status => Value::from(self.0.status),
            StepField::Error => self.0.error.template(),
        })
    }
}

impl Object for RunView {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let (_, field) = RunField::ALL.into_iter().find(|(name, _)| *name == key)?;
        Some(match field {
            RunField::Id => Value::from(self.0.id.to_string()),
            RunField::CreatedAt => Value::from(rfc3339(self.0.created_at)),
            RunField::Attempt => Value::from(self.0.attempt),
        })
    }
}
