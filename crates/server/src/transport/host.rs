//! The host in a request, and the hosts that a server accepts.
//!
//! A web page whose domain resolves to 127.0.0.1 (DNS rebinding) has the same origin as a server there, so a
//! browser would let it read and delete everything. Its requests are recognized by the name in `Host`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use axum::http::header::HOST;
use axum::http::{HeaderMap, HeaderValue, Uri};

use crate::representation::problem::{Problem, shorten};

/// The longest name of a host, in characters.
const MAX_NAME_LENGTH: usize = 253;

/// The name or the address of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostName {
    /// An address, as in `http://127.0.0.1:8000`.
    Address(IpAddr),
    /// In lower case.
    Name(String),
}

/// A host and its port, if the text has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    name: HostName,
    port: Option<u16>,
}

/// The text is not a host.
#[derive(Debug, PartialEq, Eq)]
pub struct HostError;

/// The text is not the name of a host alone.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected the name of a host without a scheme and a port, such as exports.example.org")]
pub struct HostNameError;

/// The hosts that a server accepts in requests.
#[derive(Clone, Debug)]
pub enum AllowedHosts {
    /// Any host: tokens or the network control the access.
    Any,
    /// The loopback names and addresses of this machine, and these names.
    Local(Vec<HostName>),
}

impl HostName {
    fn is_loopback(&self) -> bool {
        match self {
            Self::Address(address) => address.is_loopback(),
            Self::Name(name) => name == "localhost" || name.ends_with(".localhost"),
        }
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(IpAddr::V6(address)) => write!(formatter, "[{address}]"),
            Self::Address(address) => address.fmt(formatter),
            Self::Name(name) => formatter.write_str(name),
        }
    }
}

impl FromStr for HostName {
    type Err = HostNameError;

    fn from_str(text: &str) -> Result<Self, HostNameError> {
        match text.parse::<Host>() {
            Ok(Host { name, port: None }) => Ok(name),
            _ => Err(HostNameError),
        }
    }
}

impl FromStr for Host {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        let (name, port) = if let Some(rest) = text.strip_prefix('[') {
            let (address, port) = rest.split_once(']').ok_or(HostError)?;
            let address: Ipv6Addr = address.parse().map_err(|_| HostError)?;
            (HostName::Address(IpAddr::V6(address).to_canonical()), port)
        } else {
            let (name, port) = text.split_at(text.find(':').unwrap_or(text.len()));
            (parse_name(name)?, port)
        };
        Ok(Self { name, port: parse_port(port)? })
    }
}

fn parse_name(text: &str) -> Result<HostName, HostError> {
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        return Ok(HostName::Address(address.into()));
    }
    // A dot at the end, for the DNS root, does not change the name.
    let name = text.strip_suffix('.').unwrap_or(text);
    let is_plain = |sign: char| sign.is_ascii_alphanumeric() || "-._".contains(sign);
    if (1..=MAX_NAME_LENGTH).contains(&name.len()) && name.chars().all(is_plain) {
        Ok(HostName::Name(name.to_ascii_lowercase()))
    } else {
        Err(HostError)
    }
}

/// Parses a port with the colon before it. A colon without digits means no port.
fn parse_port(text: &str) -> Result<Option<u16>, HostError> {
    if matches!(text, "" | ":") {
        return Ok(None);
    }
    let digits = text.strip_prefix(':').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let port: Option<u16> = digits.and_then(|digits| digits.parse().ok());
    port.map(Some).ok_or(HostError)
}

impl Host {
    /// Reads the host of a request. A request without `Host`, with two, or with one that cannot be parsed is
    /// 400 (RFC 9112, section 3.2), in HTTP/1.0 as well.
    pub fn from_request(uri: &Uri, headers: &HeaderMap) -> Result<Self, Problem> {
        let mut values = headers.get_all(HOST).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            let problem = if headers.contains_key(HOST) { "has more than one" } else { "has no" };
            let detail = format!("The request {problem} Host; send one, such as Host: localhost:8080");
            return Err(Problem::new(400, detail));
        };
        let read = |text: &str| {
            text.parse::<Self>().map_err(|HostError| {
                let written = shorten(text);
                let expected = "expected a name or an address with or without a port, such as localhost:8080";
                Problem::new(400, format!("The host “{written}” of the request cannot be read; {expected}"))
            })
        };
        let host = read(&String::from_utf8_lossy(value.as_bytes()))?;
        // If the target of the request is an absolute URL, its host counts instead of the header.
        uri.authority().map_or(Ok(host), |authority| read(authority.as_str()))
    }

    /// Whether an `Origin` has this host and port. The scheme may differ, since a proxy in front of the
    /// server may terminate TLS.
    pub fn is_origin(&self, origin: &HeaderValue) -> bool {
        let text = origin.to_str().unwrap_or_default();
        let (rest, usual_port) = match (text.strip_prefix("http://"), text.strip_prefix("https://")) {
            (Some(rest), _) => (rest, 80),
            (_, Some(rest)) => (rest, 443),
            (None, None) => return false,
        };
        let Ok(other) = rest.parse::<Self>() else { return false };
        let port = other.port.unwrap_or(usual_port);
        other.name == self.name && self.port.map_or(port == usual_port, |own| own == port)
    }
}

