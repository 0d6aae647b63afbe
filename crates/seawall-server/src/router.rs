//! All routes, in one table.

use axum::routing::get;
use axum::{Extension, Router};
use bytes::Bytes;
use seawall_guard::authenticate::Identity;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::handlers::{
    api_keys, approvals, audit, auth, docs, health, queues, runs, schedules, tasks, telemetry, users, workflows,
};
use crate::identity::Principal;
use crate::openapi::{ApiDoc, OpenApiText, complete};
use crate::stack::{guarded, guarded_in_process, guarded_metrics};
use crate::state::AppState;

/// The whole service without a socket: routes, guards, documentation.
pub fn router(state: &AppState) -> Router {
    guarded(described(state), state)
}

/// The same for the process that opened the store itself: everything is done as [`Principal::local`], whatever credentials
/// a request has. Never to be put behind a socket.
pub fn local_router(state: &AppState) -> Router {
    let local = Identity::Known(Principal::local());
    guarded_in_process(described(state).layer(Extension(local)), state)
}

fn described(state: &AppState) -> Router {
    let (routes, mut description) = routes().split_for_parts();
    complete(&mut description);
    for template in description.paths.paths.keys() {
        state.telemetry().know_route(template);
    }
    routes
        .layer(Extension(OpenApiText::of(&description)))
        .with_state(state.clone())
}

/// What `METRICS_PORT` answers.
pub(crate) fn metrics_router(state: &AppState) -> Router {
    let routes = Router::new().route("/metrics", get(telemetry::metrics::unguarded_metrics));
    guarded_metrics(routes.with_state(state.clone()), state)
}

/// The API's description, as `/openapi.json` answers it.
#[must_use]
pub fn openapi_json() -> Bytes {
    let (_, mut description) = routes().split_for_parts();
    complete(&mut description);
    OpenApiText::of(&description).0
}

fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(ApiDoc::openapi())
        // Health and readiness
        .routes(routes!(health::live::live))
        .routes(routes!(health::ready::ready))
        .routes(routes!(health::ready::health_ready))
        .routes(routes!(health::api::api_health))
        // Telemetry
        .routes(routes!(telemetry::metrics::metrics))
        .routes(routes!(telemetry::stats::stats))
        .routes(routes!(telemetry::force_error::force_error))
        // Documentation
        .routes(routes!(docs::openapi::openapi))
        .routes(routes!(docs::ui::ui))
        .route("/docs/", get(docs::ui::ui))
        .route("/docs/{file}", get(docs::ui::asset))
        .routes(routes!(docs::problems::list))
        .routes(routes!(docs::problems::one))
        .routes(routes!(docs::schema::workflow_schema))
        // Workflows
        .routes(routes!(workflows::list::list, workflows::create::create))
        .routes(routes!(workflows::validate::validate))
        .routes(routes!(
            workflows::get::get,
            workflows::update::update,
            workflows::delete::delete
        ))
        .routes(routes!(workflows::versions::versions))
        .routes(routes!(workflows::flow::flow))
        // Runs
        .routes(routes!(runs::create::create))
        .routes(routes!(runs::create_inline::create_inline))
        .routes(routes!(runs::list::list))
        .routes(routes!(runs::bulk::cancel))
        .routes(routes!(runs::bulk::retry))
        .routes(routes!(runs::get::get, runs::delete::delete))
        .routes(routes!(runs::events::events))
        .routes(routes!(runs::ticket::ticket))
        .routes(routes!(runs::journal::journal))
        .routes(routes!(runs::export::export))
        .routes(routes!(runs::why::why))
        .routes(routes!(runs::control::cancel))
        .routes(routes!(runs::control::pause))
        .routes(routes!(runs::control::resume))
        .routes(routes!(runs::control::retry))
        .routes(routes!(runs::fork::fork))
        .routes(routes!(runs::signal::signal))
        .routes(routes!(runs::step::step))
        .routes(routes!(runs::resolve::resolve))
        // Schedules
        .routes(routes!(schedules::list::list, schedules::create::create))
        .routes(routes!(
            schedules::get::get,
            schedules::update::update,
            schedules::delete::delete
        ))
        // Approvals
        .routes(routes!(approvals::list::list))
        .routes(routes!(approvals::decide::decide))
        // Tasks
        .routes(routes!(tasks::get::get))
        .routes(routes!(tasks::claim::claim))
        .routes(routes!(tasks::heartbeat::heartbeat))
        .routes(routes!(tasks::complete::complete))
        .routes(routes!(tasks::fail::fail))
        .routes(routes!(tasks::complete_many::complete_many))
        // Queues
        .routes(routes!(queues::list::list))
        .routes(routes!(queues::get::get, queues::set::set, queues::delete::delete))
        // Logins and tokens
        .routes(routes!(auth::login::login))
        .routes(routes!(auth::refresh::refresh))
        .routes(routes!(auth::token::token))
        .routes(routes!(auth::logout::logout))
        .routes(routes!(auth::me::me))
        // Users
        .routes(routes!(users::list::list, users::create::create))
        .routes(routes!(users::get::get, users::update::update, users::delete::delete))
        // API keys
        .routes(routes!(api_keys::list::list, api_keys::create::create))
        .routes(routes!(api_keys::get::get, api_keys::revoke::revoke))
        // Audit trail
        .routes(routes!(audit::list::list))
        .routes(routes!(audit::verify::verify))
}
