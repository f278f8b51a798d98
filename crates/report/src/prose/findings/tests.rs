use serde_json::{Value, json};

use super::*;

/// Of the numbers that the JSON of a report has.
fn finding(numbers: Value) -> Finding {
    Finding::new(serde_json::from_value(numbers).unwrap())
}

/// The same about moose.
fn moose_finding(mut numbers: Value) -> Finding {
    numbers["classification"] = "Alces alces".into();
    numbers["name"] = "moose (Alces alces)".into();
    finding(numbers)
}

fn class(name: &str) -> Value {
    json!({"classification": "Alces alces", "name": name})
}

fn moose() -> Value {
    class("moose (Alces alces)")
}

#[test]
fn one_thing_is_not_called_several() {
    let found = finding(json!({
        "kind": "total", "effort_days": 1.0, "locations": 1, "events": 1, "classes": 1, "individuals": 1,
        "domestic_events": 1, "domestic": [class("dog")],
    }));
    assert_eq!(
        found.sentence(),
        "In 1 camera-day at 1 location, cameras recorded 1 independent event of 1 species or group (1 animal \
         counted; the same animal may count several times; 1 event of domestic animals: dog)."
    );
}

#[test]
fn a_name_in_small_letters_begins_a_sentence_well() {
    let found = moose_finding(json!({
        "kind": "frequency", "is_most": true, "events": 103, "events_of_all": 961, "locations": 26,
        "locations_surveyed": 38, "rai": 0.8443, "rai_low": 0.6, "rai_high": 1.2,
    }));
    assert_eq!(
        found.sentence(),
        "Moose (Alces alces) was recorded most often: 0.84 events per 100 camera-days (95% interval 0.60 to 1.20; \
         103 of 961 events, at 26 of 38 locations)."
    );
}

#[test]
fn one_location_has_no_interval_and_the_sentence_says_why() {
    let found = moose_finding(json!({
        "kind": "frequency", "is_most": false, "events": 20, "events_of_all": 20, "locations": 1,
        "locations_surveyed": 1, "rai": 2.0, "rai_low": null, "rai_high": null,
    }));
    assert_eq!(found.text, "Moose (Alces alces) had 2.00 events per 100 camera-days.");
    assert_eq!(
        found.detail,
        "no interval: one location says nothing about other places; 20 of 20 events, at the only location"
    );
}

fn difference(events: [u32; 2], rate_ratio: Option<f64>, low: Option<f64>, high: Option<f64>) -> Finding {
    let [rai_a, rai_b] = events.map(|events| f64::from(events) / 10.0);
    moose_finding(json!({
        "kind": "difference", "a": "Summer", "b": "Winter", "events_a": events[0], "events_b": events[1],
        "rai_a": rai_a, "rai_b": rai_b, "rate_ratio": rate_ratio, "low": low, "high": high, "p_adjusted": 0.01,
    }))
}

#[test]
fn a_difference_is_of_the_later_period_to_the_earlier() {
    let found = difference([40, 10], Some(0.25), Some(0.1), Some(0.6));
    assert_eq!(found.text, "Moose (Alces alces) was recorded less often in Winter than in Summer.");
    assert_eq!(
        found.detail,
        "1.00 vs 4.00 events per 100 camera-days, 0.25 times as many, corrected 95% interval 0.10 to 0.60; 10 vs 40 \
         events"
    );
}

#[test]
fn where_one_period_has_nothing_the_end_of_the_interval_speaks() {
    let found = difference([40, 0], Some(0.0), Some(0.0), Some(0.51));
    assert!(found.detail.contains("at most 0.51 times as many"), "{}", found.detail);
    let found = difference([0, 40], None, Some(16.2), None);
    assert!(found.detail.contains("at least 16.20 times as many"), "{}", found.detail);
    assert_eq!(found.text, "Moose (Alces alces) was recorded more often in Winter than in Summer.");
}

#[test]
fn an_end_of_1_is_on_the_side_of_the_verdict_and_a_bucket_that_may_be_chance_is_not_named_first() {
    let found = difference([40, 10], Some(0.25), Some(0.1), Some(1.0));
    assert!(found.detail.contains("corrected 95% interval 0.10 to just under 1;"), "{}", found.detail);
    let found = difference([10, 40], Some(4.0), Some(1.0), Some(9.0));
    assert!(found.detail.contains("corrected 95% interval just over 1 to 9.00;"), "{}", found.detail);
    let found = difference([10, 40], Some(4.0), Some(1.0), None);
    assert!(found.detail.contains("corrected 95% interval just over 1 or more;"), "{}", found.detail);
    let found = moose_finding(json!({
        "kind": "highest_bucket", "bucket": "in May 2018", "start": "2018-05-01", "end": "2018-05-31", "rai": 2.0,
        "rai_rest": 1.0, "rate_ratio": 2.0, "low": 0.8, "high": 4.0, "stands_out": false, "p_adjusted": 0.01,
    }));
    assert!(found.text.contains("recorded more often at some times"), "{}", found.text);
    assert!(found.detail.ends_with("corrected 95% interval 0.80 to 4.00"), "{}", found.detail);
}

