//! Cross-origin requests (CORS): pages of listed origins may call this server from a browser.

use std::str::FromStr;
use std::time::Duration;

use axum::http::header::{
    AUTHORIZATION, CONTENT_DISPOSITION, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION, RANGE, RETRY_AFTER,
};
use axum::http::{HeaderName, HeaderValue, Method};
use reqwest::Url;
use tower_http::cors::CorsLayer;

/// How long a browser caches the permission.
const CACHE_TIME: Duration = Duration::from_hours(1);

/// The text is not an origin.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an origin such as https://example.org or http://localhost:3000")]
pub struct OriginError;

/// An origin: scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(HeaderValue);

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let url = Url::parse(text).map_err(|_| OriginError)?;
        let origin = url.origin().ascii_serialization();
        // Browsers write an origin in exactly this form.
        let same = matches!(url.scheme(), "http" | "https") && origin == text;
        if same { HeaderValue::from_str(text).map(Self).map_err(|_| OriginError) } else { Err(OriginError) }
    }
}

impl Origin {
    /// Whether a header `Origin` has this value.
    pub fn is_header(&self, value: &HeaderValue) -> bool {
        self.0 == *value
    }
}

/// Builds the layer that lets pages of these origins call the server.
pub fn build_cors_layer(origins: &[Origin]) -> CorsLayer {
    let own = HeaderName::from_static;
    CorsLayer::new()
        .allow_origin(origins.iter().map(|origin| origin.0.clone()).collect::<Vec<_>>())
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers([
            AUTHORIZATION,
            CONTENT_TYPE,
            IF_NONE_MATCH,
            RANGE,
            own("idempotency-key"),
            own("last-event-id"),
            own("prefer"),
        ])
        .expose_headers([
            CONTENT_DISPOSITION,
            ETAG,
            LOCATION,
            RETRY_AFTER,
            own("repr-digest"),
            own("x-request-id"),
        ])
        .max_age(CACHE_TIME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        for right in ["https://example.org", "http://localhost:3000"] {
            assert!(right.parse::<Origin>().is_ok(), "{right}");
        }
        for wrong in
            ["*", "null", "example.org", "https://example.org/", "https://example.org:443", "file:///a"]
        {
            assert!(wrong.parse::<Origin>().is_err(), "{wrong}");
        }
    }
}
