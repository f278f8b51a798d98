//! What can go wrong between a client and its server.

use std::path::PathBuf;

use reqwest::{StatusCode, Url};
use serde_json::Value;

use super::printable;
use crate::fetch::guard::last_cause;

/// Why a call has no result.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The client cannot be set up.
    #[error("cannot speak to a server: {0}")]
    Setup(String),
    /// The server does not answer. It may later.
    #[error(
        "{server} does not answer ({why}); is it running, and is that its address? --server sets another"
    )]
    Unreachable { server: Url, why: String },
    /// The server refuses, and says why.
    #[error("{}", told(*status, detail, errors))]
    Refused {
        status: StatusCode,
        detail: String,
        /// What is wrong with which field, when that is more than `detail` says.
        errors: Vec<(String, String)>,
    },
    /// What answers is no server of ours.
    #[error("what answers at {0} is no trapline server; --server sets another address")]
    NotOurs(Url),
    /// The job was deleted or has expired.
    #[error("the export was deleted or has expired")]
    Gone,
    /// What arrived is not what was sent.
    #[error("the file was damaged on its way ({0}); try again")]
    Damaged(String),
    /// A file of its name is there, and nobody said that it may be replaced.
    #[error("{} is there already; -o FILE says where the download goes, and replaces what is there", .0.display())]
    Exists(PathBuf),
    /// The file cannot be written.
    #[error("{0}: {1}")]
    Disk(String, std::io::Error),
}

impl ClientError {
    pub(super) fn unreachable(server: &Url, error: &reqwest::Error) -> Self {
        Self::Unreachable { server: server.clone(), why: printable(&last_cause(error).to_string()) }
    }

    pub(super) fn refused(server: &Url, status: StatusCode, body: &Value) -> Self {
        let Some(detail) = body["detail"].as_str() else {
            // A proxy in front of ours, perhaps, or anything else.
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

    /// Whether the same call may succeed in a moment.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused { status, .. } => matches!(status.as_u16(), 429 | 502..=504),
            _ => false,
        }
    }

    /// Whether the call itself is wrong: another time it would be as well.
    pub fn is_input(&self) -> bool {
        match self {
            Self::Refused { status, .. } => status.is_client_error() && !self.may_pass(),
            Self::NotOurs(_) | Self::Exists(_) => true,
            _ => false,
        }
    }
}

fn told(status: StatusCode, detail: &str, errors: &[(String, String)]) -> String {
    let hint = match status.as_u16() {
        401 | 403 => "; --token or --token-file says who you are",
        _ => "",
    };
    match errors {
        [] => format!("{detail}{hint}"),
        [(field, _)] => format!("{field}: {detail}{hint}"),
        many => many.iter().map(|(field, detail)| format!("\n  {field}: {detail}")).collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(status: u16, body: &Value) -> ClientError {
        let server = Url::parse("http://localhost:8080/").unwrap();
        ClientError::refused(&server, StatusCode::from_u16(status).unwrap(), body)
    }

    #[test]
    fn everything_that_is_wrong_is_told_with_its_field() {
        let one = json!({"detail": "a is missing", "errors": [{"field": "a", "detail": "a is missing"}]});
        assert_eq!(refused(422, &one).to_string(), "a: a is missing");
        let two = json!({"detail": "a is missing", "errors": [
            {"field": "a", "detail": "a is missing"}, {"field": "b", "detail": "b must be a text"}]});
        assert_eq!(refused(422, &two).to_string(), "\n  a: a is missing\n  b: b must be a text");
        assert!(refused(401, &json!({"detail": "who are you"})).to_string().contains("--token"));
    }

    #[test]
    fn nothing_that_a_server_says_reaches_a_terminal_as_a_command() {
        let evil = json!({"detail": "\u{1b}[2J", "errors": [
            {"field": "\u{1b}]0;x\u{7}", "detail": "\u{9b}2J"}, {"field": "b", "detail": "c"}]});
        for body in [&evil, &json!({"detail": "\u{1b}[2J"})] {
            let shown = refused(422, body).to_string().replace('\n', "");
            assert!(!shown.chars().any(char::is_control), "{shown:?}");
        }
    }

    #[test]
    fn what_passes_is_told_from_what_does_not() {
        let problem = json!({"detail": "x"});
        assert!(refused(503, &problem).may_pass() && refused(502, &Value::Null).may_pass());
        assert!(!refused(404, &problem).may_pass() && refused(404, &problem).is_input());
        assert!(!refused(500, &problem).may_pass() && !refused(500, &problem).is_input());
        assert!(matches!(refused(404, &Value::Null), ClientError::NotOurs(_)));
    }
}
