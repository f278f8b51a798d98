//! Any text in any field of a data set and a request makes a report, on any of the program's own
//! pages.

use std::sync::LazyLock;

use crate::layouts::assert_inside;
use crate::rendering::{fields_of, pdf_text, pdf_tool};
use crate::tools::{compute, json, label_period, period, read, seasonal};
use detections::Dataset;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use report::{BuiltIn, Pages, Request, Template};
use serde_json::Value;
use testkit::Package;

/// Stand where a test puts texts of its own. Letters that no other text of a report has.
const PLACES: [&str; 8] =
    ["QTITLEQ", "QSETQ", "QCITATIONQ", "QLICENCEQ", "QCLASSQ", "QCOMMONQ", "QLOCATIONQ", "QLABELQ"];

fn survey() -> Dataset {
    let mut package = Package::default();
    package.deployment("dep1", "QLOCATIONQ", "2023-09-01T00:00:00Z", "2024-01-31T00:00:00Z");
    package.deployment("dep2", "Creek", "2023-09-01T00:00:00Z", "2024-01-31T00:00:00Z");
    for day in 1..=28 {
        for (class, deployment) in [("QCLASSQ", "dep1"), ("doe", "dep2")] {
            let time = format!("2023-{:02}-{day:02}T{:02}:10:00Z", 10 + day % 2, day % 24);
            package.sighting(&format!("{class}{day}"), deployment, &time, class, 1);
        }
    }
    let mut descriptor: Value = serde_json::from_str(&package.descriptor).unwrap();
    descriptor["title"] = "QSETQ".into();
    descriptor["bibliographicCitation"] = "QCITATIONQ".into();
    descriptor["licenses"] = serde_json::json!([{"name": "QLICENCEQ", "scope": "data"}]);
    descriptor["taxonomic"] =
        serde_json::json!([{"scientificName": "QCLASSQ", "vernacularNames": {"eng": "QCOMMONQ"}}]);
    package.descriptor = descriptor.to_string();
    read(&package)
}

/// The numbers of one period, and of two that are compared, with all the places in them.
static NUMBERS: LazyLock<[Value; 2]> = LazyLock::new(|| {
    let data = survey();
    let season = seasonal("2023-09-01", "2024-01-31");
    let halves = vec![
        label_period("QLABELQ", period("2023-10-01", "2023-10-31")),
        label_period("After", period("2023-11-01", "2023-11-30")),
    ];
    let comparison = Request::comparison(halves);
    [season, comparison].map(|mut request| {
        request.title = Some("QTITLEQ".into());
        let numbers = json(&compute(&data, &request));
        let places = PLACES.iter().filter(|place| numbers.to_string().contains(**place)).count();
        assert!(places >= PLACES.len() - 1, "{numbers}");
        numbers
    })
});

/// The same numbers with a text in each place, as if the data had had it.
fn put(value: &Value, texts: &[String]) -> Value {
    let replaced = |text: &str| {
        PLACES.iter().zip(texts).fold(text.to_owned(), |text, (place, other)| text.replace(place, other))
    };
    match value {
        Value::String(text) => Value::String(replaced(text)),
        Value::Array(items) => items.iter().map(|item| put(item, texts)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, item)| (replaced(name), put(item, texts))).collect()
        }
        other => other.clone(),
    }
}

fn render(numbers: &Value, built_in: BuiltIn, archival: bool) -> Result<Vec<u8>, String> {
    let pages = Pages { template: Template::BuiltIn(built_in), archival, ..Pages::default() };
    ::pages::render_as(numbers, &pages).map_err(|error| error.to_string())
}

/// Each of the program's own pages, with and without PDF/A.
fn render_all(texts: &[String]) {
    for numbers in &*NUMBERS {
        let numbers = put(numbers, texts);
        for (name, built_in) in BuiltIn::ALL {
            for archival in [false, true] {
                let pdf = render(&numbers, built_in, archival)
                    .unwrap_or_else(|error| panic!("{name}, {texts:?}: {error}"));
                assert!(pdf.starts_with(b"%PDF"), "{name}");
            }
        }
    }
}

/// A text in every place; each differs, as names in data do.
fn everywhere(text: &str) -> Vec<String> {
    PLACES.iter().enumerate().map(|(number, _)| format!("{text}{number}{text}")).collect()
}

