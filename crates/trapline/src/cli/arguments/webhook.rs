//! Flags about telling the ends of exports.

use clap::Args;

use server::webhook::Secret;

/// Webhooks: messages about exports that have ended.
// As the flags are called.
#[allow(clippy::struct_field_names)]
#[derive(Debug, Args)]
pub struct WebhookArguments {
    /// Allow webhooks, signed with this secret; give two to replace one
    #[arg(
        long,
        value_name = "whsec_…",
        help_heading = "Webhooks",
        value_delimiter = ' ',
        hide_env_values = true
    )]
    pub webhook_secret: Vec<Secret>,
    /// Also allow webhooks to hosts that are not on the public internet, and without TLS
    #[arg(long, help_heading = "Webhooks", requires = "webhook_secret")]
    pub webhook_private: bool,
}
