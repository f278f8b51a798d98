//! The pages: what a reader sees, read back by `pdftotext` and `pdfinfo` (poppler-utils).

use crate::tools::{assert_in_order, example, fields_of, read, text, tool};
use report::{Include, ReportData, Request};
use testkit::Package;

fn algar() -> ReportData {
    let request = Request::seasonal_activity("2018-05-01".parse().unwrap(), "2019-04-30".parse().unwrap());
    report::compute(&example("algar.zip"), &request).unwrap()
}

fn small(package: &Package, from: &str, to: &str) -> ReportData {
    let request = Request::seasonal_activity(from.parse().unwrap(), to.parse().unwrap());
    report::compute(&read(package), &request).unwrap()
}

#[test]
fn a_report_is_tagged_titled_and_has_its_fonts() {
    let pdf = report::render(&algar()).unwrap();
    let fields = fields_of(&pdf);
    assert_eq!(fields["Tagged"], "yes");
    assert_eq!(fields["Title"], "Seasonal activity, 1 May 2018 to 30 April 2019");
    assert_eq!(fields["Page size"], "595.276 x 841.89 pts (A4)");
    assert_eq!(fields["JavaScript"], "no");
    let metadata = tool("pdfinfo", &["-meta", "PDF"], &pdf);
    assert!(metadata.contains("pdfuaid:part"), "{metadata}");
    let fonts = tool("pdffonts", &["PDF"], &pdf);
    let rows: Vec<&str> = fonts.lines().skip(2).collect();
    assert!(rows.len() >= 3 && rows.iter().all(|row| row.contains("Inter")), "{fonts}");
    // Columns from the right: object (2), unicode, subset, embedded.
    assert!(rows.iter().all(|row| row.split_whitespace().rev().nth(4) == Some("yes")), "{fonts}");
}

#[test]
fn the_parts_come_in_the_order_in_which_they_are_read() {
    let pages = text(&report::render(&algar()).unwrap());
    let parts = [
        "Seasonal activity, 1 May 2018 to 30 April 2019",
        "961 events",
        "What the data show",
        "Events by month",
        "Activity by hour",
        "Classes RAI",
        "Events by month and class",
        "Locations Events of all classes",
        "Data notes",
        "Methods",
        "Source",
        "Beirne",
    ];
    assert_in_order(&pages, &parts);
}

#[test]
fn parts_that_are_not_wanted_are_left_out() {
    let all = algar();
    let with = |include| text(&report::render(&ReportData { include, ..all.clone() }).unwrap());
    let cases = [
        (Include { charts: false, ..Include::default() }, "Activity by hour"),
        (Include { tables: false, ..Include::default() }, "Locations Events of all classes"),
        (Include { insights: false, ..Include::default() }, "What the data show"),
    ];
    let whole = with(Include::default());
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
    assert!(report::render(&numbers).unwrap() == report::render(&numbers).unwrap());
}

#[test]
fn a_period_without_data_is_one_page_that_says_so() {
    let mut package = Package::new();
    package.sighting("o1", "dep1", "2023-10-01T06:00:00Z", "doe", 1);
    for (from, to, expected) in [
        ("2019-01-01", "2019-06-30", "No camera was at work in this period"),
        ("2023-12-01", "2023-12-31", "nothing at all was recorded, not even a blank picture"),
    ] {
        let pdf = report::render(&small(&package, from, to)).unwrap();
        assert_eq!(fields_of(&pdf)["Pages"], "1");
        let pages = text(&pdf);
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
    let pages = text(&report::render(&numbers).unwrap());
    assert!(pages.contains("#read(\"/etc/passwd\") & <title>"), "{pages}");
    assert!(pages.contains(class), "{pages}");
}

#[test]
fn a_single_record_makes_a_report_that_says_it_is_too_little() {
    let mut package = Package::new();
    package.sighting("o1", "dep1", "2023-10-01T06:00:00Z", "doe", 1);
    let pages = text(&report::render(&small(&package, "2023-09-01", "2024-01-31")).unwrap());
    assert!(pages.contains("too few to say more about: doe"), "{pages}");
    assert!(pages.contains("No class has 10 records or more"), "{pages}");
}
