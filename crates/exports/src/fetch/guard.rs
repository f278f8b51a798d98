//! Connections to hosts that clients or data sets name: only to the public internet, unless private hosts are
//! allowed. Names are resolved here, and connections go to the addresses that were checked.

use std::collections::HashSet;
use std::error::Error;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Url};

use super::address::is_public;

/// Builds a client that follows no redirects. `allows_private` allows hosts that are not on the public
/// internet. The client notes the hosts that it refuses in `refused`. Fails if the operating system has no
/// certificates.
pub fn build_client(allows_private: bool, refused: RefusedHosts) -> Result<Client, reqwest::Error> {
    // TLS needs a cryptography provider. Fails if another part of the program has installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .user_agent(concat!("trapline/", env!("CARGO_PKG_VERSION")))
        // Each redirect has to be checked first, and a proxy would resolve names itself.
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .dns_resolver(Arc::new(GuardedResolver { allows_private, refused }))
        .build()
}

/// Why an address is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// An address of this scheme is not fetched.
    #[error("addresses with {0}: are not supported; use http or https")]
    Scheme(String),
    /// The host is one of a private network.
    #[error(transparent)]
    NotPublic(#[from] PrivateHostError),
}

/// Checks an address before a request. This covers IP addresses; names are checked when they are resolved.
pub fn check_address(url: &Url, allows_private: bool) -> Result<(), AddressError> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(AddressError::Scheme(url.scheme().into()));
    }
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    if address.is_ok_and(|address| !allows_private && !is_public(address)) {
        return Err(AddressError::NotPublic(PrivateHostError(host.into())));
    }
    Ok(())
}

/// The innermost cause of an error, which is the most specific one.
pub fn last_cause(error: &reqwest::Error) -> &dyn Error {
    let causes = std::iter::successors(Some(error as &(dyn Error + 'static)), |&cause| cause.source());
    causes.last().unwrap_or(error)
}

/// The most names of hosts that are noted. Data sets name a few.
const MAX_REFUSED: usize = 1000;

/// The hosts whose names had only refused addresses when they were last resolved. The error of a request has
/// a text but no type for that.
#[derive(Clone, Debug, Default)]
pub struct RefusedHosts(Arc<Mutex<HashSet<String>>>);

impl RefusedHosts {
    /// Finds the host of a request that failed because its name was refused.
    pub fn find_host(&self, error: &reqwest::Error) -> Option<PrivateHostError> {
        let host = error.url().filter(|_| error.is_connect())?.host_str()?;
        self.lock().contains(host).then(|| PrivateHostError(host.into()))
    }

    fn note(&self, host: &str, is_refused: bool) {
        let mut hosts = self.lock();
        if !is_refused {
            hosts.remove(host);
            return;
        }
        if hosts.len() >= MAX_REFUSED {
            hosts.clear();
        }
        hosts.insert(host.into());
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A host that is not on the public internet.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not on the public internet")]
pub struct PrivateHostError(pub String);

/// Resolves names to those addresses that are allowed.
struct GuardedResolver {
    allows_private: bool,
    refused: RefusedHosts,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (allows_private, refused) = (self.allows_private, self.refused.clone());
        Box::pin(async move {
            let resolved = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<_> =
                resolved.filter(|address| allows_private || is_public(address.ip())).collect();
            refused.note(name.as_str(), allowed.is_empty());
            if allowed.is_empty() {
                return Err(PrivateHostError(name.as_str().into()).into());
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
