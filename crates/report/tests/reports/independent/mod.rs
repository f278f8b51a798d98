//! The numbers of reports held against a second calculation, which shares nothing with the first:
//! it reads the tables with another library and goes through them with maps, loops and the
//! definitions themselves (`naive.rs`, `statistics.rs`).

mod naive;
mod statistics;
mod tables;

use std::collections::BTreeMap;

use detections::Dataset;
use jiff::civil::Date;
use report::{Period, ReportData, Request};

use naive::Naive;
use tables::Survey;

use crate::tools::{example, labelled, period, read};

fn close(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((found - expected).abs() <= tolerance, "{what}: {found}, not {expected}");
}

fn of(survey: &Survey, period: Period) -> Naive<'_> {
    let day = |date: Date| tables::seconds(&format!("{date} 00:00:00")).unwrap();
    Naive::new(survey, day(period.start), day(period.end) + 86_400, 30)
}

/// Everything but what is drawn at random.
fn assert_same(numbers: &ReportData, naive: &Naive<'_>) {
    close(numbers.effort_days, naive.effort_days(), 1e-3, "effort");
    assert_eq!(numbers.locations_surveyed, naive.locations_with_effort().len());
    let events: BTreeMap<String, usize> = naive.events_by_class();
    assert_eq!(numbers.events, events.values().sum::<usize>(), "events");
    assert_eq!(numbers.classes.len(), events.len());
    for row in &numbers.classes {
        let class = &row.classification;
        assert_eq!(row.events, events[class], "events of {class}");
        assert_eq!(row.individuals, naive.individuals(class), "individuals of {class}");
        assert_eq!(row.records, naive.records_of(class).len(), "records of {class}");
        close(row.rai.unwrap(), 100.0 * events[class] as f64 / naive.effort_days(), 1e-3, class);
        let occupied = naive.locations_of(class).len();
        assert_eq!(row.locations, occupied, "locations of {class}");
        let surveyed = naive.locations_with_effort().len() as f64;
        close(row.naive_occupancy.unwrap(), occupied as f64 / surveyed, 1e-3, class);
    }
    for bucket in &numbers.buckets {
        let month = bucket.start.strftime("%Y-%m").to_string();
        let expected = naive.events_in_month(&month);
        let found: BTreeMap<String, usize> = bucket.events.clone().into_iter().collect();
        assert_eq!(found, expected, "{month}");
        close(bucket.effort_days, naive.effort_in_month(&month), 1e-3, &month);
    }
    for row in &numbers.locations {
        assert_eq!(row.events, naive.events_at(&row.location), "events at {}", row.location);
        close(row.effort_days, naive.locations_with_effort()[&row.location], 1e-3, &row.location);
    }
}

/// Activity, overlaps and the accumulation of classes.
fn assert_same_curves(numbers: &ReportData, naive: &Naive<'_>) {
    for row in numbers.activity.iter().filter(|row| row.records >= 10) {
        let curve = statistics::activity(&naive.hours(&row.classification));
        for (hour, (found, expected)) in row.density.iter().zip(curve).enumerate() {
            close(*found, expected, 0.02 + 0.02 * expected, &format!("{} at {hour}", row.classification));
        }
    }
    for row in &numbers.overlaps {
        let (a, b) = (naive.hours(&row.a), naive.hours(&row.b));
        let (expected, small) = statistics::overlap(&a, &b);
        close(row.estimate, expected, 0.004, &format!("overlap of {} and {}", row.a, row.b));
        assert_eq!(row.estimator == report::overlap::Estimator::Dhat1, small);
        assert!(row.low <= row.high && row.high <= 1.0);
    }
    let row = numbers.accumulation.as_ref().unwrap();
    let incidences = naive.camera_days_by_class();
    assert_eq!(row.observed, incidences.len());
    assert_eq!(row.units, naive.camera_days());
    let q = |n| incidences.iter().filter(|days| **days == n).count() as f64;
    let units = f64::from(row.units);
    let missed = if q(2) > 0.0 { q(1) * q(1) / (2.0 * q(2)) } else { q(1) * (q(1) - 1.0) / 2.0 };
    close(row.chao2, incidences.len() as f64 + (units - 1.0) / units * missed, 1e-3, "Chao2");
    for point in row.curve.iter().step_by(7) {
        let expected = statistics::expected_species(&incidences, row.units, point.camera_days);
        close(point.classes, expected, 1e-3, &format!("classes in {} camera-days", point.camera_days));
    }
}

/// Intervals of rates: exact ones to the letter, bootstraps up to chance.
fn assert_same_intervals(numbers: &ReportData, naive: &Naive<'_>) {
    for row in numbers.classes.iter().take(8) {
        let samples = naive.samples(&row.classification);
        let (low, high) = statistics::rate_interval(&samples);
        let (found_low, found_high) = (row.rai_low.unwrap(), row.rai_high.unwrap());
        let tolerance = if samples.len() < 5 { 1e-3 } else { 0.06 * high * 100.0 };
        close(found_low, low * 100.0, tolerance, &format!("lower end of {}", row.classification));
        close(found_high, high * 100.0, tolerance, &format!("upper end of {}", row.classification));
    }
}

/// Events at night, by another formula for the sun; the few at dusk may fall either way.
fn assert_same_nights(numbers: &ReportData, naive: &Naive<'_>, offset_hours: Option<f64>) {
    for row in &numbers.activity {
        let night = row.night.as_ref().unwrap();
        let expected = naive.events_at_night(&row.classification, offset_hours);
        let tolerance = 1.0 + 0.02 * night.of as f64;
        close(night.events as f64, expected as f64, tolerance, &format!("nights of {}", row.classification));
    }
}

