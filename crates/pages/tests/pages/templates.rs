//! Templates of users: what they can read, what they cannot, and their errors.

use std::fs;
use std::path::Path;

use crate::rendering::pdf_text;
use crate::tools::{compute, example, json, seasonal};
use pages::RenderError;
use report::{Pages, Template};
use tempfile::TempDir;
use testkit::assert_contains;

fn numbers() -> serde_json::Value {
    json(&compute(&example("camtrap-dp"), &seasonal("2020-05-01", "2021-04-30")))
}

/// A folder with a template `main.typ` and other files.
fn folder(main: &str, others: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("main.typ"), main).unwrap();
    for (name, content) in others {
        fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

fn render(folder: &Path) -> Result<Vec<u8>, RenderError> {
    let template = Template::Own(folder.join("main.typ"));
    ::pages::render_as(&numbers(), &Pages { template, ..Pages::default() })
}

fn render_refused(main: &str, others: &[(&str, &str)]) -> String {
    render(folder(main, others).path()).unwrap_err().to_string()
}

/// What PDF/UA asks of every document.
const HEAD: &str = "#set document(title: \"Mine\")\n#set text(lang: \"en\")\n";

#[test]
fn a_template_reads_the_numbers_and_the_files_beside_it() {
    let main = format!(
        "{HEAD}#import \"parts/words.typ\": greeting\n#let data = json(\"report.json\")\n\
         = #greeting #data.events events, #data.classes.first().vernacular_name, #read(\"note.txt\")"
    );
    let folder = folder(&main, &[("note.txt", "a note")]);
    fs::create_dir(folder.path().join("parts")).unwrap();
    fs::write(folder.path().join("parts/words.typ"), "#let greeting = [We counted]").unwrap();
    let pages = pdf_text(&render(folder.path()).unwrap());
    assert!(pages.contains("We counted 26 events, mallard, a note"), "{pages}");
}

#[test]
fn a_template_may_use_the_programs_own_parts_and_charts() {
    let main = "#import \"parts.typ\": *\n#import \"charts.typ\": *\n#import \"theme.typ\": *\n\
        #let data = json(\"report.json\")\n#show: report-page.with(data)\n#title-block(data)\n\
        #drawing(\"Bars of events.\", stacked-bars(bars-of(data.buckets, data.classes, colours-of(data.classes))))\n\
        #class-table(data.classes)";
    let pages = pdf_text(&render(folder(main, &[]).path()).unwrap());
    assert!(pages.contains("mallard Anas platyrhynchos 12 40 16.36"), "{pages}");
    // A file of the same name in the folder comes first.
    let own = folder(
        "#import \"theme.typ\": *\n#set document(title: \"Mine\")\n#mine",
        &[("theme.typ", "#let mine = [Of my own]")],
    );
    assert!(pdf_text(&render(own.path()).unwrap()).contains("Of my own"));
}

#[test]
fn a_template_has_the_captions_of_the_programs_own_charts() {
    let main = format!("{HEAD}#let data = json(\"report.json\")\n#data.captions.season.rates.text");
    let pages = pdf_text(&render(folder(&main, &[]).path()).unwrap());
    assert!(pages.contains("Mallard was recorded most often: 16.36 ("), "{pages}");
}

#[test]
fn a_template_has_findings_and_the_sentences_of_them() {
    let main = format!(
        "{HEAD}#import \"parts.typ\": finding-list\n#let data = json(\"report.json\")\n\
         #data.schema_version: #data.findings.first().events events, #data.insights.first()\n\
         #finding-list(data.findings)"
    );
    let pages = pdf_text(&render(folder(&main, &[]).path()).unwrap());
    let insight = numbers()["insights"][0].as_str().unwrap().replace("- ", "-");
    assert_contains(&pages.replace("- ", "-"), &[&format!("2: 26 events, {insight}")]);
}

#[test]
fn nothing_outside_its_folder_is_read() {
    for path in ["/etc/passwd", "../../../../../../etc/passwd", "../secret.txt"] {
        let error = render_refused(&format!("{HEAD}#read(\"{path}\")"), &[]);
        assert!(!error.contains("root:") && error.contains("main.typ:3:"), "{error}");
    }
    let outside = tempfile::NamedTempFile::new().unwrap();
    fs::write(outside.path(), "a secret").unwrap();
    let folder = folder(&format!("{HEAD}#read(\"link.txt\")"), &[]);
    std::os::unix::fs::symlink(outside.path(), folder.path().join("link.txt")).unwrap();
    let error = render(folder.path()).unwrap_err().to_string();
    assert!(error.contains("access denied") && !error.contains("a secret"), "{error}");
}

#[test]
fn no_package_is_fetched() {
    let error = render_refused("#import \"@preview/cetz:0.3.1\": canvas", &[]);
    assert!(error.contains("main.typ:1:") && error.contains("package not found"), "{error}");
}

#[test]
fn mistakes_are_told_with_line_and_column() {
    for (main, expected) in [
        (format!("{HEAD}#let x = 1 +\n"), "main.typ:3:13: expected expression"),
        (format!("{HEAD}\n  #unknown-thing"), "main.typ:4:4: unknown variable: unknown-thing"),
        (
            format!("{HEAD}#json(\"report.json\").no-such-field"),
            "main.typ:3:22: dictionary does not contain key",
        ),
        (format!("{HEAD}#let f() = f()\n#f()"), "main.typ:3:12: maximum function call depth exceeded"),
        (format!("{HEAD}#while true {{ 1 }}"), "main.typ:3:8: condition is always true"),
    ] {
        let error = render_refused(&main, &[]);
        assert!(error.contains(expected), "{expected} is not in: {error}");
    }
    // In a file beside it, that file is named.
    let error = render_refused(&format!("{HEAD}#import \"b.typ\": x"), &[("b.typ", "\n#let x = (1\n")]);
    assert!(error.contains("b.typ:2:"), "{error}");
}

#[test]
fn a_document_that_not_everybody_can_read_is_refused() {
    let error = render_refused("#set text(lang: \"en\")\nwords", &[]);
    assert!(error.contains("PDF/UA-1") && error.contains("title"), "{error}");
    let image = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"><rect width=\"9\" height=\"9\"/></svg>";
    let error = render_refused(&format!("{HEAD}#image(\"a.svg\")"), &[("a.svg", image)]);
    assert!(error.contains("main.typ:3:") && error.contains("alt"), "{error}");
    let fine = folder(&format!("{HEAD}#image(\"a.svg\", alt: \"A square\")"), &[("a.svg", image)]);
    render(fine.path()).unwrap();
}

#[test]
fn a_template_that_is_not_there_is_told() {
    let template = Template::Own("/nowhere/mine.typ".into());
    let error =
        ::pages::render_as(&numbers(), &Pages { template, ..Pages::default() }).unwrap_err().to_string();
    assert!(error.contains("/nowhere/mine.typ") && error.contains("--template"), "{error}");
}
