//! What stands between a server and those who speak to it.

use std::time::Duration;

use super::connections::ConnectionLimits;
use super::host::HostName;
use super::origins::Origin;
use crate::access::Access;
use crate::webhook::Webhooks;

/// Who is let in, how long they may take, and who is told of ends.
#[derive(Clone)]
pub struct Front {
    pub access: Access,
    /// Pages of these origins may speak to the server.
    pub origins: Vec<Origin>,
    /// Names by which a server without tokens may be called, beside those of this machine.
    pub hosts: Vec<HostName>,
    pub webhooks: Webhooks,
    pub connections: ConnectionLimits,
    /// The longest that the body of a request may take.
    pub body: Duration,
    /// Whoever downloads is sent to the object store.
    pub redirect: bool,
}

impl Front {
    /// For whoever is on this machine.
    pub fn open() -> Self {
        Self {
            access: Access::open(),
            origins: Vec::new(),
            hosts: Vec::new(),
            webhooks: Webhooks::none(),
            connections: ConnectionLimits {
                max_connections: 64,
                head_timeout: Duration::from_mins(1),
                write_timeout: Duration::from_secs(30),
            },
            body: Duration::from_secs(30),
            redirect: false,
        }
    }
}
