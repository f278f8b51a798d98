//! The numbers of reports compared with a second calculation, which shares nothing with the first: it reads
//! the tables with another library and goes through them with maps, loops and the definitions themselves.
//! What a report draws at random is drawn here by another generator and compared up to chance.

mod check_counts;
mod check_differences;
mod check_findings;
mod check_times;
mod circular;
mod fields;
mod intervals;
mod naive;
mod permutations;
mod richness;
mod sun;
mod tables;

use detections::Dataset;
use report::{Period, Request};
use serde_json::Value;
use testkit::simulation::{Clumps, Curve, Design, Peak, Species, SurveyPlan, VaryingShare};

use check_counts::{assert_counts, assert_species};
use check_differences::{
    assert_bucket_tests, assert_comparisons, assert_ratio_of_events, assert_ratios, ratio_row,
};
use check_findings::assert_findings;
use check_times::{assert_activity, assert_corrected, assert_nights, assert_overlap, assert_overlaps};
use fields::{assert_close, count, number, rows, text};
use naive::Naive;
use tables::Survey;

use crate::tools::{example, label_period, period, read};

fn calculate(survey: &Survey, period: Period) -> Naive<'_> {
    let first_second = |date: jiff::civil::Date| tables::first_second(&date.to_string());
    Naive::new(survey, first_second(period.start), first_second(period.end) + 86_400, 30)
}

fn compute(data: &Dataset, request: &Request) -> Value {
    serde_json::to_value(report::compute(data, request).unwrap()).unwrap()
}

/// What is known of a survey beside its tables.
struct KnownSurvey {
    /// How far the clocks are from UTC, where the tables do not say so.
    offset_hours: Option<f64>,
    /// The tables say in which taxa the classes lie.
    has_taxa: bool,
}

/// A report on a period, all of whose numbers are as they should be.
fn check_period<'a>(
    data: &Dataset,
    survey: &'a Survey,
    whole: Period,
    known: &KnownSurvey,
) -> (Value, Naive<'a>) {
    let request = Request { sex_and_age: true, ..Request::seasonal_activity(whole.start, whole.end) };
    let numbers = compute(data, &request);
    let naive = calculate(survey, whole);
    assert_counts(&numbers, &naive);
    assert_species(&numbers, &naive, survey, known.has_taxa);
    assert_activity(&numbers, &naive);
    assert_nights(&numbers, &naive, known.offset_hours);
    assert_overlaps(&numbers, &naive);
    assert_bucket_tests(&numbers, &naive);
    assert_ratios(&numbers);
    assert_findings(&numbers);
    (numbers, naive)
}

#[test]
fn a_year_of_algar() {
    let survey = tables::wildlife_insights(&testkit::examples().join("algar.zip"));
    // Nothing is known of these clocks; 112.5 degrees west is seven hours behind.
    let known = KnownSurvey { offset_hours: Some(-7.0), has_taxa: true };
    let (numbers, naive) =
        check_period(&example("algar.zip"), &survey, period("2018-05-01", "2019-04-30"), &known);
    // Events with young, and of females, as counted from the table of images.
    for (class, young, females) in
        [("Alces alces", 20, 27), ("Rangifer tarandus", 6, 14), ("Odocoileus virginianus", 17, 137)]
    {
        assert_eq!(naive.count_events_of_some(class, |sighting| sighting.is_young), young, "{class}");
        assert_eq!(naive.count_events_of_some(class, |sighting| sighting.is_female), females, "{class}");
        assert_share_with_young(&numbers, &naive, class);
        assert_males(&numbers, &naive, class);
    }
}

/// Events with young for those of females, and the females whose visits had young.
fn assert_share_with_young(numbers: &Value, naive: &Naive<'_>, class: &str) {
    let row = ratio_row(numbers, "events with young per event of females", Some(class));
    let young = naive.count_events_of_some(class, |sighting| sighting.is_young);
    let females = naive.count_events_of_some(class, |sighting| sighting.is_female);
    assert_eq!((count(row, "events"), count(row, "base_events")), (young, females), "{row}");
    assert_close(number(row, "estimate"), young as f64 / females as f64, 1e-3, class);
    let share = ratio_row(numbers, "share of females seen with young", Some(class));
    assert!(count(share, "events") <= young && count(share, "base_events") <= females, "{share}");
    assert!(number(share, "low") <= number(share, "estimate") && number(share, "high") <= 1.0, "{share}");
}

