//! Connections to hosts that clients or data sets name: only to the public internet, unless private hosts are
//! allowed. Names are resolved here, and connections go to the addresses that were checked.

use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Url};

use super::address::is_public;

/// Builds a client that follows no redirects. `allows_private` allows hosts that are not on the public
/// internet. Fails if the operating system has no certificates.
pub fn build_client(allows_private: bool) -> Result<Client, reqwest::Error> {
    // TLS needs a cryptography provider. Fails if another part of the program has installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .user_agent(concat!("trapline/", env!("CARGO_PKG_VERSION")))
        // Each redirect has to be checked first, and a proxy would resolve names itself.
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .dns_resolver(Arc::new(GuardedResolver { allows_private }))
        .build()
}

/// Why an address is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("addresses with {0}: are not supported; use http or https")]
    Scheme(String),
    #[error(transparent)]
    NotPublic(#[from] PrivateHost),
}

/// Checks an address before a request. This covers IP addresses; names are checked when they are resolved.
pub fn check_address(url: &Url, allows_private: bool) -> Result<(), AddressError> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(AddressError::Scheme(url.scheme().into()));
    }
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    if address.is_ok_and(|address| !allows_private && !is_public(address)) {
        return Err(AddressError::NotPublic(PrivateHost(host.into())));
    }
    Ok(())
}

/// The error and its causes, the innermost last.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(Some(error as &(dyn Error + 'static)), |&cause| cause.source())
}

/// Finds the private host, if a request failed because its name resolved to one.
pub fn find_private_host(error: &reqwest::Error) -> Option<&PrivateHost> {
    causes(error).find_map(<dyn Error>::downcast_ref)
}

/// The innermost cause of an error, which is the most specific one.
pub fn last_cause(error: &reqwest::Error) -> &dyn Error {
    causes(error).last().unwrap_or(error)
}

/// A host that is not on the public internet.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not on the public internet")]
pub struct PrivateHost(pub String);

/// Resolves names to those addresses that are allowed.
struct GuardedResolver {
    allows_private: bool,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allows_private = self.allows_private;
        Box::pin(async move {
            let resolved = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<_> =
                resolved.filter(|address| allows_private || is_public(address.ip())).collect();
            if allowed.is_empty() {
                return Err(PrivateHost(name.as_str().into()).into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ip_address_is_checked_however_it_is_written() {
        let written =
            ["127.0.0.1", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "[::1]", "[::ffff:7f00:1]"];
        for host in written {
            let url = Url::parse(&format!("http://{host}/a.jpg")).unwrap();
            assert!(matches!(check_address(&url, false), Err(AddressError::NotPublic(_))), "{host}");
            assert_eq!(check_address(&url, true), Ok(()), "{host}");
        }
    }

    #[test]
    fn an_address_is_one_of_the_web() {
        for address in ["file:///etc/passwd", "ftp://example.org/a.jpg", "data:image/png;base64,"] {
            let checked = check_address(&Url::parse(address).unwrap(), true);
            assert!(matches!(checked, Err(AddressError::Scheme(_))), "{address}");
        }
    }
}
