//! Surveys whose truth is known.
//!
//! Animals visit cameras at a rate, at hours and in clumps that a [`SurveyPlan`] sets, and the visits become
//! a Camtrap DP package like any other. So it can be measured how often the intervals of a report contain the
//! truth, and how often its tests find a difference without one.
//!
//! A survey has two halves, one after the other: in a plan of one period all locations work in the first.

mod curve;
mod parallel;
mod random;
mod tables;
mod visits;

pub use curve::{Curve, Peak};
pub use parallel::run_surveys;
pub use random::Random;

use crate::Package;

/// The day on which the first half begins: 1 January 2020, in days since 1970.
const FIRST_DAY: i64 = 18_262;

/// Which locations work in which half of the survey.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Design {
    /// All in the first half, none in the second.
    #[default]
    OnePeriod,
    /// Each in both.
    Paired,
    /// Every other location in the first half, the rest in the second.
    Unpaired,
    /// A third in both, a third in the first half, a third in the second.
    Mixed,
}

impl Design {
    fn has_camera(self, location: usize, half: usize) -> bool {
        match self {
            Self::OnePeriod => half == 0,
            Self::Paired => true,
            Self::Unpaired => location % 2 == half,
            Self::Mixed => location % 3 == 2 || location % 3 == half,
        }
    }
}

/// Visits that come together: after the first an animal comes back within a few days.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clumps {
    /// Mean number of visits after the first one (a geometric number).
    pub more_visits: f64,
    /// Days that a clump lasts, at least 1.
    pub days: u32,
}

/// A share that may differ between locations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VaryingShare {
    /// Its mean.
    pub mean: f64,
    /// Concentration of the beta distribution around the mean; without it the share is the same everywhere.
    pub alike: Option<f64>,
}

/// A species, and how it behaves.
#[derive(Clone, Debug, PartialEq)]
pub struct Species {
    /// Its name in the package.
    pub name: String,
    /// Visits per camera-day in the first half, as a mean over locations.
    pub rate: f64,
    /// What the rate is multiplied by in the second half.
    pub change: f64,
    /// Shape of the gamma distribution of the rates of locations, smaller is more uneven; without it all
    /// locations have the same rate.
    pub richness: Option<f64>,
    /// Whether visits come in clumps; else they come by chance alone (Poisson). The mean rate is the same.
    pub clumps: Option<Clumps>,
    /// At what time of day it comes.
    pub curve: Curve,
    /// How alike the curves of the locations are: the concentration of the Dirichlet distribution of the
    /// shares of its peaks. Without it they are all the same.
    pub alike_curves: Option<f64>,
    /// A visit is a burst of 1 to this many images, within minutes.
    pub most_images: u32,
    /// The share of the visits that are of females, the rest are of males; without it no sex is written.
    pub females: Option<VaryingShare>,
    /// The share of the visits of females on which a young animal comes along.
    pub with_young: Option<VaryingShare>,
}

impl Default for Species {
    fn default() -> Self {
        Self {
            name: "Testus unus".into(),
            rate: 0.1,
            change: 1.0,
            richness: None,
            clumps: None,
            curve: Curve::even(),
            alike_curves: None,
            most_images: 1,
            females: None,
            with_young: None,
        }
    }
}

impl Species {
    /// The true mean rate, visits per camera-day, in a half of the survey (0 or 1). Each visit is an
    /// independent event by the usual half hour.
    pub fn rate_in(&self, half: usize) -> f64 {
        if half == 0 { self.rate } else { self.rate * self.change }
    }

    /// The chance that a location sees the species at least once in so many camera-days of the first half:
    /// the true occupancy. The probability of no clump is that of a Poisson number whose mean is a gamma
    /// number.
    pub fn chance_of_visit(&self, camera_days: f64) -> f64 {
        let clump_size = 1.0 + self.clumps.map_or(0.0, |clumps| clumps.more_visits);
        let clumps = self.rate * camera_days / clump_size;
        match self.richness {
            Some(shape) => 1.0 - (1.0 + clumps / shape).powf(-shape),
            None => 1.0 - (-clumps).exp(),
        }
    }
}

/// What is surveyed, where and how long.
#[derive(Clone, Debug, PartialEq)]
pub struct SurveyPlan {
    /// Locations in all.
    pub locations: usize,
    /// Which of them work in which half.
    pub design: Design,
    /// Deployments of a location in each half that it works in, one after the other.
    pub deployments: u32,
    /// Days of a deployment in the first half.
    pub days: u32,
    /// Days of a deployment in the second half.
    pub second_days: u32,
    /// Each location begins up to so many days late, in each half anew.
    pub latest_start: u32,
    /// Every other location has a second camera beside the first, which sees the same animals.
    pub has_twin_cameras: bool,
    /// The package says that no clock is to be believed, which keeps a report from working on times of day.
    pub has_timestamp_issues: bool,
    /// The animals.
    pub species: Vec<Species>,
}

impl Default for SurveyPlan {
    fn default() -> Self {
        Self {
            locations: 20,
            design: Design::OnePeriod,
            deployments: 1,
            days: 100,
            second_days: 100,
            latest_start: 0,
            has_twin_cameras: false,
            has_timestamp_issues: false,
            species: vec![Species::default()],
        }
    }
}

impl SurveyPlan {
    /// Simulates the survey. The same plan and seed give the same package.
    pub fn simulate(&self, seed: u64) -> Package {
        let mut random = Random::with_seed(seed);
        let mut tables = tables::Tables::new(self.has_timestamp_issues);
        for location in 0..self.locations {
            let deployments = self.deployments_at(location, &mut random);
            let twins = self.has_twin_cameras && location % 2 == 1;
            tables.add_location(location, &deployments, twins);
            for species in &self.species {
                for visit in visits::simulate_visits(species, &deployments, &mut random) {
                    tables.add_visit(location, species, &visit, twins);
                }
            }
        }
        tables.into_package()
    }

    /// First and last day of a half (0 or 1), as `YYYY-MM-DD`; both are inside.
    pub fn half(&self, half: usize) -> (String, String) {
        let start = self.first_day_of(half);
        (tables::date(start), tables::date(start + self.length_of(half) - 1))
    }

    /// First and last day of both halves together.
    pub fn whole(&self) -> (String, String) {
        (self.half(0).0, self.half(1).1)
    }

    fn first_day_of(&self, half: usize) -> i64 {
        if half == 0 { FIRST_DAY } else { FIRST_DAY + self.length_of(0) }
    }

    /// Days of a half, from the first that a camera may work to the last.
    fn length_of(&self, half: usize) -> i64 {
        let days = if half == 0 { self.days } else { self.second_days };
        i64::from(self.deployments * days + self.latest_start)
    }

    fn deployments_at(&self, location: usize, random: &mut Random) -> Vec<visits::Deployment> {
        let mut deployments = Vec::new();
        for half in (0..2).filter(|half| self.design.has_camera(location, *half)) {
            let days = if half == 0 { self.days } else { self.second_days };
            let mut first_day = self.first_day_of(half) + i64::from(random.draw_below(self.latest_start + 1));
            for _ in 0..self.deployments {
                deployments.push(visits::Deployment { half, first_day, days });
                first_day += i64::from(days);
            }
        }
        deployments
    }
}