fn assert_males(numbers: &Value, naive: &Naive<'_>, class: &str) {
    let row = ratio_row(numbers, "males per female", Some(class));
    let males = naive.count_events_of_some(class, |sighting| sighting.is_male);
    let females = naive.count_events_of_some(class, |sighting| sighting.is_female);
    assert_eq!((count(row, "events"), count(row, "base_events")), (males, females), "{row}");
    assert_close(number(row, "estimate"), males as f64 / females as f64, 1e-3, class);
}

#[test]
fn a_year_of_the_camtrap_dp_example() {
    let survey = tables::camtrap_dp(&testkit::examples().join("camtrap-dp"));
    let known = KnownSurvey { offset_hours: None, has_taxa: false };
    check_period(&example("camtrap-dp"), &survey, period("2020-05-01", "2021-04-30"), &known);
}

#[test]
fn a_seeded_survey() {
    let package = testkit::make_random_survey(5_000);
    let survey = tables::camtrap_dp(package.write().path());
    let known = KnownSurvey { offset_hours: None, has_taxa: false };
    let (numbers, naive) = check_period(&read(&package), &survey, period("2023-03-01", "2023-10-31"), &known);
    let bucks = ratio_row(&numbers, "bucks per doe", None);
    assert_ratio_of_events(bucks, &naive, ["buck", "doe"]);
    let fawns = ratio_row(&numbers, "fawns per doe", None);
    let individuals = |class| naive.individuals(class) as f64;
    assert_close(number(fawns, "count"), individuals("fawn"), 1e-6, "fawns");
    assert_close(number(fawns, "base"), individuals("doe"), 1e-6, "does");
    // Raccoons come in the second half of the year.
    let mut tests = rows(&numbers, "bucket_tests").iter();
    let raccoons = tests.find(|row| text(row, "classification") == "raccoon").unwrap();
    assert!(fields::is_true(raccoons, "differs"), "{raccoons}");
}

/// Three species at eight locations, half of which have two cameras: in clumps and bursts, at night and by
/// day, females with young. Each location works in both halves.
fn plan() -> SurveyPlan {
    let peak = |hour, share| Peak { hour, kappa: 6.0, share };
    let nocturnal = Species {
        name: "Testus noctis".into(),
        rate: 0.15,
        curve: Curve::peak_at(0.5, 3.0),
        most_images: 8,
        ..Species::default()
    };
    let uneven = Species {
        name: "Testus duo".into(),
        rate: 0.3,
        change: 0.4,
        richness: Some(1.0),
        clumps: Some(Clumps { more_visits: 1.5, days: 3 }),
        curve: Curve::mixture(vec![peak(6.0, 0.5), peak(19.0, 0.5)]),
        ..Species::default()
    };
    let with_young = Species {
        name: "Testus unus".into(),
        rate: 0.25,
        change: 1.5,
        most_images: 4,
        females: Some(VaryingShare { mean: 0.6, alike: Some(5.0) }),
        with_young: Some(VaryingShare { mean: 0.5, alike: None }),
        ..Species::default()
    };
    SurveyPlan {
        locations: 8,
        design: Design::Paired,
        deployments: 2,
        days: 30,
        second_days: 30,
        latest_start: 5,
        has_twin_cameras: true,
        species: vec![nocturnal, uneven, with_young],
        ..SurveyPlan::default()
    }
}

#[test]
fn a_simulated_survey_with_two_cameras_at_some_locations() {
    let package = plan().simulate(11);
    let survey = tables::camtrap_dp(package.write().path());
    let known = KnownSurvey { offset_hours: None, has_taxa: true };
    // The borders of the period lie within deployments.
    let (numbers, naive) = check_period(&read(&package), &survey, period("2020-01-20", "2020-04-20"), &known);
    assert_share_with_young(&numbers, &naive, "Testus unus");
    assert_males(&numbers, &naive, "Testus unus");
}

