//! The input of a run: a file, and single values over it.

use std::path::PathBuf;

use serde_json::{Map, Value};

use super::Document;
use super::schema::Schema;
use super::typing::{Pair, typed};
use crate::client::{Problem, ProblemError};
use crate::failure::Failure;
use crate::output::{Paint, plain, tell};

/// Where the input comes from.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct InputArgs {
    /// One value of the input, typed by the workflow's input schema
    #[arg(long = "input", short = 'i', value_name = "NAME=VALUE")]
    pairs: Vec<Pair>,
    /// The input as JSON or YAML; --input changes single values of it
    #[arg(long = "input-file", value_name = "FILE")]
    file: Option<PathBuf>,
}

impl InputArgs {
    /// Whether nothing was said about the input.
    pub(crate) const fn is_empty(&self) -> bool {
        self.pairs.is_empty() && self.file.is_none()
    }
}

/// An input, and where its parts come from.
pub(crate) struct RunInput {
    pub(crate) value: Value,
    file: Option<Document>,
    pairs: Vec<Pair>,
}

impl RunInput {
    /// Puts the input together.
    pub(crate) fn assemble(args: &InputArgs, schema: Option<&Value>, paint: Paint) -> Result<Self, Failure> {
        Self::assemble_over(Value::Object(Map::new()), args, schema, paint)
    }

    /// Puts the input together; where no file gives it, single values are put over `base`.
    pub(crate) fn assemble_over(
        base: Value,
        args: &InputArgs,
        schema: Option<&Value>,
        paint: Paint,
    ) -> Result<Self, Failure> {
        let file = args
            .file
            .as_deref()
            .map(|path| Document::read(path, paint))
            .transpose()?;
        let mut value = file.as_ref().map_or(base, |file| file.value.clone());
        if !args.pairs.is_empty() {
            let Value::Object(fields) = &mut value else {
                return Err(Failure::Usage(
                    "error: --input needs an object to put its value into, and the input file holds none".to_owned(),
                ));
            };
            add_pairs(fields, &args.pairs, Schema::new(schema), paint)?;
        }
        Ok(Self {
            value,
            file,
            pairs: args.pairs.clone(),
        })
    }

    /// A refusal of this input, shown at the values that it is about; None for any other problem.
    pub(crate) fn refusal(&self, problem: &Problem, paint: Paint) -> Option<Failure> {
        let about_input = |error: &ProblemError| error.pointer == "/input" || error.pointer.starts_with("/input/");
        if problem.status != 422 || problem.errors.is_empty() || !problem.errors.iter().all(about_input) {
            return None;
        }
        let texts: Vec<String> = problem.errors.iter().map(|error| self.show(error, paint)).collect();
        Some(Failure::Usage(texts.join("\n")))
    }

    fn show(&self, error: &ProblemError, paint: Paint) -> String {
        let path = error.pointer.trim_start_matches("/input").trim_start_matches('/');
        let name = path
            .split('/')
            .next()
            .unwrap_or_default()
            .replace("~1", "/")
            .replace("~0", "~");
        if let Some(pair) = self.pairs.iter().find(|pair| pair.key == name) {
            return complaint(pair, &error.code, &error.message, paint);
        }
        if let Some(file) = &self.file {
            return file.show(&file.complaints(std::slice::from_ref(error), "/input"), paint);
        }
        let place = if path.is_empty() { "the input" } else { path };
        let code = paint.red(&format!("error[{}]", error.code));
        format!("{}: {code}: {}", paint.bold(&plain(place)), plain(&error.message))
    }
}

fn add_pairs(fields: &mut Map<String, Value>, pairs: &[Pair], schema: Schema<'_>, paint: Paint) -> Result<(), Failure> {
    let mut errors = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for pair in pairs {
        if seen.contains(&pair.key.as_str()) {
            errors.push(complaint(pair, "duplicate-input", "the name is given twice", paint));
            continue;
        }
        seen.push(&pair.key);
        let typed = typed(pair, schema);
        if let Some(message) = typed.warning {
            tell(&format!(
                "--input {}={}: {}: {message}",
                pair.key,
                plain(&pair.value),
                paint.yellow("warning")
            ));
        }
        if let Some(message) = typed.error {
            errors.push(complaint(pair, "invalid-input", &message, paint));
        }
        if let Some(value) = typed.value {
            fields.insert(pair.key.clone(), value);
        }
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Failure::Usage(errors.join("\n")))
    }
}

fn complaint(pair: &Pair, code: &str, message: &str, paint: Paint) -> String {
    let place = paint.bold(&plain(&format!("--input {}={}", pair.key, pair.value)));
    format!("{place}: {}: {}", paint.red(&format!("error[{code}]")), plain(message))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn args(pairs: &[&str]) -> InputArgs {
        InputArgs {
            pairs: pairs.iter().map(|pair| pair.parse().unwrap()).collect(),
            file: None,
        }
    }

    fn assemble(pairs: &[&str], schema: &Value) -> Result<RunInput, String> {
        RunInput::assemble(&args(pairs), Some(schema), Paint::new(false)).map_err(|failure| failure.text())
    }

    #[test]
    fn every_bad_pair_is_told_at_once() {
        let schema = json!({"properties": {"n": {"type": "integer"}, "b": {"type": "boolean"}}});
        assert_eq!(
            assemble(&["n=1", "b=true"], &schema).unwrap().value,
            json!({"n": 1, "b": true})
        );
        let text = assemble(&["n=x", "b=y", "n=2"], &schema).err().unwrap();
        assert_eq!(
            text,
            "--input n=x: error[invalid-input]: `x` is not an integer\n--input b=y: error[invalid-input]: `y` is not true \
             or false\n--input n=2: error[duplicate-input]: the name is given twice"
        );
    }

    #[test]
    fn what_the_api_says_of_a_value_is_shown_at_its_pair() {
        let input = assemble(&["a/b=x"], &json!({})).unwrap();
        let error = |pointer: &str| ProblemError {
            pointer: pointer.to_owned(),
            message: "is too short".to_owned(),
            code: "min-length".to_owned(),
        };
        let problem = Problem {
            status: 422,
            errors: vec![error("/input/a~1b"), error("/input")],
            ..Problem::default()
        };
        let failure = input.refusal(&problem, Paint::new(false)).unwrap();
        assert_eq!(
            failure.text(),
            "--input a/b=x: error[min-length]: is too short\nthe input: error[min-length]: is too short"
        );
    }
}
