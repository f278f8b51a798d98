//! `trapline archive …`.

use std::path::PathBuf;

use archive::{Coordinates, Layout, Media};
use clap::Args;
use jiff::civil::Date;

use super::{DataArguments, FetchArguments, one_of};

/// How places are written, by the names that requests use.
const COORDINATES: [(&str, Coordinates); 2] =
    [("rounded", Coordinates::Rounded), ("exact", Coordinates::Exact)];

// Flags of a command line are what bools are for.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trapline archive --data examples/camtrap-dp -o detections.zip
  trapline archive --data examples/camtrap-dp --class 'Ardea cinerea' --crop-size 512 -o herons.zip
  trapline archive --data examples/camtrap-dp --ids ids.txt -o chosen.zip
  trapline archive --data examples/camtrap-dp --layout camtrap-dp --media remote -o addresses.zip
  trapline archive --data examples/camtrap-dp --layout coco -o training.zip
  trapline archive --data md.json --images pictures --max 1000 --sample 7 -o balanced.zip

People and vehicles are left out unless --include-humans asks for them.")]
pub struct ArchiveArguments {
    #[command(flatten)]
    pub data: DataArguments,
    #[command(flatten)]
    pub fetch: FetchArguments,
    /// First day, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    pub from: Option<Date>,
    /// Last day, which is inside
    #[arg(long, value_name = "DATE")]
    pub to: Option<Date>,
    /// A class to export; may be given several times [default: all]
    #[arg(long, value_name = "CLASS")]
    pub class: Vec<String>,
    /// A location to export, by its name or id; may be given several times [default: all]
    #[arg(long, value_name = "LOCATION")]
    pub location: Vec<String>,
    /// A file with the ids of the detections to export, one on each line
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "to", "class", "location", "max", "sample"])]
    pub ids: Option<PathBuf>,
    /// At most so many detections: the first, or a sample
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max: Option<u32>,
    /// Take a sample that has as many of each class as there are; another seed is another sample
    #[arg(long, value_name = "SEED")]
    pub sample: Option<u64>,
    /// At most so many of each class in the sample
    #[arg(long, value_name = "N", requires = "sample", value_parser = clap::value_parser!(u32).range(1..))]
    pub per_class: Option<u32>,
    /// How it is laid out: crops with a table, a Camtrap DP package, or COCO Camera Traps JSON
    #[arg(long, value_name = "LAYOUT", default_value = "crops", value_parser = one_of(&Layout::ALL))]
    pub layout: Layout,
    /// Which pictures are in a camtrap-dp or coco archive: whole ones (a camtrap-dp archive names those that
    /// stay on the web by their addresses), crops, none but their addresses (camtrap-dp), or none
    #[arg(long, value_name = "WHICH", default_value = "whole", value_parser = one_of(&Media::ALL))]
    pub media: Media,
    /// Side of the square that crops are fitted into, in pixels
    #[arg(long, value_name = "PIXELS", default_value_t = 300,
          value_parser = clap::value_parser!(u32).range(128..=1024))]
    pub crop_size: u32,
    /// Put the whole pictures beside the crops
    #[arg(long)]
    pub include_originals: bool,
    /// Put people and vehicles in, and whole pictures on which they were recorded
    #[arg(long)]
    pub include_humans: bool,
    /// Crops of damaged pictures too, which may show what was not there
    #[arg(long)]
    pub include_damaged: bool,
    /// How exactly places are told
    #[arg(long, value_name = "HOW", default_value = "rounded", value_parser = one_of(&COORDINATES))]
    pub coordinates: Coordinates,
    /// Leave out the crops
    #[arg(long)]
    pub no_crops: bool,
    /// Leave out metadata.csv
    #[arg(long)]
    pub no_metadata: bool,
    /// The file to write
    #[arg(short, long, value_name = "FILE.zip")]
    pub output: PathBuf,
    /// Tell what was done as JSON on standard output
    #[arg(long)]
    pub json: bool,
}
