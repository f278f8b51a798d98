//! Webhooks: a message about the end of a job, to the address in its request.
//!
//! They follow the Standard Webhooks specification (<https://www.standardwebhooks.com>): messages are signed
//! and retried. They go to hosts on the public internet only, unless private hosts are allowed.

mod deliver;
mod message;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use reqwest::{Client, Url};
use standardwebhooks::Webhook;

use exports::fetch::guard::{self, AddressError, RefusedHosts};

pub use deliver::deliver_messages;

/// The longest address, in characters.
const MAX_ADDRESS_LENGTH: usize = 2000;

/// The text is not a secret.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected whsec_ and 24 to 64 random bytes in Base64; `echo whsec_$(openssl rand -base64 32)` makes one"
)]
pub struct SecretError;

/// A secret that signs messages: `whsec_` and 24 to 64 bytes in Base64.
#[derive(Clone)]
pub struct Secret(Arc<Webhook>);

impl FromStr for Secret {
    type Err = SecretError;

    fn from_str(text: &str) -> Result<Self, SecretError> {
        // 24 to 64 bytes, as the specification demands, are 32 to 88 characters in Base64.
        let encoded = text.strip_prefix("whsec_").filter(|encoded| (32..=88).contains(&encoded.len()));
        let signer = encoded.and_then(|_| Webhook::new(text).ok());
        signer.map(|signer| Self(Arc::new(signer))).ok_or(SecretError)
    }
}

/// Without the secret, which must not get into logs.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("whsec_…")
    }
}

/// The webhooks of a server, if they are set up.
#[derive(Clone)]
pub struct Webhooks(Option<Arc<Inner>>);

struct Inner {
    client: Client,
    secrets: Vec<Secret>,
    allows_private: bool,
}

/// Why an address cannot get a message.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallbackAddressError {
    /// The server sends no messages.
    #[error("this server sends no webhooks; its operator can allow them with --webhook-secret")]
    Disabled,
    /// It is not such an address.
    #[error(
        "callback_url must be an https address of at most {MAX_ADDRESS_LENGTH} characters, such as https://example.org/hooks"
    )]
    Malformed,
    /// The host is one of a private network.
    #[error("callback_url must be on the public internet, which {0} is not")]
    NotPublic(String),
}

impl Webhooks {
    /// Sends no messages.
    pub fn none() -> Self {
        Self(None)
    }

    /// Sends messages, each of them signed with all secrets, if there are any. `allows_private` allows private
    /// hosts and plain HTTP. Fails if the operating system has no certificates.
    pub fn new(secrets: &[Secret], allows_private: bool) -> Result<Self, reqwest::Error> {
        if secrets.is_empty() {
            return Ok(Self::none());
        }
        Ok(Self(Some(Arc::new(Inner {
            client: guard::build_client(allows_private, RefusedHosts::default())?,
            secrets: secrets.to_vec(),
            allows_private,
        }))))
    }

    /// Checks an address without looking up its host, which happens when a message is sent.
    pub fn check_address(&self, address: &str) -> Result<(), CallbackAddressError> {
        let inner = self.0.as_ref().ok_or(CallbackAddressError::Disabled)?;
        inner.parse_address(address).map(|_| ())
    }
}

impl Inner {
    fn parse_address(&self, address: &str) -> Result<Url, CallbackAddressError> {
        let is_short = address.len() <= MAX_ADDRESS_LENGTH;
        let url = Url::parse(address).ok().filter(|_| is_short).ok_or(CallbackAddressError::Malformed)?;
        match guard::check_address(&url, self.allows_private) {
            Err(AddressError::NotPublic(host)) => Err(CallbackAddressError::NotPublic(host.0)),
            Err(AddressError::Scheme(_)) => Err(CallbackAddressError::Malformed),
            Ok(()) if url.scheme() != "https" && !self.allows_private => Err(CallbackAddressError::Malformed),
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
        let inner = |allows_private| Inner { client: testkit_client(), secrets: Vec::new(), allows_private };
        let (public, private) = (inner(false), inner(true));
        assert!(public.parse_address("https://example.org/hooks?who=a").is_ok());
        for address in ["", "example.org", "http://example.org/", "ftp://example.org/"] {
            assert_eq!(public.parse_address(address), Err(CallbackAddressError::Malformed), "{address}");
        }
        for address in ["https://127.0.0.1/", "https://[::1]:8443/", "https://10.0.0.1/"] {
            let parsed = public.parse_address(address);
            assert!(matches!(parsed, Err(CallbackAddressError::NotPublic(_))), "{address}");
            assert!(private.parse_address(address).is_ok(), "{address}");
        }
        assert!(private.parse_address("http://127.0.0.1:9000/").is_ok());
        let long = format!("https://example.org/{}", "a".repeat(MAX_ADDRESS_LENGTH));
        assert_eq!(private.parse_address(&long), Err(CallbackAddressError::Malformed));
        let checked = Webhooks::none().check_address("https://example.org/");
        assert_eq!(checked, Err(CallbackAddressError::Disabled));
    }

    /// A client that needs no certificates of the system.
    fn testkit_client() -> Client {
        testkit::http_client(std::time::Duration::from_secs(1))
    }
}
