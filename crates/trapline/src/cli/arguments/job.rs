//! `trapline job …`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use reqwest::Url;
use serde_json::Value;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trapline job submit pdf report_type=seasonal_activity start_date=2018-09-01 end_date=2019-01-31 -o report.pdf
  trapline job submit zip dataset=heron filter.start_date=2021-04-11 filter.end_date=2021-04-11 crop_size:=512
  trapline job submit zip --request request.json --wait
  trapline job watch JOB
  trapline job download JOB -o detections.zip

Fields are those of the HTTP API (SERVER/docs lists them). Exit status: 0 done, 1 the job failed or the
server could not be reached, 2 wrong usage, 130 stopped with Ctrl-C.")]
pub struct JobCommand {
    /// Address of the server
    #[arg(long, global = true, help_heading = "Server", value_name = "URL", default_value = "http://127.0.0.1:8080", value_parser = parse_server)]
    pub server: Url,
    /// Access token; better in `TRAPLINE_TOKEN` or a file, since other users can see command lines
    #[arg(long, global = true, help_heading = "Server", value_name = "TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// File with the access token
    #[arg(long, global = true, help_heading = "Server", value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Print results as JSON
    #[arg(long, global = true, help_heading = "Output")]
    pub json: bool,
    #[command(subcommand)]
    pub action: JobAction,
}

#[derive(Debug, Subcommand)]
pub enum JobAction {
    /// Submit an export and print its id
    Submit(SubmitArguments),
    /// Print the status of an export
    Status(JobArgument),
    /// Follow an export to its end
    Watch(JobArgument),
    /// Wait for an export and download its file; continues an interrupted download
    Download(DownloadArguments),
    /// Cancel or delete an export, with its file
    Delete(JobArgument),
}

#[derive(Debug, Args)]
pub struct JobArgument {
    /// Id of the export
    #[arg(value_name = "JOB")]
    pub job_id: String,
}

#[derive(Debug, Args)]
pub struct DownloadArguments {
    /// Id of the export
    #[arg(value_name = "JOB")]
    pub job_id: String,
    /// File to write; an existing one is replaced [default: the name of the export in this folder, if no
    /// such file exists]
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct SubmitArguments {
    /// Report (pdf) or archive (zip)
    pub kind: ExportKind,
    /// Fields of the request: NAME=TEXT, or NAME:=JSON; a.b is the field b inside a
    #[arg(value_name = "NAME=VALUE", value_parser = parse_field)]
    pub fields: Vec<FieldArgument>,
    /// File with the request as JSON, or - for standard input; fields are added to it
    #[arg(long, value_name = "FILE")]
    pub request: Option<PathBuf>,
    /// Wait for the end and show progress
    #[arg(long)]
    pub wait: bool,
    /// Wait and download to this file; an existing one is replaced
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
}

/// What an export makes.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ExportKind {
    /// A report
    Pdf,
    /// An archive
    Zip,
}

impl ExportKind {
    /// Its name in addresses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Zip => "zip",
        }
    }
}

/// A field of a request: the names that lead to it, and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldArgument {
    pub path: Vec<String>,
    pub value: Value,
}

/// Why a field of a request cannot be read.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum FieldArgumentError {
    #[error("expected NAME=TEXT or NAME:=JSON")]
    NoValue,
    #[error("{value} is not JSON: {reason}")]
    NotJson { value: String, reason: String },
    #[error("the name is missing")]
    NoName,
}

fn parse_field(text: &str) -> Result<FieldArgument, FieldArgumentError> {
    let (name, value) = text.split_once('=').ok_or(FieldArgumentError::NoValue)?;
    let (name, value) = match name.strip_suffix(':') {
        Some(name) => {
            let json = serde_json::from_str(value).map_err(|error| FieldArgumentError::NotJson {
                value: value.to_owned(),
                reason: error.to_string(),
            });
            (name, json?)
        }
        None => (name, Value::from(value)),
    };
    let path: Vec<String> = name.split('.').map(str::to_owned).collect();
    if path.iter().any(String::is_empty) {
        Err(FieldArgumentError::NoName)
    } else {
        Ok(FieldArgument { path, value })
    }
}

/// The text is not the address of a server.
#[derive(Debug, thiserror::Error)]
#[error("expected an address such as http://localhost:8080 or https://example.org/trapline")]
pub struct ServerAddressError;

/// The address of a server, below which its paths are.
fn parse_server(text: &str) -> Result<Url, ServerAddressError> {
    let mut url = Url::parse(text).map_err(|_| ServerAddressError)?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(ServerAddressError);
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_is_a_text_or_json_and_may_be_inside_another() {
        let read = |text| parse_field(text).map(|field| (field.path.join("/"), field.value));
        assert_eq!(read("title=a=b"), Ok(("title".into(), json!("a=b"))));
        assert_eq!(read("crop_size:=512"), Ok(("crop_size".into(), json!(512))));
        assert_eq!(
            read("filter.start_date=2021-04-11"),
            Ok(("filter/start_date".into(), json!("2021-04-11")))
        );
        for wrong in ["title", "=a", ":=1", "a.=1", "crop_size:=many"] {
            assert!(parse_field(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn paths_are_below_the_address_of_the_server() {
        let joined = |text| parse_server(text).unwrap().join("api/exports").unwrap().to_string();
        assert_eq!(joined("http://localhost:8080"), "http://localhost:8080/api/exports");
        assert_eq!(joined("https://example.org/trapline"), "https://example.org/trapline/api/exports");
        for wrong in ["localhost:8080", "ftp://example.org", "", "http://"] {
            assert!(parse_server(wrong).is_err(), "{wrong}");
        }
    }
}
