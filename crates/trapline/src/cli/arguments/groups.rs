//! Flags that say which classes are males, females and young.

use clap::Args;
use detections::{Group, StatedGroups};

use crate::cli::command_error::CommandError;

/// Which classes are males, females and young, for sex ratio and recruitment.
#[derive(Debug, Args)]
pub struct GroupArguments {
    /// Names for adult males in the data, separated by commas [default: buck; in a database with the
    /// default mapping buck,mature,mid,young]
    #[arg(long, value_name = "NAMES", help_heading = "Data", value_delimiter = ',')]
    pub males: Option<Vec<String>>,
    /// Names for adult females in the data [default: doe]
    #[arg(long, value_name = "NAMES", help_heading = "Data", value_delimiter = ',')]
    pub females: Option<Vec<String>>,
    /// Names for young animals in the data [default: fawn]
    #[arg(long, value_name = "NAMES", help_heading = "Data", value_delimiter = ',')]
    pub juveniles: Option<Vec<String>>,
}

impl GroupArguments {
    /// What the flags say, unless two of them name the same class.
    pub fn read_groups(&self) -> Result<StatedGroups, CommandError> {
        StatedGroups::new(self.males.clone(), self.females.clone(), self.juveniles.clone()).map_err(|error| {
            let [first, second] = [error.first, error.second].map(flag_of);
            CommandError::input(format!("{first}, {second}: {error}"))
        })
    }
}

fn flag_of(group: Group) -> &'static str {
    match group {
        Group::Male => "--males",
        Group::Female => "--females",
        Group::Juvenile => "--juveniles",
    }
}
