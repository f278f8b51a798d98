//! The description of the interface, made from the code that answers, at `/openapi.json`, and a
//! page to read it at `/docs`.

use std::sync::Arc;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::middleware::map_response;
use axum::response::Response;
use utoipa::openapi::OpenApi as Description;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::answers::KindName;
use super::asked::{GroupByName, SeasonName};
use super::list::ListedStatus;
use super::responses::ProblemBody;
use super::{
    App, dataset, delete, download, events, health, list, metrics, pictures, status, submit, summary,
};

/// As strict as the page's, but for styles and pictures that Swagger UI makes itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "trapline",
        description = "Reports and archives from camera-trap detections, as jobs whose status can be trusted.\n\n\
                       An export is submitted (202, with the address of its status in `Location`), worked on, and \
                       downloaded. Its status can be asked for, waited for (`Prefer: wait=60`), or listened to \
                       (Server-Sent Events); its end can be told to an address (`callback_url`). Errors are \
                       `application/problem+json` (RFC 9457) and name each field that is wrong.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    tags(
        (name = "Data", description = "What there is to be exported"),
        (name = "Exports", description = "Submitting, following and deleting exports"),
        (name = "Files", description = "What exports made"),
        (name = "Service", description = "For those who run it")
    ),
    modifiers(&Tokens),
    // Those that only parameters and links name.
    components(schemas(ProblemBody, ListedStatus, KindName, SeasonName, GroupByName))
)]
struct ApiDoc;

/// A server that has been given tokens asks for one of them.
struct Tokens;

impl Modify for Tokens {
    fn modify(&self, description: &mut Description) {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("trapline_…").build();
        let components = description.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(bearer));
        // Not every server does.
        let nothing = SecurityRequirement::default();
        description.security = Some(vec![nothing, SecurityRequirement::new("token", Vec::<String>::new())]);
    }
}

/// The calls that are described, each with what answers it.
pub fn described() -> OpenApiRouter<App> {
    let service = OpenApiRouter::new().routes(routes!(health::alive)).routes(routes!(health::ready));
    api().merge(service)
}

/// Those that need a token, where there are tokens.
fn api() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(ApiDoc::openapi())
        .routes(routes!(summary::known))
        .routes(routes!(dataset::overview))
        .routes(routes!(summary::summary))
        .routes(routes!(submit::pdf))
        .routes(routes!(submit::zip))
        .routes(routes!(list::jobs))
        .routes(routes!(status::pdf))
        .routes(routes!(status::zip))
        .routes(routes!(status::any, delete::job))
        .routes(routes!(events::of_all))
        .routes(routes!(events::of_one))
        .routes(routes!(pictures::list))
        .routes(routes!(pictures::one))
        .routes(routes!(download::file))
        .routes(routes!(metrics::show))
}

/// `/openapi.json` and `/docs`, which needs no other host.
pub fn docs<S: Clone + Send + Sync + 'static>(description: Description) -> Router<S> {
    let config = Config::new(["/openapi.json"])
        .use_base_layout()
        .display_request_duration(true)
        .default_models_expand_depth(0)
        // Its checks of descriptions are made by another host.
        .validator_url("none");
    let description = Arc::new(description);
    let json = axum::routing::get(async move || axum::Json((*description).clone()));
    Router::from(SwaggerUi::new("/docs").config(config))
        .route("/openapi.json", json)
        .layer(map_response(guarded))
}

async fn guarded(mut response: Response) -> Response {
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");

    /// Whoever changes the interface sees it in the change, and so does who reviews it.
    #[test]
    fn the_description_in_the_repository_is_of_this_code() {
        let (_, description) = described().split_for_parts();
        let text = description.to_pretty_json().unwrap() + "\n";
        if std::env::var_os("UPDATE_OPENAPI").is_some() {
            std::fs::write(FILE, &text).unwrap();
        }
        let kept = std::fs::read_to_string(FILE).unwrap_or_default();
        assert!(
            kept == text,
            "docs/openapi.json is not of this code: UPDATE_OPENAPI=1 scripts/test description"
        );
    }

    #[test]
    fn each_call_and_each_error_has_an_example() {
        let (_, description) = described().split_for_parts();
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
