//! The routes of the interface, and the checks that every request passes.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::header::{HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use axum::http::{HeaderValue, Method, Uri};
use axum::middleware::{from_fn, from_fn_with_state, map_request, map_response};
use axum::response::Response;
use axum::routing::{delete, get};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, RequestId, SetRequestIdLayer};
use tower_http::trace::TraceLayer;

use crate::access::authenticate::authenticate;
use crate::app::App;
use crate::endpoints::delete::delete_by_id;
use crate::endpoints::{openapi, page};
use crate::representation::problem::{Problem, answer_panic, shorten};
use crate::requests::MAX_BODY;
use crate::transport::count_requests::{count_request, method_label};
use crate::transport::host::AllowedHosts;
use crate::transport::origins::build_cors_layer;
use crate::transport::request_checks::{RequestChecks, check_request};
use crate::transport::request_id::remove_bad_id;

/// Builds the routes of the interface, with the checks that every request passes.
pub fn router(app: App) -> Router {
    let (described, description) = openapi::described_routes().split_for_parts();
    let access = app.config.access.clone();
    let hosts =
        if access.is_open() { AllowedHosts::Local(app.config.hosts.clone()) } else { AllowedHosts::Any };
    let checks = Arc::new(RequestChecks { hosts, origins: app.config.origins.clone() });
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
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn_with_state(access, authenticate))
        .layer(CatchPanicLayer::custom(answer_panic))
        .layer(build_cors_layer(&app.config.origins))
        .layer(from_fn_with_state(checks, check_request))
        .layer(from_fn(count_request))
        .layer(map_response(add_security_headers))
        // Answers and log lines carry the id, so that an operator finds the lines of a reported request.
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(TraceLayer::new_for_http().make_span_with(make_span))
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(map_request(remove_bad_id))
        .with_state(app)
}

/// The fields of a request in the log. The query is left out, since it may be the signature of a link.
fn make_span(request: &Request) -> tracing::Span {
    let id = request.extensions().get::<RequestId>().and_then(|id| id.header_value().to_str().ok());
    let (method, path) = (method_label(request.method()), shorten(request.uri().path()));
    tracing::info_span!("request", %method, path, request_id = id.unwrap_or_default())
}

/// Adds headers that make browsers respect the media type, refuse to show an answer in frames of other sites,
/// and send no referrer.
async fn add_security_headers(mut response: Response) -> Response {
    const HEADERS: [(HeaderName, &str); 3] = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "SAMEORIGIN"),
        (REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Deletes jobs whose ids are also parts of addresses, such as `pdf`. Other programs may have made jobs with
/// such ids.
fn ambiguous_routes() -> Router<App> {
    ["events", "pdf", "zip"].into_iter().fold(Router::new(), |routes, id| {
        let handler = move |viewer| delete_by_id(id, viewer);
        routes.route(&format!("/api/exports/{id}"), delete(handler))
    })
}