#[test]
fn a_period_without_events_has_no_animals_rather_than_none_of_none() {
    let period = |events: u32, classes: u32| {
        let found = finding(json!({
            "kind": "period", "label": "winter", "words": "December 2018", "effort_days": 120.0, "locations": 4,
            "events": events, "classes": classes,
        }));
        found.sentence()
    };
    assert_eq!(
        period(0, 0),
        "Winter (December 2018): no animals recorded in 120 camera-days at 4 locations."
    );
    assert_eq!(
        period(3, 1),
        "Winter (December 2018): 3 independent events of 1 species or group in 120 camera-days at 4 locations."
    );
}

fn ratio(ratio: &str, estimate: f64, low: f64, high: f64) -> String {
    let found = finding(json!({
        "kind": "ratio", "ratio": ratio, "classification": moose(), "unit": "events", "count": 16, "base": 27,
        "estimate": estimate, "low": low, "high": high,
    }));
    found.sentence()
}

#[test]
fn a_ratio_is_an_index_and_not_that_of_a_herd() {
    assert_eq!(
        ratio("males per female", 0.5926, 0.4, 1.4),
        "Moose (Alces alces): 0.59 visits with males per visit with females (95% interval 0.40 to 1.40; 16 and \
         27 visits; an index, not the ratio in the herd)."
    );
}

#[test]
fn a_share_of_visits_is_in_percent() {
    assert_eq!(
        ratio("share of females seen with young", 0.5926, 0.4, 0.76),
        "Moose (Alces alces): 59% of the visits with females were with young (95% interval 40% to 76%; 16 of 27 visits)."
    );
}

fn richness(chao2: f64) -> String {
    finding(json!({"kind": "richness", "observed": 8, "uniques": 0, "chao2": chao2, "low": 8.0, "high": 9.5}))
        .text
}

#[test]
fn species_that_were_missed_are_spoken_of_only_where_there_are_some() {
    assert_eq!(
        richness(9.6),
        "8 species were recorded; the Chao2 estimator suggests that at least 10 species are present."
    );
    assert_eq!(richness(8.2), "8 species were recorded; the Chao2 estimator gives no sign of more.");
}

fn night(events: u32, low: f64, high: f64) -> String {
    let share = f64::from(events) / 40.0;
    let numbers = json!({
        "kind": "night", "night": "sun", "events": events, "of": 40, "share": share, "low": low, "high": high,
    });
    moose_finding(numbers).text
}

#[test]
fn day_and_night_are_named_only_where_the_interval_allows() {
    assert_eq!(night(0, 0.0, 0.1), "Moose (Alces alces) was recorded only by day.");
    assert_eq!(night(4, 0.05, 0.2), "Moose (Alces alces) was recorded mostly by day.");
    assert_eq!(night(17, 0.3, 0.6), "Moose (Alces alces) was recorded by day and by night.");
    assert_eq!(night(40, 0.9, 1.0), "Moose (Alces alces) was recorded only at night.");
}

#[test]
fn different_hours_come_with_the_p_value_that_says_so() {
    let found = finding(json!({
        "kind": "different_hours", "a": moose(), "b": class("grey wolf (Canis lupus)"), "overlap": 0.4873,
        "low": 0.3198, "high": 0.6323, "p_adjusted": 0.0002,
    }));
    assert_eq!(
        found.sentence(),
        "Moose (Alces alces) and grey wolf (Canis lupus) are active at different times of day (overlap 0.49 on a scale \
         from 0 to 1, 95% interval 0.32 to 0.63; corrected p < 0.001)."
    );
}

#[test]
fn what_was_not_found_is_no_proof() {
    let found = finding(json!({
        "kind": "not_found", "tested": 1, "alike": [moose()], "threshold": 20, "too_few": [class("doe")],
        "few_locations": [class("buck")],
    }));
    assert_eq!(
        found.sentence(),
        "No clear change in how often moose (Alces alces) was recorded (1 test); this does not prove that there was \
         none. Fewer than 20 events, too few to say more: doe. Too few locations to say whether it changed: buck."
    );
}
