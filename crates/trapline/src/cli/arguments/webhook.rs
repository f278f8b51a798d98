//! Flags about telling the ends of exports.

use clap::Args;

use crate::webhook::{Secret, Settings};

/// Whom the ends of exports are told to.
// As the flags are called.
#[allow(clippy::struct_field_names)]
#[derive(Debug, Args)]
pub struct WebhookArguments {
    /// Tell the end of an export to the address that its request gives, signed with this; several while
    /// receivers change over
    #[arg(long, value_name = "whsec_…", value_delimiter = ' ', hide_env_values = true)]
    pub webhook_secret: Vec<Secret>,
    /// Tell hosts that are not on the public internet as well, and without TLS
    #[arg(long, requires = "webhook_secret")]
    pub webhook_private: bool,
}

impl WebhookArguments {
    pub fn settings(&self) -> Settings {
        Settings { secrets: self.webhook_secret.clone(), private: self.webhook_private }
    }
}
