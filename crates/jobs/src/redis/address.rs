//! The address of a Redis server.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo};

/// The address of a Redis or Valkey server:
///
/// - `redis://[user:password@]host[:port][/database]`, `rediss://…` with TLS;
/// - `redis+unix:///path?db=N&pass=PASSWORD`;
/// - `redis+sentinel://[user:password@]host:port[,host:port]…/master[/database]`,
///   `rediss+sentinel://…` with TLS; `?sentinel_password=…` when the sentinels have their own.
///
/// Servers' certificates are checked against those that the system trusts, or those in the file
/// that the environment variable `SSL_CERT_FILE` names.
///
/// ```
/// # use jobs::RedisAddress;
/// let address: RedisAddress = "redis://:secret@10.0.0.7:6379/2".parse().unwrap();
/// assert_eq!(address.to_string(), "redis://10.0.0.7:6379/2");
/// ```
#[derive(Clone)]
pub struct RedisAddress {
    pub(super) servers: Vec<ConnectionInfo>,
    /// The name of the master, and the login of the sentinels.
    pub(super) sentinel: Option<(String, RedisConnectionInfo)>,
    /// The address without a password.
    description: String,
}

/// The text is not the address of a Redis server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected redis://[user:password@]host[:port][/database], rediss://… for TLS, or \
         redis+sentinel://host:port,host:port/master[/database]: {0}"
)]
pub struct RedisAddressError(String);

impl RedisAddress {
    /// Whether the scheme of `text` is one of Redis or Valkey.
    pub fn has_redis_scheme(text: &str) -> bool {
        let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
        ["redis", "valkey", "unix"].iter().any(|known| scheme.starts_with(known))
    }

    /// The number of the database.
    pub(super) fn database(&self) -> i64 {
        self.servers[0].redis_settings().db()
    }

    /// The identity of the server and database in a canonical form: without user, password and TLS, and with
    /// port and database. It has the name of this machine if only this machine reaches the address.
    pub(crate) fn identity(&self, machine: &str) -> String {
        let database = self.servers[0].redis_settings().db();
        let mut hosts: Vec<String> = self.servers.iter().map(|server| format_host(server.addr())).collect();
        hosts.sort();
        let hosts = hosts.join(",");
        let address = match &self.sentinel {
            None => format!("redis://{hosts}/{database}"),
            Some((master, _)) => format!("redis+sentinel://{hosts}/{master}/{database}"),
        };
        if self.servers.iter().any(|server| is_local(server.addr())) {
            format!("{address} on {machine}")
        } else {
            address
        }
    }

    fn parse_server(text: &str) -> Result<Self, RedisAddressError> {
        let server = parse_connection(text)?;
        let description = match text.rsplit_once('@') {
            Some((before, after)) => format!("{}://{after}", before.split("://").next().unwrap_or("redis")),
            None => text.split('?').next().unwrap_or(text).to_owned(),
        };
        Ok(Self { servers: vec![server], sentinel: None, description })
    }

    /// Parses an address of sentinels. `rest` is the part after `scheme+sentinel://`.
    fn parse_sentinels(scheme: &str, rest: &str) -> Result<Self, RedisAddressError> {
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (login, rest) = match rest.rsplit_once('@') {
            Some((login, rest)) => (format!("{login}@"), rest),
            None => (String::new(), rest),
        };
        let (hosts, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (master, database) = path.split_once('/').unwrap_or((path, "0"));
        if master.is_empty() {
            return Err(RedisAddressError("the name of the master is missing after the sentinels".into()));
        }
        let servers = hosts.split(',').map(|host| match host.rsplit_once(':') {
            Some(_) => parse_connection(&format!("{scheme}://{login}{host}/{database}")),
            None => parse_connection(&format!("{scheme}://{login}{host}:26379/{database}")),
        });
        let password = query.split('&').find_map(|pair| pair.strip_prefix("sentinel_password="));
        let login = match password {
            Some(password) => {
                parse_connection(&format!("redis://:{password}@sentinel"))?.redis_settings().clone()
            }
            None => RedisConnectionInfo::default(),
        };
        Ok(Self {
            servers: servers.collect::<Result<_, _>>()?,
            sentinel: Some((master.into(), login)),
            description: format!("{scheme}+sentinel://{hosts}/{path}"),
        })
    }
}

/// The host and port of a server, or the path of its socket.
fn format_host(address: &ConnectionAddr) -> String {
    match address {
        ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
            format!("{}:{port}", host.to_ascii_lowercase())
        }
        ConnectionAddr::Unix(path) => path.display().to_string(),
        other => other.to_string(),
    }
}

