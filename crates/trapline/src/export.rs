//! What a job is asked to make: the request as it is kept in the job store.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use archive::{ArchiveError, Coordinates, Layout, Media, Order, Summary, Watch, in_thousands};
use detections::{DatabaseError, Dataset, Selection, Share, Slice, UnknownNames, is_out_of_descriptors};
use jobs::{Failure, Kind, MissingReason};
use report::{ComputeError, Pages};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::datasets::Datasets;
use crate::layout::{LayoutError, lay_out};
use crate::limits::Limits;
use crate::source::{Source, SourceFault};
use crate::templates::Templates;

/// An export, whose request has been found right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Export {
    /// Name of the data set.
    pub dataset: String,
    /// What to make of it.
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Report(ReportRequest),
    Archive(ArchiveRequest),
}

/// A report that is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReportRequest {
    /// What it shows.
    #[serde(flatten)]
    pub numbers: report::Request,
    /// Name of the template; the whole report without one.
    #[serde(default)]
    pub template: Option<String>,
    /// PDF/A-2a too.
    #[serde(default)]
    pub archival: bool,
}

/// An archive that is asked for.
// Each is a choice of its own, as requests have them.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArchiveRequest {
    pub detections: Chosen,
    /// How many of those that the filter selects.
    #[serde(default)]
    pub share: Share,
    #[serde(default)]
    pub layout: Layout,
    #[serde(default)]
    pub media: Media,
    pub include_crops: bool,
    #[serde(default)]
    pub include_originals: bool,
    pub include_metadata_csv: bool,
    #[serde(default)]
    pub include_humans: bool,
    #[serde(default)]
    pub include_damaged: bool,
    pub crop_size: u32,
    #[serde(default)]
    pub coordinates: Coordinates,
    /// The request as it was made, for the manifest.
    pub asked: Value,
}

/// Which detections.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Chosen {
    Ids(Vec<String>),
    Filter(Selection),
}

/// What an export counts while it is made. A report counts nothing.
#[derive(Debug, Default)]
pub struct ExportCounts {
    /// Detections that are not in the file whole.
    pub missing: Option<u64>,
    /// Why they are not, the most frequent reason first.
    pub missing_reasons: Vec<MissingReason>,
    /// Pictures that stay on the web and are named in the file by their addresses.
    pub remote_pictures: Option<u64>,
}

impl ExportCounts {
    /// Those of an archive.
    pub fn of_archive(summary: &Summary) -> Self {
        Self {
            missing: Some(summary.missing as u64),
            missing_reasons: missing_reasons(&summary.missing_reasons),
            remote_pictures: Some(summary.remote_pictures as u64),
        }
    }
}

/// The reasons of an archive as a job's record has them.
fn missing_reasons(reasons: &[archive::MissingReason]) -> Vec<MissingReason> {
    let kept = |reason: &archive::MissingReason| MissingReason {
        reason: reason.reason.into(),
        count: reason.count as u64,
        message: reason.message.clone(),
        hint: reason.hint.map(str::to_owned),
    };
    reasons.iter().map(kept).collect()
}

/// Why there is no file.
#[derive(Debug)]
pub enum MakeError {
    /// Nobody waits for it any more.
    Cancelled,
    /// Something went wrong; the job fails, or is tried again.
    Failed(Failure),
    /// The process or the system has no file descriptor left. It passes by itself, and is no fault of
    /// the job: the attempt does not count.
    NoDescriptors,
}

impl MakeError {
    /// A fault of the request or the data, which another attempt meets again.
    pub fn wrong(message: impl ToString) -> Self {
        Self::Failed(Failure { message: message.to_string(), may_pass: false })
    }

