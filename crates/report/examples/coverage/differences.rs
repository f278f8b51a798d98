//! Comparisons of periods and of months: intervals of ratios, false alarms, power.

use testkit::simulation::{Clumps, Design, Species, SurveyPlan};

use crate::{Measure, Question, comparison, period, report_on};

const CLUMPS: Clumps = Clumps { more_visits: 4.0, days: 3 };

pub fn questions() -> Vec<Question> {
    [ratios(), false_alarms(), unequal_periods(), power(), alike_months(), other_months()]
        .into_iter()
        .flatten()
        .collect()
}

/// Designs with a number of locations in each period.
fn designs(locations: usize) -> [(Design, usize, String); 3] {
    [
        (Design::Paired, locations, format!("{locations} locations in both periods")),
        (Design::Unpaired, 2 * locations, format!("{locations} locations in each period, none in both")),
        (
            Design::Mixed,
            3 * locations / 2,
            format!("{locations} locations in each period, half of them in both"),
        ),
    ]
}

/// Cameras stand for sixty days in each period.
fn plan(design: Design, locations: usize, species: Species) -> SurveyPlan {
    SurveyPlan {
        locations,
        design,
        days: 60,
        second_days: 60,
        has_timestamp_issues: true,
        species: vec![species],
        ..SurveyPlan::default()
    }
}

fn compare_periods(setting: String, plan: SurveyPlan, measure: Measure) -> Question {
    crate::question(setting, comparison(&plan), plan, vec![measure])
}

fn false_alarm() -> Measure {
    Measure::difference("a difference of rates is found where there is none", "at most 5%", "comparisons")
}

fn ratios() -> Vec<Question> {
    let mut questions = Vec::new();
    for change in [1.0, 2.0] {
        for (design, locations, words) in designs(20) {
            let species = Species { change, richness: Some(0.5), ..Species::default() };
            let what = "interval of the rate ratio holds the true one";
            let measure = Measure::interval(what, "comparisons", ["low", "high"], change);
            let setting = format!("{words}, k = 0.5, the true ratio is {change}");
            questions.push(compare_periods(setting, plan(design, locations, species), measure));
        }
    }
    questions
}

/// Animals that come in clumps, and to some places more than to others.
fn uneven() -> Species {
    Species { rate: 0.1, richness: Some(0.5), clumps: Some(CLUMPS), ..Species::default() }
}

fn false_alarms() -> Vec<Question> {
    let mut questions = Vec::new();
    for locations in [4, 6, 8, 12, 20, 40] {
        for (design, locations, words) in designs(locations).into_iter().take(2) {
            let setting = format!("{words}, k = 0.5, clumps of 5");
            questions.push(compare_periods(setting, plan(design, locations, uneven()), false_alarm()));
        }
    }
    questions
}

fn unequal_periods() -> Vec<Question> {
    let mut questions = Vec::new();
    for locations in [8, 20] {
        for (design, locations, words) in designs(locations).into_iter().take(2) {
            let setting = format!("{words}, the second three times as long, k = 0.5, clumps of 5");
            let plan = SurveyPlan { second_days: 180, ..plan(design, locations, uneven()) };
            questions.push(compare_periods(setting, plan, false_alarm()));
        }
    }
    questions
}

fn power() -> Vec<Question> {
    let of_size = |locations: usize| {
        let species = Species { change: 2.0, richness: Some(0.3), ..Species::default() };
        let measure = Measure::difference("a doubling of the rate is found", "–", "comparisons");
        let setting = format!("{locations} locations in both periods, k = 0.3");
        compare_periods(setting, plan(Design::Paired, locations, species), measure)
    };
    [10, 20, 40].map(of_size).into()
}

fn months(setting: String, plan: SurveyPlan, what: &'static str, promised: &'static str) -> Question {
    let measure = Measure::difference(what, promised, "bucket_tests");
    crate::question(setting, report_on(period(plan.whole())), plan, vec![measure])
}

/// A constant rate. Cameras start at different times, so that months differ in effort.
fn alike_months() -> Vec<Question> {
    let of_size = |locations: usize| {
        let plan = SurveyPlan {
            days: 90,
            second_days: 90,
            latest_start: 20,
            ..plan(Design::Paired, locations, uneven())
        };
        let setting = format!("{locations} locations, eight months, staggered, k = 0.5, clumps of 5");
        months(setting, plan, "months are called different though the rate is constant", "at most 5%")
    };
    [4, 6, 12, 38].map(of_size).into()
}

fn other_months() -> Vec<Question> {
    let of_size = |locations: usize| {
        let species = Species { change: 2.0, richness: Some(0.5), ..Species::default() };
        let plan = SurveyPlan { days: 90, second_days: 90, ..plan(Design::Paired, locations, species) };
        let setting =
            format!("{locations} locations, twice the rate in the second half of six months, k = 0.5");
        months(setting, plan, "months that differ are called different", "–")
    };
    [12, 38].map(of_size).into()
}
