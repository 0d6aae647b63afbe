//! One step: its kind, what holds for it, and everything in it compiled.

use std::time::Duration;

use serde_json::{Map, Value};

use super::core_kinds::{CORE_KINDS, CoreKind, Nature};
use super::fields::{Field, ITEM_STEP, LATER_KINDS, LATER_STEP, STEP};
use super::kinds;
use super::object::{Entry, Object, Table};
use super::parts::{PartReferences, Parts};
use super::policy::{Defaults, bounded_duration, retry};
use super::with::Templates;
use crate::definition::model::{Kind, OnError, RetryPolicy, Step};
use crate::definition::nearest::hint;
use crate::definition::place::Place;
use crate::definition::report::{Report, excerpt};
use crate::definition::template::{Condition, Reference, Template};
use crate::effect::EffectClass;
use crate::executor::{KindSpec, Registry};
use crate::names::StepId;

/// What is needed to understand a step.
pub(super) struct Steps<'a> {
    pub(super) registry: &'a Registry,
    pub(super) defaults: &'a Defaults,
    pub(super) report: &'a mut Report,
}

/// A step before its needs and references are known to be good. `step` is None when something in it is not.
pub(super) struct Draft {
    pub(super) step: Option<Step>,
    pub(super) references: Vec<Reference>,
    pub(super) parts: PartReferences,
}

/// What a kind is made of.
#[derive(Clone, Copy)]
pub(super) enum KindRef<'r> {
    Core(&'static CoreKind),
    Effect(&'r KindSpec),
}

impl KindRef<'_> {
    const fn nature(&self) -> Nature {
        match self {
            Self::Core(core) => core.nature,
            Self::Effect(_) => Nature::Attempt,
        }
    }
}

/// What the step itself says about attempts.
#[derive(Clone, Default)]
pub(super) struct Own {
    pub(super) timeout: Option<Duration>,
    pub(super) retry: Option<RetryPolicy>,
    pub(super) effect: Option<EffectClass>,
}

impl Step {
    fn with_parts(self, parts: Parts) -> Self {
        let Parts { compensate, reconcile } = parts;
        Self {
            compensate,
            reconcile,
            ..self
        }
    }
}

impl<'a> Steps<'a> {
    pub(super) fn step(&mut self, value: &Value, place: &Place<'_>) -> Draft {
        let mut templates = Templates::new(None);
        let step = self.outer(value, place, &mut templates);
        Draft {
            step,
            references: templates.references,
            parts: templates.parts,
        }
    }

    fn outer(&mut self, value: &Value, place: &Place<'_>, templates: &mut Templates<'_>) -> Option<Step> {
        let table = Table {
            later: LATER_STEP,
            ..Table::new("a step", STEP)
        };
        let object = Object::open(value, place, &table, self.report)?;
        let id = object.get("id").and_then(|entry| self.id(&entry));
        let when = object
            .get("when")
            .map(|entry| Condition::compile(entry.value, &entry.place, &mut templates.compiling(false, self.report)));
        let on_error = object
            .get("on_error")
            .map_or(Some(OnError::Fail), |entry| self.on_error(&entry, templates));
        let body = self.body(&object, templates, None);
        let parts = self.parts(&object, body.as_ref(), templates, false);
        let mut step = body?.with_parts(parts?);
        step.call(&id?);
        step.when = when.map_or(Some(None), |when| when.map(Some))?;
        step.on_error = on_error?;
        Some(step)
    }

    /// The step inside a map: only a body. `outer` is what the map says, for what the inner step does not.
    pub(super) fn item_step(&mut self, entry: &Entry<'_>, outer: &Own, templates: &mut Templates<'_>) -> Option<Step> {
        let table = Table {
            later: LATER_STEP,
            misplaced: (STEP, "it holds for the map as a whole"),
            ..Table::new("the step of a map", ITEM_STEP)
        };
        let object = Object::open(entry.value, &entry.place, &table, self.report)?;
        let body = self.body(&object, templates, Some(outer));
        let parts = self.parts(&object, body.as_ref(), templates, true);
        Some(body?.with_parts(parts?))
    }

    /// Kind, `with`, timeout, retry and effect. `outer` is set inside a map.
    pub(super) fn body(
        &mut self,
        object: &Object<'_>,
        templates: &mut Templates<'_>,
        outer: Option<&Own>,
    ) -> Option<Step> {
        let own = self.own(object);
        let kind = object
            .get("kind")
            .and_then(|entry| self.kind(&entry, outer.is_some()))?;
        self.check_own(object, &kind);
        let empty = Value::Object(Map::new());
        let with_place = object.place.field("with");
        let with = object.get("with").map_or(&empty, |entry| entry.value);
        let fields: Vec<Field>;
        let (name, fields) = match kind {
            KindRef::Core(core) => (core.name, core.fields),
            KindRef::Effect(spec) => {
                fields = spec.fields.iter().map(Field::of_kind).collect();
                (spec.kind, fields.as_slice())
            }
        };
        let what = format!("`with` of {name}");
        let table = Table::new(&what, fields);
        let opened = Object::open(with, &with_place, &table, self.report)?;
        let input = kinds::Input {
            with: opened,
            fields,
            own: &own,
        };
        let built = match kind {
            KindRef::Core(core) => self.core_kind(core, &input, templates)?,
            KindRef::Effect(spec) => kinds::Built {
                kind: Kind::Effect {
                    kind: spec.kind.into(),
                    with: templates.all(&opened, fields, self.report),
                },
                timeout: None,
                effect: own.effect.unwrap_or_else(|| (spec.default_effect)(with)),
            },
        };
        // Replaced by the id of the step, or of the map around it.
        let id = StepId::parse("item")?;
        Some(self.resolve(id, built, (kind.nature(), own), outer))
    }

