//! The OpenAPI description at `/openapi.json`, generated from the handlers, and a page that shows it at
//! `/docs`.

use std::sync::Arc;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::middleware::map_response;
use axum::response::Response;
use report::{GroupBy, Season};
use utoipa::openapi::OpenApi as Description;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::{dataset, delete, download, events, health, list, metrics, pictures, status, submit, summary};
use crate::app::SharedApp;
use crate::representation::KindName;
use crate::representation::problem::ProblemBody;
use crate::requests::parameters::ListedStatus;

/// As strict as the policy of the page, except for styles and pictures that Swagger UI generates.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "trapline",
        description = "PDF reports and picture archives from camera-trap data.\n\n\
                       Submit an export (202, with the address of its status in `Location`), follow its status, and \
                       download the file. The status can be polled, awaited (`Prefer: wait=60`) or followed as a \
                       stream (Server-Sent Events), and a webhook can announce the end (`callback_url`). Errors are \
                       `application/problem+json` (RFC 9457) and name each field that is wrong.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    tags(
        (name = "Data", description = "Data sets and summaries"),
        (name = "Exports", description = "Submitting, following and deleting exports"),
        (name = "Files", description = "Finished files"),
        (name = "Service", description = "For operators")
    ),
    modifiers(&Tokens),
    // Schemas that only parameters refer to.
    components(schemas(ProblemBody, ListedStatus, KindName, Season, GroupBy))
)]
struct ApiDoc;

/// Describes the bearer tokens of servers that have any.
struct Tokens;

impl Modify for Tokens {
    fn modify(&self, description: &mut Description) {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("trapline_…").build();
        let components = description.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(bearer));
        // Servers without tokens need none.
        let none = SecurityRequirement::default();
        description.security = Some(vec![none, SecurityRequirement::new("token", Vec::<String>::new())]);
    }
}

/// The routes that the description covers. Those below `/api`, and the metrics, need a token on servers that
/// have tokens.
pub fn described_routes() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::with_openapi(ApiDoc::openapi())
        .routes(routes!(summary::list_datasets))
        .routes(routes!(dataset::describe_dataset))
        .routes(routes!(summary::summary))
        .routes(routes!(submit::submit_report))
        .routes(routes!(submit::submit_archive))
        .routes(routes!(list::list_exports))
        .routes(routes!(status::get_report_status))
        .routes(routes!(status::get_archive_status))
        .routes(routes!(status::get_status, delete::delete_export))
        .routes(routes!(events::follow_all))
        .routes(routes!(events::follow_job))
        .routes(routes!(pictures::list_pictures))
        .routes(routes!(pictures::get_picture))
        .routes(routes!(download::download))
        .routes(routes!(metrics::get_metrics))
        .routes(routes!(health::check_alive))
        .routes(routes!(health::check_ready))
}

/// `/openapi.json` and `/docs`, which loads nothing from other hosts.
pub fn docs_routes<S: Clone + Send + Sync + 'static>(description: Description) -> Router<S> {
    let config = Config::new(["/openapi.json"])
        .use_base_layout()
        .display_request_duration(true)
        .default_models_expand_depth(0)
        // The validator would send the description to another host.
        .validator_url("none");
    let description = Arc::new(description);
    let json = axum::routing::get(async move || axum::Json((*description).clone()));
    Router::from(SwaggerUi::new("/docs").config(config))
        .route("/openapi.json", json)
        .layer(map_response(add_policy))
}

async fn add_policy(mut response: Response) -> Response {
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");

    /// So a change of the interface is visible in the diff.
    #[test]
    fn the_description_in_the_repository_is_of_this_code() {
        let (_, description) = described_routes().split_for_parts();
        let text = description.to_pretty_json().unwrap() + "\n";
        if std::env::var_os("UPDATE_OPENAPI").is_some() {
            std::fs::write(FILE, &text).unwrap();
        }
        let kept = std::fs::read_to_string(FILE).unwrap_or_default();
        assert!(kept == text, "docs/openapi.json is out of date: UPDATE_OPENAPI=1 scripts/test description");
    }

    #[test]
    fn each_call_and_each_error_has_an_example() {
        let (_, description) = described_routes().split_for_parts();
        let description = serde_json::to_value(description).unwrap();
        for (path, calls) in description["paths"].as_object().unwrap() {
            for (method, call) in calls.as_object().unwrap() {
                for (code, response) in call["responses"].as_object().unwrap() {
                    for (media_type, content) in response["content"].as_object().into_iter().flatten() {
                        let shown = has_example(&description, content);
                        assert!(shown, "{method} {path} {code} {media_type}");
                    }
                }
                if let Some(body) = call.get("requestBody") {
                    assert!(
                        has_example(&description, &body["content"]["application/json"]),
                        "{method} {path}"
                    );
                }
            }
        }
    }

    fn has_example(description: &serde_json::Value, content: &serde_json::Value) -> bool {
        let shown =
            |value: &serde_json::Value| value.get("example").is_some() || value.get("examples").is_some();
        let schema = &content["schema"];
        let named =
            schema["$ref"].as_str().and_then(|name| description.pointer(name.trim_start_matches('#')));
        shown(content) || shown(schema) || named.is_some_and(shown)
    }
}
