//! An export: the checked request of a job as the job store keeps it, and making its file.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use archive::{ArchiveError, ArchiveRequest, ArchiveSummary, Resources, in_thousands};
use artifacts::ArtifactError;
use detections::{DatabaseError, Dataset, is_out_of_descriptors};
use jobs::{Failure, Kind, MissingReason};
use report::{ComputeError, Pages, Period};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::datasets::Datasets;
use crate::template_process::{TemplateProcessError, render_in_child};
use crate::templates::Templates;

/// A checked request with the name of its data set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Export {
    /// Name of the data set.
    pub dataset: String,
    /// The request.
    #[serde(flatten)]
    pub request: ExportRequest,
}

/// A request of either kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportRequest {
    /// A report.
    Report(report::Request),
    /// An archive.
    Archive(ArchiveRequest),
}

/// The longest JSON of the details in bytes. They are part of the job's record, which is rewritten with each
/// update of the progress.
const MAX_DETAILS_SIZE: usize = 8 << 10;

/// Builds the details that clients see in the status of a job: the data set, the request and the warnings.
/// Long lists are cut and end with the number of the other items.
pub fn build_details(export: &Export, warnings: &[String]) -> Value {
    let mut request = match &export.request {
        ExportRequest::Report(request) => json!(request),
        ExportRequest::Archive(request) => json!(request),
    };
    request["dataset"] = json!(export.dataset);
    let shortened = |most| {
        let mut request = request.clone();
        shorten_lists(&mut request, most);
        json!({"dataset": export.dataset, "request": request, "warnings": warnings})
    };
    let forms = [100, 10, 1].map(shortened);
    let fits = |details: &&Value| details.to_string().len() <= MAX_DETAILS_SIZE;
    let nothing = || json!({"dataset": export.dataset, "request": null, "warnings": warnings});
    forms.iter().find(fits).cloned().unwrap_or_else(nothing)
}

fn shorten_lists(value: &mut Value, most: usize) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| {
                !value.is_null() && value.as_array().is_none_or(|items| !items.is_empty())
            });
            fields.values_mut().for_each(|value| shorten_lists(value, most));
        }
        Value::Array(items) if items.len() > most => {
            let more = items.len() - most;
            items.truncate(most);
            items.push(format!("… and {more} more").into());
        }
        _ => {}
    }
}

/// Counts of an archive. A report has none.
#[derive(Debug, Default)]
pub struct ExportCounts {
    /// Detections that are missing from the file, or incomplete in it.
    pub missing: Option<u64>,
    /// Why they are missing, the most frequent reason first.
    pub missing_reasons: Vec<MissingReason>,
    /// Pictures that stay on the web; the file lists their addresses.
    pub remote_pictures: Option<u64>,
}

impl ExportCounts {
    /// The counts of a finished archive.
    pub fn from_summary(summary: &ArchiveSummary) -> Self {
        let convert = |reason: &archive::MissingReason| MissingReason {
            reason: reason.reason.into(),
            count: reason.count as u64,
            message: reason.message.clone(),
            hint: reason.hint.map(str::to_owned),
        };
        Self {
            missing: Some(summary.missing as u64),
            missing_reasons: summary.missing_reasons.iter().map(convert).collect(),
            remote_pictures: Some(summary.remote_pictures as u64),
        }
    }
}

/// Where an export is written.
pub struct ExportOutput<'a> {
    /// The empty file.
    pub file: File,
    /// Where temporary files go.
    pub folder: &'a Path,
}

/// Why an attempt made no file.
#[derive(Debug)]
pub enum MakeError {
    /// The job was cancelled.
    Cancelled,
    /// Something went wrong: the job fails or is retried.
    Failed(Failure),
    /// The process or the system has no file descriptor left. This is temporary and not caused by the job, so
    /// the attempt does not count.
    NoDescriptors,
}

impl MakeError {
    /// An error in the request or the data, which another attempt would not change.
    pub fn permanent(message: impl ToString) -> Self {
        Self::Failed(Failure { message: message.to_string(), may_pass: false })
    }
}

/// The message of the operating system may name folders, so it is logged and not shown to clients.
impl From<ArtifactError> for MakeError {
    fn from(error: ArtifactError) -> Self {
        let message = match &error {
            ArtifactError::Cancelled => return Self::Cancelled,
            ArtifactError::NoDescriptors(_) => return Self::NoDescriptors,
            ArtifactError::Unavailable(_) => {
                "the file could not be put into the server's storage; submit the export again, and if it \
                 fails again ask the server's operator to look at its log"
            }
            ArtifactError::DiskFull(_) => {
                "there is no space left for the file on the server's disk; ask its operator to make room, then \
                 submit the export again"
            }
            ArtifactError::Missing(_) | ArtifactError::Disk(_) => {
                "the file could not be written on the server's disk; submit the export again, and if it fails \
                 again ask the server's operator to look at its log"
            }
        };
        tracing::error!(%error, "the file of an export cannot be written");
        Self::Failed(Failure { message: message.into(), may_pass: true })
    }
}

