//! Every kind of report on every kind of data: what is laid out, and that it stays on the page.

use crate::rendering::{assert_in_order, fields_of, pages_of, pdf_text, pdf_tool, render};
use crate::tools::{compute, example, json, label_period, period, read, seasonal};
use detections::Dataset;
use report::{BuiltIn, Pages, Paper, Period, ReportType, Request};
use testkit::{Package, assert_contains};

/// The whole period, and its two halves compared with each other.
fn requests(whole: Period, middle: &str) -> [Request; 2] {
    let middle = middle.parse().unwrap();
    let halves = vec![
        label_period("First half", Period { end: middle, ..whole }),
        label_period("Second half #x $y$ *z*", Period { start: middle.tomorrow().unwrap(), ..whole }),
    ];
    [Request::seasonal_activity(whole.start, whole.end), Request::comparison(halves)]
}

/// Each word lies on its page.
pub fn assert_inside(pdf: &[u8], what: &str) {
    let boxes = pdf_tool("pdftotext", &["-bbox", "PDF", "-"], pdf);
    let number = |line: &str, name: &str| -> f64 {
        let from = line.find(&format!("{name}=\"")).unwrap() + name.len() + 2;
        line[from..].split('"').next().unwrap().parse().unwrap()
    };
    for line in boxes.lines().filter(|line| line.trim().starts_with("<word ")) {
        let (left, right) = (number(line, "xMin"), number(line, "xMax"));
        let (top, bottom) = (number(line, "yMin"), number(line, "yMax"));
        let inside = left >= 20.0 && right <= 595.3 - 20.0 && top >= 20.0 && bottom <= 841.9 - 15.0;
        assert!(inside, "{what}: {line}");
    }
}

fn all_layouts(data: &Dataset, whole: Period, middle: &str, name: &str) {
    for request in requests(whole, middle) {
        let numbers = compute(data, &request);
        for (template, built_in) in BuiltIn::ALL {
            let what = format!("{name}, {:?}, {template}", request.report_type);
            let pdf = render(&numbers, built_in);
            assert!(pdf == render(&numbers, built_in), "{what}: the same numbers give the same bytes");
            assert_inside(&pdf, &what);
            let pages = fields_of(&pdf)["Pages"].clone();
            assert!(built_in != BuiltIn::Landowner || pages == "1", "{what}: {pages} pages");
            let last = pdf_text(&pdf);
            assert!(last.contains(&format!("Page {pages} of {pages}")), "{what}");
        }
    }
}

#[test]
fn the_examples() {
    all_layouts(&example("algar.zip"), period("2018-05-01", "2019-04-30"), "2018-10-31", "Algar");
    all_layouts(&example("camtrap-dp"), period("2020-05-01", "2021-04-30"), "2020-10-31", "the DP example");
}

#[test]
fn a_long_and_wide_survey() {
    let data = read(&testkit::wide());
    let whole = period("2023-01-01", "2023-12-31");
    all_layouts(&data, whole, "2023-06-30", "the wide survey");
    let by_day = Request { group_by: report::GroupBy::Day, ..seasonal("2023-01-01", "2023-12-31") };
    let numbers = compute(&data, &by_day);
    assert_eq!((numbers.classes.len(), numbers.locations.len(), numbers.buckets.len()), (60, 400, 365));
    let pdf = render(&numbers, BuiltIn::Report);
    assert_inside(&pdf, "by day");
    let pages = pdf_text(&pdf).replace('\u{200b}', "");
    for class in [0, 1, 3, 4] {
        assert!(pages.contains(&testkit::wide_class(class)), "{}", testkit::wide_class(class));
    }
    // Chinese letters out of a font of the system, Arabic ones out of the embedded font.
    let fonts = pdf_tool("pdffonts", &["PDF"], &pdf);
    assert!(fonts.contains("WenQuanYi") && fonts.contains("NotoSansArabic"), "{fonts}");
    assert!(pages.contains("31 Dec 2023") && pages.contains("Site 399"));
    assert!(pdf.len() < 5 << 20, "{} bytes", pdf.len());
}

