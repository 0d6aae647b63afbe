//! The help pages of problems, as HTML for people and JSON for programs.

use std::fmt::Write as _;

use axum::response::IntoResponse as _;
use axum::response::Response;
use http::header::{self, HeaderMap, HeaderValue};
use serde::Serialize;

use super::{Catalog, Problem, ProblemKind, kinds};

/// The page of one kind, in the form that `Accept` prefers (JSON if it does not matter).
///
/// # Errors
/// `not-found` for an unknown code, `not-acceptable` where neither form is wanted.
pub fn page(catalog: &Catalog, code: &str, headers: &HeaderMap) -> Result<Response, Problem> {
    let Some(kind) = catalog.find(code) else {
        return Err(Problem::new(&kinds::NOT_FOUND).with_detail("No problem has that code."));
    };
    Ok(varying(match form(headers)? {
        Form::Json => axum::Json(Entry::of(kind)).into_response(),
        Form::Html => html(kind.title, &article(kind)),
    }))
}

/// The list of all kinds.
///
/// # Errors
/// `not-acceptable` where neither HTML nor JSON is wanted.
pub fn list_page(catalog: &Catalog, headers: &HeaderMap) -> Result<Response, Problem> {
    Ok(varying(match form(headers)? {
        Form::Json => {
            let items: Vec<_> = catalog.kinds().map(Entry::of).collect();
            axum::Json(List { items }).into_response()
        }
        Form::Html => {
            let mut body = String::from("<h1>Problems</h1><dl>");
            for kind in catalog.kinds() {
                // Writing to a String cannot fail.
                let _ = write!(
                    body,
                    "<dt><a href=\"/problems/{code}\"><code>{code}</code></a> ({status})</dt><dd>{title}</dd>",
                    code = kind.code,
                    status = kind.status.as_u16(),
                    title = escape(kind.title),
                );
            }
            body.push_str("</dl>");
            html("Problems", &body)
        }
    }))
}

fn varying(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(header::VARY, HeaderValue::from_static("accept"));
    response
}

#[derive(Serialize)]
struct List {
    items: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    #[serde(rename = "type")]
    type_uri: String,
    code: &'static str,
    status: u16,
    title: &'static str,
    detail: &'static str,
    help: &'static str,
    extensions: Vec<EntryExtension>,
}

#[derive(Serialize)]
struct EntryExtension {
    name: &'static str,
    help: &'static str,
}

impl Entry {
    fn of(kind: &'static ProblemKind) -> Self {
        let extension = |e: &super::Extension| EntryExtension {
            name: e.name,
            help: e.help,
        };
        Self {
            type_uri: kind.type_uri(),
            code: kind.code,
            status: kind.status.as_u16(),
            title: kind.title,
            detail: kind.detail,
            help: kind.help,
            extensions: kind.extensions.iter().map(extension).collect(),
        }
    }
}

fn article(kind: &ProblemKind) -> String {
    let mut body = format!(
        "<h1>{title}</h1><p><code>{code}</code>, HTTP status {status}</p><p>{detail}</p><p>{help}</p>",
        title = escape(kind.title),
        code = kind.code,
        status = kind.status.as_u16(),
        detail = escape(kind.detail),
        help = escape(kind.help),
    );
    if !kind.extensions.is_empty() {
        body.push_str("<h2>Members</h2><dl>");
        for extension in kind.extensions {
            // Writing to a String cannot fail.
            let _ = write!(
                body,
                "<dt><code>{}</code></dt><dd>{}</dd>",
                extension.name,
                escape(extension.help)
            );
        }
        body.push_str("</dl>");
    }
    body.push_str("<p><a href=\"/problems\">All problems</a></p>");
    body
}

fn html(title: &str, body: &str) -> Response {
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title></head><body>{body}</body></html>",
        escape(title)
    );
    axum::response::Html(page).into_response()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Form {
    Json,
    Html,
}

fn form(headers: &HeaderMap) -> Result<Form, Problem> {
    if !headers.contains_key(header::ACCEPT) {
        return Ok(Form::Json);
    }
    let (mut json, mut html) = (0.0_f32, 0.0_f32);
    let ranges = headers
        .get_all(header::ACCEPT)
        .into_iter()
        .filter_map(|v: &HeaderValue| v.to_str().ok());
    for range in ranges.flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let quality = parts
            .find_map(|parameter| parameter.strip_prefix("q="))
            .and_then(|q| q.parse::<f32>().ok())
            .unwrap_or(1.0);
        match name.as_str() {
            "*/*" => {
                json = json.max(quality);
                // A browser names HTML before its wildcard; a program's bare wildcard means JSON.
                html = html.max(quality * 0.999);
            }
            "text/html" | "text/*" | "application/xhtml+xml" => html = html.max(quality),
            "application/json" | "application/problem+json" | "application/*" => json = json.max(quality),
            _ => {}
        }
    }
    if json <= 0.0 && html <= 0.0 {
        return Err(
            Problem::new(&kinds::NOT_ACCEPTABLE).with_detail("This page exists as text/html and application/json.")
        );
    }
    Ok(if html > json { Form::Html } else { Form::Json })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(accept: &str) -> Option<Form> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_str(accept).unwrap());
        form(&headers).ok()
    }

    #[test]
    fn browsers_get_html_and_programs_get_json() {
        assert_eq!(form(&HeaderMap::new()).ok(), Some(Form::Json));
        assert_eq!(chosen("*/*"), Some(Form::Json));
        assert_eq!(chosen("application/json"), Some(Form::Json));
        assert_eq!(chosen("application/problem+json"), Some(Form::Json));
        assert_eq!(
            chosen("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
            Some(Form::Html)
        );
        assert_eq!(chosen("text/html;q=0.3, application/json"), Some(Form::Json));
        assert_eq!(chosen("image/png"), None);
        assert_eq!(chosen("text/html;q=0"), None);
    }

    #[test]
    fn every_kind_has_a_page() {
        static CATALOG: Catalog = Catalog::new(&[kinds::TABLE]);
        for kind in CATALOG.kinds() {
            assert!(page(&CATALOG, kind.code, &HeaderMap::new()).is_ok());
        }
        assert_eq!(page(&CATALOG, "nonsense", &HeaderMap::new()).unwrap_err().status(), 404);
    }
}
