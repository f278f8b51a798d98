//! Speaking to hosts that others named, and only to those of the public internet unless more is
//! allowed: names are looked up here, and connections go to what was checked.

use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Url};

use super::address::is_public;

/// A client that follows nothing by itself. `private` allows hosts that are not on the public
/// internet.
///
/// # Errors
/// When the operating system has no certificates.
pub fn client(private: bool) -> Result<Client, reqwest::Error> {
    // TLS needs to know which cryptography it uses. Another part of the program may have said.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .user_agent(concat!("trapline/", env!("CARGO_PKG_VERSION")))
        // Each address is checked before it is followed, and a proxy would look up names itself.
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .dns_resolver(Arc::new(Resolver { private }))
        .build()
}

/// Why an address is not spoken to.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    #[error("{0}: is not spoken")]
    Scheme(String),
    #[error(transparent)]
    NotPublic(#[from] NotPublic),
}

/// Whether an address may be asked. Names are checked when they are looked up; numbers are not
/// looked up.
pub fn check(url: &Url, private: bool) -> Result<(), Forbidden> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Forbidden::Scheme(url.scheme().into()));
    }
    let host = url.host_str().unwrap_or_default();
    let number = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    if number.is_ok_and(|number| !private && !is_public(number)) {
        return Err(Forbidden::NotPublic(NotPublic(host.into())));
    }
    Ok(())
}

/// The host that a request was refused for, after its name had been looked up.
pub fn not_public(error: &reqwest::Error) -> Option<&NotPublic> {
    let mut cause: &dyn Error = error;
    while let Some(next) = cause.source() {
        if let Some(found) = next.downcast_ref() {
            return Some(found);
        }
        cause = next;
    }
    None
}

/// The last of the causes of an error, which is the one that says something.
pub fn last_cause(error: &reqwest::Error) -> &dyn Error {
    let mut cause: &dyn Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause
}

/// A name leads to no host of the public internet.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not on the public internet")]
pub struct NotPublic(pub String);

/// Looks up names, and leaves out what is not allowed.
struct Resolver {
    private: bool,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let private = self.private;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<_> = found.filter(|found| private || is_public(found.ip())).collect();
            if allowed.is_empty() {
                return Err(NotPublic(name.as_str().into()).into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_checked_however_it_is_written() {
        let written =
            ["127.0.0.1", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "[::1]", "[::ffff:7f00:1]"];
        for host in written {
            let url = Url::parse(&format!("http://{host}/a.jpg")).unwrap();
            assert!(matches!(check(&url, false), Err(Forbidden::NotPublic(_))), "{host}");
            assert_eq!(check(&url, true), Ok(()), "{host}");
        }
    }

    #[test]
    fn an_address_is_one_of_the_web() {
        for address in ["file:///etc/passwd", "ftp://example.org/a.jpg", "data:image/png;base64,"] {
            assert!(
                matches!(check(&Url::parse(address).unwrap(), true), Err(Forbidden::Scheme(_))),
                "{address}"
            );
        }
    }
}
