//! Flags about who may do what, and `trapline token …`.

use clap::{Args, Subcommand};

use super::one_of;
use server::access::{Access, Grant, Role};

/// Who may do what.
#[derive(Debug, Args)]
pub struct AccessArguments {
    /// A token that has access, as printed by `trapline token new`; repeat as needed. Without any, only
    /// this machine has access, without a token
    #[arg(long, value_name = "NAME:ROLE:SHA256", help_heading = "Access", value_delimiter = ' ')]
    pub access: Vec<Grant>,
    /// Key for signed links to files; the same for all servers of a service [default: made from --access]
    #[arg(long, value_name = "SECRET", help_heading = "Access", hide_env_values = true, requires = "access")]
    pub link_secret: Option<String>,
}

impl AccessArguments {
    pub fn access(&self) -> Access {
        Access::new(&self.access, self.link_secret.as_deref())
    }
}

#[derive(Debug, Args)]
pub struct TokenCommand {
    #[command(subcommand)]
    pub action: TokenAction,
}

#[derive(Debug, Subcommand)]
pub enum TokenAction {
    /// Make a token, and its entry for --access
    New {
        /// Name of the owner: letters, digits and . _ - @
        name: String,
        /// read: see data and own exports; export: also submit and delete own exports; admin: also see and
        /// delete everybody's
        #[arg(long, value_name = "ROLE", default_value = "export", value_parser = one_of(&Role::ALL))]
        role: Role,
        /// Print the token and the --access entry as JSON
        #[arg(long)]
        json: bool,
    },
}
