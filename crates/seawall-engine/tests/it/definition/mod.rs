//! Definitions, through the public interface.

mod constants;
mod documents;
mod errors;
mod inputs;
mod kinds;
mod parts;
mod published_schema;
mod random;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use seawall_engine::{
    Attempt, AttemptContext, Definition, DefinitionError, EffectClass, Executor, FieldShape, FieldSpec, KindSpec,
    Outcome, Registry, compile,
};
use serde_json::{Value, json};

/// A kind without an executor behind it: definitions only look at the spec.
struct Named(KindSpec);

impl Executor for Named {
    fn spec(&self) -> &KindSpec {
        &self.0
    }

    fn execute(&self, _attempt: Attempt, _context: AttemptContext) -> BoxFuture<'static, Outcome> {
        Box::pin(async { Outcome::Succeeded(Value::Null) })
    }
}

const fn field(name: &'static str, shape: FieldShape) -> FieldSpec {
    FieldSpec {
        name,
        shape,
        required: false,
        secrets: false,
        excludes: None,
        doc: "A field.",
    }
}

const HTTP: &[FieldSpec] = &[
    FieldSpec {
        required: true,
        ..field(
            "method",
            FieldShape::OneOf(&["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]),
        )
    },
    FieldSpec {
        required: true,
        ..field("url", FieldShape::Url)
    },
    FieldSpec {
        secrets: true,
        ..field("headers", FieldShape::Headers)
    },
    field("query", FieldShape::StringMap),
    FieldSpec {
        excludes: Some("text"),
        ..field("json", FieldShape::Any)
    },
    FieldSpec {
        excludes: Some("json"),
        ..field("text", FieldShape::String)
    },
    field("accept_status", FieldShape::Integers),
    field("follow", FieldShape::Boolean),
];

const COMMAND: &[FieldSpec] = &[
    FieldSpec {
        required: true,
        ..field("argv", FieldShape::Strings { min: 1 })
    },
    field("cwd", FieldShape::String),
    FieldSpec {
        secrets: true,
        ..field("env", FieldShape::Variables)
    },
    field("stdin", FieldShape::String),
];

fn http_effect(with: &Value) -> EffectClass {
    match with.get("method").and_then(Value::as_str) {
        Some("GET" | "HEAD") => EffectClass::Read,
        Some("PUT" | "DELETE") => EffectClass::Idempotent,
        _ => EffectClass::Once,
    }
}

fn registry() -> Registry {
    let kind = |kind, fields, default_effect, disabled| -> Arc<dyn Executor> {
        Arc::new(Named(KindSpec {
            kind,
            doc: "A kind.",
            fields,
            default_effect,
            disabled,
        }))
    };
    Registry::new(vec![
        kind("http", HTTP, http_effect as fn(&Value) -> EffectClass, None),
        kind("command", COMMAND, |_| EffectClass::Once, None),
        kind(
            "forbidden",
            COMMAND,
            |_| EffectClass::Once,
            Some("set COMMAND_STEPS=true"),
        ),
    ])
}

/// A definition with these steps.
fn with_steps(steps: Value) -> Value {
    json!({ "name": "test", "steps": steps })
}

fn compiled(value: &Value) -> Definition {
    compile(value, &registry()).unwrap_or_else(|errors| panic!("{value}: {errors:#?}"))
}

fn errors_of(value: &Value) -> Vec<DefinitionError> {
    match compile(value, &registry()) {
        Ok(_) => panic!("{value:.300} was accepted"),
        Err(errors) => errors,
    }
}

/// `pointer code` of each error.
fn codes_of(value: &Value) -> Vec<String> {
    let errors = errors_of(value);
    errors
        .iter()
        .map(|error| format!("{} {}", error.pointer, error.code))
        .collect()
}

/// The example of the design, word for word.
const REPO_REPORT: &str = r#"
name: repo-report                 # [a-z0-9-], 1 to 63
description: Counts what is in a folder and writes a report
input:                            # JSON Schema 2020-12 of the run's input
  type: object
  required: [root]
  properties: { root: { type: string } }
timeout: 10m                      # of the whole run, waiting included, compensation not
defaults: { timeout: 60s, retry: { max_attempts: 3, initial: 500ms, multiplier: 2, max: 30s, jitter: full } }
steps:
  - id: files
    kind: command
    with: { argv: [find, "{{ input.root }}", -name, "*.rs", -type, f] }
    effect: read
  - id: counts
    kind: map
    needs: [files]
    with:
      over: "{{ steps.files.output.stdout_lines }}"
      as: file
      max_parallel: 8
      on_item_error: collect      # fail | collect
      step: { kind: command, with: { argv: [wc, -l, "{{ file }}"] }, effect: read }
  - id: report
    kind: transform
    needs: [counts]
    when: "{{ steps.counts.output | length > 0 }}"
    with: { value: { files: "{{ steps.counts.output | length }}" } }
output: "{{ steps.report.output }}"
"#;

/// One definition that uses every field of every kind.
const EVERYTHING: &str = r#"
name: everything
description: Uses every field there is
input: { type: object, properties: { n: { type: [integer, "null"] } } }
timeout: 1d
concurrency: { limit: 3, key: "{{ input.n }}", on_conflict: queue }
rate: { limit: 10/min, key: "{{ input.n }}" }
priority: "{{ input.n }}"
debounce: { period: 5s, key: fixed, max_wait: 1m }
defaults:
  timeout: 5s
  retry: { max_attempts: 2, initial: 1ms, multiplier: 1.5, max: 1s, jitter: equal, on: [timeout, any] }
steps:
  - { id: seed, kind: transform, with: { value: { list: [1, 2], now: "{{ run.created_at }}" } }, effect: idempotent }
  - id: get
    kind: http
    needs: [seed]
    when: true
    timeout: 10s
    retry: { max_attempts: 5, jitter: none, on: [http-status-5xx] }
    on_error: { value: { body: "{{ steps.seed.output.now }}" } }
    with:
      method: GET
      url: "http://127.0.0.1:{{ input.n }}/x"
      headers: { authorization: "Bearer {{ secrets.API_KEY }}", x-n: "{{ input.n }}", x-m: "1" }
      query: { q: a }
      json: { deep: ["{{ input }}"] }
      accept_status: [404]
      follow: "{{ input.n > 3 }}"
  - id: put
    kind: http
    needs: [get]
    with: { method: PUT, url: "http://x", text: hello }
    on_error: continue
    compensate:
      kind: http
      with: { method: DELETE, url: "http://x/{{ steps.put.output.body }}", headers: { a: "{{ secrets.API_KEY }}" } }
      timeout: 5s
      retry: { max_attempts: 9 }
      effect: idempotent
    reconcile:
      kind: http
      with: { method: GET, url: "http://x/{{ effect_key }}/{{ attempt }}/{{ error.code }}" }
      timeout: 5s
      retry: { max_attempts: 9 }
      effect: read
      answer: { outcome: "{{ 'succeeded' if result.status == 200 else 'retry' }}", output: "{{ result }}" }
  - id: run
    kind: command
    needs: [put]
    on_error: fail
    with: { argv: [cat], cwd: /tmp, env: { KEY: "{{ secrets.KEY }}" }, stdin: "{{ steps.get.output }}" }
  - id: each
    kind: map
    needs: [seed]
    timeout: 3s
    retry: { max_attempts: 4 }
    compensate: { kind: workflow, with: { workflow: undo, input: "{{ steps.each.output }}" } }
    with:
      over: "{{ steps.seed.output.list }}"
      step:
        kind: command
        with: { argv: [book, "{{ item * index }}"] }
        compensate: { kind: command, with: { argv: [unbook, "{{ item }}", "{{ index }}", "{{ item_output.stdout }}"] } }
        reconcile:
          kind: command
          effect: read
          with: { argv: [look, "{{ item }}", "{{ effect_key }}"] }
          answer: "{{ result.stdout | fromjson }}"
  - { id: nap, kind: sleep, with: { for: 10ms } }
  - { id: until, kind: sleep, needs: [nap], with: { until: "2030-01-01T00:00:00Z" }, timeout: 1h }
  - { id: signal, kind: wait_signal, with: { name: go, timeout: 10m } }
  - id: ask
    kind: approval
    needs: [signal]
    with: { message: "Go on with {{ steps.signal.output }}?", deciders: [ann], timeout: 1h30m, on_timeout: reject }
  - { id: child, kind: workflow, with: { workflow: repo-report, version: 3, input: { root: "." } }, timeout: 1h }
  - { id: over, kind: fail, needs: [child], when: "{{ steps.child.status == 'failed' }}", with: { message: no } }
output: { a: "{{ steps.each.output }}", b: "{{ steps.ask.output.by }}" }
"#;
