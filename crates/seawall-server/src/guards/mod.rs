//! Guards that are this server's own. Their order stands in `stack`.

mod access_log;
mod deadline;
mod host;
mod security_headers;

pub(crate) use access_log::access_log;
pub(crate) use deadline::limit_time;
pub(crate) use host::check_host;
pub(crate) use security_headers::{DOCS_POLICY, secure_headers};
