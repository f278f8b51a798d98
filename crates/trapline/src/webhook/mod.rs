//! Telling the end of a job to an address that was given with the request, after the Standard
//! Webhooks specification (<https://www.standardwebhooks.com>): signed, tried again, and told to
//! hosts of the public internet only, unless more is allowed.

mod deliver;
mod message;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use reqwest::{Client, Url};
use standardwebhooks::Webhook;

use crate::fetch::guard::{self, Forbidden};

pub use deliver::deliver;

/// Longest address, in characters.
const MAX_ADDRESS: usize = 2000;

/// What messages are signed with: `whsec_` and 24 to 64 bytes in Base64.
#[derive(Clone)]
pub struct Secret(String);

/// A secret is none.
#[derive(Debug, thiserror::Error)]
#[error(
    "expected whsec_ and 24 to 64 random bytes in Base64; `echo whsec_$(openssl rand -base64 32)` makes one"
)]
pub struct NoSecret;

impl FromStr for Secret {
    type Err = NoSecret;

    fn from_str(text: &str) -> Result<Self, NoSecret> {
        // The specification asks for 24 to 64 bytes, which are 32 to 88 characters.
        let long = text.strip_prefix("whsec_").filter(|coded| (32..=88).contains(&coded.len()));
        let good = long.is_some() && Webhook::new(text).is_ok();
        if good { Ok(Self(text.into())) } else { Err(NoSecret) }
    }
}

/// It does not get into logs.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("whsec_…")
    }
}

/// How ends of jobs are told.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Messages are signed with each. Without any, none are sent.
    pub secrets: Vec<Secret>,
    /// Hosts that are not on the public internet, and plain HTTP, are allowed.
    pub private: bool,
}

/// What tells the ends of jobs, if anything does.
#[derive(Clone)]
pub struct Webhooks(Option<Arc<Inner>>);

struct Inner {
    client: Client,
    signers: Vec<Webhook>,
    private: bool,
}

/// Why the end of a job cannot be told to an address.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    #[error(
        "this server tells nobody of the end of an export; its operator has to give it a --webhook-secret"
    )]
    Off,
    #[error(
        "callback_url must be an https address of at most {MAX_ADDRESS} characters, such as https://example.org/hooks"
    )]
    NoAddress,
    #[error("callback_url must not lead to {0}, which is not on the public internet")]
    NotPublic(String),
}

impl Webhooks {
    /// Nothing does.
    pub fn none() -> Self {
        Self(None)
    }

    /// # Errors
    /// When the operating system has no certificates.
    pub fn new(settings: &Settings) -> Result<Self, reqwest::Error> {
        if settings.secrets.is_empty() {
            return Ok(Self::none());
        }
        let signer = |secret: &Secret| Webhook::new(&secret.0).expect("a secret is checked when it is read");
        Ok(Self(Some(Arc::new(Inner {
            client: guard::client(settings.private)?,
            signers: settings.secrets.iter().map(signer).collect(),
            private: settings.private,
        }))))
    }

    /// Whether the end of a job may be told to `address`. What its name leads to is found out when
    /// it is told.
    pub fn check(&self, address: &str) -> Result<(), BadAddress> {
        let inner = self.0.as_ref().ok_or(BadAddress::Off)?;
        inner.address(address).map(|_| ())
    }
}

impl Inner {
    fn address(&self, address: &str) -> Result<Url, BadAddress> {
        let short = address.len() <= MAX_ADDRESS;
        let url = Url::parse(address).ok().filter(|_| short).ok_or(BadAddress::NoAddress)?;
        match guard::check(&url, self.private) {
            Err(Forbidden::NotPublic(host)) => Err(BadAddress::NotPublic(host.0)),
            Err(Forbidden::Scheme(_)) => Err(BadAddress::NoAddress),
            Ok(()) if url.scheme() != "https" && !self.private => Err(BadAddress::NoAddress),
            Ok(()) => Ok(url),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    #[test]
    fn a_secret_is_long_and_stays_out_of_logs() {
        let secret: Secret = SECRET.parse().unwrap();
        assert_eq!(format!("{secret:?}"), "whsec_…");
        for other in [
            "",
            "whsec_",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_c2hvcnQ=",
            "whsec_%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%",
        ] {
            assert!(other.parse::<Secret>().is_err(), "{other}");
        }
    }

    #[test]
    fn an_address_is_on_the_public_internet_and_encrypted() {
        let inner = |private| Inner { client: testkit_client(), signers: Vec::new(), private };
        let (public, private) = (inner(false), inner(true));
        assert!(public.address("https://example.org/hooks?who=a").is_ok());
        for address in ["", "example.org", "http://example.org/", "ftp://example.org/"] {
            assert_eq!(public.address(address), Err(BadAddress::NoAddress), "{address}");
        }
        for address in ["https://127.0.0.1/", "https://[::1]:8443/", "https://10.0.0.1/"] {
            assert!(matches!(public.address(address), Err(BadAddress::NotPublic(_))), "{address}");
            assert!(private.address(address).is_ok(), "{address}");
        }
        assert!(private.address("http://127.0.0.1:9000/").is_ok());
        let long = format!("https://example.org/{}", "a".repeat(MAX_ADDRESS));
        assert_eq!(private.address(&long), Err(BadAddress::NoAddress));
        assert_eq!(Webhooks::none().check("https://example.org/"), Err(BadAddress::Off));
    }

    /// One that needs no certificates of the system.
    fn testkit_client() -> Client {
        testkit::http_client(std::time::Duration::from_secs(1))
    }
}
