//! The HTTP interface.

mod answers;
mod blocking;
mod bounded_json;
mod config;
mod connections;
mod dataset;
mod delete;
mod download;
mod etag;
mod events;
mod feed;
mod health;
mod host;
mod idempotency;
mod list;
mod metrics;
mod openapi;
mod origins;
mod page;
mod path;
mod pictures;
mod polling;
mod problem;
mod ranges;
mod read_request;
mod request_checks;
mod request_id;
mod responses;
mod status;
mod submit;
mod summary;
mod timed_stream;
mod viewer;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef, Request};
use axum::http::header::{HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use axum::http::{HeaderValue, Method, Uri};
use axum::middleware::{from_fn, from_fn_with_state, map_request, map_response};
use axum::response::Response;
use axum::routing::{delete, get};
use jobs::JobStore;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, RequestId, SetRequestIdLayer};
use tower_http::trace::TraceLayer;

use crate::access::Access;
use crate::artifacts::Artifacts;
use crate::datasets::Datasets;
use crate::metrics::{count_request, method_label};
use crate::templates::Templates;

use host::AllowedHosts;
use problem::shorten;
use request_checks::{RequestChecks, check_request};

pub use config::Config;
pub use connections::{ConnectionLimits, serve};
pub use feed::Feed;
pub use host::HostName;
pub use metrics::serve_metrics;
pub use origins::Origin;
pub use problem::Problem;

/// The longest body in bytes: enough for ten thousand ids of 128 characters and the rest of a request.
const MAX_BODY: usize = 4 << 20;

/// The state that all handlers share.
#[derive(Clone)]
pub struct App {
    pub store: Arc<dyn JobStore>,
    pub artifacts: Artifacts,
    pub datasets: Datasets,
    pub templates: Templates,
    pub feed: Feed,
    pub config: Config,
}

/// Lets handlers extract the parts of the state.
macro_rules! parts_of_app {
    ($($part:ty = $($field:ident).+;)*) => {
        $(
            impl FromRef<App> for $part {
                fn from_ref(app: &App) -> Self {
                    app.$($field).+.clone()
                }
            }
        )*
    };
}

parts_of_app! {
    Feed = feed;
    Config = config;
    Access = config.access;
    Arc<dyn JobStore> = store;
    Artifacts = artifacts;
    Datasets = datasets;
    Templates = templates;
}

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
        .layer(from_fn_with_state(access, viewer::authenticate))
        .layer(CatchPanicLayer::custom(problem::answer_panic))
        .layer(origins::build_cors_layer(&app.config.origins))
        .layer(from_fn_with_state(checks, check_request))
        .layer(from_fn(count_request))
        .layer(map_response(add_security_headers))
        // Answers and log lines carry the id, so that an operator finds the lines of a reported request.
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(TraceLayer::new_for_http().make_span_with(make_span))
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(map_request(request_id::remove_bad_id))
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
        let handler = move |viewer, artifacts| delete::delete_by_id(id, viewer, artifacts);
        routes.route(&format!("/api/exports/{id}"), delete(handler))
    })
}

#[cfg(any(test, feature = "fuzzing"))]
pub use read_request::{AcceptedRequest, RequestReader};
