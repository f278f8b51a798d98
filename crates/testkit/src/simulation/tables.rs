//! A simulated survey as a Camtrap DP package.

use std::fmt::Write;

use super::Species;
use super::visits::{Deployment, Visit};
use crate::Package;

/// Seconds of a day.
const DAY: i64 = 86_400;
/// The second camera of a pair takes its image so many seconds after the first.
const TWIN_DELAY: i64 = 3;

/// The tables as they grow.
pub(super) struct Tables {
    package: Package,
    has_timestamp_issues: bool,
    images: usize,
    observations: usize,
}

impl Tables {
    pub fn new(has_timestamp_issues: bool) -> Self {
        let package = Package {
            deployments: "deploymentID,locationID,locationName,latitude,longitude,deploymentStart,\
                          deploymentEnd,timestampIssues\n"
                .into(),
            observations: "observationID,deploymentID,mediaID,eventID,eventStart,eventEnd,\
                           observationLevel,observationType,scientificName,count,lifeStage,sex\n"
                .into(),
            ..Package::default()
        };
        Self { package, has_timestamp_issues, images: 0, observations: 0 }
    }

    pub fn into_package(self) -> Package {
        self.package
    }

    /// Near the equator, where the sun rises and sets at about six all the year, and on the clock of UTC.
    pub fn add_location(&mut self, location: usize, deployments: &[Deployment], has_twins: bool) {
        let longitude = 0.5 + location as f64 * 0.01;
        for (number, deployment) in deployments.iter().enumerate() {
            for camera in cameras(has_twins) {
                writeln!(
                    self.package.deployments,
                    "{},loc{location},Place {location},0.5,{longitude:.2},{},{},{}",
                    deployment_id(location, number, camera),
                    timestamp(deployment.start()),
                    timestamp(deployment.end()),
                    self.has_timestamp_issues,
                )
                .expect("writing to a string");
            }
        }
    }

    pub fn add_visit(&mut self, location: usize, species: &Species, visit: &Visit, has_twins: bool) {
        for image in &visit.images {
            for camera in cameras(has_twins) {
                let deployment = deployment_id(location, visit.deployment, camera);
                let time = timestamp(image + if *camera == "b" { TWIN_DELAY } else { 0 });
                let image = self.add_image(&deployment, &time);
                let stage = if visit.sex.is_empty() { "" } else { "adult" };
                self.add_observation(&deployment, image, &time, &species.name, [stage, visit.sex]);
                if visit.has_young {
                    self.add_observation(&deployment, image, &time, &species.name, ["juvenile", ""]);
                }
            }
        }
    }

    /// The number of the new image.
    fn add_image(&mut self, deployment: &str, time: &str) -> usize {
        self.images += 1;
        let number = self.images;
        writeln!(self.package.media, "m{number},{deployment},{time},images/m{number}.jpg,true,image/jpeg")
            .expect("writing to a string");
        number
    }

    fn add_observation(
        &mut self,
        deployment: &str,
        image: usize,
        time: &str,
        name: &str,
        [stage, sex]: [&str; 2],
    ) {
        self.observations += 1;
        let number = self.observations;
        writeln!(
            self.package.observations,
            "o{number},{deployment},m{image},,{time},{time},media,animal,{name},1,{stage},{sex}"
        )
        .expect("writing to a string");
    }
}

/// The letters of the cameras of a location.
fn cameras(has_twins: bool) -> &'static [&'static str] {
    if has_twins { &["a", "b"] } else { &["a"] }
}

fn deployment_id(location: usize, number: usize, camera: &str) -> String {
    format!("d{location}-{number}{camera}")
}

fn timestamp(seconds: i64) -> String {
    let of_day = seconds.rem_euclid(DAY);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{}T{hour:02}:{minute:02}:{second:02}Z", date(seconds.div_euclid(DAY)))
}

