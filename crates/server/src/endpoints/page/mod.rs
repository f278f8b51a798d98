//! The page at `/`: files that are part of the program.
//!
//! A browser gets them as they are in the repository: no framework, no build step, and no request to another
//! host.

use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::representation::etag::{compute_etag, has_current};
use crate::representation::problem::Problem;
use crate::requests::path::Path;

/// Allows content from this server only, and frames for its own reports.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A file of the page.
struct Asset {
    name: &'static str,
    media_type: &'static str,
    text: &'static str,
}

macro_rules! assets {
    ($($name:literal $media_type:literal),* $(,)?) => {
        [$(Asset { name: $name, media_type: $media_type, text: include_str!($name) }),*]
    };
}

const HTML: &str = "text/html; charset=utf-8";

static INDEX: Asset = Asset { name: "index.html", media_type: HTML, text: include_str!("index.html") };
static ASSETS: [Asset; 8] = assets![
    "page.css" "text/css; charset=utf-8",
    "icon.svg" "image/svg+xml",
    "api.js" "text/javascript; charset=utf-8",
    "period.js" "text/javascript; charset=utf-8",
    "chart.js" "text/javascript; charset=utf-8",
    "forms.js" "text/javascript; charset=utf-8",
    "exports.js" "text/javascript; charset=utf-8",
    "page.js" "text/javascript; charset=utf-8",
];

/// The page.
pub async fn get_index(headers: HeaderMap) -> Response {
    INDEX.answer(&headers)
}

/// A file that the page is made of.
pub async fn get_asset(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    let found = ASSETS.iter().find(|asset| asset.name == name);
    let asset = found.ok_or_else(|| Problem::not_found(format!("There is nothing at /page/{name}")))?;
    Ok(asset.answer(&headers))
}

impl Asset {
    fn answer(&self, headers: &HeaderMap) -> Response {
        let etag = compute_etag(self.text);
        let mut response = if has_current(headers, &etag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            ([(CONTENT_TYPE, self.media_type)], self.text).into_response()
        };
        let values = [
            (ETAG, etag.as_str()),
            // Browsers revalidate each time, so that a new version of the program shows its own page.
            (CACHE_CONTROL, "no-cache"),
            (CONTENT_SECURITY_POLICY, POLICY),
        ];
        for (name, value) in values {
            response.headers_mut().insert(name, HeaderValue::from_str(value).expect("plain text"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_load_is_under_60_kilobytes() {
        let size: usize = ASSETS.iter().chain([&INDEX]).map(|asset| asset.text.len()).sum();
        assert!(size < 60_000, "{size} bytes");
    }

    #[test]
    fn nothing_is_asked_of_another_host() {
        for asset in ASSETS.iter().chain([&INDEX]) {
            let named = asset.text.replace("http://www.w3.org/", "");
            assert!(!named.contains("http://") && !named.contains("https://"), "{}", asset.name);
        }
    }
}
