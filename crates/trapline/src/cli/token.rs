//! `trapline token new`.

use serde_json::json;

use super::arguments::{TokenAction, TokenCommand};
use super::failure::Failure;
use super::output::result;
use crate::access::{Grant, NewToken, new_token};

pub fn run(command: &TokenCommand) -> Result<(), Failure> {
    let TokenAction::New { name, role, json } = &command.action;
    let NewToken { token, hash } = new_token();
    let grant = format!("{name}:{}:{hash}", role.name());
    grant
        .parse::<Grant>()
        .map_err(|_| Failure::input(format!("{name}: a name has 1 to 64 letters, digits and . _ - @")))?;
    if *json {
        result(json!({"token": token, "access": grant}));
        return Ok(());
    }
    eprintln!("The token, which is told this once and kept nowhere:");
    result(&token);
    eprintln!("For the server, among `access` in trapline.toml, or as --access:");
    eprintln!("  {grant}");
    Ok(())
}
