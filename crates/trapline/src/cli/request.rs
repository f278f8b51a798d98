//! The end of reading a request that flags describe.

use super::arguments::{RequestFlagNames, RequestFlags};
use super::command_error::CommandError;
use exports::requests::Reading;

/// The request, when nothing is wrong with it; else all errors, each named by its flag.
pub fn finish<T: RequestFlagNames>(mut reading: Reading<T>) -> Result<T, CommandError> {
    let errors = reading.take_errors(true);
    if errors.is_empty() {
        return Ok(reading.request);
    }
    let lines: Vec<String> = errors.iter().map(RequestFlags::<T>::describe).collect();
    Err(CommandError::input(lines.join("\nerror: ")))
}
