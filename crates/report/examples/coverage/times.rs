//! Times of day: overlaps of activity, the test of the same activity, shares at night.

use testkit::simulation::{Curve, Peak, Species, SurveyPlan};

use crate::judges::{first_row, interval_holds, interval_holds_estimate};
use crate::{Measure, Question, report_on_first_half};

/// Concentration of the curves that are compared with each other.
const KAPPA: f64 = 3.0;

pub fn questions() -> Vec<Question> {
    [overlaps(), same_activity(), nights()].into_iter().flatten().collect()
}

/// Two species with so many events each, in bursts of up to eight images.
fn plan(locations: usize, events: u32, curves: [Curve; 2], alike: Option<f64>) -> SurveyPlan {
    // Few cameras stand for longer, so that visits keep their distance without being moved.
    let days = if locations < 10 { 300 } else { 100 };
    let rate = f64::from(events) / (locations as f64 * f64::from(days));
    let species = |(name, curve): (&str, Curve)| Species {
        name: name.into(),
        rate,
        richness: Some(1.0),
        curve,
        alike_curves: alike,
        most_images: 8,
        ..Species::default()
    };
    let species = ["Testus unus", "Testus duo"].into_iter().zip(curves).map(species).collect();
    SurveyPlan { locations, days, species, ..SurveyPlan::default() }
}

fn question(setting: String, plan: SurveyPlan, measures: Vec<Measure>) -> Question {
    crate::question(setting, report_on_first_half(&plan), plan, measures)
}

fn overlaps() -> Vec<Question> {
    let mut questions = Vec::new();
    for locations in [20, 4] {
        for events in [30, 60, 150] {
            // Hours between the peaks, for overlaps of about 0.2, 0.45 and 0.75.
            for apart in [6.22, 3.57, 1.49] {
                let curves = [Curve::peak_at(6.0, KAPPA), Curve::peak_at(6.0 + apart, KAPPA)];
                let truth = curves[0].overlap(&curves[1]);
                let unit = if locations < 6 { "events" } else { "locations" };
                let setting = format!(
                    "{locations} locations ({unit} are resampled), about {events} events each, \
                     the true overlap is {truth:.2}"
                );
                let what = "interval of an overlap holds the true one";
                let measures = vec![
                    Measure::interval(what, "overlaps", ["low", "high"], truth),
                    Measure::new("interval of an overlap holds its estimate", "100%", |numbers| {
                        interval_holds_estimate(first_row(numbers, "overlaps")?, "estimate")
                    }),
                    Measure::difference("other activity is found", "–", "overlaps"),
                ];
                let asked = question(setting, plan(locations, events, curves, None), measures);
                questions.push(Question { one_in: 2, ..asked });
            }
        }
    }
    questions
}

/// Two species with the same curve of dawn and dusk.
fn same_activity() -> Vec<Question> {
    let curve = || {
        let peak = |hour| Peak { hour, kappa: 4.0, share: 0.5 };
        Curve::mixture(vec![peak(6.0), peak(19.0)])
    };
    let with = |events: u32, alike: Option<f64>, words: &str, promised| {
        let what = "other activity is found where it is the same";
        let measures = vec![Measure::difference(what, promised, "overlaps")];
        let setting = format!("20 locations, about {events} events each, in bursts{words}");
        // A share of 5% takes all surveys to be distinguished from one of 8%.
        question(setting, plan(20, events, [curve(), curve()], alike), measures)
    };
    let mut questions: Vec<Question> =
        [30, 60, 150].map(|events| with(events, None, "", "at most 5%")).into();
    let words = "; hours differ between locations, against the assumption";
    questions.push(with(150, Some(5.0), words, "nothing"));
    questions
}

/// Visits around midnight and around noon, the share of which differs between locations.
fn nights() -> Vec<Question> {
    let at_night = 0.3;
    let of_size = |locations: usize| {
        let peak = |hour, share| Peak { hour, kappa: 20.0, share };
        let species = Species {
            rate: 0.03,
            richness: Some(0.5),
            curve: Curve::mixture(vec![peak(0.0, at_night), peak(12.0, 1.0 - at_night)]),
            alike_curves: Some(3.0),
            ..Species::default()
        };
        let plan = SurveyPlan { locations, deployments: 3, species: vec![species], ..SurveyPlan::default() };
        let measure =
            Measure::new("interval of the share at night holds the true one", "95%", move |numbers| {
                interval_holds(&first_row(numbers, "activity")?["night"], ["low", "high"], at_night)
            });
        let setting = format!("{locations} locations, k = 0.5, shares differ between locations");
        question(setting, plan, vec![measure])
    };
    [8, 20, 38].map(of_size).into()
}