#[test]
fn letters_that_no_page_can_show_cost_no_report() {
    let tags: String = ('\u{e0001}'..='\u{e007f}').collect();
    for text in [
        "\0\u{1}\u{1b}[31m\u{7f}\u{80}\u{9b}",
        "a\tb\nc\r\nd\u{b}\u{c}\u{85}\u{2028}e\u{2029}",
        "\u{202e}\u{202b}\u{2066}\u{2067}\u{2068}\u{200f}\u{61c}",
        "\u{202c}\u{202c}\u{2069}\u{2069}",
        "\u{fffe}\u{ffff}\u{fdd0}\u{10ffff}\u{feff}\u{fffc}\u{fff9}",
        "\u{e000}\u{f8ff}\u{f0000}\u{100000}\u{378}\u{e0fff}",
        tags.as_str(),
        "\u{fe0f}\u{e0100}\u{200d}\u{200c}\u{200b}\u{2060}\u{ad}\u{34f}\u{3164}\u{115f}",
        "a\u{64b}\u{651} \u{1680}Wald\u{3000}rand \u{93f}x\u{0e31}",
        "ﷺ﷽ \u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} \u{1f1e7}\u{1f1ea}",
        "क्षि ကျွန်ုပ် ཨོཾ 각\u{11a8} עברית ذئب عربي",
        "#panic() $x$ <b> \\ //",
        " ",
    ] {
        render_all(&everywhere(text));
    }
}

#[test]
fn marks_on_marks_stay_near_their_letter() {
    render_all(&everywhere(&format!("Z{}", "\u{334}\u{301}\u{323}".repeat(3000))));
}

#[test]
fn names_as_long_as_a_book_are_cut_on_pages_and_whole_in_the_numbers() {
    for text in ["x".repeat(100_000), "W".repeat(100_000), "a long name ".repeat(10_000)] {
        let texts = everywhere(&text);
        render_all(&texts);
        let pdf = render(&put(&NUMBERS[0], &texts), BuiltIn::Report, false).unwrap();
        assert!(pdf.len() < 1 << 20, "{} bytes", pdf.len());
        assert!(fields_of(&pdf)["Title"].chars().count() <= 200);
        let pages: u32 = fields_of(&pdf)["Pages"].parse().unwrap();
        assert!(pages < 30, "{pages} pages");
    }
}

#[test]
fn words_without_a_space_stay_on_the_page() {
    for letter in ["W", "n", "@", "ﻼ", "\u{1f98c}"] {
        let texts: Vec<String> =
            (0..PLACES.len()).map(|number| format!("{number}{}", letter.repeat(79))).collect();
        for numbers in &*NUMBERS {
            for (name, built_in) in BuiltIn::ALL {
                let pdf = render(&put(numbers, &texts), built_in, false).unwrap();
                assert_inside(&pdf, &format!("{letter}, {name}"));
            }
        }
    }
}

#[test]
fn what_is_told_of_the_file_itself_is_plain_text() {
    let texts = everywhere("a\u{1b}\u{202e}b");
    let pdf = render(&put(&NUMBERS[0], &texts), BuiltIn::Report, true).unwrap();
    assert_eq!(fields_of(&pdf)["Title"], "a□b0a□b");
    let metadata = pdf_tool("pdfinfo", &["-meta", "PDF"], &pdf);
    assert!(!metadata.contains('\u{1b}') && !metadata.contains('\u{202e}'), "{metadata}");
    let structure = pdf_tool("pdfinfo", &["-struct-text", "PDF"], &pdf);
    assert!(!structure.contains('\u{1b}') && !structure.contains('\u{202e}'));
    assert!(pdf_text(&pdf).contains("a□b4a□b"), "the class");
}

#[test]
fn a_survey_without_records_has_an_archival_report_too() {
    let data = read(&Package::new());
    let numbers = json(&compute(&data, &seasonal("2019-01-01", "2019-06-30")));
    for (_, built_in) in BuiltIn::ALL {
        let pdf = render(&numbers, built_in, true).unwrap();
        assert!(fields_of(&pdf)["CreationDate"].contains("2019"), "{:?}", fields_of(&pdf));
    }
}

/// Letters of every kind, those that make trouble more often.
fn letter() -> impl Strategy<Value = char> {
    prop_oneof![
        4 => any::<char>(),
        2 => proptest::char::range('\0', '\u{6ff}'),
        1 => proptest::char::range('\u{2000}', '\u{206f}'),
        1 => proptest::char::range('\u{900}', '\u{e7f}'),
        1 => proptest::char::range('\u{fdd0}', '\u{ffff}'),
        1 => proptest::char::range('\u{1f1e6}', '\u{1f64f}'),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(17), failure_persistence: None, cases: 24, max_shrink_iters: 100, ..ProptestConfig::default() })]

    #[test]
    fn any_text_in_any_place_makes_a_report(
        letters in proptest::collection::vec(proptest::collection::vec(letter(), 1..40), PLACES.len()),
        comparison in any::<bool>(),
        archival in any::<bool>(),
    ) {
        let texts: Vec<String> = letters.into_iter().map(String::from_iter).collect();
        // Two classes of one name are one class.
        prop_assume!(texts[4] != "doe" && texts[6] != "Creek" && texts[7] != "After");
        let numbers = put(&NUMBERS[usize::from(comparison)], &texts);
        for (name, built_in) in BuiltIn::ALL {
            if let Err(error) = render(&numbers, built_in, archival) {
                return Err(TestCaseError::fail(format!("{name}: {error}")));
            }
        }
    }
}