impl AllowedHosts {
    /// 421 for a host that the server does not accept.
    pub fn check(&self, host: &Host) -> Result<(), Problem> {
        let Self::Local(names) = self else { return Ok(()) };
        let name = &host.name;
        if name.is_loopback() || names.contains(name) {
            return Ok(());
        }
        let detail = format!(
            "The request is for the host “{name}”, and this server accepts localhost and 127.0.0.1 only; start it with \
             --host {name} to accept this name"
        );
        Err(Problem::new(421, detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> Host {
        text.parse().unwrap()
    }

    #[test]
    fn a_host_is_a_name_or_an_address_with_or_without_a_port() {
        let name = |name: &str, port| Host { name: HostName::Name(name.into()), port };
        assert_eq!(host("Example.org"), name("example.org", None));
        assert_eq!(host("example.org.:80"), name("example.org", Some(80)));
        assert_eq!(host("example.org:"), name("example.org", None));
        assert_eq!(host("[::ffff:127.0.0.1]:1"), host("127.0.0.1:1"));
        for wrong in [
            "", ".", ":80", "a b", "a:b", "a:-1", "a:99999", "a:1:2", "::1", "[::1", "[::1]1", "[a]", "u@a",
            "é",
        ] {
            assert_eq!(wrong.parse::<Host>(), Err(HostError), "{wrong}");
        }
        let long = "a".repeat(MAX_NAME_LENGTH + 1);
        assert_eq!(long.parse::<Host>(), Err(HostError));
    }

    #[test]
    fn a_name_that_is_allowed_has_no_port() {
        assert_eq!("[::1]".parse::<HostName>().unwrap().to_string(), "[::1]");
        assert_eq!("Example.org".parse::<HostName>().unwrap().to_string(), "example.org");
        for wrong in ["example.org:80", "http://example.org", "*", ""] {
            assert!(wrong.parse::<HostName>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn this_machine_is_called_by_its_own_names() {
        let allowed = AllowedHosts::Local(vec!["example.org".parse().unwrap()]);
        for own in ["localhost:1", "a.LOCALHOST", "127.0.0.1", "127.9.9.9:80", "[::1]:80", "example.org:443"]
        {
            assert_eq!(allowed.check(&host(own)), Ok(()), "{own}");
        }
        for other in ["evil.example", "localhost.evil.example", "notlocalhost", "127.1", "192.0.2.1", "[::2]"]
        {
            assert!(allowed.check(&host(other)).is_err(), "{other}");
            assert_eq!(AllowedHosts::Any.check(&host(other)), Ok(()), "{other}");
        }
    }

    #[test]
    fn an_origin_is_compared_by_host_and_port() {
        let is_origin = |own: &str, origin: &str| host(own).is_origin(&origin.parse().unwrap());
        for (own, origin) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("127.0.0.1:8080", "https://127.0.0.1:8080"),
            ("example.org", "https://example.org"),
            ("example.org", "http://example.org"),
            ("example.org:443", "https://example.org"),
            ("[::1]:8080", "http://[::1]:8080"),
        ] {
            assert!(is_origin(own, origin), "{own} {origin}");
        }
        for (own, origin) in [
            ("127.0.0.1:8080", "http://127.0.0.1"),
            ("127.0.0.1:8080", "http://127.0.0.1:8081"),
            ("127.0.0.1:8080", "http://localhost:8080"),
            ("example.org", "https://example.org:8443"),
            ("example.org", "https://example.org/"),
            ("example.org", "https://example.org.evil.example"),
            ("example.org", "null"),
            ("example.org", "ftp://example.org"),
        ] {
            assert!(!is_origin(own, origin), "{own} {origin}");
        }
    }
}
