//! `trapline token new`.

use serde_json::json;

use super::arguments::{TokenAction, TokenCommand};
use super::command_error::CommandError;
use super::output::print_result;
use server::access::{Grant, NewToken, generate_token};

pub fn run(command: &TokenCommand) -> Result<(), CommandError> {
    let TokenAction::New { name, role, json } = &command.action;
    let NewToken { token, hash } = generate_token();
    let grant = format!("{name}:{}:{hash}", role.name());
    grant.parse::<Grant>().map_err(|_| {
        CommandError::input(format!("{name}: a name has 1 to 64 letters, digits and . _ - @"))
    })?;
    if *json {
        print_result(json!({"token": token, "access": grant}));
        return Ok(());
    }
    eprintln!("Token (shown once, not stored):");
    print_result(&token);
    eprintln!("Add this to `access` in trapline.toml, or pass it as --access:");
    eprintln!("  {grant}");
    Ok(())
}
