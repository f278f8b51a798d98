//! `trapline archive …`.

use std::path::PathBuf;

use archive::ArchiveRequest;
use clap::Args;

use super::request_flags::{FlagName, Form, RequestFlagNames, RequestFlags};
use super::{DataArguments, FetchArguments};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trapline archive --data examples/camtrap-dp -o detections.zip
  trapline archive --data examples/camtrap-dp --class 'Ardea cinerea' --crop-size 512 -o herons.zip
  trapline archive --data examples/camtrap-dp --ids ids.txt -o chosen.zip
  trapline archive --data examples/camtrap-dp --layout camtrap-dp --media remote -o addresses.zip
  trapline archive --data examples/camtrap-dp --layout coco -o training.zip
  trapline archive --data md.json --images pictures --max 1000 --sample 7 -o balanced.zip

People and vehicles are left out unless you give --include-humans.")]
pub struct ArchiveArguments {
    #[command(flatten)]
    pub request: RequestFlags<ArchiveRequest>,
    /// File with the ids of the detections to export, one per line
    #[arg(long, value_name = "FILE", help_heading = "Content")]
    pub ids: Option<PathBuf>,
    /// File to write
    #[arg(short, long, value_name = "FILE.zip", help_heading = "Output")]
    pub output: PathBuf,
    /// Print the result as JSON on standard output
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    #[command(flatten)]
    pub data: DataArguments,
    #[command(flatten)]
    pub fetch: FetchArguments,
}

impl RequestFlagNames for ArchiveRequest {
    const FLAG_NAMES: &'static [FlagName] = &[
        FlagName::new("detection_ids", "ids", "FILE").form(Form::Elsewhere),
        FlagName::new("filter.start_date", "from", "DATE").help("First day, YYYY-MM-DD"),
        FlagName::new("filter.end_date", "to", "DATE").help("Last day (inclusive)"),
        FlagName::new("filter.classifications", "class", "SPECIES")
            .help("Only this species, by scientific or common name; may be given several times [default: all]"),
        FlagName::new("filter.locations", "location", "LOCATION")
            .help("Only this location, by name or id; may be given several times [default: all]"),
        FlagName::new("max", "max", "N").help("Maximum number of detections"),
        FlagName::new("filter.min_confidence", "min-confidence", "").form(Form::Elsewhere),
        FlagName::new("sample.seed", "sample", "SEED").help("Take a random sample, balanced by species; the same seed gives the same sample"),
        FlagName::new("sample.per_class", "per-class", "N"),
        FlagName::new("layout", "layout", "LAYOUT"),
        FlagName::new("media", "media", "WHICH").help("Pictures in a camtrap-dp or coco archive: whole ones, crops, only their web addresses (remote, in \
             camtrap-dp), or none"),
        FlagName::new("crop_size", "crop-size", "PIXELS"),
        FlagName::new("include_metadata_csv", "no-metadata", "").help("Leave out metadata.csv, in the layout crops"),
        FlagName::new("dataset", "data", "").form(Form::Elsewhere),
    ];
    const PERIOD: &'static [&'static str] = &["filter.start_date", "filter.end_date"];
}
