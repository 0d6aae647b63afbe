//! The whole definition.

use std::collections::HashMap;
use std::time::Duration;

use seawall_store::Digest;
use serde_json::Value;

use super::fields::{DEFAULTS, LATER_ROOT, ROOT};
use super::flow::flow;
use super::graph::{Graph, Node};
use super::limits::canonical;
use super::object::{Entry, Object, Table};
use super::policy::{Defaults, bounded_duration, retry};
use super::step::{Draft, Steps};
use super::suspicious::look_for_secrets;
use super::with::Templates;
use crate::definition::model::{Definition, Step};
use crate::definition::place::Place;
use crate::definition::report::{Report, excerpt};
use crate::definition::schema_check::InputSchema;
use crate::definition::template::Template;
use crate::executor::Registry;

/// The most steps of one definition.
const MAX_STEPS: usize = 1000;
/// Names that mean something else in the API's paths.
const RESERVED_NAMES: [&str; 2] = ["run", "validate"];

/// 1 to 63 characters of `[a-z0-9-]`.
pub(super) fn is_name(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Checks and compiles. None exactly when the report has errors.
pub(in crate::definition) fn validate(value: &Value, registry: &Registry, report: &mut Report) -> Option<Definition> {
    let source = canonical(value, report)?;
    look_for_secrets(value, &Place::Root, report);
    let table = Table {
        later: LATER_ROOT,
        ..Table::new("a definition", ROOT)
    };
    let object = Object::open(value, &Place::Root, &table, report)?;
    let name = object.get("name").and_then(|entry| name(&entry, report));
    let description = object.get("description").and_then(|entry| entry.text(report));
    let input = object.get("input").and_then(|entry| input_schema(&entry, report));
    let timeout = bounded_duration(object.get("timeout"), ROOT, "timeout", report);
    let defaults = object.get("defaults").map(|entry| defaults(&entry, report));
    let defaults = defaults.unwrap_or_default();
    let flow = flow(&object, report);
    let mut templates = Templates::new(None);
    let output = object
        .get("output")
        .map(|entry| Template::compile(entry.value, &entry.place, &mut templates.compiling(false, report)));
    let steps = object
        .get("steps")
        .and_then(|entry| steps(&entry, registry, &defaults, &templates, report));
    if !report.is_clean() {
        return None;
    }
    let steps = steps?;
    let index = steps.iter().enumerate();
    let index: HashMap<_, _> = index.map(|(at, step)| (step.id.clone(), at)).collect();
    let mut dependents = vec![Vec::new(); steps.len()];
    for (at, step) in steps.iter().enumerate() {
        for need in &step.needs {
            dependents[*need].push(at);
        }
    }
    Some(Definition {
        name: name?.into(),
        description: description.map(ToOwned::to_owned),
        input,
        timeout,
        flow,
        steps,
        output,
        digest: Digest::of(source.as_bytes()),
        source: source.into(),
        index,
        dependents,
    })
}

fn name<'v>(entry: &Entry<'v>, report: &mut Report) -> Option<&'v str> {
    let text = entry.text(report)?;
    if !is_name(text) {
        let text = excerpt(text);
        let message = format!("`{text}` is no name of a workflow: 1 to 63 of a-z, 0-9 and `-`");
        report.error(&entry.place, "bad-name", message);
        return None;
    }
    if RESERVED_NAMES.contains(&text) {
        let message = format!("the name `{text}` is reserved");
        report.error(&entry.place, "reserved-name", message);
        return None;
    }
    Some(text)
}

fn input_schema(entry: &Entry<'_>, report: &mut Report) -> Option<InputSchema> {
    match InputSchema::compile(entry.value) {
        Ok(schema) => Some(schema),
        Err(problems) => {
            let here = entry.place.pointer();
            for problem in problems {
                report.error_at(&format!("{here}{}", problem.pointer), problem.code, problem.message);
            }
            None
        }
    }
}

fn defaults(entry: &Entry<'_>, report: &mut Report) -> Defaults {
    let table = Table::new("`defaults`", DEFAULTS);
    let Some(object) = Object::open(entry.value, &entry.place, &table, report) else {
        return Defaults::default();
    };
    let timeout: Option<Duration> = bounded_duration(object.get("timeout"), DEFAULTS, "timeout", report);
    Defaults {
        timeout,
        retry: object.get("retry").and_then(|entry| retry(&entry, report)),
    }
}

/// `output` holds the references of the run's output, which are checked against the same graph.
fn steps(
    entry: &Entry<'_>,
    registry: &Registry,
    defaults: &Defaults,
    output: &Templates<'_>,
    report: &mut Report,
) -> Option<Vec<Step>> {
    let items = entry.items(report)?;
    if items.is_empty() {
        report.error(&entry.place, "no-steps", "a definition has at least one step");
        return None;
    }
    if items.len() > MAX_STEPS {
        let message = format!("a definition has at most {MAX_STEPS} steps, not {}", items.len());
        report.error(&entry.place, "too-many-steps", message);
        return None;
    }
    let mut reader = Steps {
        registry,
        defaults,
        report,
    };
    let mut drafts: Vec<Draft> = items
        .iter()
        .enumerate()
        .map(|(at, item)| reader.step(item, &entry.place.item(at)))
        .collect();
    let nodes = items.iter().enumerate();
    let nodes = nodes
        .map(|(at, item)| node(item, &entry.place.item(at), report))
        .collect();
    let graph = Graph::build(nodes, &entry.place, report);
    let references: Vec<Vec<usize>> = drafts
        .iter()
        .enumerate()
        .map(|(at, draft)| graph.check_references(at, &draft.references, false, report))
        .collect();
    for (at, draft) in drafts.iter_mut().enumerate() {
        draft.parts.resolve(at, &graph, draft.step.as_mut(), report);
    }
    graph.check_known(&output.references, report);
    let needs = graph.into_needs();
    drafts
        .into_iter()
        .zip(needs)
        .zip(references)
        .map(|((draft, needs), references)| {
            let mut step = draft.step?;
            step.needs = needs;
            step.references = references;
            Some(step)
        })
        .collect()
}

fn node<'v>(item: &'v Value, place: &Place<'_>, report: &mut Report) -> Node<'v> {
    let id = item.get("id").and_then(Value::as_str);
    let mut needs = Vec::new();
    match item.get("needs") {
        None => {}
        Some(Value::Array(names)) => {
            let place = place.field("needs");
            for (at, name) in names.iter().enumerate() {
                match name {
                    Value::String(name) => needs.push((at, name.as_str())),
                    _ => report.error(&place.item(at), "wrong-type", "the id of a step is a string"),
                }
            }
        }
        Some(_) => report.error(&place.field("needs"), "wrong-type", "`needs` is a list of step ids"),
    }
    Node { id, needs }
}