/// A report on a period, all of whose numbers are as they should be.
fn checked<'a>(
    data: &Dataset,
    survey: &'a Survey,
    whole: Period,
    offset_hours: Option<f64>,
) -> (ReportData, Naive<'a>) {
    let numbers = report::compute(data, &Request::seasonal_activity(whole.start, whole.end)).unwrap();
    let naive = of(survey, whole);
    assert_same(&numbers, &naive);
    assert_same_curves(&numbers, &naive);
    assert_same_intervals(&numbers, &naive);
    assert_same_nights(&numbers, &naive, offset_hours);
    (numbers, naive)
}

#[test]
fn a_year_of_algar() {
    let survey = tables::wildlife_insights(&testkit::examples().join("algar.zip"));
    // Nothing is known of these clocks; 112.5 degrees west is seven hours behind.
    checked(&example("algar.zip"), &survey, period("2018-05-01", "2019-04-30"), Some(-7.0));
}

#[test]
fn a_year_of_the_camtrap_dp_example() {
    let survey = tables::camtrap_dp(&testkit::examples().join("camtrap-dp"));
    checked(&example("camtrap-dp"), &survey, period("2020-05-01", "2021-04-30"), None);
}

#[test]
fn a_seeded_survey() {
    let package = testkit::seeded(5_000);
    let survey = tables::camtrap_dp(package.write().path());
    let (numbers, naive) = checked(&read(&package), &survey, period("2023-03-01", "2023-10-31"), None);
    let events = naive.events_by_class();
    let bucks: usize = ["buck", "mature"].iter().map(|class| events[*class]).sum();
    assert_eq!(numbers.ratios.len(), 2);
    for (row, count) in numbers.ratios.iter().zip([bucks, events["fawn"]]) {
        assert_eq!((row.events, row.base_events), (count, events["doe"]), "{}", row.ratio);
        close(row.estimate.unwrap(), count as f64 / events["doe"] as f64, 1e-3, &row.ratio);
    }
}

/// Rates of both periods, their ratios, and which of them hold.
fn assert_same_comparison(numbers: &ReportData, first: &Naive<'_>, second: &Naive<'_>) {
    let mut tested = Vec::new();
    let none = |naive: &Naive<'_>, class: &str| naive.events_by_class().get(class).copied().unwrap_or(0);
    for row in &numbers.comparisons {
        let class = &row.classification;
        let (a, b) = (none(first, class), none(second, class));
        assert_eq!((row.events_a, row.events_b), (a, b), "{class}");
        let rate = |events: usize, naive: &Naive<'_>| events as f64 / naive.effort_days();
        close(row.rai_a, 100.0 * rate(a, first), 1e-3, class);
        if a > 0 {
            close(
                row.rate_ratio.unwrap(),
                rate(b, second) / rate(a, first),
                2e-3 * rate(b, second) / rate(a, first) + 1e-3,
                class,
            );
        }
        if row.method == report::ratios::Method::Exact && a + b > 0 {
            let (low, high) = statistics::exact_ratio(b, second.effort_days(), a, first.effort_days(), 0.05);
            close(row.low, low, 1e-3 * (1.0 + low), &format!("lower end of {class}"));
            assert_eq!(row.high.is_some(), high.is_finite(), "{class}");
            if let Some(found) = row.high {
                close(found, high, 2e-3 * (1.0 + high), &format!("upper end of {class}"));
            }
        }
        if let Some(p) = row.p_value {
            assert!(a + b >= 20, "{class} has enough events");
            assert_eq!(row.differs, p < 0.05, "{class}");
            let high = row.corrected_high.unwrap_or(f64::INFINITY);
            assert_eq!(row.differs, row.corrected_low > 1.0 || high < 1.0, "{class}: {row:?}");
            assert!(row.corrected_low <= row.low + 1e-9 && row.high.unwrap_or(f64::INFINITY) <= high + 1e-9);
            tested.push(row);
        } else {
            assert!(a + b < 20 && !row.differs, "{class}");
        }
    }
    assert!(tested.iter().any(|row| row.differs) && tested.iter().any(|row| !row.differs));
}

#[test]
fn summer_and_winter_of_algar() {
    let survey = tables::wildlife_insights(&testkit::examples().join("algar.zip"));
    let data = example("algar.zip");
    let (summer, winter) = (period("2018-06-01", "2018-08-31"), period("2018-12-01", "2019-02-28"));
    let request = Request::comparison(vec![labelled("Summer", summer), labelled("Winter", winter)]).unwrap();
    let numbers = report::compute(&data, &request).unwrap();
    let (first, second) = (of(&survey, summer), of(&survey, winter));
    for (row, naive) in numbers.periods.iter().zip([&first, &second]) {
        close(row.effort_days, naive.effort_days(), 1e-3, &row.label);
        assert_eq!(row.events, naive.events_by_class().values().sum::<usize>(), "{}", row.label);
        for class in &row.classes {
            assert_eq!(class.individuals, naive.individuals(&class.classification));
        }
    }
    assert_same_comparison(&numbers, &first, &second);
}

#[test]
fn two_halves_of_a_seeded_survey() {
    let package = testkit::seeded(4_000);
    let survey = tables::camtrap_dp(package.write().path());
    let data = read(&package);
    let (spring, autumn) = (period("2023-03-01", "2023-06-30"), period("2023-08-01", "2023-10-31"));
    let request = Request::comparison(vec![labelled("Spring", spring), labelled("Autumn", autumn)]).unwrap();
    let numbers = report::compute(&data, &request).unwrap();
    assert_same_comparison(&numbers, &of(&survey, spring), &of(&survey, autumn));
}
