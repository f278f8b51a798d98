//! The pages: what a reader sees, read back by `pdftotext` and `pdfinfo` (poppler-utils).

use crate::rendering::{assert_in_order, fields_of, pages_of, pdf_text, pdf_tool};
use crate::tools::{compute, example, read, seasonal};
use report::{BuiltIn, GroupBy, Include, ReportData, Request};
use testkit::{Package, assert_contains};

fn algar() -> ReportData {
    compute(&example("algar.zip"), &seasonal("2018-05-01", "2019-04-30"))
}

fn small(package: &Package, from: &str, to: &str) -> ReportData {
    compute(&read(package), &seasonal(from, to))
}

#[test]
fn a_report_is_tagged_titled_and_has_its_fonts() {
    let pdf = ::pages::render(&algar()).unwrap();
    let fields = fields_of(&pdf);
    assert_eq!(fields["Tagged"], "yes");
    assert_eq!(fields["Title"], "Seasonal activity, 1 May 2018 to 30 April 2019");
    assert_eq!(fields["Page size"], "595.276 x 841.89 pts (A4)");
    assert_eq!(fields["JavaScript"], "no");
    let metadata = pdf_tool("pdfinfo", &["-meta", "PDF"], &pdf);
    assert!(metadata.contains("pdfuaid:part"), "{metadata}");
    let fonts = pdf_tool("pdffonts", &["PDF"], &pdf);
    let rows: Vec<&str> = fonts.lines().skip(2).collect();
    assert!(rows.len() >= 3 && rows.iter().all(|row| row.contains("Inter")), "{fonts}");
    // Columns from the right: object (2), unicode, subset, embedded.
    assert!(rows.iter().all(|row| row.split_whitespace().rev().nth(4) == Some("yes")), "{fonts}");
}

#[test]
fn the_parts_come_in_the_order_in_which_they_are_read() {
    let pages = pdf_text(&::pages::render(&algar()).unwrap());
    let parts = [
        "Seasonal activity, 1 May 2018 to 30 April 2019",
        "961 events",
        "What the data show",
        "Events by month",
        "Activity by hour",
        "Species RAI: independent events",
        "Events by month and species",
        "Locations Events of all species",
        "Data notes",
        "Methods",
        "Source",
        "Beirne",
    ];
    assert_in_order(&pages, &parts);
}

const ALL: Include = Include { charts: true, tables: true, insights: true };

#[test]
fn parts_that_are_not_wanted_are_left_out() {
    let all = algar();
    let with = |include| pdf_text(&::pages::render(&ReportData { include, ..all.clone() }).unwrap());
    let cases = [
        (Include { charts: false, ..ALL }, "Activity by hour"),
        (Include { tables: false, ..ALL }, "Locations Events of all species"),
        (Include { insights: false, ..ALL }, "What the data show"),
    ];
    let whole = with(ALL);
    for (include, part) in cases {
        assert!(whole.contains(part), "{part}");
        let pages = with(include);
        assert!(!pages.contains(part), "{part}");
        assert!(pages.contains("961 events") && pages.contains("Methods"));
    }
}

#[test]
fn the_same_numbers_give_the_same_bytes() {
    let numbers = algar();
    assert!(::pages::render(&numbers).unwrap() == ::pages::render(&numbers).unwrap());
}

#[test]
fn a_period_without_data_is_one_page_that_says_so() {
    let mut package = Package::new();
    package.sighting("o1", "dep1", "2023-10-01T06:00:00Z", "doe", 1);
    for (from, to, expected) in [
        ("2019-01-01", "2019-06-30", "No camera was running in this period"),
        ("2023-12-01", "2023-12-31", "nothing at all was recorded, not even a blank picture"),
    ] {
        let pdf = ::pages::render(&small(&package, from, to)).unwrap();
        assert_eq!(fields_of(&pdf)["Pages"], "1");
        let pages = pdf_text(&pdf);
        assert!(pages.contains("No detections in this period") && pages.contains(expected), "{pages}");
        assert!(pages.contains("Data notes") && pages.contains("Methods"), "{pages}");
    }
}

#[test]
fn nothing_that_a_user_writes_is_ever_code() {
    let mut package = Package::new();
    let class = "#panic() $x$ *b* _i_ <b> @ref \\ //";
    package.sighting("o1", "dep1", "2023-10-01T06:00:00Z", class, 1);
    let mut numbers = small(&package, "2023-09-01", "2024-01-31");
    numbers.title = "#read(\"/etc/passwd\") & <title>".into();
    let pages = pdf_text(&::pages::render(&numbers).unwrap());
    assert!(pages.contains("#read(\"/etc/passwd\") & <title>"), "{pages}");
    assert!(pages.contains(class), "{pages}");
}

#[test]
fn a_single_record_makes_a_report_that_says_it_is_too_little() {
    let mut package = Package::new();
    package.sighting("o1", "dep1", "2023-10-01T06:00:00Z", "doe", 1);
    let pages = pdf_text(&::pages::render(&small(&package, "2023-09-01", "2024-01-31")).unwrap());
    assert!(pages.contains("too few to say more: doe"), "{pages}");
    assert!(pages.contains("No species has 20 events or more"), "{pages}");
}

#[test]
fn each_finding_is_a_sentence_with_its_numbers_behind_it() {
    let numbers = algar();
    let pages = pages_of(&numbers, BuiltIn::Report);
    for finding in &numbers.findings {
        // A line may break behind a hyphen.
        let on_page = pages.replace("- ", "-");
        let expected = format!("{} {}", finding.text, finding.detail).replace("- ", "-");
        assert!(on_page.contains(expected.trim()), "{expected} is not in {on_page}");
    }
}

