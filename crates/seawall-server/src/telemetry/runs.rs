use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use seawall_engine::store::RunStatus;
use seawall_engine::{Decided, Fact, ObservedRun, Observer, StepStatus};

use super::bounded::{Bounded, OTHER};

/// Names of workflows that have series of their own.
const WORKFLOWS: usize = 200;
/// Kinds of steps are the program's, not a client's: there are about ten.
const KINDS: usize = 32;

/// Upper bounds in seconds: from a transform to a night's wait for a person.
const BUCKETS: [f64; 13] = [
    0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 3600.0, 28_800.0,
];

const ENDS: [RunStatus; 3] = [RunStatus::Succeeded, RunStatus::Failed, RunStatus::Cancelled];
const OUTCOMES: [&str; 4] = ["succeeded", "failed", "cancelled", "unknown"];
const DECISIONS: [&str; 3] = ["approved", "rejected", "expired"];

/// Counts of what runs do here. Made before the engine, which tells it; clones share the counts.
#[derive(Clone, Default)]
pub(super) struct RunMetrics(Arc<Inner>);

struct Inner {
    started: Family<WorkflowLabel, Counter>,
    finished: Family<RunLabels, Counter>,
    steps: Family<StepLabels, Histogram, fn() -> Histogram>,
    by_workflow: Bounded<OfWorkflow, WORKFLOWS>,
    by_kind: Bounded<[Histogram; 4], KINDS>,
    run_durations: [Histogram; 3],
    durations: Family<StatusLabel, Histogram, fn() -> Histogram>,
    approvals_requested: Counter,
    decisions: Family<DecisionLabel, Counter>,
    by_decision: [Counter; 3],
}

