//! Flags that say which classes are males, females and young.

use clap::Args;
use detections::{Group, StatedGroups};

use crate::cli::failure::Failure;

/// Which classes are males, females and young, for sex ratio and recruitment.
#[derive(Debug, Args)]
pub struct GroupArguments {
    /// Classes of grown males, with commas between [default: buck; for PostgreSQL with the default mapping
    /// of classes buck,mature,mid,young]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub males: Option<Vec<String>>,
    /// Classes of grown females [default: doe]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub females: Option<Vec<String>>,
    /// Classes of young animals [default: fawn]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub juveniles: Option<Vec<String>>,
}

impl GroupArguments {
    /// What the flags say, unless two of them name the same class.
    pub fn stated(&self) -> Result<StatedGroups, Failure> {
        StatedGroups::new(self.males.clone(), self.females.clone(), self.juveniles.clone()).map_err(|error| {
            let [first, second] = [error.first, error.second].map(flag_of);
            Failure::input(format!("{first}, {second}: {error}"))
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
