//! `needs` as a graph: unknown and repeated names, cycles, and who comes before whom.

use std::collections::HashMap;

use crate::definition::nearest::hint;
use crate::definition::place::Place;
use crate::definition::report::{Report, excerpt};
use crate::definition::template::Reference;

/// A step's name and what it says it needs.
pub(super) struct Node<'a> {
    /// None: it has no usable id; nobody can need it.
    pub(super) id: Option<&'a str>,
    /// The names, with their index in the list.
    pub(super) needs: Vec<(usize, &'a str)>,
}

pub(super) struct Graph<'a> {
    nodes: Vec<Node<'a>>,
    index: HashMap<&'a str, usize>,
    /// By step: indexes of what it needs, in order.
    needs: Vec<Vec<usize>>,
    /// By step: the set of all that come before it. None while there is a cycle.
    ancestors: Option<Vec<Bits>>,
}

impl<'a> Graph<'a> {
    /// Builds it and reports what is wrong with names and cycles.
    pub(super) fn build(nodes: Vec<Node<'a>>, steps: &Place<'_>, report: &mut Report) -> Self {
        let mut index: HashMap<&str, usize> = HashMap::new();
        for (at, node) in nodes.iter().enumerate() {
            let Some(id) = node.id else { continue };
            if let Some(first) = index.get(id) {
                let message = format!("the id `{id}` is already the id of step {}", first + 1);
                report.error(&steps.item(at).field("id"), "duplicate-id", message);
            } else {
                index.insert(id, at);
            }
        }
        let mut graph = Self {
            needs: vec![Vec::new(); nodes.len()],
            nodes,
            index,
            ancestors: None,
        };
        for at in 0..graph.nodes.len() {
            graph.needs[at] = graph.resolve_needs(at, steps, report);
        }
        match graph.order() {
            Ok(order) => graph.ancestors = Some(graph.ancestors_in(&order)),
            Err(cycle) => graph.report_cycle(&cycle, steps, report),
        }
        graph
    }

    pub(super) fn into_needs(self) -> Vec<Vec<usize>> {
        self.needs
    }

    fn resolve_needs(&self, at: usize, steps: &Place<'_>, report: &mut Report) -> Vec<usize> {
        let mut resolved = Vec::new();
        let step = steps.item(at);
        let needs = step.field("needs");
        for (place, name) in &self.nodes[at].needs {
            if !report.has_room() {
                break;
            }
            let place = needs.item(*place);
            match self.index.get(name) {
                None => {
                    let near = hint(name, self.index.keys().copied());
                    let name = excerpt(name);
                    report.error(&place, "unknown-step", format!("there is no step `{name}`{near}"));
                }
                Some(other) if *other == at => {
                    report.error(&place, "self-need", format!("the step `{name}` needs itself"));
                }
                Some(other) if resolved.contains(other) => {
                    report.error(&place, "duplicate-need", format!("`{name}` stands here twice"));
                }
                Some(other) => resolved.push(*other),
            }
        }
        resolved
    }

    /// The steps, each behind all that it needs; or one cycle.
    fn order(&self) -> Result<Vec<usize>, Vec<usize>> {
        let mut missing: Vec<usize> = self.needs.iter().map(Vec::len).collect();
        let mut dependents = vec![Vec::new(); self.nodes.len()];
        for (at, needs) in self.needs.iter().enumerate() {
            for need in needs {
                dependents[*need].push(at);
            }
        }
        let mut order: Vec<usize> = (0..missing.len()).filter(|at| missing[*at] == 0).collect();
        let mut next = 0;
        while next < order.len() {
            for dependent in &dependents[order[next]] {
                missing[*dependent] -= 1;
                if missing[*dependent] == 0 {
                    order.push(*dependent);
                }
            }
            next += 1;
        }
        match missing.iter().position(|missing| *missing > 0) {
            None => Ok(order),
            Some(start) => Err(self.cycle_from(start, &missing)),
        }
    }

    /// Walks needs that are never met until a step comes up again.
    fn cycle_from(&self, start: usize, missing: &[usize]) -> Vec<usize> {
        let mut walk = vec![start];
        let mut at = start;
        loop {
            let Some(next) = self.needs[at].iter().copied().find(|need| missing[*need] > 0) else {
                return walk;
            };
            if let Some(first) = walk.iter().position(|seen| *seen == next) {
                walk.drain(..first);
                return walk;
            }
            walk.push(next);
            at = next;
        }
    }

    fn report_cycle(&self, cycle: &[usize], steps: &Place<'_>, report: &mut Report) {
        let Some(first) = cycle.first() else { return };
        const SHOWN: usize = 20;
        let name = |at: &usize| self.nodes[*at].id.unwrap_or("?").to_owned();
        let mut names: Vec<String> = cycle.iter().take(SHOWN).map(name).collect();
        if cycle.len() > SHOWN {
            names.push("…".to_owned());
        }
        names.push(name(first));
        let names = names.join(" -> ");
        report.error(
            &steps.item(*first).field("needs"),
            "cyclic-needs",
            format!("these steps need each other in a circle: {names}"),
        );
    }

    fn ancestors_in(&self, order: &[usize]) -> Vec<Bits> {
        let mut ancestors = vec![Bits::new(self.nodes.len()); self.nodes.len()];
        for at in order {
            let mut own = Bits::new(self.nodes.len());
            for need in &self.needs[*at] {
                own.insert(*need);
                own.merge(&ancestors[*need]);
            }
            ancestors[*at] = own;
        }
        ancestors
    }

    /// The steps that templates of step `at` refer to. They must come before it; with `own`, it may be the step itself.
    pub(super) fn check_references(
        &self,
        at: usize,
        references: &[Reference],
        own: bool,
        report: &mut Report,
    ) -> Vec<usize> {
        let mut found = Vec::new();
        for reference in references {
            let Some(other) = self.find(reference, report) else {
                continue;
            };
            let before = match &self.ancestors {
                Some(ancestors) => ancestors[at].contains(other) || (own && other == at),
                // In a circle nobody comes before anybody; that is reported already.
                None => true,
            };
            if !before {
                let name = &reference.step;
                let message = if other == at {
                    "a step cannot look at itself".to_owned()
                } else {
                    format!("`{name}` does not come before this step; add it to `needs`")
                };
                report.error_at(&reference.pointer, "not-an-ancestor", message);
            } else if !found.contains(&other) {
                found.push(other);
            }
        }
        found
    }

    /// References of the run's output: every step will have ended.
    pub(super) fn check_known(&self, references: &[Reference], report: &mut Report) {
        for reference in references {
            self.find(reference, report);
        }
    }

    fn find(&self, reference: &Reference, report: &mut Report) -> Option<usize> {
        let found = self.index.get(reference.step.as_str()).copied();
        if found.is_none() && report.has_room() {
            let near = hint(&reference.step, self.index.keys().copied());
            let name = excerpt(&reference.step);
            report.error_at(
                &reference.pointer,
                "unknown-step",
                format!("there is no step `{name}`{near}"),
            );
        }
        found
    }
}

/// A set of step indexes.
#[derive(Clone)]
struct Bits(Vec<u64>);

impl Bits {
    fn new(size: usize) -> Self {
        Self(vec![0; size.div_ceil(64)])
    }

    fn insert(&mut self, at: usize) {
        self.0[at / 64] |= 1 << (at % 64);
    }

    fn contains(&self, at: usize) -> bool {
        self.0[at / 64] & (1 << (at % 64)) != 0
    }

    fn merge(&mut self, other: &Self) {
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            *own |= other;
        }
    }
}