    /// A fault of the disk. What the operating system says may name folders, so it is logged and
    /// not handed on.
    pub fn disk(error: &std::io::Error) -> Self {
        if is_out_of_descriptors(error) {
            return Self::NoDescriptors;
        }
        tracing::error!(%error, "an export cannot be written");
        if error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<object_store::Error>) {
            let message = "the file could not be put into the server's object storage; submit the export again, and \
                           if it fails again ask the server's operator to look at its log";
            return Self::Failed(Failure { message: message.into(), may_pass: true });
        }
        let message = match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                "there is no space left for the file on the server's disk; ask its operator to make room, then \
                 submit the export again"
            }
            _ => {
                "the file could not be written on the server's disk; submit the export again, and if it fails \
                 again ask the server's operator to look at its log"
            }
        };
        Self::Failed(Failure { message: message.into(), may_pass: true })
    }
}

impl From<DatabaseError> for MakeError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Stopped => Self::Cancelled,
            error => Self::Failed(Failure { message: error.to_string(), may_pass: error.may_pass() }),
        }
    }
}

impl Export {
    /// What kind of job makes it.
    pub fn kind(&self) -> Kind {
        match self.what {
            What::Report(_) => Kind::Pdf,
            What::Archive(_) => Kind::Zip,
        }
    }

    /// What it is, in a few words for people. `total` is how many detections an archive is made of.
    pub fn title(&self, total: Option<u64>) -> String {
        match &self.what {
            What::Report(request) => request.numbers.title(),
            What::Archive(request) => {
                let what = match request.layout {
                    Layout::Crops if request.include_crops => "Crops",
                    Layout::Crops => "Table",
                    Layout::CamtrapDp => "Camtrap DP package",
                    Layout::Coco => "COCO set",
                };
                match total {
                    Some(1) => format!("{what} of 1 detection"),
                    Some(total) => format!("{what} of {} detections", in_thousands(total)),
                    None => what.into(),
                }
            }
        }
    }

    /// Makes the file, and returns what was counted on the way. Takes as long as it takes, so it is called
    /// on a thread of its own.
    pub fn make(
        &self,
        datasets: &Datasets,
        templates: &Templates,
        mut file: File,
        folder: &Path,
        limits: &Limits,
        watch: &dyn Watch,
    ) -> Result<ExportCounts, MakeError> {
        let (_, source) = datasets.get(Some(&self.dataset)).map_err(MakeError::wrong)?;
        let stop = || watch.is_cancelled();
        match &self.what {
            What::Report(request) => {
                let data = source.for_report(&request.numbers.periods(), &stop)?;
                let pdf = request.pdf(&data, templates, limits, watch)?;
                drop(data);
                if watch.is_cancelled() {
                    return Err(MakeError::Cancelled);
                }
                let written = file.write_all(&pdf).and_then(|()| file.sync_all());
                written.map(|()| ExportCounts::default()).map_err(|error| MakeError::disk(&error))
            }
            What::Archive(request) => {
                let data = source.for_archive(|| request.slice(), &stop)?;
                let order = request.order(&data, limits).map_err(MakeError::wrong)?;
                check_memory(&order)?;
                match archive::write(&data, &order, file, folder, watch) {
                    Ok(summary) => Ok(ExportCounts::of_archive(&summary)),
                    Err(ArchiveError::Cancelled) => Err(MakeError::Cancelled),
                    Err(ArchiveError::Write(error)) => Err(MakeError::disk(&error)),
                    Err(error @ (ArchiveError::NothingFound(_) | ArchiveError::NothingChosen)) => {
                        Err(MakeError::wrong(error))
                    }
                }
            }
        }
    }
}

