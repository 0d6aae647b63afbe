//! The parts of a step: what undoes it, and what looks into an unknown outcome of it.

use serde_json::Value;

use super::core_kinds::{CORE_KINDS, Nature};
use super::fields::{ANSWER, COMPENSATION, Field, RECONCILIATION, STEP, Shape};
use super::graph::Graph;
use super::object::{Entry, Object, Table};
use super::step::Steps;
use super::with::{Templates, check_shape};
use crate::definition::model::{Kind, Reconcile, Step};
use crate::definition::place::Place;
use crate::definition::report::Report;
use crate::definition::scope::extra_names;
use crate::definition::template::{Reference, Template, has_template, is_one_expression};
use crate::effect::EffectClass;
use crate::names::StepId;

/// What the templates of the parts of one step look at.
pub(super) struct PartReferences {
    pub(super) compensate: Vec<Reference>,
    /// Of the step inside a map.
    pub(super) item_compensate: Vec<Reference>,
    /// A map has none, so it is the step's or the inner step's.
    pub(super) reconcile: Vec<Reference>,
}

/// The parts of one step.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) compensate: Option<Box<Step>>,
    pub(super) reconcile: Option<Box<Reconcile>>,
}

/// How a part is described.
struct Form {
    what: &'static str,
    fields: &'static [Field],
    /// Whether a child run does as well as an attempt.
    child: bool,
}

impl Steps<'_> {
    /// The parts in `object`. `main` is the step or item that they belong to, if it is usable.
    pub(super) fn parts(
        &mut self,
        object: &Object<'_>,
        main: Option<&Step>,
        templates: &mut Templates<'_>,
        in_map: bool,
    ) -> Option<Parts> {
        let before = self.report.count();
        let mut parts = Parts::default();
        if let Some(entry) = object.get("compensate") {
            parts.compensate = self.compensation(&entry, main, templates, in_map).map(Box::new);
        }
        if let Some(entry) = object.get("reconcile") {
            parts.reconcile = self.reconciliation(&entry, main, templates).map(Box::new);
        }
        (self.report.count() == before).then_some(parts)
    }

    fn compensation(
        &mut self,
        entry: &Entry<'_>,
        main: Option<&Step>,
        templates: &mut Templates<'_>,
        in_map: bool,
    ) -> Option<Step> {
        if main.is_some_and(|main| matches!(main.kind, Kind::Fail { .. })) {
            let message = "this step never succeeds: there is nothing to undo";
            self.report.error(&entry.place, "not-allowed-here", message);
        }
        let extras = if in_map { extra_names::ITEM_COMPENSATION } else { &[] };
        let mut own = templates.of_part(extras);
        self.check_variable(entry, &own);
        let form = Form {
            what: "a compensation",
            fields: COMPENSATION,
            child: true,
        };
        let step = self.part(entry, &form, &mut own);
        templates.parts.compensate = own.references;
        step
    }

    fn reconciliation(
        &mut self,
        entry: &Entry<'_>,
        main: Option<&Step>,
        templates: &mut Templates<'_>,
    ) -> Option<Reconcile> {
        if let Some(reason) = main.and_then(never_unknown) {
            self.report.error(&entry.place, "not-allowed-here", reason);
        }
        let mut own = templates.of_part(extra_names::RECONCILE);
        let form = Form {
            what: "a reconcile step",
            fields: RECONCILIATION,
            child: false,
        };
        let step = self.part(entry, &form, &mut own);
        if step.as_ref().is_some_and(|step| step.effect == EffectClass::Once) {
            let message = "a reconcile step is repeated until it has an answer, and this one is of class `once`; name its \
                           `effect` if it only looks";
            self.report.error(&entry.place, "once-reconcile", message);
        }
        own.extras = extra_names::ANSWER;
        self.check_variable(entry, &own);
        let answer = entry.value.get("answer").map(|answer| {
            let place = entry.place.field("answer");
            check_answer(answer, &place, self.report);
            Template::compile(answer, &place, &mut own.compiling(false, self.report))
        });
        templates.parts.reconcile = own.references;
        Some(Reconcile { step: step?, answer })
    }

    fn part(&mut self, entry: &Entry<'_>, form: &Form, templates: &mut Templates<'_>) -> Option<Step> {
        let table = Table {
            misplaced: (STEP, "it belongs to the step itself"),
            ..Table::new(form.what, form.fields)
        };
        let object = Object::open(entry.value, &entry.place, &table, self.report)?;
        if let Some(kind) = object.get("kind")
            && let Some(core) = CORE_KINDS.iter().find(|core| Some(core.name) == kind.value.as_str())
            && core.nature != Nature::Attempt
            && !(form.child && core.name == "workflow")
        {
            let message = format!("{} cannot be of the kind `{}`", form.what, core.name);
            self.report.error(&kind.place, "kind-not-allowed", message);
            return None;
        }
        self.body(&object, templates, None)
    }

    /// The map's variable must not hide a name of the part.
    fn check_variable(&mut self, entry: &Entry<'_>, templates: &Templates<'_>) {
        if let Some(variable) = templates.variable
            && templates.extras.contains(&variable)
        {
            let message = format!("`{variable}` means something else here; call the map's variable otherwise");
            self.report.error(&entry.place, "bad-variable", message);
        }
    }
}

