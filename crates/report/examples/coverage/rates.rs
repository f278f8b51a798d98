//! Rates, occupancy and ratios of kinds of animals, of one period.

use report::Request;
use testkit::simulation::{Species, SurveyPlan, VaryingShare};

use crate::judges::{interval_holds, ratio_row};
use crate::{Measure, Question, question, report_on_first_half};

/// Days of a deployment; each location has three.
const DAYS: u32 = 100;

pub fn questions() -> Vec<Question> {
    [rates(), shares_of_females(), bucks_per_doe()].into_iter().flatten().collect()
}

fn plan(locations: usize, species: Vec<Species>) -> SurveyPlan {
    SurveyPlan {
        locations,
        deployments: 3,
        days: DAYS,
        has_timestamp_issues: true,
        species,
        ..SurveyPlan::default()
    }
}

fn setting(locations: usize, shape: f64) -> String {
    format!("{locations} locations with three deployments each, k = {shape}")
}

/// Whether the interval of a ratio holds a number.
fn ratio(what: &'static str, name: &'static str, truth: f64) -> Measure {
    Measure::new(what, "95%", move |numbers| {
        interval_holds(ratio_row(numbers, name)?, ["low", "high"], truth)
    })
}

fn rates() -> Vec<Question> {
    let of_size = |shape: f64, locations: usize| {
        let species = Species { rate: 0.03, richness: Some(shape), ..Species::default() };
        let rai = 100.0 * species.rate_in(0);
        let occupancy = species.chance_of_visit(f64::from(3 * DAYS));
        let plan = plan(locations, vec![species]);
        let measures = vec![
            Measure::interval(
                "interval of the RAI holds the true rate",
                "classes",
                ["rai_low", "rai_high"],
                rai,
            ),
            Measure::interval(
                "interval of naive occupancy holds the true share",
                "classes",
                ["occupancy_low", "occupancy_high"],
                occupancy,
            ),
        ];
        question(setting(locations, shape), report_on_first_half(&plan), plan, measures)
    };
    let sizes = [4, 6, 8, 12, 20, 38];
    [0.3, 0.5, 1.0].iter().flat_map(|shape| sizes.map(|locations| of_size(*shape, locations))).collect()
}

/// From sex and life stage. The shares differ between locations.
fn shares_of_females() -> Vec<Question> {
    let (females, with_young) = (0.6, 0.4);
    let share = |mean| Some(VaryingShare { mean, alike: Some(5.0) });
    let of_size = |locations: usize| {
        let species = Species {
            rate: 0.05,
            richness: Some(0.5),
            females: share(females),
            with_young: share(with_young),
            ..Species::default()
        };
        let plan = plan(locations, vec![species]);
        let males = "interval of males per female holds the true ratio";
        let young = "interval of the share of females seen with young holds the true share";
        let measures = vec![
            ratio(males, "males per female", (1.0 - females) / females),
            ratio(young, "share of females seen with young", with_young),
        ];
        let request = Request { sex_and_age: true, ..report_on_first_half(&plan) };
        question(setting(locations, 0.5), request, plan, measures)
    };
    [8, 20, 38].map(of_size).into()
}

fn bucks_per_doe() -> Vec<Question> {
    let deer =
        |name: &str, rate| Species { name: name.into(), rate, richness: Some(0.5), ..Species::default() };
    let of_size = |locations: usize| {
        let plan = plan(locations, vec![deer("buck", 0.02), deer("doe", 0.03)]);
        let measure = ratio("interval of bucks per doe holds the true ratio", "bucks per doe", 2.0 / 3.0);
        question(setting(locations, 0.5), report_on_first_half(&plan), plan, vec![measure])
    };
    [8, 20, 38].map(of_size).into()
}