impl From<DatabaseError> for MakeError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Cancelled => Self::Cancelled,
            error => Self::Failed(Failure { message: error.to_string(), may_pass: error.may_pass() }),
        }
    }
}

impl Export {
    /// The kind of job that makes it.
    pub fn kind(&self) -> Kind {
        match &self.request {
            ExportRequest::Report(_) => Kind::Pdf,
            ExportRequest::Archive(_) => Kind::Zip,
        }
    }

    /// A short description for people. `total` is the number of detections in an archive.
    pub fn title(&self, total: Option<u64>) -> String {
        match &self.request {
            ExportRequest::Report(request) => {
                let days = request.start_date.zip(request.end_date).map(|(start, end)| Period { start, end });
                days.map_or_else(|| "Report".into(), |period| request.title(period))
            }
            ExportRequest::Archive(request) => {
                let content = request.describe_content();
                match total {
                    Some(1) => format!("{content} of 1 detection"),
                    Some(total) => format!("{content} of {} detections", in_thousands(total)),
                    None => content.into(),
                }
            }
        }
    }

    /// Makes the file and returns its counts. It blocks for as long as that takes. `progress` is called with
    /// the number of detections that have been processed.
    pub fn make(
        &self,
        datasets: &Datasets,
        templates: &Templates,
        output: ExportOutput<'_>,
        limits: &Resources,
        progress: &dyn Fn(u64),
        cancellation: &CancellationToken,
    ) -> Result<ExportCounts, MakeError> {
        let (_, source) = datasets.get(Some(&self.dataset)).map_err(MakeError::permanent)?;
        let ExportOutput { mut file, folder } = output;
        match &self.request {
            ExportRequest::Report(request) => {
                let data = source.load_for_report(request, cancellation)?;
                let pdf = render_report(request, &data, templates, limits, cancellation)?;
                drop(data);
                if cancellation.is_cancelled() {
                    return Err(MakeError::Cancelled);
                }
                let written = file.write_all(&pdf).and_then(|()| file.sync_all());
                written.map_err(ArtifactError::from)?;
                Ok(ExportCounts::default())
            }
            ExportRequest::Archive(request) => {
                let data = source.load_for_archive(request, cancellation)?;
                match archive::write(&data, request, limits, file, folder, progress, cancellation) {
                    Ok(summary) => Ok(ExportCounts::from_summary(&summary)),
                    Err(ArchiveError::Cancelled) => Err(MakeError::Cancelled),
                    Err(ArchiveError::Write(error)) => Err(ArtifactError::from(error).into()),
                    Err(error) => Err(MakeError::permanent(error)),
                }
            }
        }
    }
}

/// Renders the pages of a report.
fn render_report(
    request: &report::Request,
    data: &Dataset,
    templates: &Templates,
    limits: &Resources,
    cancellation: &CancellationToken,
) -> Result<Vec<u8>, MakeError> {
    let template = request.template.as_deref().map(|name| templates.find(name)).transpose();
    let pages = Pages {
        template: template.map_err(MakeError::permanent)?.unwrap_or_default(),
        archival: request.archival,
        fonts: templates.fonts.clone(),
    };
    let numbers = report::compute_unless(data, request, cancellation).map_err(|error| match error {
        ComputeError::Cancelled => MakeError::Cancelled,
        error => MakeError::permanent(error),
    })?;
    render_in_child(&numbers, &pages, limits, cancellation).map_err(|error| match error {
        TemplateProcessError::Cancelled => MakeError::Cancelled,
        error if error.is_input() => MakeError::permanent(error),
        TemplateProcessError::Process(error) if is_out_of_descriptors(&error) => MakeError::NoDescriptors,
        TemplateProcessError::Process(error) => {
            tracing::error!(%error, "the template process cannot be started");
            let message = "the report could not be rendered on the server; submit the export again, and if it \
                           fails again ask the server's operator to look at its log";
            MakeError::Failed(Failure { message: message.into(), may_pass: true })
        }
        error => {
            tracing::error!(%error, "a built-in template has an error");
            MakeError::permanent("the report could not be rendered because of a bug; please report it")
        }
    })
}
