use seawall_store::{RunId, Timestamp};
use serde_json::{Value, json};

use crate::datum::Datum;
use crate::definition::place::Place;
use crate::definition::rendered::Rendered;
use crate::definition::report::Report;
use crate::definition::scope::{ItemFacts, RunFacts, Scope, StepFacts};
use crate::definition::template::{Compiling, Template};
use crate::executor::StepError;
use crate::names::StepId;

/// A template and the steps it refers to, or the code and message of each error.
pub(super) type Outcome = Result<(Template, Vec<String>), Vec<(&'static str, String)>>;

pub(super) fn compile_with(value: &Value, secrets: bool) -> Outcome {
    let mut report = Report::default();
    let mut references = Vec::new();
    let mut compiling = Compiling {
        variable: Some("file"),
        extras: &[],
        secrets,
        before_run: false,
        references: &mut references,
        report: &mut report,
    };
    let template = Template::compile(value, &Place::Root, &mut compiling);
    let (errors, _) = report.finish();
    if errors.is_empty() {
        Ok((
            template,
            references.into_iter().map(|reference| reference.step).collect(),
        ))
    } else {
        Err(errors.into_iter().map(|error| (error.code, error.message)).collect())
    }
}

pub(super) fn refusal(text: &str) -> String {
    match compile_with(&json!(text), false) {
        Ok(_) => panic!("{text} was accepted"),
        Err(errors) => errors
            .into_iter()
            .map(|(code, message)| format!("{code}: {message}"))
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

pub(super) fn scope_of(input: Value) -> Scope {
    let step = |id: &str, output: Value, status, error: Value| StepFacts {
        id: StepId::parse(id).unwrap(),
        output: Datum::new(output),
        status,
        error: Datum::new(error),
    };
    Scope {
        input: Datum::new(input),
        steps: vec![
            step(
                "files",
                json!({"lines": ["a", "b"], "count": 2}),
                "succeeded",
                Value::Null,
            ),
            step(
                "my-step",
                Value::Null,
                "failed",
                json!({"code": "timeout", "message": "late"}),
            ),
        ],
        run: RunFacts {
            id: RunId::from_uuid(uuid::Uuid::nil()),
            created_at: Timestamp::from_millis(1_700_000_000_123),
            attempt: 2,
        },
        item: Some(ItemFacts {
            variable: "file".into(),
            value: Datum::new(json!({"name": "x.rs", "size": 7})),
            index: 3,
        }),
        extras: Vec::new(),
    }
}

pub(super) fn render_over(value: &Value, input: Value) -> Result<Rendered, StepError> {
    let (template, _) = compile_with(value, true).unwrap();
    template.render(&scope_of(input))
}

pub(super) fn value_of(text: &str, input: Value) -> Value {
    render_over(&json!(text), input)
        .unwrap_or_else(|error| panic!("{text}: {error:?}"))
        .value
}

pub(super) fn failure_of(text: &str, input: Value) -> StepError {
    match render_over(&json!(text), input) {
        Ok(rendered) => panic!("{text} gave {:.200}", rendered.value.to_string()),
        Err(error) => error,
    }
}