/// A comparison of two periods, all of whose rates and tests are as they should be.
fn check_comparison<'a>(data: &Dataset, survey: &'a Survey, periods: [Period; 2]) -> (Value, [Naive<'a>; 2]) {
    let labelled = vec![label_period("First", periods[0]), label_period("Second", periods[1])];
    let numbers = compute(data, &Request::comparison(labelled));
    let sides = periods.map(|period| calculate(survey, period));
    for (row, naive) in rows(&numbers, "periods").iter().zip(&sides) {
        assert_close(number(row, "effort_days"), naive.effort_days(), 1e-3, text(row, "label"));
        assert_eq!(count(row, "events"), naive.events_by_class().values().sum::<usize>(), "{row}");
        for class in rows(row, "classes") {
            let individuals = naive.individuals(text(class, "classification"));
            assert_eq!(count(class, "individuals") as u64, individuals, "{class}");
        }
    }
    assert_comparisons(&numbers, &sides[0], &sides[1]);
    assert_corrected(rows(&numbers, "period_overlaps"));
    assert_findings(&numbers);
    (numbers, sides)
}

fn count_verdicts(numbers: &Value, verdict: bool) -> usize {
    let tested = rows(numbers, "comparisons").iter().filter(|row| !row["p_value"].is_null());
    tested.filter(|row| fields::is_true(row, "differs") == verdict).count()
}

/// R 4.2.2, sandwich 3.0-2: `glm(y ~ period + offset(log(days)), poisson)` with `vcovCL` by location and t with
/// 37 degrees of freedom gives the ratios and intervals. Its variance is larger by (n - 1) / (n - 2), where n are
/// the 68 rows.
#[test]
fn summer_and_winter_of_algar() {
    let survey = tables::wildlife_insights(&testkit::examples().join("algar.zip"));
    let periods = [period("2018-06-01", "2018-08-31"), period("2018-12-01", "2019-02-28")];
    let (numbers, _) = check_comparison(&example("algar.zip"), &survey, periods);
    assert!(count_verdicts(&numbers, true) > 0 && count_verdicts(&numbers, false) > 0);
    for (class, ratio, low, high) in
        [("Odocoileus virginianus", 0.345, 0.166, 0.716), ("Alces alces", 0.766, 0.185, 3.17)]
    {
        let mut comparisons = rows(&numbers, "comparisons").iter();
        let row = comparisons.find(|row| text(row, "classification") == class).unwrap();
        assert_close(number(row, "rate_ratio"), ratio, 6e-4, class);
        let narrower = |end: f64| (ratio.ln() + (end / ratio).ln() * (66.0_f64 / 67.0).sqrt()).exp();
        assert_close(number(row, "low"), narrower(low), 0.005 * low, class);
        assert_close(number(row, "high"), narrower(high), 0.005 * high, class);
    }
}

#[test]
fn two_halves_of_a_seeded_survey() {
    let package = testkit::make_random_survey(4_000);
    let survey = tables::camtrap_dp(package.write().path());
    let periods = [period("2023-03-01", "2023-06-30"), period("2023-08-01", "2023-10-31")];
    let (numbers, _) = check_comparison(&read(&package), &survey, periods);
    assert!(count_verdicts(&numbers, true) > 0);
}

/// At eight locations there are 256 permutations, all of which are computed. Near the equator times of
/// day are compared on the clock.
#[test]
fn two_halves_of_a_simulated_survey() {
    let plan = plan();
    let package = plan.simulate(12);
    let survey = tables::camtrap_dp(package.write().path());
    let periods = [0, 1].map(|half| {
        let (start, end) = plan.half(half);
        period(&start, &end)
    });
    let (numbers, sides) = check_comparison(&read(&package), &survey, periods);
    for row in rows(&numbers, "comparisons") {
        let in_all = number(row, "p_value") * 256.0;
        assert!((in_all - in_all.round()).abs() < 0.01, "{row}");
    }
    assert!(!rows(&numbers, "period_overlaps").is_empty());
    for row in rows(&numbers, "period_overlaps") {
        let class = text(row, "classification");
        let records = [&sides[0], &sides[1]].map(|side| side.records_of(class));
        assert_eq!([count(row, "records_a"), count(row, "records_b")], records, "{class}");
        assert_overlap(row, [&sides[0], &sides[1]], [class, class]);
    }
}