    /// Puts in what the step leaves to its map and to the defaults.
    fn resolve(&self, id: StepId, built: kinds::Built, (nature, own): (Nature, Own), outer: Option<&Own>) -> Step {
        let outer = outer.cloned().unwrap_or_default();
        let (timeout, retry) = match nature {
            Nature::Attempt => (
                Some(self.defaults.attempt_timeout(own.timeout.or(outer.timeout))),
                self.defaults.retry(own.retry.or(outer.retry), built.effect),
            ),
            Nature::Wait => (own.timeout.or(built.timeout).or(outer.timeout), RetryPolicy::never()),
            Nature::Fan | Nature::Immediate => (None, RetryPolicy::never()),
        };
        Step {
            id,
            kind: built.kind,
            needs: Vec::new(),
            when: None,
            timeout,
            retry,
            effect: built.effect,
            on_error: OnError::Fail,
            references: Vec::new(),
            compensate: None,
            reconcile: None,
        }
    }

    fn own(&mut self, object: &Object<'_>) -> Own {
        let effect = object
            .get("effect")
            .and_then(|entry| entry.choice(&EffectClass::ALL.map(EffectClass::as_str), self.report));
        Own {
            timeout: bounded_duration(object.get("timeout"), STEP, "timeout", self.report),
            retry: object.get("retry").and_then(|entry| retry(&entry, self.report)),
            effect: effect.and_then(EffectClass::parse),
        }
    }

    /// What says nothing about this kind is refused, not ignored.
    fn check_own(&mut self, object: &Object<'_>, kind: &KindRef<'_>) {
        let nature = kind.nature();
        let refused: &[(&str, &str)] = match nature {
            Nature::Attempt => &[],
            Nature::Fan => &[("effect", "a map has no effect of its own; set it on its inner step")],
            Nature::Wait => &[
                ("effect", "a step that waits has no effect class"),
                ("retry", "a step that waits is not retried"),
            ],
            Nature::Immediate => &[
                ("effect", "this step has no effect"),
                ("retry", "this step is not retried"),
                ("timeout", "this step takes no time"),
            ],
        };
        for (name, reason) in refused {
            if object.has(name) {
                self.report
                    .error(&object.place.field(name), "not-allowed-here", *reason);
            }
        }
    }

    fn id(&mut self, entry: &Entry<'_>) -> Option<StepId> {
        let text = entry.text(self.report)?;
        let id = StepId::parse(text);
        if id.is_none() {
            let text = excerpt(text);
            let message = format!("`{text}` is no step id: 1 to 63 of a-z, 0-9, `_` and `-`");
            self.report.error(&entry.place, "bad-id", message);
        }
        id
    }

    fn kind(&mut self, entry: &Entry<'_>, in_map: bool) -> Option<KindRef<'a>> {
        let name = entry.text(self.report)?;
        if let Some(core) = CORE_KINDS.iter().find(|core| core.name == name) {
            if in_map && core.nature == Nature::Fan {
                let message = "a map cannot stand inside a map; let a `workflow` step run the inner one";
                self.report.error(&entry.place, "map-in-map", message);
                return None;
            }
            return Some(KindRef::Core(core));
        }
        let registry: &'a Registry = self.registry;
        if let Some(spec) = registry.spec(name) {
            if let Some(reason) = spec.disabled {
                let message = format!("steps of kind `{name}` are switched off here: {reason}");
                self.report.error(&entry.place, "kind-disabled", message);
            }
            return Some(KindRef::Effect(spec));
        }
        if LATER_KINDS.contains(&name) {
            let message = format!("steps of kind `{name}` are not supported by this version");
            self.report.error(&entry.place, "not-supported-yet", message);
            return None;
        }
        let known = CORE_KINDS.iter().map(|core| core.name);
        let near = hint(name, known.chain(registry.specs().map(|spec| spec.kind)));
        let name = excerpt(name);
        self.report
            .error(&entry.place, "unknown-kind", format!("there is no kind `{name}`{near}"));
        None
    }

    fn on_error(&mut self, entry: &Entry<'_>, templates: &mut Templates<'_>) -> Option<OnError> {
        const FIELDS: &[Field] = &[Field::VALUE];
        if let Value::Object(_) = entry.value {
            let table = Table::new("`on_error`", FIELDS);
            let object = Object::open(entry.value, &entry.place, &table, self.report)?;
            let value = object.get("value")?;
            let mut compiling = templates.compiling(false, self.report);
            return Some(OnError::Value(Template::compile(
                value.value,
                &value.place,
                &mut compiling,
            )));
        }
        match entry.value.as_str() {
            Some("fail") => Some(OnError::Fail),
            Some("continue") => Some(OnError::Continue),
            other => {
                let near = other.map_or_else(String::new, |text| hint(text, ["fail", "continue"]));
                let message = format!("`on_error` is `fail`, `continue` or `{{value: …}}`{near}");
                self.report.error(&entry.place, "unknown-value", message);
                None
            }
        }
    }
}
