//! Random valid definitions: every kind of the core, every option that changes what the core does.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

#[derive(Clone, Copy, Debug)]
pub(super) enum Body {
    /// An attempt of this class; its request stays the same over retries of the run or does not.
    Act {
        effect: &'static str,
        steady: bool,
        retry: Option<(u32, Option<&'static str>)>,
    },
    /// The same, done by a worker outside. Its queue has a name or has not.
    Task {
        effect: &'static str,
        steady: bool,
        retry: Option<(u32, Option<&'static str>)>,
        named: bool,
    },
    Transform {
        good: bool,
    },
    Sleep {
        millis: u32,
        timeout: Option<u32>,
    },
    Signal {
        name: &'static str,
        timeout: Option<u32>,
    },
    Approval {
        on_timeout: &'static str,
        timeout: Option<u32>,
    },
    Child {
        timeout: Option<u32>,
    },
    Fail,
}

#[derive(Clone, Debug)]
pub(super) struct Fan {
    /// None: not a list.
    pub(super) items: Option<u8>,
    pub(super) max_parallel: u8,
    pub(super) collect: bool,
}

#[derive(Clone, Debug)]
pub(super) struct StepPlan {
    body: Body,
    fan: Option<Fan>,
    /// Which of the earlier steps it needs.
    needs: u8,
    when: Option<&'static str>,
    on_error: Value,
    /// What undoes it, and of a map, each item.
    compensate: Option<Body>,
    item_compensate: Option<Body>,
    /// What looks into an unknown outcome, if it can have one.
    reconcile: Option<Body>,
}

#[derive(Clone, Debug)]
pub(super) struct Plan {
    steps: Vec<StepPlan>,
    timeout: Option<u32>,
    output: Option<&'static str>,
    gated: bool,
}

fn wait_timeout() -> impl Strategy<Value = Option<u32>> {
    option::of(1u32..20_000)
}

fn act(effects: Vec<&'static str>) -> impl Strategy<Value = Body> {
    let effects = prop::sample::select(effects);
    let on = prop::sample::select(vec![None, None, Some("any"), Some("bad")]);
    (effects, any::<bool>(), option::of((1u32..4, on))).prop_map(|(effect, steady, retry)| Body::Act {
        effect,
        steady,
        retry,
    })
}

fn task(effects: Vec<&'static str>) -> impl Strategy<Value = Body> {
    let effects = prop::sample::select(effects);
    let on = prop::sample::select(vec![None, None, Some("any"), Some("bad")]);
    let retry = option::of((1u32..4, on));
    let task = (effects, any::<bool>(), retry, prop::bool::weighted(0.95));
    task.prop_map(|(effect, steady, retry, named)| Body::Task {
        effect,
        steady,
        retry,
        named,
    })
}

fn compensation() -> impl Strategy<Value = Body> {
    prop_oneof![
        6 => act(vec!["pure", "read", "idempotent", "once", "once"]),
        3 => task(vec!["pure", "read", "idempotent", "once", "once"]),
        1 => prop::bool::weighted(0.5).prop_map(|good| Body::Transform { good }),
        2 => wait_timeout().prop_map(|timeout| Body::Child { timeout }),
    ]
}

fn reconcile() -> impl Strategy<Value = Body> {
    prop_oneof![
        3 => act(vec!["read", "idempotent"]),
        1 => task(vec!["read", "idempotent"]),
    ]
}

fn body() -> impl Strategy<Value = Body> {
    let act = act(vec!["pure", "read", "idempotent", "once", "once"]);
    let task = task(vec!["pure", "read", "idempotent", "once", "once"]);
    let name = prop::sample::select(vec!["a", "b"]);
    let on_timeout = prop::sample::select(vec!["fail", "approve", "reject"]);
    prop_oneof![
        8 => act,
        5 => task,
        1 => prop::bool::weighted(0.8).prop_map(|good| Body::Transform { good }),
        1 => (0u32..20_000, wait_timeout()).prop_map(|(millis, timeout)| Body::Sleep { millis, timeout }),
        1 => (name, wait_timeout()).prop_map(|(name, timeout)| Body::Signal { name, timeout }),
        1 => (on_timeout, wait_timeout()).prop_map(|(on_timeout, timeout)| Body::Approval { on_timeout, timeout }),
        2 => wait_timeout().prop_map(|timeout| Body::Child { timeout }),
        1 => Just(Body::Fail),
    ]
}

fn fan() -> impl Strategy<Value = Fan> {
    (option::weighted(0.95, 0u8..5), 1u8..4, any::<bool>()).prop_map(|(items, max_parallel, collect)| Fan {
        items,
        max_parallel,
        collect,
    })
}

fn step() -> impl Strategy<Value = StepPlan> {
    let when = prop_oneof![
        12 => Just(None),
        2 => Just(Some("{{ true }}")),
        2 => Just(Some("{{ false }}")),
        1 => Just(Some("{{ 1 }}")),
    ];
    let on_error = prop_oneof![
        6 => Just(json!("fail")),
        2 => Just(json!("continue")),
        2 => Just(json!({ "value": 1 })),
        1 => Just(json!({ "value": "{{ input.nothing }}" })),
    ];
    let fan = option::weighted(0.3, fan());
    let parts = (
        option::weighted(0.4, compensation()),
        option::weighted(0.4, compensation()),
        option::weighted(0.4, reconcile()),
    );
    (body(), fan, any::<u8>(), when, on_error, parts).prop_map(|(body, fan, needs, when, on_error, parts)| StepPlan {
        body,
        fan,
        needs,
        when,
        on_error,
        compensate: parts.0,
        item_compensate: parts.1,
        reconcile: parts.2,
    })
}

pub(super) fn plan() -> impl Strategy<Value = Plan> {
    let timeout = option::weighted(0.3, 1000u32..60_000);
    let output = prop_oneof![
        4 => Just(None),
        2 => Just(Some("{{ run.attempt }}")),
        1 => Just(Some("{{ input.nothing }}"))
    ];
    let gated = prop::bool::weighted(0.25);
    (vec(step(), 1..7), timeout, output, gated).prop_map(|(steps, timeout, output, gated)| Plan {
        steps,
        timeout,
        output,
        gated,
    })
}

impl Plan {
    /// The definition, as an author would write it.
    pub(super) fn definition(&self) -> Value {
        let steps: Vec<Value> = (0..self.steps.len()).map(|at| self.steps[at].json(at)).collect();
        let mut definition = json!({ "name": "w", "steps": steps });
        if let Some(timeout) = self.timeout {
            definition["timeout"] = json!(format!("{timeout}ms"));
        }
        if self.gated {
            definition["concurrency"] = json!(1);
        }
        if let Some(output) = self.output {
            definition["output"] = json!(output);
        }
        definition
    }
}

impl StepPlan {
    fn json(&self, at: usize) -> Value {
        let mut step = match &self.fan {
            None => self.body.json(),
            Some(fan) => {
                let over = fan
                    .items
                    .map_or(json!("{{ 5 }}"), |items| json!((0..items).collect::<Vec<u8>>()));
                let on_item_error = if fan.collect { "collect" } else { "fail" };
                // One that looks at what comes before may render another list when that is done again.
                let over = match self.first_need(at) {
                    Some(need) if fan.items.is_some() && fan.collect => {
                        json!(format!("{{{{ [steps.{need}.status, {}] }}}}", fan.max_parallel))
                    }
                    _ => over,
                };
                let mut inner = self.body.json();
                self.add_parts(&mut inner, self.item_compensate.as_ref());
                let with = json!({
                    "over": over,
                    "max_parallel": fan.max_parallel,
                    "on_item_error": on_item_error,
                    "step": inner,
                });
                Map::from_iter([("kind".to_owned(), json!("map")), ("with".to_owned(), with)])
            }
        };
        match &self.fan {
            None => self.add_parts(&mut step, self.compensate.as_ref()),
            Some(_) => add("compensate", &mut step, self.compensate.as_ref()),
        }
        let needs: Vec<String> = (0..at).filter(|need| self.needs >> need & 1 == 1).map(id).collect();
        step.insert("id".to_owned(), json!(id(at)));
        step.insert("needs".to_owned(), json!(needs));
        step.insert("on_error".to_owned(), self.on_error.clone());
        if let Some(when) = self.when {
            step.insert("when".to_owned(), json!(when));
        }
        Value::Object(step)
    }
}

impl StepPlan {
    fn first_need(&self, at: usize) -> Option<String> {
        (0..at).find(|need| self.needs >> need & 1 == 1).map(id)
    }

    /// Those that such a step can have.
    fn add_parts(&self, step: &mut Map<String, Value>, compensate: Option<&Body>) {
        if !matches!(self.body, Body::Fail) {
            add("compensate", step, compensate);
        }
        if let Body::Act {
            effect: "idempotent" | "once",
            ..
        }
        | Body::Task {
            effect: "idempotent" | "once",
            ..
        } = self.body
        {
            add("reconcile", step, self.reconcile.as_ref());
        }
    }
}

fn add(name: &str, step: &mut Map<String, Value>, part: Option<&Body>) {
    if let Some(part) = part {
        step.insert(name.to_owned(), Value::Object(part.json()));
    }
}

fn id(at: usize) -> String {
    format!("s{at}")
}

impl Body {
    fn json(&self) -> Map<String, Value> {
        let (kind, with, timeout) = match self {
            Self::Act { steady, .. } => {
                let what = if *steady { "x" } else { "{{ run.attempt }}" };
                ("act", json!({ "do": what }), None)
            }
            Self::Task { steady, named, .. } => {
                let payload = if *steady { "x" } else { "{{ run.attempt }}" };
                let queue = if *named { "q" } else { "{{ 'no name' }}" };
                ("task", json!({ "queue": queue, "payload": payload }), None)
            }
            Self::Transform { good } => {
                let value = if *good {
                    "{{ run.attempt }}"
                } else {
                    "{{ input.nothing }}"
                };
                ("transform", json!({ "value": value }), None)
            }
            Self::Sleep { millis, timeout } => ("sleep", json!({ "for": format!("{millis}ms") }), *timeout),
            Self::Signal { name, timeout } => ("wait_signal", json!({ "name": name }), *timeout),
            Self::Approval { on_timeout, timeout } => {
                let with = json!({ "message": "well?", "on_timeout": on_timeout });
                ("approval", with, *timeout)
            }
            Self::Child { timeout } => ("workflow", json!({ "workflow": "w" }), *timeout),
            Self::Fail => ("fail", json!({ "message": "no" }), None),
        };
        let mut step = Map::from_iter([("kind".to_owned(), json!(kind)), ("with".to_owned(), with)]);
        if let Some(timeout) = timeout {
            step.insert("timeout".to_owned(), json!(format!("{timeout}ms")));
        }
        if let Self::Act { effect, retry, .. } | Self::Task { effect, retry, .. } = self {
            step.insert("effect".to_owned(), json!(effect));
            if let Some((max_attempts, on)) = retry {
                let mut policy = json!({ "max_attempts": max_attempts });
                if let Some(code) = on {
                    policy["on"] = json!([code]);
                }
                step.insert("retry".to_owned(), policy);
            }
        }
        step
    }
}