#[derive(Clone)]
struct OfWorkflow {
    started: Counter,
    finished: [Counter; 3],
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct WorkflowLabel {
    workflow: String,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct RunLabels {
    workflow: String,
    status: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct StatusLabel {
    status: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct StepLabels {
    kind: String,
    outcome: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct DecisionLabel {
    decision: &'static str,
}

impl Default for Inner {
    fn default() -> Self {
        let (started, finished) = (Family::default(), Family::default());
        let steps = Family::new_with_constructor(histogram as fn() -> Histogram);
        let durations = Family::new_with_constructor(histogram as fn() -> Histogram);
        let decisions = Family::<DecisionLabel, Counter>::default();
        Self {
            by_workflow: Bounded::new(of_workflow(&started, &finished, OTHER)),
            by_kind: Bounded::new(of_kind(&steps, OTHER)),
            run_durations: ENDS.map(|status| durations.get_or_create_owned(&StatusLabel { status: word(status) })),
            by_decision: DECISIONS.map(|decision| decisions.get_or_create_owned(&DecisionLabel { decision })),
            approvals_requested: Counter::default(),
            started,
            finished,
            steps,
            durations,
            decisions,
        }
    }
}

impl RunMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        let inner = &*self.0;
        registry.register(
            "seawall_runs_started",
            "Runs that have begun, by workflow",
            inner.started.clone(),
        );
        registry.register(
            "seawall_runs_finished",
            "Runs that have ended, by workflow and status",
            inner.finished.clone(),
        );
        registry.register(
            "seawall_run_duration_seconds",
            "From a run's creation, or its last retry, to its end, by status",
            inner.durations.clone(),
        );
        registry.register(
            "seawall_step_duration_seconds",
            "From the beginning of a step's first attempt until it was settled, by kind and outcome",
            inner.steps.clone(),
        );
        registry.register(
            "seawall_approvals_requested",
            "Decisions that runs have asked people for",
            inner.approvals_requested.clone(),
        );
        registry.register(
            "seawall_approvals_decided",
            "Decisions, by what was decided",
            inner.decisions.clone(),
        );
    }

    fn workflow(&self, name: &str, work: impl FnOnce(&OfWorkflow)) {
        let inner = &*self.0;
        let make = |name: &str| of_workflow(&inner.started, &inner.finished, name);
        inner.by_workflow.with(name, make, work);
    }

    fn ended(&self, workflow: &str, status: RunStatus, took: Duration) {
        let Some(place) = ENDS.iter().position(|end| *end == status) else {
            return;
        };
        self.workflow(workflow, |of| {
            of.finished[place].inc();
        });
        self.0.run_durations[place].observe(took.as_secs_f64());
    }

    fn step(&self, kind: &str, status: StepStatus, took: Duration) {
        let outcome = match status {
            StepStatus::Succeeded => 0,
            StepStatus::Failed => 1,
            StepStatus::Cancelled => 2,
            StepStatus::Unknown => 3,
            // The engine tells of ends only.
            _ => return,
        };
        let make = |kind: &str| of_kind(&self.0.steps, kind);
        self.0
            .by_kind
            .with(kind, make, |of| of[outcome].observe(took.as_secs_f64()));
    }
}

impl Observer for RunMetrics {
    fn observe(&self, run: &ObservedRun<'_>, fact: &Fact<'_>) {
        let workflow = &*run.workflow.name;
        match *fact {
            Fact::RunStarted => self.workflow(workflow, |of| {
                of.started.inc();
            }),
            Fact::RunEnded { status, span } => self.ended(workflow, status, span.took()),
            Fact::StepEnded(end) => self.step(end.kind, end.status, end.span.took()),
            Fact::ApprovalRequested => {
                self.0.approvals_requested.inc();
            }
            Fact::ApprovalDecided(decided) => {
                let place = match decided {
                    Decided::Approved => 0,
                    Decided::Rejected => 1,
                    Decided::Expired => 2,
                };
                self.0.by_decision[place].inc();
            }
        }
    }
}

fn of_workflow(
    started: &Family<WorkflowLabel, Counter>,
    finished: &Family<RunLabels, Counter>,
    name: &str,
) -> OfWorkflow {
    OfWorkflow {
        started: started.get_or_create_owned(&WorkflowLabel {
            workflow: name.to_owned(),
        }),
        finished: ENDS.map(|status| {
            finished.get_or_create_owned(&RunLabels {
                workflow: name.to_owned(),
                status: word(status),
            })
        }),
    }
}

fn of_kind(steps: &Family<StepLabels, Histogram, fn() -> Histogram>, kind: &str) -> [Histogram; 4] {
    OUTCOMES.map(|outcome| {
        steps.get_or_create_owned(&StepLabels {
            kind: kind.to_owned(),
            outcome,
        })
    })
}

const fn word(end: RunStatus) -> &'static str {
    match end {
        RunStatus::Succeeded => "succeeded",
        RunStatus::Failed => "failed",
        _ => "cancelled",
    }
}

fn histogram() -> Histogram {
    Histogram::new(BUCKETS)
}

#[cfg(test)]
mod tests {
    use seawall_engine::store::{RunId, Timestamp, WorkflowId, WorkflowVersion};
    use seawall_engine::{ActivityRef, Span, StepEnd, StepId};

    use super::*;

    fn written(metrics: &RunMetrics) -> String {
        let (mut registry, mut text) = (Registry::default(), String::new());
        metrics.register(&mut registry);
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        text
    }

    fn observe(metrics: &RunMetrics, workflow: &str, facts: &[Fact<'_>]) {
        let workflow = WorkflowVersion {
            id: WorkflowId::generate(),
            name: Arc::from(workflow),
            version: 1,
        };
        let run = ObservedRun {
            run: RunId::generate(),
            workflow: &workflow,
            trace: None,
            parent: None,
            attempt: 1,
        };
        facts.iter().for_each(|fact| metrics.observe(&run, fact));
    }

    #[test]
    fn each_fact_has_its_series() {
        let metrics = RunMetrics::default();
        let span = Span {
            began: Timestamp::from_millis(1000),
            ended: Timestamp::from_millis(3000),
        };
        let ended = StepEnd {
            activity: &ActivityRef::step(StepId::parse("a").unwrap()),
            kind: "http",
            status: StepStatus::Unknown,
            generation: 0,
            attempts: 1,
            span,
        };
        let facts = [
            Fact::RunStarted,
            Fact::RunEnded {
                status: RunStatus::Failed,
                span,
            },
            Fact::StepEnded(ended),
            Fact::ApprovalRequested,
            Fact::ApprovalDecided(Decided::Expired),
        ];
        observe(&metrics, "report", &facts);
        let text = written(&metrics);
        for line in [
            r#"seawall_runs_started_total{workflow="report"} 1"#,
            r#"seawall_runs_finished_total{workflow="report",status="failed"} 1"#,
            r#"seawall_runs_finished_total{workflow="report",status="succeeded"} 0"#,
            r#"seawall_run_duration_seconds_sum{status="failed"} 2.0"#,
            r#"seawall_step_duration_seconds_count{kind="http",outcome="unknown"} 1"#,
            "seawall_approvals_requested_total 1",
            r#"seawall_approvals_decided_total{decision="expired"} 1"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
    }

    #[test]
    fn however_many_workflows_there_are_the_number_of_series_is_bounded() {
        let metrics = RunMetrics::default();
        for n in 0..WORKFLOWS + 50 {
            observe(&metrics, &format!("w{n}"), &[Fact::RunStarted]);
        }
        let text = written(&metrics);
        let lines = text
            .lines()
            .filter(|line| line.starts_with("seawall_runs_started_total{"));
        assert_eq!(lines.count(), WORKFLOWS + 1);
        let other = r#"seawall_runs_started_total{workflow="other"} 50"#;
        assert!(text.lines().any(|line| line == other), "{text}");
    }
}
