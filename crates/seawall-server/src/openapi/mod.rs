//! The API's description (OpenAPI 3.1), from the code: utoipa writes operations and schemas down, [`complete`] adds to each
//! operation every rejection it can answer with, from the same table that makes the answers.

mod document;
mod rejections;
mod security;

pub(crate) use document::{ApiDoc, OpenApiText};
pub(crate) use rejections::complete;
