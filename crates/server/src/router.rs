//! The routes of the interface, and the checks that every request passes.

use std::sync::Arc;

use axum::Router;
use axum::http::{Method, Uri};
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get};

use crate::app::{App, SharedApp};
use crate::endpoints::delete::delete_by_id;
use crate::endpoints::{openapi, page};
use crate::representation::problem::{Problem, shorten};
use crate::transport::handle_request::{RequestHandling, handle_request};

/// Builds the routes of the interface, with what is done for every request.
pub fn router(app: App) -> Router {
    let (described, description) = openapi::described_routes().split_for_parts();
    let handling = Arc::new(RequestHandling::new(&app.config));
    described
        .merge(ambiguous_routes())
        .route("/", get(page::get_index))
        .route("/page/{name}", get(page::get_asset))
        .merge(openapi::docs_routes(description))
        .fallback(async |uri: Uri| Problem::not_found(format!("There is nothing at {}", shorten(uri.path()))))
        .method_not_allowed_fallback(async |method: Method, uri: Uri| {
            let (path, method) = (shorten(uri.path()), shorten(method.as_str()));
            Problem::new(405, format!("{path} does not support {method}"))
        })
        .layer(from_fn_with_state(handling, handle_request))
        .with_state(SharedApp::new(app))
}

/// Deletes jobs whose ids are also parts of addresses, such as `pdf`. Other programs may have made jobs with
/// such ids.
fn ambiguous_routes() -> Router<SharedApp> {
    ["events", "pdf", "zip"].into_iter().fold(Router::new(), |routes, id| {
        let handler = move |viewer| delete_by_id(id, viewer);
        routes.route(&format!("/api/exports/{id}"), delete(handler))
    })
}