impl ReportRequest {
    fn pdf(
        &self,
        data: &Dataset,
        templates: &Templates,
        limits: &Limits,
        watch: &dyn Watch,
    ) -> Result<Vec<u8>, MakeError> {
        let template = self.template.as_deref().map(|name| templates.find(name)).transpose();
        let pages = Pages {
            template: template.map_err(MakeError::wrong)?.unwrap_or_default(),
            archival: self.archival,
            fonts: templates.fonts.clone(),
        };
        let stop = || watch.is_cancelled();
        let numbers = report::compute_unless(data, &self.numbers, &stop).map_err(|error| match error {
            ComputeError::Stopped => MakeError::Cancelled,
            error => MakeError::wrong(error),
        })?;
        lay_out(&numbers, &pages, limits, &|| watch.is_cancelled()).map_err(|error| match error {
            LayoutError::Cancelled => MakeError::Cancelled,
            LayoutError::Template(_)
            | LayoutError::TooSlow
            | LayoutError::TooMuchMemory(_)
            | LayoutError::TooLarge(_) => MakeError::wrong(error),
            LayoutError::Process(error) if is_out_of_descriptors(&error) => MakeError::NoDescriptors,
            LayoutError::Process(error) => {
                tracing::error!(%error, "the process that lays out a report cannot be run");
                let message = "the report could not be laid out on the server; submit the export again, and if it \
                               fails again ask the server's operator to look at its log";
                MakeError::Failed(Failure { message: message.into(), may_pass: true })
            }
            LayoutError::Own(error) => {
                tracing::error!(%error, "a report's template is at fault");
                MakeError::wrong("the report could not be laid out; this is a fault of the program, please report it")
            }
        })
    }
}

impl ArchiveRequest {
    /// The order for the archive, with the detections that were chosen.
    pub fn order(&self, data: &Dataset, limits: &Limits) -> Result<Order, UnknownNames> {
        let detection_ids = match &self.detections {
            Chosen::Ids(ids) => ids.clone(),
            Chosen::Filter(selection) => {
                let rows = self.selected(selection, data)?;
                rows.into_iter().map(|row| data.observations.get(row).id.to_owned()).collect()
            }
        };
        Ok(Order {
            detection_ids,
            layout: self.layout,
            media: self.media,
            include_crops: self.include_crops,
            include_originals: self.include_originals,
            include_metadata_csv: self.include_metadata_csv,
            include_humans: self.include_humans,
            include_damaged: self.include_damaged,
            crop_size: self.crop_size,
            coordinates: self.coordinates,
            request: self.asked.clone(),
            threads: limits.threads,
            memory: Arc::clone(&limits.pictures),
            job_memory: limits.job_memory,
        })
    }

    /// How many detections were chosen.
    pub fn count(&self, source: &Source) -> Result<usize, SourceFault> {
        match &self.detections {
            Chosen::Ids(ids) => Ok(ids.len()),
            Chosen::Filter(selection) => source.count(&self.wanted(selection), &self.share),
        }
    }

    /// What of a database it needs.
    pub fn slice(&self) -> Slice {
        // Whole pictures and their addresses are handed out when nobody is on them.
        let whole = self.include_originals || (self.layout != Layout::Crops && self.media != Media::Crops);
        let people = whole && !self.include_humans;
        match &self.detections {
            Chosen::Ids(ids) => Slice::Ids { ids: ids.clone(), people },
            Chosen::Filter(selection) => Slice::Selected { selection: self.wanted(selection), people },
        }
    }

    /// What a filter chooses.
    fn wanted(&self, selection: &Selection) -> Selection {
        Selection {
            humans: self.include_humans,
            without_box: self.layout.takes_without_box(self.media),
            ..selection.clone()
        }
    }

    /// The rows that a filter chooses.
    fn selected(&self, selection: &Selection, data: &Dataset) -> Result<Vec<u32>, UnknownNames> {
        Ok(self.share.of(data, data.select(&self.wanted(selection))?))
    }
}

/// What the tables and the manifest of an archive hold of each detection in memory, in bytes.
const MEMORY_OF_A_DETECTION: u64 = 1 << 10;

/// Refuses an archive whose tables alone would take more than an export may.
fn check_memory(order: &Order) -> Result<(), MakeError> {
    let needed = order.detection_ids.len() as u64 * MEMORY_OF_A_DETECTION;
    if needed <= order.job_memory {
        return Ok(());
    }
    Err(MakeError::wrong(format!(
        "the archive needs about {} MiB of memory for {} detections, and one export may take {} MiB (--job-memory); \
         ask for fewer at once (max, sample, or other dates, classes or locations)",
        needed >> 20,
        order.detection_ids.len(),
        order.job_memory >> 20
    )))
}
