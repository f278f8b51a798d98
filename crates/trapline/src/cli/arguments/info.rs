//! `trapline info …`.

use clap::Args;
use detections::Coordinates;

use super::{DataArgument, ReadingArguments, one_of};

const COORDINATES: [(&str, Coordinates); 2] =
    [("rounded", Coordinates::Rounded), ("exact", Coordinates::Exact)];

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trapline info examples/algar.zip
  trapline info md_results.json --images /pictures
  trapline info examples/camtrap-dp --json

--class and --location accept the names that it shows.")]
pub struct InfoArguments {
    /// Data set: a path, or the address of a PostgreSQL database
    #[arg(value_name = "[NAME=]PATH|URL")]
    pub data: DataArgument,
    /// Coordinate precision
    #[arg(long, value_name = "HOW", help_heading = "Output", default_value = "rounded", value_parser = one_of(&COORDINATES))]
    pub coordinates: Coordinates,
    /// Print everything as JSON
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    #[command(flatten)]
    pub reading: ReadingArguments,
}