/// An object with an outcome, or one expression that may give one.
fn check_answer(answer: &Value, place: &Place<'_>, report: &mut Report) {
    if answer
        .as_str()
        .is_some_and(|text| has_template(text) && is_one_expression(text))
    {
        return;
    }
    let Some(object) = Object::open(answer, place, &Table::new("`answer`", ANSWER), report) else {
        return;
    };
    for field in ANSWER {
        if let (Some(entry), Shape::Template(shape)) = (object.get(field.name), field.shape) {
            check_shape(entry.value, shape, &entry.place, report);
        }
    }
}

/// Why nothing can look into an unknown outcome of this step.
fn never_unknown(main: &Step) -> Option<String> {
    match &main.kind {
        Kind::Map(_) => Some("a map has no outcome of its own; it belongs to its inner step".to_owned()),
        Kind::Sleep(_) | Kind::WaitSignal { .. } | Kind::Approval(_) | Kind::Workflow(_) | Kind::Fail { .. } => {
            Some("the outcome of such a step is never unknown".to_owned())
        }
        _ if matches!(main.effect, EffectClass::Pure | EffectClass::Read) => Some(format!(
            "the outcome of a step of class `{}` is never unknown: it is done again",
            main.effect
        )),
        _ => None,
    }
}

impl PartReferences {
    pub(super) const fn none() -> Self {
        Self {
            compensate: Vec::new(),
            item_compensate: Vec::new(),
            reconcile: Vec::new(),
        }
    }

    /// Puts the indexes of what the templates look at into the parts. A compensation sees its own step too: that has ended.
    pub(super) fn resolve(&self, at: usize, graph: &Graph<'_>, step: Option<&mut Step>, report: &mut Report) {
        let compensate = graph.check_references(at, &self.compensate, true, report);
        let item_compensate = graph.check_references(at, &self.item_compensate, false, report);
        let reconcile = graph.check_references(at, &self.reconcile, false, report);
        let Some(step) = step else { return };
        if let Some(part) = &mut step.compensate {
            part.references = compensate;
        }
        let main = match &mut step.kind {
            Kind::Map(map) => {
                if let Some(part) = &mut map.step.compensate {
                    part.references = item_compensate;
                }
                &mut map.step
            }
            _ => step,
        };
        if let Some(part) = &mut main.reconcile {
            part.step.references = reconcile;
        }
    }
}

impl Step {
    /// Its id, and that of all that belongs to it.
    pub(super) fn call(&mut self, id: &StepId) {
        self.id = id.clone();
        if let Kind::Map(map) = &mut self.kind {
            map.step.call(id);
        }
        if let Some(part) = &mut self.compensate {
            part.call(id);
        }
        if let Some(part) = &mut self.reconcile {
            part.step.call(id);
        }
    }
}
