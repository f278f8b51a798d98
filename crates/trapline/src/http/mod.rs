//! The HTTP interface.

mod answers;
mod archive_request;
mod asked;
mod blocking;
mod body;
mod bounded_json;
mod connections;
mod dataset;
mod delete;
mod download;
mod events;
mod eyes;
mod feed;
mod front;
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
mod report_period;
mod report_request;
mod request_checks;
mod request_id;
mod responses;
mod rules;
mod status;
mod submit;
mod summary;
mod timed_stream;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef, Request, State};
use axum::http::header::{HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use axum::http::{HeaderValue, Method, Uri};
use axum::middleware::{Next, from_fn, from_fn_with_state, map_request, map_response};
use axum::response::Response;
use axum::routing::{delete, get};
use jobs::JobStore;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, RequestId, SetRequestIdLayer};
use tower_http::trace::TraceLayer;

use crate::access::Access;
use crate::artifacts::Artifacts;
use crate::datasets::Datasets;
use crate::metrics::{count, method_label};
use crate::templates::Templates;
use crate::webhook::Webhooks;

use problem::shorten;

pub use connections::{ConnectionLimits, serve};
pub use feed::Feed;
pub use front::Front;
pub use host::{AllowedHosts, HostName};
pub use list::told;
pub use origins::Origin;
pub use problem::{FieldError, Problem};
pub use request_checks::{RequestChecks, check_request};

/// Ten thousand ids of 128 characters, and room for the rest of a request.
const MAX_BODY: usize = 4 << 20;

/// What requests are answered from.
#[derive(Clone)]
pub struct App {
    pub store: Arc<dyn JobStore>,
    pub artifacts: Artifacts,
    pub datasets: Datasets,
    pub templates: Templates,
    pub feed: Feed,
    pub front: Front,
}

impl FromRef<App> for Feed {
    fn from_ref(app: &App) -> Self {
        app.feed.clone()
    }
}

impl FromRef<App> for Front {
    fn from_ref(app: &App) -> Self {
        app.front.clone()
    }
}

impl FromRef<App> for Access {
    fn from_ref(app: &App) -> Self {
        app.front.access.clone()
    }
}

impl FromRef<App> for Webhooks {
    fn from_ref(app: &App) -> Self {
        app.front.webhooks.clone()
    }
}

impl FromRef<App> for Arc<dyn JobStore> {
    fn from_ref(app: &App) -> Self {
        Arc::clone(&app.store)
    }
}

impl FromRef<App> for Artifacts {
    fn from_ref(app: &App) -> Self {
        app.artifacts.clone()
    }
}

impl FromRef<App> for Datasets {
    fn from_ref(app: &App) -> Self {
        app.datasets.clone()
    }
}

impl FromRef<App> for Templates {
    fn from_ref(app: &App) -> Self {
        app.templates.clone()
    }
}

/// All routes.
pub fn router(app: App) -> Router {
    let (described, description) = openapi::described().split_for_parts();
    let access = app.front.access.clone();
    let hosts =
        if access.is_open() { AllowedHosts::Local(app.front.hosts.clone()) } else { AllowedHosts::Any };
    let checks = Arc::new(RequestChecks { hosts, origins: app.front.origins.clone() });
    described
        .merge(named_like_jobs())
        .route("/", get(page::index))
        .route("/page/{name}", get(page::asset))
        .merge(openapi::docs(description))
        .fallback(async |uri: Uri| Problem::not_found(format!("There is nothing at {}", shorten(uri.path()))))
        .method_not_allowed_fallback(async |method: Method, uri: Uri| {
            let (path, method) = (shorten(uri.path()), shorten(method.as_str()));
            Problem::new(405, format!("{path} takes no {method}"))
        })
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn_with_state(access, authenticate))
        .layer(CatchPanicLayer::custom(problem::after_a_panic))
        .layer(origins::allowed(&app.front.origins))
        .layer(from_fn_with_state(checks, check_request))
        .layer(from_fn(count))
        .layer(map_response(guarded))
        // So that an answer, a line of the log and what a person tells of can be brought together.
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(map_request(request_id::remove_bad_id))
        .with_state(app)
}

/// Finds out who asks for anything under `/api` or for metrics, before it is told whether there is
/// such a thing. The rest is for everybody.
async fn authenticate(access: State<Access>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if path == "/metrics" || path == "/api" || path.starts_with("/api/") {
        eyes::known(access, request, next).await
    } else {
        next.run(request).await
    }
}

/// What the log tells of a request. Not its query, which may hold what makes a link good.
fn span(request: &Request) -> tracing::Span {
    let id = request.extensions().get::<RequestId>().and_then(|id| id.header_value().to_str().ok());
    let (method, path) = (method_label(request.method()), shorten(request.uri().path()));
    tracing::info_span!("request", %method, path, request_id = id.unwrap_or_default())
}

/// What a browser is told of everything: it is what it says, is framed by nobody else, and where it
/// was is nobody’s business.
async fn guarded(mut response: Response) -> Response {
    const TOLD: [(HeaderName, &str); 3] = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "SAMEORIGIN"),
        (REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in TOLD {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Another program may have called its job “pdf”, which is part of an address here.
fn named_like_jobs() -> Router<App> {
    Router::new()
        .route(
            "/api/exports/events",
            delete(async |eyes, files| delete::job_named("events", eyes, files).await),
        )
        .route("/api/exports/pdf", delete(async |eyes, files| delete::job_named("pdf", eyes, files).await))
        .route("/api/exports/zip", delete(async |eyes, files| delete::job_named("zip", eyes, files).await))
}

/// Reads and checks a body as a request for a report and as one for an archive, as the two calls that
/// submit them do: each export with the number of detections that it goes through.
#[cfg(any(test, feature = "fuzzing"))]
pub fn read_requests(
    bytes: &[u8],
    datasets: &Datasets,
    templates: &Templates,
    today: jiff::civil::Date,
) -> [Result<(crate::export::Export, Option<u64>), Problem>; 2] {
    let report = body::Fields::read(bytes, &report_request::FIELDS)
        .and_then(|fields| report_request::export(fields, datasets, templates, today));
    let archive = body::Fields::read(bytes, &archive_request::FIELDS)
        .and_then(|fields| archive_request::export(fields, datasets));
    [report.map(|export| (export, None)), archive.map(|(export, total)| (export, Some(total)))]
}
