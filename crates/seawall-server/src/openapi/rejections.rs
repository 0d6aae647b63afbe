use std::collections::BTreeMap;

use seawall_guard::problem::{Problem, ProblemKind, kinds};
use serde_json::Value;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{ContentBuilder, ObjectBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder, Schema};

use super::security::{describe_schemes, secure};
use crate::problems::CATALOG;
use crate::stack::PROBES;

/// Where an operation names its own kinds, beside those that follow from its form.
const OWN: &str = "x-problems";

/// The name of the schema of problem documents.
const SCHEMA: &str = "Problem";

/// Adds to every operation the rejections that its form implies and those that it names, and takes the names out.
pub(crate) fn complete(description: &mut OpenApi) {
    for (path, item) in &mut description.paths.paths {
        for operation in operations(item) {
            let mut found = kinds_of(path, operation);
            found.extend(secure(operation));
            let path = path.clone();
            for (status, response) in responses(&path, &found) {
                operation
                    .responses
                    .responses
                    .entry(status)
                    .or_insert(RefOr::T(response));
            }
        }
    }
    describe_schemes(description);
    describe_members(description);
}

/// Adds to the schema of problems the members that kinds declare beside the standard ones.
fn describe_members(description: &mut OpenApi) {
    let schemas = description
        .components
        .as_mut()
        .map(|components| &mut components.schemas);
    let Some(RefOr::T(Schema::Object(problem))) = schemas.and_then(|schemas| schemas.get_mut(SCHEMA)) else {
        return;
    };
    for member in CATALOG.kinds().flat_map(|kind| kind.extensions) {
        // Several kinds may have it; `errors` has a form of its own.
        if !problem.properties.contains_key(member.name) {
            let schema = ObjectBuilder::new()
                .schema_type(SchemaType::AnyValue)
                .description(Some(member.help))
                .build();
            problem.properties.insert(member.name.to_owned(), schema.into());
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.post,
        &mut item.put,
        &mut item.patch,
        &mut item.delete,
    ]
    .into_iter()
    .filter_map(Option::as_mut)
}

fn kinds_of(path: &str, operation: &mut Operation) -> Vec<&'static ProblemKind> {
    // Also of an operation that wants no body: it is refused for what it announces.
    let mut found = vec![
        &kinds::INTERNAL_ERROR,
        &kinds::REQUEST_TIMEOUT,
        &kinds::ORIGIN_NOT_ALLOWED,
        &kinds::PAYLOAD_TOO_LARGE,
    ];
    if !PROBES.contains(&path) {
        found.extend([&kinds::HOST_NOT_ALLOWED, &kinds::HTTPS_REQUIRED]);
    }
    // What asks the store, if only whose credentials they are.
    let is_for_all = PROBES.contains(&path) || path.starts_with("/problems") || path == "/api/v1/health";
    if !is_for_all {
        found.extend([&kinds::SERVICE_UNAVAILABLE, &kinds::OVERLOADED]);
    }
    if operation.request_body.is_some() {
        found.extend([
            &kinds::BAD_REQUEST,
            &kinds::MALFORMED_JSON,
            &kinds::UNSUPPORTED_MEDIA_TYPE,
            &kinds::VALIDATION_ERROR,
        ]);
    }
    for parameter in operation.parameters.iter().flatten() {
        let RefOr::T(parameter) = parameter else {
            continue;
        };
        match parameter.parameter_in {
            ParameterIn::Path => found.push(&kinds::NOT_FOUND),
            ParameterIn::Query => found.push(&kinds::VALIDATION_ERROR),
            _ => {}
        }
    }
    if let Some(extensions) = &mut operation.extensions {
        let own = extensions.remove(OWN);
        let codes = own.as_ref().and_then(Value::as_array).into_iter().flatten();
        found.extend(codes.filter_map(Value::as_str).filter_map(|code| CATALOG.find(code)));
    }
    found
}

/// One response for each status, with an example for each kind that has it.
fn responses(path: &str, kinds: &[&'static ProblemKind]) -> BTreeMap<String, Response> {
    let mut by_status: BTreeMap<u16, Vec<&'static ProblemKind>> = BTreeMap::new();
    for kind in kinds {
        let same = by_status.entry(kind.status.as_u16()).or_default();
        if !same.contains(kind) {
            same.push(kind);
        }
    }
    by_status
        .into_iter()
        .map(|(status, kinds)| (status.to_string(), response(path, &kinds)))
        .collect()
}

fn response(path: &str, kinds: &[&'static ProblemKind]) -> Response {
    let examples = kinds.iter().map(|kind| {
        let body = Problem::new(kind).render(Some(path), Some("01990a2c-0000-7000-8000-000000000000"));
        let example = ExampleBuilder::new()
            .summary(kind.title)
            .description(kind.help)
            .value(serde_json::from_slice(&body).ok())
            .build();
        (kind.code, example)
    });
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(SCHEMA)))
        .examples_from_iter(examples)
        .build();
    let titles: Vec<_> = kinds
        .iter()
        .map(|kind| format!("{} (`{}`)", kind.title, kind.code))
        .collect();
    ResponseBuilder::new()
        .description(titles.join(", "))
        .content("application/problem+json", content)
        .build()
}