#[test]
fn a_letter_that_no_font_has_is_a_box_and_a_note() {
    let mut package = Package::new();
    for (number, class) in ["boar \u{10fff0}", "boar \u{10fff1}", "doe"].into_iter().enumerate() {
        package.sighting(&format!("o{number}"), "dep1", "2023-10-01T06:00:00Z", class, 1);
    }
    let whole = period("2023-09-01", "2024-01-31");
    all_layouts(&read(&package), whole, "2023-11-15", "letters without a font");
    let numbers = compute(&read(&package), &requests(whole, "2023-11-15")[0]);
    let pages = pages_of(&numbers, BuiltIn::Report);
    assert_contains(&pages, &["boar □ 1 1", "boar □ (2) 1 1", "2 letters", "U+10FFF0, U+10FFF1"]);
}

#[test]
fn one_record_and_one_location() {
    let mut package = Package::new();
    package.sighting("o1", "dep1", "2023-10-01T06:00:00Z", "doe", 1);
    let data = read(&package);
    all_layouts(&data, period("2023-09-01", "2024-01-31"), "2023-11-15", "one record");
    let numbers = compute(&data, &requests(period("2023-09-01", "2024-01-31"), "2023-11-15")[0]);
    assert_eq!((numbers.events, numbers.locations.len()), (1, 1));
    let class = &numbers.classes[0];
    assert!((class.rai.unwrap() - 100.0 / 152.0).abs() < 1e-3);
    assert_eq!((class.rai_low, class.rai_high), (None, None), "one location says nothing of others");
    assert!(numbers.overlaps.is_empty() && numbers.ratios.is_empty());
    let accumulation = numbers.accumulation.unwrap();
    assert_eq!((accumulation.observed, accumulation.uniques), (1, 1));
    assert!(numbers.insights.join(" ").contains("too few to say more: doe"));
}

#[test]
fn all_records_in_one_hour() {
    let mut package = Package::new();
    for day in 1..=30 {
        let time = format!("2023-10-{day:02}T06:{:02}:00Z", day % 60);
        package.sighting(&format!("o{day}"), "dep1", &time, "doe", 1);
        package.sighting(&format!("p{day}"), "dep1", &time.replace("T06", "T18"), "buck", 1);
    }
    let data = read(&package);
    let whole = period("2023-09-01", "2024-01-31");
    all_layouts(&data, whole, "2023-11-15", "one hour");
    let numbers = compute(&data, &requests(whole, "2023-11-15")[0]);
    for (row, hour) in numbers.activity.iter().zip([18, 6]) {
        assert!(row.density[hour] > 12.0, "{}: {:?}", row.classification, row.density);
        assert!((row.peak_hour - hour as f64 - 0.25).abs() < 0.3, "{}", row.peak_hour);
    }
    assert!(numbers.overlaps[0].test.estimate < 0.01 && numbers.overlaps[0].test.high < 0.05);
    let ratio = &numbers.ratios[0];
    assert_eq!((ratio.ratio.as_str(), ratio.events, ratio.base_events), ("bucks per doe", 30, 30));
    assert!((ratio.estimate - 1.0).abs() < 1e-9);
}

#[test]
fn no_data_at_all() {
    let data = read(&Package::new());
    all_layouts(&data, period("2023-09-01", "2024-01-31"), "2023-11-15", "a survey without records");
    all_layouts(&data, period("2019-01-01", "2019-12-31"), "2019-06-30", "a year without cameras");
    for (request, expected) in requests(period("2019-01-01", "2019-12-31"), "2019-06-30")
        .into_iter()
        .zip(["No camera was running in this period", "30 June 2019): no camera was running"])
    {
        let numbers = compute(&data, &request);
        let pdf = render(&numbers, BuiltIn::Report);
        assert!(pdf_text(&pdf).contains(expected), "{expected}");
        assert_eq!(fields_of(&pdf)["Pages"], "1");
    }
    let empty = read(&Package::default());
    all_layouts(&empty, period("2019-01-01", "2019-12-31"), "2019-06-30", "a survey without anything");
}

