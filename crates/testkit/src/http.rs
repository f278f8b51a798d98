//! A client for servers on this machine.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, ClientBuilder};
use rustls::{ClientConfig, RootCertStore};

/// A client that gives up after `patience`, goes through no proxy, and trusts no certificate, so
/// that it needs none from the system.
///
/// # Panics
/// When the operating system gives it nothing to work with.
pub fn http_client(patience: Duration) -> Client {
    builder(patience).build().expect("a client")
}

/// The same, but it does not follow redirects.
///
/// # Panics
/// When the operating system gives it nothing to work with.
pub fn client_without_redirects(patience: Duration) -> Client {
    builder(patience).redirect(reqwest::redirect::Policy::none()).build().expect("a client")
}

fn builder(patience: Duration) -> ClientBuilder {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions that the provider has")
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    Client::builder().tls_backend_preconfigured(tls).timeout(patience).no_proxy()
}
