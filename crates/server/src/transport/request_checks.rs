//! Checks before any handler runs: a request must be for this server, and a request that changes something
//! must not come from a page of another site.
//!
//! On a server without tokens every client may do everything. A browser sends a POST of plain text for any
//! page that its user visits, without asking the server first. The page cannot change the headers `Origin`
//! and `Sec-Fetch-Site` of such a request. Other programs send neither.

use axum::extract::Request;
use axum::http::header::ORIGIN;
use axum::http::{HeaderMap, HeaderValue, Method};

use crate::representation::problem::{Problem, shorten};
use crate::transport::host::{AllowedHosts, Host};
use crate::transport::origins::Origin;

/// The settings of the checks.
#[derive(Clone, Debug)]
pub struct RequestChecks {
    pub hosts: AllowedHosts,
    /// Origins whose pages may change things.
    pub origins: Vec<Origin>,
}

impl RequestChecks {
    /// Checks a request; the error is the answer to one that fails.
    pub fn check(&self, request: &Request) -> Result<(), Problem> {
        let host = Host::from_request(request.uri(), request.headers())?;
        self.hosts.check(&host)?;
        if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
            return Ok(());
        }
        self.check_site(&host, request.headers())
    }

    /// 403 for a request from another site whose origin is not listed.
    fn check_site(&self, host: &Host, headers: &HeaderMap) -> Result<(), Problem> {
        let is_listed = |origin: &HeaderValue| self.origins.iter().any(|listed| listed.is_header(origin));
        let mut origins = headers.get_all(ORIGIN).iter();
        if let Some(other) = origins.find(|origin| !is_listed(origin) && !host.is_origin(origin)) {
            return Err(build_site_problem("Origin", other));
        }
        if headers.get_all(ORIGIN).iter().any(is_listed) {
            return Ok(());
        }
        let mut sites = headers.get_all("sec-fetch-site").iter();
        match sites.find(|site| !matches!(site.as_bytes(), b"same-origin" | b"none")) {
            Some(site) => Err(build_site_problem("Sec-Fetch-Site", site)),
            None => Ok(()),
        }
    }
}

fn build_site_problem(header: &str, value: &HeaderValue) -> Problem {
    let value = String::from_utf8_lossy(value.as_bytes());
    let detail = format!(
        "The request comes from a page of another site ({header}: {}), which may not change anything here; list \
         the origin of the page with --cors-origin, or configure the proxy in front of the server to keep Host",
        shorten(&value)
    );
    Problem::new(403, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_refused(headers: &[(&'static str, &str)]) -> bool {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let origins = vec!["https://listed.example".parse().unwrap()];
        let checks = RequestChecks { hosts: AllowedHosts::Any, origins };
        checks.check_site(&"127.0.0.1:8080".parse().unwrap(), &headers.collect()).is_err()
    }

    #[test]
    fn a_page_of_another_site_is_recognized_by_headers_of_the_browser() {
        let (own, other) = (("origin", "http://127.0.0.1:8080"), ("origin", "https://evil.example"));
        let listed = ("origin", "https://listed.example");
        let site = |site: &'static str| ("sec-fetch-site", site);
        for allowed in [
            &[][..],
            &[own],
            &[own, site("same-origin")],
            &[site("same-origin")],
            &[site("none")],
            &[listed],
            &[listed, site("cross-site")],
            &[listed, site("same-site")],
        ] {
            assert!(!is_refused(allowed), "{allowed:?}");
        }
        for refused in [
            &[other][..],
            &[("origin", "null")],
            &[("origin", "http://localhost:8080")],
            &[other, site("same-origin")],
            &[own, site("same-site")],
            &[site("cross-site")],
            &[site("same-site")],
        ] {
            assert!(is_refused(refused), "{refused:?}");
        }
    }

    #[test]
    fn two_origins_are_both_checked() {
        let mut headers = HeaderMap::new();
        headers.append(ORIGIN, HeaderValue::from_static("https://listed.example"));
        headers.append(ORIGIN, HeaderValue::from_static("https://evil.example"));
        let origins = vec!["https://listed.example".parse().unwrap()];
        let checks = RequestChecks { hosts: AllowedHosts::Any, origins };
        assert!(checks.check_site(&"a".parse().unwrap(), &headers).is_err());
    }
}
