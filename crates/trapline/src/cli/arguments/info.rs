//! `trapline info …`.

use clap::Args;

use super::{Coordinates, DataArgument, ReadingArguments};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trapline info examples/algar.zip
  trapline info md_results.json --images /pictures
  trapline info examples/camtrap-dp --json

The names that it shows are those that --class and --location take.")]
pub struct InfoArguments {
    /// A data set, as for --data of other commands: a path, or the address of a PostgreSQL database
    #[arg(value_name = "[NAME=]PATH|URL")]
    pub data: DataArgument,
    #[command(flatten)]
    pub reading: ReadingArguments,
    /// How exactly places are told
    #[arg(long, value_name = "HOW", value_enum, default_value_t)]
    pub coordinates: Coordinates,
    /// Print all of it as JSON
    #[arg(long)]
    pub json: bool,
}