#[test]
fn a_comparison_reads_in_order() {
    let data = example("algar.zip");
    let request = Request::comparison(vec![
        label_period("Summer", period("2018-06-01", "2018-08-31")),
        label_period("Winter", period("2018-12-01", "2019-02-28")),
    ]);
    let numbers = compute(&data, &request);
    assert_eq!(numbers.report_type, ReportType::Comparison);
    let pages = pages_of(&numbers, BuiltIn::Report);
    let parts = [
        "Comparison of Summer and Winter",
        "Camera-days of effort 2,707.5 3,420.0",
        "What the data show",
        "Events per 100 camera-days, side by side",
        "Rates by month",
        "Differences between the periods",
        "Filled: significant. Open: not significant.",
        "Activity over the day",
        "clock: hours are stretched",
        "Rates compared Winter vs Summer.",
        "Not tested: 6 with fewer than 20 events",
        "white-tailed deer Odocoileus virginianus 41, 94 1.20, 3.47 0.35 0.17 to 0.71",
        "Overlap of activity between periods",
        "Species: Summer",
        "Species: Winter",
        "Data notes",
        "Methods",
        "Holm",
        "Source",
    ];
    assert_in_order(&pages, &parts);
}

#[test]
fn at_few_locations_numbers_are_shown_without_a_verdict() {
    let mut package = Package::new();
    for day in 1..=30 {
        package.sighting(&format!("o{day}"), "dep1", &format!("2023-10-{day:02}T06:00:00Z"), "doe", 1);
    }
    let [_, request] = requests(period("2023-10-01", "2023-10-31"), "2023-10-15");
    let pages = pages_of(&compute(&read(&package), &request), BuiltIn::Report);
    let reason = "Not tested: 1 with too few locations (fewer than 6 in a period).";
    assert_contains(&pages, &[reason, "No difference could be tested.", "doe 15, 15 "]);
    assert!(!pages.contains("Filled: significant"), "{pages}");
}

#[test]
fn archives_get_pdf_a_2_as_well() {
    let data = example("algar.zip");
    let [request, _] = requests(period("2018-05-01", "2019-04-30"), "2018-10-31");
    let numbers = json(&compute(&data, &request));
    let pdf = ::pages::render_as(&numbers, &Pages { archival: true, ..Pages::default() }).unwrap();
    let metadata = pdf_tool("pdfinfo", &["-meta", "PDF"], &pdf);
    let parts =
        ["pdfuaid:part", "<pdfaid:part>2</pdfaid:part>", "<pdfaid:conformance>A</pdfaid:conformance>"];
    assert_contains(&metadata, &parts);
    // Dated by the last record, whatever the clock says.
    assert!(fields_of(&pdf)["CreationDate"].contains("2019"), "{:?}", fields_of(&pdf));
}

#[test]
fn headings_are_bookmarks_and_pictures_have_words() {
    let data = example("algar.zip");
    let [request, _] = requests(period("2018-05-01", "2019-04-30"), "2018-10-31");
    let pdf = render(&compute(&data, &request), BuiltIn::Report);
    let structure = pdf_tool("pdfinfo", &["-struct-text", "PDF"], &pdf);
    assert_contains(&structure, &["What the data show", "Events by month", "Methods"]);
    let figures = structure.lines().filter(|line| line.trim_start().starts_with("Figure")).count();
    assert!(figures >= 10, "{figures} figures in {structure}");
    let raw = String::from_utf8_lossy(&pdf);
    assert!(raw.contains("/Outlines"), "there are bookmarks");
}

#[test]
fn pages_are_for_the_paper_of_the_request() {
    let data = example("algar.zip");
    // This page for a landowner is one of the fullest.
    let season = seasonal("2018-09-01", "2019-01-31");
    for (paper, size) in [(Paper::A4, "595.276 x 841.89 pts (A4)"), (Paper::Letter, "612 x 792 pts (letter)")]
    {
        let numbers = compute(&data, &Request { paper, ..season.clone() });
        for (_, template) in BuiltIn::ALL {
            let fields = fields_of(&render(&numbers, template));
            assert_eq!(fields["Page size"], size, "{template:?}");
            if template == BuiltIn::Landowner {
                assert_eq!(fields["Pages"], "1", "{paper:?}");
            }
        }
    }
}
