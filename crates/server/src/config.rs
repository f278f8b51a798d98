//! The settings of the HTTP interface.

use std::time::Duration;

use crate::access::Access;
use crate::transport::connections::ConnectionLimits;
use crate::transport::host::HostName;
use crate::transport::origins::Origin;
use crate::webhook::Webhooks;

/// The settings of the HTTP interface.
#[derive(Clone)]
pub struct Config {
    /// Who may do what.
    pub access: Access,
    /// Origins of pages that may call the server from a browser (CORS).
    pub origins: Vec<Origin>,
    /// Names in `Host` that a server without tokens accepts besides those of this machine.
    pub hosts: Vec<HostName>,
    /// How messages about the ends of jobs are sent.
    pub webhooks: Webhooks,
    /// How many connections are accepted, and for how long.
    pub connections: ConnectionLimits,
    /// The longest that the body of a request may take.
    pub body_timeout: Duration,
    /// Whether an unknown field makes a request wrong.
    pub is_strict: bool,
    /// Whether downloads are redirected to the object store.
    pub redirects_downloads: bool,
}

impl Config {
    /// Settings for a server without tokens that only this machine reaches.
    pub fn local() -> Self {
        Self {
            access: Access::open(),
            origins: Vec::new(),
            hosts: Vec::new(),
            webhooks: Webhooks::none(),
            connections: ConnectionLimits::FEW,
            body_timeout: Duration::from_secs(30),
            is_strict: false,
            redirects_downloads: false,
        }
    }
}