/// The date of a day since 1970 as `YYYY-MM-DD`.
///
/// Hinnant (2014), “chrono-Compatible Low-Level Date Algorithms”, `civil_from_days`: years begin in March.
pub(super) fn date(day: i64) -> String {
    // Days since 1 March of the year 0, in eras of 400 years.
    let since = day + 719_468;
    let (era, day_of_era) = (since.div_euclid(146_097), since.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day_of_month:02}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::simulation::{Clumps, Curve, Design, SurveyPlan, VaryingShare};

    #[test]
    fn days_have_their_dates() {
        for (day, expected) in
            [(0, "1970-01-01"), (18_262, "2020-01-01"), (18_321, "2020-02-29"), (18_628, "2021-01-01")]
        {
            assert_eq!(date(day), expected);
        }
        assert_eq!(timestamp(18_321 * DAY + 3661), "2020-02-29T01:01:01Z");
    }

    /// Visits in each half of a plan: bursts of one image, so that each row is a visit.
    fn visits_in(plan: &SurveyPlan, seed: u64) -> [usize; 2] {
        let package = plan.simulate(seed);
        let second = plan.half(1).0;
        let rows = package.observations.lines().skip(1);
        let later = rows.filter(|row| row.split(',').nth(4).is_some_and(|time| *time >= *second));
        let all = package.observations.lines().count() - 1;
        let later = later.count();
        [all - later, later]
    }

    #[test]
    fn the_mean_rate_is_the_one_of_the_plan_however_visits_come() {
        let clumps = Some(Clumps { more_visits: 4.0, days: 3 });
        for (richness, clumps) in [(None, None), (Some(0.5), None), (None, clumps), (Some(0.5), clumps)] {
            let species = Species { rate: 0.1, change: 2.0, richness, clumps, ..Species::default() };
            let plan = SurveyPlan {
                locations: 400,
                design: Design::Paired,
                days: 50,
                second_days: 50,
                latest_start: 5,
                species: vec![species],
                ..SurveyPlan::default()
            };
            // 2,000 and 4,000 visits are expected.
            let [first, second] = visits_in(&plan, 1).map(|visits| visits as f64);
            let tolerance = if richness.is_none() && clumps.is_none() { 0.12 } else { 0.4 };
            assert!((first / 2000.0 - 1.0).abs() < tolerance, "{first} in the first half: {plan:?}");
            assert!((second / first / 2.0 - 1.0).abs() < tolerance, "{second} in the second half: {plan:?}");
        }
    }

    #[test]
    fn a_design_says_where_cameras_stand_in_which_half() {
        for (design, expected) in [
            (Design::OnePeriod, [12, 0]),
            (Design::Paired, [12, 12]),
            (Design::Unpaired, [6, 6]),
            (Design::Mixed, [8, 8]),
        ] {
            let plan = SurveyPlan { locations: 12, design, ..SurveyPlan::default() };
            let package = plan.simulate(1);
            let first = package.deployments.matches(",2020-01-01T00:00:00Z,").count();
            let all = package.deployments.lines().count() - 1;
            assert_eq!([first, all - first], expected, "{design:?}");
        }
    }

    #[test]
    fn visits_are_more_than_half_an_hour_apart_and_their_images_minutes() {
        let species = Species {
            rate: 2.0,
            clumps: Some(Clumps { more_visits: 2.0, days: 2 }),
            curve: Curve::peak_at(6.0, 1.0),
            most_images: 6,
            ..Species::default()
        };
        let plan = SurveyPlan { locations: 3, species: vec![species], ..SurveyPlan::default() };
        let package = plan.simulate(3);
        let mut times: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for row in package.observations.lines().skip(1) {
            let cells: Vec<&str> = row.split(',').collect();
            times.entry(cells[1]).or_default().push(cells[4]);
        }
        let minute = |time: &str| -> i64 {
            let number = |range: std::ops::Range<usize>| time[range].parse::<i64>().unwrap();
            // Days of a month that is always 31 days long are in order, and far enough apart.
            ((number(5..7) * 31 + number(8..10)) * 24 + number(11..13)) * 60 + number(14..16)
        };
        for times in times.values_mut() {
            times.sort_unstable();
            let gaps: Vec<i64> = times.windows(2).map(|pair| minute(pair[1]) - minute(pair[0])).collect();
            assert!(gaps.iter().all(|gap| *gap <= 2 || *gap > 30), "{gaps:?}");
            assert!(gaps.iter().any(|gap| *gap > 30) && gaps.iter().any(|gap| *gap <= 2));
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_package() {
        let plan = SurveyPlan::default();
        assert_eq!(plan.simulate(7).observations, plan.simulate(7).observations);
        assert_ne!(plan.simulate(7).observations, plan.simulate(8).observations);
    }

    #[test]
    fn females_young_and_second_cameras_are_written() {
        let species = Species {
            females: Some(VaryingShare { mean: 0.6, alike: Some(10.0) }),
            with_young: Some(VaryingShare { mean: 0.5, alike: None }),
            ..Species::default()
        };
        let plan = SurveyPlan { has_twin_cameras: true, species: vec![species], ..SurveyPlan::default() };
        let package = plan.simulate(2);
        let count = |text: &str| package.observations.matches(text).count();
        let (females, males) = (count(",adult,female\n"), count(",adult,male\n"));
        assert!((females as f64 / (females + males) as f64 - 0.6).abs() < 0.2, "{females} and {males}");
        let young = count(",juvenile,\n") as f64;
        assert!((young / females as f64 - 0.5).abs() < 0.2, "{young} of {females}");
        assert_eq!(package.deployments.lines().count() - 1, 30, "10 locations have two cameras");
        assert_eq!(count(",d1-0a,"), count(",d1-0b,"), "both see the same");
        assert_eq!(count(",d0-0b,"), 0);
    }

    #[test]
    fn the_true_occupancy_is_the_share_of_locations_with_visits() {
        let species = Species {
            rate: 0.02,
            richness: Some(0.5),
            clumps: Some(Clumps { more_visits: 1.0, days: 3 }),
            ..Species::default()
        };
        let expected = species.chance_of_visit(100.0);
        let plan = SurveyPlan { locations: 2000, species: vec![species], ..SurveyPlan::default() };
        let package = plan.simulate(5);
        let seen: std::collections::BTreeSet<&str> =
            package.observations.lines().skip(1).filter_map(|row| row.split(',').nth(1)).collect();
        let found = seen.len() as f64 / 2000.0;
        assert!((found - expected).abs() < 0.05, "{found} and not {expected}");
    }
}
