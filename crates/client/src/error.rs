//! Errors of a client.

use std::error::Error;
use std::path::PathBuf;

use reqwest::{StatusCode, Url};
use serde_json::Value;

use crate::printable;

/// Why a request has no result.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The client cannot be set up.
    #[error("the client cannot be set up: {0}")]
    Setup(String),
    /// The server does not answer. It may later.
    #[error(
        "{server} does not answer ({why}); check that the server runs, or give another address with --server"
    )]
    Unreachable {
        /// The address that was called.
        server: Url,
        /// What happened instead of an answer.
        why: String,
    },
    /// The server refused the request and gave a reason.
    #[error("{}", format_refusal(*status, detail, errors))]
    Refused {
        /// The status of the answer.
        status: StatusCode,
        /// The reason in one sentence.
        detail: String,
        /// Fields with their errors.
        errors: Vec<(String, String)>,
    },
    /// What answers is no server of ours.
    #[error("{0} is no trapline server; give another address with --server")]
    NotOurs(Url),
    /// The job was deleted or has expired.
    #[error("the export was deleted or has expired")]
    Gone,
    /// What arrived is not what was sent.
    #[error("the file was damaged in transit ({0}); try again")]
    Damaged(String),
    /// A file of this name exists, and may not be replaced.
    #[error("{} exists already; choose a file with -o FILE, which replaces it", .0.display())]
    Exists(PathBuf),
    /// The file cannot be written.
    #[error("{0}: {1}")]
    Disk(String, std::io::Error),
}

impl ClientError {
    pub(super) fn unreachable(server: &Url, error: &reqwest::Error) -> Self {
        Self::Unreachable { server: server.clone(), why: printable(&find_cause(error)) }
    }

    pub(super) fn parse_refusal(server: &Url, status: StatusCode, body: &Value) -> Self {
        let Some(detail) = body["detail"].as_str() else {
            // The answer comes from a proxy or from another program.
            return if status.is_server_error() {
                Self::Unreachable { server: server.clone(), why: status.to_string() }
            } else {
                Self::NotOurs(server.clone())
            };
        };
        let text = |value: &Value| printable(value.as_str().unwrap_or_default());
        let errors = body["errors"].as_array().into_iter().flatten();
        let errors = errors.map(|error| (text(&error["field"]), text(&error["detail"]))).collect();
        Self::Refused { status, detail: printable(detail), errors }
    }

    /// Whether the same request may succeed in a moment.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused { status, .. } => matches!(status.as_u16(), 429 | 502..=504),
            _ => false,
        }
    }

    /// Whether the request itself is wrong, so that repeating it cannot help.
    pub fn is_input(&self) -> bool {
        match self {
            Self::Refused { status, .. } => status.is_client_error() && !self.is_temporary(),
            Self::NotOurs(_) | Self::Exists(_) => true,
            _ => false,
        }
    }
}

fn format_refusal(status: StatusCode, detail: &str, errors: &[(String, String)]) -> String {
    let hint = match status.as_u16() {
        401 | 403 => "; --token or --token-file says who you are",
        _ => "",
    };
    match errors {
        [] => format!("{detail}{hint}"),
        [(field, detail)] => format!("{}{hint}", name_field(field, detail)),
        several => {
            several.iter().map(|(field, detail)| format!("\n  {}", name_field(field, detail))).collect()
        }
    }
}

/// An error with the name of its field, which most errors have already.
fn name_field(field: &str, detail: &str) -> String {
    if detail.starts_with(field) || detail.contains(&format!("“{field}”")) {
        detail.into()
    } else {
        format!("{field}: {detail}")
    }
}

/// The message of the innermost error, which says what went wrong; those around it only say where.
fn find_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse_refusal(status: u16, body: &Value) -> ClientError {
        let server = Url::parse("http://localhost:8080/").unwrap();
        ClientError::parse_refusal(&server, StatusCode::from_u16(status).unwrap(), body)
    }

    #[test]
    fn each_error_is_shown_with_its_field() {
        let one = json!({"detail": "a is missing", "errors": [{"field": "a", "detail": "a is missing"}]});
        assert_eq!(parse_refusal(422, &one).to_string(), "a is missing");
        let two = json!({"detail": "a is missing", "errors": [
            {"field": "a", "detail": "a is missing"}, {"field": "b", "detail": "b must be a text"}]});
        assert_eq!(parse_refusal(422, &two).to_string(), "\n  a is missing\n  b must be a text");
        assert!(parse_refusal(401, &json!({"detail": "who are you"})).to_string().contains("--token"));
    }

    #[test]
    fn texts_of_a_server_cannot_control_a_terminal() {
        let evil = json!({"detail": "\u{1b}[2J", "errors": [
            {"field": "\u{1b}]0;x\u{7}", "detail": "\u{9b}2J"}, {"field": "b", "detail": "c"}]});
        for body in [&evil, &json!({"detail": "\u{1b}[2J"})] {
            let shown = parse_refusal(422, body).to_string().replace('\n', "");
            assert!(!shown.chars().any(char::is_control), "{shown:?}");
        }
    }

    #[test]
    fn temporary_errors_are_recognized() {
        let problem = json!({"detail": "x"});
        assert!(parse_refusal(503, &problem).is_temporary());
        assert!(parse_refusal(502, &Value::Null).is_temporary());
        assert!(!parse_refusal(404, &problem).is_temporary() && parse_refusal(404, &problem).is_input());
        assert!(!parse_refusal(500, &problem).is_temporary() && !parse_refusal(500, &problem).is_input());
        assert!(matches!(parse_refusal(404, &Value::Null), ClientError::NotOurs(_)));
    }
}
