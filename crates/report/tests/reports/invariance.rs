//! What must not matter: the order of the rows, and the zone that clocks are written in.

use std::collections::BTreeMap;

use proptest::prelude::*;
use report::{ReportData, Request};
use testkit::Package;

use crate::tools::{compute, label_period, period, read};

/// A comparison, which has the numbers of the whole period as well.
fn numbers(package: &Package) -> ReportData {
    let periods = vec![
        label_period("Spring", period("2023-03-01", "2023-06-30")),
        label_period("Autumn", period("2023-07-01", "2023-10-31")),
    ];
    compute(&read(package), &Request::comparison(periods))
}

/// The same rows below the same header in another order.
fn shuffle(table: &str, seed: u64) -> String {
    let mut lines: Vec<&str> = table.lines().collect();
    fastrand::Rng::with_seed(seed).shuffle(&mut lines[1..]);
    lines.iter().map(|line| format!("{line}\n")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn the_order_of_observations_changes_no_number(seed in any::<u64>()) {
        let package = testkit::make_random_survey(600);
        let observations = shuffle(&package.observations, seed);
        let other = Package { observations, ..package.clone() };
        // Notes name rows by their line.
        let plain = |numbers: ReportData| ReportData { data_notes: Vec::new(), data_note_ids: BTreeMap::new(), ..numbers };
        prop_assert_eq!(plain(numbers(&package)), plain(numbers(&other)));
    }

    #[test]
    fn clocks_of_another_zone_show_the_same_but_the_sun(hours in -9_i32..9) {
        let package = testkit::make_random_survey(600);
        let zone = |text: &str| {
            let moved = |offset: i32| format!("{}{:02}:00", if offset < 0 { '-' } else { '+' }, offset.abs());
            // Winter and summer offsets keep their distance.
            text.replace("-06:00", "winter").replace("-05:00", "summer")
                .replace("winter", &moved(hours)).replace("summer", &moved(hours + 1))
        };
        let other = Package {
            deployments: zone(&package.deployments),
            observations: zone(&package.observations),
            ..package.clone()
        };
        let (here, there) = (numbers(&package), numbers(&other));
        prop_assert_eq!(&here.buckets, &there.buckets);
        prop_assert_eq!(&here.classes, &there.classes);
        prop_assert_eq!(&here.locations, &there.locations);
        prop_assert_eq!(&here.overlaps, &there.overlaps);
        prop_assert_eq!(&here.accumulation, &there.accumulation);
        prop_assert_eq!(&here.comparisons, &there.comparisons);
        prop_assert_eq!(&here.ratios, &there.ratios);
        for (a, b) in here.activity.iter().zip(&there.activity) {
            prop_assert_eq!(&a.density, &b.density);
        }
    }
}

#[test]
fn every_number_is_within_its_bounds() {
    let numbers = numbers(&testkit::make_random_survey(1500));
    let periods = numbers.periods.iter().map(|period| (&period.classes, &period.activity));
    for (classes, activity) in periods.chain([(&numbers.classes, &numbers.activity)]) {
        for row in classes {
            assert!((0.0..=1.0).contains(&row.naive_occupancy.unwrap()) && row.events <= row.records);
            assert!(row.individuals >= row.events as u64);
            assert!(row.rai_low <= row.rai && row.rai <= row.rai_high && row.rai_low >= Some(0.0));
        }
        for row in activity {
            let mean = row.density.iter().sum::<f64>() / 24.0;
            assert!((mean - 1.0).abs() < 1e-3 && row.density.iter().all(|value| *value >= 0.0));
            let night = row.night.as_ref().unwrap();
            if let (Some(low), Some(high)) = (night.low, night.high) {
                assert!(0.0 <= low && low <= night.share && night.share <= high && high <= 1.0);
            }
        }
    }
    for row in &numbers.overlaps {
        assert!(
            0.0 <= row.test.low
                && row.test.low <= row.test.high
                && row.test.high <= 1.0
                && row.test.estimate <= 1.0
        );
    }
    let effort: f64 = numbers.buckets.iter().map(|bucket| bucket.effort_days).sum();
    assert!((effort - numbers.effort_days).abs() < 1e-2);
    let events: usize = numbers.buckets.iter().flat_map(|bucket| bucket.events.values()).sum();
    assert_eq!(events, numbers.events);
    assert_eq!(numbers.locations.iter().map(|row| row.events).sum::<usize>(), numbers.events);
}
