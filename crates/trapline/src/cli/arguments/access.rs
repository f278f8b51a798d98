//! Flags about who may do what, and `trapline token …`.

use clap::{Args, Subcommand};

use super::one_of;
use crate::access::{Access, Grant, Role};

/// Who may do what.
#[derive(Debug, Args)]
pub struct AccessArguments {
    /// Let in who has this token, as `trapline token new` prints it; without any, the server listens on
    /// this machine only and lets in everybody there
    #[arg(long, value_name = "NAME:ROLE:SHA256", value_delimiter = ' ')]
    pub access: Vec<Grant>,
    /// What links to files are signed with; the same for all servers of a service [default: made from
    /// --access]
    #[arg(long, value_name = "SECRET", hide_env_values = true, requires = "access")]
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
    /// Make a token, and what a server needs to know of it
    New {
        /// Whose it is: letters, digits and . _ - @
        name: String,
        /// What they may do: read (look), export (and submit and delete their own), admin (and see and
        /// delete everybody's)
        #[arg(long, value_name = "ROLE", default_value = "export", value_parser = one_of(&Role::ALL))]
        role: Role,
        /// The token and the grant as JSON
        #[arg(long)]
        json: bool,
    },
}