#[test]
fn a_curve_and_its_peak_need_twenty_events() {
    let mut numbers = algar();
    let pages = pages_of(&numbers, BuiltIn::Report);
    let row = numbers.activity.iter().find(|row| row.classification == "Alces alces").unwrap();
    assert_eq!((row.records, row.events), (1271, 103));
    assert!(pages.contains("1,271 records of 103 events, highest at"), "{pages}");
    // 29 records of 17 visits are no curve.
    assert!(pages_of(&numbers, BuiltIn::Tables).contains("American marten Martes americana 29 17 –"));
    numbers.activity.retain(|row| row.events < 20);
    for built_in in [BuiltIn::Report, BuiltIn::Landowner] {
        let pages = pages_of(&numbers, built_in);
        assert!(!pages.contains("highest at") && !pages.contains("most often around"), "{pages}");
    }
}

#[test]
fn an_overlap_is_stated_of_fifty_events_on_both_sides() {
    let mut numbers = algar();
    let few = |row: &&report::OverlapRow| row.events_a.min(row.events_b) < 50;
    let more = numbers.overlaps.iter().filter(few).count();
    assert!(more > 1 && more < numbers.overlaps.len());
    let pages = pages_of(&numbers, BuiltIn::Report);
    let expected = format!("{more} pairs with fewer than 50 events on one side are in the JSON only.");
    assert!(pages.contains(&expected), "{pages}");
    assert!(!pages.contains("for these places only"), "{pages}");
    let pair = numbers.overlaps.iter_mut().find(|row| row.events_a.min(row.events_b) >= 50).unwrap();
    pair.test.resampled = report::resample::Unit::Events;
    (pair.test.estimate, pair.test.low, pair.test.high, pair.test.p_adjusted) =
        (0.7531, 0.6012, 0.8049, 0.0004);
    let pages = pages_of(&numbers, BuiltIn::Report);
    assert!(pages.contains("Few locations: intervals are for these places only."), "{pages}");
    assert!(pages.contains("0.75 0.60 to 0.80 < 0.001"), "{pages}");
}

#[test]
fn months_that_differ_are_named_with_the_chart_and_others_are_not() {
    let mut numbers = algar();
    let months = |numbers: &ReportData| pages_of(numbers, BuiltIn::Report).contains("months differ for");
    let differing = numbers.bucket_tests.iter().filter(|test| test.differs).count();
    assert_eq!(months(&numbers), differing > 0);
    numbers
        .findings
        .retain(|finding| !matches!(finding.numbers, report::FindingNumbers::HighestBucket { .. }));
    assert!(!months(&numbers));
}

#[test]
fn months_without_a_camera_are_blank_and_said_to_be() {
    let blank = "Blank: no camera was running (not zero).";
    assert!(!pages_of(&algar(), BuiltIn::Report).contains(blank));
    let numbers = compute(&example("camtrap-dp"), &seasonal("2020-05-01", "2021-04-30"));
    for built_in in [BuiltIn::Report, BuiltIn::Landowner, BuiltIn::Tables] {
        assert!(pages_of(&numbers, built_in).contains(blank), "{built_in:?}");
    }
}

#[test]
fn the_busiest_week_is_held_against_the_events_that_any_week_has() {
    let mut package = Package::new();
    package.deployment("dep2", "South fence", "2023-09-01T00:00:00Z", "2024-01-31T00:00:00Z");
    let rows = package.deployments.lines().zip([",timestampIssues", ",false", ",true"]);
    package.deployments = rows.map(|(row, cell)| format!("{row}{cell}\n")).collect();
    for (id, deployment, day) in
        [("o1", "dep1", 2), ("o2", "dep1", 3), ("o3", "dep1", 4), ("o4", "dep2", 2), ("o5", "dep2", 3)]
    {
        package.sighting(id, deployment, &format!("2023-10-0{day}T06:00:00Z"), "doe", 1);
    }
    let whole = seasonal("2023-09-01", "2024-01-31");
    let data = read(&package);
    for (group_by, of) in [(GroupBy::Week, "3 of 3"), (GroupBy::Month, "5 of 5")] {
        let numbers = compute(&data, &Request { group_by, ..whole.clone() });
        assert_eq!(numbers.events, 5);
        let report = pages_of(&numbers, BuiltIn::Report);
        assert!(report.contains(&format!("had the most events: {of}, in")), "{report}");
        let landowner = pages_of(&numbers, BuiltIn::Landowner);
        assert!(landowner.contains(&format!("had the most visits: {of}.")), "{landowner}");
    }
}

#[test]
fn one_location_has_no_interval_and_the_page_says_why() {
    let mut package = Package::new();
    package.sighting("o1", "dep1", "2023-10-01T06:00:00Z", "doe", 1);
    let numbers = small(&package, "2023-09-01", "2024-01-31");
    for built_in in [BuiltIn::Report, BuiltIn::Tables] {
        let pages = pages_of(&numbers, built_in);
        assert!(pages.contains("With one location the RAI has no 95% interval"), "{pages}");
        assert!(pages.contains("the one location at which") && pages.contains("doe 1 1 0.66 –"), "{pages}");
    }
}

#[test]
fn a_ratio_of_males_and_females_is_called_an_index_and_no_share_of_the_herd() {
    let request = Request { sex_and_age: true, ..seasonal("2018-05-01", "2019-04-30") };
    let numbers = compute(&example("algar.zip"), &request);
    let landowner = pages_of(&numbers, BuiltIn::Landowner);
    assert_contains(&landowner, &["Moose: 39 visits with males, 27 with females. Cameras tend to see males"]);
    let parts =
        ["A ratio from cameras is an index", "underestimated by 32% on average", "visits 20 to 27 0.74"];
    assert_contains(&pages_of(&numbers, BuiltIn::Report), &parts);
}
