//! Finding the current server.

use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{Client, ConnectionAddr, RedisError, TlsMode};

use super::address::RedisAddress;

/// Finds the current server.
pub(super) enum ServerLocator {
    /// The server is always at the same address.
    Server(Box<Client>),
    /// Sentinels know the current master.
    Sentinel(Box<tokio::sync::Mutex<SentinelClient>>),
}

impl RedisAddress {
    pub(super) fn build_locator(&self) -> Result<ServerLocator, RedisError> {
        let Some((master, login)) = &self.sentinel else {
            let client = Client::open(self.servers[0].clone())?;
            return Ok(ServerLocator::Server(Box::new(client)));
        };
        let servers = self.servers.iter().map(|server| server.addr().clone());
        let mut builder = SentinelClientBuilder::new(servers, master, SentinelServerType::Master)?;
        let redis = self.servers[0].redis_settings();
        builder = builder.set_client_to_redis_db(redis.db());
        if let Some(user) = redis.username() {
            builder = builder.set_client_to_redis_username(user);
        }
        if let Some(password) = redis.password() {
            builder = builder.set_client_to_redis_password(password);
        }
        if let Some(user) = login.username() {
            builder = builder.set_client_to_sentinel_username(user);
        }
        if let Some(password) = login.password() {
            builder = builder.set_client_to_sentinel_password(password);
        }
        if matches!(self.servers[0].addr(), ConnectionAddr::TcpTls { .. }) {
            builder = builder.set_client_to_redis_tls_mode(TlsMode::Secure);
        }
        let client = builder.build()?;
        Ok(ServerLocator::Sentinel(Box::new(tokio::sync::Mutex::new(client))))
    }
}

impl ServerLocator {
    /// Finds the server, by asking the sentinels if there are any.
    pub async fn find(&self) -> Result<Client, RedisError> {
        match self {
            Self::Server(client) => Ok(Client::clone(client)),
            Self::Sentinel(sentinels) => sentinels.lock().await.async_get_client().await,
        }
    }
}