/// Whether the address means another server on another machine.
fn is_local(address: &ConnectionAddr) -> bool {
    match address {
        ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. } => {
            host.eq_ignore_ascii_case("localhost")
                || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        _ => true,
    }
}

fn parse_connection(text: &str) -> Result<ConnectionInfo, RedisAddressError> {
    // The message of the library does not repeat the text, which may contain a password.
    text.into_connection_info().map_err(|error| RedisAddressError(error.to_string()))
}

impl FromStr for RedisAddress {
    type Err = RedisAddressError;

    fn from_str(text: &str) -> Result<Self, RedisAddressError> {
        match text.split_once("+sentinel://") {
            Some((scheme, rest)) => Self::parse_sentinels(scheme, rest),
            None => Self::parse_server(text),
        }
    }
}

/// Without a password.
impl fmt::Display for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.description)
    }
}

impl fmt::Debug for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.description)
    }
}

#[cfg(test)]
mod tests {
    use super::super::locator::ServerLocator;
    use super::*;

    #[test]
    fn sentinels_have_the_master_s_name_database_and_password() {
        let address: RedisAddress =
            "redis+sentinel://app:p%40ss@10.0.0.1:26379,10.0.0.2/main/3?sentinel_password=x".parse().unwrap();
        assert_eq!(address.servers.len(), 2);
        let redis = address.servers[0].redis_settings();
        assert_eq!((redis.db(), redis.username(), redis.password()), (3, Some("app"), Some("p@ss")));
        assert!(matches!(address.servers[1].addr(), ConnectionAddr::Tcp(host, 26379) if host == "10.0.0.2"));
        let (master, login) = address.sentinel.as_ref().unwrap();
        assert_eq!((master.as_str(), login.password()), ("main", Some("x")));
        assert!(matches!(address.build_locator().unwrap(), ServerLocator::Sentinel(_)));
    }

    #[test]
    fn no_password_is_shown() {
        for text in [
            "redis://user:secret@host:6379/1",
            "rediss://:secret@host",
            "redis+unix:///run/redis.sock?db=1&pass=secret",
            "redis+sentinel://:secret@host:26379/main?sentinel_password=secret",
        ] {
            let address: RedisAddress = text.parse().unwrap();
            assert!(!format!("{address} {address:?}").contains("secret"), "{address}");
        }
    }

    #[test]
    fn an_identity_is_the_same_however_the_address_is_written() {
        let identity = |text: &str| text.parse::<RedisAddress>().unwrap().identity("deerbox");
        for text in ["redis://jobs", "redis://user:secret@jobs:6379", "valkey://Jobs/0", "redis://:p@jobs/0"]
        {
            assert_eq!(identity(text), "redis://jobs:6379/0", "{text}");
        }
        assert_eq!(identity("redis://127.0.0.1:7000/2"), "redis://127.0.0.1:7000/2 on deerbox");
        assert_eq!(identity("redis://localhost"), "redis://localhost:6379/0 on deerbox");
        let socket = identity("redis+unix:///run/redis.sock?db=1&pass=secret");
        assert_eq!(socket, "redis:///run/redis.sock/1 on deerbox");
        let sentinels = "redis+sentinel://10.0.0.1:26379,10.0.0.2:26379/main/3";
        assert_eq!(identity(sentinels), sentinels);
        let others = "redis+sentinel://:secret@10.0.0.2,10.0.0.1/main/3?sentinel_password=secret";
        assert_eq!(identity(others), sentinels);
    }

    #[test]
    fn what_is_wrong_with_an_address_is_told_without_its_password() {
        for text in
            ["redis://:secret@host:port", "redis+sentinel://:secret@host:26379", "http://host", "redis://"]
        {
            let error = text.parse::<RedisAddress>().unwrap_err().to_string();
            assert!(error.contains("redis://") && !error.contains("secret"), "{error}");
        }
    }
}
